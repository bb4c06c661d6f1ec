"""Who owns a key, and who is paired with whom: steps 1 to 4 of docs/semantics.md section 5.

Facts
    * Only one record per key and side takes part, the first that may (2.12); one side of a pair must pull (4.10).
    * A record that is bound already goes before all others, and has no other pair (2.9).
    * `core.matching.first_records` says which record is first, `core.matching.bindings` is step 1b,
      `core.matching.by_domain` step 3b, `core.matching.by_additional_email` step 4.

Not modelled
    * What a key that changed after an earlier run would have matched: the binding counts, not the key (2.9).

Source: rules contact.match-email, contact.first-per-email, lead.match-email, lead.first-per-email, company.match-name,
company.match-domain, company.first-per-name, company.first-per-domain, record.own-key, record.bindings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.conditions import either
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.matching import bindings
from dynsync_lib.core.matching.by_additional_email import match_additional_emails
from dynsync_lib.core.matching.by_domain import RoundOne, match_by_domain
from dynsync_lib.core.matching.first_records import Facts, find_owners, fresh_pairs, may_pair
from dynsync_lib.core.matching.sides import prepare_side
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import has_second_round, is_keyed_by_domain, stack
from dynsync_lib.core.typed_values import no_text

_MATCH_RULE: Final = {
    Object.CONTACT: "contact.match-email",
    Object.LEAD: "lead.match-email",
    Object.COMPANY: "company.match-name",
}
_FIRST_RULE: Final = {
    Object.CONTACT: "contact.first-per-email",
    Object.LEAD: "lead.first-per-email",
    Object.COMPANY: "company.first-per-name",
}
OWN_KEY_RULE: Final = "record.own-key"


@dataclass(frozen=True, slots=True)
class Claims:
    """Which record owns each key of one object.

    `sides`: per system one row per record, as `core.matching.sides.prepare_side`, with the flag `bound`. `owners`: per
    system one row per key: key, id, rank, passes, bound; none where the object has no keys. `by_binding`: the pairs of
    an earlier run, as `Matching.pairs`; None without bindings. `taken`: about owners (by id) that cannot pair because
    the opposite owner of their key is bound to another record: winner_id, rule_id.
    """

    sides: Mapping[System, Frame]
    owners: Mapping[System, Frame]
    by_binding: Frame | None
    taken: Mapping[System, Facts]


@dataclass(frozen=True, slots=True)
class Matching:
    """The matching of one object.

    `claims` say who owns which key. `pairs`, one row per pair of owners and per bound pair: hubspot_id, dynamics_id,
    rule_id, and the flags is_bound and fenced. Facts about records, by id: `taken` (winner_id, rule_id) of owners whose
    opposite owner has another pair; `behind` (owner_id) of companies behind the owner of their domain; `lost`
    (winner_id) of Dynamics records that lost their HubSpot contact to another; `conflicts` (hubspot_id) of those whose
    address is an additional one that answers 409. `overlap`, by key: contact_id of leads that a contact keeps out.
    """

    claims: Claims
    pairs: Frame
    taken: Mapping[System, Facts]
    behind: Mapping[System, Facts]
    lost: Facts
    conflicts: Facts
    overlap: Facts


def match_rule(job: Job) -> nw.Expr:
    """The rule of a pair by key."""
    return _rule(job, _MATCH_RULE, by_domain="company.match-domain")


def first_rule(job: Job) -> nw.Expr:
    """The rule by which only the first record of a key takes part."""
    return _rule(job, _FIRST_RULE, by_domain="company.first-per-domain")


def _rule(job: Job, rules: Mapping[Object, str], *, by_domain: str) -> nw.Expr:
    if job.has_own_key or job.object not in rules:
        return nw.lit(OWN_KEY_RULE)
    by_key = nw.lit(rules[job.object])
    if job.object is not Object.COMPANY:
        return by_key
    return either(is_keyed_by_domain(job.situation), nw.lit(by_domain), by_key)


def match_records(job: Job, overlap: Facts) -> Matching:
    """Steps 1 to 4: eligible, bound, owners, pairs by key, by domain and by additional e-mail.

    `overlap`, by key: contact_id of the leads that take no part since a contact has their key.
    """
    claims = claim_keys(job)
    by, none = job.by, Facts((*job.by, "id"))
    pairs = _first_pairs(job, claims, overlap)
    if job.object is Object.COMPANY and has_second_round(job.situation) is not False:
        round_two = match_by_domain(job, RoundOne(claims.sides, claims.owners, pairs, claims.taken))
        pairs = job.keep(stack([pairs, round_two.pairs]), "company_pairs")
        return Matching(claims, pairs, round_two.taken, round_two.behind, none, none, overlap)
    behind = dict.fromkeys(System, none)
    if not _asks_additional_emails(job):
        return Matching(claims, pairs, claims.taken, behind, none, none, overlap)
    waiting = claims.taken[System.DYNAMICS].absent_from(overlap.absent_from(claims.owners[System.DYNAMICS]))
    owners = {System.HUBSPOT: claims.owners[System.HUBSPOT], System.DYNAMICS: waiting}
    further = match_additional_emails(job, sides=claims.sides, owners=owners, pairs=pairs)
    pairs = job.keep(stack([pairs, further.pairs]), f"{job.object}_pairs")
    lost, conflicts = (Facts((*by, "id"), rows) for rows in (further.lost, further.conflicts))
    return Matching(claims, pairs, claims.taken, behind, lost, conflicts, overlap)


def _asks_additional_emails(job: Job) -> bool:
    return job.is_about_persons and job.sync.match_mode == "default"


def claim_keys(job: Job) -> Claims:
    """Steps 1, 1b and 2 of one object, whatever contacts keep out. Computes once per situation."""
    return job.situation.remember(("claims", job.object.value), lambda: _claim(job))


def _claim(job: Job) -> Claims:
    sides = {system: prepare_side(job, system) for system in System}
    bound = bindings.bound_pairs(job, sides)
    by_binding = None if bound is None else bindings.pairs_by_binding(job, bound)
    for system, side in sides.items():
        if bound is None:
            sides[system] = side.with_columns(bound=nw.lit(value=False))
        else:
            sides[system] = bindings.with_bound(job, system, side, bound=bound)
    owners = {system: _owners(job, system, sides[system]) for system in System}
    taken = {system: _taken(job, system, owners, bound=bound) for system in System}
    return Claims(sides, owners, by_binding, taken)


def _owners(job: Job, system: System, side: Frame) -> Frame:
    if not job.has_keys:
        return side.head(0).select(*job.by, "key", "id", "rank", "passes", "bound")
    owners = find_owners(job, system, side, favoured="bound")
    return job.keep(owners, f"{system}_{job.object}_owners")


# --- Step 3 ------------------------------------------------------------------------------------------------------


def _first_pairs(job: Job, claims: Claims, overlap: Facts) -> Frame:
    """Bound pairs and pairs by key, as `Matching.pairs`."""
    parts = [] if claims.by_binding is None else [claims.by_binding]
    if job.has_keys:
        by_key = _pairs_by_key(job, claims.owners, overlap)
        parts.append(job.keep(by_key, f"{job.object}_pairs_by_key"))
    return stack(parts) if parts else no_pairs(job, claims.sides[System.HUBSPOT])


def no_pairs(job: Job, side: Frame) -> Frame:
    """`Matching.pairs` without a row."""
    ends = side.head(0).select(*job.by, hubspot_id="id", dynamics_id="id")
    return fresh_pairs(job, ends, no_text())


def _pairs_by_key(job: Job, owners: Mapping[System, Frame], overlap: Facts) -> Frame:
    ends = {
        system: owners[system]
        .filter(~nw.col("bound"))
        .select(*job.by, "key", nw.col("id").alias(f"{system}_id"), nw.col("passes").alias(f"{system}_passes"))
        for system in System
    }
    waiting = overlap.absent_from(ends[System.DYNAMICS])
    both = waiting.join(ends[System.HUBSPOT], on=[*job.by, "key"]).filter(may_pair(job))
    return fresh_pairs(job, both, match_rule(job))


def _taken(job: Job, system: System, owners: Mapping[System, Frame], *, bound: Frame | None) -> Facts:
    """Owners whose opposite owner is bound to another record, by id: winner_id, rule_id."""
    by = list(job.by)
    if bound is None or not job.has_keys:
        return Facts((*by, "id"))
    mine = owners[system].filter(~nw.col("bound")).select(*by, "key", "id")
    theirs = owners[system.other].filter(nw.col("bound")).select(*by, "key", other_id="id")
    partners = bound.select(*by, other_id=f"{system.other}_id", winner_id=f"{system}_id")
    taken = mine.join(theirs, on=[*by, "key"]).join(partners, on=[*by, "other_id"])
    rows = taken.select(*by, "id", "winner_id", rule_id=nw.lit(bindings.RULE))
    return Facts((*by, "id"), job.keep(rows, f"{system}_{job.object}_taken"))
