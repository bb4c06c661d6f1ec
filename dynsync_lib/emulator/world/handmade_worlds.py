"""Fills in what people leave out of worlds that they write by hand.

Facts
    * Links may be given as contact_id, company_id, is_primary alone.
    * A side without metadata has the fields of the standard schema; a column beyond it is plain text, or a lookup when
      its name is `_name_value`.

Where it is used: `emulator.world.demo_world.read_world`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from dynsync_lib.core.model import System
from dynsync_lib.core.tables import COLUMNS, PROPERTIES, RECORD_TABLES, RecordTable
from dynsync_lib.emulator.world.metadata import Row, standard_rows
from dynsync_lib.emulator.world.world_check import known_columns

_PLAIN: Final[Mapping[System, Row]] = {
    System.HUBSPOT: {"type": "string", "field_type": "text"},
    System.DYNAMICS: {"type": "String", "format": "Text", "required": "None"},
}
_LOOKUP: Final[Row] = {"type": "Lookup", "targets": "account;contact", "required": "None"}
_METADATA: Final = {System.HUBSPOT: PROPERTIES, System.DYNAMICS: COLUMNS}


def whole_links(rows: Iterable[Row]) -> list[Row]:
    """Associations with the object and the id of both ends; rows that have them stay as they are."""
    return [row if row.get("from_object") else {**row, **_ends(row)} for row in rows]


def _ends(row: Row) -> Row:
    ends = {"from_object": "contact", "from_id": row.get("contact_id")}
    return {**ends, "to_object": "company", "to_id": row.get("company_id"), "label": row.get("label")}


def described_fields(system: System, tables: Mapping[str, Sequence[Row]]) -> list[Row]:
    """The metadata rows of a system without metadata: its standard fields and every column of its tables."""
    table = _METADATA[system]
    rows = standard_rows(table)
    for record_table in RECORD_TABLES.values():
        if record_table.system is system and record_table.object is not None:
            known = known_columns(record_table, rows)
            carried = {column for row in tables[record_table.name] for column in row} - set(known)
            rows += [_field(record_table, name) for name in sorted(carried) if not name.endswith("_type")]
    return [{column.name: row.get(column.name) for column in table.columns} for row in rows]


def _field(table: RecordTable, column: str) -> Row:
    is_lookup = table.system is System.DYNAMICS and column.startswith("_") and column.endswith("_value")
    name = column[1:].removesuffix("_value") if is_lookup else column
    return {
        "object": str(table.object),
        "name": name,
        "label": name,
        **(_LOOKUP if is_lookup else _PLAIN[table.system]),
    }
