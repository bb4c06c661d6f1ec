"""Who comes in: keys, filters, routes, stages and rank. Sections 2 to 4 and step 1 of docs/semantics.md.

Facts
    * The first record of a key that the API delivers owns it (2.12); which one is first is an assumption (Q1).
    * A HubSpot contact belongs to the contact sync, to the lead sync, or to none of them (4.6).

Where it is used: `emulator.witness.pairs`, `emulator.witness.by_domain`, `emulator.witness.records`,
`emulator.witness.people`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dynsync_lib.core.model import Object, Reason, System
from dynsync_lib.emulator.witness.fields import modified_field
from dynsync_lib.emulator.witness.filters import read_filter
from dynsync_lib.emulator.witness.object_job import PEOPLE, Job
from dynsync_lib.emulator.witness.plan import LIFECYCLE_STAGES, ObjectPlan, SyncPlan
from dynsync_lib.emulator.witness.refusals import is_inactive
from dynsync_lib.emulator.witness.text_values import domain_key, email_key, guid_sql_order, moment, name_key, trim
from dynsync_lib.emulator.witness.witness_store import Record, Store

STAGE_FIELDS = {System.HUBSPOT: "dealstage", System.DYNAMICS: "statuscode"}
DOMAIN_FIELDS = {System.HUBSPOT: "domain", System.DYNAMICS: "websiteurl"}
_ADDRESS_FIELDS = {System.HUBSPOT: "email", System.DYNAMICS: "emailaddress1"}

_OUT = (Reason.FILTER, "record.filter")
_INACTIVE = (Reason.FILTER, "record.inactive-out")
_UNSTAGED = (Reason.STAGE_UNMAPPED, "deal.stage-unmapped")


@dataclass(frozen=True, slots=True)
class Entry:
    """One record at the entrance. `barred_by` is why it does not pass its side's filter, None when it does."""

    record: Record
    key: str | None
    barred_by: tuple[Reason, str] | None
    is_source: bool
    is_eligible: bool

    @property
    def name(self) -> tuple[System, str]:
        """What names the entry among those of one object."""
        return (self.record.system, self.record.record_id)

    @property
    def may_pull(self) -> bool:
        """Whether it brings its counterpart into the sync."""
        return self.is_source and self.barred_by is None


def enter(job: Job, system: System) -> tuple[Entry, ...]:
    """The records of one side in rank order, each with what the entrance says of it (step 1)."""
    passes = read_filter(
        job.own.filter_of(system), system, fields=job.own.fields.get(system, {}), taken_at=job.plan.taken_at
    )
    is_source, asks_all = job.own.is_source(system), job.choice("filter_scope") == "both"
    entries = []
    for record in ranked(job, system):
        barred_by = _bar(record, job) if passes(record) else _OUT
        is_eligible = barred_by is None or not (is_source or asks_all)
        entries.append(Entry(record, key_of(record, job), barred_by, is_source, is_eligible))
    return tuple(entries)


def _bar(record: Record, job: Job) -> tuple[Reason, str] | None:
    """Why a record that passes the filter's text does not come in all the same."""
    if job.choice("include_inactive") == "false" and is_inactive(record):
        return _INACTIVE
    if job.object is Object.DEAL and twin_stage(record, job.own) is None:
        return _UNSTAGED
    is_routed = record.system is System.HUBSPOT and job.is_about_people and job.own.is_source(System.HUBSPOT)
    return _OUT if is_routed and route_of(record, job.store, job.plan) is not job.object else None


def may_join(one: Entry, other: Entry, job: Job) -> bool:
    """Whether two entries may be a pair (step 3)."""
    both_fit = job.choice("filter_scope") == "source" or (one.is_eligible and other.is_eligible)
    return both_fit and (one.may_pull or other.may_pull)


# ---------------------------------------------------------------------------------------------------------------
# Keys
# ---------------------------------------------------------------------------------------------------------------


