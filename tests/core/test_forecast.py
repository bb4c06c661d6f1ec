"""The forecast's tables are finished one by one, and what is made of a table reads the finished one."""

from __future__ import annotations

from typing import Any

from dynsync_lib.core.forecast import build_forecast
from dynsync_lib.engine.polars_engine import PolarsEngine
from tests.laws.small_worlds import seeded_world
from tests.opinions import situation_of
from tests.rulebook_texts import shipped_rulebook


def test_build_forecast__what_is_made_of_a_table_reads_the_finished_one() -> None:
    finished = []

    def finish(frame: Any, name: str) -> Any:
        finished.append(name)
        return frame.head(1) if name == "outcomes" else frame

    with PolarsEngine() as engine:
        tables = build_forecast(situation_of(seeded_world(1, 5), engine, shipped_rulebook()), finish)
        summary = engine.rows(tables["summary"])

    assert [row["count"] for row in summary] == [1]
    assert finished == [
        "outcomes",
        "changes",
        "links",
        "collisions",
        "near_names",
        "mapping",
        "sensitivity",
        "summary",
        "findings",
    ]
