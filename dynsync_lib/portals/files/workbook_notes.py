"""What a workbook's cells are beside what they hold: formulas, errors, merged cells, hidden rows; in sentences.

Facts
    * A formula holds its text and the value that was saved last. Programs that work nothing out save none, or 0; Excel
      works all out when it opens the workbook, and saves it with the values.
    * Of merged cells the first holds the value.
    * A workbook in which none of this stands is only searched, not read again.

Not modelled
    * What a formula would give: the kit works none out.

Where it is used: `portals.files.load_files`. Source: ECMA-376 part 1, 18.3.1.4 (c), 18.3.1.40 (f), 18.3.1.55.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Literal
from xml.etree import ElementTree as ET

from openpyxl.utils import coordinate_to_tuple, get_column_letter

from dynsync_lib.errors import InputFileError
from dynsync_lib.portals.files.load_report import FileReport
from dynsync_lib.portals.files.sheets import SheetFile
from dynsync_lib.workbooks.opened import open_workbook

Kind = Literal["valueless", "formula", "error"]

_WORTH_READING: Final = re.compile(
    rb'<(?:\w+:)?f[ >/]|\bt="e"|<(?:\w+:)?mergeCell |<(?:\w+:)?row [^>]*\bhidden="(?:1|t)'
)
_CHUNK_BYTES: Final = 1 << 20
_OVERLAP_BYTES: Final = 1 << 10
_SAVE: Final = "Open the workbook in Excel, save it, and load it again."


@dataclass(slots=True)
class _Cells:
    """The cells of one kind in one column: how many, the first one, and whether any holds something else than 0."""

    count: int = 0
    first: str = ""
    is_all_zero: bool = True

    def add(self, coordinate: str, value: str | None) -> None:
        self.count += 1
        self.first = self.first or coordinate
        self.is_all_zero = self.is_all_zero and value in {"0", "0.0"}


@dataclass(slots=True)
class _Survey:
    """What stands in the sheet of one file, below its headings; `headings` are their texts by the column's number."""

    headings: Mapping[int, str]
    heading_line: int
    cells: dict[tuple[int, Kind], _Cells] = field(default_factory=dict)
    merged: int = 0
    hidden_rows: int = 0

    def take_row(self, row: ET.Element, number: int) -> None:
        """Counts what stands in a row. Raises ValueError when all that it holds are formulas without values."""
        if number <= self.heading_line:
            return
        self.hidden_rows += row.get("hidden", "0") in {"1", "true"}
        kinds = [self._take_cell(cell, number, column) for column, cell in enumerate(row, start=1)]
        if "valueless" in kinds and not any(kind != "valueless" for kind in kinds if kind is not None):
            raise ValueError(number)

    def _take_cell(self, cell: ET.Element, number: int, position: int) -> Kind | Literal["value"] | None:
        """What a cell is; None for one that holds nothing. `position` is its column where it does not say so."""
        formula, value = cell.find("{*}f"), cell.findtext("{*}v") or None
        if formula is None and cell.get("t") != "e":
            return "value" if value is not None or cell.find("{*}is") is not None else None
        is_blank_text = cell.get("t") == "str"  # a formula that gave an empty text has a saved value: that one
        kind: Kind = "error" if cell.get("t") == "e" else "formula" if value or is_blank_text else "valueless"
        reference = cell.get("r")
        column = coordinate_to_tuple(reference)[1] if reference else position
        if column in self.headings:
            of_kind = self.cells.setdefault((column, kind), _Cells())
            of_kind.add(f"{get_column_letter(column)}{number}", value)
        return kind


def note_cells(file: SheetFile, report: FileReport) -> None:
    """Adds to the report of a file what its cells are beside values; nothing for a CSV file.

    Reads a workbook once more where there is something to say. Raises InputFileError for a row of nothing but formulas
    that have no saved value: as values it would be no row.
    """
    if file.form is not None or not _is_worth_reading(file.path):
        return
    try:
        survey = _survey(file)
    except ValueError as fault:
        raise InputFileError(
            f"{file.name}, line {fault}: it holds formulas, and no value of them was saved.", next_step=_SAVE
        ) from fault
    report.notes += _notes(survey)
    report.guessed += _guesses(survey)


def _notes(survey: _Survey) -> Iterator[str]:
    for (column, kind), cells in survey.cells.items():
        where = f"({cells.count:,}, the first in {cells.first})"
        if kind == "valueless":
            yield f"{survey.headings[column]}: formulas without a saved value {where} are read as blank. {_SAVE}"
        if kind == "error":
            yield f"{survey.headings[column]}: errors of the spreadsheet, such as #N/A, {where} are read as blank."


def _guesses(survey: _Survey) -> Iterator[str]:
    for (column, kind), cells in survey.cells.items():
        if kind == "formula":
            zero = f" All are 0, as programs write that work nothing out: {_SAVE[0].lower()}{_SAVE[1:-1]}."
            yield (
                f"{survey.headings[column]}: formulas ({cells.count:,}, the first in {cells.first}), read as the "
                f"values saved last.{zero if cells.is_all_zero else ''}"
            )
    if survey.merged:
        yield f"Merged cells ({survey.merged:,}): the first of each holds the value, the others are read as blank."
    if survey.hidden_rows:
        yield f"Rows that the workbook hides ({survey.hidden_rows:,}) are read like the others."


def _is_worth_reading(path: Path) -> bool:
    """Whether any sheet of a workbook holds a formula, an error, merged cells or a hidden row."""
    with zipfile.ZipFile(path) as book:
        for name in book.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                with book.open(name) as stream:
                    if _is_found(stream):
                        return True
    return False


def _is_found(stream: IO[bytes]) -> bool:
    rest = b""
    while chunk := stream.read(_CHUNK_BYTES):
        text = rest + chunk
        if _WORTH_READING.search(text):
            return True
        rest = text[-_OVERLAP_BYTES:]
    return False


def _survey(file: SheetFile) -> _Survey:
    heading = next(file.rows())
    survey = _Survey({number: cell or "" for number, cell in enumerate(heading.cells, start=1)}, heading.number)
    with zipfile.ZipFile(file.path) as book, book.open(_part_of(file)) as stream:
        number, rows = 0, None
        for event, element in ET.iterparse(stream, events=("start", "end")):  # noqa: S314 - openpyxl read it before
            name = element.tag.rpartition("}")[2]
            if event == "start":
                rows = element if name == "sheetData" else rows
            elif name == "row":
                number = int(element.get("r") or number + 1)
                survey.take_row(element, number)
                if rows is not None:
                    rows.clear()
            elif name == "mergeCell":
                survey.merged += 1
    return survey


def _part_of(file: SheetFile) -> str:
    """The name of the workbook's part that holds the sheet."""
    with open_workbook(file.path) as book:
        part: str = next(sheet._worksheet_path for sheet in book.worksheets if sheet.title == file.title)
        return part
