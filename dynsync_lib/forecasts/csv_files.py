"""A Parquet table as CSV that is safe to open in a spreadsheet.

Facts
    * UTF-8, a heading line, an empty cell is null, line ends `\\n`; the same table gives the same bytes.
    * A cell that a spreadsheet would run as a formula gets an apostrophe; a telephone or other number does not need it.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

_FORMULA: Final = re.compile(r"[=@\t\r]|[+-](?![0-9 ()./-]*\Z)")
_ROWS_PER_BATCH: Final = 65_536


def write_csv(source: Path, target: Path) -> None:
    """Writes the Parquet file `source` as the CSV file `target`."""
    table = pq.ParquetFile(source)
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(table.schema_arrow.names)
        for batch in table.iter_batches(_ROWS_PER_BATCH):
            columns = [batch.column(index).to_pylist() for index in range(batch.num_columns)]
            writer.writerows([safe_cell(cell) for cell in row] for row in zip(*columns, strict=True))


def safe_cell(value: object) -> str:
    """The text of one cell: empty for null, `true` and `false` for flags, formulas made harmless."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return f"'{text}" if _FORMULA.match(text) else text
