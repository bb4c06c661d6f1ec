"""Exported CSV and XLSX files as lines of text cells, each with its number in the file.

Facts
    * `csv_dialect` reads from its bytes how a CSV file is written. Each sheet of a workbook is a table of its own.
    * An empty cell is None, and a row of empty cells is none, in workbooks and in CSV: spreadsheets save such rows.
    * A row that is longer or shorter than the heading is refused, never padded; so is one with a cell in which whole
      records stand, because a quote was not closed.
    * The parts of one export have the same headings.

Source: design of `dynsync load`.

Where it is used: `portals.files.folder_files`, `portals.files.recognition`, `portals.files.load_files`,
`portals.files.metadata_files`.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dynsync_lib.errors import InputFileError
from dynsync_lib.portals.files.csv_dialect import SheetForm, find_form
from dynsync_lib.portals.files.swallowed_records import count_swallowed
from dynsync_lib.workbooks.bounds import MOST_COLUMNS, bounded_rows, refuse_large_workbook
from dynsync_lib.workbooks.cell_texts import cell_text
from dynsync_lib.workbooks.opened import open_workbook

_DAMAGES: Final = (Exception,)
"""What reading a workbook raises that is no workbook, or was cut: openpyxl and XML fail in their own ways."""
_LINES_OF_A_PART: Final = 10**12
_RENAME: Final = "Give the column that is not meant another heading."


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file: the number of the line it begins on (from 1), and its cells; None for an empty one.

    `part` is the file's number among the parts of one export, from 0.
    """

    number: int
    cells: tuple[str | None, ...]
    part: int = 0

    @property
    def place_number(self) -> int:
        """Part and line in one whole number, which takes little memory. See `Sheet.name_line`."""
        return self.part_start + self.number

    @property
    def part_start(self) -> int:
        """What `place_number` has more than `number`."""
        return self.part * _LINES_OF_A_PART


