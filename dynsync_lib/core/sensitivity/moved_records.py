"""How far the result moves under the other choices of each open question.

Facts
    * Only what a switch can move is decided again, and only when data and settings hold what it is about
      (`core.sensitivity.affected_objects`). Contacts and leads share HubSpot's contacts and are decided together.
    * A record counts as moved when its outcome, reason, counterpart or winner differs. A switch that moves fields or
      associations only is told with no outcome changed.

Not modelled
    * Two switches at once; how many fields and associations a switch moves.

Source: rules/assumptions.toml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import narwhals.stable.v2 as nw

from dynsync_lib.core.matching.decision_table import Matched
from dynsync_lib.core.model import Object
from dynsync_lib.core.sensitivity.affected_objects import ABOUT_CREATES, ABOUT_FIELDS, Mover
from dynsync_lib.core.situation import PERSONS, Frame, Situation, stack
from dynsync_lib.core.sync.flowing_mappings import judge
from dynsync_lib.core.sync.initial_sync import (
    ORDER,
    Decision,
    WorkOf,
    compose_sync,
    decide_objects,
    match_sync,
    tell_outcomes,
)
from dynsync_lib.core.sync.object_outcomes import (
    Decided,
    FieldWork,
    is_same_work,
    learn_pairs,
    refuse_again,
    write_again,
)
from dynsync_lib.core.tables import SENSITIVITY


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """`table` is the forecast table; `moved` has system, object, record_id, assumption_id, one row per move."""

    table: Frame
    moved: Frame


@dataclass(frozen=True, slots=True)
class _Variant:
    """One other choice: the situation under it, and the objects it can move."""

    knob: str
    choice: str
    situation: Situation
    movable: tuple[Object, ...]


def measure_sensitivity(situation: Situation, decision: Decision) -> Sensitivity:
    """Decides again under every other built choice and counts the records that move."""
    variants = list(_variants(situation, decision))
    works = _learn(situation, decision, variants)
    moves = situation.each(partial(_moved, situation, decision, works), variants)
    rows = [_row(variant, moved) for variant, moved in zip(variants, moves, strict=True)]
    told = situation.from_rows(rows, SENSITIVITY.columns)
    return Sensitivity(told, situation.keep(stack([_no_moves(decision), *moves]).unique(), "moved"))


def with_sensitivity(outcomes: Frame, moved: Frame, knobs: Sequence[str]) -> Frame:
    """The outcomes with `sensitive_to`: those of the knobs that would move the record, by name, separated by `;`."""
    names = sorted(knobs)
    flags = {knob: (nw.col("assumption_id") == knob).cast(nw.Int64).max() for knob in names}
    by_record = moved.group_by("system", "object", "record_id").agg(**flags)
    named = [nw.when(nw.col(knob) == 1).then(nw.lit(knob)) for knob in names]
    joined = nw.concat_str(named, separator=";", ignore_nulls=True)
    told = by_record.select("system", "object", "record_id", sensitive_to=joined)
    return outcomes.join(told, on=["system", "object", "record_id"], how="left")


def _variants(situation: Situation, decision: Decision) -> Iterator[_Variant]:
    mover = Mover(situation, decision)
    for knob in situation.rulebook.assumptions.values():
        for choice in knob.built_choices:
            if choice != situation.chosen(knob.id):
                assumptions = {**situation.settings.assumptions, knob.id: choice}
                other = replace(situation, settings=replace(situation.settings, assumptions=assumptions))
                yield _Variant(knob.id, choice, other, _together(mover.movable(knob.id, choice), decision))


def _together(movable: Sequence[Object], decision: Decision) -> tuple[Object, ...]:
    """What is decided again: leads follow contacts, whose addresses they may share."""
    follow = Object.CONTACT in movable and Object.LEAD in decision.decided
    wanted = {*movable, *([Object.LEAD] if follow else [])}
    return tuple(object_ for object_ in ORDER if object_ in wanted)


# --- What is known about fields ----------------------------------------------------------------------------------


def _learn(situation: Situation, decision: Decision, variants: Sequence[_Variant]) -> dict[Object, FieldWork]:
    """What is known about the fields of every pair that any variant of the matching makes."""
    works = dict(decision.works)
    matching = [one for one in variants if one.knob not in ABOUT_FIELDS]
    for object_ in works:
        others = [one for one in matching if object_ in one.movable]
        made = situation.each(partial(_pairs_of, decision, works, object_), others)
        works[object_] = learn_pairs(situation, object_, decision.mappings[object_], work=works[object_], made=made)
    return works


def _pairs_of(decision: Decision, works: Mapping[Object, FieldWork], object_: Object, variant: _Variant) -> Frame:
    """The pairs that a variant of the matching makes."""
    contacts = None
    asks = variant.situation.chosen("lead_contact_overlap") == "first_sync_wins"
    if object_ is Object.LEAD and asks and Object.CONTACT in decision.decided:
        contacts = _contacts(variant, decision, works)
    return match_sync(variant.situation, object_, contacts).pairs


def _contacts(variant: _Variant, decision: Decision, works: Mapping[Object, FieldWork]) -> Decided:
    """What became of the contacts under a variant of the matching."""
    if Object.CONTACT not in variant.movable:
        return decision.decided[Object.CONTACT]
    return compose_sync(variant.situation, Object.CONTACT, lambda object_, _: works[object_])


def _work_of(variant: _Variant, works: Mapping[Object, FieldWork]) -> WorkOf:
    """What is known about the fields under a variant."""
    if variant.knob not in ABOUT_FIELDS:
        return lambda object_, _: works[object_]
    other = variant.situation
    leads_may_differ = other.chosen("lead_contact_overlap") == "first_sync_wins"

    def work_of(object_: Object, matched: Matched) -> FieldWork:
        mappings = judge(other, object_)
        work = works[object_]
        fresh = matched.pairs if object_ is Object.LEAD and leads_may_differ else None
        if variant.knob not in ABOUT_CREATES or fresh is not None:
            work = write_again(other, object_, mappings, work=work, fresh=fresh)
        return refuse_again(other, object_, mappings, work=work) if ABOUT_FIELDS[variant.knob] else work

    return work_of


def _reach(
    variant: _Variant, decision: Decision, works: Mapping[Object, FieldWork]
) -> tuple[tuple[Object, ...], WorkOf]:
    """The objects to be decided again, and what is known about their fields.

    A choice about fields leaves an object alone whose writes land, or are refused, as before.
    """
    work_of = _work_of(variant, works)
    leads_may_differ = variant.situation.chosen("lead_contact_overlap") == "first_sync_wins"
    if variant.knob not in ABOUT_FIELDS or leads_may_differ:
        return variant.movable, work_of
    again = {object_: work_of(object_, decision.decided[object_].matched) for object_ in variant.movable}
    changed = (one for one in variant.movable if not is_same_work(again[one], decision.works[one]))
    return tuple(changed), lambda object_, _: again[object_]


# --- What moves --------------------------------------------------------------------------------------------------


def _moved(situation: Situation, decision: Decision, works: Mapping[Object, FieldWork], variant: _Variant) -> Frame:
    """system, object, record_id, assumption_id of the records that a choice would move."""
    movable, work_of = _reach(variant, decision, works)
    if not movable:
        return _no_moves(decision)
    known = {object_: one for object_, one in decision.decided.items() if object_ not in movable}
    contacts = {one: found for one, found in known.items() if one in PERSONS}
    again = decide_objects(variant.situation, movable, work_of, known=contacts)
    touched = set(movable) | (set(PERSONS) if set(movable) & set(PERSONS) else set())
    decided = {object_: again[object_] for object_ in again if object_ in touched}
    told = stack(tell_outcomes(variant.situation, decided).outcomes)
    compared = ("outcome", "reason", "counterpart_id", "winner_id")
    fresh = told.select("system", "object", "record_id", **{f"{one}_again": nw.col(one) for one in compared})
    base = decision.outcomes.filter(nw.col("object").is_in([object_.value for object_ in touched]))
    both = base.join(fresh, on=["system", "object", "record_id"])
    same = [nw.col(one).fill_null("") == nw.col(f"{one}_again").fill_null("") for one in compared]
    differing = both.filter(~nw.all_horizontal(*same, ignore_nulls=False))
    moved = differing.select("system", "object", "record_id", assumption_id=nw.lit(variant.knob))
    return situation.keep(moved, f"moved_{variant.knob}_{variant.choice}")


def _no_moves(decision: Decision) -> Frame:
    """What `_moved` gives where nothing moves."""
    return decision.outcomes.select("system", "object", "record_id", assumption_id="rule_id").head(0)


def _row(variant: _Variant, moved: Frame) -> dict[str, str | int | None]:
    counts: list[dict[str, int]] = []
    if variant.movable:
        counts = list(moved.group_by("object").agg(count=nw.len()).sort("object").collect().rows(named=True))
    by_object = ";".join(f"{row['object']}={row['count']}" for row in counts)
    return {
        "assumption_id": variant.knob,
        "choice": variant.choice,
        "outcomes_changed": sum(row["count"] for row in counts),
        "by_object": by_object or None,
    }
