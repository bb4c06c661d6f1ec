"""Moments as the emulated APIs read and print them.

Facts
    * HubSpot prints moments in UTC with milliseconds: `2024-02-01T09:30:00.000Z`.

Where it is used: the store, both APIs and the sign-in.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

_MILLISECONDS: Final = re.compile(r"-?[0-9]{8,17}(?<=.{9})")
"""A whole number of more than eight signs; shorter ones are days, longer ones no moment."""


@lru_cache(maxsize=65536)
def moment_ms(text: str | None) -> int | None:
    """Milliseconds since 1970 UTC of an ISO date, an ISO time or a text of milliseconds; None when it is neither."""
    if text is None:
        return None
    if _MILLISECONDS.fullmatch(text):
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def iso_ms(moment: str | float | None) -> str | None:
    """A moment as ISO text in UTC with milliseconds.

    `moment` is a text that `moment_ms` reads, or seconds since 1970; None and a text that is no moment give None.
    """
    ms = moment_ms(moment) if isinstance(moment, str) else None if moment is None else round(moment * 1000)
    if ms is None:
        return None
    seconds = datetime.fromtimestamp(ms // 1000, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{seconds}.{ms % 1000:03d}Z"
