"""HubSpot's three Sync Health words for the kit's six outcomes."""

from __future__ import annotations

from dynsync_lib.core.model import HEALTH, Health, Outcome


def test_health__excluded_and_failing_are_never_one() -> None:
    assert HEALTH == {
        Outcome.CREATE: Health.IN_SYNC,
        Outcome.UPDATE: Health.IN_SYNC,
        Outcome.LINK: Health.IN_SYNC,
        Outcome.SHADOWED: Health.EXCLUDED,
        Outcome.EXCLUDED: Health.EXCLUDED,
        Outcome.FAILING: Health.FAILING,
    }
