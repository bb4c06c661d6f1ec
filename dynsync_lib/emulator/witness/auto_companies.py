"""Companies that HubSpot creates by itself for new contacts, by the domain of their address (6.12).

Facts
    * Free-mail domains and domains that a company has already are left alone.

Where it is used: `emulator.witness.initial_sync`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dynsync_lib.core.model import LinkStatus, Object, Outcome, System
from dynsync_lib.emulator.witness.decisions import Decision, LinkDecision, RecordName
from dynsync_lib.emulator.witness.entrance import domain_of
from dynsync_lib.emulator.witness.object_job import PEOPLE, Job, job_of
from dynsync_lib.emulator.witness.plan import SyncPlan
from dynsync_lib.emulator.witness.text_values import domain_key, is_valid_email, trim
from dynsync_lib.emulator.witness.values import values_of_new
from dynsync_lib.emulator.witness.witness_store import Record, Store

_Decisions = Mapping[RecordName, Decision]


def companies_by_domain(
    store: Store, plan: SyncPlan, decisions: _Decisions, links: Sequence[LinkDecision]
) -> Iterator[LinkDecision]:
    """One association per new HubSpot contact for which HubSpot would create a company."""
    if not plan.creates_companies:
        return
    known, attached = _known_domains(store, decisions), _attached(links, plan)
    for object_ in PEOPLE:
        job = job_of(store, plan, object_)
        for person in store.records(System.DYNAMICS, object_):
            name = (person.system, object_, person.record_id)
            if decisions[name].outcome is not Outcome.CREATE or name in attached:
                continue
            domain = _domain_of_company(person, job)
            if domain is not None and domain not in known:
                to = (Object.COMPANY, f"domain:{domain}")
                yield LinkDecision(*name, *to, LinkStatus.AUTO_CREATED, "company.auto-created")


def _domain_of_company(person: Record, job: Job) -> str | None:
    """The domain of a new contact's address or, behind a free-mail one, of its website; None when there is none."""
    address = trim(person.get("emailaddress1"))
    if not is_valid_email(address, job.plan.top_level_domains):
        return None
    domain = address.partition("@")[2].lower()
    if domain not in job.plan.free_mail_domains:
        return domain
    websites = (value.text for value in values_of_new(person, job) if value.field.name == "website" and value.lands)
    website = next((domain_key(text) for text in websites), None)
    is_usable = website is not None and "." in website and website not in job.plan.free_mail_domains
    return website if is_usable else None


def _known_domains(store: Store, decisions: _Decisions) -> set[str]:
    """The domains of HubSpot's companies, and of the accounts that come in."""
    companies = list(store.records(System.HUBSPOT, Object.COMPANY))
    accounts = [
        one
        for one in store.records(System.DYNAMICS, Object.COMPANY)
        if decisions[(one.system, one.object, one.record_id)].in_sync
    ]
    more = {
        domain_key(part) for company in companies for part in (company.get("hs_additional_domains") or "").split(";")
    }
    return {domain for domain in (*map(domain_of, companies + accounts), *more) if domain is not None}


def _attached(links: Sequence[LinkDecision], plan: SyncPlan) -> set[RecordName]:
    """The persons whose own company arrives before HubSpot looks at their domain (Q22)."""
    if plan.choice("auto_company_first") == "true":
        return set()
    return {
        (link.from_system, link.from_object, link.from_id)
        for link in links
        if link.to_object is Object.COMPANY and link.status in (LinkStatus.SYNCED, LinkStatus.AUTO_CREATED)
    }
