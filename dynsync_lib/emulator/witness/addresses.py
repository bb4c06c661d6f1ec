"""Which addresses are taken already: what HubSpot answers with 409, and what duplicate rules find (9.7, 9.14).

Facts
    * HubSpot knows each contact by its primary and its additional addresses.
    * Addresses are compared as HubSpot does, whatever `email_norm` says.

Where it is used: `emulator.witness.records`, `emulator.witness.refusals`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dynsync_lib.emulator.witness.text_values import email_key
from dynsync_lib.emulator.witness.witness_store import Record


@dataclass(frozen=True, slots=True)
class Conflict:
    """An address that is taken: by a HubSpot contact, or (None) by a record that is to be created as well."""

    hubspot_id: str | None


@dataclass(slots=True)
class AddressBook:
    """Who has an address. Each mapping names, per e-mail key, the first record by rank."""

    primary: dict[str, str] = field(default_factory=dict)
    additional: dict[str, str] = field(default_factory=dict)
    active: dict[str, str] = field(default_factory=dict)
    to_be_created: dict[str, str] = field(default_factory=dict)

    def conflict(self, record: Record) -> Conflict | None:
        """Who stands in the way of a Dynamics person that is to be created in HubSpot, or None."""
        key = email_key(record.get("emailaddress1"), "lower_trim")
        if key is None:
            return None
        taken_by = self.primary.get(key) or self.additional.get(key)
        if taken_by is not None:
            return Conflict(taken_by)
        return None if self.to_be_created.get(key, record.record_id) == record.record_id else Conflict(None)

    def active_twin(self, record: Record) -> str | None:
        """The active Dynamics record with the address of a HubSpot person, or None."""
        return self.active.get(email_key(record.get("email"), "lower_trim") or "")


def first_by_address(records: Iterable[Record], name: str) -> dict[str, str]:
    """The first record of each address."""
    found: dict[str, str] = {}
    for record in records:
        key = email_key(record.get(name), "lower_trim")
        if key is not None:
            found.setdefault(key, record.record_id)
    return found


def first_by_additional(contacts: Sequence[Record]) -> dict[str, str]:
    """The first contact of each additional address."""
    found: dict[str, str] = {}
    for contact in contacts:
        for key in additional_keys(contact, "lower_trim"):
            found.setdefault(key, contact.record_id)
    return found


def additional_keys(contact: Record, norm: str) -> list[str]:
    """The e-mail keys of a HubSpot contact's additional addresses."""
    addresses = (contact.get("hs_additional_emails") or "").split(";")
    keys = (email_key(address, norm) for address in addresses)
    return [key for key in keys if key is not None]
