"""Customers' data that is older than the engagement allows: listed, and removed when asked.

Facts
    * Only what bears the kit's mark, and holds nothing else than that mark names, is removed. What is doubtful stays,
      and the row says why.
    * Of a folder the mark goes last: after an interruption the same command goes on.
    * A rehearsal that was begun stays: test portals may hold what only its journal names.

Where it is used: `kit.retention`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from dynsync_lib.errors import UsageError
from dynsync_lib.folders.own_folder import remove_own
from dynsync_lib.rehearsal.rehearsal_folder import JOURNAL_FILE, REHEARSAL_FOLDER
from dynsync_lib.retention.search import FoundData, find_data

State = Literal["due", "later", "not_known", "stays", "removed", "not_removed"]
_BEGUN: Final = "It was begun: run `dynsync rehearse clean`, then remove it by hand."
_NO_DATE: Final = "Nobody knows of when its data is: look at it, and remove it by hand."


@dataclass(frozen=True, slots=True)
class PurgeRow:
    """One folder or file with customers' data.

    `until` is the last moment at which it may be kept; None where `data_of` is. `state` is `due` (past that moment),
    `later` (not yet), `not_known` (no date), `stays` (past it, and more than the kit wrote), `removed` or `not_removed`
    (it could not be). `why` explains the last, and what stays; else it is None.
    """

    kind: str
    path: Path
    data_of: datetime | None
    until: datetime | None
    state: State
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Purge:
    """What was found below a folder, in the order in which it is removed. `days` are those for which data is kept."""

    folder: Path
    days: int
    rows: tuple[PurgeRow, ...]

    def count(self, state: str) -> int:
        """How many rows are in a state."""
        return sum(row.state == state for row in self.rows)


def purge_folder(folder: Path, *, days: int, now: datetime, removes: bool) -> Purge:
    """What of the kit below `folder` is past its date at `now`; removed as well when `removes`."""
    judged = [(data, _judged(data, timedelta(days=days), now)) for data in find_data(folder)]
    return Purge(folder, days, tuple(_removed(judged) if removes else (row for _, row in judged)))


def _judged(data: FoundData, kept: timedelta, now: datetime) -> PurgeRow:
    row = PurgeRow(data.kind, data.path, data.data_of, None, "not_known", _NO_DATE)
    if data.data_of is None:
        return row
    row = replace(row, until=data.data_of + kept, state="later", why=None)
    if row.until is None or row.until >= now:
        return row
    why = _why_it_stays(data)
    return replace(row, state="due" if why is None else "stays", why=why)


def _why_it_stays(data: FoundData) -> str | None:
    if data.folder_kind is REHEARSAL_FOLDER and (data.path / JOURNAL_FILE).exists():
        return _BEGUN
    return data.stays


def _removed(judged: Iterable[tuple[FoundData, PurgeRow]]) -> Iterator[PurgeRow]:
    """The rows after what is due was removed."""
    for data, row in judged:
        yield _after_removal(data, row) if row.state == "due" else row


def _after_removal(data: FoundData, row: PurgeRow) -> PurgeRow:
    try:
        if data.folder_kind is not None:
            remove_own(data.path, data.folder_kind)
        else:
            data.path.unlink()
    except UsageError as fault:
        return replace(row, state="not_removed", why=str(fault))
    except OSError as fault:
        return replace(row, state="not_removed", why=f"It cannot be removed: {(fault.strerror or 'unknown').lower()}.")
    return replace(row, state="removed")
