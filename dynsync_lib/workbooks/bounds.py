"""Bounds of workbooks, kept before and while they are read: a few kilobytes can name cells for hours of reading.

Facts
    * A workbook is a ZIP archive that says how large its parts are; the reader unpacks no more than that. Text that
      people wrote packs to a tenth, rarely a thirtieth; a part that packs to a hundredth was made to be large.
    * Between two cells or rows openpyxl fills in what is left out, up to whatever number the next one bears. A sheet
      may leave out as many cells as it has bytes, and five million more.
    * Excel itself has 1,048,576 rows and 16,384 columns.

Where it is used: `portals.files.sheets`, `worklist.read_workbook`.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from dynsync_lib.errors import InputFileError

MOST_ROWS: Final = 1_048_576
MOST_COLUMNS: Final = 16_384
_MOST_SHEETS: Final = 500
_SMALL_BYTES: Final = 64 << 20
_MOST_BYTES: Final = 8 << 30
_MOST_PACKING: Final = 100
_FREE_CELLS: Final = 5_000_000
_SMALLER: Final = "Export the table again as CSV."


def refuse_large_workbook(path: Path) -> int:
    """The bytes of the workbook's parts. Raises InputFileError when they are more than the kit unpacks, and
    `zipfile.BadZipFile` for what is no archive.
    """
    with zipfile.ZipFile(path) as book:
        parts = book.infolist()
    size, packed = sum(part.file_size for part in parts), path.stat().st_size
    sheets = sum(part.filename.startswith("xl/worksheets/") for part in parts)
    if sheets > _MOST_SHEETS:
        raise InputFileError(f"{path} has {sheets:,} sheets; the kit reads {_MOST_SHEETS}.", next_step=_SMALLER)
    if size > _MOST_BYTES or (size > _SMALL_BYTES and size > packed * _MOST_PACKING):
        raise InputFileError(
            f"{path} would unpack to {size >> 20:,} MB from {packed >> 10:,} KB, which no table does.",
            next_step=_SMALLER,
        )
    return size


def bounded_rows(path: Path, rows: Iterable[Sequence[Any]], size: int) -> Iterator[tuple[int, Sequence[Any]]]:
    """The rows with their numbers; `size` are the bytes of the workbook's parts.

    Raises InputFileError when the sheet names more rows or columns than Excel has, or leaves out more than it holds.
    """
    cells = 0
    for number, row in enumerate(rows, start=1):
        cells += 1 + len(row)
        if number > MOST_ROWS or len(row) > MOST_COLUMNS:
            raise InputFileError(
                f"{path}, line {number}: a sheet has at most {MOST_ROWS:,} rows and {MOST_COLUMNS:,} columns.",
                next_step=_SMALLER,
            )
        if cells > size + _FREE_CELLS:
            raise InputFileError(
                f"{path}, line {number}: the sheet names {cells:,} cells up to here, and cannot hold them.",
                next_step=_SMALLER,
            )
        yield number, row
