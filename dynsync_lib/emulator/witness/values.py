"""What a source's value becomes in the target: docs/semantics.md, section 6, from "New value" on.

Facts
    * A choice without a partner is skipped, an owner without a twin is not written (5.11, 5.17).
    * Dataverse refuses rather than cuts: what is too long or out of range is looked for here (5.25, 9.10).

Where it is used: `emulator.witness.fields`, `emulator.witness.refusals`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from dynsync_lib.core.model import System
from dynsync_lib.emulator.witness.decisions import LANDING_NOTES
from dynsync_lib.emulator.witness.kinds import Kind, flows_to, kind_of, value_of
from dynsync_lib.emulator.witness.object_job import Job
from dynsync_lib.emulator.witness.options import partner_of, partners_of
from dynsync_lib.emulator.witness.plan import PlanField, PlanMapping, opposite
from dynsync_lib.emulator.witness.text_values import is_blank, is_valid_email, moment, number, trim, truth
from dynsync_lib.emulator.witness.whole_numbers import has_fraction, wants_whole, without_fraction
from dynsync_lib.emulator.witness.witness_store import Record

_FIRST_MOMENT, _LAST_MOMENT = "1753-01-01T00:00:00", "9999-12-30T23:59:59"
"""What Dynamics can hold."""
_DAY = len("2026-01-31")


@dataclass(frozen=True, slots=True)
class NewValue:
    """A value on its way into one field. With a note that does not land, `text` is what could not be written.

    `is_fractional`: it is a number that is not whole, on its way into whole numbers (step 7d, `fail`).
    `loses_time`: the source holds a time of day that the column, a date, has no room for (step 7c).
    """

    field: PlanField
    text: str
    note: str | None = None
    is_unpaired: bool = False
    loses_time: bool = False
    is_fractional: bool = False

    @property
    def lands(self) -> bool:
        """Whether the target really changes."""
        return self.note in LANDING_NOTES


def new_value(record: Record, mapping: PlanMapping, job: Job) -> NewValue:
    """A filled value of a record in the form of the other side."""
    target = opposite(record.system)
    field, text = mapping.side(target), trim(value_of(record, mapping))
    source_kind, target_kind = kind_of(record.system, mapping.side(record.system)), kind_of(target, field)
    if source_kind is Kind.OWNER:
        return _owner(record, mapping, job, text)
    if source_kind is target_kind and source_kind in (Kind.CHOICE, Kind.CHOICES):
        find = partner_of if source_kind is Kind.CHOICE else partners_of
        found = find(mapping, target, text, job.plan)
        return NewValue(field, text, "value_skipped", True) if found is None else NewValue(field, found)
    if target is System.DYNAMICS and wants_whole(mapping):
        if job.choice("fraction_to_whole") == "cut":
            return NewValue(field, without_fraction(text))
        return NewValue(field, text, is_fractional=has_fraction(text))
    loses_time = target is System.DYNAMICS and _is_cut(source_kind, target_kind) and len(text) > _DAY
    return NewValue(field, _plain(text, source_kind, target_kind), loses_time=loses_time)


def _is_cut(source_kind: Kind, target_kind: Kind) -> bool:
    return (source_kind, target_kind) == (Kind.MOMENT, Kind.DATE)


def _plain(text: str, source_kind: Kind, target_kind: Kind) -> str:
    if Kind.TRUTH in (source_kind, target_kind):
        return truth(text) or text
    return text[:_DAY] if _is_cut(source_kind, target_kind) else text


def _owner(record: Record, mapping: PlanMapping, job: Job, owner_id: str) -> NewValue:
    target = opposite(record.system)
    field = mapping.side(target)
    owner = job.owners.owner_of(record, mapping.side(record.system))
    if kind_of(target, field) is Kind.OWNER:
        twin = job.owners.twin_of(owner, target)
        found = None if twin is None else twin.person_id
    else:
        found = trim(owner.name) if owner is not None else None
    return NewValue(field, found) if found else NewValue(field, owner_id, "owner_unresolved")


def values_of_new(record: Record, job: Job) -> list[NewValue]:
    """What the twin of a record would be created with: every mapped field that flows and is not blank."""
    target, values = opposite(record.system), []
    for mapping in job.own.mappings:
        if not is_blank(value_of(record, mapping)) and flows_to(target, mapping, job.object, job.plan):
            values.append(skipped_if_bad(new_value(record, mapping, job), target, job, is_create=True))
    return values


def skipped_if_bad(value: NewValue, target: System, job: Job, *, is_create: bool) -> NewValue:
    """The value, skipped where `invalid_value = skip_field` skips what its target would refuse (Q17)."""
    if job.choice("invalid_value") != "skip_field" or not value.lands:
        return value
    if target is System.DYNAMICS:
        is_bad = is_too_long(value) or is_out_of_range(value) or is_refused_time(value, job) or value.is_fractional
    else:
        is_bad = not is_create and is_bad_address(value, job)
    return replace(value, note="value_skipped") if is_bad else value


def is_bad_address(value: NewValue, job: Job) -> bool:
    """Whether HubSpot would refuse the value as a person's e-mail (9.13)."""
    is_address = job.is_about_people and value.field.name == "email"
    return is_address and not is_valid_email(value.text, job.plan.top_level_domains)


def is_refused_time(value: NewValue, job: Job) -> bool:
    """Whether a Dynamics date column would refuse the value for its time of day (5.A, F24)."""
    return value.loses_time and job.choice("datetime_into_date") == "fail"


def is_too_long(value: NewValue) -> bool:
    """Whether a Dynamics text column would refuse the value (5.25)."""
    is_text = kind_of(System.DYNAMICS, value.field) is Kind.TEXT
    return is_text and value.field.length is not None and len(value.text) > value.field.length


def is_out_of_range(value: NewValue) -> bool:
    """Whether a Dynamics column of numbers, or of dates, would refuse the value (9.10)."""
    kind = kind_of(System.DYNAMICS, value.field)
    if kind in (Kind.DATE, Kind.MOMENT):
        when = moment(value.text)
        return when is not None and not _FIRST_MOMENT <= when <= _LAST_MOMENT
    amount = number(value.text) if kind is Kind.NUMBER else None
    if amount is None:
        return False
    low, high = value.field.min_value, value.field.max_value
    return (low is not None and amount < Decimal(str(low))) or (high is not None and amount > Decimal(str(high)))
