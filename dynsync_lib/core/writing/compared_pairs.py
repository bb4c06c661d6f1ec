"""The fields of matched pairs: what is filled, overwritten, skipped or refused.

Facts
    * A write that the target refuses makes the source record fail and takes all writes of that pair and way along.
    * What does not land (`core.writing.writes`) is shown, and makes neither an update nor a failure.
    * A read-only row and a user without the privilege refuse every write, so they are asked once for each pair.

Not modelled
    * Server logic (see rules/behaviour.toml).

Source: rules field.conflict-winner, field.fill, record.inactive-readonly, record.privilege; docs/semantics.md section 6
and step 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import stack
from dynsync_lib.core.tables import CHANGES
from dynsync_lib.core.typed_values import no_text
from dynsync_lib.core.writing.field_values import (
    are_equal,
    column_of,
    columns_of,
    is_copied,
    new_value,
    value_of,
    with_trimmed,
)
from dynsync_lib.core.writing.lifecycle_stage import STAGE, default_stage_field
from dynsync_lib.core.writing.refusals import NUMBER_OF, Test, first_refusal
from dynsync_lib.core.writing.writes import (
    IS_BOUND,
    Write,
    WritePlan,
    equal_column,
    fresh_column,
    lands_column,
    plan_writes,
    wanted_column,
    work_out,
)

PAIR: Final = ("hubspot_id", "dynamics_id", IS_BOUND)
WRITTEN: Final = (
    *PAIR,
    "hubspot_landed",
    "dynamics_landed",
    "hubspot_refusal",
    "dynamics_refusal",
)
"""Of a pair: how many writes would land in each system, and why the other system refuses what a record writes there
(place in REFUSALS; null when it accepts it)."""
_INACTIVE: Final = "dynamics:is inactive"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Matched pairs with their values compared.

    `wide` has one row per pair: its ids, every mapped value trimmed, and as delivered where that differs, what would be
    written, and `WRITTEN`. `written` has the columns `WRITTEN` alone. `flowing` are the compared mappings, by their
    index among all of the object.
    """

    wide: Frame
    written: Frame
    flowing: Mapping[int, JudgedMapping]


def compare_pairs(job: Job, pairs: Frame, mappings: Sequence[JudgedMapping]) -> Comparison:
    """Section 6 and step 7 for every pair; `pairs` has hubspot_id, dynamics_id and is_bound. Computes once."""
    flowing = compared_mappings(mappings)
    wide = _with_stale(job, _compare(job, pairs, flowing))
    wide = job.keep(_without_repeats(wide, list(flowing.values())), f"{job.object}_compared")
    return Comparison(wide, wide.select(*WRITTEN), flowing)


def compare_new_pairs(job: Job, pairs: Frame, mappings: Sequence[JudgedMapping]) -> Comparison:
    """As `compare_pairs`, of pairs whose changes nobody lists: `wide` is worked out anew by who reads it."""
    flowing = compared_mappings(mappings)
    wide = _compare(job, pairs, flowing)
    return Comparison(wide, job.keep(wide.select(*WRITTEN), f"{job.object}_written"), flowing)


def _compare(job: Job, pairs: Frame, flowing: Mapping[int, JudgedMapping]) -> Frame:
    """The pairs with their values compared, and `WRITTEN`."""
    wide = with_values(job, pairs, list(flowing.values()))
    compared = comparisons({str(index): judged for index, judged in flowing.items()})
    wide = wide.with_columns(**compared) if compared else wide
    return _with_written(job, wide, flowing)


def compared_mappings(mappings: Sequence[JudgedMapping]) -> dict[int, JudgedMapping]:
    """The mappings whose values flow between the records of a pair, by their index."""
    return {index: judged for index, judged in enumerate(mappings) if judged.is_compared}


def with_values(job: Job, pairs: Frame, flowing: Sequence[JudgedMapping]) -> Frame:
    """The pairs with every mapped value of both sides, as delivered and trimmed, and their owners."""
    return with_trimmed(job.situation, _join_values(job, pairs, flowing), flowing, System)


