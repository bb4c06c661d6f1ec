"""Lists within a sentence: the first of many, and how many more there are, so that none is left away in silence."""

from __future__ import annotations

from collections.abc import Sequence


def some_of(names: Sequence[str], most: int) -> str:
    """Such as "a, b and 3 more": at most `most` of the names, as they are ordered; empty where there are none."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest:,} more" if rest > 0 else "")
