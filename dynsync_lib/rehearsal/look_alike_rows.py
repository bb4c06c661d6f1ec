"""The look-alikes of a rehearsal as rows: what is to stand in the test portals.

Where it is used: `rehearsal.seeding`, `rehearsal.cleaning`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow.parquet as pq

from dynsync_lib.core.keys import guid_sql_key
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import LINKS_IN, RECORD_TABLES, RecordTable
from dynsync_lib.portals.rows import TextRow
from dynsync_lib.snapshot.snapshot import Snapshot

TABLES: Final = tuple(table for table in RECORD_TABLES.values() if table.object is not None)
"""The record tables of both systems."""
HUBSPOT_TABLES: Final = tuple(table for table in TABLES if table.system is System.HUBSPOT)
DYNAMICS_TABLES: Final = tuple(
    RECORD_TABLES[f"dynamics/{name}"] for name in ("accounts", "contacts", "leads", "opportunities", "invoices")
)
"""The tables of Dynamics, each after those that its rows point to most."""


@dataclass(frozen=True, slots=True)
class LookAlikeRows:
    """The look-alikes' rows by table, owners and users among them, and their associations.

    A row has the vendor's columns and, as `id`, the look-alike's id.
    """

    tables: Mapping[str, Sequence[TextRow]]
    links: Sequence[Mapping[str, Any]]

    @property
    def objects(self) -> list[Object]:
        """The objects of which there are look-alikes on either side."""
        held = {table.object for table in TABLES if self.tables[table.name]}
        return [object_ for object_ in Object if object_ in held]

    def ids(self, table: RecordTable) -> list[str]:
        """The look-alikes of a table, in the order of creation."""
        return in_order(str(row["id"]) for row in self.tables[table.name])


def read_look_alikes(snapshot: Snapshot) -> LookAlikeRows:
    """The rows of a snapshot of look-alikes."""
    tables: dict[str, list[TextRow]] = {}
    for name, table in RECORD_TABLES.items():
        own = {column.name for column in table.structure} - {"id"}
        vendor = [column for column in snapshot.columns(name) if column not in own]
        rows = pq.read_table(snapshot.table_path(name), columns=vendor).to_pylist()
        tables[name] = [{**row, table.id_field: row["id"]} for row in rows]
    return LookAlikeRows(tables, pq.read_table(snapshot.table_path(LINKS_IN.name)).to_pylist())


def in_order(ids: Iterable[str]) -> list[str]:
    """Ids in the order of first records: HubSpot's as numbers, GUIDs as SQL Server sorts them.

    >>> in_order(["10", "9"])
    ['9', '10']
    """
    return sorted(ids, key=lambda id_: f"{int(id_):020d}" if id_.isdecimal() else guid_sql_key(id_))
