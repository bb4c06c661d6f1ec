"""Contacts and leads together: both are HubSpot's contacts. Section 5.8 of docs/semantics.md.

Facts
    * A HubSpot contact with a pair has that pair's outcome; one without belongs to one sync, by lifecycle stage (4.6).
    * A lead and a contact of Dynamics with one address meet in one HubSpot contact (2.21).

Not modelled
    * Qualified leads that became the contact they share the address with; a filter on their state keeps them out
      (2.22).

Source: rules lead.lifecycle-route, lead.contact-overlap, contact.created-beside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.conditions import all_of, as_expression, negate, rows_where
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.lines import Line
from dynsync_lib.core.matching.decision_table import OVERLAP_RULE
from dynsync_lib.core.matching.first_records import Facts
from dynsync_lib.core.matching.pairs import claim_keys
from dynsync_lib.core.matching.sides import Barrier, prepare_side
from dynsync_lib.core.model import PERSONS, Object, Outcome, Reason, System
from dynsync_lib.core.situation import IN_SYNC, Situation, draws_contacts, is_routed, stack
from dynsync_lib.core.sync.object_outcomes import Decided, are_addresses_keys, first_true, refusal_word
from dynsync_lib.core.writing.taken_emails import EarlierPersons, addresses_held

_CONTACT, _LEAD = Object.CONTACT, Object.LEAD
BESIDE_RULE: Final = "contact.created-beside"
_TOLD: Final = ("key", "outcome", "reason", "rule_id", "counterpart_id", "winner_id", "line", "barrier")


def overlapped_keys(situation: Situation, contacts: Decided | None) -> Facts:
    """About the leads that a contact keeps out, by key: contact_id.

    `contacts` is what becomes of the contacts, None where they are off; `first_sync_wins` asks it. Source: rule
    lead.contact-overlap.
    """
    on, yields = (*situation.by, "key"), negate(situation.chooses("lead_contact_overlap", "both_bind_flag"))
    if contacts is None or yields is False or not _overlap(situation):
        return Facts(on)
    shared = rows_where(_with_a_say(situation, contacts, _shared_keys(situation)), yields)
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
    leads = decided[_LEAD].records[System.DYNAMICS]
    landing = _landing(situation, decided.get(_CONTACT))
    if landing.rows is None:
        return leads
    leads = landing.attach_to(leads, contact_id="contact_id")
    lands = (nw.col("outcome") == Outcome.CREATE.value) & ~nw.col("contact_id").is_null()
    landed = {
        "outcome": nw.when(lands).then(nw.lit(Outcome.LINK.value)).otherwise(nw.col("outcome")),
        "rule_id": nw.when(lands).then(nw.lit(OVERLAP_RULE)).otherwise(nw.col("rule_id")),
        "winner_id": nw.when(lands).then(nw.col("contact_id")).otherwise(nw.col("winner_id")),
    }
    return situation.keep(leads.with_columns(**landed).drop("contact_id"), "dynamics_lead_told")


def earlier_persons(situation: Situation, contacts: Decided | None) -> EarlierPersons | None:
    """What is known of the contacts when leads ask for their addresses; None when it says nothing about any lead.

    Where both are matched by the address as HubSpot holds it, a lead with the address of a new contact lands in it or
    stays behind. Source: docs/semantics.md step 7a.
    """
    by_address = _overlap(situation) and all(are_addresses_keys(Job(situation, person)) for person in PERSONS)
    if contacts is None or by_address:
        return None
    held = addresses_held(Job(situation, _CONTACT), _created(contacts))
    return EarlierPersons(held, _landing(situation, contacts))


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


def _created(contacts: Decided) -> Frame:
    """The Dynamics contacts that are created, as in `Decided.records`."""
    return contacts.records[System.DYNAMICS].filter(nw.col("outcome") == Outcome.CREATE.value)


def _landing(situation: Situation, contacts: Decided | None) -> Facts:
    """About the leads that land in a new contact of their key (`both_bind_flag`), by key: contact_id."""
    on, shares = (*situation.by, "key"), situation.chooses("lead_contact_overlap", "both_bind_flag")
    if contacts is None or shares is False or not _overlap(situation):
        return Facts(on)
    created = _created(contacts).select(*situation.by, contact_id="id")
    shared = rows_where(_shared_keys(situation), shares).join(created, on=[*situation.by, "contact_id"], how="semi")
    return Facts(on, situation.keep(shared.select(*on, "contact_id"), "leads_landing"))


def _with_a_say(situation: Situation, contacts: Decided, shared: Frame) -> Frame:
    """Those of the shared keys whose contact counts against a lead: one that its filter keeps out and that has no pair
    claims nothing, unless keys are claimed before the filter is asked (Q15).
    """
    is_before = situation.chooses("filter_stage", "before_claim")
    if is_before is False or not situation.sync(_CONTACT).is_source(System.DYNAMICS):
        return shared.select(*situation.by, "key", "contact_id")
    paired = contacts.matched.pairs.select(*situation.by, contact_id="dynamics_id", paired=nw.lit(value=True)).unique()
    known = shared.join(paired, on=[*situation.by, "contact_id"], how="left")
    stays_out = ~nw.col("passes") & ~nw.col("bound") & nw.col("paired").is_null()
    return rows_where(known, negate(all_of(is_before, stays_out))).select(*situation.by, "key", "contact_id")


def _shared_keys(situation: Situation) -> Frame:
    """key, contact_id, passes, bound of the Dynamics contacts that own a key that a lead has, too."""
    on = [*situation.by, "key"]
    owners = claim_keys(Job(situation, _CONTACT)).owners[System.DYNAMICS]
    leads = prepare_side(Job(situation, _LEAD), System.DYNAMICS).filter(~nw.col("key").is_null())
    return owners.select(*on, "passes", "bound", contact_id="id").join(leads.select(*on).unique(), on=on, how="semi")


# --- One HubSpot contact, two syncs -------------------------------------------------------------------------------


def _standing(situation: Situation) -> dict[str, nw.Expr]:
    """Flags of a HubSpot contact. double: paired in both syncs. beside: paired in one and created by the other, which
    `beside_lead` says to be the contact sync. as_lead: the lead sync's outcome counts. astray: its lifecycle stage
    belongs to neither sync.
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
    creates = situation.chooses("pair_in_other_sync", "create_too")
    beside_lead = (nw.col("line") == Line.CREATE.value) & (lead_pair | lead_fence)
    beside_contact = (nw.col("lead_line") == Line.CREATE.value) & (contact_pair | contact_fence)
    beside = as_expression(all_of(creates, beside_lead | beside_contact))
    return {
        "double": contact_pair & lead_pair,
        "beside": beside,
        "beside_lead": beside & beside_lead,
        "as_lead": as_lead & ~beside,
        "astray": ~stands & not_contact & (nw.col("lead_barrier") == Barrier.ROUTE.value),
    }


