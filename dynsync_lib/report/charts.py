"""Charts: an accessible drawing, a sentence, and the table behind it.

Facts
    * A drawing never stands alone: what it shows is also a sentence and a table.

Source: the outcomes and health words of `core.model`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from dynsync_lib.listing import counted
from dynsync_lib.report.forecast_tables import ForecastTables, Row, count_outcomes, sum_where
from dynsync_lib.report.pieces import Piece, make_id, render
from dynsync_lib.report.stacks import Legend, Stack, draw_both
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

OUTCOME_LEGEND: Final = Legend(OUTCOMES, OUTCOME_COLOURS)


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with its words and the table behind it; `behind` is what the table is called while it is folded.

    `narrow` is the drawing for phones; where it is empty, the wide one scrolls sideways there. `is_table_first`: the
    table stands above the drawing, not folded.
    """

    title: str
    sentence: str
    svg: Markup
    table: Piece
    behind: str = "The numbers behind it"
    narrow: Markup = Markup()  # noqa: RUF009 - a text, which nothing changes
    is_table_first: bool = False

    def as_piece(self) -> Piece:
        """The chart as a figure."""
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
    def name(self) -> str:
        """Such as "Accounts"."""
        return object_word(self.object, self.system).capitalize()

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
        f"{counted(total, 'record', 'records')}, each with exactly one outcome. "
        "Matched ones are counted at both ends of their pairs. Excluded and failing are never added together."
    )
    stacks = [Stack(bar.name, f"{bar.total:,} in {system_word(bar.system)}", bar.counts) for bar in bars]
    description = "; ".join(_say_bar(bar) for bar in bars)
    wide, narrow = draw_both(stacks, OUTCOME_LEGEND, title, description)
    return Chart(title, sentence, wide, show_table(outcome_grid(bars, "Records by outcome")), narrow=narrow).as_piece()


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
    return f"{bar.label}, {bar.total:,}: {parts}"
