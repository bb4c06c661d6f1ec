"""How far the result moves under the other choices of each open question.

Facts
    * Only objects that a switch can move are decided again, and only when the data holds what it is about.
    * A record counts as moved when its outcome, reason, counterpart or winner differs.

Not modelled
    * Two switches at once; what a switch does to fields and associations alone.

Source: rules/assumptions.toml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core.deals import decide_deals, decide_invoices
from dynsync_lib.core.decision import Decision
from dynsync_lib.core.model import SENSITIVITY, Object, System, record_table
from dynsync_lib.core.outcomes import FieldWork, decide_again, decide_fields_again, learn_pairs
from dynsync_lib.core.sides import Frame, Situation, key_column, stack

_BOTH: Final = (Object.COMPANY, Object.CONTACT)
_ALL: Final = (*_BOTH, Object.DEAL, Object.INVOICE)
_MOVES: Final[Mapping[str, tuple[Object, ...]]] = {
    "first_record_order": _BOTH,
    "email_norm": (Object.CONTACT,),
    "secondary_email": (Object.CONTACT,),
    "name_norm": (Object.COMPANY,),
    "no_key": (Object.COMPANY,),
    "company_dup": (Object.COMPANY,),
    "oneway_winner": _BOTH,
    "fill_empty_winner": _BOTH,
    "filter_scope": _BOTH,
    "filter_stage": _BOTH,
    "include_inactive": _ALL,
    "assoc_missing_company": (),
    "assoc_conflict": (),
}
"""Which objects' outcomes a knob can move; the last two move associations only."""
_ABOUT_FIELDS: Final = frozenset({"oneway_winner", "fill_empty_winner"})
"""The knobs that change what is written into fields; the others only change who is matched."""


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
    variants = list(_variants(situation))
    works = {object_: _learn(situation, decision, variants, object_) for object_ in decision.works}
    empty = decision.outcomes.select("system", "object", "record_id", assumption_id="rule_id").head(0)
    rows, moves = [], [empty]
    for variant in variants:
        parts = [_moved(variant, decision, works, object_) for object_ in variant.movable]
        moved = situation.keep(stack(parts), f"moved_{variant.knob}_{variant.choice}") if parts else empty
        rows.append(_row(variant, moved))
        moves.append(moved)
    told = situation.from_rows(rows, SENSITIVITY.columns)
    return Sensitivity(told, situation.keep(stack(moves).unique(), "moved"))


def _variants(situation: Situation) -> Iterator[_Variant]:
    profiles = {object_: _profile(situation, object_) for object_ in _BOTH if situation.sync(object_).enabled}
    for knob, choice in _other_choices(situation):
        assumptions = {**situation.settings.assumptions, knob: choice}
        other = replace(situation, settings=replace(situation.settings, assumptions=assumptions))
        yield _Variant(knob, choice, other, tuple(_movable(situation, knob, profiles)))


def _learn(situation: Situation, decision: Decision, variants: Sequence[_Variant], object_: Object) -> FieldWork:
    """What is known about the fields of every pair that any variant makes."""
    others = [one.situation for one in variants if object_ in one.movable and one.knob not in _ABOUT_FIELDS]
    mappings = decision.mappings[object_]
    return learn_pairs(situation, object_, mappings, work=decision.works[object_], others=others)


def with_sensitivity(outcomes: Frame, moved: Frame) -> Frame:
    """The outcomes with `sensitive_to`: the assumptions that would move the record, separated by `;`."""
    flags = {knob: (nw.col("assumption_id") == knob).cast(nw.Int64).max() for knob in sorted(_MOVES)}
    by_record = moved.group_by("system", "object", "record_id").agg(**flags)
    named = [nw.when(nw.col(knob) == 1).then(nw.lit(knob)) for knob in sorted(_MOVES)]
    joined = nw.concat_str(named, separator=";", ignore_nulls=True)
    told = by_record.select("system", "object", "record_id", sensitive_to=joined)
    return outcomes.join(told, on=["system", "object", "record_id"], how="left")


def _other_choices(situation: Situation) -> Iterator[tuple[str, str]]:
    for knob in situation.rulebook.assumptions.values():
        for choice in knob.built_choices:
            if choice != situation.chosen(knob.id):
                yield knob.id, choice


