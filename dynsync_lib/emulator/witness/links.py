"""What becomes of each association: docs/semantics.md, section 8.

Facts
    * Only the primary company of a HubSpot record syncs; a Dynamics contact has one parent, an account or a contact.
    * Invoices attach to contacts by themselves, to companies only by hand (6.7).

Not modelled
    * Labels (6.5), associations of leads.

Where it is used: `emulator.witness.initial_sync`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dynsync_lib.core.model import LinkStatus, Object, Outcome, System
from dynsync_lib.emulator.witness.companies import Companies
from dynsync_lib.emulator.witness.decisions import Decision, LinkDecision, RecordName
from dynsync_lib.emulator.witness.object_job import PEOPLE
from dynsync_lib.emulator.witness.plan import SyncPlan, opposite
from dynsync_lib.emulator.witness.text_values import is_blank, trim
from dynsync_lib.emulator.witness.witness_store import Association, Record, Store


@dataclass(frozen=True, slots=True)
class LinkCase:
    """What the links are judged by: the plan, every record's decision, which companies are one.

    `leads_only` are the HubSpot contacts that sync as a lead and as nothing else: they have no company there.
    """

    plan: SyncPlan
    decisions: Mapping[RecordName, Decision]
    companies: Companies
    leads_only: frozenset[str]

    def takes_part(self, object_: Object, system: System) -> bool:
        """Whether associations of an object's records are looked at; HubSpot's contacts serve two syncs."""
        syncs = PEOPLE if (object_, system) == (Object.CONTACT, System.HUBSPOT) else (object_,)
        return any(self.plan.of(one).enabled and self.plan.of(one).is_source(system) for one in syncs)

    def is_lead_only(self, system: System, object_: Object, record_id: str) -> bool:
        """Whether a record is a HubSpot contact that Dynamics only knows as a lead."""
        return (system, object_) == (System.HUBSPOT, Object.CONTACT) and record_id in self.leads_only


def decide_links(store: Store, case: LinkCase) -> list[LinkDecision]:
    """One decision per association of an input record whose object is on and whose side is a source."""
    told = [one for one in _merged(store) if (System.HUBSPOT, one.from_object, one.from_id) in case.decisions]
    links = [*_hubspot_links(told, case), *_contact_parents(store, case), *_deal_parents(store, case)]
    return [*_after_disagreements(links, case), *_invoice_customers(told, store, case)]


# ---------------------------------------------------------------------------------------------------------------
# Where associations come from
# ---------------------------------------------------------------------------------------------------------------

_TRAVELLING = {(Object.CONTACT, Object.COMPANY), (Object.DEAL, Object.COMPANY), (Object.DEAL, Object.CONTACT)}


def _hubspot_links(told: Sequence[Association], case: LinkCase) -> Iterator[LinkDecision]:
    for one in told:
        if (one.from_object, one.to_object) not in _TRAVELLING:
            continue
        if not case.takes_part(one.from_object, System.HUBSPOT):
            continue
        if one.to_object is Object.COMPANY and not one.is_primary:
            yield _link(System.HUBSPOT, one, LinkStatus.DROPPED_NON_PRIMARY, "link.primary-only")
        elif _travels_as_lead_only(one, case):
            yield _link(System.HUBSPOT, one, LinkStatus.TARGET_NOT_SYNCED, "link.source-not-synced")
        else:
            yield _judged(System.HUBSPOT, one, case)


def _travels_as_lead_only(one: Association, case: LinkCase) -> bool:
    """Whether a HubSpot contact's company has no way to Dynamics: the contact sync does not go there (3.5, 3.8)."""
    contacts = case.plan.of(Object.CONTACT)
    goes_there = contacts.enabled and contacts.is_source(System.HUBSPOT)
    return (one.from_object, one.to_object) == (Object.CONTACT, Object.COMPANY) and not goes_there


def _merged(store: Store) -> list[Association]:
    """The associations of HubSpot, each pair of records once, primary when one of its rows is."""
    merged: dict[tuple[Object, str, Object, str], Association] = {}
    for one in store.associations():
        ends = (one.from_object, one.from_id, one.to_object, one.to_id)
        merged[ends] = replace(one, is_primary=one.is_primary or (ends in merged and merged[ends].is_primary))
    return list(merged.values())


def _contact_parents(store: Store, case: LinkCase) -> Iterator[LinkDecision]:
    if not case.takes_part(Object.CONTACT, System.DYNAMICS):
        return
    for contact in store.records(System.DYNAMICS, Object.CONTACT):
        one = _lookup(contact, "parentcustomerid", None)
        if one is not None and one.to_object is Object.CONTACT:
            yield _link(System.DYNAMICS, one, LinkStatus.PARENT_IS_CONTACT, "link.parent-is-contact")
        elif one is not None:
            yield _judged(System.DYNAMICS, one, case)


def _deal_parents(store: Store, case: LinkCase) -> Iterator[LinkDecision]:
    if not case.takes_part(Object.DEAL, System.DYNAMICS):
        return
    for deal in store.records(System.DYNAMICS, Object.DEAL):
        for lookup, to_object in (("parentaccountid", Object.COMPANY), ("parentcontactid", Object.CONTACT)):
            one = _lookup(deal, lookup, to_object) or _deal_customer(deal, to_object)
            if one is not None:
                yield _judged(System.DYNAMICS, one, case)


def _deal_customer(deal: Record, to_object: Object) -> Association | None:
    """An opportunity's customer, when it is of that object: it stands in for a blank parent."""
    one = _lookup(deal, "customerid", None)
    return one if one is not None and one.to_object is to_object else None


