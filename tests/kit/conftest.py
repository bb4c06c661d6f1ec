"""What tests of the kit share."""

from __future__ import annotations

import pytest

from dynsync_lib.core import forecast
from dynsync_lib.core.sensitivity.moved_records import Sensitivity
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.sync.initial_sync import Decision
from dynsync_lib.core.tables import SENSITIVITY, Column


@pytest.fixture
def without_sensitivity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forecasts in half the time, for tests of tables that other choices do not enter."""
    monkeypatch.setattr(forecast, "measure_sensitivity", _nothing_moves)


def _nothing_moves(situation: Situation, _: Decision) -> Sensitivity:
    moved = [Column(name, "text", "") for name in ("system", "object", "record_id", "assumption_id")]
    return Sensitivity(situation.from_rows([], SENSITIVITY.columns), situation.from_rows([], moved))
