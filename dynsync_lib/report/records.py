"""The records behind a finding, each with links that open it and its counterpart in the CRMs.

Facts
    * A record whose portal is not known is named by its id, without a link.

Where it is used: `kit.records_table`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dynsync_lib.core.model import System
from dynsync_lib.listing import counted
from dynsync_lib.record_urls import RecordUrls
from dynsync_lib.report.forecast_tables import Row
from dynsync_lib.report.pieces import Piece
from dynsync_lib.report.tables import Grid, Head, Link, show_table
from dynsync_lib.report.words import OTHER, object_word, records_word, system_word

_LISTS: Final[Mapping[str, str]] = {
    "collisions": "Records that share a key",
    "near_names": "Companies of like names",
    "lost_associations": "Associations that stay behind",
    "overwrites": "Values that are overwritten",
    "manual_invoices": "Invoices to associate by hand",
}
"""What the lists beside findings hold (`core.audit.finding_rows.LISTS`)."""
_HEADS: Final = (Head("Records"), *(Head(f"In {system_word(system)}", "id") for system in System), Head("What it is"))


def show_records(rows: Sequence[Row], total: int, urls: RecordUrls, notes: Sequence[str], name: str) -> Piece:
    """The first rows behind the finding or list of that name, of `total`; `notes` say what is not among them.

    `rows`: system, object, record_id, counterpart_id, detail, as `kit.records_of` gives them.
    """
    cells = [[_kind(row), *(_link(row, system, urls) for system in System), row["detail"]] for row in rows]
    cut = [f"The first {len(rows):,} are shown; kit.records_of has all of them."] if len(rows) < total else []
    number = counted(total, "row", "rows")
    caption = f"{_LISTS[name]}: {number}" if name in _LISTS else f"{number} behind {name}"
    empty = "Nothing is behind it."
    grid = Grid(caption, _HEADS, cells, empty=" ".join([empty, *notes]), note=" ".join([*cut, *notes]), limit=len(rows))
    return show_table(grid)


def _kind(row: Row) -> str:
    if row["object"] is None:
        return system_word(row["system"])
    return records_word(row["object"], row["system"]) if row["system"] else object_word(row["object"]).capitalize()


def _link(row: Row, system: str, urls: RecordUrls) -> Link | str | None:
    """The record of a row in one system: itself, or its counterpart; None when there is none."""
    id_ = row["record_id"] if row["system"] == system else row["counterpart_id"]
    if id_ is None or row["system"] not in (system, OTHER[system]):
        return None
    url = urls.url_of(system, row["object"], id_)
    return Link(id_, url) if url else str(id_)
