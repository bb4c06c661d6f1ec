"""Rows of metadata as a snapshot stores them: typed, and sorted by object and name.

Facts
    * What cannot be read as flag or number is null: metadata is customer data, too.

Where it is used: `portals.files.load_files`, `portals.pull.pull_portals`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from dynsync_lib.core.model import System
from dynsync_lib.core.tables import RECORD_TABLES, Table

FLAGS: Final = {"true": True, "false": False}


def stored_rows(rows: Iterable[Mapping[str, Any]], table: Table) -> list[dict[str, Any]]:
    """The rows of `hubspot/properties` or `dynamics/columns`, sorted, with the types of their table.

    Options may be JSON text or a list; an empty list is null.
    """
    stored = [{column.name: _typed(row.get(column.name), column.type) for column in table.columns} for row in rows]
    return sorted(stored, key=lambda row: (row["object"], row["name"]))


def _typed(value: object, kind: str) -> object:
    if isinstance(value, (list, tuple)):
        return json.dumps(list(value), ensure_ascii=False) if value else None
    if value is None or value == "" or isinstance(value, bool):
        return None if value == "" else value
    if kind == "text":
        return str(value)
    return FLAGS.get(str(value).strip().lower()) if kind == "flag" else _number(value, kind)


def _number(value: object, kind: str) -> float | int | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    return number if kind == "number" else int(number)


def with_standard_fields(
    rows: Sequence[Mapping[str, Any]], standard: Iterable[Mapping[str, Any]], system: System
) -> list[dict[str, Any]]:
    """The rows, and the standard fields of every object whose id field no row names: those that no row describes."""
    named = {(row["object"], row["name"]) for row in rows}
    ids = {(str(one.object), one.id_field) for one in RECORD_TABLES.values() if one.object and one.system is system}
    listed_in_full = {object_ for object_, _ in ids & named}
    added = (one for one in standard if one["object"] not in listed_in_full)
    return [*map(dict, rows), *(dict(one) for one in added if (one["object"], one["name"]) not in named)]
