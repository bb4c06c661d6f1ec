"""The law of receipts: after a sync by the rules no prediction is a miss, in any small world.

Which record a new one was made from is told by its key and texts; in worlds of a handful of words records without a key
look like one another. Of those the receipt says that nobody can tell; it never takes the wrong one.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from dynsync_lib.core.model import Object, System
from dynsync_lib.emulator.witness.initial_sync import run_initial_sync
from dynsync_lib.forecasts.write_forecast import write_forecast
from dynsync_lib.verification.verify_folder import Compared, verify_snapshots
from tests.fresh_seeds import seeds
from tests.laws.small_worlds import SEEDS, only_groups, seeded_world
from tests.laws.test_witness_law import ENGAGEMENTS, PROOF
from tests.laws.world_snapshots import write_world
from tests.opinions import SmallWorld, plan_of, settings_of, store_of
from tests.rulebook_texts import shipped_rulebook
from tests.verification.after_sync import write_snapshot

GROUPS, SOAK_WORLDS, SOAK_GROUPS = 6, 40, 40
LOOK_ALIKES = {5: 9, 8: 1, 11: 11, 28: 0, 37: 9}
"""By seed the group with a record for which the counterpart of another one was once taken."""
MARKS = {seed: [pytest.mark.long] for seed in (5, 11)}
"""The cheapest two of them run with `--all`; every day worlds at random hold the law."""


@settings(PROOF, max_examples=max(1, ENGAGEMENTS // 2))
@given(seed=SEEDS)
def test_nothing_is_in_doubt(seed: int) -> None:
    hold_law(figures_of(seeded_world(seed, GROUPS)))


@pytest.mark.parametrize(
    ("seed", "group"),
    [pytest.param(*pair, marks=MARKS.get(pair[0], [pytest.mark.soak])) for pair in LOOK_ALIKES.items()],
)
def test_a_counterpart_of_somebody_else_is_no_miss(seed: int, group: int) -> None:
    hold_law(figures_of(only_groups(seeded_world(seed, 12), {group})))


def test_a_contact_that_is_created_as_a_lead_takes_no_company_along() -> None:
    """World 37 has one that the forecast lets keep its company; a lead has no lookup for it."""
    world = replace(seeded_world(37), bindings=())
    store = store_of(world)
    run_initial_sync(store, plan_of(world))
    leads = store.tables[System.DYNAMICS, Object.LEAD].values()
    assert not any("_parentcustomerid_value" in values for values in leads)


@pytest.mark.soak
@pytest.mark.parametrize("seed", seeds(SOAK_WORLDS))
def test_nothing_is_in_doubt__soak(seed: int) -> None:
    hold_law(figures_of(seeded_world(seed, SOAK_GROUPS)))


def hold_law(figures: dict[str, Any]) -> None:
    assert figures["missed"] == []
    assert figures["by_cause"].keys() <= {"as_predicted", "not_settled"}


def figures_of(drawn: SmallWorld) -> dict[str, Any]:
    """The figures of a small world that the witness has synced for the first time."""
    world, book = replace(drawn, bindings=()), shipped_rulebook()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = write_world(world, folder / "before")
        forecast = write_forecast(before, settings_of(world, book), folder / "forecast", rulebook=book)
        store = store_of(world)
        run_initial_sync(store, plan_of(world))
        after = write_snapshot(before, store, folder / "after", taken_at=world.taken_at + timedelta(days=1))
        compared = Compared(before, after, forecast, is_sync_alone=True)
        return dict(verify_snapshots(compared, rulebook=book, out=None, work=folder).figures)
