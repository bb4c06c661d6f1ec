"""By which keys the sync may match a record, or clean-up may know what the sync made of it.

Facts
    * People: their addresses, HubSpot's additional ones, too, and their full name where they have none; contacts and
      leads share them. Companies: name and domain. Deals and invoices, which the sync matches by nothing: name and
      number. And the settings' own match field.

Where it is used: `rehearsal.readiness` (foreign records in the way), `rehearsal.cleaning` (what the sync made).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from dynsync_lib.core.keys import domain_key, email_key, name_key, split_addresses
from dynsync_lib.core.model import PERSONS
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.tables import KEY_SOURCE, RecordTable, objects_in
from dynsync_lib.portals.rows import TextRow

_NAMES: Final = {
    "hubspot/deals": {"deal": "dealname"},
    "dynamics/opportunities": {"deal": "name"},
    "hubspot/invoices": {"invoice": "hs_title", "invoice number": "hs_number"},
    "dynamics/invoices": {"invoice": "name", "invoice number": "invoicenumber"},
}
Key = tuple[str, str]
"""What kind of key it is, and the key."""


def keys_of(table: RecordTable, row: TextRow, settings: Settings) -> set[Key]:
    """The keys of one record of a portal, or of a look-alike."""
    source = KEY_SOURCE.get(table.name, {})
    keys = {
        ("address", email_key(row.get(source.get("email", "")))),
        *(("address", email_key(text)) for text in split_addresses(row.get(source.get("secondary", "")))),
        ("company", name_key(row.get(source.get("name", "")))),
        ("domain", domain_key(row.get(source.get("domain", "")))),
        *((kind, name_key(row.get(name))) for kind, name in _NAMES.get(table.name, {}).items()),
        *_own_key(table, row, settings),
    }
    known = {(kind, key) for kind, key in keys if key is not None}
    if table.object in PERSONS and not any(kind == "address" for kind, _ in known):
        name = name_key(f"{row.get('firstname') or ''} {row.get('lastname') or ''}")
        known |= {("person without address", name)} if name is not None else set()
    return known


def domains_of(keys: Iterable[Key], free_mail: Collection[str]) -> set[Key]:
    """The domains of addresses, by which HubSpot makes companies by itself where the account says so (6.12).

    `free_mail` are domains of which it makes none.
    """
    domains = {domain_key(key) for kind, key in keys if kind == "address"}
    return {("domain", domain) for domain in domains if domain is not None and domain not in free_mail}


def _own_key(table: RecordTable, row: TextRow, settings: Settings) -> set[tuple[str, str | None]]:
    """The values of the match fields of the settings."""
    names = {object_: settings.sync[object_].match_field(table.system) for object_ in objects_in(table)}
    return {(f"own field of {object_}", name_key(row.get(name))) for object_, name in names.items() if name is not None}
