"""What becomes of each record of one object: step 0 and steps 5 to 7 of docs/semantics.md, section 5, and section 7.

Facts
    * Every record gets exactly one decision; a record that the target refuses is failing, never silently missing.
    * Deals and invoices go the same way; they merely have no key of their own (2.40, 2.45).

Where it is used: `emulator.witness.people`, `emulator.witness.initial_sync`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dynsync_lib.core.model import Object, Outcome, Reason, System
from dynsync_lib.emulator.witness.addresses import AddressBook, HeldAddresses, first_by_address
from dynsync_lib.emulator.witness.by_domain import bind_by_domain
from dynsync_lib.emulator.witness.decisions import Decision, NewTwin, RecordName, Write
from dynsync_lib.emulator.witness.entrance import STAGE_FIELDS, Entry, address_of_person, is_keyless, ranked, twin_stage
from dynsync_lib.emulator.witness.fields import STAGE, Draft, Pair, drafts_of_pair
from dynsync_lib.emulator.witness.kinds import column_of
from dynsync_lib.emulator.witness.object_job import Job
from dynsync_lib.emulator.witness.pairs import (
    FIRST_DOMAIN,
    Matching,
    bind_by_key,
    bind_by_secondary,
    first_rule,
    open_matching,
    twin_id,
)
from dynsync_lib.emulator.witness.plan import opposite, table_of
from dynsync_lib.emulator.witness.refusals import REFUSALS, Refusal, is_inactive, refusal_of_new, refusal_of_update
from dynsync_lib.emulator.witness.values import NewValue, values_of_new
from dynsync_lib.emulator.witness.witness_store import Record, Store

_NO_KEY = {
    Object.CONTACT: (Reason.NO_EMAIL, "contact.no-email"),
    Object.LEAD: (Reason.NO_EMAIL, "contact.no-email"),
    Object.COMPANY: (Reason.NO_MATCH_KEY, "company.no-name"),
}
_OWN_KEY_MISSING = (Reason.NO_MATCH_KEY, "record.own-key")


@dataclass(slots=True)
class Fate:
    """What the pairs of one record do to it, added up. `own` is the pair in which it met its counterpart."""

    own: Pair
    refusals: list[Refusal] = field(default_factory=list)
    is_changed: bool = False


@dataclass(slots=True)
class ObjectRun:
    """What the sync of one object decided.

    `decisions` are of records without a pair, `fates` of those with one. `creates` are the new twins.
    """

    matching: Matching
    decisions: dict[RecordName, Decision] = field(default_factory=dict)
    fates: dict[RecordName, Fate] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)
    creates: dict[RecordName, NewTwin] = field(default_factory=dict)

    def all_decisions(self) -> dict[RecordName, Decision]:
        """One decision per record of the object."""
        return self.decisions | {name: told(name, fate) for name, fate in self.fates.items()}


def switched_off(store: Store, system: System, object_: Object) -> list[Decision]:
    """Every record of an object that does not take part (step 0)."""
    return [excluded(one, (Reason.OBJECT_OFF, "record.object-off")) for one in store.records(system, object_)]


def excluded(record: Record, why: tuple[Reason, str], *, key: str | None = None, twin: str | None = None) -> Decision:
    """The record stays out by rule."""
    return Decision(*name_of(record), Outcome.EXCLUDED, why[1], why[0], twin, match_key=key)


def name_of(record: Record) -> RecordName:
    """What names a record among all records of both systems."""
    return (record.system, record.object, record.record_id)


def match_records(job: Job, overlapped: Mapping[str, str] | None = None) -> Matching:
    """Everyone who found a counterpart (steps 1 to 4). `overlapped` names the contact a lead yields to."""
    matching = open_matching(job)
    matching.overlapped = {
        lead: contact for lead, contact in (overlapped or {}).items() if (System.DYNAMICS, lead) not in matching.bound
    }
    bind_by_key(matching, job)
    bind_by_domain(matching, job)
    bind_by_secondary(matching, job)
    return matching


def decide_records(job: Job, matching: Matching, held: HeldAddresses | None = None) -> ObjectRun:
    """Each record's line of step 5, then fields and validation; new persons take addresses that HubSpot holds."""
    run, creates = ObjectRun(matching), list[Entry]()
    for side in System:
        for entry in matching.sides[side].entries:
            decision = _line(entry, matching, job)
            if decision is not None:
                run.decisions[decision.name] = decision
            elif entry.name not in matching.pairs:
                creates.append(entry)
    _decide_creates(run, creates, job, held or HeldAddresses())
    _decide_pairs(run, job)
    return run


# ---------------------------------------------------------------------------------------------------------------
# The lines of step 5
# ---------------------------------------------------------------------------------------------------------------


