"""Reads JSON that somebody sent, within bounds: how deep it may be, and how many lists and objects it may hold.

Facts
    * Time grows with the length of the text alone; what is too deep or too much is refused before it is read.

Where it is used: `emulator.hubspot.bodies`, `emulator.dataverse.payload`, `emulator.serving.control_api`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

DEEPEST: Final = 100
"""How many lists and objects may stand inside each other."""
MOST_PARTS: Final = 100_000
"""How many lists and objects a text may hold."""
_PART: Final = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)


class JsonBoundError(ValueError):
    """Raised for JSON that is deeper, or holds more, than allowed; the sentence says what."""


def parse_json(text: str, *, parse_float: Callable[[str], Any] | None = None) -> Any:
    """The value of a JSON text.

    Raises JsonBoundError for what is too deep or holds too much, json.JSONDecodeError (a ValueError, too) for what is
    no JSON, ValueError for a number of more digits than Python reads.
    """
    opened = text.count("[") + text.count("{")
    if opened > DEEPEST:
        _refuse_excess(text)
    return json.loads(text, parse_float=parse_float)


def _refuse_excess(text: str) -> None:
    depth = parts = 0
    for match in _PART.finditer(text):
        if match[0] in "[{":
            depth, parts = depth + 1, parts + 1
            if depth > DEEPEST:
                raise JsonBoundError(f"the JSON is more than {DEEPEST} lists and objects deep")
            if parts > MOST_PARTS:
                raise JsonBoundError(f"the JSON holds more than {MOST_PARTS:,} lists and objects")
        elif match[0] in "]}":
            depth -= 1
