"""A world read from its folder while it is served, so that large tables are never in memory as a whole.

Facts
    * Record tables and links are read row by row, each time they are asked for; metadata and the two answers about the
      portals are small and read at once. What a folder leaves out is filled in as
      `emulator.world.demo_world.read_world` does.

Where it is used: `kit.emulate`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dynsync_lib.core.model import System
from dynsync_lib.core.tables import COLUMNS, PROPERTIES, RECORD_TABLES
from dynsync_lib.emulator.world.demo_world import LINKS, TABLE_NAMES, read_portals, read_table
from dynsync_lib.emulator.world.handmade_worlds import described_fields, whole_links
from dynsync_lib.emulator.world.metadata import Row
from dynsync_lib.errors import InputFileError


@dataclass(frozen=True)
class CsvRows:
    """The rows of a CSV file, read anew by each loop over them; empty fields are None.

    Raises InputFileError, when it is read, for a file that is no CSV in UTF-8.
    """

    path: Path

    @cached_property
    def columns(self) -> list[str]:
        """The column names of the first line; empty when there is no file."""
        return next(self._lines(), [])

    def __iter__(self) -> Iterator[Row]:
        names = self.columns
        lines = self._lines()
        next(lines, None)
        for values in lines:
            yield dict(zip(names, [value or None for value in values], strict=False))

    def _lines(self) -> Iterator[list[str]]:
        if not self.path.is_file():
            return
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as stream:
                yield from csv.reader(stream, strict=True)
        except (UnicodeDecodeError, csv.Error) as fault:
            raise InputFileError(f"{self.path} is no CSV file in UTF-8.", next_step="Write the folder anew.") from fault


@dataclass(frozen=True)
class _Links:
    """The associations of a folder with the object and the id of both ends."""

    rows: CsvRows

    def __iter__(self) -> Iterator[Row]:
        for row in self.rows:
            yield from whole_links([row])


@dataclass(frozen=True, slots=True)
class FolderWorld:
    """A world (`emulator.store.records.World`) whose tables are read from a folder."""

    tables: Mapping[str, Iterable[Row]]
    account: Mapping[str, Any]
    organization: Mapping[str, Any]


def open_world(folder: Path) -> FolderWorld:
    """The world of a folder, to be read when it is served. Raises InputFileError when no table is there."""
    if not any((folder / f"{name}.csv").is_file() for name in TABLE_NAMES):
        raise InputFileError(f"{folder} holds no world.", next_step="Name a folder such as sample_data.")
    rows = {name: CsvRows(folder / f"{name}.csv") for name in RECORD_TABLES}
    tables: dict[str, Iterable[Row]] = {**rows, LINKS: _Links(CsvRows(folder / f"{LINKS}.csv"))}
    heads = {
        name: [dict.fromkeys(table_rows.columns)] if table_rows.columns else [] for name, table_rows in rows.items()
    }
    for system, metadata in ((System.HUBSPOT, PROPERTIES.name), (System.DYNAMICS, COLUMNS.name)):
        tables[metadata] = read_table(folder, metadata) or described_fields(system, heads)
    account, organization = read_portals(folder)
    return FolderWorld(tables, account, organization)
