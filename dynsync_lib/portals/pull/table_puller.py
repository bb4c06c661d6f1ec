"""What is common to reading either side: all pages of a table, several things at once, what came out.

Facts
    * Records must ascend by key (HubSpot: record id; Dynamics: GUID as SQL Server sorts it): then none came twice.
      Where they do not, the snapshot keeps the first of each.
    * Who follows a table is told which of its pages are kept, so that associations are read while records still come.
    * The next page is asked for before the rows of this one are made and kept.
    * One page of each side is made into rows, and one is kept, at a time: threads that compute hold up the requests of
      the other side, several of them for many milliseconds each time, and are no faster for it.
    * A cursor that was asked for before, or a page that ends where the one before ended, is an error, not a loop.
    * Without access to deals, invoices, leads, owners or users their table stays empty, and the manifest says why.

Where it is used: `portals.pull.hubspot_tables`, `portals.pull.dynamics_tables`, `portals.pull.pull_portals`.
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
from dynsync_lib.portals.pages import ARCHIVED, CHANGED, Delivery, Row, TableRead
from dynsync_lib.portals.pull.work_folder import Job, WorkFolder


class Feed:
    """The pages of one table as they come. `is_restarted`: those that an earlier pull had kept are void."""

    def __init__(self) -> None:
        self.is_restarted = False
        self.job: Job | None = None
        self._is_ended = False
        self._moved = asyncio.Event()

    def tell(self, job: Job) -> None:
        """There is a page more, or all were there already."""
        self.job = job
        self._moved.set()

    def end(self) -> None:
        """There will be no more pages, whether or not all came."""
        self._is_ended = True
        self._moved.set()

    async def began(self) -> Job | None:
        """The job, once the portal has delivered a page of it in this pull; None when there will be none."""
        while self.job is None and not self._is_ended:
            await self._wait()
        return self.job

    async def batches(self, column: str, size: int) -> AsyncIterator[list[str]]:
        """The values of a column of all rows, so many at a time, as soon as they are there."""
        job = await self.began()
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


Progress = Callable[[str, int, int | None], None]
ReadPage = Callable[[TableRead, str | None], Awaitable[Delivery]]
Wanted = Mapping[str, Collection[str]]
REQUIRED: Final = frozenset({Object.CONTACT, Object.COMPANY})
"""Without these a forecast makes no sense, so a pull without access to them fails."""
_MOST_EMPTY_PAGES: Final = 100
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TableResult:
    """What became of one table: its pages, or no jobs and a sentence that says why it was not read.

    `names` are the columns asked for; `changed` holds later states of records of `jobs`, and records that are new.
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
        told = {name for job in jobs for name in job.delivered}
        return tuple(name for name in self.names if name in told) if jobs else self.names


@dataclass(slots=True)
class SideResult:
    """What became of one side. `details` is the portal about itself, `metadata` its fields, `links` of HubSpot only.

    `archived` holds HubSpot's archived records, by the name of their own table, when they were asked for.
    """

    details: Mapping[str, Any]
    metadata: list[dict[str, Any]] = field(default_factory=list)
    tables: dict[str, TableResult] = field(default_factory=dict)
    archived: dict[str, TableResult] = field(default_factory=dict)
    links: list[TableResult] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TablePuller:
    """Reads whole tables into the work folder."""

    work: WorkFolder
    progress: Progress
    _rows: dict[str, dict[str, int]] = field(default_factory=dict)
    _desks: Mapping[System, asyncio.Lock] = field(default_factory=lambda: {system: asyncio.Lock() for system in System})

    async def read(self, read: TableRead, read_page: ReadPage, *, feed: Feed | None = None) -> Job:
        """All pages of a table, beginning where the work folder ends. Raises PortalError.

        `feed` is told of each page.
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
            feed.tell(job)
            return job
        coming = asyncio.ensure_future(read_page(read, job.cursor))
        try:
            delivery = await _first(coming, is_resumed=job.cursor is not None)
            cursors = {job.cursor}
            while not job.is_complete:
                if delivery.cursor is not None:
                    _refuse_still_cursor(read, job, delivery.cursor, cursors)
                    coming = asyncio.ensure_future(read_page(read, delivery.cursor))
                await self._keep(read, job, delivery)
                feed.tell(job)
                if not job.is_complete:
                    delivery = await coming
        finally:
            await _drop(coming)
        return job

    async def _keep(self, read: TableRead, job: Job, delivery: Delivery) -> None:
        rows = await delivery.rows()
        async with self._desks[read.table.system]:
            await asyncio.to_thread(self._add, read, job, rows, delivery.cursor)
        self._tell(read, job)

    def _tell(self, read: TableRead, job: Job) -> None:
        """Progress of a table as a whole; what changed and what is archived counts for itself."""
        name = read.job_name if read.part in {CHANGED, ARCHIVED} else read.table.name
        rows = self._rows.setdefault(name, {})
        rows[read.part] = job.rows_read
        self.progress(name, sum(rows.values()), read.total)

    def _add(self, read: TableRead, job: Job, rows: tuple[Row, ...], cursor: str | None) -> None:
        keys = [order_key(read.table, row) for row in rows]
        if keys and keys[-1] == job.last_key:
            raise _same_page(read, job)
        before = [job.last_key or "", *keys]
        ordered = all(first < second for first, second in zip(before, keys, strict=False))
        last_key = keys[-1] if keys else job.last_key
        self.work.add_page(job, rows, cursor=cursor, last_key=last_key, ordered=ordered)


class _StaleCursorError(Exception):
    """The portal does not know the cursor any more at which an earlier pull stopped."""


async def _first(coming: Awaitable[Delivery], *, is_resumed: bool) -> Delivery:
    try:
        return await coming
    except UnexpectedReplyError as fault:
        raise (_StaleCursorError() if is_resumed else fault) from None


async def _drop(coming: asyncio.Future[Delivery]) -> None:
    """Ends a request whose answer nobody waits for any more."""
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


def order_key(table: RecordTable, row: Mapping[str, str | None]) -> str:
    """Text that ascends as the portal should deliver the records."""
    id_ = row.get(table.id_field) or ""
    return guid_sql_key(id_) if table.system is System.DYNAMICS else id_.rjust(24, "0")


def not_read(table: RecordTable, fault: AccessError) -> TableResult:
    """The result of a table that may not be read. Raises the fault when the table is one that a forecast needs."""
    if table.object in REQUIRED:
        raise fault
    return TableResult(table.name, note=str(fault))


async def run_together(*jobs: Coroutine[Any, Any, T]) -> list[T]:
    """What all jobs return, in order; the first fault ends the others and is raised."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
