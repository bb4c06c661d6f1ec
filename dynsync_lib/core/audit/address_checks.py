"""Audit rules about addresses that HubSpot has already: met by an additional one, refused, or written a second time.

Facts
    * HubSpot keeps an address once, over primary and additional ones, and answers 409 to a second (9.14).
    * A record that is to be created so fails (`core.writing.taken_emails`); a write over the address of a matched
      contact is counted here, and fails no record of the forecast: docs/semantics.md, step 7.

Source: rules contact.match-secondary, contact.one-binding, contact.email-conflict.
"""

from __future__ import annotations

from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.audit.measures import (
    Measures,
    landing_in_hubspot,
    number_with,
    of_object,
    outcomes_of,
    records_of_side,
)
from dynsync_lib.core.counting import Count, Tables, total
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import PERSONS, Object, Reason, System
from dynsync_lib.core.situation import Situation, one_row_each, stack

_BY_ADDITIONAL: Final = ("contact.match-secondary", "contact.one-binding")


def count_met_by_additional(persons: Job, tables: Tables) -> Count:
    """Dynamics persons who meet a HubSpot contact by an additional address, or are refused because of one (2.18)."""
    matched = number_with(persons.object, System.DYNAMICS, rule_id=_BY_ADDITIONAL)
    refused = outcomes_of(tables, persons.object, System.DYNAMICS).filter(
        (nw.col("reason") == Reason.EMAIL_CONFLICT.value) & ~nw.col("counterpart_id").is_null()
    )
    addresses = _addresses(persons, refused).join(_primary(persons.situation), on="address", how="anti")
    return total([matched, records_of_side(addresses, persons.object, System.DYNAMICS)])


def count_refused_addresses(persons: Job, tables: Tables) -> Count:
    """Dynamics persons who are refused because HubSpot has their address, or gets it from another one (9.14)."""
    del tables
    return number_with(persons.object, System.DYNAMICS, reason=Reason.EMAIL_CONFLICT.value)


def count_addresses_written_twice(situation: Situation, tables: Tables) -> Count:
    """HubSpot contacts whose address is overwritten with one that another contact has, or gets, too (9.14)."""
    key = typed_values.lowered(typed_values.trimmed(nw.col("new_value")))
    written = landing_in_hubspot(tables["changes"], *PERSONS).filter(nw.col("target_field") == "email")
    written = written.select(id="hubspot_id", address=key).unique()
    held = stack([_held(situation).join(written.select("id"), on="id", how="anti"), _additional(situation)])
    asked = held.join(written.select("address"), on="address", how="semi")
    holders = stack([written, asked]).unique().group_by("address").agg(holders=nw.len())
    several = holders.filter(nw.col("holders") > 1)
    contacts = written.join(several, on="address", how="semi").select("id").unique()
    return records_of_side(contacts, Object.CONTACT, System.HUBSPOT)


def _addresses(job: Job, outcomes: Frame) -> Frame:
    """id, address of the records of these outcomes."""
    records = job.records(System.DYNAMICS).select("id", address="email_key")
    return records.join(outcomes.select(id="record_id"), on="id", how="semi")


def _primary(situation: Situation) -> Frame:
    """The address of every HubSpot contact that has one."""
    return _held(situation).select("address")


def _held(situation: Situation) -> Frame:
    """id, address of every HubSpot contact that has one."""
    contacts = Job(situation, Object.CONTACT).records(System.HUBSPOT).select("id", address="email_key")
    return contacts.filter(~nw.col("address").is_null())


def _additional(situation: Situation) -> Frame:
    """id, address of every additional address of HubSpot's contacts."""
    listed = Job(situation, Object.CONTACT).records(System.HUBSPOT).select("id", address="secondary_email_keys")
    return one_row_each(listed, "address")


MEASURES: Final[Measures] = {
    "addresses_written_twice": count_addresses_written_twice,
    **{
        f"{name}_of_{object_}s": of_object(object_, measure)
        for object_ in PERSONS
        for name, measure in (
            ("met_by_additional", count_met_by_additional),
            ("refused_addresses", count_refused_addresses),
        )
    },
}
