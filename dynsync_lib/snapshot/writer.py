"""Writes a snapshot: table by table into a folder of another name, which is renamed when all is written.

Facts
    * A snapshot is whole or does not exist; a target that holds something is refused.
    * Rows go to disk in row groups as they come, so memory does not grow with the portal.
    * The size of a row group depends on the number of columns alone: the same rows give the same bytes.
    * The manifest names the columns in which a value has outer white space, so that a forecast need not look elsewhere.
    * It holds personal data: its folder can be read by its owner only (0700), and so can every file (0600).
    * The folder of the other name bears a mark as long as it is unfinished. One that a killed process left is replaced,
      anything else of that name is refused.

Where it is used: `portals.files.load_files`, `portals.pull.pull_portals`, `portals.pull.snapshot_tables`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import dynsync_lib
from dynsync_lib.arrow_tables import arrow_rows, arrow_schema
from dynsync_lib.core.keys import OUTER
from dynsync_lib.core.tables import RECORD_TABLES, SCHEMA_VERSION, Column
from dynsync_lib.errors import SnapshotError
from dynsync_lib.folders.own_folder import remove_own
from dynsync_lib.folders.private_files import private_files
from dynsync_lib.folders.unfinished_folder import UNFINISHED_FILE, make_unfinished, unfinished_kind
from dynsync_lib.moments import utc_text
from dynsync_lib.snapshot.snapshot import (
    ACCOUNT_FILE,
    ARCHIVED_TABLES,
    EXTRA_TABLES,
    ORGANIZATION_FILE,
    TABLE_NAMES,
    Snapshot,
    open_snapshot,
    own_columns,
    read_facts,
    sha256_of,
)

_CELLS_PER_GROUP: Final = 2_000_000
_FEWEST_ROWS_PER_GROUP, _MOST_ROWS_PER_GROUP = 1_024, 65_536
SNAPSHOT_NAMES: Final = "|".join(
    (
        "hubspot/|dynamics/",
        *(re.escape(f"{name}.parquet") for name in (*TABLE_NAMES, *EXTRA_TABLES)),
        *map(re.escape, (ACCOUNT_FILE, ORGANIZATION_FILE, "manifest.json", "load_report.json")),
    )
)
"""A pattern of the paths in a snapshot."""
_THING: Final = "snapshot"
UNFINISHED_SNAPSHOT: Final = unfinished_kind(_THING, SNAPSHOT_NAMES)
Source = Literal["api", "files", "emulator"]
"""Where a snapshot comes from: the portals' APIs, exported files, or an emulator."""
TableRow = Mapping[str, Any]
"""A row of a snapshot's table: values of the column's type by column name; a missing value is null."""


