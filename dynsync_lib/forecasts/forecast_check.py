"""Whether a forecast's `forecast.json` and tables are what the kit wrote.

Facts
    * `forecast.json` holds the SHA-256 of each table (`sha256`); a table is compared with it before it is first read.
      That reads its bytes once, a second for some gigabytes; pages that show no large table do not wait for one.
    * Forecasts of earlier versions have no hashes: their tables are read through once, and must have the kit's types,
      names of systems and objects, and a value where there always is one. Another column that they lack is all null.

Where it is used: `forecasts.forecast_folder`, `forecasts.explanations`, `forecasts.earlier_bindings`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dynsync_lib.core.filters.grammar import FilterTextError, parse_filter
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.model import Direction, Object, System
from dynsync_lib.core.tables import FORECAST_TABLES, Column
from dynsync_lib.errors import SnapshotError
from dynsync_lib.shapes import TEXT_OR_NULL, Named, misshapen
from dynsync_lib.small_files import SmallFileError, read_json
from dynsync_lib.snapshot.snapshot import sha256_of
from dynsync_lib.snapshot.snapshot_check import LOAD_REPORT

if TYPE_CHECKING:
    from dynsync_lib.core import frames as nw

FORECAST_FILE: Final = "forecast.json"
_AGAIN: Final = "Make it again with `dynsync forecast`."
_CACHED: Final = 256
_OBJECT: Final = {
    "direction": frozenset(Direction),
    "conflict_winner": frozenset(System),
    "filter_to_hubspot?": TEXT_OR_NULL,
    "filter_to_dynamics?": TEXT_OR_NULL,
    "default_mappings?": bool,
    "match_mode?": str,
    "match_hubspot?": TEXT_OR_NULL,
    "match_dynamics?": TEXT_OR_NULL,
    "lifecycle_stages?": [str],
    "required_properties?": [str],
    "shown_when_masked?": [str],
}
_SOURCE: Final = {"path": TEXT_OR_NULL, "sha256": str}
_INFO: Final = {
    "kit_version?": TEXT_OR_NULL,
    "rulebook_version?": TEXT_OR_NULL,
    "snapshot?": TEXT_OR_NULL,
    "snapshot_sha256?": TEXT_OR_NULL,
    "settings_sha256?": TEXT_OR_NULL,
    "taken_at?": TEXT_OR_NULL,
    "taken_at_known?": bool,
    "source?": TEXT_OR_NULL,
    "loaded?": LOAD_REPORT,
    "standard_schema?": Named(bool),
    "records?": Named(int),
    "not_provided?": [str],
    "objects?": Named(_OBJECT, frozenset(Object)),
    "assumptions?": Named(str),
    "settings_notes?": [str],
    "marketing?": {
        "contacts?": (int, type(None)),
        "tier?": (int, type(None)),
        "sync_as_marketing?": (bool, type(None)),
    },
    "rows?": Named(int),
    "questions?": Named(str),
    "wholes?": Named(str),
    "masked?": bool,
    "portals?": Named(dict),
    "settings?": dict,
    "bindings?": ({**_SOURCE, "one_sided?": int, "notes?": [str]}, type(None)),
    "beside?": [_SOURCE],
    "files?": [str],
    "sha256?": Named(str),
}
_ARROW_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("string", "large_string", "null"),
    "integer": ("int64", "int32", "double", "null"),
    "number": ("double", "float", "int64", "null"),
    "flag": ("bool", "null"),
}
_FILLED: Final[Mapping[str, tuple[str, ...]]] = {
    "outcomes": ("system", "object", "record_id", "outcome"),
    "changes": ("object", "target_system", "target_field"),
    "collisions": ("system", "object", "record_id"),
    "mapping": ("object", "verdict"),
    "findings": ("check_id", "severity", "sentence"),
    "summary": ("system", "object", "outcome", "count"),
    "sensitivity": ("assumption_id", "choice"),
}
"""Columns that every version has written, and of which no value is null, by table."""
_KNOWN_WORDS: Final = {
    **dict.fromkeys(("system", "target_system", "from_system"), ("system", frozenset(System))),
    **dict.fromkeys(("object", "from_object", "to_object"), ("object", frozenset(Object))),
}
"""What the names in a column are names of, and those that there are, by column."""


def read_info(folder: Path) -> dict[str, Any]:
    """The content of `forecast.json`. Raises SnapshotError when it is not what a forecast writes."""
    try:
        info = read_json(folder / FORECAST_FILE)
    except SmallFileError as error:
        raise _not_whole(folder, f"its {FORECAST_FILE} cannot be read") from error
    if not isinstance(info, dict):
        raise _not_whole(folder, f"its {FORECAST_FILE} cannot be read")
    fault = misshapen(info, _INFO) or _filter_fault(info.get("objects") or {})
    if fault is not None:
        raise _not_whole(folder, f"its {FORECAST_FILE} cannot be used, {fault}")
    return dict(info)


def _filter_fault(objects: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The first filter that is none, as `misshapen` says it; None when all can be read."""
    for name, sync in objects.items():
        for key in ("filter_to_hubspot", "filter_to_dynamics"):
            try:
                parse_filter(sync[key]) if sync.get(key) is not None else None
            except FilterTextError:
                return f"`objects.{name}.{key}` is no filter"
    return None


