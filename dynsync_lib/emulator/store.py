"""The records of both portals in SQLite, in the order in which the API delivers them.

Facts
    * HubSpot delivers ascending record ids (reported); Dataverse delivers its primary key in SQL Server's GUID order,
      which looks at the last six bytes first (2.25).
    * Values stay text as in the world; the two APIs type them on the way out, by metadata.
    * `rank` is the row number: the id of a HubSpot record, the place in GUID order of a Dynamics record. Pages are
      read by rank, so a page costs the same wherever it lies.

Not modelled
    * Writes: they come with rehearsals.

Where it is used: every route that shows records.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import threading
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from dynsync_lib.core.model import LINKS_IN, RECORD_TABLES, RecordTable, System
from dynsync_lib.emulator.calls import is_true
from dynsync_lib.errors import InputFileError

Row = Mapping[str, str | None]
_GUID_BYTES = (10, 11, 12, 13, 14, 15, 8, 9, 6, 7, 4, 5, 0, 1, 2, 3)
_REVERSED_LINKS = 'SELECT to_object, to_id, from_object, from_id, label, is_primary FROM "hubspot/links"'


class World(Protocol):
    """What the emulator needs of a world: the rows of every table, and the two answers about the portals."""

    @property
    def tables(self) -> Mapping[str, Sequence[Row]]: ...
    @property
    def account(self) -> Mapping[str, Any]: ...
    @property
    def organization(self) -> Mapping[str, Any]: ...


def guid_order(guid: str) -> bytes:
    """Sixteen bytes that sort as SQL Server sorts this GUID (2.25)."""
    little_endian = uuid.UUID(guid).bytes_le
    return bytes(little_endian[place] for place in _GUID_BYTES)


def quoted(name: str) -> str:
    """A name as SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def fold(text: str | None) -> str | None:
    """A text without its case, as both portals compare."""
    return None if text is None else text.casefold()


@lru_cache(maxsize=65536)
def moment_ms(text: str | None) -> int | None:
    """Milliseconds since 1970 UTC of an ISO date, an ISO time or a text of milliseconds; None when it is neither."""
    if text is None:
        return None
    if text.lstrip("-").isdigit() and len(text) > 8:
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


class Store:
    """The rows of a world, typed as text, one SQLite connection per thread.

    The file lies in a private folder of the machine's temporary folder and is gone after `close`.
    """

    def __init__(self, world: World) -> None:
        self._folder = tempfile.mkdtemp(prefix="dynsync-emulator-")
        self._path = Path(self._folder) / "world.sqlite"
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self.metadata: dict[str, tuple[Row, ...]] = {}
        self._columns: dict[str, frozenset[str]] = {}
        try:
            self.load(world)
        except BaseException:
            self.close()
            raise

    def load(self, world: World) -> None:
        """Replaces everything by the rows of a world. Raises InputFileError for a record whose id is no id."""
        for name, rows in world.tables.items():
            if name in RECORD_TABLES:
                self._load_records(RECORD_TABLES[name], rows)
            elif name == LINKS_IN.name:
                self._load_links(rows)
            else:
                self.metadata[name] = tuple(rows)
        self._connection.commit()

    def has(self, table: str) -> bool:
        """Whether the world has this table at all."""
        return table in self._columns

    def columns(self, table: str) -> frozenset[str]:
        """The columns that the world's rows carry."""
        return self._columns.get(table, frozenset())

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of one SELECT."""
        return self._connection.execute(sql, parameters).fetchall()

    def count(self, table: str, where: str = "1", parameters: Sequence[Any] = ()) -> int:
        """How many rows of a table satisfy a condition."""
        return int(self.query(f"SELECT count(*) FROM {quoted(table)} WHERE {where}", parameters)[0][0])  # noqa: S608

    def close(self) -> None:
        """Closes every connection and removes the file."""
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._local = threading.local()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            self._local.connection = self._connect()
        return self._local.connection  # type: ignore[no-any-return]

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.create_function("fold", 1, fold, deterministic=True)
        connection.create_function("moment_ms", 1, moment_ms, deterministic=True)
        with self._lock:
            self._connections.append(connection)
        return connection

    def _load_records(self, table: RecordTable, rows: Sequence[Row]) -> None:
        ranked = _ranked(table, rows)
        names = list(dict.fromkeys(name for row in rows for name in row)) or [table.id_field]
        self._columns[table.name] = frozenset(names)
        self._create(table.name, names)
        marks = ", ".join("?" * (len(names) + 3))
        cells = ([rank, id_, is_true(row.get("archived")), *map(row.get, names)] for rank, id_, row in ranked)
        self._connection.executemany(f"INSERT INTO {quoted(table.name)} VALUES ({marks})", cells)  # noqa: S608

    def _create(self, table: str, names: Iterable[str]) -> None:
        self._connection.execute(f"DROP TABLE IF EXISTS {quoted(table)}")
        columns = ", ".join(f"{quoted(name)} TEXT" for name in names)
        start = f'CREATE TABLE {quoted(table)} ("@rank" INTEGER PRIMARY KEY, "@id" TEXT UNIQUE, "@archived" INTEGER'
        self._connection.execute(f"{start}, {columns})")

    def _load_links(self, rows: Sequence[Row]) -> None:
        table = quoted(LINKS_IN.name)
        columns = ", ".join(quoted(name) for name in LINKS_IN.column_names)
        self._connection.execute(f"DROP TABLE IF EXISTS {table}")
        self._connection.execute(f"CREATE TABLE {table} ({columns})")
        cells = [_link_cells(row) for row in rows]
        self._connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?)", cells)  # noqa: S608
        self._connection.execute(f"INSERT INTO {table} {_REVERSED_LINKS}")
        self._connection.execute(f"CREATE INDEX links_from ON {table} (from_object, to_object, from_id)")
        self._columns[LINKS_IN.name] = frozenset(LINKS_IN.column_names)


def _link_cells(row: Row) -> list[Any]:
    """One link; ids as numbers, which is how HubSpot orders and prints them here."""
    ids = {"from_id": _number(row.get("from_id")), "to_id": _number(row.get("to_id"))}
    flags = {"is_primary": is_true(row.get("is_primary"))}
    return [{**row, **ids, **flags}.get(name) for name in LINKS_IN.column_names]


def _number(text: str | None) -> int:
    if text is None or not text.isdecimal():
        raise InputFileError(f"The HubSpot record id {text!r} is not a number.", next_step="Correct it in the world.")
    return int(text)


def _ranked(table: RecordTable, rows: Sequence[Row]) -> list[tuple[int, str, Row]]:
    """Rank, id and row of every record, in API order."""
    if table.system is System.HUBSPOT:
        return sorted(
            ((_number(row[table.id_field]), str(row[table.id_field]), row) for row in rows),
            key=lambda ranked: ranked[0],
        )
    keyed = sorted(((_guid_key(table, row), row) for row in rows), key=lambda pair: pair[0])
    return [(rank, str(row[table.id_field]).lower(), row) for rank, (_, row) in enumerate(keyed, start=1)]


def _guid_key(table: RecordTable, row: Row) -> bytes:
    text = row.get(table.id_field)
    try:
        return guid_order(str(text))
    except ValueError:
        message = f"{table.name}: {table.id_field} {text!r} is not a GUID."
        raise InputFileError(message, next_step="Correct it in the world.") from None
