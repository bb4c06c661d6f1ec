"""A worklist that people have filled in, read back: which rows they marked, and what is wrong with it.

Facts
    * Rows are known by their keys wherever they stand: moved, sorted, hidden by a filter, on a sheet of another name.
      Columns are known by their headings. Further sheets and columns of people's own are left alone, and named.
    * A row's key must be the one that its ids make, so that an id that was edited is noticed.
    * All faults come out together, each by sheet and cell. None repeats the name of a person who stands in a cell.
    * A formula is no mark: what it would give is not known.

Where it is used: `worklist.decisions`, `worklist.write_workbook`.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from openpyxl.utils import get_column_letter

from dynsync_lib.errors import InputFileError, WorklistFault
from dynsync_lib.messages import tell_cell
from dynsync_lib.workbooks.bounds import bounded_rows, refuse_large_workbook
from dynsync_lib.workbooks.cell_texts import cell_text
from dynsync_lib.workbooks.opened import open_workbook
from dynsync_lib.workbooks.sheet_marks import find_locks, find_merged
from dynsync_lib.worklist.sheets import FORECAST_ID, MARKS, SHEETS, Sheet, heading_of

LAST_HEADING_LINE: Final = 20
"""The last line of a sheet on which a heading, or what the first sheet says, is looked for."""
_AGAIN: Final = "Write the worklist again with `dynsync worklist`."
_OLE: Final = b"\xd0\xcf\x11\xe0"
"""How files begin that are encrypted, or of the format before XLSX."""
_COLUMNS: Final = {heading_of(column).casefold(): column for sheet in SHEETS for column in sheet.columns}
TITLES: Final = re.compile("({})(?: [0-9]+)?".format("|".join(re.escape(sheet.title) for sheet in SHEETS)))
"""What the sheets of a worklist are called."""
_BY_TITLE: Final = {sheet.title: sheet for sheet in SHEETS}


@dataclass(frozen=True, slots=True)
class MarkedRow:
    """A row with a mark or a note. `mark` is None where only a note was written; `title`, `line` and `cell`, which is
    that of the mark, say where it is.
    """

    sheet: str
    key: str
    mark: str | None
    note: str | None
    title: str
    line: int
    cell: str


@dataclass(slots=True)
class FilledWorkbook:
    """What stands in a workbook. `marked` are its marked rows by key, `unmarked` counts the others by sheet,
    `other_sheets` are those that are not of a worklist, `forecast_id` is None where none was found.
    """

    forecast_id: str | None = None
    forecast_id_at: tuple[str, str] = ("", "")
    marked: dict[str, MarkedRow] = field(default_factory=dict)
    unmarked: dict[str, int] = field(default_factory=dict)
    other_sheets: list[str] = field(default_factory=list)
    faults: list[WorklistFault] = field(default_factory=list)


def read_workbook(path: Path) -> FilledWorkbook:
    """All that a filled-in worklist says, with all its faults. Raises InputFileError for what is no workbook."""
    refuse_other_files(path)
    filled = FilledWorkbook()
    try:
        size = refuse_large_workbook(path)
        with open_workbook(path) as book:
            for page in book.worksheets:
                page.reset_dimensions()
                _read_page(path, page, bounded_rows(path, page.iter_rows(), size), filled)
    except InputFileError as fault:  # of a workbook that is too large for any table
        raise InputFileError(str(fault), next_step=_AGAIN) from None
    except Exception as fault:  # openpyxl gives up on damaged files in many ways
        raise InputFileError(f"{path} is damaged: it cannot be read to its end.", next_step=_AGAIN) from fault
    return filled


def refuse_other_files(path: Path) -> None:
    """Raises InputFileError for what is no plain XLSX workbook."""
    try:
        with path.open("rb") as stream:
            start = stream.read(len(_OLE))
        names = set(zipfile.ZipFile(path).namelist()) if zipfile.is_zipfile(path) else set()
    except OSError as fault:
        raise InputFileError(f"{path} cannot be read.", next_step="Name the worklist that was filled in.") from fault
    if start == _OLE:
        raise InputFileError(
            f"{path} is encrypted, or of the format before XLSX.", next_step="Save it as XLSX without a password."
        )
    if "mimetype" in names and "content.xml" in names:
        raise InputFileError(f"{path} is an OpenDocument file.", next_step="Save it as XLSX.")
    if "xl/workbook.xml" not in names:
        raise InputFileError(f"{path} is no XLSX workbook.", next_step="Name the worklist that was filled in.")
    if "xl/vbaProject.bin" in names:
        raise InputFileError(f"{path} holds macros.", next_step="Save it as XLSX, which holds none.")


@dataclass(frozen=True, slots=True)
class _Page:
    """A sheet of the workbook, its heading read: where it stands, and the column's number by its name."""

    title: str
    line: int
    columns: Mapping[str, int]
    sheet: Sheet | None

    def cell(self, column: str, line: int) -> str:
        """The address of a cell, such as B7."""
        return f"{get_column_letter(self.columns[column] + 1)}{line}"

    def text(self, row: Sequence[Any], column: str) -> str:
        """What stands in the column of a row; empty where nothing does."""
        number = self.columns.get(column)
        return (cell_text(row[number]) or "") if number is not None and number < len(row) else ""


