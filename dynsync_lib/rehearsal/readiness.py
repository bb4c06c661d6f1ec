"""What stands in the way of seeding, found before anything is written: rights, fields, options, foreign records.

Facts
    * The scopes of a token and the privileges of a user are asked for; what a portal does not say is not checked, and
      then the first write says it, before anything was written.
    * A field that decides (mapped, asked by a filter, matched by) must be there; what else look-alikes hold may be
      missing, and is then left out.
    * A foreign record is one without the tag. One that shares a key with a look-alike would be matched with it.

Where it is used: `rehearsal.seeding`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from dynsync_lib.core.fields.catalogue import build_catalogue
from dynsync_lib.core.keys import email_key
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.settings import ObjectSync, Settings
from dynsync_lib.core.tables import KEY_SOURCE, RECORD_TABLES, RecordTable, objects_in, record_table
from dynsync_lib.errors import AccessError, SafetyError, UsageError
from dynsync_lib.listing import some_of
from dynsync_lib.portals.dataverse.reader import LOGICAL_NAMES
from dynsync_lib.portals.hubspot.paths import PLURALS
from dynsync_lib.portals.rows import TextRow
from dynsync_lib.rehearsal.lacking import Lack, Needs, still_lacking
from dynsync_lib.rehearsal.look_alike_rows import TABLES
from dynsync_lib.rehearsal.portal_records import PortalRecords, tag_field
from dynsync_lib.rehearsal.record_keys import keys_of
from dynsync_lib.rehearsal.rehearsal_folder import TAG_PROPERTY
from dynsync_lib.rehearsal.tags import look_alike_of
from dynsync_lib.rehearsal.writing.portal_pair import TestPortals

_RIGHTS: Final = ("Create", "Write", "Delete", "Append", "AppendTo")
_FIELDS: Final = ("property", "column")
_MOST_NAMED: Final = 10
Rows = Mapping[str, Sequence[TextRow]]


async def missing_rights(portals: TestPortals, objects: Iterable[Object], records: PortalRecords) -> list[str]:
    """The portals whose rights nobody could check. Costs three requests.

    Raises AccessError that names every scope and privilege that writing these objects, and removing them, lacks.
    """
    scopes = await portals.hubspot.reader.read_scopes(portals.hubspot.token)
    privileges = await portals.dynamics.reader.read_privileges()
    lacking = [name for name in _scopes_needed(objects, records) if scopes is not None and name not in scopes]
    lacking += [name for name in _privileges_needed(objects) if privileges is not None and name not in privileges]
    if lacking:
        raise AccessError(
            f"Seeding lacks the right to {', '.join(lacking)}.",
            next_step="Add the scopes to the token of HubSpot, the privileges to a role of the user of Dynamics.",
            missing=lacking,
        )
    unknown = {System.HUBSPOT: scopes is None, System.DYNAMICS: privileges is None}
    return [system.value for system, is_unknown in unknown.items() if is_unknown]


def refuse_unread_tables(look_alikes: Rows, records: PortalRecords, settings: Settings) -> None:
    """Raises AccessError for a table that may hold what the rehearsal or its sync makes, and that was not read.

    Those are the tables of look-alikes, and of objects that the settings sync unless the portal has none.
    """
    synced = {object_ for object_, sync in settings.sync.items() if sync.enabled}
    for name, why in records.unread.items():
        if look_alikes.get(name) or (name in records.denied and RECORD_TABLES[name].object in synced):
            raise AccessError(
                f"The test portals cannot be read whole: {why}", next_step="Let the caller read it, and run again."
            )


async def lacking_now(needs: Needs, portals: TestPortals, records: PortalRecords) -> list[Lack]:
    """What the portals lack of what the look-alikes need, in the tables that were read.

    Costs one request when a currency is needed.
    """
    catalogues = {
        system: [
            {**row, "object": str(table.object)}
            for table in TABLES
            if table.system is system
            for row in records.fields.get(table.name, {}).values()
        ]
        for system in System
    }
    read = {(table.system, table.object) for table in TABLES if table.name in records.fields}
    fields = {key: field for key, field in needs.fields.items() if key[:2] in read}
    return still_lacking(
        replace(needs, fields=fields),
        build_catalogue(catalogues[System.HUBSPOT], catalogues[System.DYNAMICS]),
        addresses=_addresses(records),
        currencies=await _currencies(portals) if needs.currencies else (),
    )


def refuse_lacking_fields(lacking: Iterable[Lack], look_alikes: Rows, settings: Settings) -> None:
    """Raises UsageError for fields that decide and that the portals do not have though look-alikes need them."""
    deciding = {(table.system, table.object): set(deciding_fields(table, settings)) for table in TABLES}
    held = {(table.system, table.object) for table in TABLES if look_alikes[table.name]}
    names = [
        f"{record_table(object_, system).name}.{lack.name}"
        for lack in lacking
        if lack.kind in _FIELDS
        and (system := System(lack.system), object_ := Object(lack.object)) in held
        and lack.name in deciding[system, object_]
    ]
    if names:
        raise UsageError(
            f"The test portals lack {some_of(names, _MOST_NAMED)}, which decide in this sync.",
            next_step="Add them as `lacking` in rehearsal.json says, and run again.",
        )


def _addresses(records: PortalRecords) -> dict[System, set[str]]:
    """The finished addresses of the portals' owners and users."""
    return {
        table.system: {
            key
            for row in records.rows.get(table.name, ())
            if (key := email_key(row.get(KEY_SOURCE[table.name]["email"]))) is not None
        }
        for table in RECORD_TABLES.values()
        if table.object is None
    }


