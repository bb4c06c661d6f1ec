"""Ranked bars: which fields are overwritten most, and which open questions move the most records.

Facts
    * Bars share one scale, begin at zero, and carry their number.
    * At most ten bars are drawn; the table behind holds all of them.

Source: the tables `changes` and `sensitivity` of the forecast.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from dynsync_lib.core.model import ChangeKind
from dynsync_lib.report.charts import Chart
from dynsync_lib.report.forecast_tables import ForecastTables, is_held_back, sum_counts
from dynsync_lib.report.pieces import Piece, make_id, render
from dynsync_lib.report.svg import MUTED, open_canvas, save_svg, write
from dynsync_lib.report.tables import Grid, Head, show_table
from dynsync_lib.report.words import counted, records_word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH: Final = 860.0
_LEFT: Final = 330.0
_LONGEST: Final = 440.0
_ROW: Final = 30.0
_HIGH_ROW: Final = 38.0
_LINE: Final = 15.0
_MOST: Final = 10
_LABEL_CHARACTERS: Final = 46
_NARROW: Final = 350.0
_NARROW_LONGEST: Final = 290.0
_NARROW_ROW: Final = 34.0
_NARROW_CHARACTERS: Final = 46
_FIELD: Final = ("object", "target_system", "target_field")
_STRONG, _WEAK = "#e69f00", "#56b4e9"


@dataclass(frozen=True, slots=True)
class Ranked:
    """One bar and its number."""

    label: str
    count: int


def overwrite_bars(forecast: ForecastTables) -> Piece:
    """The fields in which most values are overwritten; a sentence when none is."""
    changes = forecast.counts("changes", [*_FIELD, "kind", "note"])
    overwritten = [row for row in changes if row["kind"] == ChangeKind.OVERWRITE and not is_held_back(row)]
    fields = itertools.groupby(overwritten, key=lambda row: tuple(row[name] for name in _FIELD))
    bars = _rank(
        Ranked(f"{records_word(object_, system)}: {field}", sum_counts(rows))
        for (object_, system, field), rows in fields
    )
    title = "Where values are overwritten"
    if not bars:
        return Piece(render("empty", sentence="No value of a matched record is overwritten."), title)
    total = counted(sum_counts(overwritten), "value is", "values are")
    sentence = f"{total} replaced, in {counted(len(bars), 'field', 'fields')}."
    return ranked_chart(title, sentence, bars, ("Field", "Values overwritten"), _STRONG)


def assumption_bars(forecast: ForecastTables) -> Piece:
    """The open questions by the most records that one of their other choices moves; a sentence when none does."""
    questions = forecast.info.get("questions") or {}
    most: dict[str, int] = {}
    for row in forecast.rows("sensitivity"):
        name = row["assumption_id"]
        most[name] = max(most.get(name, 0), int(row["outcomes_changed"] or 0))
    bars = _rank(Ranked(questions.get(name, name), moved) for name, moved in most.items() if moved)
    title = "How far the open questions move the result"
    if not bars:
        return Piece(render("empty", sentence="No other choice of an open question moves a record."), title)
    sentence = (
        f"{len(bars):,} of {counted(len(most), 'open question matters', 'open questions matter')} for this data; "
        f"the largest moves {counted(bars[0].count, 'record', 'records')}."
    )
    return ranked_chart(title, sentence, bars, ("Open question", "Records that move"), _WEAK)


def _rank(bars: Iterable[Ranked]) -> list[Ranked]:
    return sorted(bars, key=lambda bar: (-bar.count, bar.label))


def ranked_chart(title: str, sentence: str, bars: Sequence[Ranked], heads: tuple[str, str], colour: str) -> Piece:
    """The first ten bars on the scale of the first, which is the longest, with the table of all of them."""
    grid = Grid(title, [Head(heads[0]), Head(heads[1], "number")], [[bar.label, bar.count] for bar in bars])
    wide, narrow = (draw(title, bars[:_MOST], colour) for draw in (_draw, _draw_narrow))
    return Chart(title, sentence, wide, show_table(grid), narrow=narrow).as_piece()


def _draw(title: str, bars: Sequence[Ranked], colour: str) -> Markup:
    row = _HIGH_ROW if any(len(_lines(bar.label)) > 1 for bar in bars) else _ROW
    figure, axes = open_canvas(_WIDTH, row * len(bars) + 8)
    for index, bar in enumerate(bars):
        _draw_bar(axes, bar, 4 + row * index + (row - _ROW) / 2, bars[0].count, colour)
    return _save(figure, title, bars, "ranked")


def _draw_narrow(title: str, bars: Sequence[Ranked], colour: str) -> Markup:
    """For phones: each label above its bar."""
    labels = [textwrap.wrap(bar.label, _NARROW_CHARACTERS, max_lines=3, placeholder=" …") for bar in bars]
    heights = [_LINE * len(lines) + _NARROW_ROW for lines in labels]
    figure, axes = open_canvas(_NARROW, sum(heights) + 8)
    y = 4.0
    for bar, lines, height in zip(bars, labels, heights, strict=True):
        for number, line in enumerate(lines):
            write(axes, 0, y + 8 + _LINE * number, line)
        _draw_length(axes, 0, y + _LINE * len(lines) + 2, max(1.0, _NARROW_LONGEST * bar.count / bars[0].count), colour)
        write(axes, _NARROW, y + _LINE * len(lines) + 13, f"{bar.count:,}", color=MUTED, ha="right")
        y += height
    return _save(figure, title, bars, "ranked-narrow")


def _save(figure: Figure, title: str, bars: Sequence[Ranked], kind: str) -> Markup:
    description = "; ".join(f"{bar.label}: {bar.count:,}" for bar in bars)
    return save_svg(figure, id_=make_id(kind, title + description), title=title, description=f"{description}.")


def _draw_length(axes: Axes, x: float, y: float, width: float, colour: str) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((x, y), width, 22, facecolor=colour, linewidth=0))


def _draw_bar(axes: Axes, bar: Ranked, y: float, most: int, colour: str) -> None:
    width = max(1.0, _LONGEST * bar.count / most)
    lines = _lines(bar.label)
    for number, line in enumerate(lines):
        write(axes, _LEFT - 12, y + 11 + _LINE * (number - (len(lines) - 1) / 2), line, ha="right")
    _draw_length(axes, _LEFT, y, width, colour)
    write(axes, _LEFT + width + 8, y + 11, f"{bar.count:,}", color=MUTED)


def _lines(label: str) -> list[str]:
    return textwrap.wrap(label, _LABEL_CHARACTERS, max_lines=2, placeholder=" …")