def tell_changes(job: Job, comparison: Comparison) -> Frame:
    """The forecast's `changes` of one object: what lands or is skipped, without what is refused."""
    writes = [(plan, work_out(job, plan)) for target in System for plan in plan_writes(job, comparison.flowing, target)]
    if not writes:
        ids = ("hubspot_id", "dynamics_id")
        none = {name: no_text() for name in CHANGES.column_names if name not in ids}
        return comparison.wide.head(0).select(*ids, **none).select(*CHANGES.column_names)
    wide = _with_notes(comparison.wide)
    rows = stack([_rows_of(wide, number, plan, write) for number, (plan, write) in enumerate(writes)])
    return _as_changes(job.object, rows, [write for _, write in writes])


def _with_written(job: Job, wide: Frame, flowing: Mapping[int, JudgedMapping]) -> Frame:
    """Adds `WRITTEN`: both systems step by step, since an engine works out anew what stands in an expression twice."""
    plans = {target: list(plan_writes(job, flowing, target)) for target in System}
    writes = {lands_column(plan): work_out(job, plan) for target in System for plan in plans[target]}
    landed, refusals = {}, {}
    for target in System:
        names = [lands_column(plan) for plan in plans[target]]
        landed[f"{target}_landed"] = sum_of_flags(names)
        tests = [*tests_of_pair(job, target, f"{target}_landed")]
        tests += [test for name in names for test in writes[name].tests]
        refusals[f"{target.other}_refusal"] = first_refusal(tests)
    every = [plan for target in System for plan in plans[target]]
    wanted = {wanted_column(plan): writes[lands_column(plan)].wanted for plan in every}
    lands = {
        name: writes[name].lands_of(nw.col(wanted_column(plan))) for plan in every for name in [lands_column(plan)]
    }
    wide = wide.with_columns(**wanted).with_columns(**lands) if every else wide
    return wide.with_columns(**landed).with_columns(**refusals).drop(*lands)


def _lands(write: Write, plan: WritePlan) -> nw.Expr:
    return write.lands_of(nw.col(wanted_column(plan)))


def sum_of_flags(names: Iterable[str]) -> nw.Expr:
    """How many of these flags are true."""
    return nw.sum_horizontal(nw.lit(0), *(nw.col(name).cast(nw.Int64) for name in names)).cast(nw.Int64)


def _without_repeats(wide: Frame, flowing: Sequence[JudgedMapping]) -> Frame:
    """Every value as delivered becomes null where it is the trimmed one: most are, and need not be kept twice."""
    repeats = {}
    for judged in flowing:
        for system in System:
            name, trimmed = column_of(system, judged.columns[system]), value_of(system, judged)
            is_other = nw.lit(value=False) if system in judged.trimmed else nw.col(name) != trimmed
            repeats[name] = nw.when(trimmed.is_null() | is_other).then(nw.col(name))
    repeats.pop(column_of(System.HUBSPOT, STAGE), None)  # a default stage asks for it, mapped or not
    return wide.with_columns(**repeats) if repeats else wide


def tests_of_pair(job: Job, target: System, landed: str) -> Iterator[Test]:
    """Why the target may refuse whatever lands; `landed` is the column that counts it."""
    if target is System.DYNAMICS:
        lands = nw.col(landed) > 0
        if not job.sync.sync_user_may_write:
            yield NUMBER_OF["record.privilege"], lands
        yield NUMBER_OF["record.inactive-readonly"], lands & nw.col(_INACTIVE)


def _with_notes(wide: Frame) -> Frame:
    """Adds, for each target, whether it accepts what is written, and the note of an overwrite of a later record."""
    columns = {}
    for target in System:
        columns[f"accepted:{target}"] = nw.col(f"{target.other}_refusal").is_null()
        columns[f"note:{target}"] = nw.when(nw.col(_stale_column(target))).then(nw.lit("stale_winner"))
    return wide.with_columns(**columns)