def _line(entry: Entry, matching: Matching, job: Job) -> Decision | None:
    """Lines 0 to 9c. None: the record has a pair by now, or is to be created."""
    record = entry.record
    if entry.name in matching.fenced:
        twin = twin_id(matching, entry)
        return excluded(record, (Reason.FILTER, "record.fence"), key=entry.key, twin=twin)
    if entry.name in matching.pairs:
        return None
    if not entry.is_source:
        return _on_target_side(entry, matching, job)
    if entry.barred_by and job.choice("filter_stage") == "before_claim":
        return excluded(record, entry.barred_by, key=entry.key)
    if record.system is System.DYNAMICS and record.record_id in matching.overlapped:
        return _shadowed(entry, matching.overlapped[record.record_id], "lead.contact-overlap")
    return _without_key(entry, job) or _behind_another(entry, matching, job)


def _on_target_side(entry: Entry, matching: Matching, job: Job) -> Decision:
    owner, rule_id = _owner(entry, matching, job)
    if owner is not None and owner is not entry and owner.name in matching.pairs:
        return _shadowed(entry, owner.record.record_id, rule_id)
    return excluded(entry.record, (Reason.DIRECTION, "record.direction"), key=entry.key)


def _owner(entry: Entry, matching: Matching, job: Job) -> tuple[Entry | None, str]:
    """Behind whom a record stands, by domain or by key, and the rule of it."""
    if entry.name in matching.behind:
        return matching.behind[entry.name], FIRST_DOMAIN
    if entry.key is None:
        return None, ""
    return matching.sides[entry.record.system].owners.get(entry.key), first_rule(job)


def _without_key(entry: Entry, job: Job) -> Decision | None:
    """Line 5."""
    if entry.key is not None:
        return None
    if is_keyless(job):
        return _without_address(entry, job)
    if job.own.match_mode == "own_field":
        goes_on, why = job.choice("no_key") == "create", _OWN_KEY_MISSING
    else:
        goes_on, why = job.choice("no_key") == "create", _NO_KEY[job.object]
        if job.is_about_people:
            goes_on = not job.own.require_email
    return None if goes_on else excluded(entry.record, why)


def _without_address(entry: Entry, job: Job) -> Decision | None:
    """Line 5 where nothing is matched: two pages disagree about persons without an address (2.8, 2.20)."""
    if not job.is_about_people or job.choice("no_email_unmatched") == "create" or not job.own.require_email:
        return None
    return excluded(entry.record, _NO_KEY[job.object]) if address_of_person(entry.record) is None else None


def _behind_another(entry: Entry, matching: Matching, job: Job) -> Decision | None:
    """Lines 6 to 9c."""
    owner, rule_id = _owner(entry, matching, job) if entry.key is not None else (None, "")
    stands_behind = owner is not None and owner is not entry
    if owner is not None and stands_behind and not _shares(job, rule_id, owner, matching):
        return _shadowed(entry, owner.record.record_id, rule_id)
    if entry.barred_by:
        return excluded(entry.record, entry.barred_by, key=entry.key)
    if owner is not None and stands_behind and _company_dup(job) == "all_bind":
        return _bound_too(entry, owner, matching, job)
    return _lost_or_taken(entry, matching, job)


def _company_dup(job: Job) -> str:
    """`company_dup`, which is about companies that have no own key."""
    is_asked = job.object is Object.COMPANY and job.own.match_mode == "default"
    return job.choice("company_dup") if is_asked else "first_wins"


def _shares(job: Job, rule_id: str, owner: Entry, matching: Matching) -> bool:
    """Whether a record that is not the first may sync all the same (Q9)."""
    if _company_dup(job) == "all_bind":
        by_domain_round = rule_id != first_rule(job)
        return not by_domain_round and owner.name not in matching.fenced
    return _company_dup(job) == "rest_created"


def _bound_too(entry: Entry, owner: Entry, matching: Matching, job: Job) -> Decision | None:
    """`all_bind`: the record joins the pair of its key's owner; without one it is linked to what the owner becomes."""
    pair, record, rule_id = matching.own_pair(owner), entry.record, first_rule(job)
    if pair is None:
        winner = owner.record.record_id
        return Decision(*name_of(record), Outcome.LINK, rule_id, winner_id=winner, match_key=entry.key)
    hubspot = record if record.system is System.HUBSPOT else pair.hubspot
    dynamics = record if record.system is System.DYNAMICS else pair.dynamics
    matching.join(Pair(hubspot, dynamics, rule_id, entry.key))
    return None


def _lost_or_taken(entry: Entry, matching: Matching, job: Job) -> Decision | None:
    """Lines 8 to 9c."""
    record = entry.record
    if record.system is System.DYNAMICS and record.record_id in matching.lost:
        return _shadowed(entry, matching.lost[record.record_id], "contact.one-binding")
    if record.system is System.DYNAMICS and record.record_id in matching.conflicts:
        refusal = Refusal((Reason.EMAIL_CONFLICT, "contact.email-conflict"), matching.conflicts[record.record_id])
        return _failing(record, refusal, entry.key)
    taker = _taker(entry, matching)
    if taker is not None and _company_dup(job) != "rest_created":
        return _shadowed(entry, *taker)
    if job.own.only_existing_in_target:
        return excluded(record, (Reason.NOT_IN_TARGET, "record.existing-only"), key=entry.key)
    return None


