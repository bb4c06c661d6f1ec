"""Moments as the kit writes them to files and asks portals for them.

Where it is used: `snapshot.writer`, `portals.pull`, `portals.dataverse`, `portals.files`, `retention`.
"""

from __future__ import annotations

from datetime import UTC, datetime


def utc_text(moment: datetime) -> str:
    """A moment as text in UTC, to the second: `2026-11-23T09:30:00Z`. One without a zone counts as the machine's."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def moment_of(text: str) -> datetime | None:
    """The moment that a text says; one without a zone is in UTC. None when it says none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