class TableWriter:
    """Writes one table as Parquet, one row group after the other. `rows` is how many rows were written so far."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        self.rows = 0
        self._path = path
        self._rows_per_group = rows_per_group(len(self.columns))
        schema = arrow_schema(self.columns)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = pq.ParquetWriter(path, schema, version="2.6", compression="zstd", compression_level=1)
        self._waiting: list[TableRow] = []
        self._untrimmed: set[str] = set()

    def add(self, rows: Iterable[TableRow]) -> None:
        """Adds rows; a row group goes to disk as soon as it is full."""
        for row in rows:
            self._waiting.append(row)
            if len(self._waiting) >= self._rows_per_group:
                self._flush()

    def close(self) -> None:
        """Writes the rows that are left and closes the file; without any rows the table is empty."""
        if self._waiting or self.rows == 0:
            self._flush()
        self._writer.close()

    @property
    def sha256(self) -> str:
        """The SHA-256 of the closed file."""
        return sha256_of(self._path)

    @property
    def untrimmed(self) -> list[str]:
        """The text columns in which a value begins or ends with white space or zero-width characters, sorted."""
        return sorted(self._untrimmed)

    def _flush(self) -> None:
        table = arrow_rows(self._waiting, self.columns)
        self._writer.write_table(table, row_group_size=self._rows_per_group)
        self._untrimmed |= untrimmed_columns(table)
        self.rows += len(self._waiting)
        self._waiting = []


def untrimmed_columns(rows: pa.Table) -> set[str]:
    """The text columns in which a value begins or ends with something that `core.keys.trim` removes."""
    texts = [name for name in rows.column_names if pa.types.is_string(rows.schema.field(name).type)]
    return {name for name in texts if not _is_trimmed(rows.column(name))}


def _is_trimmed(texts: pa.ChunkedArray) -> bool:
    is_same = pc.all(pc.equal(pc.utf8_trim(texts, characters=OUTER), texts)).as_py()
    return is_same is not False  # None: no value is a text


def rows_per_group(columns: int) -> int:
    """How many rows a row group has: fewer the more columns there are, so that memory stays bounded."""
    return min(max(_CELLS_PER_GROUP // max(columns, 1), _FEWEST_ROWS_PER_GROUP), _MOST_ROWS_PER_GROUP)


class SnapshotWriter:
    """Builds one snapshot in `out`. A context manager: without a call of `finish` inside it nothing is left.

    `started_at` is when reading began. `build` is the folder it is built in, on the same disk; None means
    `<out>.part`. An unfinished snapshot there is replaced. Raises SnapshotError when `out` holds something, and
    UsageError when `build` holds something else. Everything that is created meanwhile is private.
    """

    def __init__(self, out: Path, *, source: Source, started_at: datetime, build: Path | None = None) -> None:
        refuse_target(out)
        self._out = out
        self._build = build or out.with_name(f"{out.name}.part")
        self._source, self._started_at = source, started_at
        self._tables: dict[str, dict[str, Any]] = {}
        self._opened = ExitStack()

    def __enter__(self) -> SnapshotWriter:
        remove_own(self._build, UNFINISHED_SNAPSHOT)
        self._opened.enter_context(private_files())
        make_unfinished(self._build, _THING)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        shutil.rmtree(self._build, ignore_errors=True)
        self._opened.close()
        return False

    def write(
        self,
        name: str,
        rows: Iterable[TableRow],
        *,
        vendor_columns: Sequence[str] = (),
        server_rows: int | None = None,
        provided: bool = True,
        note: str | None = None,
    ) -> int:
        """Writes one table of TABLE_NAMES or EXTRA_TABLES and returns how many rows it has.

        `vendor_columns` are the columns beside the kit's own, which are text. `server_rows` is what the server counted
        (None: it does not say), `provided` whether the table was read at all, `note` a sentence for the manifest.
        """
        writer = TableWriter(self._build / f"{name}.parquet", table_columns(name, vendor_columns))
        try:
            writer.add(rows)
        finally:
            writer.close()
        self._tables[name] = {
            "rows": writer.rows,
            "server_rows": server_rows,
            "columns": [column.name for column in writer.columns],
            "sha256": writer.sha256,
            "provided": provided,
            "untrimmed": writer.untrimmed,
            "note": note,
        }
        return writer.rows

    def annotate(self, name: str, note: str) -> None:
        """Adds a sentence to the manifest's note on a table that was written."""
        earlier = self._tables[name]["note"]
        self._tables[name]["note"] = f"{earlier} {note}" if earlier else note

    def write_json(self, name: str, value: object) -> None:
        """Writes a JSON file such as `hubspot/account.json`, its names in order of the alphabet."""
        file = self._build / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")

    def finish(
        self, *, finished_at: datetime, facts: Mapping[str, Any], started_at: datetime | None = None
    ) -> Snapshot:
        """The snapshot, whole and under its name: tables that were not written are empty, and the manifest comes last.

        `started_at` is when reading began, where that was not known at the beginning (None: it was). `facts` are
        further entries of the manifest (JSON values): API versions, standard schema. The snapshot is read once more to
        check it; raises SnapshotError when that fails.
        """
        for name in TABLE_NAMES:
            if name not in self._tables:
                self.write(name, [], provided=False)
        manifest = {
            "schema_version": SCHEMA_VERSION,
            "kit_version": dynsync_lib.__version__,
            "source": self._source,
            "started_at": utc_text(started_at or self._started_at),
            "finished_at": utc_text(finished_at),
            **self._portals(),
            **facts,
            "tables": {name: self._tables[name] for name in (*TABLE_NAMES, *EXTRA_TABLES) if name in self._tables},
        }
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        (self._build / "manifest.json").write_text(text, encoding="utf-8")
        refuse_target(self._out)
        if self._out.exists():
            self._out.rmdir()
        os.replace(self._build, self._out)
        (self._out / UNFINISHED_FILE).unlink()  # last: without it nobody would know whose a killed process's folder is
        return open_snapshot(self._out)

    def _portals(self) -> dict[str, Any]:
        """The portals and the caller as ids; null where the portal did not say."""
        account, organization = read_facts(self._build / ACCOUNT_FILE), read_facts(self._build / ORGANIZATION_FILE)
        detail, caller = _object(organization.get("Detail")), _object(organization.get("WhoAmI"))
        return {
            "portals": {
                "hubspot": {"id": _id(account.get("portalId")), "type": _text(account.get("accountType"))},
                "dynamics": {"id": _id(detail.get("OrganizationId")), "type": _text(detail.get("OrganizationType"))},
            },
            "caller": {"dynamics": _id(caller.get("UserId"))},
        }


def refuse_target(out: Path) -> None:
    """Raises SnapshotError when `out` is a link, a file, or a folder that holds something.

    A snapshot is written once, and links are not followed for writing.
    """
    if out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
        raise SnapshotError(
            f"{out} exists already.", next_step="Name a folder that is not there; a snapshot is written once."
        )


def table_columns(name: str, vendor_columns: Sequence[str]) -> tuple[Column, ...]:
    """The columns of a snapshot's table: the kit's own first, then the vendor's, which are text.

    A vendor's column of the same name as one of the kit's is that column (HubSpot's owners have an `id`, too).
    """
    own = own_columns(name)
    if name not in {**RECORD_TABLES, **ARCHIVED_TABLES}:
        return own
    taken = {column.name for column in own}
    return (*own, *(Column(column, "text", "") for column in vendor_columns if column not in taken))


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _id(value: object) -> str | None:
    return str(value).lower() if isinstance(value, str | int) else None
