"""What a store keeps beside its records, so that another run can go on with them: metadata, and whose state it is.

Facts
    * Records and what belongs to them are in SQLite anyway; properties, columns, keys and exports are rows of metadata,
      kept here as JSON. Certificates, sign-ins, switches and the log are those of a run and are not kept.
    * The state is complete once the world's identity is written, which ends the loading.

Where it is used: `emulator.store.records`.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from dynsync_lib.emulator.store.database import Database, quoted
from dynsync_lib.errors import InputFileError

_METADATA: Final = quoted("@metadata")
_WORLD: Final = quoted("@world")
Row = Mapping[str, str | None]


def identity_of(account: Mapping[str, Any], organization: Mapping[str, Any]) -> str:
    """What tells worlds apart: a hash of what both portals say of themselves."""
    said = json.dumps([dict(account), dict(organization)], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def lock_state(folder: Path) -> sqlite3.Connection:
    """Makes the folder, for its owner alone, and takes it for this process until the connection is closed.

    Raises InputFileError when another emulator has it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    lock = sqlite3.connect(folder / "in_use.sqlite", isolation_level=None, check_same_thread=False, timeout=0)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        lock.close()
        message = f"The state in {folder} is in use by another emulator."
        raise InputFileError(message, next_step="End that one, or name another folder.") from None
    return lock


def begin_state(database: Database) -> None:
    """Forgets what was kept; run inside a change."""
    for table, columns in ((_METADATA, "name TEXT, row TEXT"), (_WORLD, "identity TEXT")):
        database.execute(f"DROP TABLE IF EXISTS {table}")
        database.execute(f"CREATE TABLE {table} ({columns})")


def keep_metadata(database: Database, name: str, rows: Iterable[Row]) -> None:
    """Keeps rows of a table of metadata."""
    database.execute_many(f"INSERT INTO {_METADATA} VALUES (?, ?)", ((name, json.dumps(dict(row))) for row in rows))  # noqa: S608


def drop_metadata(database: Database, name: str, row: Row) -> None:
    """Forgets a row of a table of metadata."""
    database.execute(f"DELETE FROM {_METADATA} WHERE name = ? AND row = ?", (name, json.dumps(dict(row))))  # noqa: S608


def complete_state(database: Database, identity: str) -> None:
    """Says that all of a world is loaded."""
    database.execute(f"INSERT INTO {_WORLD} VALUES (?)", (identity,))  # noqa: S608


def is_complete(database: Database, identity: str, folder: Path | None) -> bool:
    """Whether a whole state of this world is there. Raises InputFileError for one of another world."""
    if not database.query("SELECT 1 FROM sqlite_master WHERE name = '@world'"):
        return False
    rows = database.query(f"SELECT identity FROM {_WORLD}")  # noqa: S608
    if rows and rows[0][0] != identity:
        message = f"The state in {folder} is that of another world."
        raise InputFileError(message, next_step="Name another folder, or the world that it belongs to.")
    return bool(rows)


def kept_metadata(database: Database) -> dict[str, tuple[Row, ...]]:
    """The rows of every table of metadata, in the order in which they came."""
    tables: dict[str, list[Row]] = {}
    for name, row in database.query(f"SELECT name, row FROM {_METADATA} ORDER BY rowid"):  # noqa: S608
        tables.setdefault(name, []).append(json.loads(row))
    return {name: tuple(rows) for name, rows in tables.items()}


def kept_columns(database: Database) -> dict[str, frozenset[str]]:
    """The columns of every table of records and of the links."""
    names = [name for (name,) in database.query("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {
        name: frozenset(column for column in _columns(database, name) if not column.startswith("@"))
        for name in names
        if not name.startswith("@")
    }


def last_version(database: Database, first: int) -> int:
    """The version of the last change of any record, or `first` when there is none."""
    tables = [name for name in kept_columns(database) if "@version" in _columns(database, name)]
    versions = [database.query(f'SELECT max("@version") FROM {quoted(name)}')[0][0] for name in tables]  # noqa: S608
    deleted = database.query('SELECT max(version) FROM "@deleted"')[0][0]
    return max((int(version) for version in (*versions, deleted) if version is not None), default=first)


def _columns(database: Database, table: str) -> list[str]:
    return [row[1] for row in database.query(f"PRAGMA table_info({quoted(table)})")]