def key_of(record: Record, job: Job) -> str | None:
    """The match key of a record, None when it has none (section 3)."""
    if job.own.match_mode == "own_field":
        return trim(record.get(job.own.match_fields[record.system])) or None
    if job.own.match_mode == "none":
        return None
    if job.is_about_people:
        return email_key(record.get(_ADDRESS_FIELDS[record.system]), job.choice("email_norm"))
    if job.object is Object.COMPANY:
        return (
            domain_of(record)
            if company_keys(job) == "domain"
            else name_key(record.get("name"), job.choice("name_norm"))
        )
    return None


def address_of_person(record: Record) -> str | None:
    """The e-mail key of a person's match address as HubSpot compares addresses, whatever matching goes by."""
    return email_key(record.get(_ADDRESS_FIELDS[record.system]), "lower_trim")


def company_keys(job: Job) -> str:
    """By what companies are matched: the domain counts only with the default mappings (2.6)."""
    return job.choice("company_keys") if job.own.has_default_mappings else "name"


def domain_of(record: Record) -> str | None:
    """The domain of a company or an account."""
    return domain_key(record.get(DOMAIN_FIELDS[record.system]))


def is_keyless(job: Job) -> bool:
    """Whether no record of the object has a key: deals, invoices, and whatever is not to be matched (2.8, 2.40)."""
    if job.own.match_mode == "default":
        return job.object in (Object.DEAL, Object.INVOICE)
    return job.own.match_mode == "none"


# ---------------------------------------------------------------------------------------------------------------
# Routes and stages
# ---------------------------------------------------------------------------------------------------------------


def route_of(record: Record, store: Store, plan: SyncPlan) -> Object | None:
    """The sync to which a HubSpot contact belongs: contact, lead, or none (4.6, 4.7)."""
    sources = [one for one in PEOPLE if plan.of(one).enabled and plan.of(one).is_source(System.HUBSPOT)]
    if len(sources) == 2 and "lifecyclestage" in store.columns(System.HUBSPOT, Object.CONTACT):
        stage = trim(record.get("lifecyclestage"))
        return next((one for one in PEOPLE if stage in stages_of(one, plan)), None)
    return Object.CONTACT if Object.CONTACT in sources else Object.LEAD


def stages_of(object_: Object, plan: SyncPlan) -> tuple[str, ...]:
    """The lifecycle stages that a sync takes."""
    return plan.of(object_).lifecycle_stages or LIFECYCLE_STAGES[object_]


def twin_stage(deal: Record, own: ObjectPlan) -> str | None:
    """The stage a deal would have on the other side, None when its stage is not paired (2.41)."""
    return _known_stages(own, deal.system).get(trim(deal.get(STAGE_FIELDS[deal.system])))


def _known_stages(own: ObjectPlan, system: System) -> Mapping[str, str]:
    pairs = tuple(own.stages.items())
    return dict(pairs) if system is System.HUBSPOT else {ours: theirs for theirs, ours in reversed(pairs)}


# ---------------------------------------------------------------------------------------------------------------
# Rank
# ---------------------------------------------------------------------------------------------------------------


def ranked(job: Job, system: System) -> list[Record]:
    """The records of one side in rank order: sorting is stable, so equals stay in delivery order (section 2)."""
    records, order = list(job.records(system)), job.choice("first_record_order")
    if order == "guid_sql" and system is System.DYNAMICS:
        return sorted(records, key=lambda record: guid_sql_order(record.record_id))
    if order == "file_order":
        return sorted(records, key=lambda record: (record.file_rank is None, record.file_rank or 0))
    if order == "createdon_asc":
        return sorted(records, key=lambda record: _created(record) or "~")
    if order == "modifiedon_asc":
        return sorted(records, key=lambda record: _modified(record) or "~")
    if order == "modifiedon_desc":
        return sorted(records, key=lambda record: _modified(record) or "", reverse=True)
    return records


def _modified(record: Record) -> str | None:
    return moment(record.get(modified_field(record)))


def _created(record: Record) -> str | None:
    return moment(record.get("createdate" if record.system is System.HUBSPOT else "createdon"))
