"""How the kit starts another Python, and how processes are told to stop.

Facts
    * `python -m` looks for modules in the working folder first, where customers' files are; `-P` leaves it out.
    * Ctrl-C, TERM and HUP raise KeyboardInterrupt, so that whatever is open is closed: folders, servers, kernels. What
      this process was started to ignore (`nohup`) it ignores.
    * A second signal within two seconds is ignored: nothing disturbs the tidying up. A later one raises again, in case
      the first was lost in a library.
    * A process whose standard input its parent holds ends with that input, and leaves the signals to the parent: a
      terminal sends them to both.

Where it is used: `emulator.serving`, `portals.pull`, `report.kernel`, `cli`.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, TypeVar

_STOPS: Final = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_TIDYING_S: Final = 2.0
_received: Final[list[tuple[int, float]]] = []
_cancel: Final[list[Callable[[], object]]] = []

T = TypeVar("T")


def python_call(module: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs a module of this Python as a program, whatever stands in the working folder.

    >>> python_call("dynsync_lib.cli", "rules")[1:]
    ('-P', '-m', 'dynsync_lib.cli', 'rules')
    """
    return (sys.executable, "-P", "-m", module, *arguments)


@contextmanager
def stops_as_interrupts() -> Iterator[None]:
    """Within the block, whatever tells this process to stop raises KeyboardInterrupt. In the main thread only."""
    _received.clear()
    is_main = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in _STOPS if is_main}
    heard = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}
    for number in heard:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in heard.items():
            signal.signal(number, handler)


def stop_signal() -> int | None:
    """The signal that told this process to stop, within `stops_as_interrupts`; None when none did."""
    return _received[0][0] if _received else None


def leave_stops_to_the_parent() -> None:
    """Ignores what tells a process to stop; whoever holds this one's standard input ends it."""
    for number in _STOPS:
        signal.signal(number, signal.SIG_IGN)


def run_until_stopped(job: Coroutine[Any, Any, T]) -> T:
    """What the coroutine returns. Whatever tells this process to stop cancels it and, when it has ended, raises.

    It is cancelled between two steps of its loop. A signal that cancels in the midst of one, as asyncio's own handler
    does, can fall between a future's being looked at and its being set, which prints a traceback. Works where this
    thread runs no event loop. Raises KeyboardInterrupt when it was stopped, and whatever the coroutine raises.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is not _interrupt:
        return asyncio.run(job)
    try:
        return asyncio.run(_cancelled_when_stopped(job))
    except asyncio.CancelledError:
        if stop_signal() is None:
            raise
        raise KeyboardInterrupt from None


async def _cancelled_when_stopped(job: Coroutine[Any, Any, T]) -> T:
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    if task is None:
        raise RuntimeError("A coroutine runs in a task, but none is current; report this as a fault of the kit.")
    _cancel.append(lambda: loop.call_soon_threadsafe(task.cancel))
    try:
        return await job
    finally:
        _cancel.clear()


def _interrupt(number: int, _frame: FrameType | None) -> None:
    now_s = time.monotonic()
    is_tidying = bool(_received) and now_s - _received[-1][1] < _TIDYING_S
    if is_tidying:
        return
    _received.append((number, now_s))
    if _cancel:
        _cancel.pop()()
    else:
        raise KeyboardInterrupt
