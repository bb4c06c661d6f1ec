"""What kind a field is, and which way two kinds let values flow (5.A).

Facts
    * HubSpot and Dataverse name their types differently; the sync only knows the kinds below.
    * State and Status are read by the sync, never written; a read-only field is only ever a source (5.8).
    * A HubSpot property that holds a list of addresses or domains never flows (5.7).
    * A lookup never flows (5.6), save the owner, who is found by e-mail or told as text (Q19).

Where it is used: `emulator.witness.filters` and the modules that read, compare and write fields.
"""

from __future__ import annotations

from enum import StrEnum

from dynsync_lib.core.model import Object, System
from dynsync_lib.emulator.witness.plan import PlanField, PlanMapping, SyncPlan, opposite
from dynsync_lib.emulator.witness.witness_store import Record


class Kind(StrEnum):
    """What a field holds, in both systems' terms."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    MOMENT = "moment"
    TRUTH = "truth"
    CHOICE = "choice"
    CHOICES = "choices"
    LOOKUP = "lookup"
    OWNER = "owner"
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
    **dict.fromkeys(("Lookup", "Customer", "PartyList"), Kind.LOOKUP),
    "DateTime": Kind.MOMENT,
    "Boolean": Kind.TRUTH,
    "MultiSelectPicklist": Kind.CHOICES,
    "Owner": Kind.OWNER,
}
_TIMES = frozenset({Kind.DATE, Kind.MOMENT})
_AS_TEXT = frozenset({Kind.NUMBER, Kind.DATE, Kind.MOMENT, Kind.TRUTH})
_NEVER = frozenset({Kind.OTHER, Kind.LOOKUP})
_LISTS = frozenset({"hs_additional_emails", "hs_additional_domains"})


def kind_of(system: System, field: PlanField) -> Kind:
    """The kind of one field; OTHER for a type that cannot be mapped."""
    if system is System.HUBSPOT:
        if field.name == "hubspot_owner_id":
            return Kind.OWNER
        if field.type == "enumeration":
            return _HUBSPOT_ENUMERATION.get(field.format or "", Kind.CHOICE)
        return _HUBSPOT.get(field.type, Kind.OTHER)
    if field.type == "DateTime" and "DateOnly" in (field.format, field.behavior):
        return Kind.DATE
    if (field.type, field.format) == ("Virtual", "MultiSelectPicklistType"):
        return Kind.CHOICES
    return _DYNAMICS.get(field.type, Kind.OTHER)


def column_of(system: System, field: PlanField) -> str:
    """The column in which a side delivers a field: a lookup and an owner come as `_name_value`."""
    is_reference = system is System.DYNAMICS and kind_of(system, field) in (Kind.LOOKUP, Kind.OWNER)
    return f"_{field.name}_value" if is_reference else field.name


def value_of(record: Record, mapping: PlanMapping) -> str | None:
    """What a record holds in its side's field of a mapping."""
    return record.get(column_of(record.system, mapping.side(record.system)))


def flows_to(target: System, mapping: PlanMapping, object_: Object, plan: SyncPlan) -> bool:
    """Whether values of the mapping may travel into `target`: object, mapping and types must all agree (3.8, 5.A)."""
    if not (plan.of(object_).direction.writes_to(target) and mapping.direction.writes_to(target)):
        return False
    if mapping.side(System.HUBSPOT).name in _LISTS:
        return False
    field = mapping.side(target)
    if field.read_only or field.type in {"State", "Status"}:
        return False
    source_kind, target_kind = (kind_of(side, mapping.side(side)) for side in (opposite(target), target))
    return _kinds_flow(source_kind, target_kind, target, plan)


def _kinds_flow(source: Kind, target: Kind, side: System, plan: SyncPlan) -> bool:
    if source in _NEVER or target in _NEVER:
        return False
    if Kind.OWNER in (source, target):
        return _owner_flows(source, target, side, plan)
    if source is target is Kind.CHOICES:
        return plan.choice("multiselect") == "true"
    if source is target or {source, target} <= _TIMES:
        return True
    into_text = _AS_TEXT if side is System.HUBSPOT else _AS_TEXT | {Kind.CHOICES}
    return target is Kind.TEXT and source in into_text


def _owner_flows(source: Kind, target: Kind, side: System, plan: SyncPlan) -> bool:
    """Owner to owner by e-mail, or a Dynamics owner's name into HubSpot text (Q19)."""
    if source is target:
        return plan.choice("owner_mode") == "by_email"
    is_name = (source, target, side) == (Kind.OWNER, Kind.TEXT, System.HUBSPOT)
    return is_name and plan.choice("owner_mode") == "text_only"
