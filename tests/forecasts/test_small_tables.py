"""Few rows are read without DuckDB; what comes out is the same."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dynsync_lib import kit
from dynsync_lib.arrow_tables import arrow_rows
from dynsync_lib.core.tables import FORECAST_TABLES
from dynsync_lib.forecasts import small_tables
from tests.report.hand_made_forecast import HandMadeForecast, write_forecast

ASKED = [
    ("links", ["from_system", "status"], ["-to_object", "from_id"]),
    ("changes", ["note", "kind"], ["note", "-target_field"]),
    ("findings", ["severity"], ["-count", "check_id"]),
    ("collisions", ["is_winner"], ["is_winner", "match_key"]),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A forecast as the kit writes it: its columns have the kit's own types."""
    forecast = HandMadeForecast()
    folder = write_forecast(forecast, tmp_path_factory.mktemp("small") / "forecast")
    for name, table in FORECAST_TABLES.items():
        pq.write_table(arrow_rows(forecast.rows(name), table.columns), folder / f"{name}.parquet")
    return folder


@pytest.mark.parametrize(("table", "by", "order"), ASKED)
def test_small_tables__as_duckdb_answers(
    folder: Path, table: str, by: list[str], order: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    forecast = kit.open_forecast(folder)

    def answers() -> list[object]:
        rows = forecast.rows(table, order=[*order, *FORECAST_TABLES[table].column_names], limit=4)
        return [forecast.counts(table, by), forecast.count_groups(table, by), rows]

    small_tables.is_small.cache_clear()
    in_python = answers()
    monkeypatch.setattr(small_tables, "is_small", lambda *_: False)
    assert in_python == answers()


def test_small_tables__a_file_with_other_columns_is_not_read_here(folder: Path) -> None:
    path = folder / "changes.parquet"
    assert small_tables.is_small(path, 0.0, "changes")
    assert not small_tables.is_small(path, 0.0, "links")