def _rows_of(wide: Frame, number: int, plan: WritePlan, write: Write) -> Frame:
    """Of one write, where it is wanted and accepted: the pair's ids and the write's number, the target's text as
    delivered and trimmed, the new value, why it does not land, and the note of a stale winner.
    """
    wanted = wide.filter(nw.col(wanted_column(plan)), nw.col(f"accepted:{write.target}"))
    return wanted.select(
        "hubspot_id",
        "dynamics_id",
        number=nw.lit(number),
        old=write.old,
        theirs=write.theirs,
        new_value=write.value,
        held_back=no_text() if write.held_back is None else write.held_back,
        stale=nw.col(f"note:{write.target}"),
    )


def _as_changes(object_: Object, rows: Frame, writes: Sequence[Write]) -> Frame:
    """Rows of the forecast's `changes`, out of those of `_rows_of` for all writes."""
    fills = nw.col("theirs").is_null()
    changes = rows.with_columns(
        object=nw.lit(object_.value),
        target_system=_word_of_number([write.target.value for write in writes]),
        target_field=_word_of_number([write.target_field for write in writes]),
        source_field=_word_of_number([write.source_field for write in writes]),
        kind=nw.when(fills).then(nw.lit("fill")).otherwise(nw.lit("overwrite")),
        old_value=nw.when(~fills).then(nw.coalesce("old", "theirs")),
        note=nw.coalesce(nw.col("held_back"), nw.when(~fills).then(nw.col("stale"))),
    )
    return changes.select(*CHANGES.column_names)


def _word_of_number(words: Sequence[str]) -> nw.Expr:
    """The word of a write, by the column `number`."""
    return nw.col("number").replace_strict(dict(enumerate(words)), default=no_text(), return_dtype=nw.String)


def comparisons(judged_of: Mapping[str, JudgedMapping]) -> dict[str, nw.Expr]:
    """For each mapping, by its tag, whether the values are equal and what would be written."""
    compared = {}
    for tag, judged in judged_of.items():
        compared[equal_column(tag)] = are_equal(judged)
        compared |= {
            fresh_column(tag, target): new_value(judged, target)
            for target in System
            if judged.writes_to(target) and not is_copied(judged, target)
        }
    return compared


def _stale_column(target: System) -> str:
    """The column that says whether the target record was modified later than its source."""
    return f"stale:{target}"


def _with_stale(job: Job, wide: Frame) -> Frame:
    """Adds, for each target, whether its record was modified later than its source."""
    names = {system: _modified(job, system) for system in System}
    if None in names.values():
        return wide.with_columns(**{_stale_column(target): nw.lit(value=False) for target in System})
    moments = {
        f"moment:{system}": job.text(system, str(name), column_of(system, str(name))) for system, name in names.items()
    }
    timed = wide.with_columns(**moments)
    timed = timed.with_columns(**{moment: typed_values.moment(nw.col(moment)) for moment in moments})
    stale = {_stale_column(target): nw.col(f"moment:{target}") > nw.col(f"moment:{target.other}") for target in System}
    flags = {name: later.fill_null(value=False) for name, later in stale.items()}
    return timed.with_columns(**flags).drop(*moments)


def _join_values(job: Job, pairs: Frame, flowing: Sequence[JudgedMapping]) -> Frame:
    """The pairs with every mapped value of both sides, as `hubspot:email` and its like."""
    wide = pairs.select(*PAIR)
    for system in System:
        names = _needed(job, flowing, system)
        chosen = [nw.col(name).alias(column_of(system, name)) for name in names]
        if system is System.DYNAMICS:
            chosen.append(job.inactive().alias(_INACTIVE))
        table = job.records(system)
        wide = wide.join(table.select(nw.col("id").alias(f"{system}_id"), *chosen), on=f"{system}_id")
    return wide


def _needed(job: Job, flowing: Sequence[JudgedMapping], system: System) -> list[str]:
    """The columns of one side that the comparison reads."""
    keys = [column.name for column in job.table(system).keys if column.name in ("email_key", "email_valid")]
    modified = _modified(job, system)
    has_stage = system is System.HUBSPOT and default_stage_field(job, flowing) is not None
    more = [*keys, *([modified] if modified is not None else []), *([STAGE] if has_stage else [])]
    return list(dict.fromkeys([*columns_of(flowing, system), *more]))


def _modified(job: Job, system: System) -> str | None:
    table = job.table(system)
    return table.modified_field if table.modified_field in job.columns(system) else None
