"""The fields of matched pairs: what is filled, overwritten, skipped or refused.

Facts
    * A blank is never written (3.4). Both filled and different: the winner's stays; one-way: the source's (3.3, 3.5).
    * A write that the target refuses makes the source record fail and takes all writes of that pair and way along.
    * An option without a partner is skipped and shown; it neither lands nor fails (5.11).

Not modelled
    * Required columns, unique properties, duplicate detection, server logic (see rules/behaviour.toml).

Source: rules field.conflict-winner, field.fill, field.never-blank, field.too-long, field.range, contact.invalid-email,
record.inactive-readonly; docs/semantics.md section 6 and step 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core import values
from dynsync_lib.core.addresses import is_valid_address
from dynsync_lib.core.field_values import address_key, are_equal, column_of, new_value, value_of, with_trimmed
from dynsync_lib.core.mapping import JudgedMapping
from dynsync_lib.core.model import CHANGES, Object, Reason, RecordTable, System, record_table
from dynsync_lib.core.sides import Frame, Situation, inactive, opposite, stack

REFUSALS: Final[tuple[tuple[Reason, str], ...]] = (
    (Reason.INACTIVE_READONLY, "record.inactive-readonly"),
    (Reason.INVALID_EMAIL, "contact.invalid-email"),
    (Reason.TOO_LONG, "field.too-long"),
    (Reason.RANGE, "field.range"),
)
"""Why a target refuses, in the order in which the first one counts; the place is the `refusal` number."""
_NUMBER_OF: Final = {reason: number for number, (reason, _) in enumerate(REFUSALS)}
_INACTIVE: Final = "dynamics:is inactive"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Matched pairs with their values compared.

    `wide` has one row per pair: its ids, every mapped value, and what would be written. `written` has one row per pair
    and target_system: landed (writes that would land), refusal (place in REFUSALS, null when the target accepts them).
    """

    wide: Frame
    written: Frame
    flowing: tuple[JudgedMapping, ...]


def compare_pairs(situation: Situation, object_: Object, pairs: Frame, mappings: Sequence[JudgedMapping]) -> Comparison:
    """Section 6 and step 7 for every pair. `pairs` has hubspot_id and dynamics_id."""
    flowing = tuple(judged for judged in mappings if judged.flow is not None)
    joined = with_trimmed(_join_values(situation, object_, pairs, flowing), flowing, System)
    wide = situation.keep(_compare(situation.keep(joined, f"{object_}_joined"), flowing), f"{object_}_compared")
    sides = [_written_to(situation, object_, wide, flowing, target) for target in System]
    return Comparison(wide, situation.keep(stack(sides), f"{object_}_written"), flowing)


def tell_changes(situation: Situation, object_: Object, comparison: Comparison) -> Frame:
    """The forecast's `changes` of one object: what lands or is skipped, without what is refused."""
    rows = [
        one
        for place, judged in enumerate(comparison.flowing)
        for one in _write_rows(situation, object_, comparison.wide, judged, place)
    ]
    if not rows:
        ids = ("hubspot_id", "dynamics_id")
        none = {name: nw.lit(None, dtype=nw.String) for name in CHANGES.column_names if name not in ids}
        return comparison.wide.head(0).select(*ids, **none).select(*CHANGES.column_names)
    refused = comparison.written.filter(~nw.col("refusal").is_null())
    told = situation.keep(stack(rows), f"{object_}_told")
    return told.join(refused, on=["hubspot_id", "dynamics_id", "target_system"], how="anti")


def _written_to(
    situation: Situation, object_: Object, wide: Frame, flowing: Sequence[JudgedMapping], target: System
) -> Frame:
    """hubspot_id, dynamics_id, target_system, landed, refusal of every pair, for one target."""
    landed = [nw.lit(0)]
    refusals: list[tuple[int, nw.Expr]] = []
    for place, judged in enumerate(flowing):
        if judged.writes_to(target):
            fresh = nw.col(_fresh(place, target))
            lands = _is_written(situation, object_, judged, place=place, target=target) & ~fresh.is_null()
            landed.append(lands.cast(nw.Int64))
            tests = _refusal_tests(situation, object_, judged, target=target, fresh=fresh)
            refusals += [(number, lands & test) for number, test in tests]
    return wide.select(
        "hubspot_id",
        "dynamics_id",
        target_system=nw.lit(target.value),
        landed=nw.sum_horizontal(*landed).cast(nw.Int64),
        refusal=_first_refusal(refusals),
    )


