"""How far the result moves under the other choices of each open question.

Facts
    * Only objects that a switch can move are decided again, and only when the data holds what it is about.
    * A record counts as moved when its outcome, reason, counterpart or winner differs.

Not modelled
    * Two switches at once; what a switch does to fields and associations alone.

Source: rules/assumptions.toml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core.deals import decide_deals, decide_invoices
from dynsync_lib.core.mapping import JudgedMapping
from dynsync_lib.core.model import SENSITIVITY, Object, System
from dynsync_lib.core.outcomes import decide_object
from dynsync_lib.core.sides import Frame, Situation

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


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """`table` is the forecast table; `moved` has system, object, record_id, assumption_id, one row per move."""

    table: Frame
    moved: Frame


def measure_sensitivity(
    situation: Situation, outcomes: Frame, mappings: Mapping[Object, tuple[JudgedMapping, ...]]
) -> Sensitivity:
    """Decides again under every other built choice and counts the records that move."""
    empty = outcomes.select("system", "object", "record_id", assumption_id="rule_id").head(0)
    rows, moves = [], [empty]
    for knob, choice in _other_choices(situation):
        parts = [
            _moved(situation, outcomes, knob, choice, object_=one, mappings=mappings)
            for one in _movable(situation, knob)
        ]
        moved = situation.keep(nw.concat(parts), f"moved_{knob}_{choice}") if parts else empty
        rows.append(_row(knob, choice, moved))
        moves.append(moved)
    told = situation.from_rows(rows, SENSITIVITY.columns)
    return Sensitivity(told, situation.keep(nw.concat(moves).unique(), "moved"))


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


def _movable(situation: Situation, knob: str) -> list[Object]:
    """The enabled objects a knob can move with this data and these settings."""
    enabled = [object_ for object_ in _MOVES.get(knob, ()) if situation.sync(object_).enabled]
    return [object_ for object_ in enabled if _can_move(situation, knob, object_)]


def _can_move(situation: Situation, knob: str, object_: Object) -> bool:
    sync = situation.sync(object_)
    two_way = all(sync.is_source(system) for system in System)
    if knob in ("filter_scope", "filter_stage"):
        filtered = any(sync.filter_of(system) for system in System)
        return filtered or situation.chosen("include_inactive") == "false"
    if knob == "oneway_winner":
        return not two_way or any(mapping.direction != "two_way" for mapping in sync.mappings)
    return two_way if knob == "fill_empty_winner" else True


def _moved(
    situation: Situation,
    outcomes: Frame,
    knob: str,
    choice: str,
    *,
    object_: Object,
    mappings: Mapping[Object, tuple[JudgedMapping, ...]],
) -> Frame:
    """system, object, record_id, assumption_id of the records of one object that a choice would move."""
    assumptions = {**situation.settings.assumptions, knob: choice}
    other = replace(situation, settings=replace(situation.settings, assumptions=assumptions))
    told = ("outcome", "reason", "counterpart_id", "winner_id")
    again = _decide(other, object_, mappings[object_]).select(
        "system", "record_id", **{f"{one}_again": one for one in told}
    )
    both = outcomes.filter(nw.col("object") == object_.value).join(again, on=["system", "record_id"])
    same = [nw.col(one).fill_null("") == nw.col(f"{one}_again").fill_null("") for one in told]
    return both.filter(~nw.all_horizontal(*same, ignore_nulls=False)).select(
        "system", "object", "record_id", assumption_id=nw.lit(knob)
    )


def _decide(situation: Situation, object_: Object, mappings: tuple[JudgedMapping, ...]) -> Frame:
    if object_ in _BOTH:
        return decide_object(situation, object_, mappings).outcomes
    decide = decide_deals if object_ is Object.DEAL else decide_invoices
    return nw.concat([decide(situation, system) for system in System])


def _row(knob: str, choice: str, moved: Frame) -> dict[str, str | int | None]:
    counts = moved.group_by("object").agg(count=nw.len()).sort("object").collect().rows(named=True)
    by_object = ";".join(f"{row['object']}={row['count']}" for row in counts)
    changed = sum(row["count"] for row in counts)
    return {"assumption_id": knob, "choice": choice, "outcomes_changed": changed, "by_object": by_object or None}
