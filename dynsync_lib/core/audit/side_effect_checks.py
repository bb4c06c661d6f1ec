"""Audit rules about side effects of going live: companies HubSpot creates, stages that deals move, opt-outs.

Facts
    * A company that HubSpot creates by itself would come back as a new account where companies sync towards Dynamics,
      since its name is made of the domain and matches no account (6.12).
    * A new deal can move the lifecycle stages of the contacts and companies it is associated with (6.14).
    * Consent is compared, not carried: no plain mapping sets HubSpot's subscriptions (5.22).

Not modelled
    * Which workflows, flows and plug-ins run: no metadata that is read shows them. They are named as not checked.

Source: rules company.auto-created, company.lifecycle-cascade, field.opt-out-polarity.
"""

from __future__ import annotations

import functools
import operator
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.audit.measures import Measures, number_with, outcomes_of, pairs_in, with_outcome
from dynsync_lib.core.counting import Count, Question, Tables, combined, known, records_in, rows_with, total
from dynsync_lib.core.filter_tree import Filter
from dynsync_lib.core.filters.expressions import FilteredTable, filter_expression
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import PERSONS, Object, System
from dynsync_lib.core.record_rows import text_of
from dynsync_lib.core.situation import Situation

_OPTED_OUT: Final = {
    System.HUBSPOT: ("hs_email_optout",),
    System.DYNAMICS: ("donotbulkemail", "donotemail"),
}
_AUTO_CREATED: Final = "company.auto-created"


def count_auto_created(situation: Situation, tables: Tables) -> Count:
    """New contacts for whom HubSpot creates a company; None when the portal's setting is not known."""
    del tables
    if situation.settings.hubspot.auto_create_companies == "unknown":
        return _unknown_if_new_contacts()
    return rows_with("links", rule_id=_AUTO_CREATED)


def count_echo_accounts(situation: Situation, tables: Tables) -> Count:
    """Companies that HubSpot creates by itself and that would come back as new accounts (6.12).

    None when the portal's setting is not known, and any contact is new.
    """
    company = situation.sync(Object.COMPANY)
    may_create = company.sync_user_may_write and not company.only_existing_in_target
    if not (company.enabled and company.is_source(System.HUBSPOT) and may_create):
        return known(0)
    if situation.settings.hubspot.auto_create_companies == "unknown":
        return _unknown_if_new_contacts()
    domain = nw.col("to_id").str.replace_all("^domain:", "")
    companies = tables["links"].filter(nw.col("rule_id") == _AUTO_CREATED).select(domain=domain).unique()
    passes = _passes_when_created(situation, company.filter_to_dynamics)
    passing = companies.with_columns(passes=passes).filter(nw.col("passes"))
    return records_in(passing, system=System.HUBSPOT, object=Object.COMPANY, detail=nw.col("domain"))


def _unknown_if_new_contacts() -> Count:
    """None when HubSpot gets any contact that it does not have, else 0."""
    created = total(number_with(person, System.DYNAMICS, outcome="create") for person in PERSONS)
    return combined([created], lambda counts: None if counts[0] else 0)


def _passes_when_created(situation: Situation, filter_to_dynamics: Filter | None) -> nw.Expr:
    """Whether a company passes that has a domain and nothing else yet."""
    companies = FilteredTable(System.HUBSPOT, Object.COMPANY, situation.catalogue, situation.rulebook, ["domain"])
    return filter_expression(filter_to_dynamics, companies, situation.taken_at)


def count_cascades(situation: Situation, tables: Tables) -> Count:
    """HubSpot contacts and companies that get a new deal, and whose lifecycle stage it may move."""
    del situation
    of_deals = (nw.col("from_system") == System.DYNAMICS.value) & (nw.col("from_object") == Object.DEAL.value)
    created = with_outcome(tables, Object.DEAL, System.DYNAMICS, "create").select(from_id="id")
    links = tables["links"].filter(of_deals & (nw.col("status") == "synced")).join(created, on="from_id", how="semi")
    ends = links.select(object="to_object", record_id="to_id").unique()
    theirs = tables["outcomes"].filter(nw.col("system") == System.DYNAMICS.value)
    paired = ends.join(theirs.select("object", "record_id", "counterpart_id"), on=["object", "record_id"], how="left")
    is_new = nw.col("counterpart_id").is_null()
    ends = paired.select("object", end=nw.coalesce("counterpart_id", "record_id"), is_new=is_new).unique()
    system = nw.when(nw.col("is_new")).then(nw.lit(System.DYNAMICS.value)).otherwise(nw.lit(System.HUBSPOT.value))
    is_lead = ~nw.col("is_new") & (nw.col("object") == Object.LEAD.value)
    object_ = nw.when(is_lead).then(nw.lit(Object.CONTACT.value)).otherwise(nw.col("object"))
    return records_in(ends, system=system, object=object_, record_id=nw.col("end"))


def count_consent_conflicts(situation: Situation, tables: Tables) -> Count:
    """Matched persons who opted out on one side only; None when a side did not deliver its opt-outs."""
    persons = [person for person in PERSONS if situation.sync(person).enabled]
    conflicts = [_conflicts_of(Job(situation, person), tables) for person in persons]
    asked = [count for count in conflicts if count is not None]
    return total(asked) if asked or not persons else known(None)


def _conflicts_of(job: Job, tables: Tables) -> Question[int] | None:
    """The pairs of an object of which one side has opted out; None when a side did not deliver its opt-outs."""
    theirs = _opted_out(job, System.DYNAMICS)
    ours = _opted_out(job, System.HUBSPOT)
    if theirs is None or ours is None:
        return None
    in_sync = nw.col("outcome").is_in(["update", "link"]) & ~nw.col("counterpart_id").is_null()
    pairs = outcomes_of(tables, job.object, System.DYNAMICS).filter(in_sync)
    named = pairs.select(dynamics_id="record_id", hubspot_id="counterpart_id")
    consents = named.join(theirs, on="dynamics_id").join(ours, on="hubspot_id")
    differing = consents.filter(nw.col("dynamics_out") != nw.col("hubspot_out"))
    side = nw.when(nw.col("dynamics_out")).then(nw.lit("Dynamics")).otherwise(nw.lit("HubSpot"))
    return pairs_in(differing, job.object, text_of("opted out in ", side, " only"))


def _opted_out(job: Job, system: System) -> Frame | None:
    """`<system>_id` and `<system>_out` of every person; None when no opt-out field was delivered."""
    fields = [name for name in _OPTED_OUT[system] if name in job.columns(system)]
    if not fields:
        return None
    opt_outs = [
        (typed_values.truth(typed_values.trimmed(nw.col(name))) == "true").fill_null(value=False) for name in fields
    ]
    either = functools.reduce(operator.or_, opt_outs)
    persons = job.records(system)
    return persons.select(nw.col("id").alias(f"{system}_id"), either.alias(f"{system}_out"))


MEASURES: Final[Measures] = {
    "auto_created_companies": count_auto_created,
    "consent_conflicts": count_consent_conflicts,
    "echo_accounts": count_echo_accounts,
    "lifecycle_cascades": count_cascades,
}
