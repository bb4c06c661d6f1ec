"""Who stands for a key, and which two records are one: steps 1b to 4 of docs/semantics.md, section 5.

Facts
    * What an earlier run bound stays bound, and goes before every other record of its key (2.9).
    * HubSpot's additional e-mails are looked at only for Dynamics records that found no primary (2.18).

Where it is used: `emulator.witness.records`, `emulator.witness.people`, `emulator.witness.by_domain`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dynsync_lib.core.model import Object, System
from dynsync_lib.emulator.witness.addresses import additional_keys
from dynsync_lib.emulator.witness.entrance import Entry, company_keys, enter, may_join
from dynsync_lib.emulator.witness.fields import Pair
from dynsync_lib.emulator.witness.object_job import Job
from dynsync_lib.emulator.witness.plan import opposite

_MATCH_RULE = {
    Object.CONTACT: "contact.match-email",
    Object.LEAD: "lead.match-email",
    Object.COMPANY: "company.match-name",
}
_FIRST_RULE = {
    Object.CONTACT: "contact.first-per-email",
    Object.LEAD: "lead.first-per-email",
    Object.COMPANY: "company.first-per-name",
}
MATCH_DOMAIN = "company.match-domain"
FIRST_DOMAIN = "company.first-per-domain"

EntryName = tuple[System, str]


@dataclass(frozen=True, slots=True)
class Side:
    """One side of one object: its entries in rank order, and who owns each key."""

    entries: tuple[Entry, ...]
    owners: dict[str, Entry]


@dataclass(slots=True)
class Matching:
    """Both sides and what joins them.

    `pairs`: a record's own pair comes first; `all_bind` adds more. `bound`: the records in pairs of an earlier run,
    `fenced` those that no longer sync. `taken`: who has the counterpart a record would have met, and the rule;
    `behind`: the owner of the domain of a company that found no pair by name. `lost`: the record that has the HubSpot
    contact a Dynamics record lost; `conflicts`: the contact that would answer 409 (`secondary_email = fail_409`).
    `overlapped`: the contact to which a lead yields (`lead_contact_overlap`).
    """

    sides: dict[System, Side]
    pairs: dict[EntryName, list[Pair]] = field(default_factory=dict)
    bound: set[EntryName] = field(default_factory=set)
    fenced: set[EntryName] = field(default_factory=set)
    taken: dict[EntryName, tuple[str, str]] = field(default_factory=dict)
    behind: dict[EntryName, Entry] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    conflicts: dict[str, str] = field(default_factory=dict)
    overlapped: dict[str, str] = field(default_factory=dict)

    def own_pair(self, entry: Entry) -> Pair | None:
        """The pair in which a record met its counterpart, or None."""
        return next(iter(self.pairs.get(entry.name, ())), None)

    def is_free(self, entry: Entry) -> bool:
        """Whether a record may still become one of a pair."""
        yields = entry.record.system is System.DYNAMICS and entry.record.record_id in self.overlapped
        return entry.name not in self.pairs and entry.name not in self.taken and not yields

    def owns_key(self, entry: Entry) -> bool:
        """Whether a record stands for its key."""
        return entry.key is not None and self.sides[entry.record.system].owners.get(entry.key) is entry

    def join(self, pair: Pair) -> None:
        """The two records are a pair from now on."""
        for record in (pair.hubspot, pair.dynamics):
            self.pairs.setdefault((record.system, record.record_id), []).append(pair)


def match_rule(job: Job) -> str:
    """The rule by which two owners of a key meet."""
    if job.own.match_mode == "own_field":
        return "record.own-key"
    by_domain = job.object is Object.COMPANY and company_keys(job) == "domain"
    return MATCH_DOMAIN if by_domain else _MATCH_RULE[job.object]


def first_rule(job: Job) -> str:
    """The rule by which a record stands behind the owner of its key."""
    if job.own.match_mode == "own_field":
        return "record.own-key"
    by_domain = job.object is Object.COMPANY and company_keys(job) == "domain"
    return FIRST_DOMAIN if by_domain else _FIRST_RULE[job.object]


def open_matching(job: Job) -> Matching:
    """Both sides with their owners, and the pairs of an earlier run (steps 1 to 2)."""
    matching = Matching({side: Side(enter(job, side), {}) for side in System})
    _bind_earlier(matching, job)
    for side in matching.sides.values():
        for entry in claimants(side.entries, {*matching.bound}, job):
            if entry.key is not None:
                side.owners.setdefault(entry.key, entry)
    return matching


def _bind_earlier(matching: Matching, job: Job) -> None:
    """Step 1b: of several bindings of one record, the one whose other record comes first, seen from both ends."""
    hubspot, dynamics = (
        {entry.record.record_id: (place, entry) for place, entry in enumerate(matching.sides[side].entries)}
        for side in (System.HUBSPOT, System.DYNAMICS)
    )
    told = {
        (one.hubspot_id, one.dynamics_id)
        for one in job.plan.bindings
        if one.object is job.object and one.hubspot_id in hubspot and one.dynamics_id in dynamics
    }
    for ours, theirs in sorted(told):
        best_dynamics = min(dynamics[d][0] for h, d in told if h == ours)
        best_hubspot = min(hubspot[h][0] for h, d in told if d == theirs)
        if (hubspot[ours][0], dynamics[theirs][0]) == (best_hubspot, best_dynamics):
            _bind(matching, hubspot[ours][1], dynamics[theirs][1], job)


def _bind(matching: Matching, hubspot: Entry, dynamics: Entry, job: Job) -> None:
    matching.join(Pair(hubspot.record, dynamics.record, "record.bindings", dynamics.key, is_bound=True))
    matching.bound |= {hubspot.name, dynamics.name}
    if job.choice("filter_semantics") == "continuous" and not may_join(hubspot, dynamics, job):
        matching.fenced |= {hubspot.name, dynamics.name}


def claimants(entries: Sequence[Entry], first: set[EntryName], job: Job) -> Iterable[Entry]:
    """The entries in the order in which they may take a key that nobody has: those named `first` go before (step 2)."""
    ahead = [entry for entry in entries if entry.name in first]
    rest = [entry for entry in entries if entry.name not in first]
    if job.choice("filter_stage") == "after_claim":
        return ahead + rest
    eligible = [entry for entry in rest if entry.is_eligible]
    others = [entry for entry in rest if not entry.is_eligible]
    return ahead + eligible + ([] if job.choice("filter_scope") == "both" else others)


def bind_by_key(matching: Matching, job: Job) -> None:
    """Step 3: the owners of one key meet; an owner whose opposite is bound elsewhere is taken."""
    hubspot, dynamics = matching.sides[System.HUBSPOT], matching.sides[System.DYNAMICS]
    for key in [key for key in dynamics.owners if key in hubspot.owners]:
        ours, theirs = dynamics.owners[key], hubspot.owners[key]
        if matching.is_free(ours) and matching.is_free(theirs) and may_join(ours, theirs, job):
            matching.join(Pair(theirs.record, ours.record, match_rule(job), key))
        for owner, other in ((ours, theirs), (theirs, ours)):
            if owner.name not in matching.pairs and other.name in matching.bound:
                matching.taken[owner.name] = (twin_id(matching, other), "record.bindings")


def twin_id(matching: Matching, entry: Entry) -> str:
    """The id of the record with which an entry is paired."""
    pair = matching.pairs[entry.name][0]
    return pair.side(opposite(entry.record.system)).record_id


def bind_by_secondary(matching: Matching, job: Job) -> None:
    """Step 4: each lonely Dynamics owner takes a contact; of several takers the first in rank gets it."""
    if not job.is_about_people or job.own.match_mode != "default":
        return
    wanted: dict[EntryName, tuple[Entry, list[Entry]]] = {}
    for taker in matching.sides[System.DYNAMICS].entries:
        contact = _contact_to_take(taker, matching, job)
        if contact is None:
            continue
        if job.choice("secondary_email") == "fail_409":
            matching.conflicts[taker.record.record_id] = contact.record.record_id
        else:
            wanted.setdefault(contact.name, (contact, []))[1].append(taker)
    for contact, takers in wanted.values():
        _settle(contact, takers, matching)


def _settle(contact: Entry, takers: list[Entry], matching: Matching) -> None:
    if contact.name not in matching.pairs:
        first = takers.pop(0)
        matching.join(Pair(contact.record, first.record, "contact.match-secondary", first.key))
    for taker in takers:
        matching.lost[taker.record.record_id] = twin_id(matching, contact)


def _contact_to_take(taker: Entry, matching: Matching, job: Job) -> Entry | None:
    """The HubSpot contact of lowest rank that holds the taker's key as an additional e-mail, or None."""
    if not matching.owns_key(taker) or not matching.is_free(taker):
        return None
    for contact in matching.sides[System.HUBSPOT].entries:
        takes_part = contact.key is None or matching.owns_key(contact) or contact.name in matching.bound
        holds = taker.key != contact.key and taker.key in additional_keys(contact.record, job.choice("email_norm"))
        if takes_part and holds and may_join(taker, contact, job):
            return contact
    return None
