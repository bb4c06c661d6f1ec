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

from dynsync_lib.core.matching.decision_table import OVERLAP_RULE, Line
from dynsync_lib.core.matching.pairs import match_records
from dynsync_lib.core.matching.sides import Barrier, prepare_side
from dynsync_lib.core.model import Object, Outcome, Reason, System
from dynsync_lib.core.situation import PERSONS, Frame, Situation, draws_contacts, is_routed
from dynsync_lib.core.sync.object_outcomes import Decided, first_true, refusal_word

IN_SYNC: Final = (Outcome.CREATE.value, Outcome.UPDATE.value, Outcome.LINK.value)
_CONTACT, _LEAD = Object.CONTACT, Object.LEAD
_TOLD: Final = ("key", "outcome", "reason", "rule_id", "counterpart_id", "winner_id", "line", "barrier")
_NOTHING: Final = nw.lit(None, dtype=nw.String)


def overlapped_keys(situation: Situation, contacts: Decided | None) -> Frame | None:
    """key, contact_id of the leads that a contact keeps out; None when none can be.

    `contacts` is what became of the contacts; `first_sync_wins` asks it. Source: rule lead.contact-overlap.
    """
    choice = situation.chosen("lead_contact_overlap")
    if choice == "both_bind_flag" or not _overlap(situation):
        return None
    shared = _shared_keys(situation)
    if choice == "first_sync_wins" and contacts is not None:
        told = contacts.told[System.DYNAMICS].filter(nw.col("outcome").is_in(list(IN_SYNC)))
        shared = shared.join(told.select(contact_id="id"), on="contact_id", how="semi")
    return situation.keep(shared, "lead_overlap")


def with_shared_creates(situation: Situation, decided: Mapping[Object, Decided]) -> Frame:
    """The Dynamics leads; one that would be created beside a contact of its key lands in that new contact."""
    leads = decided[_LEAD].told[System.DYNAMICS]
    if situation.chosen("lead_contact_overlap") != "both_bind_flag" or not _overlap(situation):
        return leads
    is_create = nw.col("outcome") == Outcome.CREATE.value
    created = decided[_CONTACT].told[System.DYNAMICS].filter(is_create).select(contact_id="id")
    shared = _shared_keys(situation).join(created, on="contact_id", how="semi")
    met = leads.join(shared, on="key", how="left")
    lands = is_create & ~nw.col("contact_id").is_null()
    told = {
        "outcome": nw.when(lands).then(nw.lit(Outcome.LINK.value)).otherwise(nw.col("outcome")),
        "rule_id": nw.when(lands).then(nw.lit(OVERLAP_RULE)).otherwise(nw.col("rule_id")),
        "winner_id": nw.when(lands).then(nw.col("contact_id")).otherwise(nw.col("winner_id")),
    }
    return situation.keep(met.with_columns(**told).drop("contact_id"), "dynamics_lead_told")


def hubspot_contacts(situation: Situation, decided: Mapping[Object, Decided]) -> Frame:
    """The HubSpot contacts as rows like `Decided.told`, with `as_lead`: what it has became of it as a lead."""
    on = [person for person in PERSONS if person in decided]
    if len(on) == 1:
        return decided[on[0]].told[System.HUBSPOT].with_columns(as_lead=nw.lit(value=on[0] is _LEAD))
    contacts, leads = (decided[person].told[System.HUBSPOT] for person in PERSONS)
    names = [*_TOLD, "refusal", "updated"]
    told = leads.select("id", *(nw.col(name).alias(f"lead_{name}") for name in names))
    met = contacts.join(told, on="id").with_columns(**_standing(situation))
    return situation.keep(_brought_together(met), "hubspot_persons_told")


# --- A lead and a contact of one key ------------------------------------------------------------------------------


def _overlap(situation: Situation) -> bool:
    """Whether leads and contacts can share a key: both on, both matched by e-mail address."""
    syncs = [situation.sync(person) for person in PERSONS]
    return all(sync.enabled and sync.match_mode == "default" for sync in syncs)


def _shared_keys(situation: Situation) -> Frame:
    """key, contact_id of the Dynamics contacts that own a key that a lead has, too."""
    owners = (match_records(situation, _CONTACT).owners or {})[System.DYNAMICS]
    keys = prepare_side(situation, _LEAD, System.DYNAMICS).filter(~nw.col("key").is_null()).select("key").unique()
    return owners.select("key", contact_id="id").join(keys, on="key", how="semi")


# --- One HubSpot contact, two syncs -------------------------------------------------------------------------------


def _standing(situation: Situation) -> dict[str, nw.Expr]:
    """double: it has a pair in both syncs; as_lead: what became of it in the lead sync counts; astray: in neither."""
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


def _brought_together(met: Frame) -> Frame:
    """One outcome of the two; a pair in both syncs is as several pairs on one record."""
    picked = {
        name: nw.when(nw.col("as_lead")).then(nw.col(f"lead_{name}")).otherwise(nw.col(name))
        for name in (*_TOLD, "refusal", "updated")
    }
    both_refused = nw.min_horizontal("refusal", "lead_refusal")
    both_updated = nw.max_horizontal("updated", "lead_updated")
    picked["refusal"] = nw.when(nw.col("double")).then(both_refused).otherwise(picked["refusal"])
    picked["updated"] = nw.when(nw.col("double")).then(both_updated).otherwise(picked["updated"])
    told = met.select("id", "double", "as_lead", "astray", "line_rule", **picked)
    double, astray, failing = nw.col("double"), nw.col("astray"), ~nw.col("refusal").is_null()
    settled = nw.when(nw.col("updated") > 0).then(nw.lit("update")).otherwise(nw.lit("link"))
    of_pairs = nw.when(failing).then(nw.lit(Outcome.FAILING.value)).otherwise(settled)
    excluded = nw.lit(Outcome.EXCLUDED.value)
    return told.with_columns(
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
