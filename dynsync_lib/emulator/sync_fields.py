"""Fields: what a pair writes, what a new record gets, and what the target would refuse.

Facts
    * Table 3.A decides: the conflict winner overwrites, each side fills the other's blanks, no blank is written (3.4).
    * Values are compared after their kind is taken into account, so that `012.50` and `12.5` are no conflict.
    * Dataverse refuses rather than cuts: too long, out of range, inactive row (5.25, 9.10, 3.13).

Not modelled
    * Required columns, order of lifecycle stages, owners, privileges.

Where it is used: `sync_engine`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dynsync_lib.core.model import Object, Reason, System
from dynsync_lib.emulator.sync_kinds import Kind, field_of, flows_to, kind_of, paired_option
from dynsync_lib.emulator.sync_plan import PlanField, PlanMapping, SyncPlan, Write, opposite
from dynsync_lib.emulator.sync_store import Record, Store
from dynsync_lib.emulator.sync_text import email_key, is_blank, is_valid_email, moment, number, trim, truth

REFUSALS: dict[Reason, str] = {
    Reason.INACTIVE_READONLY: "record.inactive-readonly",
    Reason.INVALID_EMAIL: "contact.invalid-email",
    Reason.TOO_LONG: "field.too-long",
    Reason.RANGE: "field.range",
}
"""Why a target refuses, in the order in which the reasons are looked for, with the rule of each."""

MODIFIED = {
    (System.HUBSPOT, Object.CONTACT): "lastmodifieddate",
    (System.HUBSPOT, Object.COMPANY): "hs_lastmodifieddate",
}
"""The field that says when a HubSpot record was last modified; every Dynamics record has `modifiedon`."""


@dataclass(frozen=True, slots=True)
class FieldWrite:
    """A value on its way into one field of the target."""

    field: PlanField
    value: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that are one: `rule_id` says how they met, `key` on what."""

    hubspot: Record
    dynamics: Record
    rule_id: str
    key: str | None

    def side(self, system: System) -> Record:
        """The record of one side."""
        return self.hubspot if system is System.HUBSPOT else self.dynamics


def live_mappings(store: Store, plan: SyncPlan, object_: Object) -> tuple[PlanMapping, ...]:
    """The mappings whose two columns were both delivered; the others are inert."""
    hubspot, dynamics = (store.columns(system, object_) for system in (System.HUBSPOT, System.DYNAMICS))
    return tuple(
        mapping
        for mapping in plan.of(object_).mappings
        if mapping.hubspot.name in hubspot and mapping.dynamics.name in dynamics
    )


def is_inactive(record: Record) -> bool:
    """Whether a Dynamics record is read-only because it is inactive."""
    state = trim(record.get("statecode"))
    return record.system is System.DYNAMICS and state not in ("", "0")


def writes_of_pair(pair: Pair, mappings: Sequence[PlanMapping], plan: SyncPlan) -> Iterator[tuple[Write, FieldWrite]]:
    """Each field the pair would write, before the targets are asked whether they take it."""
    for mapping in mappings:
        target = _target(pair, mapping, plan)
        if target is not None:
            yield _write(pair, mapping, target)


def _target(pair: Pair, mapping: PlanMapping, plan: SyncPlan) -> System | None:
    """The side that is written to under table 3.A, or None."""
    object_plan = plan.of(pair.hubspot.object)
    targets = [side for side in System if flows_to(side, mapping, object_plan)]
    blanks = [side for side in System if is_blank(pair.side(side).get(field_of(mapping, side).name))]
    if not targets or len(blanks) == 2 or (not blanks and _equal(pair, mapping)):
        return None
    if len(targets) == 2:
        return _two_way_target(blanks, object_plan.conflict_winner, plan)
    return _one_way_target(targets[0], blanks, object_plan.conflict_winner, plan)


def _two_way_target(blanks: list[System], winner: System, plan: SyncPlan) -> System | None:
    if blanks == [winner] and plan.choice("fill_empty_winner") == "false":
        return None
    return blanks[0] if blanks else opposite(winner)


def _one_way_target(target: System, blanks: list[System], winner: System, plan: SyncPlan) -> System | None:
    if blanks:
        return target if blanks == [target] else None
    keeps = plan.choice("oneway_winner") == "keep_target" and target is winner
    return None if keeps else target


def _equal(pair: Pair, mapping: PlanMapping) -> bool:
    """Whether two filled values say the same, by the kind of the two fields (5.24, 3.A)."""
    hubspot, dynamics = trim(pair.hubspot.get(mapping.hubspot.name)), trim(pair.dynamics.get(mapping.dynamics.name))
    kinds = {kind_of(System.HUBSPOT, mapping.hubspot), kind_of(System.DYNAMICS, mapping.dynamics)}
    if mapping.hubspot.name == "email" or mapping.dynamics.format == "Email":
        if (mapping.hubspot.name, mapping.dynamics.name) == ("email", "emailaddress1"):
            return email_key(hubspot, "lower_trim") == email_key(dynamics, "lower_trim")
        return trim(hubspot).lower() == trim(dynamics).lower()
    if _is_phone(mapping):
        return _alike(_digits(hubspot), _digits(dynamics), hubspot == dynamics)
    if Kind.NUMBER in kinds:
        return _alike(number(hubspot), number(dynamics), hubspot == dynamics)
    if kinds <= {Kind.DATE, Kind.MOMENT}:
        return _equal_times(kinds, hubspot, dynamics)
    if kinds == {Kind.CHOICE}:
        return _belong_together(mapping, hubspot, dynamics)
    if Kind.TRUTH in kinds:
        return _alike(truth(hubspot), truth(dynamics), hubspot == dynamics)
    return hubspot == dynamics


