"""Values of choices that have no partner on the other side, with the records that hold them.

Facts
    * Only sides are counted whose values really travel; a side that only receives loses nothing.
    * Of several choices the options of the field are counted; an element that is no option is not.

Source: rules field.option-unpaired, field.option-pairing (5.11, 9.9, 9.16).
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values as values
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.fields.option_pairs import partners_of
from dynsync_lib.core.fields.several_choices import elements
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import System

_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Unpaired:
    """What has no partner: `values` in order of their records (the first few), how many more, and all records."""

    system: System
    values: tuple[tuple[str, int], ...]
    more: int
    records: int


def find_unpaired(job: Job, judged: JudgedMapping, *, most: int = _NAMED) -> list[Unpaired]:
    """One entry per side that holds values without a partner; empty when there are none or no choices are mapped.

    At most so many values are named.
    """
    if not judged.pairs_options():
        return []
    sides = [system for system in System if judged.writes_to(system.other)]
    counted = [_count(job, judged, system, most) for system in sides]
    return [side for side in counted if side.records]


def tell_unpaired(judged: JudgedMapping, unpaired: list[Unpaired]) -> str:
    """`Without a partner: HubSpot 'trial' (Trial, 12 records), Dynamics '4' (Net 60, 1 record) and 2 more values.`"""
    return f"Without a partner: {'; '.join(_of_side(judged, side) for side in unpaired)}."


def _of_side(judged: JudgedMapping, unpaired: Unpaired) -> str:
    field = judged.fields[unpaired.system]
    labels = {option.value: option.label for option in field.options} if field is not None else {}
    named = [f"'{value}' ({', '.join(_facts(labels.get(value), count))})" for value, count in unpaired.values]
    more = f" and {unpaired.more} more {'value' if unpaired.more == 1 else 'values'}" if unpaired.more else ""
    return f"{unpaired.system.label} {', '.join(named)}{more}"


def _facts(label: str | None, count: int) -> Iterator[str]:
    if label is not None:
        yield label
    yield f"{count:,} {'record' if count == 1 else 'records'}"


def holds_unpaired(judged: JudgedMapping, system: System) -> nw.Expr:
    """Whether a record of that side, in its own table, holds a value of the choice that has no partner."""
    value = values.trimmed(nw.col(judged.columns[system]))
    if judged.kinds[system] == "several_choices":
        tests = list(_tests_of_elements(judged, system).values())
        return functools.reduce(operator.or_, tests) if tests else nw.lit(value=False)
    return ~value.is_null() & ~value.is_in(list(partners_of(judged.option_pairs, system)))


def _count(job: Job, judged: JudgedMapping, system: System, most: int) -> Unpaired:
    table = job.records(system)
    if judged.kinds[system] == "several_choices":
        return _count_elements(table, judged, system, most)
    alone = table.filter(holds_unpaired(judged, system)).select(value=values.trimmed(nw.col(judged.columns[system])))
    by_value = alone.group_by("value").agg(records=nw.len())
    values_, records = by_value.select(values=nw.len(), records=nw.col("records").sum()).collect().rows()[0]
    first = _first(by_value, most) if values_ else ()
    return Unpaired(system, first, values_ - len(first), records or 0)


def _first(by_value: Frame, most: int) -> tuple[tuple[str, int], ...]:
    rows = by_value.sort("records", "value", descending=[True, False]).head(most).collect()
    counts = [(str(value), int(count)) for value, count in rows.select("value", "records").rows()]
    return tuple(sorted(counts, key=lambda pair: (-pair[1], pair[0])))


def _count_elements(table: Frame, judged: JudgedMapping, system: System, most: int) -> Unpaired:
    tests = _tests_of_elements(judged, system)
    if not tests:
        return Unpaired(system, (), 0, 0)
    counts = {f"n{number}": test.cast(nw.Int64).sum() for number, test in enumerate(tests.values())}
    any_of_them = holds_unpaired(judged, system).cast(nw.Int64).sum()
    row = table.select(**counts, records=any_of_them).collect().rows(named=True)[0]
    counted = ((value, int(row[f"n{number}"] or 0)) for number, value in enumerate(tests))
    there = sorted((pair for pair in counted if pair[1]), key=lambda pair: (-pair[1], pair[0]))
    return Unpaired(system, tuple(there[:most]), max(len(there) - most, 0), int(row["records"] or 0))


def _tests_of_elements(judged: JudgedMapping, system: System) -> dict[str, nw.Expr]:
    """Per option without a partner, whether it is among the record's several choices."""
    field = judged.fields[system]
    paired = partners_of(judged.option_pairs, system)
    alone = [option.value for option in field.options if option.value not in paired] if field is not None else []
    held = elements(values.trimmed(nw.col(judged.columns[system])), system)
    return {value: held.str.contains(f";{value};", literal=True).fill_null(value=False) for value in alone}
