"""What an explanation may look at, and what it says: the forecast, the snapshot where it is there, and frozen steps.

Facts
    * Without the snapshot (`records` is empty) the forecast alone speaks, and steps say what cannot be shown.
    * With a `mask` that hides people no address, name or value of a person is told; ids, fields and rules are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dynsync_lib.core import frames as nw
from dynsync_lib.core.fields.catalogue import Catalogue
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.masking import NO_MASK, PEOPLE, Mask
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.tables import record_table

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `about` is what it is about (scope, filter, key, ...).

    `rule_id` is None where no rule speaks; `source` names the sources, `confidence` says how sure they make us.
    """

    about: str
    says: str
    rule_id: str | None = None
    source: str | None = None
    confidence: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The chain of one record; `outcome` is such as `excluded/filter`."""

    system: str
    object: str
    record_id: str
    outcome: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What there is to look at.

    `tables` are the forecast's by name, `info` is its `forecast.json` as it was written; `records` are the
    snapshot's record tables by name, empty when it is not at hand; then `catalogue` and `taken_at` are None.
    `unresolved` are its names that mean no single record (`core.tables.UNRESOLVED_LOOKUPS`); None without any.
    """

    tables: Mapping[str, Frame]
    info: Mapping[str, Any]
    rulebook: Rulebook
    records: Mapping[str, Frame] = field(default_factory=dict)
    catalogue: Catalogue | None = None
    taken_at: datetime | None = None
    mask: Mask = NO_MASK
    unresolved: Frame | None = None

    @property
    def hides_people(self) -> bool:
        """Whether nothing of a person is told."""
        return self.mask.hides_people

    def rows(self, table: str, **where: str) -> list[dict[str, Any]]:
        """The rows of a forecast table that have these values, in a fixed order."""
        matching = rows_of(self.tables[table], where)
        return sorted(matching, key=lambda row: [str(value) for value in row.values()])

    def record(self, row: Row) -> Row | None:
        """The record behind an outcome as the snapshot has it; None when that is not at hand."""
        frame = self.records.get(record_table(Object(row["object"]), System(row["system"])).name)
        matching = rows_of(frame, {"id": row["record_id"]}) if frame is not None else []
        return matching[0] if matching else None

    def choice(self, assumption: str) -> str:
        """The choice in force."""
        knob = self.rulebook.assumptions[assumption]
        return str(self.info.get("assumptions", {}).get(assumption, knob.default))

    def sync(self, object_: str) -> Mapping[str, Any] | None:
        """What the settings said of an object; None when it is off."""
        section: Mapping[str, Any] | None = self.info.get("objects", {}).get(object_)
        return section

    def step(self, about: str, says: str, rule_id: str) -> Step:
        """A step with the sources of its rule."""
        rule = self.rulebook.rules.get(rule_id)
        if rule is None:
            return Step(about, says, rule_id)
        return Step(about, says, rule_id, ", ".join(rule.sources), rule.confidence)

    def key(self, row: Row, key: str | None) -> str | None:
        """A match key as it may be shown."""
        return self.mask.key(row["object"], key)

    def value(self, object_: str, value: str | None) -> str:
        """A value as it may be shown: quoted, as filled, or `empty`."""
        if value is None:
            return "empty"
        return str(self.mask.value(object_, value)) if self.hides_people and object_ in PEOPLE else repr(value)


def rows_of(frame: Frame, where: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of a frame that have these values."""
    for column, value in where.items():
        frame = frame.filter(nw.col(column) == value)
    return list(frame.collect().rows(named=True))
