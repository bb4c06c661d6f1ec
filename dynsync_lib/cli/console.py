"""How things look on a terminal, and as JSON.

Where it is used: the modules of commands and of their words.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from dynsync_lib.messages import hide_everywhere, hide_secrets, show_controls


class _Screen(Console):
    """A terminal that shows customers' texts as texts: no markup, no control character, no secret in use."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The pieces of what is printed."""
        shown = hide_secrets(renderable) if isinstance(renderable, str) else renderable
        for piece in super().render(shown, options):
            plain = piece.text if piece.control else show_controls(hide_secrets(piece.text))
            yield Segment(plain, piece.style, piece.control)


out = _Screen(soft_wrap=True)
err = _Screen(stderr=True, soft_wrap=True)
MOST_LINES: Final = 20
"""What is printed of a list that --json or a file has whole."""
_COUNTS: Final = (
    "rows",
    "records",
    "before",
    "after",
    "gone",
    "new",
    "changed",
    "additional",
    "no longer",
    "otherwise",
)
"""Headings of columns that hold numbers."""
_CONTROL: Final = re.compile(r"[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What `json.dumps` leaves as it is, and a terminal obeys."""


def plain(text: str) -> Text:
    """A cell of a table, whose width is counted before it is shown."""
    return Text(show_controls(hide_secrets(text)))


def say(sentence: str) -> None:
    """One line for a person."""
    out.print(sentence)


def print_first(lines: Sequence[str], rest: str, *, total: int | None = None) -> None:
    """The first twenty lines; where there are more, or `total` is larger, how many more, and in `rest` where they are.

    Such as "... and 5 more; --json names all."
    """
    for line in lines[:MOST_LINES]:
        out.print(line)
    print_rest((len(lines) if total is None else total) - MOST_LINES, rest)


def print_rest(more: int, rest: str) -> None:
    """How many more there are than were printed, and where they are; nothing where there are none."""
    if more > 0:
        out.print(f"... and {more:,} more; {rest}.")


def print_as_is(line: str) -> None:
    """One line as it is, secrets of an emulator included, at once: programs read it before the command ends."""
    print(line, flush=True)


def print_json(value: Mapping[str, Any]) -> None:
    """One JSON object on standard output."""
    text = json.dumps(hide_everywhere(value), indent=2, ensure_ascii=False, default=str)
    print(_CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text))


def print_table(columns: list[str], rows: list[list[str]]) -> None:
    """A table without lines; cells are text, never markup."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", justify="right" if column in _COUNTS else "left")
    for row in rows:
        table.add_row(*(plain(cell) for cell in row))
    show_table(table)


def show_table(table: Table) -> None:
    """A finished table, as wide as the terminal; wide enough for sentences where it is none."""
    _Screen(width=None if sys.stdout.isatty() else 160).print(table)


def print_rows(columns: list[str], rows: list[dict[str, Any]]) -> None:
    """Rows by column name; null is an empty cell."""
    print_table(columns, [["" if row[name] is None else str(row[name]) for name in columns] for row in rows])
