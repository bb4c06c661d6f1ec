"""What both portals deliver: tables to read, and pages of rows as text.

Facts
    * A value is text as the portal printed it: numbers with their digits, flags as `true` and `false`, null as None.
    * A page that brings nothing new, or a cursor that does not move, would be read for ever: it is an error.

Where it is used: `portals.hubspot.reader`, `portals.dataverse.reader`, `portals.pull.work_folder`,
`portals.pull.pull_portals`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

import httpx

from dynsync_lib.core.tables import RecordTable
from dynsync_lib.errors import UnexpectedReplyError

P = ParamSpec("P")
T = TypeVar("T")
Row = Mapping[str, str | None]
CHANGED: Final = "changed"
"""The part of a table that holds the records which changed while it was read, in their later state."""
ARCHIVED: Final = "archived"
"""The part of a HubSpot table that holds its archived records."""


@dataclass(frozen=True, slots=True)
class TableRead:
    """One record table, or a part of one, to be read.

    `names` are the vendor columns asked for, `total` is how many rows the server counts (None: unsaid). `part` names
    the part (empty: the whole table), `condition` chooses it in the portal's own words (Dataverse: `$filter`).
    """

    table: RecordTable
    names: tuple[str, ...]
    total: int | None = None
    part: str = ""
    condition: str | None = None

    @property
    def job_name(self) -> str:
        """What the pages on disk are called."""
        return f"{self.table.name}/{self.part}" if self.part else self.table.name

    @property
    def asked(self) -> tuple[str, ...]:
        """What was asked for; pages that were read for something else are of no use."""
        return self.names if self.condition is None else (*self.names, f"where {self.condition}")


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the cursor of the next page; None on the last page."""

    rows: tuple[Row, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A page that has arrived: the cursor of the next one (None on the last page), and what brings its rows.

    The next page can be asked for before these rows are made; `rows` may ask the portal again, and raises PortalError.
    """

    cursor: str | None
    rows: Callable[[], Awaitable[tuple[Row, ...]]]

    async def page(self) -> Page:
        """The whole page."""
        return Page(await self.rows(), self.cursor)


def understood(portal: str) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Coroutine[Any, Any, T]]]:
    """Makes what a reader stumbles over in an answer of an undocumented shape an UnexpectedReplyError."""

    def decorate(read: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        @wraps(read)
        async def understand(*arguments: P.args, **options: P.kwargs) -> T:
            try:
                return await read(*arguments, **options)
            except (AttributeError, KeyError, TypeError, ValueError, httpx.InvalidURL) as fault:
                raise UnexpectedReplyError(
                    f"{portal} answers in another shape than its documentation says ({type(fault).__name__}).",
                    next_step="Check the portal's address, and report this.",
                ) from fault

        return understand

    return decorate


def value_text(value: Any) -> str | None:
    """A JSON value as text; null is None. What holds other values becomes compact JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def listed(answer: Any, name: str, *, where: str) -> list[Any]:
    """The list under a name of an answer. Raises UnexpectedReplyError when it is not there."""
    rows = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise UnexpectedReplyError(
            f"{where} answers without the list {name}.", next_step="Check the portal's address, and report this."
        )
    return rows
