"""Whether two filled fields of a pair say the same: docs/semantics.md, section 6, "Equal?".

Facts
    * Values are compared after their kind is taken into account, so that `012.50` and `12.5` are no conflict.
    * What cannot be read as its kind is compared as text.

Where it is used: `emulator.witness.fields`, `emulator.witness.replay`.
"""

from __future__ import annotations

from dynsync_lib.core.model import System
from dynsync_lib.emulator.witness.kinds import Kind, kind_of, value_of
from dynsync_lib.emulator.witness.options import belong_together, hold_the_same
from dynsync_lib.emulator.witness.owners import OwnerBook, address_of
from dynsync_lib.emulator.witness.plan import PlanMapping, SyncPlan
from dynsync_lib.emulator.witness.text_values import elements, email_key, lower, moment, number, trim, truth
from dynsync_lib.emulator.witness.whole_numbers import wants_whole, without_fraction
from dynsync_lib.emulator.witness.witness_store import Record

_MATCH_ADDRESSES = ("email", "emailaddress1")


def are_equal(hubspot: Record, dynamics: Record, mapping: PlanMapping, plan: SyncPlan, owners: OwnerBook) -> bool:
    """Whether the two records say the same in the fields of a mapping, neither of which is blank."""
    kinds = {kind_of(side, mapping.side(side)) for side in System}
    if Kind.OWNER in kinds:
        return _same_owner(hubspot, dynamics, mapping, owners)
    return texts_agree(trim(value_of(hubspot, mapping)), trim(value_of(dynamics, mapping)), mapping, plan)


def texts_agree(hubspot: str, dynamics: str, mapping: PlanMapping, plan: SyncPlan) -> bool:
    """Whether two trimmed values say the same, by the kinds of the two fields (5.24, 3.A)."""
    kinds = {kind_of(side, mapping.side(side)) for side in System}
    if mapping.hubspot.name == "email" or mapping.dynamics.format == "Email":
        return _same_address(hubspot, dynamics, mapping)
    if _is_phone(mapping):
        return _alike(_digits(hubspot), _digits(dynamics), hubspot == dynamics)
    if Kind.NUMBER in kinds:
        is_cut = wants_whole(mapping) and plan.choice("fraction_to_whole") == "cut"
        ours = without_fraction(hubspot) if is_cut else hubspot
        return _alike(number(ours), number(dynamics), hubspot == dynamics)
    if kinds <= {Kind.DATE, Kind.MOMENT}:
        return _same_time(kinds, hubspot, dynamics)
    if kinds == {Kind.CHOICE}:
        return belong_together(mapping, hubspot, dynamics, plan)
    if kinds == {Kind.CHOICES}:
        return hold_the_same(mapping, hubspot, dynamics, plan)
    if Kind.TRUTH in kinds:
        return _alike(truth(hubspot), truth(dynamics), hubspot == dynamics)
    return hubspot == dynamics


def is_same_text(one: str, other: str, side: System, mapping: PlanMapping) -> bool:
    """Whether two trimmed values of one side say the same, by the kind of their field (section 10)."""
    kind = kind_of(side, mapping.side(side))
    if mapping.hubspot.name == "email" or mapping.dynamics.format == "Email":
        return _same_address(one, other, mapping)
    if _is_phone(mapping):
        return _alike(_digits(one), _digits(other), one == other)
    if kind is Kind.NUMBER:
        return _alike(number(one), number(other), one == other)
    if kind in (Kind.DATE, Kind.MOMENT):
        return _same_time({kind}, one, other)
    if kind is Kind.TRUTH:
        return _alike(truth(one), truth(other), one == other)
    separators = ";" if side is System.HUBSPOT else ",;"
    is_several = kind is Kind.CHOICES
    return set(elements(one, separators)) == set(elements(other, separators)) if is_several else one == other


def _same_address(hubspot: str, dynamics: str, mapping: PlanMapping) -> bool:
    if (mapping.hubspot.name, mapping.dynamics.name) == _MATCH_ADDRESSES:
        return email_key(hubspot, "lower_trim") == email_key(dynamics, "lower_trim")
    return lower(hubspot) == lower(dynamics)


def _same_owner(hubspot: Record, dynamics: Record, mapping: PlanMapping, owners: OwnerBook) -> bool:
    theirs = owners.owner_of(dynamics, mapping.dynamics)
    if kind_of(System.HUBSPOT, mapping.hubspot) is not Kind.OWNER:
        return theirs is not None and trim(theirs.name) == trim(hubspot.get(mapping.hubspot.name))
    ours = owners.owner_of(hubspot, mapping.hubspot)
    if ours is None or theirs is None:
        return False
    return address_of(ours) is not None and address_of(ours) == address_of(theirs)


def _alike(one: object, other: object, as_text: bool) -> bool:  # noqa: FBT001 - the third answer, not a switch
    """Whether two readings agree; when one of them cannot be read, the texts decide."""
    return one == other if one is not None and other is not None else as_text


def _same_time(kinds: set[Kind], hubspot: str, dynamics: str) -> bool:
    if Kind.DATE in kinds:
        return hubspot[:10] == dynamics[:10]
    return _alike(moment(hubspot), moment(dynamics), hubspot == dynamics)


def _is_phone(mapping: PlanMapping) -> bool:
    hubspot = mapping.hubspot
    return hubspot.type == "phone_number" or hubspot.format == "phonenumber" or mapping.dynamics.format == "Phone"


def _digits(text: str) -> str | None:
    return "".join(character for character in text if character in "0123456789") or None
