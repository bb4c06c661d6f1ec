"""Two emulated test portals to write to, and a time that passes without waiting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TypeVar

from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.portals.http.pace import Pace
from dynsync_lib.portals.pull.pull_portals import run_blocking
from dynsync_lib.portals.sign_in.connections import PortalConnections
from dynsync_lib.rehearsal.writing.portal_pair import TestPortals, open_test_portals
from tests.pulls import FakeTime, connections

T = TypeVar("T")
_WRITES = ("POST", "PATCH", "PUT", "DELETE")
_READS = ("/search", "/batch/read", "/token", "/access-token-info")


def with_portals(
    emulator: Emulator,
    job: Callable[[TestPortals], Awaitable[T]],
    *,
    pace: Pace | None = None,
    known: PortalConnections | None = None,
) -> T:
    """What a coroutine over both portals of a running emulator returns; nothing waits."""

    async def run() -> T:
        async with open_test_portals(known or connections(emulator), pace or FakeTime().pace()) as portals:
            return await job(portals)

    return run_blocking(run())


def writes(emulator: Emulator) -> list[str]:
    """Method and path of every request that the portals got and that writes, in order."""
    return [
        f"{entry.method} {entry.path}"
        for entry in emulator.conditions.log()
        if entry.method in _WRITES and not entry.path.endswith(_READS)
    ]


def statuses(emulator: Emulator) -> Counter[int]:
    """How often the portals answered with each status."""
    return Counter(entry.status for entry in emulator.conditions.log())