@dataclass(frozen=True, slots=True)
class _Profile:
    """What the data of one object holds that a switch can be about."""

    shares_keys: bool
    lacks_keys: bool
    has_secondary: bool


_KEYLESS: Final = _Profile(shares_keys=False, lacks_keys=True, has_secondary=False)
"""Deals and invoices, which have no keys."""


def _profile(situation: Situation, object_: Object) -> _Profile:
    key = key_column(situation, object_)
    tables = [situation.tables[record_table(object_, system).name] for system in System]
    counts = [
        table.select(n=nw.len(), keys=nw.col(key).count(), distinct=nw.col(key).n_unique()).collect().rows()[0]
        for table in tables
    ]
    # n_unique counts null as a value of its own, and is null itself where there are no rows
    shares = any(keys > (distinct or 0) - (1 if n > keys else 0) for n, keys, distinct in counts)
    lacks = any(n > keys for n, keys, _ in counts)
    return _Profile(shares, lacks, object_ is Object.CONTACT and _has_secondary(situation))


def _has_secondary(situation: Situation) -> bool:
    listed = situation.tables["hubspot/contacts"].select(address="secondary_email_keys").explode("address")
    return not listed.filter(~nw.col("address").is_null()).head(1).collect().is_empty()


def _movable(situation: Situation, knob: str, profiles: Mapping[Object, _Profile]) -> list[Object]:
    """The enabled objects a knob can move with this data and these settings."""
    enabled = [object_ for object_ in _MOVES.get(knob, ()) if situation.sync(object_).enabled]
    return [one for one in enabled if _can_move(situation, knob, one, profiles.get(one, _KEYLESS))]


def _can_move(situation: Situation, knob: str, object_: Object, profile: _Profile) -> bool:
    sync = situation.sync(object_)
    two_way = all(sync.is_source(system) for system in System)
    filtered = any(sync.filter_of(system) for system in System) or situation.chosen("include_inactive") == "false"
    reasons = {
        "first_record_order": profile.shares_keys or profile.has_secondary,
        "secondary_email": profile.has_secondary,
        "no_key": profile.lacks_keys,
        "company_dup": profile.shares_keys,
        "filter_scope": filtered,
        "filter_stage": filtered and profile.shares_keys,
        "oneway_winner": not two_way or any(mapping.direction != "two_way" for mapping in sync.mappings),
        "fill_empty_winner": two_way,
    }
    return reasons.get(knob, True)


def _moved(variant: _Variant, decision: Decision, works: Mapping[Object, FieldWork], object_: Object) -> Frame:
    """system, object, record_id, assumption_id of the records of one object that a choice would move."""
    told = ("outcome", "reason", "counterpart_id", "winner_id")
    again = _decide(variant, decision, works, object_).select(
        "system", "record_id", **{f"{one}_again": nw.col(one) for one in told}
    )
    both = decision.outcomes.filter(nw.col("object") == object_.value).join(again, on=["system", "record_id"])
    same = [nw.col(one).fill_null("") == nw.col(f"{one}_again").fill_null("") for one in told]
    return both.filter(~nw.all_horizontal(*same, ignore_nulls=False)).select(
        "system", "object", "record_id", assumption_id=nw.lit(variant.knob)
    )


def _decide(variant: _Variant, decision: Decision, works: Mapping[Object, FieldWork], object_: Object) -> Frame:
    situation = variant.situation
    if object_ not in _BOTH:
        decide = decide_deals if object_ is Object.DEAL else decide_invoices
        return stack([decide(situation, system) for system in System])
    if variant.knob in _ABOUT_FIELDS:
        return decide_fields_again(situation, object_, decision.mappings[object_], work=works[object_])
    return decide_again(situation, object_, work=works[object_])


def _row(variant: _Variant, moved: Frame) -> dict[str, str | int | None]:
    counts = moved.group_by("object").agg(count=nw.len()).sort("object").collect().rows(named=True)
    by_object = ";".join(f"{row['object']}={row['count']}" for row in counts)
    changed = sum(row["count"] for row in counts)
    return {
        "assumption_id": variant.knob,
        "choice": variant.choice,
        "outcomes_changed": changed,
        "by_object": by_object or None,
    }
