"""The columns of Dataverse tables, under the names by which they are selected (portal-apis 6.2).

Facts
    * A lookup is asked for and printed as `_name_value`; without underscores it is unknown (6.2).

Where it is used: `emulator.dataverse.rows`, `emulator.dataverse.filter`, `emulator.dataverse.metadata`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any, Final

import dynsync_lib
from dynsync_lib.emulator.calls import Reply, json_reply
from dynsync_lib.emulator.dataverse.column_types import (
    COLUMN_TYPES,
    KEY_TYPE,
    ColumnType,
    Row,
    is_day_column,
    targets_of,
    type_of,
)
from dynsync_lib.emulator.dataverse.names import Entity
from dynsync_lib.emulator.store.database import quoted
from dynsync_lib.emulator.store.records import Store

_EXACT_MARK_JSON: Final = b"\\u0000"


@dataclass(frozen=True, slots=True)
class Column:
    """One column that can be selected.

    `name` is its name in JSON and in queries, `stored` the column of the world that holds its values, `row` its
    metadata. `is_stored`: whether the world has that column; without it every value is empty.
    """

    name: str
    stored: str
    type: ColumnType = field(compare=False)
    row: Row = field(compare=False)
    is_stored: bool = True

    @property
    def logical(self) -> str:
        """Its logical name, which for a lookup `_name_value` is `name`."""
        return str(self.row.get("name") or self.name)

    @property
    def is_lookup(self) -> bool:
        """Whether it points to another row."""
        return self.type.is_lookup

    @property
    def targets(self) -> tuple[str, ...]:
        """Logical names of the tables that a lookup may point to; empty when it is no lookup."""
        return targets_of(self.row)

    @property
    def default_target(self) -> str:
        """The table that a lookup points to when the row does not name it."""
        return self.targets[0] if self.targets else "account"

    @property
    def type_stored(self) -> str:
        """The column of the world that says where a lookup points; empty when it is no lookup."""
        return f"{self.stored.removesuffix('_value')}_type" if self.is_lookup else ""

    @property
    def sql(self) -> str:
        """What SQL compares and sorts by: numbers, flags and moments by their value, texts without case."""
        return self.type.values.column_sql.format(quoted(self.stored) if self.is_stored else "NULL")

    @property
    def edm(self) -> str:
        """Its type by OData's name; a column of days is Edm.Date."""
        values = self.type.values
        return "Edm.Date" if values.edm == "Edm.DateTimeOffset" and is_day_column(self.row) else values.edm

    def value_sql(self, value: str) -> str:
        """The other side of a comparison: a literal or a parameter of SQL in lower case, as this column compares."""
        return self.type.values.value_sql.format(value)

    def json(self, text: str | None) -> Any:
        """A value as Dataverse prints it."""
        return None if text is None else self.type.values.as_json(text)

    def formatted(self, text: str) -> str | None:
        """A value for people; None for columns that have no such text, such as plain texts."""
        return self.type.values.formatted(self.row, text)

    def read(self, entity: Entity, value: Any) -> str | None:
        """A JSON value of a write (not null) as the text to store. Raises Refusal 400 when it is not taken."""
        return self.type.values.read(entity, self.row, value)


def columns_of(store: Store, entity: Entity) -> dict[str, Column]:
    """Every column of a table that can be selected, by the name that selects it.

    Raises Refusal 501 when one of them has a type that the emulator does not know.
    """
    columns, carried = {}, store.columns(entity.table)
    for row in metadata_rows(store, entity):
        column_type = type_of(row)
        if column_type.is_selectable:
            name = f"_{row['name']}_value" if column_type.is_lookup else str(row["name"])
            columns[name] = Column(name, name, column_type, row, name in carried)
    columns.setdefault(entity.key, Column(entity.key, entity.key, COLUMN_TYPES[KEY_TYPE], {}))
    return columns


def metadata_rows(store: Store, entity: Entity) -> Iterable[Row]:
    """The rows of the world's metadata that describe a table; of a table that a world does not describe, our own."""
    if entity.object is None:
        return _system_columns()[entity.logical]
    return [row for row in store.metadata.get("dynamics/columns", ()) if row["object"] == entity.object]


@cache
def _system_columns() -> dict[str, list[Row]]:
    """The metadata rows of the tables that a world does not describe, by table."""
    data = resources.files(dynsync_lib) / "emulator" / "data" / "system_columns.toml"
    tables = tomllib.loads(data.read_text(encoding="utf-8"))
    return {
        table: [{"object": None, "name": name, **row} for name, row in rows.items()] for table, rows in tables.items()
    }


def exact_json_reply(value: Any) -> Reply:
    """A JSON reply in which decimal numbers have the digits they were written with (JSON writers print `100.0`)."""
    reply, mark = json_reply(value), _EXACT_MARK_JSON
    return replace(reply, body=reply.body.replace(b'"' + mark, b"").replace(mark + b'"', b""))
