"""Exported CSV and XLSX files as rows of text, with the line each row begins on.

Facts
    * CSV is UTF-8, with or without a byte order mark; comma or semicolon, as the heading line has it.
    * An empty cell is null. A row that is longer or shorter than the heading is a fault, never padded.

Source: design of `dynsync load`.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Final

import openpyxl

from dynsync_lib.errors import InputFileError

_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_SAVE_AS_UTF8: Final = "Save the file as CSV in UTF-8 and try again."


@dataclass(frozen=True, slots=True)
class Line:
    """One row: the line of the file it begins on, and its cells; None for an empty one."""

    number: int
    cells: tuple[str | None, ...]


def find_sheet(folder: Path, name: str) -> Path | None:
    """The file `name.csv` or `name.xlsx` of a folder; None when there is neither.

    Raises InputFileError when there are both.
    """
    found = [path for ending in ("csv", "xlsx") if (path := folder / f"{name}.{ending}").is_file()]
    if len(found) > 1:
        raise InputFileError(f"{folder} holds both {name}.csv and {name}.xlsx.", next_step="Leave one of them.")
    return found[0] if found else None


def read_sheet(path: Path) -> Iterator[Line]:
    """The lines of a file, the heading first.

    Raises InputFileError when the file is empty, not UTF-8, or a row's length differs from the heading's.
    """
    lines = _read_xlsx(path) if path.suffix == ".xlsx" else _read_csv(path)
    heading = next(lines, None)
    if heading is None or not any(heading.cells):
        raise InputFileError(f"{path} is empty.", next_step="Export the table again, with its headings.")
    _refuse_headings(path, heading.cells)
    yield heading
    for line in lines:
        if len(line.cells) != len(heading.cells):
            raise InputFileError(
                f"{path}, line {line.number}: {len(line.cells)} cells where the heading has {len(heading.cells)}.",
                next_step="Put cells that hold commas or line ends in quotes, and try again.",
            )
        yield line


def _refuse_headings(path: Path, cells: Sequence[str | None]) -> None:
    seen: set[str] = set()
    for place, cell in enumerate(cells, start=1):
        if not cell:
            raise InputFileError(f"{path}, line 1: column {place} has no heading.", next_step="Name it or delete it.")
        if cell in seen:
            raise InputFileError(f"{path}, line 1: two columns are called {cell}.", next_step="Delete one of them.")
        seen.add(cell)


def _read_csv(path: Path) -> Iterator[Line]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    with path.open("rb") as raw:
        if raw.read(2) in _UTF16:
            raise InputFileError(f"{path} is UTF-16, not UTF-8.", next_step=_SAVE_AS_UTF8)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        try:
            yield from _csv_lines(stream)
        except UnicodeDecodeError as fault:
            place = f"byte 0x{fault.object[fault.start]:02x} cannot be read"
            raise InputFileError(f"{path} is not UTF-8: {place}.", next_step=_SAVE_AS_UTF8) from fault
        except csv.Error as fault:
            raise InputFileError(f"{path} is no CSV: {fault}.", next_step=_SAVE_AS_UTF8) from fault


def _csv_lines(stream: IO[str]) -> Iterator[Line]:
    first = stream.readline()
    stream.seek(0)
    delimiter = ";" if ";" in first and "," not in first else ","
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    begins = 1
    for cells in reader:
        if cells:
            yield Line(begins, tuple(cell or None for cell in cells))
        begins = reader.line_num + 1


def _read_xlsx(path: Path) -> Iterator[Line]:
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as fault:
        raise InputFileError(f"{path} is no XLSX workbook.", next_step="Export the table again.") from fault
    try:
        yield from _squared(enumerate(book.worksheets[0].iter_rows(values_only=True), start=1))
    finally:
        book.close()


def _squared(rows: Iterable[tuple[int, Sequence[object]]]) -> Iterator[Line]:
    """The rows as wide as the heading: a workbook leaves out empty cells at the end, or shows some that never were."""
    width = 0
    for number, row in rows:
        cells = list(map(_text, row))
        while len(cells) > width and cells[-1] is None:
            cells.pop()
        if any(cells):
            width = width or len(cells)
            yield Line(number, (*cells, *(None,) * (width - len(cells))))


def _text(cell: object) -> str | None:
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
