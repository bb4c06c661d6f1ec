"""What forecasts of small portals leave out every day."""

from __future__ import annotations

import pytest

from dynsync_lib.core.sensitivity import moved_records
from tests.everyday import is_everyday


@pytest.fixture
def no_other_choices(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forecasts try no other choice of an open question, as if none moved a record: for tests that do not ask it.

    It takes a third of a small forecast. With `--all` every choice is tried.
    """
    if is_everyday(request.config):
        monkeypatch.setattr(moved_records, "_moves_of", lambda *_: None)
