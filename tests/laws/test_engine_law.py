"""Where tables live changes nothing: the core says the same in memory and with Parquet between its stages."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynsync_lib.engine import DuckDbEngine
from tests.laws.small_worlds import seeded_world
from tests.laws.test_witness_law import ENGAGEMENTS
from tests.opinions import ask_core
from tests.rulebook_texts import shipped_rulebook


@pytest.mark.skipif(ENGAGEMENTS < 10, reason="asks every question twice: CI does, see .ci/run")
@pytest.mark.parametrize("seed", range(min(ENGAGEMENTS // 20 + 1, 10)))
def test_parquet_between_stages_changes_nothing(seed: int, tmp_path: Path) -> None:
    world = seeded_world(seed, 40)
    with DuckDbEngine(None) as in_memory, DuckDbEngine(tmp_path) as on_disk:
        answers = [ask_core(world, engine, shipped_rulebook()).lines() for engine in (in_memory, on_disk)]
    assert answers[0] == answers[1]
