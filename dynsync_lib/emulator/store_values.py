"""What SQL may call: texts without case, moments, tokens, and the order of GUIDs.

Where it is used: store; the searches and filters of both APIs.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

from dynsync_lib.emulator.database import Function

_NO_WORD: Final = re.compile(r"[^\w]+")


def guid_order(guid: str) -> bytes:
    """Sixteen bytes that sort as SQL Server sorts this GUID (2.25). Raises ValueError for what is no GUID."""
    told = uuid.UUID(guid).bytes_le
    return told[10:] + told[8:10] + told[6:8] + told[4:6] + told[:4]


def fold(text: str | None) -> str | None:
    """A text without its case, as both portals compare."""
    return None if text is None else text.casefold()


@lru_cache(maxsize=65536)
def moment_ms(text: str | None) -> int | None:
    """Milliseconds since 1970 UTC of an ISO date, an ISO time or a text of milliseconds; None when it is neither."""
    if text is None:
        return None
    if text.lstrip("-").isdigit() and len(text) > 8:
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def has_token(text: str | None, pattern: str) -> bool:
    """Whether a word of the text, or the whole of it, is the pattern; `*` stands for any characters."""
    if text is None:
        return False
    folded, wanted = text.casefold(), pattern.casefold()
    words = {folded, *folded.split(), *_NO_WORD.split(folded)}
    return any(fnmatchcase(word, wanted) for word in words)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "fold": (1, fold),
    "moment_ms": (1, moment_ms),
    "has_token": (2, has_token),
}