def _alike(one: object, other: object, as_text: bool) -> bool:  # noqa: FBT001 - the third answer, not a switch
    """Whether two readings agree; when one of them cannot be read, the texts decide."""
    return one == other if one is not None and other is not None else as_text


def _equal_times(kinds: set[Kind], hubspot: str, dynamics: str) -> bool:
    if Kind.DATE in kinds:
        return hubspot[:10] == dynamics[:10]
    return _alike(moment(hubspot), moment(dynamics), hubspot == dynamics)


def _is_phone(mapping: PlanMapping) -> bool:
    hubspot = mapping.hubspot
    return hubspot.type == "phone_number" or hubspot.format == "phonenumber" or mapping.dynamics.format == "Phone"


def _digits(text: str) -> str | None:
    return "".join(character for character in text if character in "0123456789") or None


def _belong_together(mapping: PlanMapping, hubspot: str, dynamics: str) -> bool:
    if mapping.options:
        return mapping.options.get(hubspot) == dynamics
    ours = {trim(label).casefold() for value, label in mapping.hubspot.options if value == hubspot}
    return any(value == dynamics and trim(label).casefold() in ours for value, label in mapping.dynamics.options)


def _write(pair: Pair, mapping: PlanMapping, target: System) -> tuple[Write, FieldWrite]:
    source = opposite(target)
    source_field, target_field = field_of(mapping, source), field_of(mapping, target)
    old = pair.side(target).get(target_field.name)
    new = new_value(mapping, target, pair.side(source).get(source_field.name))
    kind = "fill" if is_blank(old) else "overwrite"
    note = (
        "value_skipped" if new is None else "stale_winner" if kind == "overwrite" and _is_stale(pair, target) else None
    )
    value = trim(pair.side(source).get(source_field.name)) if new is None else new
    write = Write(
        pair.hubspot.object,
        pair.hubspot.record_id,
        pair.dynamics.record_id,
        target,
        target_field.name,
        source_field.name,
        kind,
        None if kind == "fill" else old,
        value,
        note,
    )
    return write, FieldWrite(target_field, value)


def _is_stale(pair: Pair, target: System) -> bool:
    """Whether the record that is overwritten was modified later than the one that overwrites it."""
    written, source = (
        moment(record.get(MODIFIED.get((record.system, record.object), "modifiedon")))
        for record in (pair.side(target), pair.side(opposite(target)))
    )
    return written is not None and source is not None and written > source


def new_value(mapping: PlanMapping, target: System, value: str | None) -> str | None:
    """A filled value in the target's form; None when it is an option without a partner, which is skipped."""
    text = trim(value)
    source_kind = kind_of(opposite(target), field_of(mapping, opposite(target)))
    target_kind = kind_of(target, field_of(mapping, target))
    if source_kind is target_kind is Kind.CHOICE:
        return paired_option(mapping, target, text)
    if Kind.TRUTH in (source_kind, target_kind):
        return truth(text) or text
    return text[:10] if (source_kind, target_kind) == (Kind.MOMENT, Kind.DATE) else text


def values_of_new(record: Record, mappings: Sequence[PlanMapping], plan: SyncPlan) -> list[FieldWrite]:
    """What the twin of a record would be created with: every mapped field that flows and is not blank."""
    target, object_plan = opposite(record.system), plan.of(record.object)
    writes = []
    for mapping in mappings:
        value = record.get(field_of(mapping, record.system).name)
        new = None if is_blank(value) else new_value(mapping, target, value)
        if new is not None and flows_to(target, mapping, object_plan):
            writes.append(FieldWrite(field_of(mapping, target), new))
    return writes


def refusal_of_new(record: Record, writes: Sequence[FieldWrite], plan: SyncPlan) -> Reason | None:
    """Why the target will not create the twin of a record, or None."""
    is_contact = record.system is System.DYNAMICS and record.object is Object.CONTACT
    if is_contact and not is_valid_email(record.get("emailaddress1"), plan.top_level_domains):
        return Reason.INVALID_EMAIL
    return _refusal(writes, opposite(record.system), record.object, plan)


def refusal_of_update(pair: Pair, target: System, writes: Sequence[FieldWrite], plan: SyncPlan) -> Reason | None:
    """Why the target will not take what a pair writes to it, or None. `writes` are those that land."""
    if writes and is_inactive(pair.side(target)):
        return Reason.INACTIVE_READONLY
    return _refusal(writes, target, pair.hubspot.object, plan)


def _refusal(writes: Sequence[FieldWrite], target: System, object_: Object, plan: SyncPlan) -> Reason | None:
    if target is System.HUBSPOT:
        mails = [write.value for write in writes if write.field.name == "email" and object_ is Object.CONTACT]
        refused = any(not is_valid_email(mail, plan.top_level_domains) for mail in mails)
        return Reason.INVALID_EMAIL if refused else None
    if any(_is_too_long(write) for write in writes):
        return Reason.TOO_LONG
    return Reason.RANGE if any(_is_out_of_range(write) for write in writes) else None


def _is_too_long(write: FieldWrite) -> bool:
    is_text = kind_of(System.DYNAMICS, write.field) is Kind.TEXT
    return is_text and write.field.length is not None and len(write.value) > write.field.length


def _is_out_of_range(write: FieldWrite) -> bool:
    value = number(write.value) if kind_of(System.DYNAMICS, write.field) is Kind.NUMBER else None
    if value is None:
        return False
    low, high = write.field.min_value, write.field.max_value
    return (low is not None and value < Decimal(str(low))) or (high is not None and value > Decimal(str(high)))
