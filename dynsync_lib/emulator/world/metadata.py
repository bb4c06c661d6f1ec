"""The metadata of the demo portals: HubSpot's properties and Dataverse's columns, as rows.

Facts
    * What the CRMs have out of the box is read from `rules/standard_schema.toml`; the demo's own fields are data, too,
      and win over a standard field of the same name.

Where it is used: `emulator.world.demo_world`, `emulator.world`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

import dynsync_lib
from dynsync_lib.core.tables import COLUMNS, PROPERTIES, Table

Row = dict[str, str | None]


def property_rows() -> list[Row]:
    """Rows of `core.tables.PROPERTIES`, as text, sorted by object and name."""
    return _rows("properties", PROPERTIES)


def column_rows() -> list[Row]:
    """Rows of `core.tables.COLUMNS`, as text, sorted by object and name."""
    return _rows("columns", COLUMNS)


def read_data(name: str) -> dict[str, Any]:
    """The content of a TOML data file of the emulator."""
    return tomllib.loads(read_text(name))


def read_text(name: str) -> str:
    """The text of a data file of the emulator."""
    return (resources.files(dynsync_lib) / "emulator" / "data" / name).read_text(encoding="utf-8")


def standard_rows(table: Table) -> list[Row]:
    """Rows of the fields that a CRM has out of the box; `table` is `core.tables.PROPERTIES` or
    `core.tables.COLUMNS`.
    """
    return list(_field_rows(_standard_schema()["columns" if table is COLUMNS else "properties"], table))


@cache
def _standard_schema() -> Mapping[str, Any]:
    text = (resources.files(dynsync_lib) / "rules" / "standard_schema.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def _own_fields() -> Mapping[str, Any]:
    return read_data("world_fields.toml")


def _rows(kind: str, table: Table) -> list[Row]:
    sources = (_standard_schema(), _own_fields())
    rows = {(row["object"], row["name"]): row for source in sources for row in _field_rows(source[kind], table)}
    return sorted(rows.values(), key=lambda row: (str(row["object"]), str(row["name"])))


def _field_rows(objects: Mapping[str, Mapping[str, Any]], table: Table) -> Iterator[Row]:
    for object_, fields in objects.items():
        for name, field in fields.items():
            facts = {"object": object_, "name": name, **_defaults(table), **field}
            yield {column.name: _text(facts.get(column.name)) for column in table.columns}


def _defaults(table: Table) -> dict[str, Any]:
    flags = {column.name: False for column in table.columns if column.type == "flag"}
    return {**flags, "required": "None"} if table is COLUMNS else flags


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        pairs = (pair.partition("=") for pair in value)
        return json.dumps([{"value": own, "label": label} for own, _, label in pairs], ensure_ascii=False)
    return None if value is None else str(value)
