"""How fast a portal is asked: never refused where nobody else asks, and the limit is used up."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

import httpx
import pytest

from dynsync_lib.emulator.conditions.limits import SlidingWindow
from dynsync_lib.portals.dataverse.reader import DataverseReader
from dynsync_lib.portals.http.pace import Limiter, Pace
from dynsync_lib.portals.hubspot.reader import HubSpotReader
from tests.portals.virtual_time import run_in_virtual_time
from tests.pulls import FakeTime


@dataclass
class Portal:
    """Counts requests in a sliding window, as HubSpot does, at a moment of each request's way that nobody knows."""

    window: SlidingWindow = field(default_factory=lambda: SlidingWindow(190, 10.0))
    refused: int = 0
    arrived_s: list[float] = field(default_factory=list)

    async def ask(self, way_s: float, chance: random.Random) -> None:
        there_s = way_s * chance.random()
        await asyncio.sleep(there_s)
        now_s = asyncio.get_running_loop().time()
        self.arrived_s.append(now_s)
        if self.window.remaining(now_s) < 1:
            self.refused += 1
        else:
            self.window.spend(1, now_s)
        await asyncio.sleep(way_s - there_s)


async def _storm(portal: Portal, *, requests: int, tasks: int, longest_way_s: float, seed: int) -> None:
    loop = asyncio.get_running_loop()
    limiter = Limiter(Pace(elapsed_s=loop.time), allowed=187, window_s=10.0, first_lanes=tasks)
    chance = random.Random(seed)  # noqa: S311
    left = iter(range(requests))

    async def task() -> None:
        for _ in left:
            async with limiter.turn():
                await portal.ask(longest_way_s * chance.random(), chance)

    await asyncio.gather(*(task() for _ in range(tasks)))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("longest_way_s", [0.01, 0.3, 4.0])
def test_limiter__a_quiet_portal_refuses_nothing(longest_way_s: float, seed: int) -> None:
    portal = Portal()
    run_in_virtual_time(_storm(portal, requests=1_000, tasks=12, longest_way_s=longest_way_s, seed=seed))
    assert (len(portal.arrived_s), portal.refused) == (1_000, 0)


@pytest.mark.parametrize(("longest_way_s", "share"), [(0.02, 0.98), (0.3, 0.95)])
def test_limiter__uses_up_the_limit_when_the_way_is_short(longest_way_s: float, share: float) -> None:
    portal = Portal()
    run_in_virtual_time(_storm(portal, requests=2_000, tasks=12, longest_way_s=longest_way_s, seed=1))
    windows = [sum(start <= at_s < start + 10 for at_s in portal.arrived_s) for start in range(0, 90, 10)]
    assert sum(windows) >= share * 190 * len(windows)


def _answer(**headers: str) -> httpx.Response:
    return httpx.Response(200, headers={name.replace("_", "-"): value for name, value in headers.items()})


HUBSPOT_LIMITS = {"X_HubSpot_RateLimit_Max": "190", "X_HubSpot_RateLimit_Interval_Milliseconds": "10000"}


@pytest.mark.parametrize(
    ("most", "remaining", "allowed"), [("190", "189", 187), ("100", "99", 98), ("190", "7", 7), ("190", "0", 1)]
)
def test_hubspot__takes_its_share_and_leaves_others_theirs(most: str, remaining: str, allowed: int) -> None:
    reader = HubSpotReader(httpx.AsyncClient(), FakeTime().pace())
    headers = {**HUBSPOT_LIMITS, "X_HubSpot_RateLimit_Max": most, "X_HubSpot_RateLimit_Remaining": remaining}
    reader._heed(_answer(**headers))
    assert (reader._limiter.allowed, reader._limiter.window_s) == (allowed, 10.0)


def test_hubspot__search_answers_say_nothing_about_limits() -> None:
    reader = HubSpotReader(httpx.AsyncClient(), FakeTime().pace())
    reader._heed(_answer(Date="Mon, 23 Nov 2026 09:00:00 GMT"))
    assert reader._limiter.allowed == 98
    assert str(reader.server_time) == "2026-11-23 09:00:00+00:00"


def test_dataverse__heeds_hint_requests_and_time() -> None:
    reader = DataverseReader(httpx.AsyncClient(), FakeTime().pace())
    assert reader.lanes == 4
    reader._heed(
        _answer(
            x_ms_dop_hint="48",
            x_ms_ratelimit_burst_remaining_xrm_requests="6000",
            x_ms_ratelimit_time_remaining_xrm_requests="1,199.98",
        )
    )
    assert (reader.lanes, reader._limiter.lanes, reader._limiter.allowed) == (48, 4, 5_700)
    reader._heed(_answer(x_ms_dop_hint="2", x_ms_ratelimit_time_remaining_xrm_requests="59.00"))
    assert (reader.lanes, reader._limiter.lanes) == (2, 1)
    reader._heed(_answer(x_ms_dop_hint="many", x_ms_ratelimit_time_remaining_xrm_requests="?"))
    assert reader.lanes == 2


def test_backoff__is_shortened_by_up_to_half() -> None:
    assert [Pace(chance=lambda: 0.0).backoff_s(attempt) for attempt in (1, 2, 9, 12)] == [1.0, 2.0, 256.0, 300.0]
    assert Pace(chance=lambda: 1.0).backoff_s(3) == 2.0
