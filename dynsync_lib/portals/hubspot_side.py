"""Pulls the HubSpot side: properties, counts, tables, and the associations of what was read.

Where it is used: `portals.pull`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from dynsync_lib.core.model import LINKS_IN, RECORD_TABLES, Object, RecordTable, System, record_table
from dynsync_lib.errors import AccessError
from dynsync_lib.portals.hubspot import (
    ASSOCIATION_PAIRS,
    IDS_PER_BATCH,
    HubSpotReader,
    choose_properties,
    owner_names,
)
from dynsync_lib.portals.pages import TableRead
from dynsync_lib.portals.side import SideResult, TablePuller, TableResult, Wanted, not_read, run_together
from dynsync_lib.portals.work_folder import Job


@dataclass(slots=True)
class HubSpotSide:
    """Reads one portal into the work folder. `wanted` None means every property."""

    reader: HubSpotReader
    puller: TablePuller
    wanted: Wanted | None
    result: SideResult

    async def read(self) -> SideResult:
        """What became of the side. Raises PortalError."""
        tables = [table for table in RECORD_TABLES.values() if table.system is System.HUBSPOT]
        for told in await run_together(*(self._read_table(table) for table in tables)):
            self.result.tables[told.name] = told
        for pair in ASSOCIATION_PAIRS:
            self.result.links.append(await self._read_links(pair))
        return self.result

    async def _read_table(self, table: RecordTable) -> TableResult:
        if table.object is None:
            return await self.puller.read(TableRead(table, owner_names()), self.reader.read_page)
        try:
            read = await self._plan(table, table.object)
        except AccessError as fault:
            return not_read(table, fault)
        return await self.puller.read(read, self.reader.read_page)

    async def _plan(self, table: RecordTable, object_: Object) -> TableRead:
        properties = await self.reader.read_properties(object_)
        total = await self.reader.count(object_)
        self.result.metadata += properties
        wanted = None if self.wanted is None else self.wanted.get(table.name)
        return TableRead(table, choose_properties(table, properties, wanted), total)

    async def _read_links(self, pair: tuple[Object, Object]) -> TableResult:
        name = f"{LINKS_IN.name}/{pair[0].value}_{pair[1].value}"
        jobs = [self.result.tables[record_table(object_, System.HUBSPOT).name].job for object_ in pair]
        if jobs[0] is None or jobs[1] is None:
            return TableResult(name, note=f"The associations from {pair[0]} to {pair[1]} were not read.")
        try:
            return TableResult(name, await self._read_batches(name, pair, jobs[0]))
        except AccessError as fault:
            if pair == ASSOCIATION_PAIRS[0]:
                raise
            return TableResult(name, note=str(fault))

    async def _read_batches(self, name: str, pair: tuple[Object, Object], records: Job) -> Job:
        """The associations, 500 records at a time; batches that are on disk are not asked for again."""
        work = self.puller.work
        job = work.job(name, LINKS_IN.column_names)
        total = -(-records.rows_read // IDS_PER_BATCH)
        if job.is_complete:
            return job
        before = sum(told.job.rows_read for told in self.result.links if told.job is not None)
        for number, ids in enumerate(_batches(records)):
            if number >= job.pages_read:
                rows: list[dict[str, Any]] = await self.reader.read_links(pair, ids)
                work.add_page(job, rows, cursor=str(number + 1) if number + 1 < total else None)
                self.puller.progress(LINKS_IN.name, before + job.rows_read, None)
        if not job.is_complete:
            work.add_page(job, [], cursor=None)
        return job


def _batches(records: Job) -> Iterator[list[str]]:
    ids = (str(row["hs_object_id"]) for row in records.read_rows())
    while batch := list(islice(ids, IDS_PER_BATCH)):
        yield batch
