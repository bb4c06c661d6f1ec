"""One emulator of two small portals for each module; a test resets what it switches."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dynsync_lib.emulator.conditions.switches import SignInSwitches
from dynsync_lib.emulator.serving.emulator import Emulator
from tests.portals.pull_process import Plan, run_pull
from tests.pulls import GENEROUS, bytes_of, small_portals


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with Emulator(small_portals(), limits=GENEROUS) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def undisturbed_bytes(running: Emulator, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """The bytes of a pull that nothing happened to, by the way to sign in: the manifest says whether a person did."""
    running.conditions.reset()
    running.conditions.sign_in = SignInSwitches(device_interval_s=0)
    folder = tmp_path_factory.mktemp("undisturbed")
    for sign_in in ("client_secret", "device_code"):
        assert run_pull(Plan(running.addresses, str(folder / sign_in), sign_in=sign_in)).exit_code == 0
    return {sign_in: bytes_of(folder / sign_in) for sign_in in ("client_secret", "device_code")}
