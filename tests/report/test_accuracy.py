"""The report's accuracy line and section, and where they are told from."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from dynsync_lib import kit
from dynsync_lib.arrow_tables import arrow_rows
from dynsync_lib.errors import SnapshotError, UsageError
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.report.accuracy import ForecastTest, accuracy_line, accuracy_section
from dynsync_lib.verification.receipt import RECEIPT

MISS = {
    "system": "dynamics",
    "object": "contact",
    "record_id": "d<1>",
    "predicted": "create",
    "actual": "untouched",
    "rule_id": "record.create",
    "assumptions": ["filter_stage"],
}
FIGURES: dict[str, Any] = {
    "records": 1003,
    "hits": 998,
    "misses": 2,
    "accuracy": 0.998,
    "by_outcome": {"create": {"predicted": 600, "hits": 597}, "link": {"predicted": 403, "hits": 401}},
    "misses_by_outcome": {"create": 2},
    "by_cause": {"as_predicted": 998, "rule_in_doubt": 2, "changed_by_people": 2, "not_settled": 1},
    "missed": [MISS],
    "mappings": 12,
    "mappings_not_compared": [],
    "nothing_changed": False,
    "drift": {},
}
IN_TEST = "in a rehearsal with look-alikes in two test portals"


def test_line__accuracy_in_one_sentence() -> None:
    assert repr(accuracy_line(ForecastTest(FIGURES, IN_TEST))) == (
        "998 of 1,000 predictions held (99.8 %), tested in a rehearsal with look-alikes in two test portals."
        " Beside these 2 changed by people meanwhile and 1 not settled."
    )


def test_line__not_tested_is_grey() -> None:
    line = accuracy_line(None)
    assert repr(line).startswith("Not tested yet")
    assert "ds-grey" in line._repr_html_()
    nothing = accuracy_line(ForecastTest({**FIGURES, "hits": 0, "misses": 0, "accuracy": None}, IN_TEST))
    assert "ds-grey" in nothing._repr_html_()
    assert "Of no prediction can anybody tell" in repr(nothing)


def test_line__says_what_the_accuracy_leaves_out() -> None:
    """Mappings that nobody compared, and a sync that may not have been on, in grey; an old receipt says neither."""
    missing = [{"object": "contact", "hubspot_field": "city", "dynamics_field": "address1_city"}]
    idle = accuracy_line(ForecastTest({**FIGURES, "nothing_changed": True, "mappings_not_compared": missing}, IN_TEST))
    assert repr(idle).startswith("Nothing changed between the two snapshots: was the sync on? 998 of 1,000")
    assert repr(idle).endswith(" Not checked: 1 of 12 mappings was not compared.")
    assert "ds-grey" in idle._repr_html_()
    earlier = {name: figure for name, figure in FIGURES.items() if name != "mappings_not_compared"}
    says = " Not checked: which mappings were compared is not known."
    assert repr(accuracy_line(ForecastTest(earlier, IN_TEST))).endswith(says)


def test_section__outcomes_and_misses() -> None:
    html = accuracy_section(ForecastTest(FIGURES, IN_TEST))._repr_html_()
    assert "2 predictions that did not hold" in html
    assert "record.create, filter_stage" in html
    assert "d&lt;1&gt;" in html
    assert "Matched, unchanged" in html
    whole = {**FIGURES, "misses": 0, "missed": [], "hits": 1000, "accuracy": 1.0}
    assert "Every prediction that can be judged held." in accuracy_section(ForecastTest(whole, IN_TEST))._repr_html_()


def _verification(folder: Path, *, snapshot: str = "1" * 64) -> Path:
    folder.mkdir()
    pq.write_table(arrow_rows([], RECEIPT.columns), folder / "receipt.parquet")
    hashes = {"before_sha256": snapshot, "after_sha256": "2" * 64, "settings_sha256": "3" * 64}
    (folder / "verification.json").write_text(json.dumps({**FIGURES, **hashes}), encoding="utf-8")
    return folder


@pytest.fixture
def forecast(tmp_path: Path) -> Forecast:
    return Forecast(tmp_path / "forecast", {"snapshot_sha256": "1" * 64, "settings_sha256": "3" * 64})


def test_find__named_or_beside_the_forecast(forecast: Forecast, tmp_path: Path) -> None:
    assert kit.find_test(forecast) is None
    named = kit.find_test(forecast, _verification(tmp_path / "named"))
    _verification(tmp_path / "verification")
    beside = kit.find_test(forecast)
    assert named == beside == ForecastTest(kit.open_verification(tmp_path / "named").figures, _AFTER)


_AFTER = "by what both systems held after the sync was switched on"


def test_find__of_another_forecast(forecast: Forecast, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is about another forecast"):
        kit.find_test(forecast, _verification(tmp_path / "named", snapshot="4" * 64))
    _verification(tmp_path / "verification", snapshot="4" * 64)
    assert kit.find_test(forecast) is None
    assert kit.find_test(replace(forecast, info={}), "") is None


def test_find__no_verification_there(forecast: Forecast, tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="is no verification"):
        kit.find_test(forecast, tmp_path)
