"""Which addresses are taken already: what HubSpot answers with 409, and what duplicate rules find (9.7, 9.14).

Facts
    * HubSpot knows each contact by its primary and its additional addresses, and holds each address once.
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
    """An address that is held: by a HubSpot contact, or (None) by a record that is to be created as well."""

    hubspot_id: str | None


@dataclass(slots=True)
class HeldAddresses:
    """The addresses that HubSpot holds, over contacts and leads, by e-mail key (step 7a).

    `from_the_start` names the contact that has an address; `by_newcomers` are those of persons who come in.
    `not_asked` are the leads that land in a contact that is created, and so need no address of their own.
    """

    from_the_start: dict[str, str] = field(default_factory=dict)
    by_newcomers: set[str] = field(default_factory=set)
    not_asked: frozenset[str] = frozenset()

    def conflict(self, record: Record) -> Conflict | None:
        """Who stands in the way of a Dynamics person that is to be created in HubSpot, or None."""
        key = self._key_asked(record)
        if key is None:
            return None
        if key in self.from_the_start:
            return Conflict(self.from_the_start[key])
        return Conflict(None) if key in self.by_newcomers else None

    def take(self, record: Record) -> None:
        """The person's address is held from now on."""
        key = self._key_asked(record)
        if key is not None:
            self.by_newcomers.add(key)

    def _key_asked(self, record: Record) -> str | None:
        if record.record_id in self.not_asked:
            return None
        return email_key(record.get("emailaddress1"), "lower_trim")


def held_addresses(contacts: Sequence[Record]) -> HeldAddresses:
    """What HubSpot's contacts hold before the sync, given by rank: a primary address goes before an additional one."""
    return HeldAddresses(first_by_additional(contacts) | first_by_address(contacts, "email"))


@dataclass(slots=True)
class AddressBook:
    """Who has an address on the side where a person is to be created. `active`: Dynamics records, first by rank."""

    held: HeldAddresses = field(default_factory=HeldAddresses)
    active: dict[str, str] = field(default_factory=dict)

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
