"""One SQLite file in a private folder: a connection for each thread, one writer at a time.

Facts
    * After `keep_log` readers go on while somebody writes; a change is seen whole or not at all.
    * The file is gone after `close`, unless a folder was named to keep it in.
    * SQL may call a few functions of Python: texts without case, moments, GUIDs, whole words, patterns.

Where it is used: store; the searches, filters and keys of both APIs.
"""

from __future__ import annotations

import os
import re
import sqlite3
import threading
import unicodedata
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from dynsync_lib.emulator.store.patterns import is_like
from dynsync_lib.emulator.times import moment_ms
from dynsync_lib.folders.temporary_folder import TemporaryFolder

_CACHE_KIB: Final = 8_192
MOST_STEPS: Final = 1_000_000_000
"""Steps of SQLite's machine that one SELECT may take, over all its rows."""
_STEPS_AT_ONCE: Final = 1_000_000
_WORD: Final = re.compile(r"[^\W_]+")
_WORD_OF_PATTERN: Final = re.compile(r"(?:[^\W_]|\*)+")


class Database:
    """A SQLite database that any thread may use: empty, or as it was in a `folder` that had one.

    What SQL may call beside its own functions is in `_FUNCTIONS`. As long as `writes` is the same, nothing was changed.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._temporary: TemporaryFolder | None = None
        if folder is None:
            self._temporary = TemporaryFolder()
            folder = self._temporary.path
        self._path = folder / "world.sqlite"
        os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600))  # what SQLite adds is as private
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._register = threading.Lock()
        self._turn = threading.RLock()
        self.writes = 0
        if self._temporary is not None:
            self._connection.execute("PRAGMA journal_mode = OFF")
        else:
            self.keep_log()

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of one SELECT. Raises sqlite3.OperationalError when it takes more than MOST_STEPS."""
        connection = self._connection
        self._local.steps_left = MOST_STEPS
        try:
            return connection.execute(sql, parameters).fetchall()
        finally:
            self._local.steps_left = None

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Runs one statement that changes something and gives the number of rows it changed."""
        self.writes += 1
        return self._connection.execute(sql, parameters).rowcount

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Runs one statement once for each row of parameters."""
        self.writes += 1
        self._connection.executemany(sql, rows)

    @contextmanager
    def change(self) -> Iterator[None]:
        """A transaction: kept when the block ends, undone when it raises.

        Inside another change only the inner one is undone.

        Other threads wait until the outer change has ended.
        """
        with self._turn:
            control = self._connection.execute
            is_outer = not self._connection.in_transaction
            control("BEGIN IMMEDIATE" if is_outer else "SAVEPOINT inner")
            try:
                yield
            except BaseException:
                control("ROLLBACK" if is_outer else "ROLLBACK TO inner")
                if not is_outer:
                    control("RELEASE inner")
                raise
            control("COMMIT" if is_outer else "RELEASE inner")

    def keep_log(self) -> None:
        """Lets readers go on while somebody writes from now on; loading before that is faster without the log."""
        self._connection.execute("PRAGMA journal_mode = WAL")

    def close(self) -> None:
        """Closes every connection and removes the file, unless it is kept."""
        with self._register:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._local = threading.local()
        if self._temporary is not None:
            self._temporary.close()

    @property
    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            self._local.connection = self._connect()
        return self._local.connection  # type: ignore[no-any-return]

    def _count_steps(self) -> bool:
        """Whether the statement of this thread has taken too many steps; what is no SELECT may take any number."""
        left: int | None = getattr(self._local, "steps_left", None)
        if left is None:
            return False
        self._local.steps_left = left - _STEPS_AT_ONCE
        return left <= 0

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.set_progress_handler(self._count_steps, _STEPS_AT_ONCE)
        for name, (arguments, function) in _FUNCTIONS.items():
            connection.create_function(name, arguments, function, deterministic=True)
        with self._register:
            self._connections.append(connection)
        return connection


def quoted(name: str) -> str:
    """A name in double quotes, as SQL takes any table or column."""
    return '"' + name.replace('"', '""') + '"'


def guid_order(guid: str) -> bytes:
    """Sixteen bytes whose order is the one in which SQL Server sorts GUIDs (2.25).

    Raises ValueError for what is no GUID.
    """
    stored = uuid.UUID(guid).bytes_le
    return stored[10:] + stored[8:10] + stored[6:8] + stored[4:6] + stored[:4]


def guid_key(text: str | None) -> str | None:
    """A text whose order is the one in which SQL Server sorts GUIDs; None stays None, and what is no GUID itself."""
    try:
        return None if text is None else guid_order(text).hex()
    except ValueError:
        return text


def fold(text: str | None) -> str | None:
    """The text case-folded, as both portals compare texts; None stays None."""
    return None if text is None else text.casefold()


def unaccented(text: str | None) -> str | None:
    """The text without accents, and with a dot on every i; None stays None."""
    if text is None or text.isascii():
        return text
    parts = unicodedata.normalize("NFKD", text.replace("\u0131", "i"))
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def plain(text: str | None) -> str | None:
    """The text case-folded and without accents, as HubSpot's search compares texts; None stays None."""
    return unaccented(fold(text))


def has_token(text: str | None, pattern: str) -> bool:
    """Whether each word of the pattern is one word of the text, whatever case and accents; `*` stands for any run of
    letters and digits. A text without words has none, and a pattern without words is in no text."""
    words = _WORD.findall(plain(text) or "")
    wanted = _WORD_OF_PATTERN.findall(plain(pattern) or "")
    return bool(wanted) and all(any(_fits(token, word) for token in words) for word in wanted)


def _fits(word: str, pattern: str) -> bool:
    """Whether a word fits a pattern with `*`, in time that grows with their lengths alone."""
    first, *rest = pattern.split("*")
    if not rest:
        return word == pattern
    *middle, last = rest
    end = len(word) - len(last)
    if not word.startswith(first) or not word.endswith(last) or end < len(first):
        return False
    start = len(first)
    for part in middle:
        index = word.find(part, start, end)
        if index < 0:
            return False
        start = index + len(part)
    return True


_FUNCTIONS: Final[Mapping[str, tuple[int, Callable[..., Any]]]] = {
    "fold": (1, fold),
    "moment_ms": (1, moment_ms),
    "guid_key": (1, guid_key),
    "is_like": (2, is_like),
    "plain": (1, plain),
    "unaccented": (1, unaccented),
    "has_token": (2, has_token),
}
"""What SQL may call: name to number of arguments and the function."""
