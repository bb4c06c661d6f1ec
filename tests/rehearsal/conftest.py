"""One emulator of the small world for each module; each test begins with the world as it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dynsync_lib.emulator.serving.emulator import Emulator
from tests.emulator.small_world import small_world
from tests.pulls import GENEROUS


@pytest.fixture(scope="module")
def serving() -> Iterator[Emulator]:
    with Emulator(small_world(), limits=GENEROUS) as emulator:
        yield emulator


@pytest.fixture
def emulator(serving: Emulator) -> Emulator:
    serving.conditions.reset()
    serving.reseed()
    return serving
