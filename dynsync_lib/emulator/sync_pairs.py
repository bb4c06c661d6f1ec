"""Who stands for a key, and which two records are one: steps 1 to 4 of docs/semantics.md, section 5.

Facts
    * The first record of a key that the API delivers owns it (2.12); which one is first is an assumption (Q1).
    * HubSpot's additional e-mails are looked at only for Dynamics records that found no primary (2.18).

Not modelled
    * Domain keys of companies (Q6), keys of one's own (2.7), bindings of earlier runs (2.9).

Where it is used: `sync_records`, `sync_links`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dynsync_lib.core.model import Object, System
from dynsync_lib.emulator.sync_fields import MODIFIED, Pair, is_inactive
from dynsync_lib.emulator.sync_filters import read_filter
from dynsync_lib.emulator.sync_plan import SyncPlan
from dynsync_lib.emulator.sync_store import Record, Store
from dynsync_lib.emulator.sync_text import email_key, guid_sql_order, moment, name_key

MATCH_RULE = {Object.CONTACT: "contact.match-email", Object.COMPANY: "company.match-name"}

_KEY_FIELD = {
    (System.HUBSPOT, Object.CONTACT): "email",
    (System.DYNAMICS, Object.CONTACT): "emailaddress1",
    (System.HUBSPOT, Object.COMPANY): "name",
    (System.DYNAMICS, Object.COMPANY): "name",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One record at the entrance. `barred_by` is the rule that keeps it out, None when it passes its side's filter."""

    record: Record
    key: str | None
    barred_by: str | None
    is_source: bool
    is_eligible: bool

    @property
    def may_pull(self) -> bool:
        """Whether it brings its counterpart into the sync."""
        return self.is_source and self.barred_by is None


@dataclass(frozen=True, slots=True)
class Side:
    """One side of one object: its entries in rank order, and who owns each key."""

    entries: tuple[Entry, ...]
    owners: dict[str, Entry]


@dataclass(slots=True)
class Matching:
    """Both sides and what joins them. A record's own pair comes first in `pairs`; `all_bind` adds more.

    `lost` names, for a Dynamics record that lost its HubSpot contact, the record that has it; `conflicts` the contact
    that would answer 409 (`secondary_email = fail_409`).
    """

    sides: dict[System, Side]
    pairs: dict[tuple[System, str], list[Pair]] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    conflicts: dict[str, str] = field(default_factory=dict)

    def own_pair(self, record: Record) -> Pair | None:
        """The pair in which a record met its counterpart, or None."""
        return next(iter(self.pairs.get((record.system, record.record_id), ())), None)

    def join(self, hubspot: Record, dynamics: Record, rule_id: str, key: str | None) -> None:
        """The two records are a pair from now on."""
        pair = Pair(hubspot, dynamics, rule_id, key)
        for record in (hubspot, dynamics):
            self.pairs.setdefault((record.system, record.record_id), []).append(pair)


def find_pairs(store: Store, plan: SyncPlan, object_: Object) -> Matching:
    """The two sides of contacts or of companies, with everyone who found a counterpart."""
    matching = Matching({side: _side(store, plan, side, object_) for side in System})
    _bind_by_key(matching, plan, object_)
    if object_ is Object.CONTACT and plan.choice("secondary_email") != "ignore":
        _bind_by_secondary(matching, plan)
    return matching


def enter(store: Store, plan: SyncPlan, system: System, object_: Object) -> list[Entry]:
    """The records of one side in delivery order, each with what the entrance says of it (step 1)."""
    object_plan = plan.of(object_)
    passes = read_filter(
        object_plan.filter_of(system),
        system,
        fields=object_plan.fields.get(system, {}),
        taken_at=plan.taken_at,
    )
    is_source, asks_all = object_plan.is_source(system), plan.choice("filter_scope") == "both"
    entries = []
    for record in store.records(system, object_):
        barred_by = None if passes(record) else "record.filter"
        if barred_by is None and plan.choice("include_inactive") == "false" and is_inactive(record):
            barred_by = "record.inactive-out"
        is_eligible = barred_by is None or not (is_source or asks_all)
        entries.append(Entry(record, _key(record, plan), barred_by, is_source, is_eligible))
    return entries


def _key(record: Record, plan: SyncPlan) -> str | None:
    name = _KEY_FIELD.get((record.system, record.object))
    if name is None:
        return None
    if record.object is Object.CONTACT:
        return email_key(record.get(name), plan.choice("email_norm"))
    return name_key(record.get(name), plan.choice("name_norm"))