def refusal_of_creates(
    situation: Situation, object_: Object, system: System, mappings: Sequence[JudgedMapping]
) -> Frame:
    """id and refusal (place in REFUSALS) of those records of `system` whose creation the other side would refuse.

    All mapped fields that may flow and are not blank count as written. Source: docs/semantics.md step 7.
    """
    target = opposite(system)
    flowing = [judged for judged in mappings if judged.writes_to(target)]
    table = record_table(object_, system)
    chosen = [nw.col(name).alias(column_of(system, name)) for name in _needed(table, flowing, system)]
    wide = with_trimmed(situation.tables[table.name].select("id", *chosen), flowing, [system])
    refusals = [*_refusals(situation, object_, target, flowing)]
    if not refusals:
        return wide.head(0).select("id", refusal=nw.lit(0))
    return wide.select("id", refusal=_first_refusal(refusals)).filter(~nw.col("refusal").is_null())


def _first_refusal(tests: Sequence[tuple[int, nw.Expr]]) -> nw.Expr:
    """The lowest place in REFUSALS whose test is true; null when none is."""
    in_order = sorted(tests, key=lambda one: one[0])
    numbers = [nw.when(test).then(nw.lit(number)) for number, test in in_order]
    return nw.coalesce(*numbers, nw.lit(None, dtype=nw.Int64)).cast(nw.Int64)


def _refusals(
    situation: Situation, object_: Object, target: System, flowing: Sequence[JudgedMapping]
) -> Iterator[tuple[int, nw.Expr]]:
    """Why the target may refuse to create a record: place in REFUSALS and test."""
    if target is System.HUBSPOT and object_ is Object.CONTACT:
        yield _NUMBER_OF[Reason.INVALID_EMAIL], ~nw.col(column_of(System.DYNAMICS, "email_valid"))
        for judged in flowing:
            if judged.mapping.hubspot == "email":
                valid = _is_valid(situation, judged, new_value(judged, target))
                yield _NUMBER_OF[Reason.INVALID_EMAIL], ~valid
    for judged in flowing if target is System.DYNAMICS else ():
        yield from _limits(judged, new_value(judged, target))


def _limits(judged: JudgedMapping, value: nw.Expr) -> Iterator[tuple[int, nw.Expr]]:
    """Which limits of a Dynamics column a value may break."""
    field = judged.fields[System.DYNAMICS]
    kind = judged.kinds[System.DYNAMICS]
    if field is None:
        return
    if kind == "text" and field.length is not None:
        yield _NUMBER_OF[Reason.TOO_LONG], value.str.len_chars() > field.length
    if kind == "number":
        for limit, sign in ((field.min_value, -1), (field.max_value, 1)):
            if limit is not None:
                yield _NUMBER_OF[Reason.RANGE], values.number(value) * sign > limit * sign


def _write_rows(
    situation: Situation, object_: Object, wide: Frame, judged: JudgedMapping, place: int
) -> Iterator[Frame]:
    for target in System:
        if judged.writes_to(target):
            yield _rows_to(situation, object_, wide, judged=judged, place=place, target=target)


def _rows_to(
    situation: Situation, object_: Object, wide: Frame, *, judged: JudgedMapping, place: int, target: System
) -> Frame:
    """The rows of `changes` of one mapping into one system, those that are refused included."""
    source = opposite(target)
    ours, theirs = value_of(source, judged), value_of(target, judged)
    fresh = nw.col(_fresh(place, target))
    lands = ~fresh.is_null()
    told = wide.filter(_is_written(situation, object_, judged, place=place, target=target)).select(
        "hubspot_id",
        "dynamics_id",
        object=nw.lit(object_.value),
        target_system=nw.lit(target.value),
        target_field=nw.lit(judged.name_of(target)),
        source_field=nw.lit(judged.name_of(source)),
        kind=nw.when(theirs.is_null()).then(nw.lit("fill")).otherwise(nw.lit("overwrite")),
        old_value=nw.when(~theirs.is_null()).then(nw.col(column_of(target, judged.name_of(target)))),
        new_value=nw.coalesce(fresh, ours),
        note=_note(situation, object_, target=target, lands=lands, theirs=theirs),
    )
    return told.select(*CHANGES.column_names)


def _is_written(situation: Situation, object_: Object, judged: JudgedMapping, *, place: int, target: System) -> nw.Expr:
    """Table 3.A: what is filled, and what is overwritten."""
    ours, theirs = value_of(opposite(target), judged), value_of(target, judged)
    written = nw.lit(value=False)
    if _may_fill(situation, object_, judged, target):
        written = written | (theirs.is_null() & ~ours.is_null())
    if _may_overwrite(situation, object_, judged, target):
        written = written | (~nw.col(_equal(place))).fill_null(value=False)
    return written & ~ours.is_null()


