"""Addresses that are taken: why a person who is to be created is refused although the record itself is in order.

Facts
    * HubSpot keeps an address once, over primary and additional ones, and answers 409 to a second (9.14).
    * Of several new contacts with one address the first by rank is created, the others are refused.
    * Dynamics refuses a second active record of an address only where its duplicate rules are asked (9.7).

Not modelled
    * Duplicate rules of an environment other than the shipped one by e-mail address.
    * Writes over the address of a matched contact: whether the holder gives it up in the same run nobody says;
      `core.audit.address_checks` counts them.

Source: rules contact.email-conflict, record.duplicate-rules; docs/semantics.md step 7.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core.conditions import negate, rows_where
from dynsync_lib.core.job import Job
from dynsync_lib.core.matching.first_records import first_of_each
from dynsync_lib.core.matching.sides import ranked
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Frame, Situation, one_row_each, stack
from dynsync_lib.core.tables import record_table
from dynsync_lib.core.typed_values import NO_TEXT
from dynsync_lib.core.writing.refusals import NUMBER_OF

_BEHIND_PRIMARY: Final = 2**40
"""Added to the rank of an additional address, so that it comes behind every primary one."""


def conflicts_of_creates(job: Job, system: System, creates: Frame) -> Frame:
    """id, refusal (index in REFUSALS), counterpart_id of those new persons whose address is taken, one row each.

    `creates` has id and rank of the records of `system` that are to be created on the other side. The counterpart is
    the record that has the address; null when it is another new one.
    """
    table = job.records(system)
    columns = [*job.by, "id"]
    addresses = table.select(*columns, address="email_key").filter(~nw.col("address").is_null())
    asked = creates.select(*columns, "rank").join(addresses, on=columns)
    return conflicts_of_addresses(job, system, asked, is_distinct=False)


def conflicts_of_addresses(job: Job, system: System, asked: Frame, *, is_distinct: bool) -> Frame:
    """As `conflicts_of_creates`, of id, rank and address; `is_distinct`: no two of them have the same address."""
    if system is System.DYNAMICS:
        return _taken_in_hubspot(job, asked, is_distinct=is_distinct)
    return _taken_in_dynamics(job, rows_where(asked, job.chooses("dv_dup_rules", "true")))


def _taken_in_hubspot(job: Job, asked: Frame, *, is_distinct: bool) -> Frame:
    by, number = list(job.by), nw.lit(NUMBER_OF["contact.email-conflict"])
    on = [*by, "address"]
    wanted = asked.select(*on)
    holders = [holder.join(wanted, on=on, how="semi") for holder in _hubspot_holders(job.situation)]
    held = _first_holder(job.situation, job.keep(stack(holders), "address_holders"))
    held = job.keep(held, f"{job.object}_addresses_held")
    taken = asked.join(held, on=on).select(*by, "id", refusal=number, counterpart_id="holder_id")
    if is_distinct:
        return job.keep(taken, f"{job.object}_address_conflicts")
    free = asked.join(held, on=on, how="anti")
    first = first_of_each(free, on, "rank").select(*on, first="rank")
    later = free.join(first, on=on).filter(nw.col("rank") > nw.col("first"))
    rivals = later.select(*by, "id", refusal=number, counterpart_id=NO_TEXT)
    return job.keep(stack([taken, rivals]), f"{job.object}_address_conflicts")


def _hubspot_holders(situation: Situation) -> Iterator[Frame]:
    """address, turn, holder_id of every address that HubSpot's contacts have; the first holder has the lowest turn:
    primary addresses before additional ones, then by rank.
    """
    contacts = ranked(situation, record_table(Object.CONTACT, System.HUBSPOT))
    columns = [*situation.by, "address", "turn", "holder_id"]
    primary = contacts.select(*situation.by, address="email_key", turn="rank", holder_id="id")
    yield primary.filter(~nw.col("address").is_null()).select(*columns)
    counts = negate(situation.chooses("secondary_email", "ignore"))
    if counts is not False:
        turn = nw.col("rank") + nw.lit(_BEHIND_PRIMARY)
        listed = rows_where(contacts, counts).select(
            *situation.by, address="secondary_email_keys", turn=turn, holder_id="id"
        )
        yield one_row_each(listed, "address").select(*columns)


def _first_holder(situation: Situation, held: Frame) -> Frame:
    """address, holder_id: the first of each address; of a contact that lists an address twice one row."""
    on = [*situation.by, "address"]
    earliest = first_of_each(held, on, "turn")
    return earliest.group_by(*on).agg(holder_id=nw.col("holder_id").min())


def _taken_in_dynamics(job: Job, asked: Frame) -> Frame:
    on, number = [*job.by, "address"], nw.lit(NUMBER_OF["record.duplicate-rules"])
    records = ranked(job.situation, job.table(System.DYNAMICS))
    active = records.filter(~job.inactive() & ~nw.col("email_key").is_null())
    columns = {"address": "email_key", "turn": "rank", "holder_id": "id"}
    held = _first_holder(job.situation, active.select(*job.by, **columns))
    return asked.join(held, on=on).select(*job.by, "id", refusal=number, counterpart_id="holder_id")