def _side(store: Store, plan: SyncPlan, system: System, object_: Object) -> Side:
    entries = _ranked(enter(store, plan, system, object_), plan.choice("first_record_order"))
    owners: dict[str, Entry] = {}
    for entry in _claimants(entries, plan):
        if entry.key is not None:
            owners.setdefault(entry.key, entry)
    return Side(tuple(entries), owners)


def _claimants(entries: Sequence[Entry], plan: SyncPlan) -> Iterable[Entry]:
    """The entries in the order in which they may take a key that nobody has (step 2)."""
    if plan.choice("filter_stage") == "after_claim":
        return entries
    eligible = [entry for entry in entries if entry.is_eligible]
    others = [entry for entry in entries if not entry.is_eligible]
    return eligible if plan.choice("filter_scope") == "both" else eligible + others


def _ranked(entries: list[Entry], order: str) -> list[Entry]:
    """The entries in rank order: sorting is stable, so equals stay in delivery order (section 2)."""
    if order == "guid_sql":
        return sorted(entries, key=lambda entry: _guid_order(entry.record))
    if order == "createdon_asc":
        return sorted(entries, key=lambda entry: _created(entry.record) or "~")
    if order == "modifiedon_desc":
        return sorted(entries, key=lambda entry: _modified(entry.record) or "", reverse=True)
    return entries


def _guid_order(record: Record) -> tuple[str, ...]:
    return guid_sql_order(record.record_id) if record.system is System.DYNAMICS else ()


def _created(record: Record) -> str | None:
    return moment(record.get("createdate" if record.system is System.HUBSPOT else "createdon"))


def _modified(record: Record) -> str | None:
    return moment(record.get(MODIFIED.get((record.system, record.object), "modifiedon")))


def _may_join(one: Entry, other: Entry, plan: SyncPlan) -> bool:
    """Whether two entries may become a pair (step 3)."""
    both_fit = plan.choice("filter_scope") == "source" or (one.is_eligible and other.is_eligible)
    return both_fit and (one.may_pull or other.may_pull)


def _bind_by_key(matching: Matching, plan: SyncPlan, object_: Object) -> None:
    hubspot, dynamics = matching.sides[System.HUBSPOT], matching.sides[System.DYNAMICS]
    for key, ours in dynamics.owners.items():
        theirs = hubspot.owners.get(key)
        if theirs is not None and _may_join(ours, theirs, plan):
            matching.join(theirs.record, ours.record, MATCH_RULE[object_], key)


def _bind_by_secondary(matching: Matching, plan: SyncPlan) -> None:
    """Step 4: each lonely Dynamics owner takes a contact; of several takers the first in rank gets it."""
    taken: dict[str, tuple[Entry, list[Entry]]] = {}
    for taker in matching.sides[System.DYNAMICS].entries:
        contact = _contact_to_take(taker, matching, plan)
        if contact is None:
            continue
        if plan.choice("secondary_email") == "fail_409":
            matching.conflicts[taker.record.record_id] = contact.record.record_id
        else:
            taken.setdefault(contact.record.record_id, (contact, []))[1].append(taker)
    for contact, takers in taken.values():
        _settle(contact, takers, matching)


def _settle(contact: Entry, takers: list[Entry], matching: Matching) -> None:
    if matching.own_pair(contact.record) is None:
        first = takers.pop(0)
        matching.join(contact.record, first.record, "contact.match-secondary", first.key)
    holder = matching.pairs[(System.HUBSPOT, contact.record.record_id)][0].dynamics.record_id
    for taker in takers:
        matching.lost[taker.record.record_id] = holder


def _contact_to_take(taker: Entry, matching: Matching, plan: SyncPlan) -> Entry | None:
    """The HubSpot contact of lowest rank that holds the taker's key as an additional e-mail, or None."""
    if not _owns_key(taker, matching.sides[System.DYNAMICS]) or matching.own_pair(taker.record) is not None:
        return None
    hubspot = matching.sides[System.HUBSPOT]
    for contact in hubspot.entries:
        takes_part = contact.key is None or _owns_key(contact, hubspot)
        holds = taker.key != contact.key and taker.key in _additional_keys(contact.record, plan)
        if takes_part and holds and _may_join(taker, contact, plan):
            return contact
    return None


def _owns_key(entry: Entry, side: Side) -> bool:
    return entry.key is not None and side.owners.get(entry.key) is entry


def _additional_keys(record: Record, plan: SyncPlan) -> set[str | None]:
    addresses = (record.get("hs_additional_emails") or "").split(";")
    return {email_key(address, plan.choice("email_norm")) for address in addresses} - {None}
