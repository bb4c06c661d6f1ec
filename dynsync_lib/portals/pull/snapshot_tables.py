"""Writes what a pull has read into a snapshot's tables.

Facts
    * Records that changed while they were read are stored as they were last seen. The manifest says how many, and what
      the servers counted.

Not modelled
    * Records that are deleted while they are read: the counts differ, and the manifest says so.

Where it is used: `portals.pull.pull_portals`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.model import System
from dynsync_lib.core.tables import COLUMNS, LINKS_IN, PROPERTIES, RECORD_TABLES, RecordTable, Table, record_table
from dynsync_lib.listing import counted
from dynsync_lib.portals.hubspot.reader import ASSOCIATION_PAIRS
from dynsync_lib.portals.metadata_rows import FLAGS, stored_rows
from dynsync_lib.portals.pull.merged_pages import Tally, merged_links, merged_records
from dynsync_lib.portals.pull.table_puller import SideResult, TableResult
from dynsync_lib.portals.rows import TextRow
from dynsync_lib.snapshot.snapshot import ACCOUNT_FILE, ORGANIZATION_FILE, archived_table
from dynsync_lib.snapshot.writer import SnapshotWriter, TableRow


def write_sides(
    writer: SnapshotWriter, hubspot_side: SideResult, dynamics_side: SideResult, key_maker: KeyMaker
) -> None:
    """Writes every table of both sides into the snapshot; one that was not read is empty, and its note says why."""
    writer.write_json(ACCOUNT_FILE, hubspot_side.details)
    writer.write_json(ORGANIZATION_FILE, dynamics_side.details)
    _write_metadata(writer, hubspot_side, PROPERTIES)
    _write_metadata(writer, dynamics_side, COLUMNS)
    for name, result in {**hubspot_side.tables, **dynamics_side.tables}.items():
        write_records(writer, RECORD_TABLES[name], result, key_maker)
    for name, result in hubspot_side.archived.items():
        write_records(writer, RECORD_TABLES[name], result, key_maker, name=archived_table(name))
    _write_links(writer, hubspot_side)


def _write_metadata(writer: SnapshotWriter, side: SideResult, table: Table) -> None:
    writer.write(table.name, stored_rows(side.metadata, table), provided=bool(side.details))


def write_records(
    writer: SnapshotWriter, table: RecordTable, result: TableResult, key_maker: KeyMaker, *, name: str | None = None
) -> None:
    """Writes one table with ids, ranks and finished keys, and its notes into the manifest.

    `name` is the snapshot's table; None: that of `table`. Archived records go to a table of another name.
    """
    name, tally = name or table.name, Tally()
    if not result.jobs:
        writer.write(name, [], provided=False, note=result.note)
        return
    rows = _finished(table, merged_records(table, result, tally), key_maker)
    count = writer.write(name, rows, vendor_columns=result.delivered, server_rows=result.server_rows)
    for note in _notes(table, result, tally, count):
        writer.annotate(name, note)


def _notes(table: RecordTable, result: TableResult, tally: Tally, count: int) -> Iterator[str]:
    if tally.repeated:
        repeated = counted(tally.repeated, "record came more than once and is", "records came more than once and are")
        yield f"{repeated} kept once."
    if tally.changed or tally.added:
        changed = counted(tally.changed, "record", "records")
        yield f"While it was read, {changed} changed and {tally.added} came: all are as last seen."
    if result.server_rows is None or result.server_rows == count:
        return
    delivered = counted(count, "was", "were")
    yield f"The server counted {counted(result.server_rows, 'record', 'records')}, {delivered} delivered."
    if table.system is System.DYNAMICS:
        yield "It counts up to a day late, and counts rows that the caller may not read."


def _finished(table: RecordTable, rows: Iterable[TextRow], key_maker: KeyMaker) -> Iterator[TableRow]:
    for rank, row in enumerate(rows):
        ranks = {"api_rank": rank, "file_rank": rank}
        yield {**row, "id": str(row[table.id_field]), **ranks, **key_maker.finish(table, row)}


def _write_links(writer: SnapshotWriter, side: SideResult) -> None:
    pairs = ASSOCIATION_PAIRS if side.links else ()
    tables = [side.tables[record_table(from_, System.HUBSPOT).name] for from_, _ in pairs]
    rows: Iterator[TableRow] = (
        {**row, "is_primary": FLAGS.get(row["is_primary"] or "")}
        for records, links in zip(tables, side.links, strict=True)
        for row in merged_links(records, links)
    )
    notes = " ".join(links.note for links in side.links if links.note is not None)
    writer.write(LINKS_IN.name, rows, provided=any(links.jobs for links in side.links), note=notes or None)
