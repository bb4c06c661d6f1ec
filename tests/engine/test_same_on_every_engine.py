"""All engines give the same forecast of the same snapshot, however nasty: every table, row by row and byte by byte."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dynsync_lib import kit
from dynsync_lib.core.tables import FORECAST_TABLES
from dynsync_lib.engine.spark_needs import missing_need
from tests.engine.adversarial_snapshot import SETTINGS, make_adversarial_snapshot

_MISSING = missing_need()


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A snapshot and its settings."""
    folder = tmp_path_factory.mktemp("nasty")
    settings = folder / "dynsync.toml"
    settings.write_text(SETTINGS, encoding="utf-8")
    return make_adversarial_snapshot(folder / "snapshot"), settings


@pytest.fixture(scope="module")
def forecast(nasty: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> kit.Forecast:
    """Its forecast, made in this process."""
    return kit.forecast(*nasty, tmp_path_factory.mktemp("forecast") / "f")


def test_snapshot__is_nasty_enough(forecast: kit.Forecast) -> None:
    outcomes = forecast.outcomes
    assert {"create", "update", "shadowed", "excluded", "failing"} <= set(outcomes["outcome"])
    assert {"filter", "no_email", "invalid_email", "too_long", "range"} <= set(outcomes["reason"].dropna())
    assert {"value_skipped", "stale_winner"} <= set(forecast.changes["note"].dropna())
    assert all(len(forecast.table(name)) for name in FORECAST_TABLES)


def test_forecast__by_four_threads_is_the_same_bytes(
    nasty: tuple[Path, Path], forecast: kit.Forecast, tmp_path: Path
) -> None:
    snapshot, settings = map(str, nasty)
    call = [sys.executable, "-m", "dynsync_lib.cli", "forecast", snapshot, "--settings", settings]
    environment = {**os.environ, "POLARS_MAX_THREADS": "4"}
    subprocess.run([*call, "--out", "f"], cwd=tmp_path, env=environment, check=True, capture_output=True)
    _assert_same_bytes(tmp_path / "f", forecast.folder)


@pytest.mark.soak
def test_forecast__in_polars_is_the_same_bytes(nasty: tuple[Path, Path], tmp_path: Path) -> None:
    for engine in ("duckdb", "polars"):
        kit.forecast(*nasty, tmp_path / engine, engine=engine)
    _assert_same_bytes(tmp_path / "duckdb", tmp_path / "polars")


@pytest.mark.spark
@pytest.mark.skipif(_MISSING is not None, reason=str(_MISSING))
def test_forecast__on_spark_is_the_same_bytes(
    nasty: tuple[Path, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    kit.forecast(*nasty, tmp_path / "duckdb", engine="duckdb")
    capfd.readouterr()
    kit.forecast(*nasty, tmp_path / "spark", engine="spark")
    assert capfd.readouterr().out == ""
    _assert_same_bytes(tmp_path / "duckdb", tmp_path / "spark")


def _assert_same_bytes(one: Path, other: Path) -> None:
    for name in FORECAST_TABLES:
        ours, theirs = (kit.open_forecast(folder).table(name) for folder in (one, other))
        differing = ours.merge(theirs, how="outer", indicator=True).query("_merge != 'both'")
        assert differing.empty, f"{name}: {len(differing)} rows\n{differing.head(10).to_string(max_colwidth=60)}"
        files = [(folder / f"{name}.parquet").read_bytes() for folder in (one, other)]
        assert files[0] == files[1], name