def refuse_missing_tables(folder: Path) -> None:
    """Raises SnapshotError when a table's file is not there."""
    lacking = [f"{name}.parquet" for name in FORECAST_TABLES if not (folder / f"{name}.parquet").is_file()]
    if lacking:
        raise _not_whole(folder, f"it lacks {', '.join(lacking)}")


def checked_table(folder: Path, name: str, hashes: Mapping[str, str]) -> Path:
    """The file of a table, compared with its hash. Raises SnapshotError when it was changed or is damaged."""
    path = folder / f"{name}.parquet"
    try:
        state = path.stat()
    except OSError as error:
        raise _not_whole(folder, f"it lacks {name}.parquet") from error
    fault = _table_fault(path, name, hashes.get(name), (state.st_mtime_ns, state.st_size))
    if fault is not None:
        raise _not_whole(folder, f"{name}.parquet {fault}")
    return path


def scan_table(scan: Callable[[Path], Frame], folder: Path, name: str, hashes: Mapping[str, str]) -> Frame:
    """The checked table in an engine, with all columns of this kit; those that an earlier version lacks are null.

    `scan` is the engine's. Raises SnapshotError as `checked_table`.
    """
    from dynsync_lib.engine.parquet_files import column_type  # who opens a forecast and reads a few rows does without

    path = checked_table(folder, name, hashes)
    try:
        frame = scan(path)
        here = frame.collect_schema().names()
    except Exception as error:
        if name in hashes:
            raise
        raise _not_whole(folder, f"{name}.parquet cannot be read ({type(error).__name__})") from error
    lacking = {
        column.name: nw.lit(None, dtype=column_type(column.type))
        for column in FORECAST_TABLES[name].columns
        if column.name not in here
    }
    return frame.with_columns(**lacking) if lacking else frame


def _not_whole(folder: Path, what: str) -> SnapshotError:
    return SnapshotError(f"{folder} is not a whole forecast of this kit: {what}.", next_step=_AGAIN)


@lru_cache(maxsize=_CACHED)
def _table_fault(path: Path, name: str, sha256: str | None, stamp: tuple[int, int]) -> str | None:
    """What is wrong with a file; looked at again when it changes."""
    del stamp
    if sha256 is not None:
        return None if sha256_of(path) == sha256 else "was changed after the forecast was made"
    import pyarrow as pa  # the pages that show no forecast do without
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            fault = _columns_fault(name, {column.name: str(column.type) for column in file.schema_arrow})
            return fault or _content_fault(file, _FILLED.get(name, ()))
    except (OSError, pa.ArrowException) as error:
        return f"cannot be read ({type(error).__name__})"


def _columns_fault(name: str, types: Mapping[str, str]) -> str | None:
    table = FORECAST_TABLES[name]
    if not set(types).intersection(table.column_names):
        return "has no column of the kit"
    lacking = next((column for column in _FILLED.get(name, ()) if column not in types), None)
    if lacking is not None:
        return f"has no column {lacking}"
    other = next((column for column in table.columns if not _fits(column, types)), None)
    return f"holds no {other.type} in {other.name}" if other is not None else None


def _fits(column: Column, types: Mapping[str, str]) -> bool:
    kinds = _ARROW_TYPES.get(column.type)
    return column.name not in types or kinds is None or types[column.name] in kinds


def _content_fault(file: Any, filled: Sequence[str]) -> str | None:
    """Reads all of a Parquet file; a name of no system or object is a fault, and so is a null where there is none."""
    for batch in file.iter_batches():
        empty = next((column for column in filled if batch.column(column).null_count), None)
        if empty is not None:
            return f"has no value in {empty} of each row"
        for name, (what, known) in _KNOWN_WORDS.items():
            if name in batch.schema.names:
                words = set(batch.column(name).unique().to_pylist()) - {None}
                if not words <= known:
                    return f"names no {what} of the kit in {name}"
    return None
