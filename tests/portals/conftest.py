"""One emulator of two small portals for each module; a test resets what it switches."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dynsync_lib.emulator.serving.emulator import Emulator
from tests.portals.pull_process import Plan, run_pull
from tests.pulls import GENEROUS, bytes_of, small_portals


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with Emulator(small_portals(), limits=GENEROUS) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def undisturbed_bytes(running: Emulator, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The bytes of a pull that nothing happened to."""
    running.conditions.reset()
    out = tmp_path_factory.mktemp("undisturbed") / "s"
    assert run_pull(Plan(running.addresses, str(out))).exit_code == 0
    return bytes_of(out)
