"""Accessible HTML tables: a caption, column heads with a scope, and the whole number of rows even when few are shown.

Facts
    * Sorting and searching come from the report's script; without it (in JupyterLab, in print) the table is plain.
    * A table shows at most `limit` rows and says how many there are; all rows are in the forecast's files.
    * A missing number is an empty cell with a dash, read as "not known"; it is never a zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from dynsync_lib.report.pieces import Piece, make_id, render
from dynsync_lib.report.words import format_share

DEFAULT_LIMIT: Final = 200
Kind = Literal["text", "number", "share", "code", "id", "rule", "name"]
"""`id`: what tells a record, such as a GUID; not printed. `rule`: a rule's id, which leads to the catalogue. `name`:
customers' own words, which no language translates.
"""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of one column. `kind` decides how its cells are aligned, written and sorted."""

    title: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Badge:
    """A word with a tone (good, note, warn, bad, grey, plain). `rank` sorts it."""

    word: str
    tone: str
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines in one cell: the first and further ones in full ink, the second muted; `is_code`: the second is a name."""

    first: str
    second: str = ""
    is_code: bool = False
    further: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """A share from 0 to 1; `whole` says of what, such as "Dynamics contacts", and is empty when nobody knows."""

    share: float
    whole: str

    def __str__(self) -> str:
        return f"{format_share(self.share)} of {self.whole}" if self.whole else format_share(self.share)


@dataclass(frozen=True, slots=True)
class Link:
    """A text that opens an address outside of the page, such as a record in its CRM."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One finished cell: what is shown, and what it is sorted by (None: by what is shown)."""

    text: str
    sort: str | None = None
    tone: str | None = None
    second: str = ""
    is_code: bool = False
    is_missing: bool = False
    url: str = ""
    further: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """A table before it is HTML. `rows` hold text, numbers, badges or None; `total` is the number of rows there are.

    `is_stacked`: where the screen is narrow, the cells of a row stand one below the other, each under its head.
    `anchor`: links lead to a row by this word and its first cell, such as `#rule-record.create`; empty where none do.
    """

    caption: str
    heads: Sequence[Head]
    rows: Sequence[Sequence[Any]]
    unit: str = "rows"
    total: int | None = None
    empty: str = "There is nothing to show."
    limit: int = DEFAULT_LIMIT
    row_heads: int = 1
    note: str = ""
    classes: Sequence[str] = field(default=())
    is_stacked: bool = True
    anchor: str = ""


def show_table(grid: Grid) -> Piece:
    """The table as HTML; the sentence is its caption."""
    shown = [list(row) for row in grid.rows[: grid.limit]]
    total = len(grid.rows) if grid.total is None else grid.total
    cells = [[_cell(value, head.kind) for value, head in zip(row, grid.heads, strict=True)] for row in shown]
    id_ = make_id("table", f"{grid.caption}{grid.heads}{shown}{grid.note}")
    return Piece(render("table", id=id_, grid=grid, rows=cells, shown=len(shown), total=total), grid.caption)


def _cell(value: Any, kind: Kind) -> Cell:
    if value is None or (isinstance(value, float) and value != value):
        return Cell("–", sort="", is_missing=True)
    if isinstance(value, Badge):
        return Cell(value.word, sort=str(value.rank), tone=value.tone)
    if isinstance(value, Link):
        return Cell(value.text, url=value.url)
    if isinstance(value, Lines):
        return Cell(value.first, second=value.second, is_code=value.is_code, further=value.further)
    if isinstance(value, Share):
        second = f"of {value.whole}" if value.whole else ""
        return Cell(format_share(value.share), sort=repr(value.share), second=second)
    if kind == "share":
        return Cell(format_share(float(value)), sort=repr(float(value)))
    if kind == "number":
        return Cell(f"{value:,}" if isinstance(value, int) else f"{value:,.1f}", sort=repr(value))
    return Cell(str(value))
