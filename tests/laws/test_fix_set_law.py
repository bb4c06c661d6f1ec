"""What a fix set promises holds when the sync is decided again, in small worlds under settings at random."""

from __future__ import annotations

import pytest

from dynsync_lib.core.fix_set.smallest_set import find_fix_set
from dynsync_lib.core.forecast import build_forecast
from dynsync_lib.engine.duckdb_engine import DuckDbEngine
from dynsync_lib.engine.polars_engine import PolarsEngine
from dynsync_lib.kit.rulebooks import key_maker
from tests.everyday import one_of_each
from tests.fresh_seeds import seeds
from tests.laws.small_worlds import seeded_world
from tests.opinions import situation_of
from tests.rulebook_texts import shipped_rulebook


@pytest.mark.parametrize("seed", one_of_each(seeds(2), lambda _: "either engine"))
def test_fix_set__keeps_what_it_promises(seed: int) -> None:
    with DuckDbEngine(None) if seed % 2 else PolarsEngine() as engine:
        situation = situation_of(seeded_world(seed, 30), engine, shipped_rulebook())
        fixes = find_fix_set(situation, build_forecast(situation), key_maker(), share=1)
    assert fixes.changes
    assert sum(fixes.cleared.values()) >= sum(fixes.gains) > 0
    assert all(fixes.cleared[kind] <= count for kind, count in fixes.risks.items())
