"""Contacts and leads together: both are HubSpot's contacts. Section 5.8 of docs/semantics.md.

Facts
    * A HubSpot contact with a pair has that pair's outcome; one without belongs to one sync, by lifecycle stage (4.6).
    * A lead and a contact of Dynamics with one address meet in one HubSpot contact (2.21).

Not modelled
    * Qualified leads that became the contact they share the address with; a filter on their state keeps them out
      (2.22).

Source: rules lead.lifecycle-route, lead.contact-overlap.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core.conditions import negate, rows_where
from dynsync_lib.core.job import Job
from dynsync_lib.core.lines import Line
from dynsync_lib.core.matching.decision_table import OVERLAP_RULE
from dynsync_lib.core.matching.first_records import Facts
from dynsync_lib.core.matching.pairs import claim_keys
from dynsync_lib.core.matching.sides import Barrier, prepare_side
from dynsync_lib.core.model import Object, Outcome, Reason, System
from dynsync_lib.core.situation import IN_SYNC, PERSONS, Frame, Situation, draws_contacts, is_routed, stack
from dynsync_lib.core.sync.object_outcomes import Decided, first_true, refusal_word

_CONTACT, _LEAD = Object.CONTACT, Object.LEAD
_TOLD: Final = ("key", "outcome", "reason", "rule_id", "counterpart_id", "winner_id", "line", "barrier")
_UPDATE, _LINK = nw.lit(Outcome.UPDATE.value), nw.lit(Outcome.LINK.value)


def overlapped_keys(situation: Situation, contacts: Decided | None) -> Facts:
    """About the leads that a contact keeps out, by key: contact_id.

    `contacts` is what becomes of the contacts, None where they are off; `first_sync_wins` asks it. Source: rule
    lead.contact-overlap.
    """
    on, yields = (*situation.by, "key"), negate(situation.chooses("lead_contact_overlap", "both_bind_flag"))
    if contacts is None or yields is False or not _overlap(situation):
        return Facts(on)
    shared = rows_where(_shared_keys(situation), yields)
    wins = situation.chooses("lead_contact_overlap", "first_sync_wins")
    if wins is not False:
        in_sync = contacts.records[System.DYNAMICS].filter(nw.col("outcome").is_in(list(IN_SYNC)))
        ids = in_sync.select(*situation.by, contact_id="id")
        first = rows_where(shared, wins).join(ids, on=[*situation.by, "contact_id"], how="semi")
        shared = stack([rows_where(shared, negate(wins)), first])
    return Facts(on, situation.keep(shared, "lead_overlap"))


def with_shared_creates(situation: Situation, decided: Mapping[Object, Decided]) -> Frame:
    """The Dynamics leads as in `Decided.records`, one row each.

    With `lead_contact_overlap = both_bind_flag` a lead that would be created, while a contact of its key is created,
    becomes `link` with that contact as `winner_id`, by rule lead.contact-overlap. Other leads stay as they are.
    """
    leads, on = decided[_LEAD].records[System.DYNAMICS], [*situation.by, "key"]
    shares = situation.chooses("lead_contact_overlap", "both_bind_flag")
    if shares is False or not _overlap(situation):
        return leads
    is_create = nw.col("outcome") == Outcome.CREATE.value
    created = decided[_CONTACT].records[System.DYNAMICS].filter(is_create).select(*situation.by, contact_id="id")
    shared = rows_where(_shared_keys(situation), shares).join(created, on=[*situation.by, "contact_id"], how="semi")
    leads = leads.join(shared, on=on, how="left")
    lands = is_create & ~nw.col("contact_id").is_null()
    landed = {
        "outcome": nw.when(lands).then(nw.lit(Outcome.LINK.value)).otherwise(nw.col("outcome")),
        "rule_id": nw.when(lands).then(nw.lit(OVERLAP_RULE)).otherwise(nw.col("rule_id")),
        "winner_id": nw.when(lands).then(nw.col("contact_id")).otherwise(nw.col("winner_id")),
    }
    return situation.keep(leads.with_columns(**landed).drop("contact_id"), "dynamics_lead_told")


def hubspot_contacts(situation: Situation, decided: Mapping[Object, Decided]) -> Frame:
    """The HubSpot contacts as rows like `Decided.records`, with `as_lead`: what becomes of it as a lead counts."""
    on = [person for person in PERSONS if person in decided]
    if len(on) == 1:
        return decided[on[0]].records[System.HUBSPOT].with_columns(as_lead=nw.lit(value=on[0] is _LEAD))
    contacts, leads = (decided[person].records[System.HUBSPOT] for person in PERSONS)
    names, ids = [*_TOLD, "refusal", "updated"], [*situation.by, "id"]
    as_leads = leads.select(*ids, *(nw.col(name).alias(f"lead_{name}") for name in names))
    both = contacts.join(as_leads, on=ids).with_columns(**_standing(situation))
    return situation.keep(_brought_together(situation, both), "hubspot_persons_told")


# --- A lead and a contact of one key ------------------------------------------------------------------------------


def _overlap(situation: Situation) -> bool:
    """Whether leads and contacts can share a key: both on, both matched by e-mail address."""
    syncs = [situation.sync(person) for person in PERSONS]
    return all(sync.enabled and sync.match_mode == "default" for sync in syncs)


def _shared_keys(situation: Situation) -> Frame:
    """key, contact_id of the Dynamics contacts that own a key that a lead has, too."""
    on = [*situation.by, "key"]
    owners = claim_keys(Job(situation, _CONTACT)).owners[System.DYNAMICS]
    leads = prepare_side(Job(situation, _LEAD), System.DYNAMICS).filter(~nw.col("key").is_null())
    return owners.select(*on, contact_id="id").join(leads.select(*on).unique(), on=on, how="semi")


# --- One HubSpot contact, two syncs -------------------------------------------------------------------------------


def _standing(situation: Situation) -> dict[str, nw.Expr]:
    """Flags of a HubSpot contact. double: paired in both syncs. as_lead: the lead sync's outcome counts. astray: its
    lifecycle stage belongs to neither sync.
    """
    contact_pair, lead_pair = ~nw.col("updated").is_null(), ~nw.col("lead_updated").is_null()
    contact_fence, lead_fence = (nw.col(name) == Line.FENCED.value for name in ("line", "lead_line"))
    no, yes = nw.lit(value=False), nw.lit(value=True)
    not_contact = nw.col("barrier") == Barrier.ROUTE.value
    if is_routed(situation):
        belongs = not_contact & (nw.col("lead_barrier") != Barrier.ROUTE.value)
    else:
        belongs = nw.lit(value=draws_contacts(situation, _LEAD) and not draws_contacts(situation, _CONTACT))
    stands = contact_pair | lead_pair | contact_fence | lead_fence
    as_lead = first_true((contact_pair, no), (lead_pair, yes), (contact_fence, no), (lead_fence, yes), other=belongs)
    return {
        "double": contact_pair & lead_pair,
        "as_lead": as_lead,
        "astray": ~stands & not_contact & (nw.col("lead_barrier") == Barrier.ROUTE.value),
    }


def _brought_together(situation: Situation, contacts: Frame) -> Frame:
    """One outcome of the two; a pair in both syncs is as several pairs on one record."""
    picked = {
        name: nw.when(nw.col("as_lead")).then(nw.col(f"lead_{name}")).otherwise(nw.col(name))
        for name in (*_TOLD, "refusal", "updated")
    }
    both_refused = nw.min_horizontal("refusal", "lead_refusal")
    both_updated = nw.max_horizontal("updated", "lead_updated")
    picked["refusal"] = nw.when(nw.col("double")).then(both_refused).otherwise(picked["refusal"])
    picked["updated"] = nw.when(nw.col("double")).then(both_updated).otherwise(picked["updated"])
    columns = (*situation.by, "id", "double", "as_lead", "astray", "line_rule")
    outcomes = contacts.select(*columns, **picked)
    double, astray, failing = nw.col("double"), nw.col("astray"), ~nw.col("refusal").is_null()
    settled = nw.when(nw.col("updated") > 0).then(_UPDATE).otherwise(_LINK)
    of_pairs = nw.when(failing).then(nw.lit(Outcome.FAILING.value)).otherwise(settled)
    excluded = nw.lit(Outcome.EXCLUDED.value)
    return outcomes.with_columns(
        outcome=first_true((astray, excluded), (double, of_pairs), other=nw.col("outcome")),
        reason=first_true(
            (astray, nw.lit(Reason.LIFECYCLE_ROUTE.value)),
            (double, nw.when(failing).then(refusal_word(0))),
            other=nw.col("reason"),
        ),
        rule_id=first_true(
            (astray, nw.lit("lead.lifecycle-route")),
            (double & failing, refusal_word(1)),
            (double, nw.col("line_rule")),
            other=nw.col("rule_id"),
        ),
        counterpart_id=nw.when(~astray).then(nw.col("counterpart_id")),
        winner_id=nw.when(~astray).then(nw.col("winner_id")),
        as_lead=nw.col("as_lead") & ~astray,
    ).drop("double", "astray", "line_rule")
