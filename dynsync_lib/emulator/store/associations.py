"""HubSpot's associations in SQLite: each one as two rows, one from each end, and the portal's own labels.

Facts
    * HubSpot numbers a portal's own labels for each pair of kinds; here in alphabetical order from 36 up, then in the
      order in which they are made. A label of a world reads the same in both directions (`inverse`).

Where it is used: `emulator.store.records`, `emulator.hubspot.association_types`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from dynsync_lib.core.tables import LINKS_IN
from dynsync_lib.emulator.calls import is_true
from dynsync_lib.emulator.store.database import Database, quoted
from dynsync_lib.errors import InputFileError
from dynsync_lib.messages import tell_cell

LABELS: Final = "@labels"
_LABEL_COLUMNS: Final = "from_object TEXT, to_object TEXT, label TEXT, type_id INTEGER, inverse TEXT"
FIRST_OWN_TYPE_ID: Final = 36
_MOST_DIGITS: Final = 18
_TABLE: Final = quoted(LINKS_IN.name)
_REVERSED: Final = f"SELECT to_object, to_id, from_object, from_id, label, is_primary FROM {_TABLE}"  # noqa: S608
_OWN_LABELS: Final = (
    f"SELECT DISTINCT from_object, to_object, label FROM {_TABLE} WHERE label IS NOT NULL ORDER BY 1, 2, 3"  # noqa: S608
)


def load_links(database: Database, rows: Iterable[Mapping[str, str | None]]) -> None:
    """Fills the tables of links and labels. Raises InputFileError for an id that is no number."""
    columns = ", ".join(quoted(name) for name in LINKS_IN.column_names)
    for table in (LINKS_IN.name, LABELS):
        database.execute(f"DROP TABLE IF EXISTS {quoted(table)}")
    database.execute(f"CREATE TABLE {_TABLE} ({columns})")
    database.execute_many(f"INSERT INTO {_TABLE} VALUES (?, ?, ?, ?, ?, ?)", map(_cells, rows))  # noqa: S608
    database.execute(f"INSERT INTO {_TABLE} {_REVERSED}")
    database.execute(f"CREATE INDEX links_from ON {_TABLE} (from_object, to_object, from_id)")
    _load_labels(database)


def _load_labels(database: Database) -> None:
    database.execute(f"CREATE TABLE {quoted(LABELS)} ({_LABEL_COLUMNS})")
    numbers: dict[tuple[str, str], int] = {}
    for from_, to, label in database.query(_OWN_LABELS):
        numbers[from_, to] = numbers.get((from_, to), FIRST_OWN_TYPE_ID - 1) + 1
        values = (from_, to, label, numbers[from_, to], label)
        database.execute(f"INSERT INTO {quoted(LABELS)} VALUES (?, ?, ?, ?, ?)", values)  # noqa: S608


def _cells(row: Mapping[str, str | None]) -> list[Any]:
    """One link, in the order of `LINKS_IN`; ids as numbers, which is how HubSpot orders and prints them here."""
    ends = (row.get("from_object"), _number(row.get("from_id")), row.get("to_object"), _number(row.get("to_id")))
    return [*ends, row.get("label"), is_true(row.get("is_primary"))]


def _number(text: str | None) -> int:
    if text is None or not text.isdecimal() or len(text) > _MOST_DIGITS:
        raise InputFileError(
            f"The HubSpot record id, {tell_cell(text)}, is not a number.", next_step="Correct it in the world."
        )
    return int(text)
