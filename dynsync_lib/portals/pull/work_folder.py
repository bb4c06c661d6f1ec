"""The pages of an unfinished pull on disk, so that a pull that was stopped is taken up again at its last page.

Facts
    * `<out>.part` holds a journal and the pages. The journal is replaced in one step after each page is stored: every
      page it lists exists, and a page that it does not list is read again.
    * A pull of other portals begins again; so does a table that is now asked for other columns. A folder of the name
      that is no unfinished pull or snapshot is refused.
    * The pages hold personal data: the folder is readable by its owner only (0700).
    * Pages of several tables are added at the same time, from several threads.

Not modelled
    * Two pulls into the same folder at the same time.

Where it is used: `portals.pull.pull_portals`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from dynsync_lib.errors import SnapshotError
from dynsync_lib.folders.own_folder import is_own, refuse_foreign, remove_own
from dynsync_lib.folders.temporary_folder import remove_left_folders
from dynsync_lib.folders.unfinished_folder import UNFINISHED_FILE, make_unfinished, unfinished_kind
from dynsync_lib.moments import utc_text
from dynsync_lib.portals.rows import TextRow
from dynsync_lib.snapshot.writer import SNAPSHOT_NAMES, UNFINISHED_SNAPSHOT

_JOURNAL: Final = "journal.json"
_VERSION: Final = 2
_ENDING: Final = ".json.zst"


_THING: Final = "pull"
UNFINISHED_PULL: Final = unfinished_kind(
    _THING,
    rf"journal\.json(\.new)?|pages/([^/]+/)*([0-9]+{re.escape(_ENDING)})?"
    rf"|snapshot/({re.escape(UNFINISHED_FILE)}|{SNAPSHOT_NAMES})?",
)


def remove_pages(folder: Path) -> None:
    """Deletes the folder of an unfinished pull; one that is not there, or holds something else, is left alone."""
    if is_own(folder, UNFINISHED_PULL):
        shutil.rmtree(folder, ignore_errors=True)


class Job:
    """The stored pages of one table, of a part of one, or of the associations of one pair of objects."""

    def __init__(self, folder: Path, name: str, state: dict[str, Any]) -> None:
        self.name, self._folder, self._state = name, folder, state

    @property
    def asked(self) -> tuple[str, ...]:
        """The columns asked for, and the condition if there is one; see `TableRead.asked`."""
        return tuple(self._state["asked"])

    @property
    def rows_read(self) -> int:
        """How many rows are on disk."""
        return int(self._state["rows"])

    @property
    def pages_read(self) -> int:
        """How many pages are on disk."""
        return int(self._state["pages"])

    @property
    def cursor(self) -> str | None:
        """Where the next page begins, in the portal's words; None: at the beginning, or the last page is stored."""
        cursor: str | None = self._state["cursor"]
        return cursor

    @property
    def is_complete(self) -> bool:
        """Whether the last page is stored."""
        return bool(self._state["complete"])

    @property
    def last_key(self) -> str | None:
        """The order key of the last row that was stored; None when there is none.

        Source of the key: `portals.pull.table_puller.order_key`.
        """
        key: str | None = self._state["last_key"]
        return key

    @property
    def is_ordered(self) -> bool:
        """Whether all order keys ascended so far, so that no record can have come twice."""
        return bool(self._state["ordered"])

    @property
    def delivered(self) -> tuple[str, ...]:
        """The columns that at least one row had; all that were asked for when there are no rows."""
        absent = set(self._state["absent"]) if self.rows_read else set()
        return tuple(name for name in self._state["asked"] if name not in absent)

    def read_rows(self) -> Iterator[TextRow]:
        """All rows in the order in which they were stored; a value that was not delivered is missing or None.

        Reads a file per page. Raises SnapshotError for one that cannot be read.
        """
        for number in range(self.pages_read):
            page = _read_page(self._page_path(number))
            for cells in page["rows"]:
                yield dict(zip(page["names"], cells, strict=True))

    def read_column(self, page: int, name: str) -> list[str]:
        """The values of one column of page number `page` (from 0), one per row; None is read as an empty text.

        Raises SnapshotError for a page that cannot be read.
        """
        content = _read_page(self._page_path(page))
        position = content["names"].index(name) if content["rows"] else 0
        return [cells[position] or "" for cells in content["rows"]]

    def _page_path(self, number: int) -> Path:
        return self._folder / "pages" / self.name / f"{number:06d}{_ENDING}"

    def _write_page(self, rows: Sequence[TextRow]) -> None:
        names = list(dict.fromkeys(name for row in rows for name in row))
        cells = [[row.get(name) for name in names] for row in rows]
        path = self._page_path(self.pages_read)
        path.parent.mkdir(parents=True, exist_ok=True)
        with pa.output_stream(str(path), compression="zstd") as stream:
            stream.write(json.dumps({"names": names, "rows": cells}, ensure_ascii=False).encode())

    def _count_page(self, rows: Sequence[TextRow]) -> None:
        names = {name for row in rows for name in row}
        self._state["absent"] = [name for name in self._state["absent"] if name not in names]
        self._state["pages"] += 1
        self._state["rows"] += len(rows)


