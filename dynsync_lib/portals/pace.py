"""How fast a portal is asked, and how long is waited after it refused.

Facts
    * HubSpot counts requests in a sliding window; Dataverse asks for a pause of all tasks (portal-apis 3.1, 7.1).
    * Time comes from `Pace`, so that a test waits without waiting.

Where it is used: `portals.caller`, `portals.hubspot`, `portals.dataverse`.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """How often and how long to wait; times in seconds.

    `longest_wait_s` is the longest pause a portal may ask for before the pull stops, to be resumed later.
    """

    tries: int = 6
    first_wait_s: float = 1.0
    longest_wait_s: float = 300.0
    timeout_s: float = 120.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    elapsed_s: Callable[[], float] = time.monotonic

    def backoff_s(self, attempt: int) -> float:
        """How long to wait after the given attempt (from 1) when the portal names no time."""
        return min(self.first_wait_s * 2.0 ** (attempt - 1), self.longest_wait_s)


class Limiter:
    """Lets at most `allowed` requests start within `window_s` seconds; shared by all tasks of one portal."""

    def __init__(self, pace: Pace, *, allowed: int, window_s: float) -> None:
        self.allowed, self.window_s = allowed, window_s
        self._pace = pace
        self._starts: deque[float] = deque()
        self._free_at_s = 0.0
        self._turn = asyncio.Lock()

    async def take(self) -> None:
        """Returns when the next request may start."""
        async with self._turn:
            while (wait_s := self._wait_s()) > 0:
                await self._pace.sleep(wait_s)
            self._starts.append(self._pace.elapsed_s())

    def hold(self, wait_s: float) -> None:
        """Keeps every task from starting a request for some seconds."""
        self._free_at_s = max(self._free_at_s, self._pace.elapsed_s() + wait_s)

    def adapt(self, *, allowed: int, window_s: float) -> None:
        """Takes over the limits the portal states."""
        self.allowed, self.window_s = max(allowed, 1), window_s

    def _wait_s(self) -> float:
        now_s = self._pace.elapsed_s()
        while self._starts and self._starts[0] <= now_s - self.window_s:
            self._starts.popleft()
        crowded_s = self._starts[0] + self.window_s - now_s if len(self._starts) >= self.allowed else 0.0
        return max(self._free_at_s - now_s, crowded_s)
