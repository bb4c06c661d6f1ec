"""Names of records, in lookups and association columns, that mean no single exported record: what was lost with them.

Facts
    * The record keeps null in the lookup's place, as if nothing stood there; the rows here say that something did.
    * No name is kept, only which record holds one, in which column, and why it means nobody.

Where it is used: `portals.files.load_files`, `portals.files.file_rows`, `portals.files.association_columns`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal

from dynsync_lib.core.tables import RecordTable
from dynsync_lib.snapshot.writer import TableRow

WhyUnresolved = Literal["unknown", "near", "ambiguous"]
"""`unknown`: no exported record has the name; `near`: none, but one has it but for case, blanks or accents;
`ambiguous`: several have it."""


def unresolved_row(table: RecordTable, record_id: str, field: str, why: WhyUnresolved) -> TableRow:
    """One row of `core.tables.UNRESOLVED_LOOKUPS`, about a record of a table of CRM objects."""
    ends = {"system": table.system.value, "object": str(table.object), "record_id": record_id}
    return {**ends, "field": field, "why": why}


def count_unresolved(rows: Iterable[TableRow]) -> list[dict[str, Any]]:
    """For each lookup system, object, field, and how many names are unknown and ambiguous, in order of their names.

    Those that a record nearly has are unknown, too.
    """
    whys = {"unknown": "unknown", "near": "unknown", "ambiguous": "ambiguous"}
    counts = Counter((row["system"], row["object"], row["field"], whys[row["why"]]) for row in rows)
    return [
        {"system": system, "object": object_, "field": field}
        | {why: counts[system, object_, field, why] for why in ("unknown", "ambiguous")}
        for system, object_, field in sorted({names[:3] for names in counts})
    ]
