"""The second round of companies, by domain: step 3b of docs/semantics.md, section 5 (Q6).

Facts
    * It is for those whose name found nobody; a pair by name is never undone.
    * A company whose domain is owned by another one stands behind that one.

Where it is used: `emulator.witness.records`.
"""

from __future__ import annotations

from dynsync_lib.core.model import Object, System
from dynsync_lib.emulator.witness.entrance import Entry, company_keys, domain_of, may_join
from dynsync_lib.emulator.witness.fields import Pair
from dynsync_lib.emulator.witness.object_job import Job
from dynsync_lib.emulator.witness.pairs import FIRST_DOMAIN, MATCH_DOMAIN, Matching, claimants, twin_id
from dynsync_lib.emulator.witness.plan import opposite

_Owners = dict[str, Entry]


def bind_by_domain(matching: Matching, job: Job) -> None:
    """Companies that found no pair by name meet by domain, where `company_keys` says so."""
    is_wanted = job.object is Object.COMPANY and job.own.match_mode == "default"
    if not is_wanted or company_keys(job) != "name_or_domain":
        return
    owners = {side: _owners(matching, side, job) for side in System}
    for domain, ours in owners[System.DYNAMICS].items():
        theirs = owners[System.HUBSPOT].get(domain)
        if theirs and matching.is_free(ours) and matching.is_free(theirs) and may_join(ours, theirs, job):
            matching.join(Pair(theirs.record, ours.record, MATCH_DOMAIN, domain))
    for side in System:
        _take(matching, owners[side], owners[opposite(side)])
    for side in System:
        _line_up(matching, side, owners[side])


def _participants(matching: Matching, side: System) -> list[Entry]:
    return [
        entry
        for entry in matching.sides[side].entries
        if entry.name in matching.bound or entry.key is None or matching.owns_key(entry)
    ]


def _owners(matching: Matching, side: System, job: Job) -> _Owners:
    owners: _Owners = {}
    for entry in claimants(_participants(matching, side), {*matching.pairs}, job):
        domain = domain_of(entry.record)
        if domain is not None:
            owners.setdefault(domain, entry)
    return owners


def _take(matching: Matching, owners: _Owners, opposite_owners: _Owners) -> None:
    for domain, owner in owners.items():
        other = opposite_owners.get(domain)
        if other is not None and other.name in matching.pairs and matching.is_free(owner):
            matching.taken[owner.name] = (twin_id(matching, other), FIRST_DOMAIN)


def _line_up(matching: Matching, side: System, owners: _Owners) -> None:
    for entry in _participants(matching, side):
        owner = owners.get(domain_of(entry.record) or "")
        if owner is not None and owner is not entry and matching.is_free(entry):
            matching.behind[entry.name] = owner
