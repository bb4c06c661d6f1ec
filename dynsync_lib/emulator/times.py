"""How HubSpot prints moments: `2024-02-01T09:30:00.000Z`.

Where it is used: hubspot_* modules.
"""

from __future__ import annotations

from datetime import UTC, datetime

from dynsync_lib.emulator.store.database import moment_ms


def iso_ms(moment: str | float | None) -> str | None:
    """A text or a number of seconds as UTC with milliseconds; None when the text is no moment."""
    ms = moment_ms(moment) if isinstance(moment, str) else None if moment is None else round(moment * 1000)
    if ms is None:
        return None
    seconds = datetime.fromtimestamp(ms // 1000, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{seconds}.{ms % 1000:03d}Z"
