"""Pulls the Dynamics side: columns, counts, tables.

Where it is used: `portals.pull`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dynsync_lib.core.model import RECORD_TABLES, RecordTable, System
from dynsync_lib.errors import AccessError, UnexpectedReplyError
from dynsync_lib.portals.dataverse import DataverseReader, choose_columns, user_names
from dynsync_lib.portals.pages import TableRead
from dynsync_lib.portals.side import SideResult, TablePuller, TableResult, Wanted, not_read, run_together


@dataclass(slots=True)
class DynamicsSide:
    """Reads one environment into the work folder. `wanted` None means every column that can be read."""

    reader: DataverseReader
    puller: TablePuller
    wanted: Wanted | None
    result: SideResult
    _names: dict[str, tuple[str, ...]] = field(default_factory=dict)

    async def read(self) -> SideResult:
        """What became of the side. Raises PortalError."""
        tables = [table for table in RECORD_TABLES.values() if table.system is System.DYNAMICS]
        missing = [told for told in await run_together(*map(self._plan, tables)) if told is not None]
        planned = [table for table in tables if table.name in self._names]
        counts = await self._count(planned)
        reads = [TableRead(table, self._names[table.name], counts.get(table.name)) for table in planned]
        done = await run_together(*(self.puller.read(read, self.reader.read_page) for read in reads))
        for told in (*missing, *done):
            self.result.tables[told.name] = told
        return self.result

    async def _plan(self, table: RecordTable) -> TableResult | None:
        """Chooses the columns of a table; a result when it cannot be read at all."""
        if table.object is None:
            self._names[table.name] = user_names()
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
        """The rows of each table, as far as the environment says."""
        try:
            return await self.reader.count(tables)
        except (AccessError, UnexpectedReplyError):
            return {}
