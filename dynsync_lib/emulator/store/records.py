"""The records of both portals in SQLite, in the order in which the API delivers them.

Facts
    * HubSpot delivers ascending record ids (reported); Dataverse delivers its primary key in SQL Server's GUID order,
      which looks at the last six bytes first (2.25). `@order` holds what is sorted by, so that a page costs the same
      wherever it lies.
    * Values are kept as the world's texts; the two APIs convert them by metadata when they answer.
    * `@version` grows with every change of any record; `@changed_s` is when a record was written over the API, NULL
      while it is as in the world. Ids of deleted rows are kept for change tracking.

Where it is used: every route that shows or changes records.
"""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from dynsync_lib.core.model import System
from dynsync_lib.core.tables import LINKS_IN, PROPERTIES, RECORD_TABLES, RecordTable
from dynsync_lib.emulator.calls import is_true
from dynsync_lib.emulator.store.associations import load_links
from dynsync_lib.emulator.store.database import Database, fold, guid_order, quoted
from dynsync_lib.emulator.store.kept_state import (
    begin_state,
    complete_state,
    drop_metadata,
    identity_of,
    is_complete,
    keep_metadata,
    kept_columns,
    kept_metadata,
    last_version,
    lock_state,
)
from dynsync_lib.emulator.store.settings_tables import settings_tables
from dynsync_lib.errors import InputFileError
from dynsync_lib.messages import tell_cell

Row = Mapping[str, str | None]
FIRST_VERSION: Final = 1_000_000
ADDRESSES: Final = "@addresses"
MERGED: Final = "@merged"
HISTORY: Final = "@history"
ASSOCIATION_LIMITS: Final = "@association_limits"
_OWN: Final = ("@rank", "@order", "@id", "@archived", "@version", "@changed_s")
_CONTACTS: Final = "hubspot/contacts"
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_GUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


