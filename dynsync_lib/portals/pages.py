"""What both portals are asked for and what they deliver: tables to read, and pages of rows as text.

Facts
    * A value is text as the portal printed it: numbers with their digits, flags as `true` and `false`, null as None.

Where it is used: `portals.hubspot.reader`, `portals.dataverse.reader`, `portals.pull.table_puller`,
`portals.pull.hubspot_tables`, `portals.pull.dynamics_tables`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

import httpx

from dynsync_lib.core.tables import RecordTable
from dynsync_lib.errors import UnexpectedReplyError
from dynsync_lib.portals.rows import TextRow

P = ParamSpec("P")
T = TypeVar("T")
CHANGED: Final = "changed"
"""The part of a table that holds the records which changed while it was read, in their later state."""
ARCHIVED: Final = "archived"
"""The part of a HubSpot table that holds its archived records."""


@dataclass(frozen=True, slots=True)
class TableRead:
    """One record table, or a part of one, to be read.

    `names` are the vendor columns asked for, `total` is how many rows the server counts (None: it does not say).
    `part` names the part (empty: the whole table); `condition` selects it in the portal's own language (Dataverse:
    the text of `$filter`; None selects every row).
    """

    table: RecordTable
    names: tuple[str, ...]
    total: int | None = None
    part: str = ""
    condition: str | None = None

    @property
    def job_name(self) -> str:
        """The name of the pages on disk: the table, and the part if it is one (`hubspot/contacts/changed`)."""
        return f"{self.table.name}/{self.part}" if self.part else self.table.name

    @property
    def asked(self) -> tuple[str, ...]:
        """Columns and condition as texts: pages on disk can only be used again for a read that asks for the same."""
        return self.names if self.condition is None else (*self.names, f"where {self.condition}")


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one page in the portal's order, and the cursor of the next page; None on the last page."""

    rows: tuple[TextRow, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """An answer that has arrived: the cursor of the next page (None on the last page), and the call that makes rows.

    They are apart so that the next page can be requested before this one is made into rows. `rows` may send another
    request (HubSpot's batch read) and raises PortalError.
    """

    cursor: str | None
    rows: Callable[[], Awaitable[tuple[TextRow, ...]]]

    async def page(self) -> Page:
        """The page with its rows made. Raises PortalError."""
        return Page(await self.rows(), self.cursor)


def understood(portal: str) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Coroutine[Any, Any, T]]]:
    """A decorator for coroutines that read answers of `portal`, a name for messages.

    A fault of Python that comes from an answer of an undocumented shape (a missing name, a wrong type, an address that
    is none) is raised as UnexpectedReplyError.
    """

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
    """A JSON value as the text of a `TextRow`; null is None. Lists, objects and numbers become compact JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def listed(answer: Any, name: str, *, where: str) -> list[Any]:
    """The list under `name` in a JSON answer of the portal called `where`. Raises UnexpectedReplyError without one."""
    rows = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise UnexpectedReplyError(
            f"{where} answers without the list {name}.", next_step="Check the portal's address, and report this."
        )
    return rows