def _read_page(path: Path, page: Any, rows: Iterable[tuple[int, Sequence[Any]]], filled: FilledWorkbook) -> None:
    lines = iter(rows)
    opened = _find_heading(page.title, lines, filled)
    if opened is None:
        return
    part = page._worksheet_path
    for reference in find_merged(path, part):
        filled.faults.append(WorklistFault(page.title, reference, "These cells are merged; unmerge them."))
    if find_locks(path, part):
        filled.faults.append(WorklistFault(page.title, "A1", "This sheet is protected; take the protection off."))
    missing = [column for column in ("mark", "note", *_ids_of(opened)) if column not in opened.columns]
    for column in missing:
        where = f"A{opened.line}"
        filled.faults.append(WorklistFault(page.title, where, f"The column {heading_of(column)} is missing."))
    if not missing:
        for line, row in lines:
            _read_row(opened, line, row, filled)


def _ids_of(page: _Page) -> Sequence[str]:
    return page.sheet.ids if page.sheet is not None else ()


def _find_heading(title: str, lines: Iterator[tuple[int, Sequence[Any]]], filled: FilledWorkbook) -> _Page | None:
    """The sheet after its heading was read; None for one that is not of a worklist, whose forecast's id is taken."""
    sheet = _BY_TITLE[match[1]] if (match := TITLES.fullmatch(title)) else None
    for line, row in lines:
        texts = [(cell_text(cell) or "").strip() for cell in row]
        names = [_COLUMNS.get(text.casefold()) for text in texts]
        if "row_key" in names or (sheet is not None and "mark" in names):
            return _open_page(title, line, names, sheet, filled)
        if texts and texts[0] == FORECAST_ID and len(texts) > 1:
            filled.forecast_id, filled.forecast_id_at = texts[1], (title, f"B{line}")
        if line >= LAST_HEADING_LINE:
            break
    if sheet is not None:
        filled.faults.append(WorklistFault(title, "A1", "The row of headings is missing."))
    elif filled.forecast_id_at[0] != title:
        filled.other_sheets.append(title)
    return None


def _open_page(
    title: str, line: int, names: Sequence[str | None], sheet: Sheet | None, filled: FilledWorkbook
) -> _Page | None:
    columns: dict[str, int] = {}
    for number, name in enumerate(names):
        if name in columns:
            where = f"{get_column_letter(number + 1)}{line}"
            filled.faults.append(WorklistFault(title, where, f"A second column is called {heading_of(name)}."))
            return None
        if name is not None:
            columns[name] = number
    if "row_key" not in columns:
        filled.faults.append(WorklistFault(title, f"A{line}", f"The column {heading_of('row_key')} is missing."))
        return None
    return _Page(title, line, columns, sheet)


def _read_row(page: _Page, line: int, row: Sequence[Any], filled: FilledWorkbook) -> None:
    mark, note, key = (page.text(row, column).strip() for column in ("mark", "note", "row_key"))
    if not key:
        if any(cell_text(cell) for cell in row):
            where = page.cell("row_key", line)
            filled.faults.append(
                WorklistFault(page.title, where, "This row has no row key, so nobody knows what it is.")
            )
        return
    sheet = _sheet_of(page, row, key)
    if sheet is None:
        where = page.cell(page.sheet.ids[0] if page.sheet is not None else "row_key", line)
        sentence = "The ids of this row are not those of its row key; they, or the key, were edited."
        filled.faults.append(WorklistFault(page.title, where, sentence))
        return
    if mark and mark.casefold() not in MARKS:
        where = page.cell("mark", line)
        sentence = f"The mark is {tell_cell(mark)}, which is none of {', '.join(MARKS)}."
        filled.faults.append(WorklistFault(page.title, where, sentence))
    elif mark or note:
        address = (page.title, line, page.cell("mark", line))
        marked = MarkedRow(sheet.name, key, mark.casefold() or None, note or None, *address)
        _keep(page, marked, filled)
    else:
        filled.unmarked[sheet.name] = filled.unmarked.get(sheet.name, 0) + 1


def _sheet_of(page: _Page, row: Sequence[Any], key: str) -> Sheet | None:
    """The sheet to which the row's key belongs, by its ids; None when the ids make no such key.

    A row may have been moved to another sheet, or its sheet may have been renamed.
    """
    likely = SHEETS if page.sheet is None else (page.sheet, *SHEETS)
    return next(
        (sheet for sheet in likely if sheet.key_of(page.text(row, column) for column in sheet.ids) == key), None
    )


def _keep(page: _Page, row: MarkedRow, filled: FilledWorkbook) -> None:
    earlier = filled.marked.setdefault(row.key, row)
    if earlier.mark != row.mark:
        where = page.cell("mark", row.line)
        sentence = f"This row stands in {earlier.title}, row {earlier.line:,}, too, with another mark."
        filled.faults.append(WorklistFault(page.title, where, sentence))
