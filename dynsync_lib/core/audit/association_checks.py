"""Audit rules about associations: what must be done by hand, what stays behind, what is written over.

Facts
    * HubSpot associates an invoice with a contact by itself, with a company nobody does (6.7).
    * Dynamics has one parent and no labels; what is not the primary company, or has a label, stays behind (6.4, 6.5).
    * A company that would be written into an inactive contact is a write that Dynamics refuses; of associations no page
      says so, so they are counted and named as not checked.
    * Where the winner's own parent does not sync, the other side's company takes its place: no value can travel that
      would keep it there (6.10; docs/semantics.md section 8).

Not modelled
    * Associations that HubSpot has already beside those that the sync writes, against the limit of one record; limits
      that an administrator set (F14).

Source: rules link.association-limit, link.invoice-company-manual, link.invoice-contact-auto, link.primary-only,
link.primary-disagreement, record.inactive-readonly.
"""

from __future__ import annotations

from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.audit.measures import Measures, outcomes_of, records_of_side, with_outcome
from dynsync_lib.core.counting import Count, Number, Question, Tables, known, records_in, table_rows, total
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import LinkStatus, Object, System
from dynsync_lib.core.record_rows import text_of
from dynsync_lib.core.situation import IN_SYNC, Situation
from dynsync_lib.core.tables import LINKS_IN

_PARENT: Final = "_parentcustomerid_value"
_LOST: Final = (LinkStatus.TARGET_NOT_SYNCED.value, LinkStatus.PARENT_IS_CONTACT.value)


def count_invoices_by_hand(situation: Situation, tables: Tables) -> Count:
    """Invoices in sync whose company must be associated by hand."""
    del situation
    return invoices_by_hand(tables)


def invoices_by_hand(tables: Tables) -> Question[int]:
    """The associations of invoices in sync with companies that somebody must make by hand (6.7)."""
    by_hand = tables["links"].filter((nw.col("from_object") == Object.INVOICE.value) & (nw.col("status") == "manual"))
    in_sync = with_outcome(tables, Object.INVOICE, System.DYNAMICS, *IN_SYNC)
    return table_rows("links", by_hand.join(in_sync.select(from_id="id"), on="from_id", how="semi"))


def count_invoices_of_nobody(situation: Situation, tables: Tables) -> Count:
    """Invoices that HubSpot gets and associates with no contact: their customer is an account, or does not sync."""
    del situation
    is_ours = (nw.col("from_system") == System.DYNAMICS.value) & (nw.col("from_object") == Object.INVOICE.value)
    to_contact = is_ours & (nw.col("to_object") == Object.CONTACT.value) & (nw.col("status") == "synced")
    associated = tables["links"].filter(to_contact).select(id="from_id")
    in_sync = with_outcome(tables, Object.INVOICE, System.DYNAMICS, *IN_SYNC)
    return records_of_side(in_sync.join(associated, on="id", how="anti"), Object.INVOICE, System.DYNAMICS)


def count_labels_left_behind(situation: Situation, tables: Tables) -> Count:
    """Labelled associations with a company of HubSpot records in sync; Dynamics has no place for a label (6.5)."""
    label = typed_values.lowered(typed_values.trimmed(nw.col("label")))
    has_label = ~label.is_null() & (label != "primary").fill_null(value=True)
    labelled = situation.tables[LINKS_IN.name].filter(has_label & (nw.col("to_object") == Object.COMPANY.value))
    detail = text_of("to ", nw.col("to_object"), " ", nw.col("to_id"), ": ", nw.col("label"))
    staying = []
    for object_ in (Object.CONTACT, Object.DEAL):
        ours = labelled.filter(nw.col("from_object") == object_.value).select(
            "to_object", "to_id", "label", id="from_id"
        )
        in_sync = ours.join(with_outcome(tables, object_, System.HUBSPOT, *IN_SYNC), on="id", how="semi")
        staying.append(records_of_side(in_sync, object_, System.HUBSPOT, detail))
    return total(staying)


def count_parents_written_over(situation: Situation, tables: Tables) -> Count:
    """Matched contacts whose parent on the winner's side does not sync, and gives way to the loser's company."""
    contact = situation.sync(Object.CONTACT)
    if not contact.enabled or not all(contact.is_source(system) for system in System):
        return known(0)
    winner = System(contact.conflict_winner)
    loser = winner.other
    pairs = outcomes_of(tables, Object.CONTACT, winner).filter(nw.col("outcome").is_in(["update", "link"]))
    pairs = pairs.select(id="record_id", counterpart_id="counterpart_id").filter(~nw.col("counterpart_id").is_null())
    lost = _parents(tables, winner, *_LOST)
    brought = _parents(tables, loser, LinkStatus.SYNCED.value).select(counterpart_id="id")
    over = pairs.join(lost, on="id", how="semi").join(brought, on="counterpart_id", how="semi")
    return records_of_side(over, Object.CONTACT, winner)


