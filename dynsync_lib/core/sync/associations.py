"""What becomes of every association of the input records.

Facts
    * Only the primary company of a record syncs (SEED). A Dynamics contact under another contact brings none (5.19).
    * An association needs both its ends in sync; a shadowed contact's company is lost (6.9).
    * Where the two primary companies of a matched contact differ, the conflict winner's stays (6.10).
    * Invoices are joined to contacts automatically, to companies by hand (SEED).
    * A HubSpot contact that syncs as a lead only has no company there, and nothing is joined to it. Where the contact
      sync does not flow to Dynamics, no company of a HubSpot contact is written there (3.5, 3.8).
    * With companies off they are found by their key (`core.sync.unsynced_companies`); of a deal that is open (Q30).
    * Companies that come into being on the way are told by `core.sync.created_companies`.

Not modelled
    * Labels other than primary; a lead's own associations.

Source: the rules link.*; docs/semantics.md section 8.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.matching.decision_table import word_of
from dynsync_lib.core.model import LinkStatus, Object, System
from dynsync_lib.core.situation import IN_SYNC, Situation, draws_contacts, stack
from dynsync_lib.core.sync.created_companies import companies_created_along, created_by_domain
from dynsync_lib.core.sync.unsynced_companies import unsynced_pairs
from dynsync_lib.core.tables import LINKS
from dynsync_lib.core.typed_values import no_text

_ENDS: Final = ("from_object", "from_id", "to_object", "to_id")
FROM: Final = (Object.CONTACT, Object.DEAL, Object.INVOICE)
"""The objects that bring associations."""
CUSTOMER: Final = "customerid"
"""An opportunity's customer, account or contact: it stands in for a blank `parentaccountid` or `parentcontactid`."""
_LOOKUPS: Final = (
    (Object.CONTACT, "parentcustomerid", None),
    (Object.DEAL, "parentaccountid", Object.COMPANY),
    (Object.DEAL, "parentcontactid", Object.CONTACT),
    (Object.INVOICE, "customerid", None),
)
"""From which object by which column to which; None when `_name_type` says where it points."""


class _Line(IntEnum):
    """The lines of the table of docs/semantics.md section 8."""

    MANUAL = 0
    NOT_PRIMARY = 1
    PARENT = 2
    SHADOWED = 3
    SOURCE_STAYS = 4
    CREATED_ALONG = 5
    TARGET_STAYS = 6
    BY_INVOICE = 7
    BOTH = 8
    APART = 9


_TOLD: Final[Mapping[_Line, tuple[LinkStatus, str]]] = {
    _Line.MANUAL: (LinkStatus.MANUAL, "link.invoice-company-manual"),
    _Line.NOT_PRIMARY: (LinkStatus.DROPPED_NON_PRIMARY, "link.primary-only"),
    _Line.PARENT: (LinkStatus.PARENT_IS_CONTACT, "link.parent-is-contact"),
    _Line.SHADOWED: (LinkStatus.TARGET_NOT_SYNCED, "link.loser-parent-lost"),
    _Line.SOURCE_STAYS: (LinkStatus.TARGET_NOT_SYNCED, "link.source-not-synced"),
    _Line.CREATED_ALONG: (LinkStatus.AUTO_CREATED, "link.company-created-along"),
    _Line.TARGET_STAYS: (LinkStatus.TARGET_NOT_SYNCED, "link.target-not-synced"),
    _Line.BY_INVOICE: (LinkStatus.SYNCED, "link.invoice-contact-auto"),
    _Line.BOTH: (LinkStatus.SYNCED, "link.both-synced"),
    _Line.APART: (LinkStatus.DROPPED_NON_PRIMARY, "link.primary-disagreement"),
}
"""What each line says."""


