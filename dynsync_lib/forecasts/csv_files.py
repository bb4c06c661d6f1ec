"""A Parquet table as CSV that is safe to open in a spreadsheet.

Facts
    * UTF-8, a line of names, every cell below it in quotes, an empty cell is null, line ends `\\n`; the same table
      gives the same bytes with every version of Python.
    * A spreadsheet may divide a file otherwise than it was written: at semicolons, tabs or the line ends inside a cell.
      So a text that would begin a formula at any such point gets an apostrophe there; a telephone or other number does
      not need it.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

_FORMULA: Final = re.compile(
    r"""
    (?P<before> \A | [;,|\t\r\n"] )       # where a cell begins, or could be taken to begin
    (?P<blank> \s* )
    (?= [=@\uff1d\uff20] | [+\-\uff0b\uff0d] (?! [0-9\ ()./-]* \Z ) )
    """,
    re.VERBOSE,
)
"""The full-width forms of =, @, + and - begin a formula, too, in a spreadsheet that is set to Japanese."""
_HIDDEN_START: Final = re.compile(r"[\t\r]")
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


def safe_cell(value: object) -> str:
    """The text of one cell: empty for null, `true` and `false` for flags, formulas made harmless.

    >>> safe_cell("=1+1"), safe_cell("Company A; =1+1"), safe_cell("+49 30 901820")
    ("'=1+1", "Company A; '=1+1", '+49 30 901820')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = _FORMULA.sub(r"\g<before>\g<blank>'", str(value))
    return f"'{text}" if _HIDDEN_START.match(text) else text
