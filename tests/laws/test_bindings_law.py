"""The law of bindings: a forecast's pairs are all that the next forecast needs to have them again, keys or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings

from dynsync_lib.core.sync.initial_sync import decide_sync
from dynsync_lib.core.tables import BINDINGS
from dynsync_lib.engine.polars_engine import PolarsEngine
from dynsync_lib.forecasts.earlier_bindings import pairs_of_forecast
from tests.laws.small_worlds import SEEDS, seeded_world
from tests.laws.test_witness_law import ENGAGEMENTS
from tests.opinions import SmallWorld, situation_of
from tests.rulebook_texts import shipped_rulebook

_Record = tuple[str, str, str]


@settings(
    max_examples=max(ENGAGEMENTS // 4, 1), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(seed=SEEDS)
def test_bindings_alone_make_the_pairs_of_the_first_forecast_again(seed: int) -> None:
    drawn = seeded_world(seed)
    # further pairs of one record (company_dup = all_bind) hang on the key, and are made anew by it
    # without matching, a contact that nothing kept out of the other sync would be created there beside its pair
    assumptions = {**drawn.assumptions, "company_dup": "first_wins", "pair_in_other_sync": "enough"}
    world = replace(drawn, assumptions=assumptions)
    first, bindings = _asked(world)
    unmatched = {object_: replace(sync, match_mode="none") for object_, sync in world.sync.items()}
    again, _ = _asked(replace(world, sync=unmatched, bindings=bindings))
    assert again == first


def _asked(world: SmallWorld) -> tuple[Mapping[_Record, str], list[dict[str, Any]]]:
    """The counterpart of every record that has one, holders of a taken address left out; and the bindings."""
    with PolarsEngine() as engine:
        outcomes = decide_sync(situation_of(world, engine, shipped_rulebook())).outcomes
        rows, pairs = engine.rows(outcomes), engine.rows(pairs_of_forecast(outcomes))
    counterparts = {
        (row["system"], row["object"], row["record_id"]): row["counterpart_id"]
        for row in rows
        if row["counterpart_id"] and row["reason"] != "email_conflict"
    }
    return counterparts, [{name: row[name] for name in BINDINGS.column_names} for row in pairs]
