"""How many requests are sent to a portal in a time and at once, and how long to wait after a refusal.

Facts
    * HubSpot counts requests in a sliding window of 10 s per token; every answer says what is left. Dataverse counts
      requests and execution time in 300 s and says how many requests may run at once (portal-apis 3.1, 7.1).
    * A request counts until a window has passed since its *answer*: nobody knows when, on its way, the portal counted
      it. So a portal that serves nobody else refuses no request, however long its answers travel.
    * After a refusal all tasks pause, and half as many requests run at once; one more is added after as many good
      answers as requests run.
    * Time comes from `Pace`, so that tests need not wait.

Where it is used: everywhere in `portals` where requests are sent.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """How often and how long to wait; times in seconds.

    `tries` is how often a request is sent at most; `first_wait_s` the first pause between two attempts. A portal that
    asks for more than `longest_wait_s` stops the pull, which can be taken up again later. `chance` gives numbers from 0
    to 1: pauses that no portal asked for are shortened by up to half, so that tasks do not return all at once.
    `sleep` waits in a task; `block` waits in a thread, at most until its event is set, and says whether it was.
    """

    tries: int = 6
    first_wait_s: float = 1.0
    longest_wait_s: float = 300.0
    timeout_s: float = 120.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    block: Callable[[threading.Event, float], bool] = threading.Event.wait
    elapsed_s: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random

    def backoff_s(self, attempt: int) -> float:
        """Seconds to wait after an attempt (counted from 1) when the portal names no time; they double each time."""
        whole_s = min(self.first_wait_s * 2.0 ** (attempt - 1), self.longest_wait_s)
        return whole_s * (1.0 - self.chance() / 2)


class Limiter:
    """Lets requests start under one limit of a portal; shared by all tasks that send them.

    At most `allowed` requests count in any `window_s` seconds, and at most `lanes` run at once. `lanes` begins at
    `first_lanes` and moves between 1 and `most_lanes` (None: `first_lanes`).
    """

    def __init__(
        self, pace: Pace, *, allowed: int, window_s: float, first_lanes: int = 16, most_lanes: int | None = None
    ) -> None:
        self.allowed, self.window_s = allowed, window_s
        self.lanes, self.most_lanes = first_lanes, most_lanes or first_lanes
        self._pace = pace
        self._ends: deque[float] = deque()
        self._running = 0
        self._free_at_s = 0.0
        self._answered_in_round = 0
        self._queue = asyncio.Lock()
        self._answered = asyncio.Event()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A context for one request: it is entered when the request may start, and left with its answer."""
        await self._begin()
        try:
            yield
        finally:
            self._running -= 1
            self._ends.append(self._pace.elapsed_s())
            self._answered.set()

    def hold(self, wait_s: float) -> None:
        """Lets no task start a request for `wait_s` seconds, and halves the lanes."""
        self._free_at_s = max(self._free_at_s, self._pace.elapsed_s() + wait_s)
        self.lanes, self._answered_in_round = max(self.lanes // 2, 1), 0

    def widen(self) -> None:
        """Counts a good answer; after as many as there are lanes, one lane is added."""
        self._answered_in_round += 1
        if self._answered_in_round >= self.lanes:
            self.lanes, self._answered_in_round = min(self.lanes + 1, self.most_lanes), 0

    def adapt(self, *, allowed: int, window_s: float) -> None:
        """Replaces the limits by those that the portal states."""
        self.allowed, self.window_s = max(allowed, 1), window_s

    @property
    def used(self) -> int:
        """How many requests count now: those that run, and those answered within the window."""
        now_s = self._pace.elapsed_s()
        while self._ends and self._ends[0] <= now_s - self.window_s:
            self._ends.popleft()
        return self._running + len(self._ends)

    async def _begin(self) -> None:
        async with self._queue:
            while (wait_s := self._wait_s()) != 0.0:
                if wait_s is not None:
                    await self._pace.sleep(wait_s)
                    continue
                self._answered.clear()
                await self._answered.wait()
            self._running += 1

    def _wait_s(self) -> float | None:
        """Seconds until a request may start; None: not before a running request is answered."""
        now_s = self._pace.elapsed_s()
        if self._free_at_s > now_s:
            return self._free_at_s - now_s
        if self._running >= self.lanes:
            return None
        if self.used < self.allowed:
            return 0.0
        return max(self._ends[0] + self.window_s - now_s, 1e-3) if self._ends else None