class WorkFolder:
    """The folder of one unfinished pull.

    `identity` names the portals and how they are asked, as JSON values; pages of another identity are deleted. Raises
    UsageError when the folder is not the kit's.
    """

    def __init__(self, path: Path, *, identity: Mapping[str, Any], started_at: datetime) -> None:
        self.path = path
        self._lock = threading.Lock()
        remove_left_folders(path)
        refuse_foreign(path, UNFINISHED_PULL, UNFINISHED_SNAPSHOT)
        self._journal = self._read_journal()
        if (self._journal.get("version"), self._journal.get("identity")) != (_VERSION, dict(identity)):
            remove_own(path, UNFINISHED_PULL, UNFINISHED_SNAPSHOT)
            make_unfinished(path, _THING)
            header = {"version": _VERSION, "identity": dict(identity), "started_at": utc_text(started_at)}
            self._journal = {**header, "facts": {}, "jobs": {}}
        self._save()

    @property
    def started_at(self) -> datetime:
        """When the first try at this pull began, in UTC."""
        return datetime.fromisoformat(self._journal["started_at"])

    @property
    def build(self) -> Path:
        """The folder in which the snapshot is built before it takes its name."""
        return self.path / "snapshot"

    def job(self, name: str, asked: Sequence[str]) -> Job:
        """The job of that name; it begins again without pages when other columns were asked for before."""
        with self._lock:
            state = self._journal["jobs"].get(name)
            if state is None or state["asked"] != list(asked):
                state = self._begin(name, asked)
        return Job(self.path, name, state)

    def restart(self, job: Job) -> Job:
        """The same job without its pages."""
        with self._lock:
            return Job(self.path, job.name, self._begin(job.name, job.asked))

    def remember(self, name: str, value: Any) -> Any:
        """The JSON value stored under a name, which is `value` unless there was one already."""
        with self._lock:
            kept = self._journal["facts"].setdefault(name, value)
            self._save()
        return kept

    def recall(self, name: str) -> Any:
        """The JSON value stored under a name; None when there is none."""
        return self._journal["facts"].get(name)

    def add_page(
        self,
        job: Job,
        rows: Sequence[TextRow],
        *,
        cursor: str | None,
        last_key: str | None = None,
        ordered: bool = True,
    ) -> None:
        """Stores one page and what the journal says about it; a `cursor` of None means that it was the last one.

        `ordered` says whether the order keys ascended within the page and after the page before.
        """
        job._write_page(rows)
        with self._lock:
            job._count_page(rows)
            job._state.update(cursor=cursor, complete=cursor is None, last_key=last_key)
            job._state["ordered"] = job._state["ordered"] and ordered
            self._save()

    def remove(self) -> None:
        """Deletes the folder, as long as nobody has put something else into it."""
        remove_pages(self.path)

    def _begin(self, name: str, asked: Sequence[str]) -> dict[str, Any]:
        """A job without pages. The journal forgets the pages before they go: it never promises what is not there."""
        state: dict[str, Any] = {"asked": list(asked), "absent": list(asked), "pages": 0, "rows": 0, "cursor": None}
        state |= {"complete": False, "last_key": None, "ordered": True}
        self._journal["jobs"][name] = state
        self._save()
        for page in (self.path / "pages" / name).glob(f"*{_ENDING}"):
            page.unlink()
        return state

    def _read_journal(self) -> dict[str, Any]:
        try:
            journal = json.loads((self.path / _JOURNAL).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return journal if isinstance(journal, dict) else {}

    def _save(self) -> None:
        fresh = self.path / f"{_JOURNAL}.new"
        fresh.write_text(json.dumps(self._journal, ensure_ascii=False), encoding="utf-8")
        os.replace(fresh, self.path / _JOURNAL)


def _read_page(path: Path) -> dict[str, Any]:
    try:
        with pa.input_stream(str(path), compression="zstd") as stream:
            page: dict[str, Any] = json.loads(stream.read())
        return page
    except (OSError, ValueError, RecursionError) as fault:
        raise SnapshotError(
            f"{path} of an unfinished pull cannot be read.",
            next_step="Delete the folder that ends in .part, and pull again.",
        ) from fault
