"""What becomes of every association of the input records.

Facts
    * Only the primary company of a record syncs (SEED). A Dynamics contact under another contact brings none (5.19).
    * An association needs both its ends in sync; a shadowed contact's company is lost (6.9).
    * Where the two primary companies of a matched contact differ, the conflict winner's stays (6.10).
    * Invoices are joined to contacts automatically, to companies by hand (SEED).

Not modelled
    * Companies that HubSpot creates by e-mail domain (rule company.auto-created); labels other than primary.

Source: the rules link.*; docs/semantics.md section 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core import values
from dynsync_lib.core.matching import pair_first_of_names
from dynsync_lib.core.model import LINKS, LinkStatus, Object, System, record_table
from dynsync_lib.core.sides import Frame, Situation, stack

_ENDS: Final = ("from_object", "from_id", "to_object", "to_id")
_IN_SYNC: Final = ("create", "update", "link")


def decide_links(situation: Situation, outcomes: Frame, pairs: Mapping[Object, Frame]) -> Frame:
    """The forecast's `links`: one row per association of an input record of an enabled object whose side is a source.

    `outcomes` are those of all objects; `pairs` the pairs (hubspot_id, dynamics_id) of contacts and companies.
    """
    company_pairs = _company_pairs(situation, pairs)
    reached = situation.keep(_reached(situation, outcomes, company_pairs), "links_reached")
    parts = []
    for system in System:
        found = situation.keep(_associations(situation, system), f"{system}_associations")
        placed = _place(found, system, outcomes=outcomes, reached=reached)
        parts.append(situation.keep(placed, f"{system}_links_placed"))
    placed = situation.keep(_settle(situation, stack(parts), pairs[Object.CONTACT], company_pairs), "links_settled")
    return placed.select(*LINKS.column_names)


# --- What is there -----------------------------------------------------------------------------------------------


def _associations(situation: Situation, system: System) -> Frame:
    """from_object, from_id, to_object, to_id, is_primary; one row per association of one side."""
    parts = [_of_hubspot(situation)] if system is System.HUBSPOT else [*_of_dynamics(situation)]
    return stack(parts)


def _of_hubspot(situation: Situation) -> Frame:
    links = situation.tables["hubspot/links"]
    told = links.select(*_ENDS, is_primary=nw.col("is_primary").fill_null(value=False).cast(nw.Int64))
    one = told.group_by(*_ENDS).agg(nw.col("is_primary").max())
    wanted = [
        object_.value for object_ in (Object.CONTACT, Object.DEAL) if _travels(situation, object_, System.HUBSPOT)
    ]
    there = [_ids(situation, object_, System.HUBSPOT) for object_ in (Object.CONTACT, Object.DEAL)]
    kept = one.filter(nw.col("from_object").is_in(wanted)).join(stack(there), on=["from_object", "from_id"])
    ends = nw.col("to_object").is_in([Object.COMPANY.value, Object.CONTACT.value])
    return kept.filter(ends).select(*_ENDS, is_primary=nw.col("is_primary") > 0)


def _ids(situation: Situation, object_: Object, system: System) -> Frame:
    records = situation.tables[record_table(object_, system).name]
    return records.select(from_object=nw.lit(object_.value), from_id="id")


def _of_dynamics(situation: Situation) -> list[Frame]:
    lookups = (
        (Object.CONTACT, "parentcustomerid", None),
        (Object.DEAL, "parentaccountid", Object.COMPANY),
        (Object.DEAL, "parentcontactid", Object.CONTACT),
        (Object.INVOICE, "customerid", None),
    )
    return [_of_lookup(situation, object_, name, to=to) for object_, name, to in lookups]


def _of_lookup(situation: Situation, object_: Object, name: str, *, to: Object | None) -> Frame:
    """The associations of one lookup column; `to` None means that `_name_type` says where it points."""
    columns = situation.columns(object_, System.DYNAMICS)
    given = f"_{name}_value" in columns and _travels(situation, object_, System.DYNAMICS)
    value = values.trimmed(nw.col(f"_{name}_value")) if given else nw.lit(None, dtype=nw.String)
    records = situation.tables[record_table(object_, System.DYNAMICS).name]
    told = records.select(
        from_object=nw.lit(object_.value),
        from_id="id",
        to_object=nw.lit(to.value) if to is not None else _target_object(name, columns),
        to_id=value,
        is_primary=nw.lit(value=True),
    )
    return told.filter(~nw.col("to_id").is_null())


def _target_object(name: str, columns: frozenset[str]) -> nw.Expr:
    company = nw.lit(Object.COMPANY.value)
    if f"_{name}_type" not in columns:
        return company
    is_contact = values.trimmed(nw.col(f"_{name}_type")) == "contact"
    return nw.when(is_contact).then(nw.lit(Object.CONTACT.value)).otherwise(company)


def _travels(situation: Situation, object_: Object, system: System) -> bool:
    sync = situation.sync(object_)
    return sync.enabled and sync.is_source(system)


# --- What it meets -----------------------------------------------------------------------------------------------


def _company_pairs(situation: Situation, pairs: Mapping[Object, Frame]) -> Frame:
    """Which companies belong together: their pairs or, with companies off, the first of each name."""
    if situation.sync(Object.COMPANY).enabled:
        return pairs[Object.COMPANY]
    by_name = situation.keep(pair_first_of_names(situation), "company_pairs_by_name")
    return by_name if situation.chosen("assoc_missing_company") == "link_existing" else by_name.head(0)


def _reached(situation: Situation, outcomes: Frame, company_pairs: Frame) -> Frame:
    """to_system, to_object, to_id of every record an association can be made to."""
    in_sync = outcomes.filter(nw.col("outcome").is_in(_IN_SYNC)).select(
        to_system="system", to_object="object", to_id="record_id"
    )
    if situation.sync(Object.COMPANY).enabled:
        return in_sync
    company = nw.lit(Object.COMPANY.value)
    sides = [
        company_pairs.select(to_system=nw.lit(system.value), to_object=company, to_id=f"{system}_id")
        for system in System
    ]
    return stack([in_sync, *sides])


def _place(found: Frame, system: System, *, outcomes: Frame, reached: Frame) -> Frame:
    """Adds from_system, status and rule_id, all but the disagreement of primary companies."""
    mine = nw.col("system") == system.value
    sources = outcomes.filter(mine).select(from_object="object", from_id="record_id", outcome="outcome")
    there = reached.filter(nw.col("to_system") == system.value).select("to_object", "to_id").unique()
    there = there.with_columns(reaches=nw.lit(value=True))
    met = found.join(sources, on=["from_object", "from_id"]).join(there, on=["to_object", "to_id"], how="left")
    decided = [(test, status, rule) for test, status, rule in _tests(system)]
    status = nw.coalesce(*(nw.when(test).then(nw.lit(status.value)) for test, status, _ in decided))
    rule = nw.coalesce(*(nw.when(test).then(nw.lit(rule)) for test, _, rule in decided))
    return met.with_columns(from_system=nw.lit(system.value), status=status, rule_id=rule)


def _tests(system: System) -> list[tuple[nw.Expr, LinkStatus, str]]:
    """The table of docs/semantics.md section 8, line by line."""
    is_invoice = nw.col("from_object") == Object.INVOICE.value
    to_company = nw.col("to_object") == Object.COMPANY.value
    stays = ~nw.col("outcome").is_in(_IN_SYNC)
    not_there = nw.col("reaches").is_null()
    tests = []
    if system is System.HUBSPOT:
        tests.append((to_company & ~nw.col("is_primary"), LinkStatus.DROPPED_NON_PRIMARY, "link.primary-only"))
    else:
        parent = (nw.col("from_object") == Object.CONTACT.value) & ~to_company
        tests.append((is_invoice & to_company, LinkStatus.MANUAL, "link.invoice-company-manual"))
        tests.append((parent, LinkStatus.PARENT_IS_CONTACT, "link.parent-is-contact"))
    shadowed = nw.col("outcome") == "shadowed"
    return [
        *tests,
        (shadowed, LinkStatus.TARGET_NOT_SYNCED, "link.loser-parent-lost"),
        (stays, LinkStatus.TARGET_NOT_SYNCED, "link.source-not-synced"),
        (not_there, LinkStatus.TARGET_NOT_SYNCED, "link.target-not-synced"),
        (is_invoice, LinkStatus.SYNCED, "link.invoice-contact-auto"),
        (nw.lit(value=True), LinkStatus.SYNCED, "link.both-synced"),
    ]


# --- Disagreement ------------------------------------------------------------------------------------------------


def _settle(situation: Situation, placed: Frame, contact_pairs: Frame, company_pairs: Frame) -> Frame:
    """Drops the loser's company where the two sides name different ones. Source: rule link.primary-disagreement."""
    if situation.chosen("assoc_conflict") != "winner":
        return placed
    winner = situation.sync(Object.CONTACT).conflict_winner
    candidates = placed.filter(
        (nw.col("from_object") == Object.CONTACT.value)
        & (nw.col("to_object") == Object.COMPANY.value)
        & (nw.col("status") == LinkStatus.SYNCED.value)
    )
    named = contact_pairs.select("hubspot_id", "dynamics_id")
    for system in System:
        mine = candidates.filter(nw.col("from_system") == system.value)
        ends = mine.select("to_id", **{f"{system}_id": nw.col("from_id")}).rename({"to_id": f"{system}_company"})
        named = named.join(ends, on=f"{system}_id")
    agreed = company_pairs.select(hubspot_company="hubspot_id", dynamics_company="dynamics_id")
    apart = named.join(agreed, on=["hubspot_company", "dynamics_company"], how="anti")
    loser = System.HUBSPOT if winner is System.DYNAMICS else System.DYNAMICS
    dropped = apart.select(
        from_id=f"{loser}_id", to_id=f"{loser}_company", from_system=nw.lit(loser.value), drops=nw.lit(value=True)
    ).unique()
    met = placed.join(dropped, on=["from_system", "from_id", "to_id"], how="left")
    drops = ~nw.col("drops").is_null() & (nw.col("from_object") == Object.CONTACT.value)
    drops = drops & (nw.col("to_object") == Object.COMPANY.value)
    return met.with_columns(
        status=nw.when(drops).then(nw.lit("dropped_non_primary")).otherwise(nw.col("status")),
        rule_id=nw.when(drops).then(nw.lit("link.primary-disagreement")).otherwise(nw.col("rule_id")),
    )
