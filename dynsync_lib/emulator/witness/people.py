"""Contacts and leads together: docs/semantics.md, section 5.8.

Facts
    * Dynamics' contacts and leads both land in HubSpot's contacts (1.7); there, a contact has one outcome all the same.
    * Whether a HubSpot contact with a pair in one of the two syncs is created by the other is an assumption (line 1a).

Where it is used: `emulator.witness.initial_sync`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dynsync_lib.core.model import Object, Outcome, Reason, System
from dynsync_lib.emulator.witness.addresses import HeldAddresses, held_addresses
from dynsync_lib.emulator.witness.decisions import Decision, NewTwin, RecordName, Write
from dynsync_lib.emulator.witness.entrance import ranked, route_of
from dynsync_lib.emulator.witness.object_job import PEOPLE, Job, job_of
from dynsync_lib.emulator.witness.pairs import open_matching
from dynsync_lib.emulator.witness.plan import SyncPlan
from dynsync_lib.emulator.witness.records import (
    Fate,
    ObjectRun,
    decide_records,
    excluded,
    match_records,
    name_of,
    switched_off,
    told,
)
from dynsync_lib.emulator.witness.refusals import REFUSALS
from dynsync_lib.emulator.witness.witness_store import Record, Store

_NO_ROUTE = (Reason.LIFECYCLE_ROUTE, "lead.lifecycle-route")


@dataclass(slots=True)
class PeopleRun:
    """What both syncs decided. `leads_only` are the HubSpot contacts that sync as a lead and as nothing else."""

    decisions: dict[RecordName, Decision] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)
    creates: dict[RecordName, NewTwin] = field(default_factory=dict)
    leads_only: set[str] = field(default_factory=set)


_Runs = Mapping[Object, ObjectRun]


def decide_people(store: Store, plan: SyncPlan) -> PeopleRun:
    """Every contact and lead of both sides."""
    runs: dict[Object, ObjectRun] = {}
    for object_ in PEOPLE:
        if plan.of(object_).enabled:
            job = job_of(store, plan, object_)
            overlapped = _yielding_leads(runs, store, plan) if object_ is Object.LEAD else {}
            runs[object_] = decide_records(job, match_records(job, overlapped), _held(runs, job))
    people = PeopleRun()
    _tell_dynamics(people, runs, store, plan)
    for contact in store.records(System.HUBSPOT, Object.CONTACT):
        people.decisions[name_of(contact)] = _tell_contact(people, contact, runs, store, plan)
    people.writes = [write for run in runs.values() for write in run.writes]
    return people


def _held(runs: _Runs, job: Job) -> HeldAddresses:
    """The addresses that HubSpot holds when a sync comes to its new persons: the lead sync goes second (step 7a)."""
    held = held_addresses(ranked(job, System.HUBSPOT))
    if Object.CONTACT not in runs:
        return held
    created = {name for name in runs[Object.CONTACT].creates if name[0] is System.DYNAMICS}
    for contact in job.store.records(System.DYNAMICS, Object.CONTACT):
        if name_of(contact) in created:
            held.take(contact)
    if job.plan.choice("lead_contact_overlap") == "both_bind_flag":
        contacts = _contacts_of_leads(runs, job.store, job.plan)
        held.not_asked = frozenset(
            lead for lead, contact_id in contacts.items() if (System.DYNAMICS, Object.CONTACT, contact_id) in created
        )
    return held


# ---------------------------------------------------------------------------------------------------------------
# Dynamics: one sync each, save where a lead meets a contact
# ---------------------------------------------------------------------------------------------------------------


def _tell_dynamics(people: PeopleRun, runs: _Runs, store: Store, plan: SyncPlan) -> None:
    for object_ in PEOPLE:
        if object_ not in runs:
            people.decisions |= {one.name: one for one in switched_off(store, System.DYNAMICS, object_)}
            continue
        told_here = runs[object_].all_decisions()
        people.decisions |= {name: one for name, one in told_here.items() if name[0] is System.DYNAMICS}
        people.creates |= {name: twin for name, twin in runs[object_].creates.items() if name[0] is System.DYNAMICS}
    if plan.choice("lead_contact_overlap") == "both_bind_flag":
        _land_in_one_contact(people, _contacts_of_leads(runs, store, plan))


def _land_in_one_contact(people: PeopleRun, contacts: Mapping[str, str]) -> None:
    """A lead and a contact that are both created become one new HubSpot contact."""
    for lead_id, contact_id in contacts.items():
        name = (System.DYNAMICS, Object.LEAD, lead_id)
        contact = people.decisions[(System.DYNAMICS, Object.CONTACT, contact_id)]
        lead = people.decisions[name]
        if lead.outcome is contact.outcome is Outcome.CREATE:
            rule_id = "lead.contact-overlap"
            people.decisions[name] = replace(lead, outcome=Outcome.LINK, rule_id=rule_id, winner_id=contact_id)
            del people.creates[name]


def _yielding_leads(runs: _Runs, store: Store, plan: SyncPlan) -> dict[str, str]:
    """The leads that give way to the contact with their address (Q5)."""
    choice, contacts = plan.choice("lead_contact_overlap"), _contacts_of_leads(runs, store, plan)
    if choice == "both_bind_flag" or not contacts:
        return {}
    counting = _contacts_that_count(runs[Object.CONTACT], choice, plan)
    return {lead: one for lead, one in contacts.items() if one in counting}


def _contacts_that_count(run: ObjectRun, choice: str, plan: SyncPlan) -> set[str]:
    """The Dynamics contacts that keep a lead with their address out."""
    if choice == "first_sync_wins":
        decisions = run.all_decisions().items()
        return {name[2] for name, contact in decisions if name[0] is System.DYNAMICS and contact.in_sync}
    return {
        entry.record.record_id
        for entry in run.matching.sides[System.DYNAMICS].entries
        if plan.choice("filter_stage") == "after_claim" or entry.is_eligible or entry.name in run.matching.pairs
    }


def _contacts_of_leads(runs: _Runs, store: Store, plan: SyncPlan) -> dict[str, str]:
    """For each lead the contact that owns its address, where both syncs go by address."""
    if Object.CONTACT not in runs or any(
        not plan.of(one).enabled or plan.of(one).match_mode != "default" for one in PEOPLE
    ):
        return {}
    owners = runs[Object.CONTACT].matching.sides[System.DYNAMICS].owners
    leads = open_matching(job_of(store, plan, Object.LEAD)).sides[System.DYNAMICS].entries
    return {
        lead.record.record_id: owners[lead.key].record.record_id
        for lead in leads
        if lead.key is not None and lead.key in owners
    }


# ---------------------------------------------------------------------------------------------------------------
# HubSpot: one contact, two syncs
# ---------------------------------------------------------------------------------------------------------------


def _tell_contact(people: PeopleRun, contact: Record, runs: _Runs, store: Store, plan: SyncPlan) -> Decision:
    name = name_of(contact)
    fates = [runs[one].fates[name] for one in PEOPLE if one in runs and name in runs[one].fates]
    sync = _creating_beside(contact, runs, plan)
    if sync is not None:
        return _told_beside(people, name, fates, runs[sync])
    if fates:
        if Object.CONTACT not in runs or name not in runs[Object.CONTACT].fates:
            people.leads_only.add(contact.record_id)
        return told(name, *fates)
    fenced = [run.decisions[name] for run in runs.values() if (name[0], name[2]) in run.matching.fenced]
    if fenced:
        return fenced[0]
    if not runs:
        return excluded(contact, (Reason.OBJECT_OFF, "record.object-off"))
    sync = _sync_of(contact, store, plan)
    if sync is None:
        return excluded(contact, _NO_ROUTE)
    if name in runs[sync].creates:
        people.creates[name] = runs[sync].creates[name]
        if sync is Object.LEAD:
            people.leads_only.add(contact.record_id)
    return runs[sync].decisions[name]


def _creating_beside(contact: Record, runs: _Runs, plan: SyncPlan) -> Object | None:
    """The sync that creates a contact although the other one has a pair of it (line 1a), or None."""
    name = name_of(contact)
    has_pair = any((name[0], name[2]) in run.matching.pairs for run in runs.values())
    if not has_pair or plan.choice("pair_in_other_sync") == "enough":
        return None
    reaching_creation = {Outcome.CREATE, Outcome.FAILING}
    return next(
        (
            one
            for one, run in runs.items()
            if name in run.decisions and run.decisions[name].outcome in reaching_creation
        ),
        None,
    )


def _told_beside(people: PeopleRun, name: RecordName, fates: list[Fate], run: ObjectRun) -> Decision:
    """Line 1a: the pair of one sync and the creation by the other judge a contact together."""
    creation = run.decisions[name]
    faults = [(refusal.why, fate.own.dynamics.record_id) for fate in fates for refusal in fate.refusals]
    if creation.reason is None:
        people.creates[name] = run.creates[name]
    else:
        faults.append(((creation.reason, creation.rule_id), creation.counterpart_id or ""))
    if not faults:
        return replace(creation, rule_id="contact.created-beside")
    (reason, rule_id), counterpart_id = min(faults, key=lambda fault: REFUSALS.index(fault[0]))
    return Decision(*name, Outcome.FAILING, rule_id, reason, counterpart_id or None, match_key=creation.match_key)


def _sync_of(contact: Record, store: Store, plan: SyncPlan) -> Object | None:
    """The sync that says what becomes of a HubSpot contact without a pair."""
    running = [one for one in PEOPLE if plan.of(one).enabled]
    if any(plan.of(one).is_source(System.HUBSPOT) for one in running):
        return route_of(contact, store, plan)
    return running[0]