@dataclass(frozen=True, slots=True)
class SheetFile:
    """One CSV file, or one sheet of a workbook.

    `form` says how a CSV file is written; None for a workbook, of which `title` names the sheet, and `is_only` says
    whether it has no other. `is_hidden`: people who open the workbook do not see the sheet.
    """

    path: Path
    form: SheetForm | None
    title: str | None = None
    is_only: bool = True
    is_hidden: bool = False

    @property
    def name(self) -> str:
        """The file, and its sheet where it has several, for people."""
        return str(self.path) if self.is_only else f"{self.path}, sheet {self.title}"

    @property
    def short_name(self) -> str:
        """As `name`, without the folder."""
        return self.path.name if self.is_only else f"{self.path.name}, sheet {self.title}"

    @property
    def stem(self) -> str:
        """The file's name without its ending, and the title of its sheet where it has several."""
        return self.path.stem if self.is_only else f"{self.path.stem} {self.title}"

    def rows(self) -> Iterator[Line]:
        """The lines that hold something, the heading first, as wide as they are.

        Raises InputFileError when the file cannot be read.
        """
        return _read_xlsx(self.path, self.title) if self.form is None else _read_csv(self.path, self.form)

    def lines(self) -> Iterator[Line]:
        """The lines, the heading first, all as wide as the heading; see `Sheet.lines`."""
        lines = self.rows()
        heading = next(lines, None)
        if heading is None or not any(heading.cells):
            raise InputFileError(f"{self.name} is empty.", next_step="Export the table again, with its headings.")
        _refuse_headings(self.name, heading)
        yield heading
        for line in lines:
            if len(line.cells) != len(heading.cells):
                raise InputFileError(
                    f"{self.name}, line {line.number}: {len(line.cells)} cells where the heading has "
                    f"{len(heading.cells)}.",
                    next_step="Put cells that hold commas or line ends in quotes, and try again.",
                )
            yield line


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of one table: one file, or the parts of one export in their order."""

    files: tuple[SheetFile, ...]

    @property
    def path(self) -> Path:
        """The first file."""
        return self.files[0].path

    @property
    def name(self) -> str:
        """The first file, and its sheet where it has several, for people."""
        return self.files[0].name

    @property
    def form(self) -> SheetForm | None:
        """How the first CSV file is written; None when all are workbooks."""
        return next((file.form for file in self.files if file.form is not None), None)

    @property
    def description(self) -> str:
        """How the file is written, for people: `UTF-8, comma` or `XLSX`."""
        return self.form.description if self.form is not None else "XLSX"

    def lines(self) -> Iterator[Line]:
        """The lines of the file, the heading first; each call reads the file from the beginning.

        Of the parts of one export the heading comes once. Raises InputFileError when a file is empty or cannot be read,
        a heading is missing, a row has more or fewer cells than the heading, or a part has other headings.
        """
        heading: Line | None = None
        for number, file in enumerate(self.files):
            lines = file.lines()
            first = next(lines)
            if heading is None:
                heading = first
                yield heading
            elif first.cells != heading.cells:
                raise InputFileError(
                    f"{file.name} has other headings than {self.name}.",
                    next_step="Export all parts again with the same columns in the same order.",
                )
            yield from lines if number == 0 else (Line(line.number, line.cells, number) for line in lines)

    def name_line(self, place_number: int) -> str:
        """Where the line of a `Line.place_number` stands, for people: `contacts.csv, line 3`."""
        part, line = divmod(place_number, _LINES_OF_A_PART)
        return f"{self.files[part].name}, line {line}"


def open_files(path: Path) -> list[SheetFile]:
    """The CSV file, or every sheet of the workbook that holds something, in the workbook's order.

    Reads a CSV file whole, to know its letters. Raises InputFileError when the file cannot be read.
    """
    if path.suffix.lower() != ".xlsx":
        return [SheetFile(path, find_form(path))]
    sheets = _filled_sheets(path)
    is_only = sum(not is_hidden for _, is_hidden in sheets) < 2
    return [SheetFile(path, None, title, is_only, is_hidden) for title, is_hidden in sheets]


def refuse_twins(where: str, heading: Line) -> None:
    """Raises InputFileError, which names `where`, when two columns have the same heading."""
    seen: set[str | None] = set()
    for cell in heading.cells:
        if cell in seen:
            raise InputFileError(f"{where}: two columns are called {cell}.", next_step=_RENAME)
        seen.add(cell)


def _refuse_headings(name: str, heading: Line) -> None:
    if len(heading.cells) > MOST_COLUMNS:
        raise InputFileError(
            f"{name}, line {heading.number}: the heading has {len(heading.cells):,} cells, {MOST_COLUMNS:,} are read.",
            next_step="Export fewer columns, or put cells that hold commas in quotes.",
        )
    for number, cell in enumerate(heading.cells, start=1):
        if not cell:
            where = f"{name}, line {heading.number}"
            raise InputFileError(f"{where}: column {number} has no heading.", next_step="Name it or delete it.")


def _read_csv(path: Path, form: SheetForm) -> Iterator[Line]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    with path.open(encoding=form.encoding, newline="") as stream:
        for _ in range(form.skipped_lines):
            stream.readline()
        reader = csv.reader(stream, delimiter=form.delimiter, strict=True)
        begins, width = form.skipped_lines + 1, 0
        try:
            for cells in reader:
                width = width or len(cells)
                if form.skipped_lines + reader.line_num > begins and len(cells) == width:
                    _refuse_swallowed(path, begins, cells, form.delimiter)
                if any(cells):
                    yield Line(begins, tuple(cell or None for cell in cells))
                begins = form.skipped_lines + reader.line_num + 1
        except (csv.Error, UnicodeDecodeError) as fault:
            what = "a byte cannot be read" if isinstance(fault, UnicodeDecodeError) else str(fault)
            raise InputFileError(
                f"{path}, line {begins}: this is no CSV: {what}.",
                next_step="Close the quotes that were opened, or export the table again.",
            ) from fault


def _refuse_swallowed(path: Path, line: int, cells: Sequence[str], delimiter: str) -> None:
    for column in range(len(cells)):
        if number := count_swallowed(cells, column, delimiter):
            records = "a whole record" if number == 1 else f"{number:,} whole records"
            raise InputFileError(
                f"{path}, line {line}: the quotes of cell {column + 1} hold what looks like {records} "
                "of the lines after.",
                next_step='Close the quote, or double one that is text (""); if the cell is right, '
                "take its line ends out.",
            )


def _filled_sheets(path: Path) -> list[tuple[str, bool]]:
    """Title and whether it is hidden, of each sheet of a workbook that holds something."""
    try:
        size = refuse_large_workbook(path)
        with open_workbook(path, data_only=True) as book:
            filled = [sheet for sheet in book.worksheets if next(_rows_of(path, sheet, size), None) is not None]
            return [(sheet.title, sheet.sheet_state != "visible") for sheet in filled]
    except InputFileError:
        raise
    except _DAMAGES as fault:
        raise _damaged(path, 0) from fault


def _read_xlsx(path: Path, title: str | None) -> Iterator[Line]:
    number = 0
    try:
        size = refuse_large_workbook(path)
        with open_workbook(path, data_only=True) as book:
            for line in _rows_of(path, next(sheet for sheet in book.worksheets if sheet.title == title), size):
                number = line.number
                yield line
    except InputFileError:
        raise
    except _DAMAGES as fault:
        raise _damaged(path, number) from fault


def _damaged(path: Path, line: int) -> InputFileError:
    what = f"is damaged after line {line}" if line else "is no XLSX workbook"
    return InputFileError(f"{path} {what}.", next_step="Export the table again.")


def _rows_of(path: Path, sheet: Any, size: int) -> Iterator[Line]:
    sheet.reset_dimensions()
    return _squared(bounded_rows(path, sheet.iter_rows(), size))


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
