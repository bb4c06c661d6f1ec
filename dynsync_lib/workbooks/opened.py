"""An XLSX file open for reading, and closed in any case.

Where it is used: `portals.files.sheets`, `portals.files.workbook_notes`, `worklist.read_workbook`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook


@contextmanager
def open_workbook(path: Path, *, data_only: bool = False) -> Iterator[Workbook]:
    """The workbook, whose rows are read when they are asked for; with `data_only` formulas are their saved values.

    openpyxl leaves a file open that it gives up on, so the file is opened and closed here. Raises what it raises.
    """
    with path.open("rb") as file:
        book = openpyxl.load_workbook(file, read_only=True, data_only=data_only)
        try:
            yield book
        finally:
            book.close()
