"""Reads whole tables of a portal into the work folder, page after page, and says what came of each.

Both sides, HubSpot and Dynamics, are read with it.

Facts
    * Records should ascend by key (HubSpot: record id; Dynamics: GUID as SQL Server sorts it): then none came twice.
      Where they do not, the snapshot keeps the first of each.
    * The next page is requested before the rows of the page at hand are made and stored.
    * Of each side, one page at a time is made into rows, and one is stored: several threads that compute delay the
      requests of the other side by many milliseconds each time, and are no faster.
    * A cursor that was used before, or a page that ends with the same record as the page before, raises an error:
      otherwise the pull would never end.
    * Without access to deals, invoices, leads, owners or users their table stays empty, and the manifest says why.

Where it is used: `portals.pull.hubspot_tables`, `portals.pull.dynamics_tables`, `portals.pull.pull_portals`,
`portals.check.check_portals`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from dynsync_lib.core.keys import guid_sql_key
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import RecordTable
from dynsync_lib.errors import AccessError, UnexpectedReplyError
from dynsync_lib.portals.pages import ARCHIVED, CHANGED, Delivery, TableRead
from dynsync_lib.portals.pull.work_folder import Job, WorkFolder
from dynsync_lib.portals.rows import MetadataRow, TextRow

Progress = Callable[[str, int, int | None], None]
"""Is called after each page with the table's name, its rows so far, and the server's count (None: unknown)."""
ReadPage = Callable[[TableRead, str | None], Awaitable[Delivery]]
"""Requests the page that begins at a cursor; None: the first page."""
Wanted = Mapping[str, Collection[str]]
"""The vendor columns to read, by table name; a table that is missing is read whole."""
REQUIRED: Final = frozenset({Object.CONTACT, Object.COMPANY})
"""The objects without which there is no forecast: a pull that may not read them fails."""
_MOST_EMPTY_PAGES: Final = 100
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TableResult:
    """What was read of one table, or why it was not.

    `jobs` are its pages on disk, one job for each window of time, in time order; empty when it was not read, and then
    `note` is a sentence that says why. `names` are the columns asked for. `changed` are pages of records that changed
    or came while `jobs` were read, as they are now. `server_rows` is the server's own count; None: it does not say.
    """

    name: str
    jobs: tuple[Job, ...] = ()
    names: tuple[str, ...] = ()
    changed: Job | None = None
    server_rows: int | None = None
    note: str | None = None

    @property
    def delivered(self) -> tuple[str, ...]:
        """The columns that at least one row had; all that were asked for when there are no rows."""
        jobs = [job for job in (*self.jobs, self.changed) if job is not None and job.rows_read]
        delivered = {name for job in jobs for name in job.delivered}
        return tuple(name for name in self.names if name in delivered) if jobs else self.names


@dataclass(slots=True)
class SideResult:
    """What was read of HubSpot, or of Dynamics.

    `details` is what the portal says about itself (empty: the side was left out), `metadata` one row per property or
    column, `tables` the record tables by name. Of HubSpot only: `archived`, its archived records by the name of their
    live table, where they were asked for; and `links`, the associations, in the order of `hubspot.ASSOCIATION_PAIRS`.
    """

    details: Mapping[str, Any]
    metadata: list[MetadataRow] = field(default_factory=list)
    tables: dict[str, TableResult] = field(default_factory=dict)
    archived: dict[str, TableResult] = field(default_factory=dict)
    links: list[TableResult] = field(default_factory=list)


class Feed:
    """Announces each stored page of a table, so that a follower can work on its rows while later pages still download.

    HubSpot's associations are read so: by the ids of the records that are stored already. `job` is the table's pages;
    None until the first announcement. `is_restarted`: pages that an earlier pull had stored became void.
    """

    def __init__(self) -> None:
        self.is_restarted = False
        self.job: Job | None = None
        self._is_ended = False
        self._moved = asyncio.Event()

    def announce(self, job: Job) -> None:
        """A page of the table was stored, or the table was whole already."""
        self.job = job
        self._moved.set()

    def end(self) -> None:
        """No more pages will come, whether or not the table is whole."""
        self._is_ended = True
        self._moved.set()

    async def first_job(self) -> Job | None:
        """The table's pages, as soon as one was announced; None when the feed ended without any."""
        while self.job is None and not self._is_ended:
            await self._wait()
        return self.job

    async def batches(self, column: str, size: int) -> AsyncIterator[list[str]]:
        """The values of a column over all rows in their order, `size` at a time (the last batch may be smaller).

        A batch comes as soon as the pages that hold it are stored.
        """
        job = await self.first_job()
        batch: list[str] = []
        page = 0
        while job is not None:
            is_last_look = job.is_complete or self._is_ended
            while page < job.pages_read:
                batch += await asyncio.to_thread(job.read_column, page, column)
                page += 1
                while len(batch) >= size:
                    yield batch[:size]
                    batch = batch[size:]
            if is_last_look:
                break
            if page == job.pages_read and not job.is_complete and not self._is_ended:
                await self._wait()
        if batch:
            yield batch

    async def _wait(self) -> None:
        self._moved.clear()
        await self._moved.wait()


