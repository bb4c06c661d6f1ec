"""Moments as the kit writes them to files and asks portals for them.

Where it is used: `snapshot.writer`, `portals.pull`, `portals.dataverse`, `portals.files`.
"""

from __future__ import annotations

from datetime import UTC, datetime


def utc_text(moment: datetime) -> str:
    """A moment as text in UTC, to the second: `2026-11-23T09:30:00Z`. One without a zone counts as the machine's."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