class World(Protocol):
    """What the emulator needs of a world: the rows of every table, and what the two portals say of themselves.

    Tables are read once from beginning to end, and once more when the emulator is reseeded after something was written.
    """

    @property
    def tables(self) -> Mapping[str, Iterable[Row]]: ...
    @property
    def account(self) -> Mapping[str, Any]: ...
    @property
    def organization(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Stored:
    """One stored record.

    `rank` is its number in HubSpot, `version` that of its last change, `values` its texts by column.
    """

    rank: int
    id: str
    is_archived: bool
    version: int
    values: Row


class Store:
    """The records of a world, their metadata and their associations; any thread may use it.

    Times are seconds since 1970. In a `folder` the state stays when the store is closed, and a store that is opened
    there later goes on with it.

    Raises InputFileError, when it is made, for a record whose id is no id or is there twice, and for a folder whose
    state is that of another world or in use.
    """

    def __init__(self, world: World, folder: Path | None = None) -> None:
        self._world = world
        self._identity = identity_of(world.account, world.organization)
        self._lock_of_folder = lock_state(folder) if folder is not None else None
        self._database = Database(folder)
        self._lock = threading.Lock()
        self.metadata: dict[str, tuple[Row, ...]] = {}
        self._columns: dict[str, frozenset[str]] = {}
        self._version = FIRST_VERSION
        self._writes_when_loaded: int | None = None
        try:
            if is_complete(self._database, self._identity, folder):
                self._go_on()
            else:
                self.reseed()
            self._database.keep_log()
        except BaseException:
            self.close()
            raise

    def reseed(self) -> None:
        """Loads the world anew, if anything was written since it was loaded; all changes are gone.

        Raises InputFileError for a record whose id is no id or is there twice.
        """
        if self._database.writes == self._writes_when_loaded:
            return
        with self.change():
            self._forget()
            for name, rows in self._world.tables.items():
                if name in RECORD_TABLES:
                    self._load_records(RECORD_TABLES[name], rows)
                elif name == LINKS_IN.name:
                    load_links(self._database, rows)
                    self._columns = {**self._columns, name: frozenset(LINKS_IN.column_names)}
                else:
                    self.metadata[name] = tuple(rows)
                    keep_metadata(self._database, name, self.metadata[name])
            self._load_settings()
            self._make_indexes()
            complete_state(self._database, self._identity)
        self._writes_when_loaded = self._database.writes

    def _go_on(self) -> None:
        """Takes up the state that is in the folder."""
        self.metadata, self._columns = kept_metadata(self._database), kept_columns(self._database)
        self._version = last_version(self._database, FIRST_VERSION)

    # --- Reading -------------------------------------------------------------------------------------------------

    def has(self, table: str) -> bool:
        """Whether the world has this table."""
        return table in self._columns

    def columns(self, table: str) -> frozenset[str]:
        """The names of the columns that a table has; empty for a table that is not there."""
        return self._columns.get(table, frozenset())

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of one SELECT."""
        return self._database.query(sql, parameters)

    def count(self, table: str, where: str = "1", parameters: Sequence[Any] = ()) -> int:
        """The number of rows of a table that satisfy a condition of SQL."""
        return int(self.query(f"SELECT count(*) FROM {quoted(table)} WHERE {where}", parameters)[0][0])  # noqa: S608

    def find(self, table: str, where: str, parameters: Sequence[Any] = ()) -> Stored | None:
        """The first record in API order that satisfies a condition of SQL; None when there is none."""
        if not self.has(table):
            return None
        names = sorted(self.columns(table))
        columns = ", ".join(quoted(name) for name in ("@rank", "@id", "@archived", "@version", *names))
        sql = f'SELECT {columns} FROM {quoted(table)} WHERE {where} ORDER BY "@order" LIMIT 1'  # noqa: S608
        for rank, id_, archived, version, *values in self.query(sql, parameters):
            return Stored(rank, str(id_), bool(archived), version, dict(zip(names, values, strict=True)))
        return None

    def find_id(self, table: str, id_: str) -> Stored | None:
        """The record of an id, archived or not; None when there is none."""
        return self.find(table, '"@id" = ?', (id_,))

    @property
    def version(self) -> int:
        """The version of the last change."""
        return self._version

    # --- Writing -------------------------------------------------------------------------------------------------

    @contextmanager
    def change(self) -> Iterator[None]:
        """A change of several steps: kept when the block ends, undone as a whole when it raises."""
        with self._database.change():
            before = self._columns
            try:
                yield
            except BaseException:
                self._columns = before
                raise

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Runs one statement inside a change and gives the number of rows it changed."""
        return self._database.execute(sql, parameters)

    def insert(self, table: RecordTable, id_: str, values: Row, *, at_s: float) -> None:
        """Adds a record with this id and these values, written at this time."""
        self.ensure_columns(table.name, values)
        names = [*_OWN, *values]
        marks = ", ".join("?" * len(names))
        order = _order_of(table, id_)
        own = [order if isinstance(order, int) else None, order, id_, 0, self._next_version(), at_s]
        sql = f"INSERT INTO {quoted(table.name)} ({', '.join(map(quoted, names))}) VALUES ({marks})"  # noqa: S608
        self.execute(sql, [*own, *values.values()])

    def update(self, table: str, id_: str, values: Row, *, at_s: float, archived: bool | None = None) -> None:
        """Sets some values of one record; the others stay. `archived` None leaves it archived or not as it is."""
        self.ensure_columns(table, values)
        sets = [f"{quoted(name)} = ?" for name in values] + ['"@version" = ?', '"@changed_s" = ?']
        parameters: list[Any] = [*values.values(), self._next_version(), at_s]
        if archived is not None:
            sets.append('"@archived" = ?')
            parameters.append(int(archived))
        self.execute(f'UPDATE {quoted(table)} SET {", ".join(sets)} WHERE "@id" = ?', [*parameters, id_])  # noqa: S608

    def delete(self, table: str, id_: str) -> None:
        """Removes one record for good; its id is kept for change tracking."""
        self.execute(f'DELETE FROM {quoted(table)} WHERE "@id" = ?', (id_,))  # noqa: S608
        self.execute('INSERT INTO "@deleted" VALUES (?, ?, ?)', (table, id_, self._next_version()))

    def set_addresses(self, rank: int, addresses: Iterable[str]) -> None:
        """Replaces the e-mail addresses, primary and additional, by which a HubSpot contact is unique."""
        self.execute(f"DELETE FROM {quoted(ADDRESSES)} WHERE contact = ?", (rank,))  # noqa: S608
        for address in addresses:
            self.execute(f"INSERT INTO {quoted(ADDRESSES)} VALUES (?, ?)", (fold(address), rank))  # noqa: S608

    def ensure_columns(self, table: str, names: Iterable[str]) -> None:
        """Adds the columns that a table lacks, and the table itself, empty, when the world has none."""
        with self._lock:
            if table not in self._columns:
                self._create(table, ())
            missing = sorted(set(names) - self._columns[table])
            if missing:  # this thread's connection may remember the columns of before a reseed: reading refreshes it
                self.query(f"SELECT 1 FROM {quoted(table)} LIMIT 0")  # noqa: S608
            for name in missing:
                self.execute(f"ALTER TABLE {quoted(table)} ADD COLUMN {quoted(name)} TEXT")
            self._columns = {**self._columns, table: self._columns[table] | set(missing)}

    def add_metadata(self, table: str, row: Row) -> None:
        """Adds a row to a table of metadata: one more HubSpot property or Dataverse column."""
        with self.change(), self._lock:
            self.metadata[table] = (*self.metadata.get(table, ()), row)
            keep_metadata(self._database, table, [row])

    def remove_metadata(self, table: str, row: Row, *, records: str, column: str) -> None:
        """Removes a row of a table of metadata, and the values of its column from a table of records."""
        with self.change(), self._lock:
            self.metadata[table] = tuple(other for other in self.metadata[table] if other != row)
            drop_metadata(self._database, table, row)
            if column in self.columns(records):
                self.execute(f"UPDATE {quoted(records)} SET {quoted(column)} = NULL")  # noqa: S608

    def close(self) -> None:
        """Closes every connection; the file is removed unless it is kept."""
        self._database.close()
        if self._lock_of_folder is not None:
            self._lock_of_folder.close()

    # --- Loading -------------------------------------------------------------------------------------------------

    def _forget(self) -> None:
        for name in (*self._columns, "@deleted", ADDRESSES, MERGED, HISTORY, ASSOCIATION_LIMITS):
            self.execute(f"DROP TABLE IF EXISTS {quoted(name)}")
        self.metadata, self._columns, self._version = {}, {}, FIRST_VERSION
        begin_state(self._database)
        self.execute('CREATE TABLE "@deleted" (name TEXT, id TEXT, version INTEGER)')
        self.execute(f"CREATE TABLE {quoted(MERGED)} (name TEXT, id TEXT, survivor TEXT)")
        columns = "name TEXT, id TEXT, property TEXT, old TEXT, new TEXT, at_s REAL"
        self.execute(f"CREATE TABLE {quoted(HISTORY)} ({columns})")
        columns = "from_object TEXT, to_object TEXT, category TEXT, type_id INTEGER, label TEXT, most INTEGER"
        self.execute(f"CREATE TABLE {quoted(ASSOCIATION_LIMITS)} ({columns})")
        self.execute(f'CREATE INDEX "history_of" ON {quoted(HISTORY)} (name, id)')
        self.execute(f"CREATE TABLE {quoted(ADDRESSES)} (address TEXT, contact INTEGER)")
        self.execute(f'CREATE INDEX "addresses_text" ON {quoted(ADDRESSES)} (address)')
        self.execute(f'CREATE INDEX "addresses_contact" ON {quoted(ADDRESSES)} (contact)')

    def _load_records(self, table: RecordTable, rows: Iterable[Row]) -> None:
        names = list(column_names(rows)) or [table.id_field]
        self._create(table.name, names)
        marks = ", ".join("?" * (len(_OWN) + len(names)))
        cells = (self._cells(table, names, row) for row in rows)
        try:
            self._database.execute_many(f"INSERT INTO {quoted(table.name)} VALUES ({marks})", cells)  # noqa: S608
        except sqlite3.IntegrityError:
            message = f"{table.name} holds two records of one {table.id_field}."
            raise InputFileError(message, next_step="Correct it in the world.") from None
        if table.name == _CONTACTS:
            self._load_addresses()

    def _load_settings(self) -> None:
        for table, rows in settings_tables(self._world.account, self._world.organization).items():
            self._load_records(table, rows)

    def _cells(self, table: RecordTable, names: Sequence[str], row: Row) -> list[Any]:
        id_, order = _id_and_order(table, row)
        rank = order if isinstance(order, int) else None
        return [rank, order, id_, int(is_true(row.get("archived"))), self._next_version(), None, *map(row.get, names)]

    def _create(self, table: str, names: Iterable[str]) -> None:
        columns = "".join(f", {quoted(name)} TEXT" for name in names)
        own = '"@rank" INTEGER PRIMARY KEY, "@order" UNIQUE, "@id" TEXT UNIQUE, "@archived" INTEGER, "@version" INTEGER'
        self.execute(f'CREATE TABLE {quoted(table)} ({own}, "@changed_s" REAL{columns})')
        self._columns = {**self._columns, table: frozenset(names)}

    def _load_addresses(self) -> None:
        carried, into = self.columns(_CONTACTS), f"INSERT INTO {quoted(ADDRESSES)}"
        source = f'FROM {quoted(_CONTACTS)} WHERE "@archived" = 0 AND'
        if "email" in carried:
            self.execute(f'{into} SELECT fold(trim(email)), "@rank" {source} email IS NOT NULL')
        if "hs_additional_emails" in carried:
            rows = self.query(f'SELECT hs_additional_emails, "@rank" {source} hs_additional_emails IS NOT NULL')
            cells = ((fold(part.strip()), rank) for text, rank in rows for part in text.split(";") if part.strip())
            self._database.execute_many(f"{into} VALUES (?, ?)", cells)

    def _make_indexes(self) -> None:
        """Makes an index for every HubSpot property with unique values, which every write looks up."""
        for row in self.metadata.get(PROPERTIES.name, ()):
            self.index_unique(row)

    def index_unique(self, row: Row) -> None:
        """Makes the index of a HubSpot property whose values must be unique; does nothing for other properties."""
        table = next(
            (record_table.name for record_table in RECORD_TABLES.values() if _is_hubspot(record_table, row["object"])),
            None,
        )
        if table is None or not is_true(row.get("unique")) or row["name"] not in self.columns(table):
            return
        name = f"unique {row['object']} {row['name']}"
        self.execute(f"DROP INDEX IF EXISTS {quoted(name)}")
        self.execute(f"CREATE INDEX {quoted(name)} ON {quoted(table)} (fold({quoted(str(row['name']))}))")

    def _next_version(self) -> int:
        self._version += 1
        return self._version


def column_names(rows: Iterable[Row]) -> Iterator[str]:
    """The columns of a table: its `columns` when it has that attribute, else those of its rows in order of
    appearance."""
    columns = getattr(rows, "columns", None)
    yield from columns if columns is not None else dict.fromkeys(name for row in rows for name in row)


def options_of(row: Row) -> list[dict[str, Any]]:
    """The options of a property or column from its metadata row: `value` and `label` each; empty for no choice."""
    options: list[dict[str, Any]] = json.loads(row.get("options") or "[]")
    return options


def _id_and_order(table: RecordTable, row: Row) -> tuple[str, int | bytes]:
    """The id of a row and the value that API order sorts by. Raises InputFileError when it is no id of that system."""
    text = str(row.get(table.id_field))
    try:
        order = _order_of(table, text)
    except ValueError:
        kind = "number" if table.system is System.HUBSPOT else "GUID"
        message = f"{table.name}: {table.id_field} {tell_cell(text)} is no {kind}."
        raise InputFileError(message, next_step="Correct it in the world.") from None
    return (text if table.system is System.HUBSPOT else text.lower()), order


def _order_of(table: RecordTable, id_: str) -> int | bytes:
    """What API order sorts an id by. Raises ValueError for what is no id as the portal writes it."""
    form = _NUMBER if table.system is System.HUBSPOT else _GUID
    if form.fullmatch(id_) is None:
        raise ValueError
    return int(id_) if table.system is System.HUBSPOT else guid_order(id_)


def _is_hubspot(table: RecordTable, object_: str | None) -> bool:
    return table.system is System.HUBSPOT and table.object is not None and table.object.value == object_
