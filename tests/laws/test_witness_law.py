"""The law of the two opinions: the set-based core and the record-by-record witness agree on every small world."""

from __future__ import annotations

import difflib
import os

import pytest
from hypothesis import HealthCheck, given, settings

from dynsync_lib.engine import DuckDbEngine
from tests.laws.small_worlds import small_worlds
from tests.opinions import SmallWorld, ask_core, ask_witness
from tests.rulebook_texts import shipped_rulebook

EXAMPLES = int(os.environ.get("DYNSYNC_LAW_EXAMPLES", "20"))
"""Worlds in one run; each holds five groups. CI asks for more, see .ci/run."""


@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), print_blob=True
)
@given(world=small_worlds())
def test_core_and_witness_agree(world: SmallWorld) -> None:
    compare(world)


@pytest.mark.soak
@settings(max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(world=small_worlds())
def test_core_and_witness_agree__soak(world: SmallWorld) -> None:
    compare(world)


def compare(world: SmallWorld) -> None:
    """Fails with the difference as readable lines."""
    with DuckDbEngine(None) as engine:
        core = ask_core(world, engine, shipped_rulebook()).lines()
    witness = ask_witness(world).lines()
    difference = list(difflib.unified_diff(witness, core, "witness", "core", lineterm="", n=0))
    assert not difference, "\n".join([*difference, f"{world.sync}", f"{world.assumptions}"])
