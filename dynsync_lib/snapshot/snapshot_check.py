"""What a snapshot's manifest, its facts and its tables must be made of.

Facts
    * The manifest is read by people, and people mend what they read: one that was cut or changed is refused with the
      place, and never makes a command fail later.
    * A table has the columns and rows that the manifest names, its own of the type of the schema and the vendor's as
      text. Reading that takes a millisecond a table.

Where it is used: `snapshot.snapshot`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import Column
from dynsync_lib.listing import counted
from dynsync_lib.shapes import TEXT_OR_NULL, Named, misshapen

_PORTAL: Final = {"id": TEXT_OR_NULL, "type?": TEXT_OR_NULL}
_TABLE: Final = {
    "rows": int,
    "server_rows?": (int, type(None)),
    "columns": [str],
    "sha256": str,
    "provided": bool,
    "untrimmed?": ([str], type(None)),
    "note?": TEXT_OR_NULL,
}
_MANIFEST: Final = {
    "source": str,
    "finished_at": str,
    "taken_at_from?": TEXT_OR_NULL,
    "associations_of?": ([frozenset(Object)], type(None)),
    "dynamics_caller?": {"is_person": bool, "privileges": (Named(str), type(None))},
    "unresolved_lookups?": [
        {"system": frozenset(System), "object": frozenset(Object), "field": str, "unknown": int, "ambiguous": int}
    ],
    "portals": {"hubspot": _PORTAL, "dynamics": _PORTAL},
    "tables": Named(_TABLE),
}
_FILE: Final = {
    "file": str,
    "table": str,
    "rows": int,
    "form": str,
    "recognised": (Named(str), int),
    "unknown": [str],
    "guessed": [str],
    "notes": [str],
    "lacks?": [str],
    "exported?": TEXT_OR_NULL,
}
LOAD_REPORT: Final = {
    "files?": [_FILE],
    "notes?": [str],
    "dates?": [str],
    "left_alone?": [{"file": str, "why": str, "next_step": str, "holds_other_table?": bool}],
}
"""The shape of `load_report.json`, and of what a forecast repeats of it."""


def manifest_fault(manifest: Mapping[str, Any]) -> str | None:
    """What is wrong with a manifest of this schema version; None when all that is read of it is there."""
    fault = misshapen(manifest, _MANIFEST)
    if fault is not None:
        return fault
    try:
        datetime.fromisoformat(manifest["finished_at"])
    except ValueError:
        return "`finished_at` is no moment"
    return next(
        (f"`tables.{name}.rows` is less than 0" for name, of in manifest["tables"].items() if of["rows"] < 0), None
    )


def table_fault(file: Path, entry: Mapping[str, Any], own: Mapping[str, Column]) -> str | None:
    """What is wrong with a table beside its entry in the manifest; `own` are the kit's own columns by name. None when
    its columns, their types and the number of its rows are as they should be.
    """
    import pyarrow as pa  # who reads a forecast alone does without
    import pyarrow.parquet as pq

    from dynsync_lib.arrow_tables import arrow_schema

    try:
        with pq.ParquetFile(file) as table:
            schema, rows = table.schema_arrow, table.metadata.num_rows
    except (OSError, pa.ArrowException) as fault:
        return f"is no Parquet file ({type(fault).__name__})"
    wanted = arrow_schema([own.get(name) or Column(name, "text", "") for name in entry["columns"]])
    if not schema.remove_metadata().equals(wanted.remove_metadata()):
        return "has other columns than its manifest names"
    has = f"has {counted(rows, 'row', 'rows')}, and its manifest names {entry['rows']:,}"
    return has if rows != entry["rows"] else None
