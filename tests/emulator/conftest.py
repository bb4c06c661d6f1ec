"""One small emulator for each module that writes; every test finds it as in the world.

A module that serves another world names its own emulator; the clients go to that one.
"""

from __future__ import annotations

from collections.abc import Iterator
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


@pytest.fixture
def portal(emulator: Emulator) -> Iterator[httpx.Client]:
    with portal_client(emulator) as client:
        yield client


@pytest.fixture
def environment(emulator: Emulator) -> Iterator[httpx.Client]:
    with environment_client(emulator) as client:
        yield client


@pytest.fixture
def library(emulator: Emulator) -> Any:
    """HubSpot's own client library."""
    return hubspot_client(emulator).crm
