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

import narwhals.stable.v2 as nw

from dynsync_lib.core.matching.sides import ranked
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Frame, Situation, inactive, one_row_each, stack
from dynsync_lib.core.tables import record_table
from dynsync_lib.core.writing.refusals import NUMBER_OF, PERSONS


def conflicts_of_creates(situation: Situation, object_: Object, system: System, creates: Frame) -> Frame:
    """id, refusal (place in REFUSALS), counterpart_id of those new persons whose address is taken, one row each.

    `creates` has id and rank of the records of `system` that are to be created on the other side, and `address` where
    they are matched by it: then no two have the same, since only the owner of a key is created. The counterpart is the
    record that has the address; null when it is another new one.
    """
    nobody = creates.head(0).select("id", refusal=nw.lit(0, dtype=nw.Int64), counterpart_id="id")
    if object_ not in PERSONS:
        return nobody
    is_distinct = "address" in creates.collect_schema().names()
    known = creates.filter(~nw.col("address").is_null()) if is_distinct else None
    asked = known if known is not None else _with_addresses(situation, object_, system, creates)
    if system is System.DYNAMICS:
        return _taken_in_hubspot(situation, object_, asked, is_distinct=is_distinct)
    if situation.chosen("dv_dup_rules") == "true":
        return _taken_in_dynamics(situation, object_, asked)
    return nobody


def _with_addresses(situation: Situation, object_: Object, system: System, creates: Frame) -> Frame:
    """id, rank, address of the new persons that have one."""
    table = situation.tables[record_table(object_, system).name]
    addresses = table.select("id", address="email_key").filter(~nw.col("address").is_null())
    return creates.select("id", "rank").join(addresses, on="id")


def _taken_in_hubspot(situation: Situation, object_: Object, asked: Frame, *, is_distinct: bool) -> Frame:
    number = NUMBER_OF["contact.email-conflict"]
    wanted = asked.select("address")
    holders = [one.join(wanted, on="address", how="semi") for one in _hubspot_holders(situation)]
    held = situation.keep(_first_holder(situation.keep(stack(holders), "address_holders")), f"{object_}_addresses_held")
    taken = asked.join(held, on="address").select("id", refusal=nw.lit(number), counterpart_id="holder_id")
    if is_distinct:
        return situation.keep(taken, f"{object_}_address_conflicts")
    free = asked.join(held, on="address", how="anti")
    first = free.group_by("address").agg(first=nw.col("rank").min())
    later = free.join(first, on="address").filter(nw.col("rank") > nw.col("first"))
    rivals = later.select("id", refusal=nw.lit(number), counterpart_id=nw.lit(None, dtype=nw.String))
    return situation.keep(stack([taken, rivals]), f"{object_}_address_conflicts")


def _hubspot_holders(situation: Situation) -> Iterator[Frame]:
    """address, turn (primary addresses first, then by rank), holder_id of every address HubSpot's contacts have."""
    table = record_table(Object.CONTACT, System.HUBSPOT)
    contacts = ranked(situation.tables[table.name], table, situation.chosen("first_record_order"))
    primary = contacts.select(address="email_key", place=nw.lit(0), rank="rank", holder_id="id")
    yield primary.filter(~nw.col("address").is_null())
    if situation.chosen("secondary_email") != "ignore":
        listed = contacts.select(address="secondary_email_keys", rank="rank", holder_id="id")
        additional = one_row_each(listed, "address").select("address", "rank", "holder_id", place=nw.lit(1))
        yield additional.select("address", "place", "rank", "holder_id")


def _first_holder(held: Frame) -> Frame:
    """address, holder_id: the first of each address."""
    first = held.group_by("address").agg(nw.col("place").min())
    by_place = held.join(first, on=["address", "place"], how="semi")
    earliest = by_place.group_by("address").agg(nw.col("rank").min())
    chosen = by_place.join(earliest, on=["address", "rank"], how="semi")
    return chosen.group_by("address").agg(holder_id=nw.col("holder_id").min())


def _taken_in_dynamics(situation: Situation, object_: Object, asked: Frame) -> Frame:
    number = NUMBER_OF["record.duplicate-rules"]
    table = record_table(object_, System.DYNAMICS)
    records = ranked(situation.tables[table.name], table, situation.chosen("first_record_order"))
    active = records.filter(~inactive(situation, object_) & ~nw.col("email_key").is_null())
    held = _first_holder(active.select(address="email_key", place=nw.lit(0), rank="rank", holder_id="id"))
    return asked.join(held, on="address").select("id", refusal=nw.lit(number), counterpart_id="holder_id")
