"""What becomes of each contact and company: step 0 and steps 5 to 7 of docs/semantics.md, section 5.

Facts
    * Every record gets exactly one decision; a record that the target refuses is failing, never silently missing.

Not modelled
    * Leads and lifecycle stages.

Where it is used: `sync_engine`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dynsync_lib.core.model import Object, Outcome, Reason, System
from dynsync_lib.emulator.sync_fields import (
    REFUSALS,
    FieldWrite,
    Pair,
    live_mappings,
    refusal_of_new,
    refusal_of_update,
    values_of_new,
    writes_of_pair,
)
from dynsync_lib.emulator.sync_pairs import Entry, Matching
from dynsync_lib.emulator.sync_plan import Decision, SyncPlan, Write, opposite
from dynsync_lib.emulator.sync_store import Record, Store

_FIRST_RULE = {Object.CONTACT: "contact.first-per-email", Object.COMPANY: "company.first-per-name"}
_NO_KEY = {
    Object.CONTACT: (Reason.NO_EMAIL, "contact.no-email"),
    Object.COMPANY: (Reason.NO_MATCH_KEY, "company.no-name"),
}

Twins = dict[tuple[System, Object, str], dict[str, str]]


@dataclass(slots=True)
class ObjectRun:
    """What one object's run decided. `creates` holds the values of each twin that will be created."""

    decisions: list[Decision] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    creates: Twins = field(default_factory=dict)


def switched_off(store: Store, object_: Object) -> ObjectRun:
    """Every record of an object that does not take part (step 0)."""
    records = [record for side in System for record in store.records(side, object_)]
    return ObjectRun([excluded(record, None, Reason.OBJECT_OFF, "record.object-off") for record in records])


def excluded(record: Record, key: str | None, reason: Reason, rule_id: str) -> Decision:
    """The record stays out by rule."""
    return Decision(record.system, record.object, record.record_id, Outcome.EXCLUDED, rule_id, reason, match_key=key)


def decide_matched(store: Store, plan: SyncPlan, object_: Object, matching: Matching) -> ObjectRun:
    """Contacts or companies: each record's line of step 5, then fields and validation."""
    run, creates = ObjectRun(), list[Entry]()
    for side in System:
        for entry in matching.sides[side].entries:
            decision = _without_pair(entry, matching, plan)
            if decision is None and matching.own_pair(entry.record) is None:
                creates.append(entry)
            elif decision is not None:
                run.decisions.append(decision)
    _decide_creates(run, creates, store, plan, object_)
    _decide_pairs(run, store, plan, object_, matching)
    return run


def _without_pair(entry: Entry, matching: Matching, plan: SyncPlan) -> Decision | None:
    """Lines 1 to 9 of step 5. None: the record has a pair by now, or is to be created."""
    if matching.own_pair(entry.record) is not None:
        return None
    if not entry.is_source:
        return _on_target_side(entry, matching)
    if entry.barred_by and plan.choice("filter_stage") == "before_claim":
        return excluded(entry.record, entry.key, Reason.FILTER, entry.barred_by)
    return _by_key(entry, matching, plan)


def _on_target_side(entry: Entry, matching: Matching) -> Decision:
    owner = _owner(entry, matching)
    if owner is not None and matching.own_pair(owner.record) is not None:
        return _shadowed(entry, owner.record.record_id, _FIRST_RULE[entry.record.object])
    return excluded(entry.record, entry.key, Reason.DIRECTION, "record.direction")


def _by_key(entry: Entry, matching: Matching, plan: SyncPlan) -> Decision | None:
    """Lines 5 to 9, of a record of a source side."""
    record, owner = entry.record, _owner(entry, matching)
    is_company = record.object is Object.COMPANY
    if entry.key is None and not (is_company and plan.choice("no_key") == "create"):
        return excluded(record, None, *_NO_KEY[record.object])
    shares = entry.key is not None and owner is not entry
    if shares and owner is not None and not (is_company and plan.choice("company_dup") != "first_wins"):
        return _shadowed(entry, owner.record.record_id, _FIRST_RULE[record.object])
    if entry.barred_by:
        return excluded(record, entry.key, Reason.FILTER, entry.barred_by)
    if shares and owner is not None and plan.choice("company_dup") == "all_bind":
        return _bound_too(entry, owner, matching)
    return _lost_or_refused(entry, matching)


