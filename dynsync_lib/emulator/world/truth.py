"""What is planted in a demo world and what its forecast must say, as frozen dataclasses and as truth.toml.

Facts
    * Everything here was written by hand from docs/semantics.md; nothing of it is computed by the core.
    * What a case states is complete: its pairs have no other changes, its records no other associations.

Where it is used: `emulator.world.demo_world`, `emulator.world.planted_cases`, `emulator.world.world_check`, the tests
of the core and of the witness.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import tomlkit


@dataclass(frozen=True, slots=True)
class ExpectedRecord:
    """What one planted record becomes: the columns of `core.tables.OUTCOMES` of the same names. None means null."""

    system: str
    object: str
    record_id: str
    outcome: str
    reason: str | None = None
    winner_id: str | None = None
    counterpart_id: str | None = None


@dataclass(frozen=True, slots=True)
class ExpectedChange:
    """One row of `core.tables.CHANGES` of a planted pair."""

    object: str
    hubspot_id: str
    dynamics_id: str
    target_system: str
    target_field: str
    kind: str
    new_value: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ExpectedLink:
    """One row of `core.tables.LINKS` of a planted record."""

    from_system: str
    from_object: str
    from_id: str
    to_object: str
    to_id: str
    status: str


@dataclass(frozen=True, slots=True)
class ExpectedNearName:
    """One row of `core.tables.NEAR_NAMES` that must be there."""

    hubspot_id: str
    dynamics_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Case:
    """One planted case. `says` is a sentence for a consultant, `source` the rules it comes from."""

    id: str
    title: str
    says: str
    source: str
    records: tuple[ExpectedRecord, ...]
    changes: tuple[ExpectedChange, ...] = ()
    links: tuple[ExpectedLink, ...] = ()
    near_names: tuple[ExpectedNearName, ...] = ()


_PARTS = {"records": ExpectedRecord, "changes": ExpectedChange, "links": ExpectedLink, "near_names": ExpectedNearName}


def truth_text(cases: Iterable[Case]) -> str:
    """The text of truth.toml: one `[[case]]` each, with `[[case.records]]`, `changes`, `links` and `near_names`."""
    document = tomlkit.document()
    document.add(tomlkit.comment("What is planted in the demo world, and what its forecast must say (see README.md)."))
    tables = tomlkit.aot()
    for case in cases:
        tables.append(_case_table(case))
    document["case"] = tables
    return tomlkit.dumps(document)


def read_truth(text: str) -> tuple[Case, ...]:
    """The cases of a truth.toml. Raises ValueError, KeyError or TypeError for a text that is no such file."""
    return tuple(_case(written) for written in tomllib.loads(text)["case"])


def _case_table(case: Case) -> tomlkit.items.Table:
    table = tomlkit.table()
    table.update({"id": case.id, "title": case.title, "says": case.says, "source": case.source})
    for part in _PARTS:
        rows = tomlkit.aot()
        for expected in getattr(case, part):
            rows.append(tomlkit.item(_filled(expected)))
        if rows:
            table[part] = rows
    return table


def _filled(expected: Any) -> dict[str, str]:
    values = {field.name: getattr(expected, field.name) for field in fields(expected)}
    return {name: value for name, value in values.items() if value is not None}


def _case(written: Mapping[str, Any]) -> Case:
    words = {name: written[name] for name in ("id", "title", "says", "source")}
    parts: dict[str, Any] = {part: tuple(kind(**row) for row in written.get(part, ())) for part, kind in _PARTS.items()}
    return Case(**words, **parts)