def _invoice_customers(told: Sequence[Association], store: Store, case: LinkCase) -> Iterator[LinkDecision]:
    ours = [one for one in told if one.from_object is Object.INVOICE]
    customers = (_lookup(one, "customerid", None) for one in store.records(System.DYNAMICS, Object.INVOICE))
    found = {System.HUBSPOT: ours, System.DYNAMICS: [one for one in customers if one is not None]}
    for system, associations in found.items():
        if not case.takes_part(Object.INVOICE, system):
            continue
        for one in associations:
            if one.to_object is Object.COMPANY:
                yield _link(system, one, LinkStatus.MANUAL, "link.invoice-company-manual")
            elif one.to_object is Object.CONTACT:
                yield _of_invoice(system, one, case)


def _lookup(record: Record, name: str, to_object: Object | None) -> Association | None:
    """The association a lookup stands for; its own type column says where it points when `to_object` is None."""
    to_id = record.get(f"_{name}_value")
    if to_id is None or is_blank(to_id):
        return None
    if to_object is None:
        points_to_contact = trim(record.get(f"_{name}_type")) == "contact"
        to_object = Object.CONTACT if points_to_contact else Object.COMPANY
    return Association(record.object, record.record_id, to_object, trim(to_id), is_primary=True)


# ---------------------------------------------------------------------------------------------------------------
# What becomes of them
# ---------------------------------------------------------------------------------------------------------------


def _judged(system: System, one: Association, case: LinkCase) -> LinkDecision:
    """The association's line in the table of section 8, before disagreements."""
    decision = case.decisions[(system, one.from_object, one.from_id)]
    if decision.outcome is Outcome.SHADOWED:
        return _link(system, one, LinkStatus.TARGET_NOT_SYNCED, "link.loser-parent-lost")
    if not decision.in_sync or case.is_lead_only(system, one.from_object, one.from_id):
        return _link(system, one, LinkStatus.TARGET_NOT_SYNCED, "link.source-not-synced")
    if _is_in_sync(system, one, case):
        return _link(system, one, LinkStatus.SYNCED, "link.both-synced")
    if _is_created_along(system, one, case):
        return _link(system, one, LinkStatus.AUTO_CREATED, "link.company-created-along")
    return _link(system, one, LinkStatus.TARGET_NOT_SYNCED, "link.target-not-synced")


def _of_invoice(system: System, one: Association, case: LinkCase) -> LinkDecision:
    if not case.decisions[(system, one.from_object, one.from_id)].in_sync:
        return _link(system, one, LinkStatus.TARGET_NOT_SYNCED, "link.source-not-synced")
    if not _is_in_sync(system, one, case):
        return _link(system, one, LinkStatus.TARGET_NOT_SYNCED, "link.target-not-synced")
    return _link(system, one, LinkStatus.SYNCED, "link.invoice-contact-auto")


def _is_in_sync(system: System, one: Association, case: LinkCase) -> bool:
    """Whether what an association points to ends up on both sides."""
    from_object, object_, record_id = one.from_object, one.to_object, one.to_id
    if object_ is Object.COMPANY and not case.plan.of(Object.COMPANY).enabled:
        if from_object is Object.DEAL and case.plan.choice("assoc_deal_company") == "needs_sync":
            return False
        return any(record_id == pair[_place(system)] for pair in case.companies.pairs)
    decision = case.decisions.get((system, object_, record_id))
    return decision is not None and decision.in_sync and not case.is_lead_only(system, object_, record_id)


def _is_created_along(system: System, one: Association, case: LinkCase) -> bool:
    """Whether a contact's company, left out of the sync, is created with the contact (Q20)."""
    is_asked = (one.from_object, one.to_object) == (Object.CONTACT, Object.COMPANY)
    is_chosen = case.plan.choice("assoc_missing_company") == "create" and not case.plan.of(Object.COMPANY).enabled
    return is_asked and is_chosen and (system, one.to_id) in case.companies.to_be_created


def _place(system: System) -> int:
    return 0 if system is System.HUBSPOT else 1


def _link(system: System, one: Association, status: LinkStatus, rule_id: str) -> LinkDecision:
    return LinkDecision(system, one.from_object, one.from_id, one.to_object, one.to_id, status, rule_id)


def _after_disagreements(links: list[LinkDecision], case: LinkCase) -> list[LinkDecision]:
    """The links after matched contacts with two different companies lost one of them (Q21)."""
    if case.plan.choice("assoc_conflict") != "winner":
        return links
    companies = {
        (link.from_system, link.from_id): link.to_id
        for link in links
        if link.from_object is Object.CONTACT and link.status is LinkStatus.SYNCED
    }
    return [_dropped(link) if _loses(link, companies, case) else link for link in links]


def _dropped(link: LinkDecision) -> LinkDecision:
    return replace(link, status=LinkStatus.DROPPED_NON_PRIMARY, rule_id="link.primary-disagreement")


def _loses(link: LinkDecision, companies: Mapping[tuple[System, str], str], case: LinkCase) -> bool:
    """Whether the conflict winner's contact (in a one-way sync the source's) has another company than this loser's."""
    contacts = case.plan.of(Object.CONTACT)
    sources = [system for system in System if contacts.is_source(system)]
    winner = contacts.conflict_winner if len(sources) > 1 else sources[0]
    if link.from_object is not Object.CONTACT or link.status is not LinkStatus.SYNCED:
        return False
    if link.from_system is winner:
        return False
    twin = case.decisions[(link.from_system, Object.CONTACT, link.from_id)].counterpart_id
    other = companies.get((opposite(link.from_system), twin)) if twin is not None else None
    if other is None:
        return False
    pair = (link.to_id, other) if link.from_system is System.HUBSPOT else (other, link.to_id)
    return pair not in case.companies.pairs
