"""`$expand`: the navigations it names, each with the options in its brackets (portal-apis 6.2, 6.4).

Where it is used: `emulator.dataverse.query`, `emulator.dataverse.metadata_query`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dynsync_lib.emulator.calls import Call
from dynsync_lib.emulator.dataverse.names import refused

MOST_EXPANDED: Final = 15
_NAME: Final = re.compile(r"\s*([\w.]+)\s*")


def expanded_parts(call: Call) -> Iterator[tuple[str, str]]:
    """Each navigation of `$expand` with the text in its brackets, empty without them; brackets may hold others.

    Raises Refusal 400 when it cannot be read.
    """
    text, position, count = call.option("$expand") or "", 0, 0
    while position < len(text):
        count += 1
        if count > MOST_EXPANDED:
            raise refused(400, "0x80060888", f"An $expand names at most {MOST_EXPANDED} navigations.")
        match = _NAME.match(text, position)
        if match is None:
            raise _unreadable(text, position)
        inner, position = _bracketed(text, match.end())
        yield match[1], inner
        if text[position : position + 1] not in ("", ","):
            raise _unreadable(text, position)
        position += 1


def selected_inside(options: str) -> list[str]:
    """What the text in the brackets of an `$expand` selects, empty for everything.

    Raises Refusal 501 for options other than `$select`.
    """
    names: list[str] = []
    for option in filter(None, (part.strip() for part in options.split(";"))):
        name, _, value = option.partition("=")
        if name != "$select":
            raise refused(501, "0x80060888", f"The emulator has no {name} inside $expand.")
        names = [part.strip() for part in value.split(",") if part.strip()]
    return names


def _bracketed(text: str, position: int) -> tuple[str, int]:
    """What stands in the brackets that begin at a position, and the position behind them."""
    if text[position : position + 1] != "(":
        return "", position
    depth = 0
    for end in range(position, len(text)):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        if depth == 0:
            return text[position + 1 : end], end + 1
    raise _unreadable(text, position)


def _unreadable(text: str, position: int) -> Exception:
    return refused(400, "0x80060888", f"Syntax error in the $expand at '{text[position : position + 20]}'.")
