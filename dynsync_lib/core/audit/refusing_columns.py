"""Which Dynamics columns refuse records: what the findings about lengths, ranges and required columns name.

Facts
    * Counted are records that fail for that reason and hold a value that the column does not take, or none where it
      wants one; a record can count for several columns.

Not modelled
    * Whether the value itself would land in a pair: a conflict's loser is counted, too, where its record fails anyway.

Source: rules field.too-long, field.range, field.required (5.25, 9.1, 9.5, 9.10).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.audit.record_checks import routed_records
from dynsync_lib.core.counting import Number, Question, Tables
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import Reason, System
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.sync.flowing_mappings import objects_on
from dynsync_lib.core.writing.field_values import column_of, columns_of, new_value, with_trimmed
from dynsync_lib.core.writing.refusals import NUMBER_OF, missing_required, refusals_of_write, required_by_settings

_LIMITS: Final = {
    Reason.TOO_LONG: (NUMBER_OF["field.too-long"],),
    Reason.RANGE: tuple(NUMBER_OF[rule] for rule in ("field.range", "field.date-only", "field.whole-number")),
}
_NAMED: Final = 5


def name_refusing_columns(situation: Situation, tables: Tables, reason: str) -> Question[str]:
    """`contact.jobtitle (8 records), account.name (1 record) and 2 more columns`, most records first; empty if none."""
    columns: dict[str, Number] = {}
    for object_ in objects_on(situation):
        columns |= _counted(Job(situation, object_), tables, Reason(reason))
    return Question(tuple(columns.values()), lambda counts: _sentence(dict(zip(columns, counts, strict=True))))


def _sentence(counts: Mapping[str, int]) -> str:
    ordered = sorted(((name, count) for name, count in counts.items() if count), key=lambda pair: (-pair[1], pair[0]))
    first = [f"{name} ({count:,} {'record' if count == 1 else 'records'})" for name, count in ordered[:_NAMED]]
    more = len(ordered) - len(first)
    tail = f" and {more} more {'column' if more == 1 else 'columns'}" if more else ""
    return ", ".join(first) + tail


def _counted(job: Job, tables: Tables, reason: Reason) -> dict[str, Number]:
    """The records that each column refuses for the reason, by the column's name after its table's."""
    flow = [judged for judged in job.flowing if judged.writes_to(System.DYNAMICS)]
    tests = dict(_tests(job, flow, reason))
    if not tests:
        return {}
    table = job.table(System.DYNAMICS).name.removeprefix("dynamics/").rstrip("s")
    failing = with_trimmed(job.situation, _failing(job, tables, flow, reason=reason), flow, [System.HUBSPOT])
    return {f"{table}.{name}": Number(failing, test.cast(nw.Int64).sum()) for name, test in tests.items()}


def _failing(job: Job, tables: Tables, flow: list[JudgedMapping], *, reason: Reason) -> Frame:
    """id and the mapped values of HubSpot's records that fail for the reason."""
    chosen = [nw.col(name).alias(column_of(System.HUBSPOT, name)) for name in columns_of(flow, System.HUBSPOT)]
    name = str(job.table(System.HUBSPOT).object)
    is_ours = (nw.col("system") == System.HUBSPOT.value) & (nw.col("object") == name)
    failed = tables["outcomes"].filter(is_ours & (nw.col("reason") == reason.value)).select(id="record_id")
    return routed_records(job).select("id", *chosen).join(failed, on="id", how="semi")


def _tests(job: Job, flow: list[JudgedMapping], reason: Reason) -> Iterator[tuple[str, nw.Expr]]:
    """Per Dynamics column that can refuse a record for the reason: its name, and whether it refuses."""
    if reason is Reason.REQUIRED:
        for column in required_by_settings(job):
            missing = missing_required(job, [column], flow)
            if missing is not None:
                yield column.name, missing
        return
    for judged in flow:
        fresh = new_value(judged, System.DYNAMICS)
        limits = refusals_of_write(job, judged, target=System.DYNAMICS, fresh=fresh)
        broken = [test for number, test in limits if number in _LIMITS[reason]]
        if broken:
            yield judged.name_of(System.DYNAMICS), nw.any_horizontal(*broken, ignore_nulls=True)