def _taker(entry: Entry, matching: Matching) -> tuple[str, str] | None:
    if entry.name in matching.behind:
        return matching.behind[entry.name].record.record_id, FIRST_DOMAIN
    return matching.taken.get(entry.name)


def _shadowed(entry: Entry, winner_id: str, rule_id: str) -> Decision:
    name = name_of(entry.record)
    return Decision(*name, Outcome.SHADOWED, rule_id, winner_id=winner_id, match_key=entry.key)


def _failing(record: Record, refusal: Refusal, key: str | None) -> Decision:
    reason, rule_id = refusal.why
    return Decision(*name_of(record), Outcome.FAILING, rule_id, reason, refusal.counterpart_id, match_key=key)


# ---------------------------------------------------------------------------------------------------------------
# New records
# ---------------------------------------------------------------------------------------------------------------


def _decide_creates(run: ObjectRun, entries: list[Entry], job: Job, held: HeldAddresses) -> None:
    book = _address_book(job, held)
    for entry in entries:
        record, values = entry.record, values_of_new(entry.record, job)
        refusal = refusal_of_new(record, values, job, book)
        if refusal is not None:
            run.decisions[name_of(record)] = _failing(record, refusal, entry.key)
            continue
        created = Decision(*name_of(record), Outcome.CREATE, _create_rule(record, job), match_key=entry.key)
        run.decisions[name_of(record)] = created
        run.creates[name_of(record)] = _twin(record, values, job)


def _address_book(job: Job, held: HeldAddresses) -> AddressBook:
    if not job.is_about_people:
        return AddressBook()
    active = (row for row in ranked(job, System.DYNAMICS) if not is_inactive(row))
    return AddressBook(held, first_by_address(active, "emailaddress1"))


def _create_rule(record: Record, job: Job) -> str:
    if job.own.match_mode == "own_field" or not is_keyless(job):
        return "record.create"
    if job.object is Object.INVOICE:
        return f"invoice.to-{opposite(record.system)}"
    return "deal.never-matched" if job.object is Object.DEAL else "record.create"


def _twin(record: Record, values: list[NewValue], job: Job) -> NewTwin:
    """What the other side gets: the mapped values, the deal's stage, the sync's lifecycle stage."""
    target = opposite(record.system)
    columns = {column_of(target, value.field): value.text for value in values if value.lands}
    stage = twin_stage(record, job.own) if job.object is Object.DEAL else None
    if stage is not None:
        columns[STAGE_FIELDS[target]] = stage
    if target is System.HUBSPOT and job.is_about_people and job.own.default_lifecycle_stage:
        columns.setdefault(STAGE, job.own.default_lifecycle_stage)
    return NewTwin(table_of(job.object, target), columns)


# ---------------------------------------------------------------------------------------------------------------
# Pairs
# ---------------------------------------------------------------------------------------------------------------


def _decide_pairs(run: ObjectRun, job: Job) -> None:
    live = {name: pairs for name, pairs in run.matching.pairs.items() if name not in run.matching.fenced}
    for (system, _), pairs in live.items():
        run.fates[name_of(pairs[0].side(system))] = Fate(pairs[0])
    for (system, _), pairs in live.items():
        if system is System.DYNAMICS:
            for pair in pairs:
                _decide_pair(run, pair, job)


def _decide_pair(run: ObjectRun, pair: Pair, job: Job) -> None:
    """The writes that both targets let pass; each source side fails with its reason (step 7)."""
    drafts, kept = list(drafts_of_pair(pair, job)), list[Draft]()
    fates = {side: run.fates[name_of(pair.side(side))] for side in System}
    for target in System:
        ours = [draft for draft in drafts if draft.write.target_system is target]
        refusal = refusal_of_update(pair, target, ours, job)
        if refusal is None:
            kept += ours
        else:
            fates[opposite(target)].refusals.append(refusal)
    run.writes.extend(draft.write for draft in kept)
    for fate in fates.values():
        fate.is_changed = fate.is_changed or any(draft.write.lands for draft in kept)


def told(name: RecordName, *fates: Fate) -> Decision:
    """The decision of a record with pairs, of one sync or of several; the first one's own pair is named."""
    pair = fates[0].own
    found = [refusal.why for fate in fates for refusal in fate.refusals]
    why = next((one for one in REFUSALS if one in found), None)
    changed = any(fate.is_changed for fate in fates)
    outcome = Outcome.FAILING if why else Outcome.UPDATE if changed else Outcome.LINK
    reason, rule_id = why or (None, pair.rule_id)
    twin = pair.side(opposite(name[0])).record_id
    return Decision(*name, outcome, rule_id, reason, twin, match_key=pair.key)
