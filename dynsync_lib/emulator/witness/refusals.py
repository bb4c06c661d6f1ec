"""What a target would refuse, and why: step 7 of docs/semantics.md, section 5.

Facts
    * The first reason of the list counts; a record that is refused is failing, never silently missing.

Not modelled
    * Plug-ins, workflows, alternate keys and field security of an environment (9.8).

Where it is used: `emulator.witness.records`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dynsync_lib.core.model import Reason, System
from dynsync_lib.emulator.witness.addresses import AddressBook
from dynsync_lib.emulator.witness.fields import Draft, Pair
from dynsync_lib.emulator.witness.kinds import Kind, kind_of
from dynsync_lib.emulator.witness.object_job import Job
from dynsync_lib.emulator.witness.plan import PlanField
from dynsync_lib.emulator.witness.text_values import is_blank, is_valid_email, trim
from dynsync_lib.emulator.witness.values import NewValue, is_bad_address, is_out_of_range, is_refused_time, is_too_long
from dynsync_lib.emulator.witness.witness_store import Record

PRIVILEGE = (Reason.PRIVILEGE, "record.privilege")
INACTIVE = (Reason.INACTIVE_READONLY, "record.inactive-readonly")
NO_IDENTITY = (Reason.NO_IDENTITY, "contact.no-identity")
INVALID_EMAIL = (Reason.INVALID_EMAIL, "contact.invalid-email")
EMAIL_CONFLICT = (Reason.EMAIL_CONFLICT, "contact.email-conflict")
DUPLICATE = (Reason.EMAIL_CONFLICT, "record.duplicate-rules")
REQUIRED = (Reason.REQUIRED, "field.required")
REQUIRED_IN_HUBSPOT = (Reason.REQUIRED, "field.required-in-hubspot")
TOO_LONG = (Reason.TOO_LONG, "field.too-long")
RANGE = (Reason.RANGE, "field.range")
DATE_ONLY = (Reason.RANGE, "field.date-only")
WHOLE_NUMBER = (Reason.RANGE, "field.whole-number")
OPTION = (Reason.OPTION, "field.option-unpaired")

REFUSALS = (
    PRIVILEGE,
    INACTIVE,
    NO_IDENTITY,
    INVALID_EMAIL,
    EMAIL_CONFLICT,
    DUPLICATE,
    REQUIRED,
    REQUIRED_IN_HUBSPOT,
    TOO_LONG,
    RANGE,
    DATE_ONLY,
    WHOLE_NUMBER,
    OPTION,
)
"""Why a target refuses, in the order in which the reasons are looked for: the reason and its rule."""

_IDENTITY = {"email", "firstname", "lastname"}
_FILLED_BY_SYNC = {"dealstage", "pipeline"}
_FILLED_BY_DYNAMICS = {"State", "Status", "Boolean"}
_KINDS_NEVER_REQUIRED = {Kind.OTHER, Kind.LOOKUP, Kind.OWNER}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a target will not have a record, and the record that stands in the way, if any."""

    why: tuple[Reason, str]
    counterpart_id: str | None = None


def refusal_of_new(record: Record, values: Sequence[NewValue], job: Job, book: AddressBook) -> Refusal | None:
    """Why the target will not create the twin of a record, or None."""
    if record.system is System.DYNAMICS:
        return _refusal_in_hubspot(record, values, job, book)
    landing = [value for value in values if value.lands]
    if not job.own.sync_user_may_write:
        return Refusal(PRIVILEGE)
    if job.is_about_people and job.choice("dv_dup_rules") == "true":
        twin = book.active_twin(record)
        if twin is not None:
            return Refusal(DUPLICATE, twin)
    if _lacks_required(landing, job):
        return Refusal(REQUIRED)
    return _of_values(values, System.DYNAMICS, job)


