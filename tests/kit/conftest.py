"""What forecasts of small portals leave out every day."""

from __future__ import annotations

import pytest

from tests.everyday import leave_out_other_choices


@pytest.fixture
def no_other_choices(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forecasts try no other choice of an open question; with `--all` they do."""
    leave_out_other_choices(request.config, monkeypatch)
