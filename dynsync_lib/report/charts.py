"""Charts: an accessible drawing, a sentence, and the table behind it.

Facts
    * A drawing never stands alone: what it shows is also a sentence and a table.
    * Bars are drawn to scale; a part too small for its number is written out at the end of its bar.

Source: the outcomes and health words of `core.model`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from dynsync_lib.report.forecast_tables import ForecastTables, Row, count_outcomes, sum_where
from dynsync_lib.report.pieces import Piece, make_id, render
from dynsync_lib.report.svg import INK, MUTED, PAPER, open_canvas, save_svg, text_colour, write
from dynsync_lib.report.tables import Grid, Head, show_table
from dynsync_lib.report.words import (
    OUTCOME_COLOURS,
    OUTCOMES,
    SYSTEMS,
    object_rank,
    object_word,
    rank_of,
    records_word,
    system_word,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH: Final = 860.0
_LEFT: Final = 205.0
_BAR: Final = 470.0
_ROW: Final = 46.0
_TOP: Final = 40.0
_THIN: Final = 0.07
"""A part below this share of its bar is written at the bar's end instead of inside."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with its words and the table behind it; `behind` is what the table is called while it is folded."""

    title: str
    sentence: str
    svg: Markup
    table: Piece
    behind: str = "The numbers behind it"

    def as_piece(self) -> Piece:
        """The chart as a figure whose table folds out."""
        id_ = make_id("chart", f"{self.title}{self.sentence}{self.svg}")
        return Piece(render("chart", id=id_, chart=self), self.sentence)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: the records of an object on one side, by outcome."""

    object: str
    system: str
    counts: tuple[tuple[str, int], ...]

    @property
    def label(self) -> str:
        """Such as "Dynamics accounts"."""
        return records_word(self.object, self.system)

    @property
    def total(self) -> int:
        """All records of the bar."""
        return sum(count for _, count in self.counts)


def outcome_bars(forecast: ForecastTables) -> Piece:
    """One bar per object and side, parted by outcome; an empty forecast gives a sentence instead of a drawing.

    >>> kit.outcome_bars(kit.open_forecast("out/demo/forecast"))
    3,871 records, each with exactly one outcome. Matched ones are counted at both ends of their pairs. ...
    """
    bars = read_bars(count_outcomes(forecast))
    title = "What happens to each kind of record"
    if not bars:
        return Piece(render("empty", sentence=f"{title}: the forecast holds no records."), title)
    total = sum(bar.total for bar in bars)
    sentence = (
        f"{total:,} records, each with exactly one outcome. Matched ones are counted at both ends of their pairs. "
        "Excluded and failing are never added together."
    )
    svg = _draw_bars(bars, title, "; ".join(_say_bar(bar) for bar in bars))
    return Chart(title, sentence, svg, show_table(outcome_grid(bars, "Records by outcome"))).as_piece()


def read_bars(rows: Sequence[Row]) -> list[Bar]:
    """The bars of the summary, in the order of the sync; kinds of record that do not occur are left out."""
    pairs = sorted(
        {(row["object"], row["system"]) for row in rows},
        key=lambda pair: (object_rank(pair[0]), rank_of(pair[1], SYSTEMS)),
    )
    bars = [
        Bar(
            object_,
            system,
            tuple((outcome, sum_where(rows, object=object_, system=system, outcome=outcome)) for outcome in OUTCOMES),
        )
        for object_, system in pairs
    ]
    return [bar for bar in bars if bar.total]


def outcome_grid(bars: Sequence[Bar], caption: str) -> Grid:
    """The table behind the bars: one row per object and side, one column per outcome."""
    heads = [Head("Records"), Head("Total", "number"), *(Head(word, "number") for word in OUTCOMES.values())]
    rows = [[bar.label, bar.total, *(count for _, count in bar.counts)] for bar in bars]
    return Grid(caption, heads, rows, unit="kinds of record")


def _say_bar(bar: Bar) -> str:
    parts = ", ".join(f"{count:,} {OUTCOMES[outcome].lower()}" for outcome, count in bar.counts if count)
    return f"{bar.total:,} {bar.label}: {parts}"


def _draw_bars(bars: Sequence[Bar], title: str, description: str) -> Markup:
    figure, axes = open_canvas(_WIDTH, _TOP + _ROW * len(bars) + 6)
    _draw_legend(axes)
    for index, bar in enumerate(bars):
        _draw_bar(axes, bar, _TOP + _ROW * index + 8)
    return save_svg(figure, id_=make_id("bars", description), title=title, description=f"{description}.")


def _draw_legend(axes: Axes) -> None:
    from matplotlib.patches import Rectangle

    x = 0.0
    for outcome, word in OUTCOMES.items():
        axes.add_patch(Rectangle((x, 6), 12, 12, facecolor=OUTCOME_COLOURS[outcome], linewidth=0))
        write(axes, x + 18, 12, word, fontsize=12)
        x += 40 + 7.4 * len(word)


def _draw_bar(axes: Axes, bar: Bar, y: float) -> None:
    from matplotlib.patches import Rectangle

    write(axes, 0, y + 8, object_word(bar.object, bar.system).capitalize(), fontsize=13, fontweight="bold")
    write(axes, 0, y + 25, f"{bar.total:,} in {system_word(bar.system)}", fontsize=12, color=MUTED)
    x, small = _LEFT, []
    for outcome, count in bar.counts:
        width = _BAR * count / bar.total
        if not count:
            continue
        colour = OUTCOME_COLOURS[outcome]
        axes.add_patch(Rectangle((x, y), width, 30, facecolor=colour, edgecolor=PAPER, linewidth=1.2))
        if count / bar.total < _THIN:
            small.append(f"{count:,} {OUTCOMES[outcome].split(', ')[-1].lower()}")
        else:
            write(axes, x + width / 2, y + 15, f"{count:,}", ha="center", color=text_colour(colour))
        x += width
    for line, words in enumerate(_two_lines(small)):
        write(axes, _LEFT + _BAR + 10, y + (15 if len(small) < 2 else 7.5 + 16 * line), words, fontsize=11, color=INK)


def _two_lines(words: Sequence[str]) -> list[str]:
    half = (len(words) + 1) // 2
    return [" · ".join(part) for part in (words[:half], words[half:]) if part]
