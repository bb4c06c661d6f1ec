"""Texts that are no text: what programs write where nothing is, and what spreadsheets show in place of a value.

Facts
    * Databases and programs export nothing as `NULL`, `nan` or `None`, spreadsheets a fault as `#N/A`, a long number as
      `4.91715E+12`, and what is too wide for its column as `########`. An apostrophe or `="..."` makes a
      spreadsheet take a cell for text; some programs write it into files.
    * A CRM may hold such a text itself, so it stays as it is; how many, and the first line, is said of each column.

Where it is used: `portals.files.file_rows`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from dynsync_lib.portals.files.headings import Heading

_Doubt = Literal["nothing", "fault", "shortened", "marked"]
_WORDS: Final[dict[str, _Doubt]] = {
    **dict.fromkeys(
        ("NULL", "null", "Null", "(null)", "[NULL]", "\\N", "nan", "NaN", "None", "<NA>", "NaT"), "nothing"
    ),
    **dict.fromkeys(("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"), "fault"),
    **dict.fromkeys(("#NV", "#BEZUG!", "#WERT!", "#ZAHL!"), "fault"),
}
_MARKS: Final = "'="
_SHORTENED: Final = re.compile(r"[+-]?\d(?:[.,]\d+)?[eE]\+\d+|#{3,}")
_MARKED: Final = re.compile(r"""'(?:[=+@\-\d]|[^'\s]+@).*|="[^"]*\"""", re.DOTALL)
_MEANINGS: Final[dict[_Doubt, str]] = {
    "nothing": "say that nothing is there, such as NULL,",
    "fault": "are errors of a spreadsheet, such as #N/A,",
    "shortened": "a spreadsheet shortened, such as 1.2E+11 or ####,",
    "marked": "bear a spreadsheet's mark of texts, such as '+49 or =\"049\",",
}


@dataclass(slots=True)
class DoubtfulTexts:
    """Counts such cells of the columns of texts, by column and kind."""

    columns: Sequence[Heading]
    _counts: dict[tuple[int, _Doubt], int] = field(default_factory=dict)
    _first_lines: dict[tuple[int, _Doubt], int] = field(default_factory=dict)

    def look(self, cells: Sequence[str | None], place_number: int) -> None:
        """Counts the doubtful cells of one line."""
        for column in self.columns:
            cell = cells[column.position]
            if cell is not None and (
                cell in _WORDS or cell[0] in _MARKS or "E+" in cell or "e+" in cell or "##" in cell
            ):
                self._take(column.position, cell, place_number)

    def _take(self, position: int, cell: str, place_number: int) -> None:
        doubt = _doubt(cell)
        if doubt is not None:
            self._counts[position, doubt] = self._counts.get((position, doubt), 0) + 1
            self._first_lines.setdefault((position, doubt), place_number)

    def counted(self) -> Iterator[tuple[str, int, int]]:
        """Of each column and kind: what the cells are, how many, and where the first stands (`Line.place_number`)."""
        texts = {column.position: column.text for column in self.columns}
        for (position, doubt), count in self._counts.items():
            yield f"{texts[position]}: texts that {_MEANINGS[doubt]}", count, self._first_lines[position, doubt]


def _doubt(cell: str) -> _Doubt | None:
    if _SHORTENED.fullmatch(cell.strip()):
        return "shortened"
    return "marked" if _MARKED.fullmatch(cell) else _WORDS.get(cell)


def text_columns(columns: Iterable[Heading], read: Iterable[int]) -> list[Heading]:
    """The columns whose cells are stored as they are; `read` are the positions of those that are converted."""
    converted = set(read)
    return [column for column in columns if column.position not in converted]
