"""What two fields allow, and what is left of it once mapping and sync have said which way they want.

Facts
    * A read-only, calculated, state or status field is only ever a source (5.8, 9.11, 9.19).
    * Effective direction = the object's ∩ the mapping's ∩ what the types allow; nothing left is blocked (3.8, 5.A).
    * A time of day is lost on the way into a date only; a mapping that flows the other way loses nothing.
    * A column that says "do not ..." flows as it stands; its verdict warns of the polarity (5.22).
    * The kinds and the types behind them are data: rules/field_types.toml (5.A).
    * The first line that covers a field decides; a type without a line has no kind and cannot be mapped.
    * A HubSpot property that holds a list of addresses or domains cannot be mapped, whatever its type (5.7).

Source: rules field.direction, field.lists, field.read-only, field.missing, field.date-precision,
field.opt-out-polarity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.model import Direction, System, Verdict
from dynsync_lib.core.rulebook import Rulebook, TypeVerdict


def kind_of(field: Field, rulebook: Rulebook) -> str | None:
    """The kind of a field; None for a type that cannot be mapped. Source: rule field.types-do-not-fit."""
    lines = rulebook.hubspot_kinds if field.system is System.HUBSPOT else rulebook.dynamics_kinds
    for line in lines:
        if line.covers(field.type, field.format, field.behavior, field.name):
            return line.kind
    return None


_IMPERSONAL: Final = frozenset({"choice", "several_choices", "yes_no", "number", "date", "datetime"})


def is_impersonal(field: Field, rulebook: Rulebook) -> bool:
    """Whether a value of the field, as a filter names it, says nothing of a person: it is no text."""
    return kind_of(field, rulebook) in _IMPERSONAL


_TO: Final = {System.HUBSPOT: Direction.TO_HUBSPOT, System.DYNAMICS: Direction.TO_DYNAMICS}


def _blocked(rule_id: str, reason: str, workaround: str) -> TypeVerdict:
    return TypeVerdict(None, Verdict.BLOCKED, rule_id, reason, workaround)


_MISSING: Final = _blocked(
    "field.missing",
    "The portal's metadata does not have the field.",
    "Check the field's internal name and whether the sync's user may read it.",
)
_LIST: Final = _blocked(
    "field.lists",
    "The property holds a list of values, and fields that do cannot be mapped.",
    "Copy the value that matters into a text property of its own, and map that one.",
)
_READ_ONLY: Final = _blocked("field.read-only", "Neither field can be written.", "Map a field that can be written.")
_ONE_WAY_INTO_READ_ONLY: Final = _blocked(
    "field.read-only",
    "The one way that the types allow ends in a field that is read-only.",
    "Map another field that can be written, or one of the same type.",
)
_WRONG_WAY: Final = _blocked(
    "field.direction",
    "The mapping asks for the one way that the two fields do not allow.",
    "Turn the mapping's direction round, or map a field that can be written.",
)
_WRONG_WAY_OF_SYNC: Final = _blocked(
    "field.direction",
    "The sync flows the one way that the two fields do not allow.",
    "Leave the mapping out, or map a field that can be written.",
)
_INERT: Final = _blocked(
    "field.direction",
    "The mapping flows one way and the sync the other, so nothing flows.",
    "Turn the mapping's direction round, or leave it out.",
)


def intersect(first: Direction | None, second: Direction | None) -> Direction | None:
    """What both allow; None when nothing."""
    if first is None or second is None or first is second:
        return first if second is not None else None
    if Direction.TWO_WAY in (first, second):
        return second if first is Direction.TWO_WAY else first
    return None


def is_unwritable(field: Field) -> bool:
    """Whether the sync never writes the field. Source: rule field.read-only."""
    return field.read_only or field.type in {"State", "Status"}


def verdict_of_fields(
    fields: Mapping[System, Field | None],
    kinds: Mapping[System, str | None],
    rulebook: Rulebook,
    assumptions: Mapping[str, str],
) -> TypeVerdict:
    """What the two fields allow, whatever mapping and sync ask for."""
    present = [field for field in fields.values() if field is not None]
    if len(present) < len(fields):
        return _MISSING
    if any(field.system is System.HUBSPOT and field.name in rulebook.list_properties for field in present):
        return _LIST
    by_type = rulebook.type_verdict(kinds[System.HUBSPOT], kinds[System.DYNAMICS], assumptions)
    unwritable = [field for field in present if is_unwritable(field)]
    allowed = by_type.allowed
    for field in unwritable:
        allowed = intersect(allowed, _TO[field.system.other])
    if allowed is by_type.allowed:
        return _with_polarity(by_type, fields[System.DYNAMICS], kinds, rulebook)
    if allowed is None:
        return _READ_ONLY if len(unwritable) == len(fields) else _ONE_WAY_INTO_READ_ONLY
    reason = f"The {unwritable[0].system.label} field is read-only."
    return replace(by_type, allowed=allowed, verdict=Verdict.ONE_WAY, rule_id="field.read-only", reason=reason)


def verdict_in_force(by_fields: TypeVerdict, mapping: Direction, sync: Direction) -> TypeVerdict:
    """The verdict on a mapping of that direction in a sync of that direction."""
    asked = intersect(mapping, sync)
    flow = intersect(by_fields.allowed, asked)
    if by_fields.allowed is None:
        return by_fields
    if asked is None:
        return _INERT
    if flow is None:
        return _WRONG_WAY if intersect(by_fields.allowed, mapping) is None else _WRONG_WAY_OF_SYNC
    if by_fields.loses is not None and intersect(flow, by_fields.loses) is None:
        return replace(by_fields, verdict=Verdict.OK, reason=None)
    return by_fields


def _with_polarity(
    verdict: TypeVerdict, column: Field | None, kinds: Mapping[System, str | None], rulebook: Rulebook
) -> TypeVerdict:
    """The verdict, or that the two fields may say opposite things (5.22)."""
    if column is None or set(kinds.values()) != {"yes_no"}:
        return verdict
    opt_out = next((opt_out for opt_out in rulebook.opt_outs if column.name in opt_out.columns), None)
    if opt_out is None:
        return verdict
    return TypeVerdict(verdict.allowed, Verdict.LOSSY, opt_out.rule_id, opt_out.reason, opt_out.workaround)
