"""One small emulator for each module that writes; every test finds it as in the world.

A module that serves another world names its own emulator; the clients go to that one. All tests of a module share them:
to open one takes longer than what most tests ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from dynsync_lib.emulator.serving.emulator import Emulator
from tests.emulator.clients import environment_client, hubspot_client, portal_client
from tests.emulator.small_world import small_world

NOON = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def _small() -> Iterator[Emulator]:
    with Emulator(small_world()) as running:
        yield running


@pytest.fixture
def emulator(_small: Emulator) -> Emulator:
    """The small world as written, at noon."""
    _small.conditions.reset()
    _small.reseed()
    _small.conditions.clock.stop(NOON.timestamp())
    return _small


Connect = Callable[[Emulator], AbstractContextManager[httpx.Client]]


@pytest.fixture(scope="module")
def client_of() -> Iterator[Callable[[Connect, Emulator], httpx.Client]]:
    """Opens a client of an emulator, or gives back the one that is open."""
    opened: dict[Connect, tuple[Emulator, httpx.Client]] = {}
    with ExitStack() as stack:

        def client(connect: Connect, emulator: Emulator) -> httpx.Client:
            if connect not in opened or opened[connect][0] is not emulator:
                opened[connect] = (emulator, stack.enter_context(connect(emulator)))
            return opened[connect][1]

        yield client


@pytest.fixture
def portal(emulator: Emulator, client_of: Callable[[Connect, Emulator], httpx.Client]) -> httpx.Client:
    return client_of(portal_client, emulator)


@pytest.fixture
def environment(emulator: Emulator, client_of: Callable[[Connect, Emulator], httpx.Client]) -> httpx.Client:
    return client_of(environment_client, emulator)


@pytest.fixture
def library(emulator: Emulator) -> Any:
    """HubSpot's own client library."""
    return hubspot_client(emulator).crm
