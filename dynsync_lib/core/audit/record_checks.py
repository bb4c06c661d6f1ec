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

import narwhals.stable.v2 as nw

from dynsync_lib.core import typed_values
from dynsync_lib.core.audit.measures import Measures, Tables, outcomes_of, records_of, rows_in, with_outcome
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.matching.sides import belongs
from dynsync_lib.core.model import Object, Outcome, Reason, System
from dynsync_lib.core.situation import IN_SYNC, Frame, Situation, draws_contacts, opposite, stack
from dynsync_lib.core.sync.flowing_mappings import flowing, flowing_of, objects_on
from dynsync_lib.core.writing.field_values import column_of, columns_of, with_trimmed
from dynsync_lib.core.writing.record_owners import directory
from dynsync_lib.core.writing.refusals import PERSONS, missing_required, required_columns

_CLOSED_STATES: Final = ("1", "2")
"""Won and lost, of an opportunity's statecode."""
_CLOSED_STAGES: Final = ("closedwon", "closedlost")


def count_leads_beside_contacts(situation: Situation, tables: Tables) -> int | None:
    """Dynamics leads in sync whose e-mail address a Dynamics contact in sync has, too (2.21)."""
    if any(not situation.sync(one).enabled or situation.sync(one).match_mode != "default" for one in PERSONS):
        return 0
    in_sync = (nw.col("system") == System.DYNAMICS.value) & nw.col("outcome").is_in(list(IN_SYNC))
    told = tables["outcomes"].filter(in_sync & ~nw.col("match_key").is_null())
    leads, contacts = (told.filter(nw.col("object") == one.value) for one in (Object.LEAD, Object.CONTACT))
    return rows_in(leads.join(contacts.select("match_key"), on="match_key", how="semi"))


def count_unmatched_creates(situation: Situation, tables: Tables) -> int | None:
    """Records created without a look for twins although both sides hold records: `match_mode = "none"` (2.8)."""
    return sum(
        rows_in(_belonging(situation, tables, object_, system, Outcome.CREATE.value))
        for object_ in (Object.COMPANY, *PERSONS)
        if situation.sync(object_).enabled and situation.sync(object_).match_mode == "none"
        if all(rows_in(records_of(situation, object_, side)) for side in System)
        for system in System
    )


def _belonging(situation: Situation, tables: Tables, object_: Object, system: System, *outcomes: str) -> Frame:
    """id of the records of one side that have one of the outcomes, and belong to the sync of this object."""
    told = with_outcome(tables, object_, system, *outcomes)
    if system is System.DYNAMICS or object_ not in PERSONS:
        return told
    return told.join(routed_records(situation, object_).select("id"), on="id", how="semi")


def count_closed_deals(situation: Situation, tables: Tables, *, system: System) -> int:
    """Deals that are won or lost and stay out because their stage is not paired (2.43)."""
    is_closed = _is_closed(situation.columns(Object.DEAL, system), system)
    return 0 if is_closed is None else _unstaged(situation, tables, system, is_closed)


def _is_closed(delivered: Collection[str], system: System) -> nw.Expr | None:
    """None when nothing that was delivered says so."""
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


def _unstaged(situation: Situation, tables: Tables, system: System, is_closed: nw.Expr) -> int:
    closed = records_of(situation, Object.DEAL, system).filter(is_closed).select("id")
    told = outcomes_of(tables, Object.DEAL, system).filter(nw.col("reason") == Reason.STAGE_UNMAPPED.value)
    return rows_in(closed.join(told.select(id="record_id"), on="id", how="semi"))


def count_business_required(situation: Situation, tables: Tables) -> int | None:
    """HubSpot records that would be created in Dynamics without a business-required column (9.6)."""
    if situation.chosen("app_required") == "fail":
        return 0
    return sum(_lacking(situation, tables, object_) for object_ in objects_on(situation))


# --- Owners ------------------------------------------------------------------------------------------------------


def count_unknown_owners(situation: Situation, tables: Tables, *, system: System) -> int | None:
    """Records of `system` in sync whose owner has no partner; None when the snapshot lacks either side's owners.

    As text only a name travels, and nobody needs a partner.
    """
    owned = [
        (object_, one)
        for object_, one in flowing(situation)
        if one.kinds[system] == "owner" and one.writes_to(opposite(system))
    ]
    if not owned:
        return 0
    as_text = situation.chosen("owner_mode") == "text_only"
    if any(rows_in(directory(situation, side)) == 0 for side in ([system] if as_text else System)):
        return None
    found = [_unpartnered(situation, tables, system, *one, as_text=as_text) for one in owned]
    return rows_in(stack(found).unique())


def _unpartnered(
    situation: Situation, tables: Tables, system: System, object_: Object, judged: JudgedMapping, *, as_text: bool
) -> Frame:
    """id of the records in sync whose mapped owner is nobody on the other side; as text, nobody at all."""
    records = records_of(situation, object_, system)
    kind = judged.owner_type if system is System.DYNAMICS else None
    is_team = nw.lit(value=False) if kind is None else typed_values.trimmed(nw.col(kind)) == "team"
    owner = typed_values.trimmed(nw.col(judged.columns[system]))
    owned = records.select("id", owner=owner, team=is_team.fill_null(value=False))
    owned = owned.filter(~nw.col("owner").is_null())
    owned = owned.join(with_outcome(tables, object_, system, *IN_SYNC), on="id", how="semi")
    people = directory(situation, system)
    known = (people if as_text else people.filter(~nw.col("partner_id").is_null())).select(owner="id")
    found = owned.filter(~nw.col("team")).join(known, on="owner", how="semi").select("id")
    return owned.join(found, on="id", how="anti").select("id")


# --- Required columns --------------------------------------------------------------------------------------------


def _lacking(situation: Situation, tables: Tables, object_: Object) -> int:
    columns = required_columns(situation, object_, "ApplicationRequired")
    flow = [one for one in flowing_of(situation, object_) if one.writes_to(System.DYNAMICS)]
    missing = missing_required(situation, columns, flow)
    if missing is None or not situation.sync(object_).is_source(System.HUBSPOT):
        return 0
    chosen = [nw.col(name).alias(column_of(System.HUBSPOT, name)) for name in columns_of(flow, System.HUBSPOT)]
    records = routed_records(situation, object_).select("id", *chosen)
    created = records.join(with_outcome(tables, object_, System.HUBSPOT, "create"), on="id", how="semi")
    lacking = with_trimmed(situation, created, flow, [System.HUBSPOT]).filter(missing)
    return rows_in(lacking)


def routed_records(situation: Situation, object_: Object) -> Frame:
    """HubSpot's records of an object; contacts that belong to another sync, or to none, are left out (4.6, 4.7)."""
    records = records_of(situation, object_, System.HUBSPOT)
    if object_ not in PERSONS:
        return records
    test = belongs(situation, object_, System.HUBSPOT)
    if test is None:
        drawing = Object.CONTACT if draws_contacts(situation, Object.CONTACT) else Object.LEAD
        test = nw.lit(value=object_ is drawing)
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
