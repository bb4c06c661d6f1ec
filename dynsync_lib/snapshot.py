"""The snapshot: a folder of Parquet tables and a manifest, written once, checked when opened.

Facts
    * It is built in `<name>.part` and renamed at the end: a snapshot is whole or not there.
    * Every table of `model.RECORD_TABLES` is written, with no rows when nobody provided it; the manifest says which.
    * The vendor's values are text, as delivered. Rows go to disk in batches, so memory does not grow with the portal.
    * It holds personal data: the folder is readable by its owner only (0700).

Where it is used: `portals.exports` and `portals.pull` write it, `kit` opens it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.parquet as pq

import dynsync_lib
from dynsync_lib.core.model import COLUMNS, LINKS_IN, PROPERTIES, RECORD_TABLES, SCHEMA_VERSION, Column
from dynsync_lib.errors import SnapshotError

_ROWS_PER_GROUP: Final = 65_536
_TYPES: Final[Mapping[str, pa.DataType]] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "flag": pa.bool_(),
    "texts": pa.list_(pa.string()),
}
FIXED_TABLES: Final = {table.name: table for table in (LINKS_IN, PROPERTIES, COLUMNS)}
TABLE_NAMES: Final = (*RECORD_TABLES, *FIXED_TABLES)
ACCOUNT_FILE: Final = "hubspot/account.json"
ORGANIZATION_FILE: Final = "dynamics/organization.json"
Source = Literal["api", "files", "emulator"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One opened snapshot. `manifest_sha256` stands for all its bytes: the manifest holds the hash of every table."""

    path: Path
    manifest: Mapping[str, Any]
    manifest_sha256: str

    @property
    def taken_at(self) -> datetime:
        """When reading ended, in UTC; filters are evaluated at this time."""
        return datetime.fromisoformat(self.manifest["finished_at"]).astimezone(UTC)

    def table_path(self, name: str) -> Path:
        """The Parquet file of a table such as `hubspot/contacts`."""
        return self.path / f"{name}.parquet"

    def columns(self, name: str) -> tuple[str, ...]:
        """The columns of a table, in order."""
        return tuple(self.manifest["tables"][name]["columns"])

    def is_provided(self, name: str) -> bool:
        """Whether somebody delivered the table; if not, it is there and empty."""
        return bool(self.manifest["tables"][name]["provided"])

    def rows(self, name: str) -> int:
        """How many rows a table has."""
        return int(self.manifest["tables"][name]["rows"])


def open_snapshot(path: Path) -> Snapshot:
    """The snapshot in a folder.

    Raises SnapshotError when it is missing, of another version, or differs from its manifest.
    """
    file = path / "manifest.json"
    if not file.is_file():
        raise SnapshotError(
            f"{path} is no snapshot: it has no manifest.json.",
            next_step="Make one with `dynsync pull` or `dynsync load`.",
        )
    raw = file.read_bytes()
    manifest = _parse_manifest(raw, file)
    for name in TABLE_NAMES:
        _check_table(path, name, manifest)
    return Snapshot(path, manifest, hashlib.sha256(raw).hexdigest())


