"""Where tables live changes nothing: the core says the same in Polars, in DuckDB's memory and with Parquet between."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynsync_lib.engine.duckdb_engine import DuckDbEngine
from dynsync_lib.engine.polars_engine import PolarsEngine
from tests.fresh_seeds import seeds
from tests.laws.small_worlds import seeded_world
from tests.laws.test_witness_law import ENGAGEMENTS
from tests.opinions import ask_core
from tests.rulebook_texts import shipped_rulebook


@pytest.mark.parametrize("seed", seeds(max(1, ENGAGEMENTS // 4)))
def test_engine_changes_nothing(seed: int, tmp_path: Path) -> None:
    world = seeded_world(seed, 40)
    with PolarsEngine() as polars:
        ours = ask_core(world, polars, shipped_rulebook()).lines()
    with DuckDbEngine(None if seed % 2 else tmp_path) as duckdb:
        assert ask_core(world, duckdb, shipped_rulebook()).lines() == ours
