"""A receipt as an Excel workbook: the figures, the first 48 hours, the misses, and the records one by one.

Facts
    * What cells hold is safe to open (`workbooks.new`).
    * A sheet has at most MOST_ROWS records; misses have a sheet of their own, so that none is among those left out. A
      last line says how many are left out: the Parquet file has all.

Where it is used: `verification.verify_folder`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xlsxwriter

from dynsync_lib.listing import counted
from dynsync_lib.verification.receipt import RECEIPT
from dynsync_lib.verification.sync_health import WATCH_LIST, watch_list
from dynsync_lib.workbooks.new import NewSheet, new_workbook, tall_heading

MOST_ROWS: Final = 200_000
_WIDTHS: Final = {"record_id": 38, "rule_id": 26, "look_at": 90, "figure": 40, "value": 18}
_USUAL_WIDTH: Final = 17


def write_receipt_workbook(receipt: Path, figures: Mapping[str, Any], out: Path) -> None:
    """Writes the Parquet file of a receipt, and its figures, as the workbook `out`, which is replaced."""
    with new_workbook(out, "Receipt of a forecast") as book:
        heading = tall_heading(book)
        _write(book, heading, "Figures", ("figure", "value"), _figure_rows(figures))
        rows = ([row[name] for name in WATCH_LIST.column_names] for row in watch_list(receipt))
        _write(book, heading, "First 48 hours", WATCH_LIST.column_names, rows)
        _write(book, heading, "Misses", RECEIPT.column_names, _records(receipt, only_misses=True))
        _write(book, heading, "Receipt", RECEIPT.column_names, _records(receipt, only_misses=False))


def _figure_rows(figures: Mapping[str, Any]) -> Iterator[Sequence[object]]:
    for name in ("records", "hits", "misses", "accuracy"):
        yield name, figures[name]
    if figures.get("nothing_changed"):
        yield "nothing changed between the two snapshots", "was the sync on?"
    for cause, count in figures["by_cause"].items():
        yield f"cause {cause}", count
    for outcome, counts in figures["by_outcome"].items():
        yield f"{outcome}, predicted", counts["predicted"]
        yield f"{outcome}, as predicted", counts["hits"]
    for table, count in figures["drift"].items():
        yield f"new in {table}", count
    for row in figures.get("mappings_not_compared", ()):
        yield f"{row['object']} {row['hubspot_field']} / {row['dynamics_field']}", "not compared"


def _records(receipt: Path, *, only_misses: bool) -> Iterator[Sequence[object]]:
    left_out, written = 0, 0
    for batch in pq.ParquetFile(receipt).iter_batches():
        rows = batch.filter(pc.equal(batch.column("hit"), pa.scalar(value=False))) if only_misses else batch
        kept = rows.slice(0, max(MOST_ROWS - written, 0))
        written, left_out = written + kept.num_rows, left_out + rows.num_rows - kept.num_rows
        columns = [kept.column(name).to_pylist() for name in RECEIPT.column_names]
        yield from zip(*columns, strict=True)
    if left_out:
        yield [f"{counted(left_out, 'more is', 'more are')} left out; receipt.parquet has all."]


def _write(
    book: xlsxwriter.Workbook, heading: object, name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    sheet = NewSheet(book, name, [(column, _WIDTHS.get(column, _USUAL_WIDTH)) for column in columns], heading=heading)
    for row in rows:
        sheet.add(row)