def count_ends_not_in_the_data(situation: Situation, tables: Tables) -> Count:
    """Associations that lead to a record which is not in the data, and which count as lost for that."""
    del situation
    lost = tables["links"].filter(nw.col("status") == LinkStatus.TARGET_NOT_SYNCED.value)
    is_contact = (nw.col("object") == Object.LEAD.value) & (nw.col("system") == System.HUBSPOT.value)
    object_ = nw.when(is_contact).then(nw.lit(Object.CONTACT.value)).otherwise(nw.col("object"))
    there = tables["outcomes"].select(from_system="system", to_object=object_, to_id="record_id")
    return table_rows("links", lost.join(there, on=["from_system", "to_object", "to_id"], how="anti"))


def count_into_inactive(situation: Situation, tables: Tables) -> Count:
    """Companies that would be written into an inactive Dynamics contact, which is read-only (3.13).

    Whether the sync tries to, and what becomes of the record then, nobody says; `links` has them as synced.
    """
    job = Job(situation, Object.CONTACT)
    if not job.sync.enabled or not {_PARENT, "statecode"} <= job.columns(System.DYNAMICS):
        return known(0)
    inactive = job.records(System.DYNAMICS).filter(job.inactive()).select(counterpart_id="id", parent=_PARENT)
    contacts, companies = (
        outcomes_of(tables, object_, System.HUBSPOT).select("counterpart_id", id="record_id")
        for object_ in (Object.CONTACT, Object.COMPANY)
    )
    is_ours = (nw.col("from_system") == System.HUBSPOT.value) & (nw.col("from_object") == Object.CONTACT.value)
    is_synced = (nw.col("to_object") == Object.COMPANY.value) & (nw.col("status") == LinkStatus.SYNCED.value)
    written = tables["links"].filter(is_ours & is_synced).select("to_id", id="from_id")
    into_inactive = written.join(contacts, on="id").join(inactive, on="counterpart_id")
    accounts = companies.select(to_id="id", account="counterpart_id")
    compared = into_inactive.join(accounts, on="to_id", how="left")
    stands_there = (nw.col("parent") == nw.col("account")).fill_null(value=False)
    return records_in(
        compared.filter(~stands_there),
        system=System.DYNAMICS,
        object=Object.CONTACT,
        record_id=nw.col("counterpart_id"),
        counterpart_id=nw.col("id"),
        detail=text_of("to company ", nw.col("to_id")),
    )


def count_above_limit(situation: Situation, tables: Tables) -> Count:
    """Associations written to one HubSpot record above what it may have with one type of object (9.20, F14)."""
    limit = situation.rulebook.limits["hubspot"]["record_associations"]["value"]
    is_written = nw.col("status").is_in([LinkStatus.SYNCED.value, LinkStatus.AUTO_CREATED.value])
    ours = tables["links"].filter(is_written & (nw.col("from_system") == System.DYNAMICS.value))
    sizes = ours.group_by("from_object", "to_object", "to_id").agg(size=nw.len())
    above = (nw.col("size").cast(nw.Int64) - limit).sum()
    beyond = table_rows("links", _beyond(ours, sizes.filter(nw.col("size") > limit), limit))
    return Question((Number(sizes.filter(nw.col("size") > limit), above),), sum, beyond.lists)


def _beyond(links: Frame, crowded: Frame, limit: int) -> Frame:
    """The associations of crowded records that come after the first `limit`, by the ids of the other ends."""
    ends = ["from_object", "to_object", "to_id"]
    position = nw.col("from_id").rank("ordinal").over(*ends)
    return links.join(crowded, on=ends, how="semi").with_columns(position=position).filter(nw.col("position") > limit)


def _parents(tables: Tables, system: System, *statuses: str) -> Frame:
    """id of the contacts of one side that have a parent association of one of the statuses."""
    ours = (nw.col("from_system") == system.value) & (nw.col("from_object") == Object.CONTACT.value)
    to_parent = nw.col("to_object").is_in([Object.COMPANY.value, Object.CONTACT.value])
    return tables["links"].filter(ours & to_parent & nw.col("status").is_in(list(statuses))).select(id="from_id")


MEASURES: Final[Measures] = {
    "associations_above_limit": count_above_limit,
    "associations_into_inactive": count_into_inactive,
    "associations_to_nowhere": count_ends_not_in_the_data,
    "invoices_by_hand": count_invoices_by_hand,
    "invoices_of_nobody": count_invoices_of_nobody,
    "labels_left_behind": count_labels_left_behind,
    "parents_written_over": count_parents_written_over,
}
