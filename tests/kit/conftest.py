"""Forecasts that several tests look at: of small portals, and of the demo world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dynsync_lib import kit
from tests.kit.small_portals import forecast_portals

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
ForecastOf = Callable[[Mapping[str, str], str], kit.Forecast]


@pytest.fixture(scope="module")
def forecast_of(tmp_path_factory: pytest.TempPathFactory) -> ForecastOf:
    """Forecasts files under the text of settings, once for all tests of a module that ask for the same."""
    done: dict[tuple[tuple[tuple[str, str], ...], str], kit.Forecast] = {}

    def forecast(files: Mapping[str, str], settings: str) -> kit.Forecast:
        asked = (tuple(sorted(files.items())), settings)
        if asked not in done:
            folder = tmp_path_factory.mktemp("small")
            for side in ("h", "d"):
                (folder / side).mkdir()
            done[asked] = forecast_portals(folder, files, settings)
        return done[asked]

    return forecast


@pytest.fixture(scope="session")
def demo_forecast(tmp_path_factory: pytest.TempPathFactory) -> kit.Forecast:
    """The forecast of the demo world; no test changes its folder."""
    folder = tmp_path_factory.mktemp("demo")
    taken_at = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    snapshot = kit.load(SAMPLE / "hubspot", SAMPLE / "dynamics", folder / "snapshot", taken_at=taken_at)
    return kit.forecast(snapshot, SAMPLE / "dynsync.toml", folder / "forecast")