def decide_links(
    situation: Situation, outcomes: Frame, pairs: Mapping[Object, Frame], *, as_leads: Frame | None = None
) -> Frame:
    """The forecast's `links`: one row per association of an input record of an enabled object whose side is a source.

    `outcomes` are those of all objects; `pairs`, per object that is on, have hubspot_id and dynamics_id; `as_leads` has
    the id of every HubSpot contact that syncs as a lead only. Companies that HubSpot creates by itself come along.
    """
    company_pairs = _company_pairs(situation, outcomes, pairs)
    reached = _reached(situation, outcomes, company_pairs, as_leads)
    parts = []
    for system in System:
        associations = _associations(situation, system)
        sources = _sources(outcomes, system, as_leads)
        placed = _place(situation, system, associations, sources=sources, reached=reached)
        parts.append(situation.keep(placed, f"{system}_links_placed"))
    placed = stack(parts)
    if Object.CONTACT in pairs:
        placed = _settle(situation, placed, pairs[Object.CONTACT], company_pairs)
    links = placed.with_columns(
        status=word_of("line", {line: status.value for line, (status, _) in _TOLD.items()}),
        rule_id=word_of("line", {line: rule for line, (_, rule) in _TOLD.items()}),
    ).select(*LINKS.column_names)
    created = created_by_domain(situation, outcomes, links)
    return links if created is None else stack([links, created.select(*LINKS.column_names)])


# --- What is there -----------------------------------------------------------------------------------------------


def _associations(situation: Situation, system: System) -> Frame:
    """from_object, from_id, to_object, to_id, is_primary; one row per association of one side, of records that may be
    missing."""
    if system is System.HUBSPOT:
        return _of_hubspot(situation)
    parts = _of_dynamics(situation)
    return stack(parts) if parts else _of_hubspot(situation).head(0)


def _of_hubspot(situation: Situation) -> Frame:
    links = situation.tables["hubspot/links"]
    labelled = links.select(*_ENDS, is_primary=nw.col("is_primary").fill_null(value=False).cast(nw.Int64))
    once = labelled.group_by(*_ENDS).agg(nw.col("is_primary").max())
    wanted = [object_.value for object_ in FROM if travels(Job(situation, object_), System.HUBSPOT)]
    ends = nw.col("to_object").is_in([Object.COMPANY.value, Object.CONTACT.value])
    kept = once.filter(nw.col("from_object").is_in(wanted) & ends)
    return kept.select(*_ENDS, is_primary=nw.col("is_primary") > 0)


def _of_dynamics(situation: Situation) -> list[Frame]:
    return [
        _of_lookup(Job(situation, object_), name, to=to)
        for object_, name, to in _LOOKUPS
        if travels(Job(situation, object_), System.DYNAMICS)
    ]


def missing_associations(situation: Situation) -> Iterator[tuple[Object, System, str]]:
    """Object, side and what is missing, of every object that travels and whose associations were not delivered.

    An opportunity's `customerid` stands in for one of its two other lookups, so none is missed where one is there.
    """
    for object_ in FROM:
        job = Job(situation, object_)
        if travels(job, System.HUBSPOT) and object_ not in situation.associations_of:
            yield object_, System.HUBSPOT, "associations"
        asked = lookups_of(object_)
        is_there = any(f"_{name}_value" in job.columns(System.DYNAMICS) for name in asked)
        if travels(job, System.DYNAMICS) and not is_there:
            stand_ins = [CUSTOMER] if object_ is Object.DEAL else []
            yield object_, System.DYNAMICS, ", ".join(name for name in asked if name not in stand_ins)


def lookups_of(object_: Object) -> tuple[str, ...]:
    """The columns of Dynamics that bring associations of an object; an opportunity's customer stands in for others."""
    names = tuple(name for holder, name, _ in _LOOKUPS if holder is object_)
    return (*names, CUSTOMER) if object_ is Object.DEAL else names


def lookup_is_blank(job: Job, *names: str) -> nw.Expr:
    """Whether none of these lookups of a Dynamics record says where it points."""
    return nw.coalesce(*(_looked_up(job, name) for name in names)).is_null()


def associations_of(job: Job, to: Object, system: System) -> Frame:
    """from_id, to_id of the associations of one object with another on one side, whatever travels.

    Of HubSpot's with companies the primary ones.
    """
    if system is System.DYNAMICS:
        associations = [
            _of_lookup(Job(job.situation, holder), name, to=end)
            for holder, name, end in _LOOKUPS
            if holder is job.object and end is to
        ]
        return stack(associations).select("from_id", "to_id")
    links = job.situation.tables["hubspot/links"]
    ours = (nw.col("from_object") == job.object.value) & (nw.col("to_object") == to.value)
    counts = nw.col("is_primary").fill_null(value=False) if to is Object.COMPANY else nw.lit(value=True)
    return links.filter(ours & counts).select("from_id", "to_id").unique()


