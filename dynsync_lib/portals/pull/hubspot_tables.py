"""Pulls the HubSpot side: properties, counts, tables, associations, and what changed meanwhile.

Facts
    * Associations are read for 500 records at a time, four requests at once, while the records still download: large
      batches have been seen to take a minute (portal-apis 2.5).
    * HubSpot shows a record that it does not know like one without associations. So of each pair of objects some
      records without associations are looked up (100 at most), and a note says when HubSpot does not know them.
    * When all tables are read, the records that changed since the pull began are read again, with their associations.
    * Archived records are read on their own: a list shows either the live or the archived ones (2.2).

Not modelled
    * Associations that change while both their records stay as they are.

Where it is used: `portals.pull.pull_portals`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import LINKS_IN, RECORD_TABLES, RecordTable, record_table
from dynsync_lib.errors import AccessError
from dynsync_lib.listing import counted
from dynsync_lib.portals.hubspot.reader import ASSOCIATION_PAIRS, IDS_PER_BATCH, HubSpotReader
from dynsync_lib.portals.hubspot.rows import ARCHIVED_NAMES, OWNER_NAMES, choose_properties
from dynsync_lib.portals.pages import ARCHIVED, CHANGED, Delivery, TableRead
from dynsync_lib.portals.pull.table_puller import (
    Feed,
    SideResult,
    TablePuller,
    TableResult,
    Wanted,
    not_read,
    run_together,
)
from dynsync_lib.portals.pull.work_folder import Job
from dynsync_lib.portals.rows import TextRow

_BATCHES_AT_ONCE: Final = 4
_LOOKED_UP: Final = 100
_TABLES: Final = tuple(table for table in RECORD_TABLES.values() if table.system is System.HUBSPOT)
Pair = tuple[Object, Object]
"""Two objects whose associations are read, from the first to the second."""


@dataclass(slots=True)
class HubSpotSide:
    """Reads one portal into the work folder.

    `wanted` None means every property; `since` is the portal's time when the pull began; `archived` says whether the
    archived records are read, too. `result` is filled in and returned by `read`.
    """

    reader: HubSpotReader
    puller: TablePuller
    wanted: Wanted | None
    result: SideResult
    since: datetime
    archived: bool = False
    _reads: dict[str, TableRead] = field(default_factory=dict)
    _feeds: dict[str, Feed] = field(default_factory=dict)
    _links_read: dict[str, int] = field(default_factory=dict)

    async def read(self) -> SideResult:
        """The result with all tables and associations. Raises PortalError.

        Costs a request per page of each table, per 500 records of each pair of objects, and for what changed meanwhile.
        """
        self._feeds = {table.name: Feed() for table in _TABLES}
        plans = await run_together(*map(self._plan, _TABLES))
        missing = [result for result in plans if result is not None]
        tables = [self._read_table(read) for read in self._reads.values()]
        links = [self._read_links(pair) for pair in ASSOCIATION_PAIRS]
        done = await run_together(*tables, *links)
        table_results, link_results = done[: len(tables)], done[len(tables) :]
        for result in (*missing, *table_results):
            self.result.tables[result.name] = result
        await run_together(*map(self._read_changed, self._reads.values()))
        self.result.links = await run_together(*map(self._read_changed_links, ASSOCIATION_PAIRS, link_results))
        if self.archived:
            reads = [read for read in self._reads.values() if read.table.object is not None]
            for result in await run_together(*map(self._read_archived, reads)):
                self.result.archived[result.name] = result
        return self.result

    # --- Tables ----------------------------------------------------------------------------------------------

    async def _plan(self, table: RecordTable) -> TableResult | None:
        """Decides which properties of a table are read; a result only when the table cannot be read at all."""
        if table.object is None:
            self._reads[table.name] = TableRead(table, OWNER_NAMES)
            return None
        try:
            properties = await self.reader.read_properties(table.object)
            total = await self.reader.count(table.object)
        except AccessError as fault:
            self._feeds[table.name].end()
            return not_read(table, fault)
        self.result.metadata += properties
        wanted = None if self.wanted is None else self.wanted.get(table.name)
        self._reads[table.name] = TableRead(table, choose_properties(table, properties, wanted), total)
        return None

    async def _read_table(self, read: TableRead) -> TableResult:
        feed = self._feeds[read.table.name]
        try:
            job = await self.puller.read(read, self.reader.read_page, feed=feed)
        except AccessError as fault:
            return not_read(read.table, fault)
        finally:
            feed.end()
        return TableResult(read.table.name, (job,), read.names, server_rows=read.total)

    async def _read_changed(self, read: TableRead) -> None:
        """Adds the records that changed meanwhile, and asks the server for its count again where it no longer fits."""
        result = self.result.tables[read.table.name]
        if read.table.object is None or not result.jobs:
            return
        again = TableRead(read.table, read.names, part=CHANGED)
        changed = await self.puller.read(again, self._changed_page)
        total = read.total
        if total != result.jobs[0].rows_read or changed.rows_read:
            total = await self.reader.count(read.table.object)
        self.result.tables[read.table.name] = replace(result, changed=changed, server_rows=total)

    async def _changed_page(self, read: TableRead, cursor: str | None) -> Delivery:
        return await self.reader.read_changed(read, self.since, cursor)

    async def _read_archived(self, read: TableRead) -> TableResult:
        if not self.result.tables[read.table.name].jobs:
            return TableResult(read.table.name)
        names = (*read.names, *ARCHIVED_NAMES)
        job = await self.puller.read(TableRead(read.table, names, part=ARCHIVED), self.reader.read_page)
        return TableResult(read.table.name, (job,), names)

    # --- Associations ----------------------------------------------------------------------------------------

    async def _read_links(self, pair: Pair) -> TableResult:
        from_object, to_object = pair
        name = f"{LINKS_IN.name}/{from_object.value}_{to_object.value}"
        from_feed, to_feed = (self._feeds[record_table(object_, System.HUBSPOT).name] for object_ in pair)
        if None in [await from_feed.first_job(), await to_feed.first_job()]:
            return TableResult(name, note=f"The associations from {from_object} to {to_object} were not read.")
        job = self.puller.work.job(name, LINKS_IN.column_names)
        if from_feed.is_restarted and job.pages_read:
            job = self.puller.work.restart(job)
        try:
            await self._store_links(pair, job, from_feed.batches("hs_object_id", IDS_PER_BATCH))
        except AccessError as fault:
            if pair == ASSOCIATION_PAIRS[0]:
                raise
            return TableResult(name, note=str(fault))
        return TableResult(name, (job,), LINKS_IN.column_names, note=self.puller.work.recall(_unknown_fact(job)))

    async def _read_changed_links(self, pair: Pair, links: TableResult) -> TableResult:
        """Adds the associations of the records that changed meanwhile."""
        from_object, _ = pair
        changed = self.result.tables[record_table(from_object, System.HUBSPOT).name].changed
        if not links.jobs or changed is None:
            return links
        job = self.puller.work.job(f"{links.name}/{CHANGED}", LINKS_IN.column_names)
        feed = Feed()
        feed.announce(changed)
        await self._store_links(pair, job, feed.batches("hs_object_id", IDS_PER_BATCH))
        return replace(links, changed=job)

    async def _store_links(self, pair: Pair, job: Job, batches: AsyncIterator[Sequence[str]]) -> None:
        """Stores the associations of each batch of record ids as one page, in order; stored batches are skipped."""
        if job.is_complete:
            return
        reading: deque[tuple[Sequence[str], asyncio.Task[list[TextRow]]]] = deque()
        skip = job.pages_read
        bare: Sequence[str] = []
        try:
            async for ids in batches:
                skip -= 1
                if skip < 0:
                    reading.append((ids, asyncio.ensure_future(self.reader.read_links(pair, ids))))
                if len(reading) >= _BATCHES_AT_ONCE:
                    bare = _thinned([*bare, *await self._store_batch(job, *reading.popleft())])
            while reading:
                bare = [*bare, *await self._store_batch(job, *reading.popleft())]
        finally:
            for _, task in reading:
                task.cancel()
            await asyncio.gather(*(task for _, task in reading), return_exceptions=True)
        await self._look_up(pair, job, bare)
        self.puller.work.add_page(job, [], cursor=None)

    async def _look_up(self, pair: Pair, job: Job, bare: Sequence[str]) -> None:
        """Notes how many of some records without associations HubSpot does not know."""
        asked = _thinned(bare)[:_LOOKED_UP]
        unknown = await self.reader.find_unknown(pair[0], asked) if asked else []
        if unknown:
            without = "without associations that"
            looked_up = counted(len(asked), f"record {without} was looked up", f"records {without} were looked up")
            note = (
                f"From {pair[0]} to {pair[1]}: of {looked_up},"
                f" HubSpot does not know {len(unknown)}, so what they are associated with is not known."
            )
            self.puller.work.remember(_unknown_fact(job), note)

    async def _store_batch(self, job: Job, ids: Sequence[str], reading: asyncio.Task[list[TextRow]]) -> Sequence[str]:
        """Stores the associations of these records, and gives some of the ids that have none."""
        rows = await reading
        with_links = {row["from_id"] for row in rows}
        await asyncio.to_thread(self.puller.work.add_page, job, rows, cursor=str(job.pages_read + 1))
        self._links_read[job.name] = job.rows_read
        self.puller.progress(LINKS_IN.name, sum(self._links_read.values()), None)
        return [id_ for id_ in ids if id_ not in with_links][:_LOOKED_UP]


def _thinned(ids: Sequence[str]) -> Sequence[str]:
    """Every second id, or every fourth and so on, until no more than twice the ids are left that are looked up."""
    while len(ids) > 2 * _LOOKED_UP:
        ids = ids[::2]
    return ids


def _unknown_fact(job: Job) -> str:
    """The name under which the work folder keeps the note about records that HubSpot does not know."""
    return f"unknown {job.name}"
