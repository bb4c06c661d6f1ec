"""All records of both test portals, as far as they can be written, their associations, and a hash of what stands there.

Facts
    * Read are ids, times of creation, and whatever can be written: what the portals compute moves by itself.
    * Empty values count as missing, so that a property or column that was made meanwhile changes no hash.

Where it is used: `rehearsal.seeding`, `rehearsal.cleaning`, `rehearsal.waiting`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import KEY_SOURCE, RECORD_TABLES, RecordTable
from dynsync_lib.errors import AccessError, UnexpectedReplyError
from dynsync_lib.portals.dataverse.reader import DataverseReader
from dynsync_lib.portals.dataverse.rows import USER_NAMES
from dynsync_lib.portals.hubspot.reader import ASSOCIATION_PAIRS, IDS_PER_BATCH, HubSpotReader
from dynsync_lib.portals.hubspot.rows import OWNER_NAMES
from dynsync_lib.portals.metadata_rows import LOOKUP_TYPES
from dynsync_lib.portals.pages import TableRead
from dynsync_lib.portals.pull.table_puller import run_together
from dynsync_lib.portals.rows import MetadataRow, TextRow
from dynsync_lib.rehearsal.rehearsal_folder import TAG_PROPERTY
from dynsync_lib.rehearsal.writing.batches import chunks
from dynsync_lib.rehearsal.writing.portal_pair import TestPortals

WRITABLE_ALL_THE_SAME: Final = frozenset({"hs_additional_emails"})
"""Properties that HubSpot calls read-only and takes."""
_TIMES: Final = frozenset({"lastmodifieddate", "hs_lastmodifieddate", "modifiedon"})
_RECORDS: Final = tuple(table for table in RECORD_TABLES.values() if table.object is not None)
_PEOPLE: Final = tuple(table for table in RECORD_TABLES.values() if table.object is None)
Fields = Mapping[str, MetadataRow]
"""The properties or columns of one table, as rows of `core.tables.PROPERTIES` or `COLUMNS`, by name."""


@dataclass(frozen=True, slots=True)
class PortalRecords:
    """What stands in both portals: by table name the rows in the order of delivery, and the fields.

    A table that a portal does not have, or does not let the caller read, is in neither; `unread` says why, and `denied`
    are the tables of the second kind.
    """

    rows: Mapping[str, Sequence[TextRow]]
    fields: Mapping[str, Fields]
    unread: Mapping[str, str] = field(default_factory=dict)
    denied: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Associations:
    """What HubSpot's associations are: by name a fingerprint, of which `rows` counts each label for itself.

    `unread` names those that could not be read; those of an object that was not read are in neither.
    """

    fingerprints: Mapping[str, Mapping[str, Any]]
    unread: Sequence[str]


async def read_records(portals: TestPortals) -> PortalRecords:
    """All records, owners and users of both portals.

    Costs a request per page of each table and some per table for its fields. Raises PortalError.
    """
    tables = await run_together(*(_read_table(portals, table) for table in (*_RECORDS, *_PEOPLE)))
    read = {name: answer for name, answer in tables if not isinstance(answer, AccessError)}
    return PortalRecords(
        {name: rows for name, (rows, _) in read.items()},
        {name: fields for name, (_, fields) in read.items()},
        {name: str(answer) for name, answer in tables if isinstance(answer, AccessError)},
        frozenset(name for name, answer in tables if isinstance(answer, AccessError) and not answer.is_absent),
    )


async def read_associations(portals: TestPortals, records: PortalRecords) -> Associations:
    """The associations of HubSpot's records that were read. Costs a request per 500 records of each pair of objects.

    Raises PortalError, but for a pair that the caller may not read.
    """
    tables = {table.object: table for table in _RECORDS if table.system is System.HUBSPOT}
    read: dict[str, Mapping[str, Any]] = {}
    unread: list[str] = []

    async def read_pair(pair: tuple[Object, Object]) -> None:
        name, table = name_of_associations(*pair), tables[pair[0]]
        ids = [str(row[table.id_field]) for row in records.rows[table.name]]
        jobs = (portals.hubspot.reader.read_links(pair, batch) for batch in chunks(ids, IDS_PER_BATCH))
        try:
            batches = await run_together(*jobs)
        except AccessError:
            unread.append(name)
        else:
            read[name] = _hashed(name, (row for batch in batches for row in batch))

    known = [pair for pair in ASSOCIATION_PAIRS if all(tables[object_].name in records.rows for object_ in pair)]
    await run_together(*map(read_pair, known))
    return Associations(read, sorted(unread))


def name_of_associations(from_object: Object, to_object: Object) -> str:
    """What the associations between two objects are called, and counted under."""
    return f"associations of {from_object} to {to_object}"


def is_writable(row: MetadataRow) -> bool:
    """Whether the values of a property or column can be written."""
    return row["name"] in WRITABLE_ALL_THE_SAME or not (row.get("read_only") or row.get("calculated"))


def fingerprint(rows: Iterable[TextRow], table: RecordTable) -> dict[str, Any]:
    """How many records these are, and one hash over all they hold, in whatever order they come."""
    held = ({name: value for name, value in row.items() if name not in _TIMES} for row in rows)
    return _hashed(table.name, held)


def _hashed(name: str, rows: Iterable[TextRow]) -> dict[str, Any]:
    held = ({column: value for column, value in row.items() if value is not None} for row in rows)
    texts = sorted(json.dumps(values, sort_keys=True, ensure_ascii=False) for values in held)
    return {"rows": len(texts), "sha256": hashlib.sha256("\n".join([name, *texts]).encode()).hexdigest()}


def fingerprints(records: PortalRecords, without: Mapping[str, Collection[str]]) -> dict[str, dict[str, Any]]:
    """The fingerprint of each record table, without the records of these ids by table."""
    return {
        table.name: fingerprint(
            (
                row
                for row in records.rows[table.name]
                if (row.get(table.id_field) or "") not in without.get(table.name, ())
            ),
            table,
        )
        for table in _RECORDS
        if table.name in records.rows
    }


Found = tuple[str, tuple[Sequence[TextRow], Fields] | AccessError]
"""A table's name, and its rows and fields, or why it was not read."""


