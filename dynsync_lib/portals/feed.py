"""Tells who follows a table that pages of it were kept, so that associations are read while records still come.

Where it is used: `portals.side` tells, `portals.hubspot_side` follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from dynsync_lib.portals.work_folder import Job


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
