"""The forecast's `mapping`: the verdict on every field mapping, with the number of records it concerns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import narwhals.stable.v2 as nw

from dynsync_lib.core import values
from dynsync_lib.core.mapping import JudgedMapping
from dynsync_lib.core.model import MAPPING, Object, System, Verdict, record_table
from dynsync_lib.core.sides import Frame, Situation


def tell_mappings(situation: Situation, mappings: Mapping[Object, tuple[JudgedMapping, ...]]) -> Frame:
    """One row per mapping of an enabled object, as `model.MAPPING`."""
    rows = []
    for object_, judged in mappings.items():
        if situation.sync(object_).enabled:
            filled = {system: _filled(situation, object_, system, judged) for system in System}
            rows += [_row(object_, one, filled) for one in judged]
    return situation.from_rows(rows, MAPPING.columns)


def _row(object_: Object, one: JudgedMapping, filled: Mapping[System, Mapping[str, int]]) -> dict[str, Any]:
    concerned = None if one.judged.verdict is Verdict.OK else _concerned(one, filled)
    return {
        "object": object_.value,
        "hubspot_field": one.mapping.hubspot,
        "dynamics_field": one.mapping.dynamics,
        "verdict": one.judged.verdict.value,
        "allowed_directions": one.flow.value if one.flow is not None else "none",
        "reason": one.judged.reason,
        "rule_id": one.judged.rule_id,
        "workaround": one.judged.workaround,
        "rows_affected": concerned,
    }


def _concerned(one: JudgedMapping, filled: Mapping[System, Mapping[str, int]]) -> int | None:
    """Records that hold a value which cannot travel, or not whole; None when neither side delivered the field."""
    stuck = [system for system in System if not one.writes_to(_other(system))] or list(System)
    counts = [filled[system].get(one.name_of(system)) for system in stuck]
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _other(system: System) -> System:
    return System.DYNAMICS if system is System.HUBSPOT else System.HUBSPOT


def _filled(situation: Situation, object_: Object, system: System, judged: Iterable[JudgedMapping]) -> dict[str, int]:
    """How many records of one side hold a value, by field name; lookups by their bare name."""
    delivered = situation.columns(object_, system)
    wanted = {one.name_of(system) for one in judged}
    columns = {name: name if name in delivered else f"_{name}_value" for name in wanted}
    present = {name: column for name, column in columns.items() if column in delivered}
    if not present:
        return {}
    frame = situation.tables[record_table(object_, system).name]
    counts = {f"n{place}": values.trimmed(nw.col(column)).count() for place, column in enumerate(present.values())}
    row = frame.select(**counts).collect().rows()[0]
    return dict(zip(present, row, strict=True))
