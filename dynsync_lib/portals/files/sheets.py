"""Exported CSV and XLSX files as lines of text cells, each with its number in the file.

Facts
    * `csv_dialect` reads from its bytes how a CSV file is written; of a workbook the first sheet is read.
    * An empty cell is None. A row that is longer or shorter than the heading is refused, never padded.

Source: design of `dynsync load`.

Where it is used: `portals.files.load_files`, `portals.files.metadata_files`, `portals.files.file_names`.
"""

from __future__ import annotations

import csv
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import openpyxl

from dynsync_lib.errors import InputFileError
from dynsync_lib.portals.files.csv_dialect import SheetForm, find_form
from dynsync_lib.portals.files.workbook_cells import cell_text

_ENDINGS: Final = (".csv", ".xlsx")
_OTHER_ENDINGS: Final = {
    ".xls": "Export the table again as XLSX or CSV.",
    ".txt": "If it is CSV, give it the ending .csv.",
    ".zip": "Unpack it first.",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file: the number of the line it begins on (from 1), and its cells; None for an empty one."""

    number: int
    cells: tuple[str | None, ...]


def find_sheet(folder: Path, name: str) -> Path | None:
    """The file `name.csv` or `name.xlsx` of a folder, in upper or lower case; None when there is neither.

    Raises InputFileError when there are several, or only a file of that name that the kit does not read (`.xls`).
    """
    files = sorted(path for path in folder.iterdir() if path.stem.lower() == name and path.is_file())
    readable = [path for path in files if path.suffix.lower() in _ENDINGS]
    other = next((path for path in files if path.suffix.lower() in _OTHER_ENDINGS), None)
    if other is not None and not readable:
        raise InputFileError(f"{other} is neither CSV nor XLSX.", next_step=_OTHER_ENDINGS[other.suffix.lower()])
    if len(readable) > 1:
        raise InputFileError(
            f"{folder} holds both {readable[0].name} and {readable[1].name}.", next_step="Leave one of them."
        )
    return readable[0] if readable else None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One file that can be read. `form` says how a CSV file is written; None for a workbook."""

    path: Path
    form: SheetForm | None

    @property
    def description(self) -> str:
        """How the file is written, for people: `UTF-8, comma` or `XLSX`."""
        return self.form.description if self.form is not None else "XLSX"

    def lines(self) -> Iterator[Line]:
        """The lines of the file, the heading first; each call reads the file from the beginning.

        Raises InputFileError when the file is empty or cannot be read, a heading is missing or there twice, or a row
        has more or fewer cells than the heading.
        """
        lines = _read_xlsx(self.path) if self.form is None else _read_csv(self.path, self.form)
        heading = next(lines, None)
        if heading is None or not any(heading.cells):
            raise InputFileError(f"{self.path} is empty.", next_step="Export the table again, with its headings.")
        _refuse_headings(self.path, heading)
        yield heading
        for line in lines:
            if len(line.cells) != len(heading.cells):
                raise InputFileError(
                    f"{self.path}, line {line.number}: {len(line.cells)} cells where the heading has "
                    f"{len(heading.cells)}.",
                    next_step="Put cells that hold commas or line ends in quotes, and try again.",
                )
            yield line


def open_sheet(path: Path) -> Sheet:
    """The file, after its form was read from its bytes. Raises InputFileError when they cannot be read."""
    return Sheet(path, None if path.suffix.lower() == ".xlsx" else find_form(path))


def read_sheet(path: Path) -> Iterator[Line]:
    """The lines of a file, the heading first. See `Sheet.lines`."""
    return open_sheet(path).lines()


def _refuse_headings(path: Path, heading: Line) -> None:
    seen: set[str] = set()
    for number, cell in enumerate(heading.cells, start=1):
        where = f"{path}, line {heading.number}"
        if not cell:
            raise InputFileError(f"{where}: column {number} has no heading.", next_step="Name it or delete it.")
        if cell in seen:
            raise InputFileError(f"{where}: two columns are called {cell}.", next_step="Delete one of them.")
        seen.add(cell)


def _read_csv(path: Path, form: SheetForm) -> Iterator[Line]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    with path.open(encoding=form.encoding, newline="") as stream:
        for _ in range(form.skipped_lines):
            stream.readline()
        reader = csv.reader(stream, delimiter=form.delimiter, strict=True)
        begins = form.skipped_lines + 1
        try:
            for cells in reader:
                if cells:
                    yield Line(begins, tuple(cell or None for cell in cells))
                begins = form.skipped_lines + reader.line_num + 1
        except (csv.Error, UnicodeDecodeError) as fault:
            what = "a byte cannot be read" if isinstance(fault, UnicodeDecodeError) else str(fault)
            raise InputFileError(
                f"{path}, line {begins}: this is no CSV: {what}.",
                next_step="Close the quotes that were opened, or export the table again.",
            ) from fault


def _read_xlsx(path: Path) -> Iterator[Line]:
    number = 0
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            for line in _squared(enumerate(sheet.iter_rows(), start=1)):
                number = line.number
                yield line
        finally:
            book.close()
    except (OSError, ValueError, KeyError, IndexError, EOFError, SyntaxError, zipfile.BadZipFile, zlib.error) as fault:
        what = f"is damaged after line {number}" if number else "is no XLSX workbook"
        raise InputFileError(f"{path} {what}.", next_step="Export the table again.") from fault


def _squared(rows: Iterable[tuple[int, Sequence[Any]]]) -> Iterator[Line]:
    """The rows, as wide as the heading: workbooks leave out empty cells at the end, or have more than were filled."""
    width = 0
    for number, row in rows:
        cells = list(map(cell_text, row))
        while len(cells) > width and cells[-1] is None:
            cells.pop()
        if any(cells):
            width = width or len(cells)
            yield Line(number, (*cells, *(None,) * (width - len(cells))))
