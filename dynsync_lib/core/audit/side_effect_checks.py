"""What switching on sets off beside the records themselves: counts for the findings.

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

import narwhals.stable.v2 as nw

from dynsync_lib.core import typed_values
from dynsync_lib.core.audit.measures import Measures, Tables, outcomes_of, records_of, rows_in, with_outcome
from dynsync_lib.core.filters.expressions import filter_expression
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import PERSONS, Frame, Situation

_OPTED_OUT: Final = {
    System.HUBSPOT: ("hs_email_optout",),
    System.DYNAMICS: ("donotbulkemail", "donotemail"),
}
_AUTO_CREATED: Final = nw.col("rule_id") == "company.auto-created"


def count_auto_created(situation: Situation, tables: Tables) -> int | None:
    """New contacts for whom HubSpot creates a company; None when the portal's setting is not known."""
    setting = situation.settings.hubspot.auto_create_companies
    if setting == "unknown":
        return None if _has_new_contacts(tables) else 0
    return rows_in(tables["links"].filter(_AUTO_CREATED))


def count_echo_accounts(situation: Situation, tables: Tables) -> int | None:
    """Companies so created that would come back as new accounts; None when the portal's setting is not known."""
    company = situation.sync(Object.COMPANY)
    may_create = company.sync_user_may_write and not company.only_existing_in_target
    if not (company.enabled and company.is_source(System.HUBSPOT) and may_create):
        return 0
    if situation.settings.hubspot.auto_create_companies == "unknown":
        return None if _has_new_contacts(tables) else 0
    domain = nw.col("to_id").str.replace_all("^domain:", "")
    made = tables["links"].filter(_AUTO_CREATED).select(domain=domain).unique()
    told = made.with_columns(passes=_passes_when_made(situation, company.filter_to_dynamics))
    return rows_in(told.filter(nw.col("passes")))


def _has_new_contacts(tables: Tables) -> bool:
    """Whether HubSpot gets any contact that it does not have."""
    created = [with_outcome(tables, one, System.DYNAMICS, "create") for one in PERSONS]
    return any(rows_in(one) for one in created)


def _passes_when_made(situation: Situation, filter_to_dynamics: str | None) -> nw.Expr:
    """Whether a company passes that has a domain and nothing else yet."""
    return filter_expression(
        filter_to_dynamics,
        system=System.HUBSPOT,
        object_=Object.COMPANY,
        catalogue=situation.catalogue,
        rulebook=situation.rulebook,
        available=["domain"],
        taken_at=situation.taken_at,
    )


def count_cascades(situation: Situation, tables: Tables) -> int:
    """HubSpot contacts and companies that get a new deal, and whose lifecycle stage it may move."""
    del situation
    made = (nw.col("from_system") == System.DYNAMICS.value) & (nw.col("from_object") == Object.DEAL.value)
    created = with_outcome(tables, Object.DEAL, System.DYNAMICS, "create").select(from_id="id")
    links = tables["links"].filter(made & (nw.col("status") == "synced")).join(created, on="from_id", how="semi")
    ends = links.select(object="to_object", record_id="to_id").unique()
    theirs = tables["outcomes"].filter(nw.col("system") == System.DYNAMICS.value)
    met = ends.join(theirs.select("object", "record_id", "counterpart_id"), on=["object", "record_id"], how="left")
    return rows_in(met.select("object", end=nw.coalesce("counterpart_id", "record_id")).unique())


def count_consent_conflicts(situation: Situation, tables: Tables) -> int | None:
    """Matched persons who opted out on one side only; None when a side did not deliver its opt-outs."""
    counts = [_conflicts_of(situation, tables, one) for one in PERSONS if situation.sync(one).enabled]
    known = [count for count in counts if count is not None]
    return sum(known) if known or not counts else None


def _conflicts_of(situation: Situation, tables: Tables, object_: Object) -> int | None:
    theirs = _opted_out(situation, object_, System.DYNAMICS)
    ours = _opted_out(situation, object_, System.HUBSPOT)
    if theirs is None or ours is None:
        return None
    in_sync = nw.col("outcome").is_in(["update", "link"]) & ~nw.col("counterpart_id").is_null()
    pairs = outcomes_of(tables, object_, System.DYNAMICS).filter(in_sync)
    named = pairs.select(dynamics_id="record_id", hubspot_id="counterpart_id")
    met = named.join(theirs, on="dynamics_id").join(ours, on="hubspot_id")
    return rows_in(met.filter(nw.col("dynamics_out") != nw.col("hubspot_out")))


def _opted_out(situation: Situation, object_: Object, system: System) -> Frame | None:
    """`<system>_id` and `<system>_out` of every person; None when no opt-out field was delivered."""
    fields = [name for name in _OPTED_OUT[system] if name in situation.columns(object_, system)]
    if not fields:
        return None
    said = [
        (typed_values.truth(typed_values.trimmed(nw.col(name))) == "true").fill_null(value=False) for name in fields
    ]
    either = functools.reduce(operator.or_, said)
    persons = records_of(situation, object_, system)
    return persons.select(nw.col("id").alias(f"{system}_id"), either.alias(f"{system}_out"))


MEASURES: Final[Measures] = {
    "auto_created_companies": count_auto_created,
    "consent_conflicts": count_consent_conflicts,
    "echo_accounts": count_echo_accounts,
    "lifecycle_cascades": count_cascades,
}
