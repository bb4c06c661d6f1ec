"""Forecasts of small portals that several tests look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from dynsync_lib import kit
from tests.kit.small_portals import load_portals

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
            (folder / "dynsync.toml").write_text(settings, encoding="utf-8")
            done[asked] = kit.forecast(load_portals(folder, files), folder / "dynsync.toml", folder / "f")
        return done[asked]

    return forecast
