"""Rows about fields (`hubspot/properties`, `dynamics/columns`) as a snapshot stores them: typed and sorted.

Facts
    * What cannot be read as flag or number is null: metadata is customer data, too, and bad data never raises.

Where it is used: `portals.files.load_files`, `portals.files.headings`, `portals.pull.snapshot_tables`,
`portals.dataverse.column_metadata`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

from dynsync_lib.core.model import System
from dynsync_lib.core.tables import RECORD_TABLES, Table
from dynsync_lib.portals.rows import MetadataRow

FLAGS: Final = {"true": True, "false": False}
"""Flags by the text that both portals print for them."""
LOOKUP_TYPES: Final = frozenset({"Lookup", "Customer", "Owner"})
"""Dataverse's types of columns that point to a row; in rows they are `_name_value` and `_name_type`."""


def stored_rows(rows: Iterable[MetadataRow], table: Table) -> list[dict[str, Any]]:
    """One row per field, sorted by object and name, with the columns and types of `table` (PROPERTIES or COLUMNS).

    Options may be JSON text or a list; an empty list is null. What is missing or of another type is null.
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
    rows: Sequence[MetadataRow], standard: Iterable[MetadataRow], system: System
) -> list[MetadataRow]:
    """The rows, then the standard fields that they leave out.

    Rows that name an object's id field are taken as the full list of its fields: nothing is added for that object.
    """
    named = {(row["object"], row["name"]) for row in rows}
    tables = [table for table in RECORD_TABLES.values() if table.object and table.system is system]
    complete = {str(table.object) for table in tables if (str(table.object), table.id_field) in named}
    added = (field for field in standard if field["object"] not in complete)
    return [*rows, *(field for field in added if (field["object"], field["name"]) not in named)]
