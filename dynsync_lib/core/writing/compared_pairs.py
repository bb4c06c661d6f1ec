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

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core import typed_values
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Frame, Situation, inactive, opposite, stack
from dynsync_lib.core.tables import CHANGES, record_table
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
from dynsync_lib.core.writing.writes import IS_BOUND, Write, equal_column, fresh_column, writes_to

WRITTEN: Final = (
    "hubspot_id",
    "dynamics_id",
    "hubspot_landed",
    "dynamics_landed",
    "hubspot_refusal",
    "dynamics_refusal",
)
"""Of a pair: how many writes would land in each system, and why the other system refuses what a record writes there
(place in REFUSALS; null when it accepts it)."""
_PAIR: Final = ("hubspot_id", "dynamics_id", IS_BOUND)
_INACTIVE: Final = "dynamics:is inactive"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Matched pairs with their values compared.

    `wide` has one row per pair: its ids, every mapped value trimmed, and as delivered where that differs, what would be
    written, and `WRITTEN`. `written` has the columns `WRITTEN` alone.
    """

    wide: Frame
    written: Frame
    flowing: tuple[JudgedMapping, ...]


def compare_pairs(situation: Situation, object_: Object, pairs: Frame, mappings: Sequence[JudgedMapping]) -> Comparison:
    """Section 6 and step 7 for every pair. `pairs` has hubspot_id and dynamics_id, and may have the flag `is_bound`."""
    flowing = tuple(judged for judged in mappings if judged.is_compared)
    joined = _join_values(situation, object_, pairs, flowing)
    trimmed = _with_stale(situation, object_, with_trimmed(situation, joined, flowing, System))
    compared = _compared(dict(enumerate(flowing)))
    wide = trimmed.with_columns(**compared) if compared else trimmed
    told = _without_repeats(_with_written(situation, object_, wide, flowing), flowing)
    wide = situation.keep(told, f"{object_}_compared")
    return Comparison(wide, wide.select(*WRITTEN), flowing)


def compare_again(
    situation: Situation, object_: Object, earlier: Comparison, mappings: Sequence[JudgedMapping]
) -> Comparison:
    """The comparison of the same pairs under another assumption about fields; only what it changes is compared anew."""
    flowing = tuple(judged for judged in mappings if judged.is_compared)
    if [one.mapping for one in flowing] != [one.mapping for one in earlier.flowing]:
        return compare_pairs(situation, object_, earlier.wide.select(*_PAIR), mappings)
    others = {place: judged for place, judged in enumerate(flowing) if judged != earlier.flowing[place]}
    wide = earlier.wide.with_columns(**_compared(others)) if others else earlier.wide
    wide = _with_written(situation, object_, wide.drop(*WRITTEN[2:]), flowing)
    return Comparison(wide, situation.keep(wide.select(*WRITTEN), f"{object_}_written"), flowing)


def tell_changes(situation: Situation, object_: Object, comparison: Comparison) -> Frame:
    """The forecast's `changes` of one object: what lands or is skipped, without what is refused."""
    rows = [
        _rows_of(object_, comparison.wide, write)
        for target in System
        for write in writes_to(situation, object_, comparison.flowing, target)
    ]
    if not rows:
        ids = ("hubspot_id", "dynamics_id")
        none = {name: nw.lit(None, dtype=nw.String) for name in CHANGES.column_names if name not in ids}
        return comparison.wide.head(0).select(*ids, **none).select(*CHANGES.column_names)
    return situation.keep(stack(rows), f"{object_}_changes")


def _with_written(situation: Situation, object_: Object, wide: Frame, flowing: Sequence[JudgedMapping]) -> Frame:
    """Adds `WRITTEN`: both systems step by step, since an engine works out anew what stands in an expression twice."""
    writes = {target: list(writes_to(situation, object_, flowing, target)) for target in System}
    lands = {write.lands_column: write.lands for target in System for write in writes[target]}
    landed, refusals = {}, {}
    for target in System:
        flags = (nw.col(write.lands_column).cast(nw.Int64) for write in writes[target])
        landed[f"{target}_landed"] = nw.sum_horizontal(nw.lit(0), *flags).cast(nw.Int64)
        tests = [*_tests_of_pair(situation, object_, target), *(test for one in writes[target] for test in one.tests)]
        refusals[f"{opposite(target)}_refusal"] = first_refusal(tests)
    landing = wide.with_columns(**lands) if lands else wide
    return landing.with_columns(**landed).with_columns(**refusals).drop(*lands)


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


