"""What must be unique in HubSpot: a contact's addresses, and properties with unique values (portal-apis 2.9, 3.3).

Facts
    * A contact's e-mail collides with the primary and additional addresses of all others. Creating answers 409 with the
      id that is there; changing answers 400 with both ids.
    * Companies are not unique by domain or name over the API.
    * A property with unique values answers 400 with both ids.

Where it is used: `emulator.hubspot.record_writes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dynsync_lib.emulator.calls import Call, Refusal
from dynsync_lib.emulator.hubspot.errors import hubspot_error
from dynsync_lib.emulator.hubspot.names import Kind
from dynsync_lib.emulator.hubspot.records import unique_names
from dynsync_lib.emulator.store.database import fold, quoted
from dynsync_lib.emulator.store.records import ADDRESSES, Store

EMAILS = ("email", "hs_additional_emails")


@dataclass(frozen=True, slots=True)
class Collision:
    """A value that another record has already: the property, the value, and the id of that record."""

    name: str
    value: str
    other_id: str


def find_collision(
    store: Store, kind: Kind, values: Mapping[str, str | None], *, own_id: str | None
) -> Collision | None:
    """The first of these values that must be unique and that another record than `own_id` has; None when there is
    none."""
    for name, value in _unique_values(store, kind, values):
        ids = _owners_of_address(store, value) if name in EMAILS else _owners_of_value(store, kind, name, value)
        other = next((id_ for id_ in ids if id_ != own_id), None)
        if other is not None:
            return Collision(name, value, other)
    return None


def already_exists(call: Call, kind: Kind, collision: Collision) -> Refusal:
    """409 for a new record whose address another has; the message names its id."""
    message = f"{kind.singular.capitalize()} already exists. Existing ID: {collision.other_id}"
    return Refusal(hubspot_error(call, 409, message, category="CONFLICT"))


def already_has(call: Call, kind: Kind, collision: Collision, *, own_id: str, portal_id: int) -> Refusal:
    """400 for a value that another record has."""
    message = (
        f"Cannot set PropertyValueCoordinates{{portalId={portal_id}, objectTypeId=ObjectTypeId{{legacyObjectType="
        f"{kind.singular.upper()}}}, propertyName={collision.name}, value={collision.value}}} on {own_id}. "
        f"{collision.other_id} already has that value."
    )
    return Refusal(hubspot_error(call, 400, message, category="VALIDATION_ERROR"))


def addresses_of(values: Mapping[str, str | None]) -> list[str]:
    """The addresses of a contact: primary, then additional ones."""
    texts = (values.get("email"), *(values.get("hs_additional_emails") or "").split(";"))
    return list(dict.fromkeys(text.strip() for text in texts if text and text.strip()))


def _unique_values(store: Store, kind: Kind, values: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    for name in sorted(unique_names(store, kind) - set(EMAILS) - {"hs_object_id"}):
        if values.get(name):
            yield name, str(values[name])
    if kind.singular == "contact":
        for name in EMAILS:
            for part in (values.get(name) or "").split(";"):
                if part.strip():
                    yield name, part.strip()


def _owners_of_address(store: Store, address: str) -> list[str]:
    sql = f"SELECT contact FROM {quoted(ADDRESSES)} WHERE address = ? ORDER BY contact"  # noqa: S608
    return [str(contact) for (contact,) in store.query(sql, (fold(address),))]


def _owners_of_value(store: Store, kind: Kind, name: str, value: str) -> list[str]:
    if name not in store.columns(kind.table):
        return []
    where = f'fold({quoted(name)}) = ? AND "@archived" = 0'
    sql = f'SELECT "@id" FROM {quoted(kind.table)} WHERE {where} ORDER BY "@rank"'  # noqa: S608
    return [id_ for (id_,) in store.query(sql, (fold(value),))]