def _of_lookup(job: Job, name: str, *, to: Object | None) -> Frame:
    """The associations of one lookup column; `to` None means that `_name_type` says where it points."""
    value = _looked_up(job, name)
    if to is not None:
        points_there = _target_object(job, CUSTOMER) == to.value
        value = nw.coalesce(value, nw.when(points_there).then(_looked_up(job, CUSTOMER)))
    records = job.records(System.DYNAMICS)
    associations = records.select(
        from_object=nw.lit(job.object.value),
        from_id="id",
        to_object=nw.lit(to.value) if to is not None else _target_object(job, name),
        to_id=value,
        is_primary=nw.lit(value=True),
    )
    return associations.filter(~nw.col("to_id").is_null())


def _looked_up(job: Job, name: str) -> nw.Expr:
    """Where a lookup points; null when it is blank or was not delivered."""
    column = f"_{name}_value"
    is_there = column in job.columns(System.DYNAMICS)
    return job.text(System.DYNAMICS, column) if is_there else no_text()


def _target_object(job: Job, name: str) -> nw.Expr:
    company = nw.lit(Object.COMPANY.value)
    if f"_{name}_type" not in job.columns(System.DYNAMICS):
        return company
    is_contact = job.text(System.DYNAMICS, f"_{name}_type") == "contact"
    return nw.when(is_contact).then(nw.lit(Object.CONTACT.value)).otherwise(company)


def travels(job: Job, system: System) -> bool:
    """Whether records of a side may travel; HubSpot's contacts do as leads, too."""
    if (job.object, system) == (Object.CONTACT, System.HUBSPOT) and draws_contacts(job.situation, Object.LEAD):
        return True
    sync = job.sync
    return sync.enabled and sync.is_source(system) and not job.is_empty(system)


# --- What it meets -----------------------------------------------------------------------------------------------


def _company_pairs(situation: Situation, outcomes: Frame, pairs: Mapping[Object, Frame]) -> Frame:
    """Which companies belong together: their pairs or, with companies off, those that associations find."""
    if Object.COMPANY in pairs:
        return pairs[Object.COMPANY]
    unsynced = unsynced_pairs(situation)
    if unsynced is None:
        return outcomes.head(0).select(hubspot_id="record_id", dynamics_id="record_id")
    return situation.keep(unsynced, "unsynced_company_pairs")


def _reached(situation: Situation, outcomes: Frame, company_pairs: Frame, as_leads: Frame | None) -> Frame:
    """to_system, to_object, to_id of every record an association can be made to."""
    in_sync = outcomes.filter(nw.col("outcome").is_in(IN_SYNC)).select(
        to_system="system", to_object="object", to_id="record_id"
    )
    if as_leads is not None:
        leads = as_leads.select(
            to_id="id", to_system=nw.lit(System.HUBSPOT.value), to_object=nw.lit(Object.CONTACT.value)
        )
        in_sync = in_sync.join(leads, on=["to_system", "to_object", "to_id"], how="anti")
    if situation.sync(Object.COMPANY).enabled:
        return in_sync
    company = nw.lit(Object.COMPANY.value)
    sides = [
        company_pairs.select(to_system=nw.lit(system.value), to_object=company, to_id=f"{system}_id").unique()
        for system in System
    ]
    return stack([in_sync, *sides])


def _sources(outcomes: Frame, system: System, as_leads: Frame | None) -> Frame:
    """from_object, from_id, outcome of one side's records, and lead_only."""
    holds = nw.col("object").is_in([object_.value for object_ in FROM])
    mine = outcomes.filter((nw.col("system") == system.value) & holds)
    sources = mine.select("outcome", from_object="object", from_id="record_id")
    if as_leads is None or system is System.DYNAMICS:
        return sources.with_columns(lead_only=nw.lit(value=False))
    leads = as_leads.select(from_id="id", from_object=nw.lit(Object.CONTACT.value), lead_only=nw.lit(value=True))
    sources = sources.join(leads, on=["from_object", "from_id"], how="left")
    return sources.with_columns(nw.col("lead_only").fill_null(value=False))


