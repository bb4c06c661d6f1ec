"""What is common to reading either side: all pages of a table, several things at once, what came out.

Facts
    * Records must ascend by key (HubSpot: record id; Dynamics: GUID as SQL Server sorts it): then none came twice.
      Where they do not, the snapshot keeps the first of each.
    * A cursor that was asked for before, or a page that ends where the one before ended, is an error, not a loop.
    * Without access to deals, invoices, leads, owners or users their table stays empty, and the manifest says why.

Where it is used: `portals.hubspot_side`, `portals.dynamics_side`, `portals.pull`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from dynsync_lib.core.keys import guid_sql_key
from dynsync_lib.core.model import Object, RecordTable, System
from dynsync_lib.errors import AccessError, UnexpectedReplyError
from dynsync_lib.portals.pages import Page, TableRead
from dynsync_lib.portals.work_folder import Job, WorkFolder

Progress = Callable[[str, int, int | None], None]
ReadPage = Callable[[TableRead, str | None], Awaitable[Page]]
Wanted = Mapping[str, Collection[str]]
REQUIRED: Final = frozenset({Object.CONTACT, Object.COMPANY})
"""Without these a forecast makes no sense, so a pull without access to them fails."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TableResult:
    """What became of one table: its pages, or None and a sentence that says why it was not read."""

    name: str
    job: Job | None = None
    server_rows: int | None = None
    note: str | None = None


@dataclass(slots=True)
class SideResult:
    """What became of one side. `details` is the portal about itself, `metadata` its fields, `links` of HubSpot only."""

    details: Mapping[str, Any]
    metadata: list[dict[str, Any]] = field(default_factory=list)
    tables: dict[str, TableResult] = field(default_factory=dict)
    links: list[TableResult] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TablePuller:
    """Reads whole tables into the work folder."""

    work: WorkFolder
    progress: Progress

    async def read(self, read: TableRead, read_page: ReadPage) -> TableResult:
        """All pages of a table, beginning where the work folder ends. Raises PortalError."""
        name = read.table.name
        try:
            job = await self._read_pages(read, read_page)
        except AccessError as fault:
            return not_read(read.table, fault)
        return TableResult(name, job, read.total)

    async def _read_pages(self, read: TableRead, read_page: ReadPage) -> Job:
        job = self.work.job(read.table.name, read.names)
        if job.cursor is not None and not job.is_complete:
            try:
                return await self._go_on(read, read_page, job)
            except _StaleCursorError:
                job = self.work.restart(job)
        return await self._go_on(read, read_page, job)

    async def _go_on(self, read: TableRead, read_page: ReadPage, job: Job) -> Job:
        cursors: set[str | None] = set()
        is_resumed = job.cursor is not None
        while not job.is_complete:
            cursors.add(job.cursor)
            try:
                page = await read_page(read, job.cursor)
            except UnexpectedReplyError as fault:
                raise (_StaleCursorError() if is_resumed and len(cursors) == 1 else fault) from None
            self._keep(read, job, page, cursors)
        return job

    def _keep(self, read: TableRead, job: Job, page: Page, cursors: set[str | None]) -> None:
        keys = [order_key(read.table, row) for row in page.rows]
        stands_still = page.cursor is not None and page.cursor in cursors
        if stands_still or (keys and keys[-1] == job.last_key):
            raise UnexpectedReplyError(
                f"{read.table.name} came to the same page twice after {job.rows_read} records.",
                next_step="Run the same command again; if it happens again, report it to the portal's support.",
            )
        before = [job.last_key or "", *keys]
        ordered = all(first < second for first, second in zip(before, keys, strict=False))
        last_key = keys[-1] if keys else job.last_key
        self.work.add_page(job, page.rows, cursor=page.cursor, last_key=last_key, ordered=ordered)
        self.progress(read.table.name, job.rows_read, read.total)


class _StaleCursorError(Exception):
    """The portal does not know the cursor any more at which an earlier pull stopped."""


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
