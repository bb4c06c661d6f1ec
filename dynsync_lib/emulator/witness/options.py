"""Which options of the two sides belong together (5.11, Q16).

Facts
    * Options pair by label, without regard to case, unless the mapping names pairs of its own.
    * Several choices are compared and written element by element; elements without a partner do not count.

Where it is used: `emulator.witness.compare`, `emulator.witness.values`.
"""

from __future__ import annotations

from dynsync_lib.core.model import System
from dynsync_lib.emulator.witness.plan import PlanField, PlanMapping, SyncPlan, opposite
from dynsync_lib.emulator.witness.text_values import elements, trim

_MARKS = {System.HUBSPOT: ";", System.DYNAMICS: ",;"}
_JOINT = {System.HUBSPOT: ";", System.DYNAMICS: ","}


def belong_together(mapping: PlanMapping, hubspot: str, dynamics: str, plan: SyncPlan) -> bool:
    """Whether two internal values stand for the same."""
    if mapping.options or plan.choice("option_pairing") == "explicit":
        return mapping.options.get(hubspot) == dynamics
    if plan.choice("option_pairing") == "value":
        return hubspot == dynamics and _is_option(mapping.hubspot, hubspot) and _is_option(mapping.dynamics, dynamics)
    ours = {_folded(label) for value, label in mapping.hubspot.options if value == hubspot}
    return any(value == dynamics and _folded(label) in ours for value, label in mapping.dynamics.options)


def partner_of(mapping: PlanMapping, target: System, value: str, plan: SyncPlan) -> str | None:
    """The target's internal value that belongs to a source's internal value; None when it has no partner."""
    if mapping.options or plan.choice("option_pairing") == "explicit":
        pairs = mapping.options.items()
        wanted = ((d, h) for h, d in pairs) if target is System.HUBSPOT else iter(pairs)
        return next((theirs for ours, theirs in wanted if ours == value), None)
    if plan.choice("option_pairing") == "value":
        return value if all(_is_option(mapping.side(side), value) for side in System) else None
    label = next((label for own, label in mapping.side(opposite(target)).options if own == value), None)
    if label is None:
        return None
    return next((own for own, other in mapping.side(target).options if _folded(other) == _folded(label)), None)


def partners_of(mapping: PlanMapping, target: System, text: str, plan: SyncPlan) -> str | None:
    """Several choices in the target's form, in the order of its options; None when no element has a partner."""
    found = [partner_of(mapping, target, one, plan) for one in elements(text, _MARKS[opposite(target)])]
    places = {value: place for place, (value, _) in reversed(list(enumerate(mapping.side(target).options)))}
    partners = {one for one in found if one is not None}
    ordered = sorted(partners, key=lambda one: (places.get(one, len(places)), one))
    return _JOINT[target].join(ordered) if ordered else None


def hold_the_same(mapping: PlanMapping, hubspot: str, dynamics: str, plan: SyncPlan) -> bool:
    """Whether several choices of both sides say the same."""
    ours = _counting(mapping, System.HUBSPOT, hubspot, plan)
    theirs = _counting(mapping, System.DYNAMICS, dynamics, plan)
    return all(any(belong_together(mapping, one, other, plan) for other in theirs) for one in ours) and all(
        any(belong_together(mapping, one, other, plan) for one in ours) for other in theirs
    )


def _counting(mapping: PlanMapping, side: System, text: str, plan: SyncPlan) -> list[str]:
    found = elements(text, _MARKS[side])
    return [one for one in found if partner_of(mapping, opposite(side), one, plan) is not None]


def _is_option(field: PlanField, value: str) -> bool:
    return any(own == value for own, _ in field.options)


def _folded(label: str) -> str:
    return trim(label).casefold()
