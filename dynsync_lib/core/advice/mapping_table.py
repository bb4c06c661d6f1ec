"""The forecast's `mapping`: the verdict on every field mapping, with the number of records it concerns.

Facts
    * A mapping of choices whose data holds values without a partner is lossy, and names them (5.11).
    * A mapping of a lookup comes with the recipe for a text column in its place (5.6).

Source: rules field.option-unpaired, field.lookup-blocked, and those of `core.fields.mappings`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import narwhals.stable.v2 as nw

from dynsync_lib.core import typed_values
from dynsync_lib.core.advice.lookup_recipes import recipe_of
from dynsync_lib.core.advice.unpaired_options import find_unpaired, tell_unpaired
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.model import Object, System, Verdict
from dynsync_lib.core.situation import Frame, Situation, opposite
from dynsync_lib.core.tables import MAPPING, record_table

_PAIR_THEM: Final = "Add the missing options on the other side, or pair them in the mapping's options."
_LIVE: Final = (Verdict.OK, Verdict.ONE_WAY)
"""The verdicts beside which values without a partner are worth a word."""


def tell_mappings(situation: Situation, mappings: Mapping[Object, tuple[JudgedMapping, ...]]) -> Frame:
    """One row per mapping of an enabled object, as `core.tables.MAPPING`."""
    rows = []
    for object_, judged in mappings.items():
        if situation.sync(object_).enabled:
            filled = {system: _filled(situation, object_, system, judged) for system in System}
            rows += [_row(situation, object_, one, filled) for one in judged]
    return situation.from_rows(rows, MAPPING.columns)


def _row(
    situation: Situation, object_: Object, one: JudgedMapping, filled: Mapping[System, Mapping[str, int]]
) -> dict[str, Any]:
    row = {
        "object": object_.value,
        "hubspot_field": one.mapping.hubspot,
        "dynamics_field": one.mapping.dynamics,
        "verdict": one.judged.verdict.value,
        "allowed_directions": one.flow.value if one.flow is not None else "none",
        "reason": one.judged.reason,
        "rule_id": one.judged.rule_id,
        "workaround": one.judged.workaround,
        "rows_affected": None if one.judged.verdict is Verdict.OK else _concerned(one, filled),
    }
    return row | _about_options(situation, object_, one) | _about_lookup(situation, object_, one)


def _about_options(situation: Situation, object_: Object, one: JudgedMapping) -> dict[str, Any]:
    """What is said instead when values of a mapped choice have no partner."""
    unpaired = find_unpaired(situation, object_, one) if one.judged.verdict in _LIVE else []
    if not unpaired:
        return {}
    return {
        "verdict": Verdict.LOSSY.value,
        "reason": tell_unpaired(one, unpaired),
        "rule_id": "field.option-unpaired",
        "workaround": _PAIR_THEM,
        "rows_affected": sum(found.records for found in unpaired),
    }


def _about_lookup(situation: Situation, object_: Object, one: JudgedMapping) -> dict[str, Any]:
    """The recipe for a lookup that is mapped."""
    column = one.fields[System.DYNAMICS]
    if one.judged.rule_id != "field.lookup-blocked" or column is None:
        return {}
    return {"workaround": recipe_of(situation, object_, column).text}


def _concerned(one: JudgedMapping, filled: Mapping[System, Mapping[str, int]]) -> int | None:
    """Records that hold a value which cannot travel, or not whole; None when neither side delivered the field."""
    stuck = [system for system in System if not one.writes_to(opposite(system))] or list(System)
    counts = [filled[system].get(one.name_of(system)) for system in stuck]
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _filled(situation: Situation, object_: Object, system: System, judged: Iterable[JudgedMapping]) -> dict[str, int]:
    """How many records of one side hold a value, by field name; lookups by their bare name."""
    delivered = situation.columns(object_, system)
    wanted = {one.name_of(system) for one in judged}
    columns = {name: name if name in delivered else f"_{name}_value" for name in wanted}
    present = {name: column for name, column in columns.items() if column in delivered}
    if not present:
        return {}
    frame = situation.tables[record_table(object_, system).name]
    counts = {
        f"n{place}": typed_values.trimmed(nw.col(column)).count() for place, column in enumerate(present.values())
    }
    row = frame.select(**counts).collect().rows()[0]
    return dict(zip(present, row, strict=True))
