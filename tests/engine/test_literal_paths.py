"""A folder's name is not a pattern: what stands in a path never leads to another folder, nor into the rows."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsync_lib import kit
from dynsync_lib.arrow_tables import arrow_rows
from dynsync_lib.core.tables import FORECAST_TABLES, Column
from dynsync_lib.engine.duckdb_engine import DuckDbEngine
from dynsync_lib.engine.polars_engine import PolarsEngine
from dynsync_lib.engine.spark_needs import missing_need
from tests.engine.adversarial_snapshot import SETTINGS, make_adversarial_snapshot
from tests.report.hand_made_forecast import HandMadeForecast, write_forecast

_MISSING = missing_need()
_COLUMNS = (Column("a", "text", ""),)
_UNLUCKY = "[]{}*?!-^,;:'\"`%$~=&@#+ ()ab1äß"
_NAMES = st.text(_UNLUCKY, min_size=1, max_size=12).filter(lambda name: name.strip(" .") != "")
_OTHER_NAMES = ("acme *", "year=2026", "acme ?", "it's 100 %, {a,b}")
_DECOYS = ("a", "b", "1", "a1", "ab", "acme 1", "acme")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(name=_NAMES)
def test_scan__reads_the_file_of_exactly_this_name(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder, DuckDbEngine(Path(folder) / f"w {name}") as duckdb:
        for other in {*_DECOYS, name}:
            rows = [{"a": f"row of {other}"}]
            (Path(folder) / other).mkdir()
            pq.write_table(arrow_rows(rows, _COLUMNS), Path(folder) / other / "rows.parquet")
        for engine in (duckdb, PolarsEngine()):
            frame = engine.scan(Path(folder) / name / "rows.parquet")
            assert engine.rows(frame) == [{"a": f"row of {name}"}]
            assert engine.rows(engine.keep(frame, "kept")) == [{"a": f"row of {name}"}]


@pytest.mark.spark
@pytest.mark.skipif(_MISSING is not None, reason=str(_MISSING))
def test_scan__on_spark_reads_the_file_of_exactly_this_name(tmp_path: Path) -> None:
    from dynsync_lib.engine.spark_engine import SparkEngine

    names = ["acme [1]", "acme 1", "a*", "ab", "year=2026", "p%20q", "b{a,b}", "c'd", "e\\f"]
    with SparkEngine(tmp_path / "work [a] *") as spark:
        for name in names:
            (tmp_path / name).mkdir()
            pq.write_table(arrow_rows([{"a": name}], _COLUMNS), tmp_path / name / "rows.parquet")
        for name in names:
            frame = spark.keep(spark.scan(tmp_path / name / "rows.parquet"), "kept")
            assert spark.rows(frame) == [{"a": name}]


@pytest.mark.long
@pytest.mark.parametrize(
    "name",
    ["acme [1]", *(pytest.param(name, marks=pytest.mark.soak) for name in _OTHER_NAMES)],
)
def test_forecast__of_a_snapshot_with_an_unlucky_name(name: str, tmp_path: Path) -> None:
    settings_file = tmp_path / "dynsync.toml"
    settings_file.write_text(SETTINGS, encoding="utf-8")
    snapshot = make_adversarial_snapshot(tmp_path / name / "snapshot")
    plain = make_adversarial_snapshot(tmp_path / "acme 1" / "snapshot")
    unlucky = kit.forecast(snapshot, settings_file, tmp_path / name / "forecast")
    lucky = kit.forecast(plain, settings_file, tmp_path / "acme 1" / "forecast")
    for table in FORECAST_TABLES:
        assert unlucky.table(table).equals(lucky.table(table)), table


@pytest.mark.parametrize("name", ["acme [1]", "year=2026"])
def test_rows__of_a_forecast_with_an_unlucky_name(name: str, tmp_path: Path) -> None:
    folder = write_forecast(HandMadeForecast(), tmp_path / name)
    write_forecast(HandMadeForecast(), tmp_path / "acme 1")
    forecast, masked = kit.open_forecast(folder), kit.open_forecast(folder).masked()
    expected = len(HandMadeForecast().rows("outcomes"))
    assert len(forecast.outcomes) == len(forecast.rows("outcomes")) == len(masked.rows("outcomes")) == expected
    assert "year" not in forecast.outcomes.columns