def _tests_of_pair(situation: Situation, object_: Object, target: System) -> Iterator[Test]:
    """Why the target may refuse whatever lands."""
    if target is System.DYNAMICS:
        lands = nw.col(f"{target}_landed") > 0
        if not situation.sync(object_).sync_user_may_write:
            yield NUMBER_OF["record.privilege"], lands
        yield NUMBER_OF["record.inactive-readonly"], lands & nw.col(_INACTIVE)


def _rows_of(object_: Object, wide: Frame, write: Write) -> Frame:
    """The rows of `changes` of one write."""
    stale = nw.col(_stale_column(write.target)) & ~write.theirs.is_null()
    note = nw.when(stale).then(nw.lit("stale_winner"))
    accepted = nw.col(f"{opposite(write.target)}_refusal").is_null()
    told = wide.filter(write.wanted & accepted).select(
        "hubspot_id",
        "dynamics_id",
        object=nw.lit(object_.value),
        target_system=nw.lit(write.target.value),
        target_field=nw.lit(write.target_field),
        source_field=nw.lit(write.source_field),
        kind=nw.when(write.theirs.is_null()).then(nw.lit("fill")).otherwise(nw.lit("overwrite")),
        old_value=nw.when(~write.theirs.is_null()).then(write.old),
        new_value=write.told,
        note=note if write.held_back is None else nw.coalesce(write.held_back, note),
    )
    return told.select(*CHANGES.column_names)


def _compared(judged_of: Mapping[int, JudgedMapping]) -> dict[str, nw.Expr]:
    """For each mapping, by its place, whether the values are equal and what would be written."""
    compared = {}
    for place, judged in judged_of.items():
        compared[equal_column(place)] = are_equal(judged)
        compared |= {
            fresh_column(place, target): new_value(judged, target)
            for target in System
            if judged.writes_to(target) and not is_copied(judged, target)
        }
    return compared


def _stale_column(target: System) -> str:
    """The column that says whether the target record was modified later than its source."""
    return f"stale:{target}"


def _with_stale(situation: Situation, object_: Object, wide: Frame) -> Frame:
    """Adds, for each target, whether its record was modified later than its source."""
    names = {system: _modified(situation, object_, system) for system in System}
    if None in names.values():
        return wide.with_columns(**{_stale_column(target): nw.lit(value=False) for target in System})
    moments = {
        f"moment:{system}": situation.text(object_, system, str(name), column_of(system, str(name)))
        for system, name in names.items()
    }
    told = wide.with_columns(**moments)
    told = told.with_columns(**{moment: typed_values.moment(nw.col(moment)) for moment in moments})
    stale = {
        _stale_column(target): nw.col(f"moment:{target}") > nw.col(f"moment:{opposite(target)}") for target in System
    }
    flags = {name: later.fill_null(value=False) for name, later in stale.items()}
    return told.with_columns(**flags).drop(*moments)


def _join_values(situation: Situation, object_: Object, pairs: Frame, flowing: Sequence[JudgedMapping]) -> Frame:
    """The pairs with every mapped value of both sides, as `hubspot:email` and its like."""
    is_bound = nw.col(IS_BOUND) if IS_BOUND in pairs.collect_schema().names() else nw.lit(value=False)
    wide = pairs.select("hubspot_id", "dynamics_id", is_bound.alias(IS_BOUND))
    for system in System:
        names = _needed(situation, object_, flowing, system)
        chosen = [nw.col(name).alias(column_of(system, name)) for name in names]
        if system is System.DYNAMICS:
            chosen.append(inactive(situation, object_).alias(_INACTIVE))
        table = situation.tables[record_table(object_, system).name]
        wide = wide.join(table.select(nw.col("id").alias(f"{system}_id"), *chosen), on=f"{system}_id")
    return wide


def _needed(situation: Situation, object_: Object, flowing: Sequence[JudgedMapping], system: System) -> list[str]:
    """The columns of one side that the comparison reads."""
    keys = [one.name for one in record_table(object_, system).keys if one.name in ("email_key", "email_valid")]
    modified = _modified(situation, object_, system)
    has_stage = system is System.HUBSPOT and default_stage_field(situation, object_, flowing) is not None
    more = [*keys, *([modified] if modified is not None else []), *([STAGE] if has_stage else [])]
    return list(dict.fromkeys([*columns_of(flowing, system), *more]))


def _modified(situation: Situation, object_: Object, system: System) -> str | None:
    table = record_table(object_, system)
    return table.modified_field if table.modified_field in situation.columns(object_, system) else None