async def _read_table(portals: TestPortals, table: RecordTable) -> Found:
    reader = portals.hubspot.reader if table.system is System.HUBSPOT else portals.dynamics.reader
    try:
        names, fields = await _names(portals, table)
        return table.name, (await _read_rows(reader, TableRead(table, names)), fields)
    except AccessError as fault:
        return table.name, fault


async def _names(portals: TestPortals, table: RecordTable) -> tuple[tuple[str, ...], Fields]:
    if table.object is None:
        return (OWNER_NAMES if table.system is System.HUBSPOT else USER_NAMES), {}
    if table.system is System.HUBSPOT:
        rows = await portals.hubspot.reader.read_properties(table.object)
        fields = {str(row["name"]): row for row in rows}
        wanted = [name for name, row in fields.items() if is_writable(row)]
    else:
        fields = dict(await portals.dynamics.writer.columns(table.object))
        wanted = [name for row in fields.values() if is_writable(row) for name in _column_names(row)]
    always = {table.created_field, *KEY_SOURCE.get(table.name, {}).values()} & set(fields)
    return (table.id_field, *sorted({*wanted, *always} - {table.id_field})), fields


def _column_names(row: MetadataRow) -> tuple[str, ...]:
    name = str(row["name"])
    if row.get("type") in LOOKUP_TYPES:
        return f"_{name}_value", f"_{name}_type"
    return () if row.get("type") in _UNREADABLE and row.get("format") is None else (name,)


_UNREADABLE: Final = frozenset({"Virtual", "ManagedProperty", "EntityName", "PartyList", "CalendarRules"})


async def _read_rows(reader: HubSpotReader | DataverseReader, read: TableRead) -> list[TextRow]:
    rows: list[TextRow] = []
    delivery = await reader.read_page(read, None)
    cursors = {delivery.cursor}
    while True:
        rows += await delivery.rows()
        if delivery.cursor is None:
            return rows
        delivery = await reader.read_page(read, delivery.cursor)
        if delivery.cursor is not None and delivery.cursor in cursors:
            raise UnexpectedReplyError(f"{read.table.name} came to the same page twice.", next_step="Run again.")
        cursors.add(delivery.cursor)


def tag_field(object_: Object, records: PortalRecords) -> MetadataRow | None:
    """The tag property of an object in HubSpot; None when it is not there yet."""
    table = next(table for table in _RECORDS if (table.system, table.object) == (System.HUBSPOT, object_))
    return records.fields.get(table.name, {}).get(TAG_PROPERTY)
