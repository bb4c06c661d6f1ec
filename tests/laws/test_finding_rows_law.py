"""There are as many rows behind a finding as it counts, in small worlds under settings at random, in both engines."""

from __future__ import annotations

import pytest

from dynsync_lib.core.audit.finding_rows import is_listed, rows_of_checks
from dynsync_lib.core.audit.findings import is_finding_of
from dynsync_lib.core.forecast import build_forecast
from dynsync_lib.core.record_rows import COLUMNS
from dynsync_lib.engine.duckdb_engine import DuckDbEngine
from dynsync_lib.engine.polars_engine import PolarsEngine
from tests.everyday import one_of_each
from tests.fresh_seeds import seeds
from tests.laws.small_worlds import seeded_world
from tests.opinions import situation_of
from tests.rulebook_texts import shipped_rulebook


def _is_for_duckdb(seed: int) -> bool:
    return seed % 3 == 2


@pytest.mark.parametrize("seed", one_of_each(seeds(3), lambda _: "either engine"))
def test_rows_behind_findings__are_as_many_as_counted(seed: int) -> None:
    rulebook = shipped_rulebook()
    with DuckDbEngine(None) if _is_for_duckdb(seed) else PolarsEngine() as engine:
        situation = situation_of(seeded_world(seed, 30), engine, rulebook)
        tables = build_forecast(situation)
        findings = [row for row in engine.rows(tables["findings"]) if row["count"] is not None]
        checks = [next(check for check in rulebook.checks if is_finding_of(row, check)) for row in findings]
        behind = rows_of_checks(situation, tables, checks)
        counted = {
            row["sentence"]: [cell for frame in frames for cell in engine.rows(frame)]
            for row, frames in zip(findings, behind, strict=True)
        }
    wanted = {row["sentence"]: row["count"] for row, check in zip(findings, checks, strict=True) if is_listed(check)}
    assert {sentence: len(rows) for sentence, rows in counted.items() if sentence in wanted} == wanted
    assert len(wanted) > 10
    assert all(tuple(row) == COLUMNS for rows in counted.values() for row in rows)
