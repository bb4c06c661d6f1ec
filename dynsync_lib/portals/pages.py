"""What both portals deliver: tables to read, and pages of rows as text.

Facts
    * A value is text as the portal printed it: numbers with their digits, flags as `true` and `false`, null as None.
    * A page that brings nothing new, or a cursor that does not move, would be read for ever: it is an error.

Where it is used: `portals.hubspot`, `portals.dataverse`, `portals.work_folder`, `portals.pull`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dynsync_lib.core.model import RecordTable
from dynsync_lib.errors import UnexpectedReplyError

Row = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class TableRead:
    """One record table to be read: the vendor columns asked for, and how many rows the server counts (None: unsaid)."""

    table: RecordTable
    names: tuple[str, ...]
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the cursor of the next page; None on the last page."""

    rows: tuple[Row, ...]
    cursor: str | None


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
