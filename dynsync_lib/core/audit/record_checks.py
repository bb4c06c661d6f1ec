"""Audit rules about records that lack something on the other side: a partner for an owner, a required value.

Facts
    * Each measure looks at mappings that really flow; where nothing of the kind is mapped, it counts nothing.
    * None means that the snapshot lacks what the question needs; the finding then says so in grey.

Not modelled
    * Closed stages of a pipeline of one's own, where the file has no `hs_is_closed`: only HubSpot's two are known.

Source: rules field.owner-by-email, field.required, lead.contact-overlap, record.matching-mode, deal.stage-unmapped.
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.audit.measures import Measures, named_in_outcomes, outcomes_of, records_of_side, with_outcome
from dynsync_lib.core.counting import Count, Question, Tables, combined, known, records_in, rows_of, table_rows, total
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.matching.sides import belongs
from dynsync_lib.core.model import PERSONS, Object, Outcome, Reason, System
from dynsync_lib.core.situation import IN_SYNC, Situation, draws_contacts, stack
from dynsync_lib.core.sync.flowing_mappings import flowing, objects_on
from dynsync_lib.core.writing.field_values import column_of, columns_of, with_trimmed
from dynsync_lib.core.writing.record_owners import directory
from dynsync_lib.core.writing.refusals import missing_required, required_columns

_CLOSED_STATES: Final = ("1", "2")
"""Won and lost, of an opportunity's statecode."""
_CLOSED_STAGES: Final = ("closedwon", "closedlost")


def count_leads_beside_contacts(situation: Situation, tables: Tables) -> Count:
    """Dynamics leads in sync whose e-mail address a Dynamics contact in sync has, too (2.21)."""
    persons = [situation.sync(person) for person in PERSONS]
    if any(not sync.enabled or sync.match_mode != "default" for sync in persons):
        return known(0)
    in_sync = (nw.col("system") == System.DYNAMICS.value) & nw.col("outcome").is_in(list(IN_SYNC))
    keyed = tables["outcomes"].filter(in_sync & ~nw.col("match_key").is_null())
    contacts, leads = (keyed.filter(nw.col("object") == person.value) for person in PERSONS)
    return table_rows("outcomes", leads.join(contacts.select("match_key"), on="match_key", how="semi"))


def count_unmatched_creates(situation: Situation, tables: Tables) -> Count:
    """Records created without a look for twins although both sides hold records: `match_mode = "none"` (2.8)."""
    syncs = {object_: situation.sync(object_) for object_ in (Object.COMPANY, *PERSONS)}
    unmatched = [object_ for object_, sync in syncs.items() if sync.enabled and sync.match_mode == "none"]
    return total(_creates_beside_others(Job(situation, object_), tables) for object_ in unmatched)


def _creates_beside_others(job: Job, tables: Tables) -> Question[int]:
    """The created records of an object, 0 where one of the two sides holds none of its kind."""
    sizes = [rows_of(job.records(system)) for system in System]
    created = total(records_of_side(_created(job, tables, system), job.object, system) for system in System)
    return combined(
        [*sizes, created],
        lambda counts: counts[-1] if all(counts[:-1]) else 0,
        lambda counts: [len(sizes)] if all(counts[:-1]) else [],
    )


def _created(job: Job, tables: Tables, system: System) -> Frame:
    """id of the records of one side that are created on the other by the sync of this object."""
    created = with_outcome(tables, job.object, system, Outcome.CREATE.value)
    if system is System.DYNAMICS or not job.is_about_persons:
        return created
    return created.join(routed_records(job).select("id"), on="id", how="semi")


def count_closed_deals(situation: Situation, tables: Tables, *, system: System) -> Count:
    """Deals that are won or lost and stay out because their stage is not paired (2.43)."""
    is_closed = _is_closed(situation.columns(Object.DEAL, system), system)
    if is_closed is None:
        return known(0)
    return records_of_side(_unstaged(situation, tables, system, is_closed), Object.DEAL, system)


def _is_closed(delivered: Collection[str], system: System) -> nw.Expr | None:
    """Whether a deal is won or lost; None when no column that says so was delivered."""
    if system is System.DYNAMICS:
        states = typed_values.trimmed(nw.col("statecode")).is_in(_CLOSED_STATES).fill_null(value=False)
        return states if "statecode" in delivered else None
    if "dealstage" not in delivered:
        return None
    is_closed = typed_values.trimmed(nw.col("dealstage")).is_in(_CLOSED_STAGES).fill_null(value=False)
    if "hs_is_closed" in delivered:
        is_closed = is_closed | (typed_values.truth(typed_values.trimmed(nw.col("hs_is_closed"))) == "true").fill_null(
            value=False
        )
    return is_closed


def _unstaged(situation: Situation, tables: Tables, system: System, is_closed: nw.Expr) -> Frame:
    """id of the closed deals of one side whose stage has no partner."""
    closed = Job(situation, Object.DEAL).records(system).filter(is_closed).select("id")
    unstaged = outcomes_of(tables, Object.DEAL, system).filter(nw.col("reason") == Reason.STAGE_UNMAPPED.value)
    return closed.join(unstaged.select(id="record_id"), on="id", how="semi")


