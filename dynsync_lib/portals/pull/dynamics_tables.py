"""Pulls the Dynamics side: columns, counts, tables whole or in windows of time, and what changed meanwhile.

Facts
    * The pages behind one cursor come one after the other. Windows of `createdon` have a cursor each and are read at
      once, as many as `x-ms-dop-hint` allows (portal-apis 6.3). The first and the last window have no outer limit, so
      that every record falls into one.
    * A pull that is taken up again uses the windows of the first try: its stored pages fit no others.

Where it is used: `portals.pull.pull_portals`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from dynsync_lib.core.model import System
from dynsync_lib.core.tables import RECORD_TABLES, RecordTable
from dynsync_lib.errors import AccessError, UnexpectedReplyError
from dynsync_lib.moments import utc_text
from dynsync_lib.portals.dataverse.reader import DataverseReader
from dynsync_lib.portals.dataverse.rows import USER_NAMES, choose_columns
from dynsync_lib.portals.pages import CHANGED, Delivery, TableRead
from dynsync_lib.portals.pull.table_puller import SideResult, TablePuller, TableResult, Wanted, not_read, run_together

_TABLES: Final = tuple(table for table in RECORD_TABLES.values() if table.system is System.DYNAMICS)


@dataclass(slots=True)
class DynamicsSide:
    """Reads one environment into the work folder.

    `wanted` None means every column that can be read; `since` is the environment's time when the pull began;
    `windows` is in how many windows of time a table is read. `result` is filled in and returned by `read`.
    """

    reader: DataverseReader
    puller: TablePuller
    wanted: Wanted | None
    result: SideResult
    since: datetime
    windows: int = 1
    _names: dict[str, tuple[str, ...]] = field(default_factory=dict)

    async def read(self) -> SideResult:
        """The result with all tables. Raises PortalError.

        Costs a request per page of each table, some for its columns, and at least one for what changed meanwhile.
        """
        plans = await run_together(*map(self._plan, _TABLES))
        missing = [result for result in plans if result is not None]
        planned = [table for table in _TABLES if table.name in self._names]
        counts = await self._count(planned)
        reads = [TableRead(table, self._names[table.name], counts.get(table.name)) for table in planned]
        done = await run_together(*map(self._read_table, reads))
        changed = await run_together(*map(self._read_changed, reads, done))
        for result in (*missing, *changed):
            self.result.tables[result.name] = result
        return self.result

    async def _plan(self, table: RecordTable) -> TableResult | None:
        """Decides which columns of a table are read; a result only when the table cannot be read at all."""
        if table.object is None:
            self._names[table.name] = USER_NAMES
            return None
        try:
            rows, readable = await self.reader.read_columns(table, table.object)
        except AccessError as fault:
            return not_read(table, fault)
        self.result.metadata += rows
        wanted = None if self.wanted is None else self.wanted.get(table.name)
        self._names[table.name] = choose_columns(table, readable, wanted)
        return None

    async def _count(self, tables: list[RecordTable]) -> dict[str, int]:
        """How many rows each table has, by table name, as far as the environment says."""
        try:
            return await self.reader.count(tables)
        except (AccessError, UnexpectedReplyError):
            return {}

    async def _read_table(self, read: TableRead) -> TableResult:
        try:
            parts = await self._parts(read)
            jobs = await run_together(*(self.puller.read(part, self.reader.read_page) for part in parts))
        except AccessError as fault:
            return not_read(read.table, fault)
        return TableResult(read.table.name, tuple(jobs), read.names, server_rows=read.total)

    async def _read_changed(self, read: TableRead, result: TableResult) -> TableResult:
        if not result.jobs:
            return result
        again = TableRead(read.table, read.names, part=CHANGED)
        return replace(result, changed=await self.puller.read(again, self._changed_page))

    async def _changed_page(self, read: TableRead, cursor: str | None) -> Delivery:
        return await self.reader.read_changed(read, self.since, cursor)

    # --- Windows ---------------------------------------------------------------------------------------------

    async def _parts(self, read: TableRead) -> list[TableRead]:
        """The whole table, or its windows of time."""
        if self.windows < 2:
            return [read]
        name = f"{read.table.name} windows of {self.windows}"
        borders = self.puller.work.recall(name)
        if borders is None:
            borders = self.puller.work.remember(name, await self._borders(read.table))
        return window_reads(read, borders)

    async def _borders(self, table: RecordTable) -> list[str]:
        span = await self.reader.find_span(table)
        return [] if span is None else borders_between(*span, windows=min(self.windows, self.reader.lanes))


def borders_between(first: datetime, last: datetime, *, windows: int) -> list[str]:
    """The times, as UTC texts, that divide a span into `windows` parts of equal length; whole seconds.

    There are `windows` - 1 of them, fewer when the span is too short to divide so.
    """
    step = (last - first) / windows
    moments = [(first + step * number).astimezone(UTC).replace(microsecond=0) for number in range(1, windows)]
    return [utc_text(moment) for moment in sorted(set(moments)) if first < moment <= last]


def window_reads(read: TableRead, borders: Sequence[str]) -> list[TableRead]:
    """One read for each window: before the first border, from each border to the next, and from the last one on.

    Without borders the whole table is one read.
    """
    created = read.table.created_field
    edges = pairwise((None, *borders, None))
    return (
        [
            replace(read, part=f"window-{number}", condition=_between(created, *edge))
            for number, edge in enumerate(edges)
        ]
        if borders
        else [read]
    )


def _between(column: str, first: str | None, end: str | None) -> str:
    conditions = [f"{column} ge {first}" if first else "", f"{column} lt {end}" if end else ""]
    return " and ".join(filter(None, conditions))
