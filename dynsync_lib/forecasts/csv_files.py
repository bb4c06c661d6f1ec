"""A Parquet table as CSV that is safe to open in a spreadsheet.

Facts
    * UTF-8, a line of names, every cell below it in quotes, an empty cell is null, line ends `\\n`; the same table
      gives the same bytes with every version of Python.
    * No cell begins a formula (`workbooks.safe_cells`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, TextIO

import pyarrow.parquet as pq

from dynsync_lib.folders.private_files import private_files
from dynsync_lib.folders.replaced_file import FileKind, replace_file
from dynsync_lib.workbooks.safe_cells import safe_cell

_ROWS_PER_BATCH: Final = 65_536


def write_csv(source: Path, target: Path) -> None:
    """Writes the Parquet file `source` as the CSV file `target`."""
    table = pq.ParquetFile(source)
    with target.open("w", encoding="utf-8", newline="") as stream:
        write_rows(stream, table.schema_arrow.names, _rows_of(table))


def _rows_of(table: pq.ParquetFile) -> Iterator[Sequence[object]]:
    for batch in table.iter_batches(_ROWS_PER_BATCH):
        columns = [batch.column(index).to_pylist() for index in range(batch.num_columns)]
        yield from zip(*columns, strict=True)


def replace_list(out: Path, what: str, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Writes a private CSV file of a kind that `what` names, such as "a list of records", which begins with `names`.

    An earlier one in its place is replaced. Raises UsageError when there is anything else.
    """
    text = io.StringIO(newline="")
    write_rows(text, names, rows)
    with private_files():
        replace_file(out, text.getvalue(), FileKind(what, ",".join(names), ""))


def write_rows(stream: TextIO, names: Iterable[str], rows: Iterable[Sequence[object]]) -> None:
    """Writes a line of names and the rows under it, each cell as `safe_cell`. The stream translates no line ends."""
    stream.write(",".join(names) + "\n")
    writer = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