def _refusal_in_hubspot(record: Record, values: Sequence[NewValue], job: Job, book: AddressBook) -> Refusal | None:
    address = record.get("emailaddress1") if job.is_about_people else None
    landing = {value.field.name for value in values if value.lands}
    if job.is_about_people and is_blank(address) and not landing & _IDENTITY:
        return Refusal(NO_IDENTITY)
    if not is_blank(address) and not is_valid_email(address, job.plan.top_level_domains):
        return Refusal(INVALID_EMAIL)
    if any(is_bad_address(value, job) for value in values if value.lands):
        return Refusal(INVALID_EMAIL)
    conflict = book.held.conflict(record) if job.is_about_people else None
    if conflict is not None:
        return Refusal(EMAIL_CONFLICT, conflict.hubspot_id)
    refusal = _lacks_property(record, landing, job) or _of_values(values, System.HUBSPOT, job)
    if refusal is None and job.is_about_people:
        book.held.take(record)
    return refusal


def _lacks_property(record: Record, landing: set[str], job: Job) -> Refusal | None:
    """HubSpot's own rules for new records, where they count for the sync (step 7b, F9)."""
    if job.choice("hs_write_rules") != "on":
        return None
    filled = landing | _FILLED_BY_SYNC
    if job.is_about_people and not is_blank(record.get("emailaddress1")):
        filled.add("email")
    if job.is_about_people and job.own.default_lifecycle_stage:
        filled.add("lifecyclestage")
    return Refusal(REQUIRED_IN_HUBSPOT) if set(job.own.required_properties) - filled else None


def refusal_of_update(pair: Pair, target: System, drafts: Sequence[Draft], job: Job) -> Refusal | None:
    """Why the target will not take what a pair writes to it, or None."""
    if target is System.DYNAMICS and any(draft.write.lands for draft in drafts):
        if not job.own.sync_user_may_write:
            return Refusal(PRIVILEGE)
        if is_inactive(pair.dynamics):
            return Refusal(INACTIVE)
    landing = [draft.value for draft in drafts if draft.write.lands or draft.value.is_unpaired]
    return _of_values(landing, target, job)


def _of_values(values: Sequence[NewValue], target: System, job: Job) -> Refusal | None:
    landing = [value for value in values if value.lands]
    if target is System.HUBSPOT and any(is_bad_address(value, job) for value in landing):
        return Refusal(INVALID_EMAIL)
    if target is System.DYNAMICS and any(map(is_too_long, landing)):
        return Refusal(TOO_LONG)
    if target is System.DYNAMICS and any(map(is_out_of_range, landing)):
        return Refusal(RANGE)
    if target is System.DYNAMICS and any(is_refused_time(value, job) for value in landing):
        return Refusal(DATE_ONLY)
    if any(value.is_fractional for value in landing):
        return Refusal(WHOLE_NUMBER)
    fails_options = job.choice("invalid_value") == "fail_options"
    return Refusal(OPTION) if fails_options and any(value.is_unpaired for value in values) else None


def _lacks_required(values: Sequence[NewValue], job: Job) -> bool:
    """Whether a column that must be filled would get no value (9.5, 9.6)."""
    levels = {"SystemRequired"} | ({"ApplicationRequired"} if job.choice("app_required") == "fail" else set())
    filled = {value.field.name for value in values}
    columns = job.own.fields.get(System.DYNAMICS, {}).values()
    return any(_must_be_filled(column, levels) and column.name not in filled for column in columns)


def _must_be_filled(column: PlanField, levels: set[str]) -> bool:
    if column.required not in levels or column.read_only or column.type in _FILLED_BY_DYNAMICS:
        return False
    return kind_of(System.DYNAMICS, column) not in _KINDS_NEVER_REQUIRED


def is_inactive(record: Record) -> bool:
    """Whether a Dynamics record is read-only because it is inactive."""
    state = trim(record.get("statecode"))
    return record.system is System.DYNAMICS and state not in ("", "0")
