"""The law of the replay: core and witness say the same of every small world at two moments."""

from __future__ import annotations

import difflib
from typing import Any

import pytest
from hypothesis import given

from dynsync_lib.core.replay import ESCAPES, replay_snapshots
from dynsync_lib.core.tables import CHANGES
from dynsync_lib.emulator.witness.replay import replay
from dynsync_lib.engine.polars_engine import PolarsEngine
from tests.fresh_seeds import seeds
from tests.laws.later_worlds import bound_world, later_world
from tests.laws.small_worlds import SEEDS, seeded_world
from tests.laws.smallest import smallest, told
from tests.laws.test_witness_law import PROOF
from tests.opinions import SmallWorld, plan_of, render_change, situation_of, store_of
from tests.rulebook_texts import shipped_rulebook

SOAK_ENGAGEMENTS, SOAK_GROUPS = 200, 100


@PROOF
@given(seed=SEEDS)
def test_core_and_witness_replay_alike(seed: int) -> None:
    compare(bound_world(seeded_world(seed)), seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", seeds(SOAK_ENGAGEMENTS))
def test_core_and_witness_replay_alike__soak(seed: int) -> None:
    compare(bound_world(seeded_world(seed, SOAK_GROUPS)), seed)


def compare(world: SmallWorld, seed: int) -> None:
    """Fails with the difference on the smallest world that still shows one, before and after, as lines to read."""
    if not differences(world, seed):
        return
    least = smallest(world, lambda one: bool(differences(one, seed)))
    later = ["", "later:", *told(later_world(least, seed))]
    pytest.fail("\n".join(["", *differences(least, seed), "", *told(least), *later]))


def differences(world: SmallWorld, seed: int) -> list[str]:
    """What the two opinions on the world and its later self do not share; empty when all is well."""
    later = later_world(world, seed)
    ours, theirs = witness_lines(world, later), core_lines(world, later)
    return list(difflib.unified_diff(ours, theirs, "witness", "core", lineterm="", n=0))


def witness_lines(before: SmallWorld, after: SmallWorld) -> list[str]:
    """Writes and escapes of the witness as sentences, sorted."""
    run = replay(store_of(before), store_of(after), plan_of(after))
    writes = [render_change(*(getattr(one, name) for name in CHANGES.column_names)) for one in run.writes]
    return sorted(writes + [_render_escape(one.__getattribute__) for one in run.escapes])


def core_lines(before: SmallWorld, after: SmallWorld) -> list[str]:
    """Changes and escapes of the core as sentences, sorted."""
    with PolarsEngine() as engine:
        then, now = (situation_of(world, engine, shipped_rulebook()) for world in (before, after))
        found = replay_snapshots(then, now, now.tables["bindings"])
        changes, escapes = engine.rows(found["changes"]), engine.rows(found["escapes"])
    rows = [render_change(*(row[name] for name in CHANGES.column_names)) for row in changes]
    return sorted(rows + [_render_escape(row.__getitem__) for row in escapes])


def _render_escape(value_of: Any) -> str:
    return "escape: " + " ".join(str(value_of(name)) for name in ESCAPES.column_names)