def count_business_required(situation: Situation, tables: Tables) -> Count:
    """HubSpot records that would be created in Dynamics without a business-required column (9.6)."""
    if situation.chosen("app_required") == "fail":
        return known(0)
    lacking = {object_: _lacking(Job(situation, object_), tables) for object_ in objects_on(situation)}
    return total(
        records_of_side(records, object_, System.HUBSPOT) for object_, records in lacking.items() if records is not None
    )


# --- Owners ------------------------------------------------------------------------------------------------------


def count_unknown_owners(situation: Situation, tables: Tables, *, system: System) -> Count:
    """Records of `system` in sync whose owner has no partner; None when the snapshot lacks either side's owners.

    With `owner_mode = text_only` only a name travels, and no partner is needed.
    """
    owned = [
        (object_, judged)
        for object_, judged in flowing(situation)
        if judged.kinds[system] == "owner" and judged.writes_to(system.other)
    ]
    if not owned:
        return known(0)
    as_text = situation.chosen("owner_mode") == "text_only"
    people = [rows_of(directory(situation, side)) for side in ([system] if as_text else System)]
    unpartnered = [
        _unpartnered(Job(situation, object_), tables, system, judged, as_text=as_text) for object_, judged in owned
    ]
    cells = {"object": nw.col("object"), "record_id": nw.col("id")}
    records = records_in(stack(unpartnered).unique(), system=system, **cells)
    return combined(
        [*people, records],
        lambda counts: counts[-1] if all(counts[:-1]) else None,
        lambda counts: [len(people)] if all(counts[:-1]) else [],
    )


def _unpartnered(job: Job, tables: Tables, system: System, judged: JudgedMapping, *, as_text: bool) -> Frame:
    """id, object of in-sync records of `system` whose owner has no user of the same e-mail address on the other side.

    With `as_text`: whose owner is not even among the owners (users) of `system` itself. A team is never a user.
    """
    records = job.records(system)
    kind = judged.owner_type if system is System.DYNAMICS else None
    is_team = nw.lit(value=False) if kind is None else typed_values.trimmed(nw.col(kind)) == "team"
    owner = typed_values.trimmed(nw.col(judged.columns[system]))
    owned = records.select("id", owner=owner, team=is_team.fill_null(value=False))
    owned = owned.filter(~nw.col("owner").is_null())
    owned = owned.join(with_outcome(tables, job.object, system, *IN_SYNC), on="id", how="semi")
    people = directory(job.situation, system)
    partnered = (people if as_text else people.filter(~nw.col("partner_id").is_null())).select(owner="id")
    fine = owned.filter(~nw.col("team")).join(partnered, on="owner", how="semi").select("id")
    unpartnered = owned.join(fine, on="id", how="anti")
    return unpartnered.select("id", object=nw.lit(named_in_outcomes(job.object, system)))


# --- Required columns --------------------------------------------------------------------------------------------


def _lacking(job: Job, tables: Tables) -> Frame | None:
    """The created HubSpot records of an object that leave a business-required column empty; None when none can."""
    columns = required_columns(job, "ApplicationRequired")
    flow = [judged for judged in job.flowing if judged.writes_to(System.DYNAMICS)]
    missing = missing_required(job, columns, flow)
    if missing is None or not job.is_source(System.HUBSPOT):
        return None
    chosen = [nw.col(name).alias(column_of(System.HUBSPOT, name)) for name in columns_of(flow, System.HUBSPOT)]
    records = routed_records(job).select("id", *chosen)
    created = records.join(with_outcome(tables, job.object, System.HUBSPOT, "create"), on="id", how="semi")
    return with_trimmed(job.situation, created, flow, [System.HUBSPOT]).filter(missing)


def routed_records(job: Job) -> Frame:
    """HubSpot's records of an object; contacts that belong to another sync, or to none, are left out (4.6, 4.7)."""
    records = job.records(System.HUBSPOT)
    if not job.is_about_persons:
        return records
    test = belongs(job, System.HUBSPOT)
    if test is None:
        drawing = Object.CONTACT if draws_contacts(job.situation, Object.CONTACT) else Object.LEAD
        test = nw.lit(value=job.object is drawing)
    return records.with_columns(belongs=test).filter(nw.col("belongs")).drop("belongs")


MEASURES: Final[Measures] = {
    "business_required": count_business_required,
    "closed_deals_of_dynamics": functools.partial(count_closed_deals, system=System.DYNAMICS),
    "closed_deals_of_hubspot": functools.partial(count_closed_deals, system=System.HUBSPOT),
    "leads_beside_contacts": count_leads_beside_contacts,
    "unknown_owners_of_dynamics": functools.partial(count_unknown_owners, system=System.DYNAMICS),
    "unknown_owners_of_hubspot": functools.partial(count_unknown_owners, system=System.HUBSPOT),
    "unmatched_creates": count_unmatched_creates,
}