def _bound_too(entry: Entry, owner: Entry, matching: Matching) -> Decision | None:
    """`all_bind`: the record joins the pair of its key's owner; without one it is linked to what the owner becomes."""
    pair, record, rule_id = matching.own_pair(owner.record), entry.record, _FIRST_RULE[entry.record.object]
    if pair is None:
        return Decision(
            record.system,
            record.object,
            record.record_id,
            Outcome.LINK,
            rule_id,
            winner_id=owner.record.record_id,
            match_key=entry.key,
        )
    hubspot = record if record.system is System.HUBSPOT else pair.hubspot
    dynamics = record if record.system is System.DYNAMICS else pair.dynamics
    matching.join(hubspot, dynamics, rule_id, entry.key)
    return None


def _lost_or_refused(entry: Entry, matching: Matching) -> Decision | None:
    record = entry.record
    if record.system is System.HUBSPOT:
        return None
    if record.record_id in matching.lost:
        return _shadowed(entry, matching.lost[record.record_id], "contact.one-binding")
    if record.record_id not in matching.conflicts:
        return None
    return Decision(
        record.system,
        record.object,
        record.record_id,
        Outcome.FAILING,
        "contact.email-conflict",
        Reason.EMAIL_CONFLICT,
        matching.conflicts[record.record_id],
        match_key=entry.key,
    )


def _owner(entry: Entry, matching: Matching) -> Entry | None:
    return None if entry.key is None else matching.sides[entry.record.system].owners.get(entry.key)


def _shadowed(entry: Entry, winner_id: str, rule_id: str) -> Decision:
    record = entry.record
    return Decision(
        record.system,
        record.object,
        record.record_id,
        Outcome.SHADOWED,
        rule_id,
        winner_id=winner_id,
        match_key=entry.key,
    )


def _decide_creates(run: ObjectRun, entries: Iterable[Entry], store: Store, plan: SyncPlan, object_: Object) -> None:
    mappings = live_mappings(store, plan, object_)
    for entry in entries:
        record, values = entry.record, values_of_new(entry.record, mappings, plan)
        reason = refusal_of_new(record, values, plan)
        if reason is None:
            run.creates[name_of(record)] = {write.field.name: write.value for write in values}
        run.decisions.append(_created(record, entry.key, reason))


def name_of(record: Record) -> tuple[System, Object, str]:
    """What names a record among all records of both systems."""
    return (record.system, record.object, record.record_id)


def _created(record: Record, key: str | None, reason: Reason | None) -> Decision:
    outcome = Outcome.CREATE if reason is None else Outcome.FAILING
    rule_id = "record.create" if reason is None else REFUSALS[reason]
    return Decision(*name_of(record), outcome, rule_id, reason, match_key=key)


@dataclass(slots=True)
class _Fate:
    """What the pairs of one record do to it, added up."""

    reasons: list[Reason] = field(default_factory=list)
    is_changed: bool = False


def _decide_pairs(run: ObjectRun, store: Store, plan: SyncPlan, object_: Object, matching: Matching) -> None:
    mappings = live_mappings(store, plan, object_)
    fates: dict[tuple[System, str], _Fate] = {name: _Fate() for name in matching.pairs}
    for pair in _each_pair(matching):
        kept, refusals = _tried(pair, list(writes_of_pair(pair, mappings, plan)), plan)
        run.writes.extend(kept)
        for side in System:
            fate = fates[(side, pair.side(side).record_id)]
            fate.reasons.extend(reason for source, reason in refusals if source is side)
            fate.is_changed = fate.is_changed or any(write.lands for write in kept)
    run.decisions.extend(_of_pair(matching.pairs[name][0], name[0], fate) for name, fate in fates.items())


def _each_pair(matching: Matching) -> Iterator[Pair]:
    for (system, _), pairs in matching.pairs.items():
        if system is System.DYNAMICS:
            yield from pairs


def _tried(
    pair: Pair, drafts: list[tuple[Write, FieldWrite]], plan: SyncPlan
) -> tuple[list[Write], list[tuple[System, Reason]]]:
    """The writes that both targets let pass, and each source side that fails with its reason (step 7)."""
    kept, refusals = list[Write](), list[tuple[System, Reason]]()
    for target in System:
        ours = [(write, value) for write, value in drafts if write.target_system is target]
        reason = refusal_of_update(pair, target, [value for write, value in ours if write.lands], plan)
        if reason is None:
            kept.extend(write for write, _ in ours)
        else:
            refusals.append((opposite(target), reason))
    return kept, refusals


def _of_pair(pair: Pair, side: System, fate: _Fate) -> Decision:
    record = pair.side(side)
    reason = next((reason for reason in REFUSALS if reason in fate.reasons), None)
    outcome = Outcome.FAILING if reason else Outcome.UPDATE if fate.is_changed else Outcome.LINK
    return Decision(
        *name_of(record),
        outcome,
        REFUSALS[reason] if reason else pair.rule_id,
        reason,
        pair.side(opposite(side)).record_id,
        match_key=pair.key,
    )