def _equal(place: int) -> str:
    """The column that says whether the values of a mapping are equal; null when one of them is blank."""
    return f"equal:{place}"


def _fresh(place: int, target: System) -> str:
    """The column that holds what a mapping would write into a system."""
    return f"new:{place}:{target}"


def _compare(joined: Frame, flowing: Sequence[JudgedMapping]) -> Frame:
    """Adds to the joined pairs, for each mapping, whether the values are equal and what would be written."""
    compared = {}
    for place, judged in enumerate(flowing):
        compared[_equal(place)] = are_equal(judged)
        compared |= {_fresh(place, target): new_value(judged, target) for target in System}
    return joined.with_columns(**compared) if compared else joined


def _may_overwrite(situation: Situation, object_: Object, judged: JudgedMapping, target: System) -> bool:
    """Table 3.A, both filled and different."""
    wins = situation.sync(object_).conflict_winner is target
    return not (wins and (judged.is_two_way or situation.chosen("oneway_winner") == "keep_target"))


def _may_fill(situation: Situation, object_: Object, judged: JudgedMapping, target: System) -> bool:
    """Table 3.A, target empty."""
    wins = situation.sync(object_).conflict_winner is target
    return not (judged.is_two_way and wins and situation.chosen("fill_empty_winner") == "false")


def _refusal_tests(
    situation: Situation, object_: Object, judged: JudgedMapping, *, target: System, fresh: nw.Expr
) -> Iterator[tuple[int, nw.Expr]]:
    """Why the target may refuse a write that would land: place in REFUSALS and test."""
    if target is System.DYNAMICS:
        yield from _limits(judged, fresh)
        yield _NUMBER_OF[Reason.INACTIVE_READONLY], nw.col(_INACTIVE)
    elif object_ is Object.CONTACT and judged.mapping.hubspot == "email":
        yield _NUMBER_OF[Reason.INVALID_EMAIL], ~_is_valid(situation, judged, fresh)


def _is_valid(situation: Situation, judged: JudgedMapping, address: nw.Expr) -> nw.Expr:
    if address_key(judged.fields[System.DYNAMICS]) is not None:
        return nw.col(column_of(System.DYNAMICS, "email_valid"))
    return is_valid_address(address, situation.rulebook.top_level_domains)


def _note(situation: Situation, object_: Object, *, target: System, lands: nw.Expr, theirs: nw.Expr) -> nw.Expr:
    skipped = nw.when(~lands).then(nw.lit("value_skipped"))
    names = {system: _modified(situation, object_, system) for system in System}
    if None in names.values():
        return nw.coalesce(skipped, nw.lit(None, dtype=nw.String))
    moments = {
        system: values.moment(values.trimmed(nw.col(column_of(system, str(names[system]))))) for system in System
    }
    stale = (moments[target] > moments[opposite(target)]) & ~theirs.is_null()
    return nw.coalesce(skipped, nw.when(stale).then(nw.lit("stale_winner")))


def _join_values(situation: Situation, object_: Object, pairs: Frame, flowing: Sequence[JudgedMapping]) -> Frame:
    """The pairs with every mapped value of both sides, as `hubspot:email` and its like."""
    wide = pairs.select("hubspot_id", "dynamics_id")
    for system in System:
        table = record_table(object_, system)
        names = _needed(table, flowing, system)
        modified = _modified(situation, object_, system)
        names = [*names, *([modified] if modified is not None and modified not in names else [])]
        chosen = [nw.col(name).alias(column_of(system, name)) for name in names]
        if system is System.DYNAMICS:
            chosen.append(inactive(situation.columns(object_, system)).alias(_INACTIVE))
        values_of = situation.tables[table.name].select(nw.col("id").alias(f"{system}_id"), *chosen)
        wide = wide.join(values_of, on=f"{system}_id")
    return wide


def _needed(table: RecordTable, flowing: Sequence[JudgedMapping], system: System) -> list[str]:
    mapped = list(dict.fromkeys(judged.name_of(system) for judged in flowing))
    keys = [column.name for column in table.keys if column.name in ("email_key", "email_valid")]
    return [*mapped, *keys]


def _modified(situation: Situation, object_: Object, system: System) -> str | None:
    table = record_table(object_, system)
    return table.modified_field if table.modified_field in situation.columns(object_, system) else None