@dataclass(frozen=True, slots=True)
class TablePuller:
    """Reads whole tables into the work folder; `progress` is called after each page."""

    work: WorkFolder
    progress: Progress
    _rows: dict[str, dict[str, int]] = field(default_factory=dict)
    _desks: Mapping[System, asyncio.Lock] = field(default_factory=lambda: {system: asyncio.Lock() for system in System})

    async def read(self, read: TableRead, read_page: ReadPage, *, feed: Feed | None = None) -> Job:
        """The stored pages of a table, once it is whole. Reading begins where an earlier pull stopped.

        Each page is announced to `feed`. Costs a request for every page that is not stored yet. Raises PortalError.
        """
        feed = feed or Feed()
        job = self.work.job(read.job_name, read.asked)
        if job.cursor is not None and not job.is_complete:
            try:
                return await self._go_on(read, read_page, job, feed)
            except _StaleCursorError:
                job = self.work.restart(job)
                feed.is_restarted = True
        return await self._go_on(read, read_page, job, feed)

    async def _go_on(self, read: TableRead, read_page: ReadPage, job: Job, feed: Feed) -> Job:
        if job.is_complete:
            feed.announce(job)
            return job
        coming = asyncio.ensure_future(read_page(read, job.cursor))
        try:
            delivery = await _first(coming, is_resumed=job.cursor is not None)
            cursors = {job.cursor}
            while not job.is_complete:
                if delivery.cursor is not None:
                    _refuse_still_cursor(read, job, delivery.cursor, cursors)
                    coming = asyncio.ensure_future(read_page(read, delivery.cursor))
                await self._store(read, job, delivery)
                feed.announce(job)
                if not job.is_complete:
                    delivery = await coming
        finally:
            await _drop(coming)
        return job

    async def _store(self, read: TableRead, job: Job, delivery: Delivery) -> None:
        rows = await delivery.rows()
        async with self._desks[read.table.system]:
            await asyncio.to_thread(self._add, read, job, rows, delivery.cursor)
        self._report(read, job)

    def _report(self, read: TableRead, job: Job) -> None:
        """Reports a table's windows as one table; its changed and its archived records count on their own."""
        name = read.job_name if read.part in {CHANGED, ARCHIVED} else read.table.name
        rows = self._rows.setdefault(name, {})
        rows[read.part] = job.rows_read
        self.progress(name, sum(rows.values()), read.total)

    def _add(self, read: TableRead, job: Job, rows: tuple[TextRow, ...], cursor: str | None) -> None:
        keys = [order_key(read.table, row) for row in rows]
        if keys and keys[-1] == job.last_key:
            raise _same_page(read, job)
        before = [job.last_key or "", *keys]
        ordered = all(first < second for first, second in zip(before, keys, strict=False))
        last_key = keys[-1] if keys else job.last_key
        self.work.add_page(job, rows, cursor=cursor, last_key=last_key, ordered=ordered)


class _StaleCursorError(Exception):
    """The portal no longer accepts the cursor at which an earlier pull stopped."""


async def _first(coming: Awaitable[Delivery], *, is_resumed: bool) -> Delivery:
    try:
        return await coming
    except UnexpectedReplyError as fault:
        raise (_StaleCursorError() if is_resumed else fault) from None


async def _drop(coming: asyncio.Future[Delivery]) -> None:
    """Cancels a request whose answer is not needed any more."""
    coming.cancel()
    await asyncio.gather(coming, return_exceptions=True)


def _refuse_still_cursor(read: TableRead, job: Job, cursor: str, cursors: set[str | None]) -> None:
    if cursor in cursors or _MOST_EMPTY_PAGES + job.rows_read < len(cursors):
        raise _same_page(read, job)
    cursors.add(cursor)


def _same_page(read: TableRead, job: Job) -> UnexpectedReplyError:
    return UnexpectedReplyError(
        f"{read.table.name} came to the same page twice after {job.rows_read} records.",
        next_step="Run the same command again; if it happens again, report it to the portal's support.",
    )


def order_key(table: RecordTable, row: TextRow) -> str:
    """A text for each record that sorts in the order in which the portal should deliver the records."""
    id_ = row.get(table.id_field) or ""
    return guid_sql_key(id_) if table.system is System.DYNAMICS else id_.rjust(24, "0")


def not_read(table: RecordTable, fault: AccessError) -> TableResult:
    """The result of a table that may not be read, with the fault as its note.

    Raises the fault itself for a table of `REQUIRED`.
    """
    if table.object in REQUIRED:
        raise fault
    return TableResult(table.name, note=str(fault))


async def run_together(*jobs: Coroutine[Any, Any, T]) -> list[T]:
    """What the coroutines return, in their order. They run at once; the first fault cancels the rest and is raised."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
