"""New Excel workbooks that are safe to open, row after row in little memory, and the same bytes for the same rows.

Facts
    * Every text is a text: nothing in a cell is taken for a formula or a link, and cells are safe to save as CSV, too
      (`workbooks.safe_cells`). A link is one only where a column is said to hold links.
    * Excel's limits are kept here, since xlsxwriter drops what is beyond them, and only a return value says so: of a
      longer text the beginning is written with a word that it was cut; a link beyond the most of a sheet, or too long
      to be one, is written as its text.
    * The moment of making is not in a workbook.

Where it is used: `verification.receipt_workbook`, `go_live.pack`, `worklist.write_workbook`,
`mapping_editor.mapping_workbook`.

Source: Excel specifications and limits, support.microsoft.com; xlsxwriter's pages on `write_url` and `write_string`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from dynsync_lib.folders.private_files import private_files
from dynsync_lib.workbooks.bounds import MOST_ROWS
from dynsync_lib.workbooks.safe_cells import safe_cell

_MADE_AT: Final = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_TEXTS_ONLY: Final = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_LONGEST_TEXT: Final = 32_767
_LONGEST_LINK: Final = 2_079
_ADDRESSES: Final = ("https://", "http://")
_CUT: Final = " … (cut: Excel holds no more in a cell)"


@dataclass(frozen=True, slots=True)
class Limits:
    """The most of one sheet: `rows` with its heading, and `links`. Excel's own unless a test wants fewer."""

    rows: int = MOST_ROWS
    links: int = 65_530


EXCEL: Final = Limits()


@contextmanager
def new_workbook(out: Path, title: str) -> Iterator[xlsxwriter.Workbook]:
    """A workbook that is written to the file `out`, private, when the block ends. Rows are written in their order."""
    with private_files(), xlsxwriter.Workbook(str(out), {"constant_memory": True, **_TEXTS_ONLY}) as book:
        book.set_properties({"created": _MADE_AT, "title": title})
        yield book


def tall_heading(book: xlsxwriter.Workbook) -> Any:
    """The format of a heading whose words may need several lines."""
    return book.add_format({"bold": True, "text_wrap": True, "valign": "top"})


class NewSheet:
    """A sheet with a heading that stays in sight, to which rows are added.

    `columns` are heading and width of each. Those whose heading is among `links` hold web addresses, or texts that are
    none. `rows` is how many rows stand below the heading, and `first_text_link` the number, as Excel counts, of the
    first row in which a link is a mere text because the sheet had too many; None where there is none.
    """

    def __init__(
        self,
        book: xlsxwriter.Workbook,
        name: str,
        columns: Sequence[tuple[str, int]],
        *,
        heading: Any,
        links: Sequence[str] = (),
        limits: Limits = EXCEL,
    ) -> None:
        self.sheet = book.add_worksheet(name)
        self.rows = 0
        self.first_text_link: int | None = None
        self._limits = limits
        self._links = [number for number, (title, _) in enumerate(columns) if title in links]
        self._links_left = limits.links
        for number, (_, width) in enumerate(columns):
            self.sheet.set_column(number, number, width)
        self.sheet.freeze_panes(1, 0)
        for number, (title, _) in enumerate(columns):
            self.sheet.write_string(0, number, title, heading)

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another row."""
        return self.rows + 1 >= self._limits.rows

    def add(self, row: Sequence[object]) -> None:
        """Writes the next row; null is an empty cell."""
        self.rows += 1
        for number, value in enumerate(row):
            if number in self._links and str(value).startswith(_ADDRESSES):
                self._add_link(number, str(value))
            elif isinstance(value, int | float) and not isinstance(value, bool):
                self.sheet.write_number(self.rows, number, value)
            elif value is not None:
                self.sheet.write_string(self.rows, number, cell_of(value))

    def _add_link(self, number: int, link: str) -> None:
        """Writes the address itself as the cell's text, so that it can be read where it is no link any more."""
        if self._links_left and len(link) <= _LONGEST_LINK:
            self._links_left -= 1
            self.sheet.write_url(self.rows, number, link, string=link)
            return
        if self.first_text_link is None:
            self.first_text_link = self.rows + 1
        self.sheet.write_string(self.rows, number, cell_of(link))


def cell_of(value: object) -> str:
    """The text that is written into a cell: no formula, and no longer than Excel holds."""
    text = safe_cell(value)
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - len(_CUT)]}{_CUT}"
