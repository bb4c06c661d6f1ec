"""Reads both portals over their APIs into a snapshot; what was read survives a pull that dies.

Facts
    * Pages go to `<out>.part` as they come; a second pull into the same `out` goes on there and ends in the same bytes.
    * Both sides are read at the same time, and the tables of a side at the same time; each table page after page.
    * Finished keys are made when the snapshot is put together, from pages on disk, so memory does not grow.

Not modelled
    * Records that change while they are read: the counts of the servers stand in the manifest for comparison.

Where it is used: `kit`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.model import COLUMNS, LINKS_IN, PROPERTIES, RECORD_TABLES, RecordTable, Table
from dynsync_lib.errors import UsageError
from dynsync_lib.portals import dataverse, hubspot
from dynsync_lib.portals.auth import DataverseAuth, EntraSignIn
from dynsync_lib.portals.connections import PortalConnections
from dynsync_lib.portals.dynamics_side import DynamicsSide
from dynsync_lib.portals.hubspot_side import HubSpotSide
from dynsync_lib.portals.metadata_rows import FLAGS, stored_rows
from dynsync_lib.portals.pace import Pace
from dynsync_lib.portals.side import Progress, SideResult, TablePuller, TableResult, run_together
from dynsync_lib.portals.transport import Guard, ReadOnlyTransport, network
from dynsync_lib.portals.work_folder import Job, WorkFolder
from dynsync_lib.snapshot import ACCOUNT_FILE, ORGANIZATION_FILE, Snapshot
from dynsync_lib.snapshot_writer import SnapshotWriter, Source, refuse_target

DEFAULT_PACE: Final = Pace()
T = TypeVar("T")


def no_progress(table: str, rows: int, total: int | None) -> None:
    """Says nothing."""
    del table, rows, total


def pull_portals(
    connection: PortalConnections,
    out: Path,
    *,
    key_maker: KeyMaker,
    clock: Callable[[], datetime],
    fields: Mapping[str, Collection[str]] | None = None,
    progress: Progress = no_progress,
    pace: Pace = DEFAULT_PACE,
) -> Snapshot:
    """The snapshot of the portals of a connection; a side that is left out there has empty tables.

    `fields` names the vendor columns to read, by table name (`hubspot/contacts`); None, or a table it lacks: all.
    `progress` is told table, rows so far and the server's count (None: unknown) after each page. `clock` gives the
    time in UTC, when the first try begins and when the last one ends.

    Raises PortalError (also when contacts, companies or accounts may not be read), SnapshotError when `out` exists,
    SafetyError for foreign hosts, UsageError when there is nothing to connect to.
    """
    refuse_target(out)
    if connection.hubspot_origin is None and connection.dynamics_origin is None:
        raise UsageError(
            "There is no portal to read.", next_step="Give HubSpot's token, the address of Dynamics, or both."
        )
    return run_blocking(_Pull(connection, out, key_maker, clock, fields, progress, pace).run())


def run_blocking(job: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns, also when this thread already runs an event loop, as in a notebook."""
    return _run_beside(job) if _is_in_loop() else asyncio.run(job)