def _brought_together(situation: Situation, contacts: Frame) -> Frame:
    """One outcome of the two; a pair in both syncs is as several pairs on one record, and so is a pair in one that the
    other creates.
    """
    columns = (*situation.by, "id", "double", "beside", "as_lead", "astray", "line_rule")
    outcomes = contacts.select(*columns, **_of_either_sync())
    return outcomes.with_columns(
        **_told_together(),
        counterpart_id=nw.when(~nw.col("astray")).then(nw.col("counterpart_id")),
        winner_id=nw.when(~nw.col("astray")).then(nw.col("winner_id")),
        as_lead=nw.col("as_lead") & ~nw.col("astray"),
    ).drop("double", "beside", "astray", "line_rule")


def _of_either_sync() -> dict[str, nw.Expr]:
    """What the sync that counts says of a contact; where both count, the first refusal and all that is written."""
    picked = {
        name: nw.when(nw.col("as_lead")).then(nw.col(f"lead_{name}")).otherwise(nw.col(name))
        for name in (*_TOLD, "refusal", "updated")
    }
    double, beside = nw.col("double"), nw.col("beside")
    both_refused = nw.min_horizontal("refusal", "lead_refusal")
    both_updated = nw.max_horizontal("updated", "lead_updated")
    return picked | {
        "refusal": nw.when(double | beside).then(both_refused).otherwise(picked["refusal"]),
        "counterpart_id": nw.when(beside).then(_beside()).otherwise(picked["counterpart_id"]),
        "winner_id": nw.when(~beside).then(picked["winner_id"]),
        "updated": nw.when(double).then(both_updated).otherwise(picked["updated"]),
    }


def _told_together() -> dict[str, nw.Expr]:
    """Outcome, reason and rule: of a contact in both syncs by what both do, else as the sync that counts says."""
    double, beside, astray = nw.col("double"), nw.col("beside"), nw.col("astray")
    is_failing, failing = ~nw.col("refusal").is_null(), nw.lit(Outcome.FAILING.value)
    settled = nw.when(nw.col("updated") > 0).then(nw.lit(Outcome.UPDATE.value)).otherwise(nw.lit(Outcome.LINK.value))
    return {
        "outcome": first_true(
            (astray, nw.lit(Outcome.EXCLUDED.value)),
            (double, nw.when(is_failing).then(failing).otherwise(settled)),
            (beside, nw.when(is_failing).then(failing).otherwise(nw.lit(Outcome.CREATE.value))),
            other=nw.col("outcome"),
        ),
        "reason": first_true(
            (astray, nw.lit(Reason.LIFECYCLE_ROUTE.value)),
            (double | beside, nw.when(is_failing).then(refusal_word(0))),
            other=nw.col("reason"),
        ),
        "rule_id": first_true(
            (astray, nw.lit("lead.lifecycle-route")),
            ((double | beside) & is_failing, refusal_word(1)),
            (double, nw.col("line_rule")),
            (beside, nw.lit(BESIDE_RULE)),
            other=nw.col("rule_id"),
        ),
    }


def _beside() -> nw.Expr:
    """The counterpart of a contact with a pair in one sync that the other creates: that of the one that fails."""
    of_contact, of_lead = (nw.col("counterpart_id"), nw.col("lead_counterpart_id"))
    refused, lead_refused = nw.col("refusal"), nw.col("lead_refusal")
    is_pair_lead = nw.col("beside_lead")
    pair_fails_first = first_true(
        (is_pair_lead, (lead_refused <= refused) | (refused.is_null() & ~lead_refused.is_null())),
        other=(refused <= lead_refused) | (lead_refused.is_null() & ~refused.is_null()),
    ).fill_null(value=False)
    is_leads = pair_fails_first == is_pair_lead
    fails = ~nw.min_horizontal("refusal", "lead_refusal").is_null()
    return nw.when(fails).then(nw.when(is_leads).then(of_lead).otherwise(of_contact))
