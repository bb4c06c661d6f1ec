"""Pulls that are killed end in the bytes of a pull that nothing happened to, and need no more memory for more records.

`tests.portals.test_pull_soak` kills pulls that meet faults as well.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from dynsync_lib.emulator.conditions.switches import Fault
from dynsync_lib.emulator.serving.emulator import Emulator
from tests.portals.pull_process import MOMENTS, Plan, run_killed_pull
from tests.pulls import bytes_of

ROOT = Path(__file__).parents[2]


# --- Killed ------------------------------------------------------------------------------------------------------


def _short_pages(emulator: Emulator) -> None:
    """Many pages, so that there are many places to die at."""
    emulator.conditions.reset()
    emulator.conditions.add_faults(
        [
            Fault(path="/crm/v3/objects/contacts", short_page=23, times=10_000),
            Fault(path="/crm/v3/objects/companies", short_page=40, times=10_000),
            Fault(path="/api/data/v9.2/*", portal="dynamics", short_page=6, times=10_000),
        ]
    )


def _killed(emulator: Emulator, folder: Path, moments: Sequence[str]) -> list[int]:
    """The exit codes of the processes: one for each moment until one ends by itself, and a last one."""
    _short_pages(emulator)
    plan = Plan(emulator.addresses, str(folder / "s"))
    ended = []
    for moment in (*moments, "never:1"):
        ended.append(run_killed_pull(plan, folder, moment).exit_code)
        if ended[-1] == 0 or (folder / "s" / "manifest.json").is_file():
            break
    return ended


@pytest.mark.long
@pytest.mark.parametrize("kills", [1, len(MOMENTS)])
def test_pull__killed_by_the_system_again_and_again(
    running: Emulator, tmp_path: Path, undisturbed_bytes: dict[str, dict[str, str]], kills: int
) -> None:
    chance = random.Random(1)  # noqa: S311
    early = [moment for moment in MOMENTS if moment != "table"]
    moments = [f"{moment}:{chance.randint(1, 3)}" for moment in (*chance.sample(early, len(early)), "table")]
    assert _killed(running, tmp_path, moments[-kills:]) == [*[-signal.SIGKILL] * kills, 0]
    assert bytes_of(tmp_path / "s") == undisturbed_bytes["client_secret"]


# --- Of any size -------------------------------------------------------------------------------------------------


@pytest.mark.soak
def test_pull__memory_does_not_grow_with_the_portal() -> None:
    call = [sys.executable, "-m", "tests.portals.pull_memory"]
    peak_mb = [
        float(subprocess.run([*call, str(size)], cwd=ROOT, capture_output=True, text=True, check=True).stdout)
        for size in (100_000, 300_000)
    ]
    assert peak_mb[1] < peak_mb[0] + 40
