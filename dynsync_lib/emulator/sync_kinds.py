"""What kind a field is, and which way two kinds let values flow (5.A).

Facts
    * HubSpot and Dataverse name their types differently; the sync only knows the eight kinds below.
    * State and Status are read by the sync, never written; a read-only field is only ever a source (5.8).
    * Options pair by label, without regard to case, unless the mapping names pairs of its own (5.11).

Not modelled
    * Several choices against several choices (Q16), owners, lookups: they do not flow (5.6).

Where it is used: `sync_filters`, `sync_fields`.
"""

from __future__ import annotations

from enum import StrEnum

from dynsync_lib.core.model import System
from dynsync_lib.emulator.sync_plan import ObjectPlan, PlanField, PlanMapping, opposite
from dynsync_lib.emulator.sync_text import trim


class Kind(StrEnum):
    """What a field holds, in both systems' terms."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    MOMENT = "moment"
    TRUTH = "truth"
    CHOICE = "choice"
    CHOICES = "choices"
    OTHER = "other"


_HUBSPOT = {
    "string": Kind.TEXT,
    "phone_number": Kind.TEXT,
    "number": Kind.NUMBER,
    "date": Kind.DATE,
    "datetime": Kind.MOMENT,
    "bool": Kind.TRUTH,
}
_HUBSPOT_ENUMERATION = {"booleancheckbox": Kind.TRUTH, "checkbox": Kind.CHOICES}
_DYNAMICS = {
    **dict.fromkeys(("String", "Memo"), Kind.TEXT),
    **dict.fromkeys(("Integer", "Decimal", "Double", "BigInt", "Money"), Kind.NUMBER),
    **dict.fromkeys(("Picklist", "State", "Status"), Kind.CHOICE),
    "DateTime": Kind.MOMENT,
    "Boolean": Kind.TRUTH,
}
_TIMES = frozenset({Kind.DATE, Kind.MOMENT})
_AS_TEXT = frozenset({Kind.NUMBER, Kind.DATE, Kind.MOMENT, Kind.TRUTH})


def kind_of(system: System, field: PlanField) -> Kind:
    """The kind of one field; OTHER for a type that cannot be mapped."""
    if system is System.HUBSPOT:
        if field.type == "enumeration":
            return _HUBSPOT_ENUMERATION.get(field.format or "", Kind.CHOICE)
        return _HUBSPOT.get(field.type, Kind.OTHER)
    if field.type == "DateTime" and "DateOnly" in (field.format, field.behavior):
        return Kind.DATE
    return _DYNAMICS.get(field.type, Kind.OTHER)


def flows_to(target: System, mapping: PlanMapping, plan: ObjectPlan) -> bool:
    """Whether values of the mapping may travel into `target`: object, mapping and types must all agree (3.8, 5.A)."""
    if not (plan.direction.writes_to(target) and mapping.direction.writes_to(target)):
        return False
    if _is_unwritable(mapping.hubspot if target is System.HUBSPOT else mapping.dynamics):
        return False
    source_kind, target_kind = (kind_of(side, field_of(mapping, side)) for side in (opposite(target), target))
    return _kinds_flow(source_kind, target_kind, target)


def field_of(mapping: PlanMapping, system: System) -> PlanField:
    """The mapping's field of one side."""
    return mapping.hubspot if system is System.HUBSPOT else mapping.dynamics


def _is_unwritable(field: PlanField) -> bool:
    return field.read_only or field.type in {"State", "Status"}


def _kinds_flow(source: Kind, target: Kind, side: System) -> bool:
    if Kind.OTHER in (source, target) or (source, target) == (Kind.CHOICES, Kind.CHOICES):
        return False
    if source is target or {source, target} <= _TIMES:
        return True
    into_text = _AS_TEXT if side is System.HUBSPOT else _AS_TEXT | {Kind.CHOICES}
    return target is Kind.TEXT and source in into_text


def paired_option(mapping: PlanMapping, target: System, value: str) -> str | None:
    """The target's internal value that belongs to a source's internal value; None when it has no partner."""
    if mapping.options:
        pairs = mapping.options.items()
        wanted = ((d, h) for h, d in pairs) if target is System.HUBSPOT else iter(pairs)
        return next((theirs for ours, theirs in wanted if ours == value), None)
    label = next((label for own, label in field_of(mapping, opposite(target)).options if own == value), None)
    if label is None:
        return None
    theirs = field_of(mapping, target).options
    return next((own for own, other in theirs if trim(other).casefold() == trim(label).casefold()), None)
