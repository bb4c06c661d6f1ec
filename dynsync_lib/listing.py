"""Lists and counts within a sentence: the first of many, how many more there are, and one or several of a kind."""

from __future__ import annotations

from collections.abc import Sequence


def some_of(names: Sequence[str], most: int) -> str:
    """Such as "a, b and 3 more": at most `most` of the names, as they are ordered; empty where there are none."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest:,} more" if rest > 0 else "")


def one_or_many(count: int, single: str, many: str) -> str:
    """The word for so many, without their number: `single` of one, `many` of none and of several."""
    return single if count == 1 else many


def counted(count: int, single: str, many: str) -> str:
    """Such as "1 record" and "1,204 records"."""
    return f"{count:,} {one_or_many(count, single, many)}"


def counted_of(count: int, whole: int, single: str, many: str) -> str:
    """A part of a whole with its verb, such as "1 of 12 mappings was" and "0 of 1 mapping were"."""
    return f"{count:,} of {counted(whole, single, many)} {one_or_many(count, 'was', 'were')}"
