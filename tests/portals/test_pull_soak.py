"""Pulls that meet several faults, at every endpoint, and are killed: they end in the same bytes or in a right sentence.

The seeds are 0, 1, 2 ...; DYNSYNC_PULL_SEEDS says how many (2 if it is not set), or one alone as `=7`. A pull that
ended in a sentence, or was killed, is begun again until it is whole.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dynsync_lib.emulator.conditions.switches import SignInSwitches
from dynsync_lib.emulator.serving.emulator import Emulator
from tests.fresh_seeds import seeds
from tests.portals.pull_process import End, Plan, run_killed_pull, run_pull
from tests.portals.pull_troubles import Journey, journey_of
from tests.pulls import bytes_of

_ASKED = os.environ.get("DYNSYNC_PULL_SEEDS", "2")
SEEDS = (int(_ASKED[1:]),) if _ASKED.startswith("=") else tuple(seeds(int(_ASKED)))
MOST_BEGINNINGS = 100


@pytest.mark.parametrize("seed", SEEDS)
def test_pull__through_faults_and_kills(
    running: Emulator, tmp_path: Path, undisturbed_bytes: dict[str, dict[str, str]], seed: int
) -> None:
    journey = journey_of(seed)
    running.conditions.reset()
    running.conditions.sign_in = SignInSwitches(device_interval_s=0)
    running.conditions.add_faults([trouble.fault for trouble in journey.troubles])
    plan = _plan(running, tmp_path, journey)
    kills = list(journey.kills)
    for _ in range(MOST_BEGINNINGS):
        is_remembered = any((tmp_path / "tokens").glob("tokens-*"))
        end = run_killed_pull(plan, tmp_path, kills.pop(0)) if kills else run_pull(plan)
        _refuse_wrong_end(journey, end, is_remembered=is_remembered)
        if (tmp_path / "s" / "manifest.json").is_file():
            break
    assert bytes_of(tmp_path / "s") == undisturbed_bytes[journey.sign_in], f"seed {seed}: {journey}"


def _plan(emulator: Emulator, folder: Path, journey: Journey) -> Plan:
    return Plan(
        emulator.addresses,
        str(folder / "s"),
        sign_in=journey.sign_in,
        is_authority_known=journey.is_authority_known,
        token_folder=str(folder / "tokens") if journey.are_tokens_kept else None,
        windows=journey.windows,
    )


def _refuse_wrong_end(journey: Journey, end: End, *, is_remembered: bool) -> None:
    """A pull ends whole, killed, or in a sentence that one of the troubles explains, with exit code 3 and a next step.

    A person is asked once, and never when the sign-in is remembered.
    """
    assert end.asked <= (not is_remembered), f"asked {end.asked} times"
    if not end.sentence:
        return
    assert end.exit_code == 3
    assert end.next_step
    assert end.sentence.endswith(".")
    is_right = any(trouble.explains(end, may_pass=journey.is_patience_enough) for trouble in journey.troubles)
    assert is_right, f"{end} comes from none of\n" + "\n".join(map(str, journey.troubles))
