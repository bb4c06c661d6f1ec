"""How often a forecast asks its engine for the sake of its audit rules: once a table, not once a rule."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dynsync_lib import kit
from dynsync_lib.core import forecast

_SAMPLE = Path(__file__).parents[2] / "sample_data"


def test_sample_world__audit_rules_ask_a_table_once(
    demo_forecast: kit.Forecast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[str] = Counter()
    for stage in ("foresee_marketing", "run_checks"):
        monkeypatch.setattr(forecast, stage, _counting(stage, getattr(forecast, stage), asked))

    kit.forecast(demo_forecast.folder.parent / "snapshot", _SAMPLE / "dynsync.toml", tmp_path / "forecast")

    # Six tables of the forecast are tallied, and all other numbers come at once; then the names behind some of them.
    assert asked == {"foresee_marketing": 1, "run_checks": 8}


def _counting(stage: str, run: Any, asked: Counter[str]) -> Any:
    """The stage, with every question that it asks the engine counted."""

    def counted(*args: Any) -> Any:
        collect = pl.LazyFrame.collect

        def one_more(frame: pl.LazyFrame, *options: Any, **named: Any) -> Any:
            asked[stage] += 1
            return collect(frame, *options, **named)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pl.LazyFrame, "collect", one_more)
            return run(*args)

    return counted
