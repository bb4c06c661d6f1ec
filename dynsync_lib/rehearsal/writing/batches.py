"""Writes in batches of what a portal takes at once, halved where one refused record undoes all of them.

Where it is used: whatever writes to test portals.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from dynsync_lib.rehearsal.writing.written import Rows, Written

MOST_PER_BATCH: Final = 100
"""Records that either portal takes in one request (portal-apis 2.4, 6.6)."""


def chunks(names: Iterable[str], most: int) -> list[list[str]]:
    """The names in lists of at most so many, in order."""
    listed = list(names)
    return [listed[start : start + most] for start in range(0, len(listed), most)]


def batches(rows: Rows) -> list[Rows]:
    """The rows in batches of what a portal takes at once, in their order."""
    return [{name: rows[name] for name in names} for names in chunks(rows, MOST_PER_BATCH)]


async def in_halves(rows: Rows, write: Callable[[Rows], Awaitable[Written]]) -> Written:
    """The results of writing one half of the rows, then the other."""
    items = list(rows.items())
    middle = len(items) // 2
    first = await write(dict(items[:middle]))
    return first | await write(dict(items[middle:]))
