"""The stored pages of one table as one stream of records: each record once, in the portal's order, as last seen.

Facts
    * Windows of a table are merged by key, which gives the rows that one cursor would have given.
    * Where everything came in order, memory holds one record of each window. Where it did not, the ids seen so far are
      in a database on disk, and records keep the order in which they first came.

Where it is used: `portals.pull.snapshot_tables`.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, Final

from dynsync_lib.core.tables import RecordTable
from dynsync_lib.portals.pull.table_puller import TableResult, order_key
from dynsync_lib.portals.pull.work_folder import Job
from dynsync_lib.portals.rows import TextRow

_ID: Final = "hs_object_id"


@dataclass(slots=True)
class Tally:
    """Numbers of records: `repeated` came more than once, `changed` while the table was read, `added` since then."""

    repeated: int = 0
    changed: int = 0
    added: int = 0


def merged_records(table: RecordTable, result: TableResult, tally: Tally) -> Iterator[TextRow]:
    """The rows of a table, one per record, as last seen; `tally` is counted up while they are consumed."""
    later = result.changed.read_rows() if result.changed is not None else iter(())
    if not all(job.is_ordered for job in result.jobs):
        yield from _as_they_came(table, _rows(result.jobs), later, tally)
    elif len(result.jobs) == 1 and (result.changed is None or not result.changed.rows_read):
        yield from result.jobs[0].read_rows()
    else:
        yield from _in_order(table, result.jobs, later, tally)


def merged_links(records: TableResult, links: TableResult) -> Iterator[TextRow]:
    """The rows of `links`, which are like `core.tables.LINKS_IN` with flags as text, one per association as last seen.

    `records` is the result of the table at whose records the associations start.
    """
    changed = {str(row[_ID]) for row in records.changed.read_rows()} if records.changed is not None else set()
    with closing(_Seen()) as seen:
        for from_id, rows in groupby(_rows(links.jobs), key=itemgetter("from_id")):
            came_before = not all(job.is_ordered for job in records.jobs) and not seen.is_first(str(from_id))
            if not came_before and from_id not in changed:
                yield from rows
    yield from _rows((links.changed,) if links.changed is not None else ())


def _in_order(table: RecordTable, jobs: Iterable[Job], later: Iterable[TextRow], tally: Tally) -> Iterator[TextRow]:
    def keyed(rows: Iterable[TextRow], *, is_later: bool) -> Iterator[tuple[str, bool, TextRow]]:
        return ((order_key(table, row), is_later, row) for row in rows)

    streams = [*(keyed(job.read_rows(), is_later=False) for job in jobs), keyed(later, is_later=True)]
    for _, same in groupby(heapq.merge(*streams, key=itemgetter(0)), key=itemgetter(0)):
        states = list(same)
        yield _latest(states[0], states[-1], tally)
        tally.repeated += max(sum(not is_later for _, is_later, _ in states) - 1, 0)


def _latest(first: tuple[str, bool, TextRow], last: tuple[str, bool, TextRow], tally: Tally) -> TextRow:
    if not last[1]:
        return first[2]
    if first[1]:
        tally.added += 1
    elif first[2] != last[2]:
        tally.changed += 1
    return last[2]


def _as_they_came(
    table: RecordTable, rows: Iterable[TextRow], later: Iterable[TextRow], tally: Tally
) -> Iterator[TextRow]:
    latest = {str(row[table.id_field]): row for row in later}
    with closing(_Seen()) as seen:
        for row in rows:
            id_ = str(row[table.id_field])
            if not seen.is_first(id_):
                tally.repeated += 1
                continue
            state = latest.pop(id_, row)
            tally.changed += state != row
            yield state
    tally.added += len(latest)
    yield from latest.values()


def _rows(jobs: Iterable[Job]) -> Iterator[TextRow]:
    return chain.from_iterable(job.read_rows() for job in jobs)


class _Seen:
    """The texts seen so far; SQLite moves them to disk when they become many."""

    def __init__(self) -> None:
        self._database: Any = sqlite3.connect("")  # a private file that SQLite removes
        self._database.execute("CREATE TABLE seen (text TEXT PRIMARY KEY) WITHOUT ROWID")

    def is_first(self, text: str) -> bool:
        """Whether the text comes for the first time."""
        return bool(self._database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (text,)).rowcount)

    def close(self) -> None:
        """Removes the file."""
        self._database.close()
