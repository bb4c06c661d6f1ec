"""Ranked bars: which open questions move the most records, how full fields are, and funnels.

Facts
    * Bars share one scale, begin at zero, and carry their number.
    * At most ten bars are drawn, unless they are steps; the table behind holds all of them.

Where it is used: `report.views`, `report.funnel`, `report.origin_funnel`, `report.profiles`, `report.sides`.

Source: the table `sensitivity` of the forecast.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from dynsync_lib.listing import counted
from dynsync_lib.report.charts import Chart
from dynsync_lib.report.forecast_tables import ForecastTables, most_moved
from dynsync_lib.report.pieces import Piece, make_id, render
from dynsync_lib.report.svg import LABEL_CHARACTERS, LINE, MUTED, open_canvas, save_svg, wrap, write, write_lines
from dynsync_lib.report.tables import Grid, Head, show_table
from dynsync_lib.report.words import split_question

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH: Final = 860.0
_LEFT: Final = 330.0
_LONGEST: Final = 440.0
_ROW: Final = 30.0
_HIGH_ROW: Final = 38.0
_MOST: Final = 10
_NARROW: Final = 350.0
_NARROW_ROW: Final = 34.0
_CHARACTER: Final = 7.7
"""How wide a digit is."""
_COLOUR: Final = "#56b4e9"


@dataclass(frozen=True, slots=True)
class Ranked:
    """One bar and its number; `note` stands behind the number, `colour` is the bar's own where it has one.

    `unknown` stands in place of a number that nobody knows.
    """

    label: str
    count: int
    note: str = ""
    colour: str = ""
    unknown: str = ""

    @property
    def says(self) -> str:
        """The number and its note."""
        return self.unknown or " · ".join(filter(None, (f"{self.count:,}", self.note)))


def assumption_bars(forecast: ForecastTables) -> Piece:
    """The open questions by the most records that one of their other choices moves; a sentence when none does.

    >>> kit.assumption_bars(kit.open_forecast("out/demo/forecast"))
    17 of 33 open questions matter for this data; the largest moves 574 records. The ten largest are drawn.
    """
    questions = forecast.info.get("questions") or {}
    most = most_moved(forecast)
    bars = _rank(Ranked(split_question(questions.get(name, name))[0], moved) for name, moved in most.items() if moved)
    title = "How far the open questions move the result"
    if not bars:
        return Piece(render("empty", sentence="No other choice of an open question moves a record."), title)
    sentence = (
        f"{len(bars):,} of {counted(len(most), 'open question matters', 'open questions matter')} for this data; "
        f"the largest moves {counted(bars[0].count, 'record', 'records')}."
    )
    return ranked_chart(title, sentence, bars, ("Open question", "Records that move"), _COLOUR)


def _rank(bars: Iterable[Ranked]) -> list[Ranked]:
    return sorted(bars, key=lambda bar: (-bar.count, bar.label))


def ranked_chart(title: str, sentence: str, bars: Sequence[Ranked], heads: tuple[str, str], colour: str) -> Piece:
    """The first ten bars on the scale of the longest, with the table of all of them."""
    grid = Grid(title, [Head(heads[0]), Head(heads[1], "number")], [[bar.label, bar.count] for bar in bars])
    wide, narrow = draw_ranked(title, bars[:_MOST], colour)
    sentence = f"{sentence} The ten largest are drawn." if len(bars) > _MOST else sentence
    return Chart(title, sentence, wide, show_table(grid), narrow=narrow).as_piece()


def draw_ranked(title: str, bars: Sequence[Ranked], colour: str, *, full: int = 0) -> tuple[Markup, Markup]:
    """All of the bars twice: for wide screens, and for phones, where each label stands above its bar.

    A whole bar means `full` records; where that is 0, those of the longest.
    """
    most = full or max(1, *(bar.count for bar in bars))
    return _draw_wide(title, bars, colour, most), _draw_narrow(title, bars, colour, most)


def _draw_wide(title: str, bars: Sequence[Ranked], colour: str, most: int) -> Markup:
    lines = [wrap(bar.label, LABEL_CHARACTERS) for bar in bars]
    row = _HIGH_ROW if any(len(own) > 1 for own in lines) else _ROW
    longest = min(_LONGEST, _WIDTH - _LEFT - 8 - _widest(bars))
    figure, axes = open_canvas(_WIDTH, row * len(bars) + 8)
    for index, bar in enumerate(bars):
        y = 4 + row * index + (row - _ROW) / 2
        write_lines(axes, _LEFT - 12, y + 11, lines[index], ha="right")
        width = _draw_length(axes, bar, (_LEFT, y), longest, most, colour)
        write(axes, _LEFT + width + 8, y + 11, bar.says, color=MUTED)
    return _save(figure, title, bars, "ranked")


def _draw_narrow(title: str, bars: Sequence[Ranked], colour: str, most: int) -> Markup:
    labels = [wrap(bar.label, LABEL_CHARACTERS, 3) for bar in bars]
    heights = [LINE * len(lines) + _NARROW_ROW for lines in labels]
    longest = _NARROW - 12 - _widest(bars)
    figure, axes = open_canvas(_NARROW, sum(heights) + 8)
    y = 4.0
    for bar, lines, height in zip(bars, labels, heights, strict=True):
        top = y + LINE * len(lines) + 2
        write_lines(axes, 0, (y + top) / 2, lines)
        _draw_length(axes, bar, (0, top), longest, most, colour)
        write(axes, _NARROW, top + 11, bar.says, color=MUTED, ha="right")
        y += height
    return _save(figure, title, bars, "ranked-narrow")


def _widest(bars: Sequence[Ranked]) -> float:
    """The room that the longest number with its note takes, in pixels."""
    return max(_CHARACTER * len(bar.says) for bar in bars)


def _save(figure: Figure, title: str, bars: Sequence[Ranked], kind: str) -> Markup:
    description = "; ".join(f"{bar.label}: {bar.says}" for bar in bars)
    return save_svg(figure, id_=make_id(kind, title + description), title=title, description=f"{description}.")


def _draw_length(axes: Axes, bar: Ranked, corner: tuple[float, float], longest: float, most: int, colour: str) -> float:
    """Draws the length of a bar, at least a pixel where there is anything, and gives it back."""
    from matplotlib.patches import Rectangle

    width = max(1.0, longest * bar.count / most) if bar.count else 0.0
    if width:
        axes.add_patch(Rectangle(corner, width, 22, facecolor=bar.colour or colour, linewidth=0))
    return width
