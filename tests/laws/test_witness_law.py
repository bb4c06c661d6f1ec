"""The law of the two opinions: the set-based core and the record-by-record witness agree on every small world."""

from __future__ import annotations

import difflib
import os
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from dynsync_lib.engine.polars_engine import PolarsEngine
from tests.fresh_seeds import seeds
from tests.laws.invariants import broken_invariants
from tests.laws.small_worlds import SEEDS, seeded_world
from tests.laws.smallest import smallest, told
from tests.opinions import SmallWorld, ask_core, ask_witness
from tests.rulebook_texts import shipped_rulebook

ENGAGEMENTS = int(os.environ.get("DYNSYNC_LAW_ENGAGEMENTS", "2"))
"""Engagements in one run; each holds twenty-five small worlds. CI asks for many more, see .ci/run."""
SOAK_ENGAGEMENTS, SOAK_GROUPS = 500, 200


PROOF = settings(
    max_examples=ENGAGEMENTS,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
"""How a law over small worlds is tried: the same worlds in every run, none made smaller by Hypothesis."""


@PROOF
@given(seed=SEEDS)
def test_core_and_witness_agree(seed: int) -> None:
    compare(seeded_world(seed))


@pytest.mark.soak
@pytest.mark.parametrize("seed", seeds(SOAK_ENGAGEMENTS))
def test_core_and_witness_agree__soak(seed: int) -> None:
    compare(seeded_world(seed, SOAK_GROUPS))


def compare(world: SmallWorld) -> None:
    """Fails with the difference on the smallest world that still shows one, as lines to read."""
    if not differences(world):
        return
    least = smallest(world, lambda one: bool(differences(one)))
    pytest.fail("\n".join(["", *differences(least), "", *told(least)]))


def differences(world: SmallWorld) -> list[str]:
    """What the two opinions do not share, and what no answer may be like; empty when all is well.

    The core gets rows and columns in another order than the files have: order is no input to it but `api_rank`.
    """
    with PolarsEngine() as engine:
        core = ask_core(world, engine, shipped_rulebook(), shuffle=Random(len(world.links)).shuffle)  # noqa: S311
    witness = ask_witness(world)
    difference = difflib.unified_diff(witness.lines(), core.lines(), "witness", "core", lineterm="", n=0)
    return [*difference, *broken_invariants(world, core)]
