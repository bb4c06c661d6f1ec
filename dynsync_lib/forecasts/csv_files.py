"""A Parquet table as CSV that is safe to open in a spreadsheet.

Facts
    * UTF-8, a line of names, every cell below it in quotes, an empty cell is null, line ends `\\n`; the same table
      gives the same bytes with every version of Python.
    * No cell begins a formula (`workbooks.safe_cells`).
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from dynsync_lib.workbooks.safe_cells import safe_cell

_ROWS_PER_BATCH: Final = 65_536


def write_csv(source: Path, target: Path) -> None:
    """Writes the Parquet file `source` as the CSV file `target`."""
    table = pq.ParquetFile(source)
    with target.open("w", encoding="utf-8", newline="") as stream:
        stream.write(",".join(table.schema_arrow.names) + "\n")
        writer = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
        for batch in table.iter_batches(_ROWS_PER_BATCH):
            columns = [batch.column(index).to_pylist() for index in range(batch.num_columns)]
            writer.writerows([safe_cell(cell) for cell in row] for row in zip(*columns, strict=True))
