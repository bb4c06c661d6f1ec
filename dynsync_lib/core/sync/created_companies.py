"""Companies that come into being beside the sync: along with a contact, or by HubSpot itself for an e-mail domain.

Facts
    * With companies off and `assoc_missing_company = create`, a contact takes a named company of no pair along.
    * HubSpot's own setting creates a company for a new contact's domain, unless one has the domain (an additional one
      counts); of free mail it takes the domain of the contact's website (6.12). Whether it acts before the sync's own
      association is not known (Q22).

Not modelled
    * The portal's own list of domains that are left out; what becomes of the new companies in the next run.

Source: rules link.company-created-along, company.auto-created; docs/semantics.md section 8.
"""

from __future__ import annotations

from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import PERSONS, LinkStatus, Object, System
from dynsync_lib.core.situation import IN_SYNC, Situation, stack
from dynsync_lib.core.sync.unsynced_companies import missing_companies
from dynsync_lib.core.tables import record_table
from dynsync_lib.core.typed_values import no_text
from dynsync_lib.core.writing.field_values import column_of, columns_of, new_value, with_trimmed

_WEBSITE: Final = "website"
_ADDITIONAL: Final = "hs_additional_domains"
_AROUND_DOMAIN: Final = (r"^[a-z][a-z0-9+.-]*://", r"[/?#][\s\S]*", r"^[\s\S]*@", r":[\s\S]*", r"^www\.", r"\.+$")
"""What is not the domain of a web address, in the order in which it goes."""


def companies_created_along(situation: Situation, system: System) -> Frame | None:
    """from_object, to_object, to_id, created_along of companies that a contact takes along; None when none is."""
    if situation.sync(Object.COMPANY).enabled or situation.chosen("assoc_missing_company") != "create":
        return None
    missing = missing_companies(situation, system)
    if missing is None:
        return None
    return missing.select(
        to_id="id",
        from_object=nw.lit(Object.CONTACT.value),
        to_object=nw.lit(Object.COMPANY.value),
        created_along=nw.lit(value=True),
    )


def created_by_domain(situation: Situation, outcomes: Frame, links: Frame) -> Frame | None:
    """Rows of the forecast's `links` to companies that HubSpot creates for new contacts; None when it never does.

    `links` are the other associations, with from_system, from_object, from_id, to_object, status and rule_id.
    """
    if situation.settings.hubspot.auto_create_companies != "on":
        return None
    persons = stack([_domains(situation, person) for person in PERSONS])
    is_new = (nw.col("outcome") == "create") & (nw.col("system") == System.DYNAMICS.value)
    created = outcomes.filter(is_new).select(from_object="object", from_id="record_id")
    fresh = persons.join(created, on=["from_object", "from_id"])
    fresh = fresh.join(_known_domains(situation, outcomes), on="domain", how="anti")
    if situation.chosen("auto_company_first") == "false":
        fresh = fresh.join(_with_company(links), on=["from_object", "from_id"], how="anti")
    created = fresh.select(
        "from_object",
        "from_id",
        from_system=nw.lit(System.DYNAMICS.value),
        to_object=nw.lit(Object.COMPANY.value),
        to_id=nw.concat_str([nw.lit("domain:"), nw.col("domain")]),
        status=nw.lit(LinkStatus.AUTO_CREATED.value),
        rule_id=nw.lit("company.auto-created"),
    )
    return situation.keep(created, "companies_created_by_domain")


def _domains(situation: Situation, person: Object) -> Frame:
    """from_object, from_id, domain of the Dynamics persons whose address is valid: of free mail, the website's."""
    records = situation.tables[record_table(person, System.DYNAMICS).name]
    valid = records.filter(nw.col("email_valid").fill_null(value=False))
    website = _website(Job(situation, person))
    chosen = {column_of(System.DYNAMICS, name): nw.col(name) for name in columns_of(website, System.DYNAMICS)}
    domain = typed_values.trimmed(nw.col("email_key_exact")).str.replace_all("^.*@", "").str.to_lowercase()
    persons = with_trimmed(situation, valid.select("id", **chosen, domain=domain), website, [System.DYNAMICS])
    free_mail = sorted(situation.rulebook.free_mail_domains)
    instead = domain_of(new_value(website[0], System.HUBSPOT)) if website else no_text()
    domain = nw.when(nw.col("domain").is_in(free_mail)).then(instead).otherwise(nw.col("domain"))
    persons = persons.select(from_object=nw.lit(person.value), from_id="id", domain=domain)
    return persons.filter(nw.col("domain").str.contains(".", literal=True) & ~nw.col("domain").is_in(free_mail))


def _website(job: Job) -> list[JudgedMapping]:
    """The mapping that writes the Website URL of HubSpot's contacts, in a list of its own; empty when none does."""
    return [
        judged for judged in job.flowing if judged.writes_to(System.HUBSPOT) and judged.mapping.hubspot == _WEBSITE
    ][:1]


def domain_of(address: nw.Expr) -> nw.Expr:
    """The domain of a web address, without what stands before and behind it. Source: docs/semantics.md section 3."""
    domain = typed_values.lowered(address)
    for pattern in _AROUND_DOMAIN:
        domain = domain.str.replace_all(pattern, "")
    return domain


def additional_domains(situation: Situation) -> Frame | None:
    """domain: the additional ones of HubSpot's companies; None when they were not delivered."""
    if _ADDITIONAL not in situation.columns(Object.COMPANY, System.HUBSPOT):
        return None
    filled = situation.tables["hubspot/companies"].filter(~typed_values.trimmed(nw.col(_ADDITIONAL)).is_null())
    parts = filled.select(part=nw.col(_ADDITIONAL).str.split(";")).explode("part")
    domains = parts.select(domain=domain_of(typed_values.trimmed(nw.col("part"))))
    return domains.filter(~nw.col("domain").is_null())


def _domains_of_companies(situation: Situation) -> Frame:
    """domain: the first one and the additional ones of each of HubSpot's companies."""
    first, more = situation.tables["hubspot/companies"].select(domain="domain_key"), additional_domains(situation)
    return first if more is None else stack([first, more])


def _known_domains(situation: Situation, outcomes: Frame) -> Frame:
    """The domains that HubSpot's companies have, and those that come with accounts in sync."""
    known = _domains_of_companies(situation)
    if not situation.sync(Object.COMPANY).enabled:
        return known.filter(~nw.col("domain").is_null())
    in_sync = (nw.col("object") == Object.COMPANY.value) & nw.col("outcome").is_in(list(IN_SYNC))
    ids = outcomes.filter(in_sync & (nw.col("system") == System.DYNAMICS.value)).select(id="record_id")
    accounts = situation.tables["dynamics/accounts"].select("id", domain="domain_key").join(ids, on="id")
    return stack([known, accounts.select("domain")]).filter(~nw.col("domain").is_null())


def _with_company(links: Frame) -> Frame:
    """from_object, from_id of the Dynamics persons whose own company is associated, or created along."""
    is_copied = (nw.col("status") == LinkStatus.SYNCED.value) | (nw.col("rule_id") == "link.company-created-along")
    to_company = nw.col("to_object") == Object.COMPANY.value
    mine = links.filter(is_copied & to_company & (nw.col("from_system") == System.DYNAMICS.value))
    return mine.select("from_object", "from_id").unique()
