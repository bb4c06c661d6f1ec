"""An event loop whose time passes only while it has nothing to do, and then at once."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Selector(selectors.SelectSelector):
    """Never waits: it moves the loop's time instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now_s += timeout or 0.0
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now_s


def run_in_virtual_time(job: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns; `asyncio.sleep` in it takes no time, and `loop.time()` says how much it would have."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(job)
