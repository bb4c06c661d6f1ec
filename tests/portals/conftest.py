"""One emulator of two small portals for each module; a test resets what it switches."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dynsync_lib.emulator.serving.emulator import Emulator
from tests.pulls import GENEROUS, small_portals


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with Emulator(small_portals(), limits=GENEROUS) as emulator:
        yield emulator
