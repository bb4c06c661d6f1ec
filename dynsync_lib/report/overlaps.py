"""Which problems come together: records by the set of their problems.

Facts
    * Each record is counted once, in the row of exactly its problems; a record without one is in no row.
    * At most twelve sets are drawn, the most frequent first; the table behind holds all of them.
    * That another answer to an open question would move a record is no problem of the record, and not among them.

Not modelled
    * Problems of a portal or of a mapping, which are nobody's record: the findings have those.

Source: the tables `outcomes`, `changes`, `links` and `near_names` of the forecast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from dynsync_lib.listing import counted
from dynsync_lib.report.charts import Chart
from dynsync_lib.report.forecast_tables import ForecastTables, Row, count_outcomes, sum_where
from dynsync_lib.report.pieces import Piece, make_id, render
from dynsync_lib.report.svg import INK, MUTED, open_canvas, save_svg, write
from dynsync_lib.report.tables import Grid, Head, show_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PROBLEMS: Final[Mapping[str, str]] = {
    "failing": "will be refused",
    "shadowed": "silently left out",
    "kept_out": "no key or mapped stage",
    "overwritten": "a value is overwritten",
    "association_lost": "an association is lost",
    "near_name": "a company of a like name",
}
_TITLE: Final = "Which problems come together"
_MOST_SETS: Final = 12
_WIDE, _NARROW = 860.0, 350.0
_COLUMN: Final = 22.0
_LINE: Final = 19.0
_ROW: Final = 24.0
_DOT: Final = 6.5
_BAR: Final = "#56b4e9"


def issue_overlaps(forecast: ForecastTables) -> Piece:
    """Records by the set of their problems, the most frequent set first; a sentence when no record has one.

    Cost: one pass over the outcomes, changes and associations.

    >>> kit.issue_overlaps(kit.open_forecast("out/demo/forecast"))
    717 of 3,871 records have a problem, 34 more than one. Most often together: a value is overwritten + an ...
    """
    sets = list(forecast.problem_sets())
    if not sets:
        return Piece(render("empty", sentence="No record has a problem."), _TITLE)
    records = sum_where(count_outcomes(forecast))
    shown = sets[:_MOST_SETS]
    description = "; ".join(f"{_say_set(row)}: {row['count']:,}" for row in shown)
    wide, narrow = (_draw(shown, _count_each(sets), width, f"{description}.") for width in (_WIDE, _NARROW))
    sentence = _sentence(sets, records)
    sentence = f"{sentence} The twelve most frequent sets are drawn." if sets[_MOST_SETS:] else sentence
    return Chart(_TITLE, sentence, wide, _table(sets), narrow=narrow).as_piece()


def _count_each(sets: Sequence[Row]) -> dict[str, int]:
    """How many records have each problem, alone or with others, in the order of the problems; those that occur."""
    counts = {problem: sum(row["count"] for row in sets if problem in row["problems"]) for problem in PROBLEMS}
    return {problem: count for problem, count in counts.items() if count}


def _say_set(row: Row) -> str:
    return " + ".join(PROBLEMS[problem] for problem in PROBLEMS if problem in row["problems"])


def _sentence(sets: Sequence[Row], records: int) -> str:
    several = [row for row in sets if len(row["problems"]) > 1]
    total = sum(row["count"] for row in sets)
    said = f"{total:,} of {counted(records, 'record has', 'records have')} a problem"
    if not several:
        return f"{said}, none more than one."
    together = sum(row["count"] for row in several)
    return f"{said}, {together:,} more than one. Most often together: {_say_set(several[0])} ({several[0]['count']:,})."


def _table(sets: Sequence[Row]) -> Piece:
    rows: list[list[Any]] = [[_say_set(row), len(row["problems"]), row["count"]] for row in sets]
    heads = [Head("Problems"), Head("How many problems", "number"), Head("Records", "number")]
    return show_table(Grid("Records by the set of their problems", heads, rows, unit="sets"))


def _draw(sets: Sequence[Row], totals: Mapping[str, int], width: float, description: str) -> Markup:
    """The problems, a line each, leading down to a column of dots; then a row for each set, with its bar."""
    columns = {problem: _COLUMN * (index + 0.5) for index, problem in enumerate(totals)}
    top = _LINE * len(columns) + 10
    figure, axes = open_canvas(width, top + _ROW * len(sets) + 4)
    bottom = top + _ROW * (len(sets) - 0.5)
    for index, (problem, x) in enumerate(columns.items()):
        y = _LINE * (index + 0.5)
        _draw_lead(axes, x, y, _COLUMN * len(columns), bottom)
        write(axes, _COLUMN * len(columns) + 6, y, f"{PROBLEMS[problem]}: {totals[problem]:,}")
    for index, row in enumerate(sets):
        _draw_set(axes, row, columns, top + _ROW * (index + 0.5), width, sets[0]["count"])
    id_ = make_id("overlaps", f"{description}{width}")
    return save_svg(figure, id_=id_, title=_TITLE, description=description)


def _draw_lead(axes: Axes, x: float, y: float, right: float, bottom: float) -> None:
    """The line from the words of a problem to its column, down to the last row."""
    axes.plot([right, x, x], [y, y, bottom], color=MUTED, linewidth=0.8, alpha=0.6, solid_joinstyle="round")


def _draw_set(axes: Axes, row: Row, columns: Mapping[str, float], y: float, width: float, most: int) -> None:
    from matplotlib.patches import Circle, Rectangle

    dots = [x for problem, x in columns.items() if problem in row["problems"]]
    axes.plot([dots[0], dots[-1]], [y, y], color=INK, linewidth=2)
    for x in dots:
        axes.add_patch(Circle((x, y), _DOT, facecolor=INK, linewidth=0))
    left = _COLUMN * len(columns) + 6
    number = f"{row['count']:,}"
    length = max(1.0, (width - left - 10 - 8 * len(f"{most:,}")) * row["count"] / most)
    axes.add_patch(Rectangle((left, y - 9), length, 18, facecolor=_BAR, linewidth=0))
    write(axes, left + length + 6, y, number, color=MUTED)