def _parse_manifest(raw: bytes, file: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(raw)
        version = manifest["schema_version"]
    except (ValueError, KeyError, TypeError) as fault:
        raise SnapshotError(f"{file} cannot be read.", next_step="Take the snapshot again.") from fault
    if version != SCHEMA_VERSION:
        raise SnapshotError(
            f"{file} is of schema version {version}, and this kit reads version {SCHEMA_VERSION}.",
            next_step="Take the snapshot again with this kit.",
        )
    return manifest


def _check_table(path: Path, name: str, manifest: Mapping[str, Any]) -> None:
    file = path / f"{name}.parquet"
    told = manifest.get("tables", {}).get(name)
    if told is None or not file.is_file():
        raise SnapshotError(f"The snapshot {path} lacks {name}.parquet.", next_step="Take the snapshot again.")
    if sha256_of(file) != told["sha256"]:
        raise SnapshotError(
            f"{file} was changed after the snapshot was taken.", next_step="Take the snapshot again; never edit one."
        )


def sha256_of(file: Path) -> str:
    """The sha256 of a file, in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class TableWriter:
    """Writes one table batch by batch; rows are mappings, a missing value is null."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        self.rows = 0
        self._path = path
        self._schema = pa.schema([(column.name, _TYPES[column.type]) for column in columns])
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._waiting: list[Mapping[str, Any]] = []

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Takes rows; whole row groups go to disk at once."""
        for row in rows:
            self._waiting.append(row)
            if len(self._waiting) >= _ROWS_PER_GROUP:
                self._flush()

    def close(self) -> None:
        """Writes what is waiting and closes the file."""
        if self._waiting or self.rows == 0:
            self._flush()
        self._writer.close()

    @property
    def sha256(self) -> str:
        """The hash of the closed file."""
        return sha256_of(self._path)

    def _flush(self) -> None:
        values = {column.name: [row.get(column.name) for row in self._waiting] for column in self.columns}
        self._writer.write_table(pa.table(values, schema=self._schema), row_group_size=_ROWS_PER_GROUP)
        self.rows += len(self._waiting)
        self._waiting = []


class SnapshotWriter:
    """Builds one snapshot. Use as a context manager; `finish` makes it visible, without it nothing is left."""

    def __init__(self, out: Path, *, source: Source, started_at: datetime) -> None:
        self._out = out
        self._part = out.with_name(f"{out.name}.part")
        self._source, self._started_at = source, started_at
        self._tables: dict[str, dict[str, Any]] = {}
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise SnapshotError(
                f"{out} exists already.", next_step="Name a folder that is not there; a snapshot is written once."
            )

    def __enter__(self) -> SnapshotWriter:
        shutil.rmtree(self._part, ignore_errors=True)
        self._part.mkdir(parents=True, mode=0o700)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        shutil.rmtree(self._part, ignore_errors=True)
        return False

    def write(
        self,
        name: str,
        rows: Iterable[Mapping[str, Any]],
        *,
        vendor_columns: Sequence[str] = (),
        server_rows: int | None = None,
        provided: bool = True,
        note: str | None = None,
    ) -> int:
        """Writes one table of TABLE_NAMES; the number of rows comes out.

        `server_rows` is what the server counted, None when it did not say.
        """
        writer = TableWriter(self._part / f"{name}.parquet", table_columns(name, vendor_columns))
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
            "note": note,
        }
        return writer.rows

    def write_json(self, name: str, value: object) -> None:
        """Writes `hubspot/account.json` or `dynamics/organization.json`."""
        file = self._part / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")

    def finish(self, *, finished_at: datetime, facts: Mapping[str, Any]) -> Snapshot:
        """Writes what is missing as empty tables, then the manifest, and makes the snapshot visible.

        `facts` are further entries of the manifest: portals, API versions, caller.
        """
        for name in TABLE_NAMES:
            if name not in self._tables:
                self.write(name, [], provided=False)
        manifest = {
            "schema_version": SCHEMA_VERSION,
            "kit_version": dynsync_lib.__version__,
            "source": self._source,
            "started_at": _utc(self._started_at),
            "finished_at": _utc(finished_at),
            **facts,
            "tables": {name: self._tables[name] for name in TABLE_NAMES},
        }
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        (self._part / "manifest.json").write_text(text, encoding="utf-8")
        if self._out.exists():
            self._out.rmdir()
        os.replace(self._part, self._out)
        return open_snapshot(self._out)


def table_columns(name: str, vendor_columns: Sequence[str]) -> tuple[Column, ...]:
    """The columns of a snapshot table: the kit's own first, then the vendor's, which are text."""
    if name in FIXED_TABLES:
        return FIXED_TABLES[name].columns
    return (*RECORD_TABLES[name].structure, *(Column(one, "text", "") for one in vendor_columns))


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