def _place(situation: Situation, system: System, associations: Frame, *, sources: Frame, reached: Frame) -> Frame:
    """Associations of the records of `sources`, with from_system and line; all but the disagreement of primary
    companies."""
    there = reached.filter(nw.col("to_system") == system.value).select("to_object", "to_id")
    there = there.with_columns(reaches=nw.lit(value=True))
    associations = associations.join(sources, on=["from_object", "from_id"]).join(
        there, on=["to_object", "to_id"], how="left"
    )
    decided = _tests(situation, system)
    created = companies_created_along(situation, system)
    if created is not None:
        associations = associations.join(created, on=["from_object", "to_object", "to_id"], how="left")
        test = ~nw.col("created_along").is_null() & nw.col("outcome").is_in(IN_SYNC) & ~nw.col("lead_only")
        index = [line for _, line in decided].index(_Line.TARGET_STAYS)
        decided.insert(index, (test, _Line.CREATED_ALONG))
    line = nw.coalesce(*(nw.when(test).then(nw.lit(line.value)) for test, line in decided))
    return associations.select(*_ENDS, from_system=nw.lit(system.value), line=line)


def _tests(situation: Situation, system: System) -> list[tuple[nw.Expr, _Line]]:
    """The table of docs/semantics.md section 8, line by line."""
    is_contact = nw.col("from_object") == Object.CONTACT.value
    is_invoice = nw.col("from_object") == Object.INVOICE.value
    to_company = nw.col("to_object") == Object.COMPANY.value
    stays = ~nw.col("outcome").is_in(IN_SYNC) | (nw.col("lead_only") & to_company)
    not_there = nw.col("reaches").is_null()
    if not situation.sync(Object.COMPANY).enabled and situation.chosen("assoc_deal_company") == "needs_sync":
        not_there = not_there | (to_company & (nw.col("from_object") == Object.DEAL.value))
    tests = [(is_invoice & to_company, _Line.MANUAL)]
    if system is System.HUBSPOT:
        tests.append((to_company & ~nw.col("is_primary"), _Line.NOT_PRIMARY))
        if not draws_contacts(situation, Object.CONTACT):
            tests.append((is_contact & to_company, _Line.SOURCE_STAYS))
    else:
        tests.append((is_contact & ~to_company, _Line.PARENT))
    shadowed = (nw.col("outcome") == "shadowed") & ~is_invoice
    return [
        *tests,
        (shadowed, _Line.SHADOWED),
        (stays, _Line.SOURCE_STAYS),
        (not_there, _Line.TARGET_STAYS),
        (is_invoice, _Line.BY_INVOICE),
        (nw.lit(value=True), _Line.BOTH),
    ]


# --- Disagreement ------------------------------------------------------------------------------------------------


def _settle(situation: Situation, placed: Frame, contact_pairs: Frame, company_pairs: Frame) -> Frame:
    """Drops the loser's company where the two sides name different ones. Source: rule link.primary-disagreement."""
    if situation.chosen("assoc_conflict") != "winner":
        return placed
    sync = situation.sync(Object.CONTACT)
    sources = [system for system in System if sync.is_source(system)]
    winner = sync.conflict_winner if len(sources) > 1 else sources[0]
    candidates = placed.filter(_of_contact_to_company() & (nw.col("line") == _Line.BOTH.value))
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
    dropped = situation.keep(dropped, "links_dropped")
    associations = placed.join(dropped, on=["from_system", "from_id", "to_id"], how="left")
    drops = ~nw.col("drops").is_null() & _of_contact_to_company()
    return associations.with_columns(line=nw.when(drops).then(nw.lit(_Line.APART.value)).otherwise(nw.col("line")))


def _of_contact_to_company() -> nw.Expr:
    return (nw.col("from_object") == Object.CONTACT.value) & (nw.col("to_object") == Object.COMPANY.value)
