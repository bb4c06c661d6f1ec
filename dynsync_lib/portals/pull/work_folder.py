"""What a pull has read so far, page by page on disk, so that a pull that dies goes on at its last page.

Facts
    * `<out>.part` holds a journal and the pages. The journal is replaced in one step after each page: what it says is
      there, is there; a page that it does not know yet is read again.
    * It belongs to the same portals, or it is thrown away; a table that is now asked for other columns begins again.
    * The pages hold personal data: the folder is readable by its owner only (0700).
    * Pages of several tables are added at the same time, from several threads.

Not modelled
    * Two pulls into the same folder at the same time.

Where it is used: `portals.pull.pull_portals`.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from dynsync_lib.errors import SnapshotError
from dynsync_lib.portals.pages import Row
from dynsync_lib.snapshot.writer import utc_text

_JOURNAL: Final = "journal.json"
_VERSION: Final = 2
_ENDING: Final = ".json.zst"


class Job:
    """The pages of one table, or of the associations of one pair of tables. `asked` are the columns asked for."""

    def __init__(self, folder: Path, name: str, state: dict[str, Any]) -> None:
        self.name, self._folder, self._state = name, folder, state

    @property
    def asked(self) -> tuple[str, ...]:
        """The columns asked for."""
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
        """Where the next page begins; None: at the beginning."""
        cursor: str | None = self._state["cursor"]
        return cursor

    @property
    def is_complete(self) -> bool:
        """Whether the last page is on disk."""
        return bool(self._state["complete"])

    @property
    def last_key(self) -> str | None:
        """The order key of the last row that was read; None when there is none."""
        key: str | None = self._state["last_key"]
        return key

    @property
    def is_ordered(self) -> bool:
        """Whether all keys ascended so far, so that no record can have come twice."""
        return bool(self._state["ordered"])

    @property
    def delivered(self) -> tuple[str, ...]:
        """The columns that at least one row had; all that were asked for when there are no rows."""
        absent = set(self._state["absent"]) if self.rows_read else set()
        return tuple(name for name in self._state["asked"] if name not in absent)

    def read_rows(self) -> Iterator[dict[str, str | None]]:
        """All rows in the order of their pages; a value that was not delivered is missing or None."""
        for number in range(self.pages_read):
            page = _read_page(self._page_path(number))
            for cells in page["rows"]:
                yield dict(zip(page["names"], cells, strict=True))

    def read_column(self, page: int, name: str) -> list[str]:
        """The values of one column of one page; a missing one is empty."""
        told = _read_page(self._page_path(page))
        place = told["names"].index(name) if told["rows"] else 0
        return [cells[place] or "" for cells in told["rows"]]

    def _page_path(self, number: int) -> Path:
        return self._folder / "pages" / self.name / f"{number:06d}{_ENDING}"

    def _write_page(self, rows: Sequence[Row]) -> None:
        names = list(dict.fromkeys(name for row in rows for name in row))
        cells = [[row.get(name) for name in names] for row in rows]
        path = self._page_path(self.pages_read)
        path.parent.mkdir(parents=True, exist_ok=True)
        with pa.output_stream(str(path), compression="zstd") as stream:
            stream.write(json.dumps({"names": names, "rows": cells}, ensure_ascii=False).encode())

    def _count_page(self, rows: Sequence[Row]) -> None:
        names = {name for row in rows for name in row}
        self._state["absent"] = [name for name in self._state["absent"] if name not in names]
        self._state["pages"] += 1
        self._state["rows"] += len(rows)


class WorkFolder:
    """The folder of one unfinished pull. `identity` says which portals these are, in the manifest's words."""

    def __init__(self, path: Path, *, identity: Mapping[str, Any], started_at: datetime) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._journal = self._read_journal()
        if (self._journal.get("version"), self._journal.get("identity")) != (_VERSION, dict(identity)):
            shutil.rmtree(path, ignore_errors=True)
            told = {"version": _VERSION, "identity": dict(identity), "started_at": utc_text(started_at)}
            self._journal = {**told, "facts": {}, "jobs": {}}
        path.mkdir(parents=True, mode=0o700, exist_ok=True)
        self._save()

    @property
    def started_at(self) -> datetime:
        """When the first of its pulls began."""
        return datetime.fromisoformat(self._journal["started_at"])

    @property
    def build(self) -> Path:
        """Where the snapshot is put together."""
        return self.path / "snapshot"

    def job(self, name: str, asked: Sequence[str]) -> Job:
        """The job of that name; begun again when it was asked for other columns before."""
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
        """The JSON value remembered under a name; the first one that was given stays until the pull is done."""
        with self._lock:
            kept = self._journal["facts"].setdefault(name, value)
            self._save()
        return kept

    def recall(self, name: str) -> Any:
        """The JSON value remembered under a name; None when there is none."""
        return self._journal["facts"].get(name)

    def add_page(
        self, job: Job, rows: Sequence[Row], *, cursor: str | None, last_key: str | None = None, ordered: bool = True
    ) -> None:
        """Keeps one page; a `cursor` of None means that it was the last one."""
        job._write_page(rows)
        with self._lock:
            job._count_page(rows)
            job._state.update(cursor=cursor, complete=cursor is None, last_key=last_key)
            job._state["ordered"] = job._state["ordered"] and ordered
            self._save()

    def remove(self) -> None:
        """Takes the folder away."""
        shutil.rmtree(self.path, ignore_errors=True)

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
        except (OSError, ValueError):
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
    except (OSError, ValueError) as fault:
        raise SnapshotError(
            f"{path} of an unfinished pull cannot be read.",
            next_step="Delete the folder that ends in .part, and pull again.",
        ) from fault
