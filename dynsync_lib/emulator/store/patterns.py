"""Patterns of T-SQL: whether a text is LIKE a pattern, in time that grows with the text alone.

Where it is used: `emulator.store.database`, as a function of SQL.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_PART: Final = re.compile(r"%+|_|\[\^?[^\]]*\]|.", re.DOTALL)
_MEMBER: Final = re.compile(r"(.)(?:-(.))?", re.DOTALL)


def is_like(text: str | None, pattern: str) -> bool | None:
    """Whether the whole text fits the pattern; None for no text. Both are in lower case.

    `%` stands for any characters, `_` for one, `[a-c]` and `[^a]` for one of a set.
    """
    return None if text is None else _regex(pattern).fullmatch(text) is not None


@lru_cache(maxsize=256)
def _regex(pattern: str) -> re.Pattern[str]:
    """Each `%` but the last takes as little as it can, and never more after that: no pattern takes long."""
    pieces = [""]
    for part in _PART.findall(pattern):
        if part[0] == "%":
            pieces.append("")
        else:
            pieces[-1] += _piece(part)
    first, *middle = pieces
    if not middle:
        return re.compile(first, re.DOTALL)
    *inner, last = middle
    return re.compile(first + "".join(f"(?>.*?{piece})" for piece in inner) + ".*" + last, re.DOTALL)


def _piece(part: str) -> str:
    if part == "_":
        return "."
    if len(part) < 3 or part[0] != "[":
        return re.escape(part)
    negated, inner = ("^", part[2:-1]) if part[1] == "^" else ("", part[1:-1])
    members = "".join(_member(match) for match in _MEMBER.finditer(inner))
    return f"[{negated}{members}]" if members else "(?!)"


def _member(match: re.Match[str]) -> str:
    """One character of a set, or a range; a range that runs backwards holds nothing."""
    first, last = match[1], match[2]
    if last is None:
        return re.escape(first)
    return f"{re.escape(first)}-{re.escape(last)}" if first <= last else ""