def _is_in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _run_beside(job: Coroutine[Any, Any, T]) -> T:
    """Runs the job on a loop in a thread of its own; an interrupt of this thread cancels it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="dynsync-pull", daemon=True)
    thread.start()
    future = asyncio.run_coroutine_threadsafe(job, loop)
    try:
        return future.result()
    finally:
        future.cancel()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@dataclass(frozen=True, slots=True)
class _Pull:
    connection: PortalConnections
    out: Path
    key_maker: KeyMaker
    clock: Callable[[], datetime]
    fields: Mapping[str, Collection[str]] | None
    progress: Progress
    pace: Pace

    async def run(self) -> Snapshot:
        began_at = self.clock()
        async with AsyncExitStack() as stack:
            readers = await self._open_hubspot(stack), await self._open_dynamics(stack)
            account = await readers[0].read_account() if readers[0] is not None else {}
            organization = await readers[1].read_organization() if readers[1] is not None else {}
            identity = _identity(account, organization)
            work = WorkFolder(self.out.with_name(f"{self.out.name}.part"), identity=identity, started_at=began_at)
            puller = TablePuller(work, self.progress)
            sides = [SideResult(account), SideResult(organization)]
            jobs: list[Coroutine[Any, Any, SideResult]] = []
            if readers[0] is not None:
                jobs.append(HubSpotSide(readers[0], puller, self.fields, sides[0]).read())
            if readers[1] is not None:
                jobs.append(DynamicsSide(readers[1], puller, self.fields, sides[1]).read())
            await run_together(*jobs)
        snapshot = self._write(work, *sides)
        work.remove()
        return snapshot

    async def _open_hubspot(self, stack: AsyncExitStack) -> hubspot.HubSpotReader | None:
        origin = self.connection.hubspot_origin
        if origin is None:
            return None
        transport = ReadOnlyTransport(Guard("hubspot", origin), network(origin, ca_file=None))
        client = await stack.enter_async_context(
            hubspot.open_client(origin, self.connection.token, transport, self.pace)
        )
        return hubspot.HubSpotReader(client, self.pace)

    async def _open_dynamics(self, stack: AsyncExitStack) -> dataverse.DataverseReader | None:
        origin = self.connection.dynamics_origin
        if origin is None:
            return None
        transport = ReadOnlyTransport(Guard("dynamics", origin), network(origin, ca_file=self.connection.ca_file))
        sign_in = EntraSignIn(self.connection)
        stack.callback(sign_in.close)
        auth = DataverseAuth(sign_in, self.pace)
        client = await stack.enter_async_context(dataverse.open_client(origin, auth, transport, self.pace))
        return dataverse.DataverseReader(client, self.pace)

    def _write(self, work: WorkFolder, hubspot_side: SideResult, dynamics_side: SideResult) -> Snapshot:
        source: Source = "emulator" if self.connection.is_emulated else "api"
        with SnapshotWriter(self.out, source=source, started_at=work.started_at, build=work.build) as writer:
            writer.write_json(ACCOUNT_FILE, hubspot_side.details)
            writer.write_json(ORGANIZATION_FILE, dynamics_side.details)
            _write_metadata(writer, hubspot_side, PROPERTIES)
            _write_metadata(writer, dynamics_side, COLUMNS)
            for name, told in {**hubspot_side.tables, **dynamics_side.tables}.items():
                _write_records(writer, RECORD_TABLES[name], told, self.key_maker)
            _write_links(writer, hubspot_side.links)
            return writer.finish(finished_at=self.clock(), facts=_FACTS)


_FACTS: Final = {
    "standard_schema": {"hubspot": False, "dynamics": False},
    "api_versions": {"hubspot": hubspot.API_VERSION, "dynamics": dataverse.API_VERSION},
}


def _identity(account: Mapping[str, Any], organization: Mapping[str, Any]) -> dict[str, Any]:
    environment = (organization.get("Detail") or {}).get("OrganizationId")
    return {"hubspot": account.get("portalId"), "dynamics": environment}


def _write_metadata(writer: SnapshotWriter, side: SideResult, table: Table) -> None:
    writer.write(table.name, stored_rows(side.metadata, table), provided=bool(side.details))


def _write_records(writer: SnapshotWriter, table: RecordTable, told: TableResult, key_maker: KeyMaker) -> None:
    if told.job is None:
        writer.write(table.name, [], provided=False, note=told.note)
        return
    rows = _records(table, told.job, key_maker)
    count = writer.write(table.name, rows, vendor_columns=told.job.delivered, server_rows=told.server_rows)
    if count != told.job.rows_read:
        writer.annotate(table.name, f"{told.job.rows_read - count} records came more than once and are kept once.")
    if told.server_rows is not None and told.server_rows != count:
        writer.annotate(table.name, f"The server counted {told.server_rows} records, {count} were delivered.")


def _records(table: RecordTable, job: Job, key_maker: KeyMaker) -> Iterator[dict[str, Any]]:
    seen: set[str] | None = None if job.is_ordered else set()
    rank = 0
    for row in job.read_rows():
        record_id = str(row[table.id_field])
        if seen is not None:
            if record_id in seen:
                continue
            seen.add(record_id)
        yield {**row, "id": record_id, "api_rank": rank, **key_maker.finish(table, row)}
        rank += 1


def _write_links(writer: SnapshotWriter, told: list[TableResult]) -> None:
    rows = (
        {**row, "is_primary": FLAGS.get(row["is_primary"] or "")}
        for one in told
        if one.job is not None
        for row in one.job.read_rows()
    )
    notes = " ".join(one.note for one in told if one.note is not None)
    writer.write(LINKS_IN.name, rows, provided=any(one.job is not None for one in told), note=notes or None)
