"""Reads both portals over their APIs into a snapshot; a pull that was stopped is taken up again where it ended.

Facts
    * Pages go to `<out>.part` as they come; a second pull into the same `out` goes on there and ends in the same bytes.
    * Both sides are read at the same time, and the tables of a side at the same time; each table page after page.
    * Finished keys are made from the stored pages while the snapshot is written, so memory does not grow.

Where it is used: `kit`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.model import Object
from dynsync_lib.core.tables import privilege, rights_to_write
from dynsync_lib.errors import AccessError, UnexpectedReplyError, UsageError
from dynsync_lib.folders.private_files import private_files
from dynsync_lib.moments import utc_text
from dynsync_lib.portals.dataverse import reader as dataverse
from dynsync_lib.portals.http.pace import Pace
from dynsync_lib.portals.hubspot import reader as hubspot
from dynsync_lib.portals.hubspot.paths import DEFAULT_VERSION, PATHS
from dynsync_lib.portals.hubspot.reader import ASSOCIATION_PAIRS
from dynsync_lib.portals.pull.dynamics_tables import DynamicsSide
from dynsync_lib.portals.pull.hubspot_tables import HubSpotSide
from dynsync_lib.portals.pull.snapshot_tables import write_sides
from dynsync_lib.portals.pull.table_puller import Progress, SideResult, TablePuller, Wanted, run_together
from dynsync_lib.portals.pull.work_folder import WorkFolder, remove_pages
from dynsync_lib.portals.sign_in.connections import PEOPLE, PortalConnections
from dynsync_lib.processes import run_until_stopped
from dynsync_lib.snapshot.snapshot import Snapshot
from dynsync_lib.snapshot.writer import SnapshotWriter, Source, refuse_target

DEFAULT_PACE: Final = Pace()


@dataclass(frozen=True, slots=True, kw_only=True)
class PullOptions:
    """How to read the portals.

    `hubspot_version` is the version of HubSpot's API (a key of `portals.hubspot.paths.PATHS`), `archived` whether
    HubSpot's archived records are read as well, `windows` in how many windows of time each table of Dynamics is read
    at once. What `known_tables` says of the tables of Dynamics is not asked again.
    Raises UsageError for a version that does not exist, or less than one window.
    """

    hubspot_version: str = DEFAULT_VERSION
    archived: bool = False
    windows: int = 1
    known_tables: dataverse.KnownTables | None = None

    def __post_init__(self) -> None:
        if self.hubspot_version not in PATHS:
            raise UsageError(
                f"HubSpot's API has no version {self.hubspot_version!r}.", next_step=f"Use one of {', '.join(PATHS)}."
            )
        if self.windows < 1:
            raise UsageError(f"A table cannot be read in {self.windows} windows.", next_step="Use 1 or more.")


DEFAULT_OPTIONS: Final = PullOptions()
T = TypeVar("T")


def no_progress(table: str, rows: int, total: int | None) -> None:
    """Ignores the progress of a pull."""
    del table, rows, total


def pull_portals(
    connection: PortalConnections,
    out: Path,
    *,
    key_maker: KeyMaker,
    clock: Callable[[], datetime],
    fields: Wanted | None = None,
    options: PullOptions = DEFAULT_OPTIONS,
    progress: Progress = no_progress,
    pace: Pace = DEFAULT_PACE,
) -> Snapshot:
    """The snapshot in `out` of the portals of a connection; a side that is left out there has empty tables.

    `fields` names the vendor columns to read, by table name (`hubspot/contacts`); None, or a table it lacks: all.
    `progress` is called after each page with table, rows so far and the server's count (None: unknown). `clock` gives
    the time in UTC; it is read when the pull begins and when it ends.

    Costs a request per page: 100 records of HubSpot, 5,000 rows of Dynamics; and one per 500 records whose associations
    are read (docs/architecture.md has measured times). Raises PortalError (also when contacts, companies or accounts
    may not be read), SnapshotError when `out` holds something, SafetyError for foreign hosts, UsageError when there is
    nothing to connect to, or `<out>.part` is not the kit's.
    """
    _sweep_up(out)
    refuse_target(out)
    if connection.hubspot_origin is None and connection.dynamics_origin is None:
        raise UsageError(
            "There is no portal to read.", next_step="Give HubSpot's token, the address of Dynamics, or both."
        )
    with private_files():
        return run_blocking(_Pull(connection, out, key_maker, clock, fields, options, progress, pace).run())


def _sweep_up(out: Path) -> None:
    """Removes the pages of a pull that was stopped after its snapshot was whole."""
    if (out / "manifest.json").is_file():
        remove_pages(_work_path(out))


def _work_path(out: Path) -> Path:
    return out.with_name(f"{out.name}.part")


def run_blocking(job: Coroutine[Any, Any, T]) -> T:
    """What the coroutine returns. Works also where this thread already runs an event loop, as in a notebook."""
    if _is_in_loop():
        return _run_beside(job)
    return run_until_stopped(job)


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
        asyncio.run_coroutine_threadsafe(loop.shutdown_default_executor(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@dataclass(frozen=True, slots=True)
class _Pull:
    connection: PortalConnections
    out: Path
    key_maker: KeyMaker
    clock: Callable[[], datetime]
    fields: Wanted | None
    options: PullOptions
    progress: Progress
    pace: Pace

    async def run(self) -> Snapshot:
        began_at = self.clock()
        async with AsyncExitStack() as stack:
            hubspot_reader = await self._open_hubspot(stack)
            dynamics_reader = await self._open_dynamics(stack)
            hubspot_side = SideResult(await _describe_hubspot(hubspot_reader))
            dynamics_side = SideResult(await _describe_dynamics(dynamics_reader))
            rights = None if dynamics_reader is None else await _read_rights(dynamics_reader, dynamics_side)
            identity = _identity(hubspot_side.details, dynamics_side.details, self.options)
            work = WorkFolder(_work_path(self.out), identity=identity, started_at=began_at)
            puller = TablePuller(work, self.progress)
            reading: list[HubSpotSide | DynamicsSide] = []
            if hubspot_reader is not None:
                since = _since(work, "hubspot", hubspot_reader.server_time or began_at)
                archived = self.options.archived
                reading.append(HubSpotSide(hubspot_reader, puller, self.fields, hubspot_side, since, archived))
            if dynamics_reader is not None:
                since = _since(work, "dynamics", dynamics_reader.server_time or began_at)
                windows = self.options.windows
                reading.append(DynamicsSide(dynamics_reader, puller, self.fields, dynamics_side, since, windows))
            await run_together(*(side.read() for side in reading))
        snapshot = self._write(work, hubspot_side, dynamics_side, rights)
        work.remove()
        return snapshot

    def _write(
        self, work: WorkFolder, hubspot_side: SideResult, dynamics_side: SideResult, rights: Mapping[str, str] | None
    ) -> Snapshot:
        source: Source = "emulator" if self.connection.is_emulated else "api"
        versions = {"hubspot": PATHS[self.options.hubspot_version].manifest_text, "dynamics": dataverse.API_VERSION}
        caller = {"is_person": self.connection.sign_in in PEOPLE, "privileges": rights}
        facts = {
            "standard_schema": {"hubspot": False, "dynamics": False},
            "api_versions": versions,
            "dynamics_caller": caller,
            "associations_of": _objects_linked(hubspot_side),
        }
        with SnapshotWriter(self.out, source=source, started_at=work.started_at, build=work.build) as writer:
            write_sides(writer, hubspot_side, dynamics_side, self.key_maker)
            return writer.finish(finished_at=self.clock(), facts=facts)

    async def _open_hubspot(self, stack: AsyncExitStack) -> hubspot.HubSpotReader | None:
        if self.connection.hubspot_origin is None:
            return None
        client = await stack.enter_async_context(hubspot.connect(self.connection, self.pace))
        return hubspot.HubSpotReader(client, self.pace, version=self.options.hubspot_version)

    async def _open_dynamics(self, stack: AsyncExitStack) -> dataverse.DataverseReader | None:
        if self.connection.dynamics_origin is None:
            return None
        client, _ = await stack.enter_async_context(dataverse.connect(self.connection, self.pace))
        return dataverse.DataverseReader(client, self.pace, self.options.known_tables)


async def _describe_hubspot(reader: hubspot.HubSpotReader | None) -> Mapping[str, Any]:
    return {} if reader is None else await reader.read_account()


async def _describe_dynamics(reader: dataverse.DataverseReader | None) -> Mapping[str, Any]:
    return {} if reader is None else {**await reader.read_organization(), **await reader.read_locale()}


async def _read_rights(reader: dataverse.DataverseReader, side: SideResult) -> dict[str, str] | None:
    """How deep the caller may read, create and write the tables of records; None when Dataverse does not say."""
    user_id = str(side.details["WhoAmI"]["UserId"]).lower()
    try:
        held = await dataverse.ask_privileges(reader.caller, user_id)
    except (AccessError, UnexpectedReplyError):
        return None
    asked = [name for object_ in Object for name in (privilege("Read", object_), *rights_to_write(object_))]
    return None if held is None else {name: held[name] for name in asked if name in held}


def _objects_linked(side: SideResult) -> list[str]:
    """The objects of HubSpot all of whose associations were read, in order of their names."""
    unread = {pair[0] for pair, links in zip(ASSOCIATION_PAIRS, side.links, strict=False) if not links.jobs}
    return sorted({pair[0].value for pair in ASSOCIATION_PAIRS if side.links} - {object_.value for object_ in unread})


def _since(work: WorkFolder, portal: str, now: datetime) -> datetime:
    """The portal's time when the first try at this pull began: `now`, unless an earlier try stored it."""
    return datetime.fromisoformat(work.remember(f"since {portal}", utc_text(now)))


def _identity(account: Mapping[str, Any], organization: Mapping[str, Any], options: PullOptions) -> dict[str, Any]:
    """What must be the same for stored pages to be used again: the portals, and the version of HubSpot's API."""
    environment = (organization.get("Detail") or {}).get("OrganizationId")
    return {"hubspot": account.get("portalId"), "dynamics": environment, "version": options.hubspot_version}
