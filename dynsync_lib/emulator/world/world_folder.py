"""A world read from its folder while it is served, so that large tables are never in memory as a whole.

Facts
    * Record tables and links are read row by row, each time they are asked for; metadata and the two answers about the
      portals are small and read at once. What a folder leaves out is filled in as
      `emulator.world.demo_world.read_world` does.

Where it is used: `kit.emulate`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dynsync_lib.core.model import System
from dynsync_lib.core.tables import COLUMNS, PROPERTIES, RECORD_TABLES
from dynsync_lib.emulator.world.csv_rows import CsvRows
from dynsync_lib.emulator.world.demo_world import read_portals, read_table
from dynsync_lib.emulator.world.handmade_worlds import described_fields, whole_links
from dynsync_lib.emulator.world.metadata import Row
from dynsync_lib.emulator.world.world_contents import LINKS, checked_links, refuse_no_world


@dataclass(frozen=True)
class _Links:
    """The associations of a folder with the object and the id of both ends."""

    rows: CsvRows

    def __iter__(self) -> Iterator[Row]:
        for row in self.rows:
            yield from checked_links(self.rows.path, whole_links([row]))


@dataclass(frozen=True, slots=True)
class FolderWorld:
    """A world (`emulator.store.records.World`) whose tables are read from a folder."""

    tables: Mapping[str, Iterable[Row]]
    account: Mapping[str, Any]
    organization: Mapping[str, Any]


def open_world(folder: Path) -> FolderWorld:
    """The world of a folder, to be read when it is served. Raises InputFileError for a folder that holds none, or
    something wrong or foreign."""
    refuse_no_world(folder)
    rows = {name: CsvRows(folder / f"{name}.csv") for name in RECORD_TABLES}
    tables: dict[str, Iterable[Row]] = {**rows, LINKS: _Links(CsvRows(folder / f"{LINKS}.csv"))}
    heads = {
        name: [dict.fromkeys(table_rows.columns)] if table_rows.columns else [] for name, table_rows in rows.items()
    }
    for system, metadata in ((System.HUBSPOT, PROPERTIES.name), (System.DYNAMICS, COLUMNS.name)):
        tables[metadata] = read_table(folder, metadata) or described_fields(system, heads)
    account, organization = read_portals(folder)
    return FolderWorld(tables, account, organization)