async def _currencies(portals: TestPortals) -> list[str]:
    """The codes that HubSpot's account names."""
    account = await portals.hubspot.reader.read_account()
    return [str(account.get("companyCurrency")), *map(str, account.get("additionalCurrencies") or ())]


def refuse_foreign_records(look_alikes: Rows, records: PortalRecords, settings: Settings, tag: str) -> None:
    """Raises SafetyError that names the records without the tag that share a key with a look-alike."""
    wanted = {key for table in TABLES for row in look_alikes[table.name] for key in keys_of(table, row, settings)}
    foreign = [
        f"{table.system.label} {table.object} {row[table.id_field]}"
        for table in TABLES
        for row in records.rows.get(table.name, ())
        if look_alike_of(tag, table, row) is None and not wanted.isdisjoint(keys_of(table, row, settings))
    ]
    if foreign:
        raise SafetyError(
            f"{some_of(foreign, _MOST_NAMED)} of the test portals would be matched with look-alikes: they share an"
            " address, a name or another key.",
            next_step="Remove or rename them in the test portals, and run again.",
        )


def refuse_other_tag_property(records: PortalRecords, objects: Iterable[Object]) -> None:
    """Raises UsageError when HubSpot has a property of the tag's name that is no unique text."""
    for object_ in objects:
        row = tag_field(object_, records) if object_ in PLURALS else None
        if row is not None and (row.get("type") != "string" or not row.get("unique")):
            raise UsageError(
                f"HubSpot's {object_} property {TAG_PROPERTY} is no text with unique values.",
                next_step="Archive it in HubSpot (Settings > Properties), and run again: the kit makes it anew.",
            )


def deciding_fields(table: RecordTable, settings: Settings) -> list[str]:
    """The fields of a table by which the sync decides or that it writes: mappings, filters, match keys."""
    names: set[str] = set()
    for object_ in objects_in(table):
        sync = settings.sync[object_]
        if sync.enabled:
            names |= _deciding(sync, table.system)
    return sorted(names)


def _deciding(sync: ObjectSync, system: System) -> set[str]:
    names = {pair.hubspot if system is System.HUBSPOT else pair.dynamics for pair in sync.mappings}
    filter_, key = sync.filter_of(system), sync.match_field(system)
    return names | set(filter_.fields if filter_ is not None else ()) | ({key} if key else set())


def _scopes_needed(objects: Iterable[Object], records: PortalRecords) -> list[str]:
    plurals = {object_: PLURALS[object_] for object_ in objects if object_ in PLURALS}
    untagged = [plural for object_, plural in plurals.items() if tag_field(object_, records) is None]
    return [
        *(f"crm.objects.{plural}.write" for plural in plurals.values()),
        *(f"crm.schemas.{plural}.write" for plural in untagged),
    ]


def _privileges_needed(objects: Iterable[Object]) -> list[str]:
    tables = [record_table(object_, System.DYNAMICS).name for object_ in objects]
    return [f"prv{right}{LOGICAL_NAMES[name].title()}" for name in tables for right in _RIGHTS]
