"""Who owns a record, in both systems' terms (5.17, 5.18, Q19).

Facts
    * An owner is found by e-mail; teams have none, so they are found nowhere.
    * A record's owner counts even when archived or disabled; only active ones are written.

Where it is used: `emulator.witness.compare`, `emulator.witness.object_job`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dynsync_lib.core.model import System
from dynsync_lib.emulator.witness.plan import PlanField
from dynsync_lib.emulator.witness.text_values import email_key, trim
from dynsync_lib.emulator.witness.witness_store import Person, Record, Store


@dataclass(frozen=True, slots=True)
class OwnerBook:
    """HubSpot's owners and Dynamics' users, in the order of delivery."""

    people: Mapping[System, Sequence[Person]]

    def owner_of(self, record: Record, field: PlanField) -> Person | None:
        """The person a record's owner field names; None when it names a team, or nobody who is there."""
        if record.system is System.HUBSPOT:
            owner_id = trim(record.get(field.name))
        elif trim(record.get(f"_{field.name}_type")) == "team":
            return None
        else:
            owner_id = trim(record.get(f"_{field.name}_value"))
        return next((one for one in self.people[record.system] if one.person_id == owner_id), None)

    def twin_of(self, person: Person | None, target: System) -> Person | None:
        """The first active person of the other side with the same address, or None."""
        address = None if person is None else address_of(person)
        if address is None:
            return None
        return next((one for one in self.people[target] if one.is_active and address_of(one) == address), None)


def owner_book(store: Store) -> OwnerBook:
    """The owners and users of a store."""
    return OwnerBook({side: tuple(store.people(side)) for side in System})


def address_of(person: Person) -> str | None:
    """The e-mail key by which owners are compared."""
    return email_key(person.address, "lower_trim")
