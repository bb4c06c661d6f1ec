"""A filter as a funnel: bars from all records of a side down to what becomes of those that enter.

Facts
    * What becomes of them has the colours of outcomes; who syncs although a filter kept it out stands apart, last.

Where it is used: the notebook about filters.

Source: the rows of `core.advice.funnel`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from dynsync_lib.core.model import Outcome
from dynsync_lib.report.charts import Chart
from dynsync_lib.report.pieces import Piece, make_id
from dynsync_lib.report.svg import MUTED, open_canvas, save_svg, write
from dynsync_lib.report.tables import Grid, Head, show_table
from dynsync_lib.report.words import OUTCOME_COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row = Mapping[str, Any]
_WIDTH: Final = 860.0
_LEFT: Final = 250.0
_LONGEST: Final = 440.0
_ROW: Final = 38.0
_BAR: Final = 28.0
_LABEL: Final = 34
_ENTERING, _ASIDE = "#66737f", "#cc79a7"
_ENDS: Final[Mapping[str, str]] = {
    "created": OUTCOME_COLOURS[Outcome.CREATE],
    "matched": OUTCOME_COLOURS[Outcome.UPDATE],
    "failing": OUTCOME_COLOURS[Outcome.FAILING],
    "excluded": OUTCOME_COLOURS[Outcome.EXCLUDED],
}
_THROUGH_COUNTERPART: Final = "through_counterpart"


def funnel_chart(rows: Sequence[Row], records: str) -> Piece:
    """A filter as a funnel: what is left after each condition, by key and by claim, and what becomes of who enters.

    `rows` are those of `Scenarios.funnel_rows`: step, condition, left, kept_out; `records` says which, such as
    "Dynamics contacts".

    >>> all_records = {"step": "records", "condition": "all records of this side", "left": 9, "kept_out": 0}
    >>> active = {"step": "filter", "condition": "statecode = 0", "left": 7, "kept_out": 2}
    >>> kit.funnel_chart([all_records, active], "Dynamics contacts")
    Of 9 Dynamics contacts 7 enter the sync.
    """
    title = f"From all {records} to those that sync"
    entering = [row for row in rows if row["step"] not in (*_ENDS, _THROUGH_COUNTERPART)]
    total, left = rows[0]["left"], entering[-1]["left"]
    sentence = f"Of {total:,} {records} {left:,} {'enters' if left == 1 else 'enter'} the sync."
    aside = [row for row in rows if row["step"] == _THROUGH_COUNTERPART and row["left"]]
    if aside:
        sentence += (
            f" {aside[0]['left']:,} that are kept out sync all the same, as counterparts: a filter limits entry only."
        )
    heads = [Head("Step"), Head("Records", "number"), Head("Kept out here", "number")]
    grid = Grid(title, heads, [[row["condition"], row["left"], row["kept_out"]] for row in rows], unit="steps")
    return Chart(title, sentence, _draw_funnel(title, rows), show_table(grid)).as_piece()


def _draw_funnel(title: str, rows: Sequence[Row]) -> Markup:
    figure, axes = open_canvas(_WIDTH, _ROW * len(rows) + 8)
    most = max(rows[0]["left"], 1)
    for number, row in enumerate(rows):
        _draw_step(axes, row, most, 4 + _ROW * number)
    description = "; ".join(f"{row['condition']}: {row['left']:,}" for row in rows)
    return save_svg(figure, id_=make_id("funnel", title + description), title=title, description=f"{description}.")


def _draw_step(axes: Axes, row: Row, most: int, y: float) -> None:
    from matplotlib.patches import Rectangle

    colour = _ASIDE if row["step"] == _THROUGH_COUNTERPART else _ENDS.get(row["step"], _ENTERING)
    lines = textwrap.wrap(row["condition"], _LABEL, max_lines=2, placeholder=" …")
    for number, line in enumerate(lines):
        write(axes, _LEFT - 12, y + _BAR / 2 + 15 * (number - (len(lines) - 1) / 2), line, ha="right")
    width = max(1.0, _LONGEST * row["left"] / most)
    axes.add_patch(Rectangle((_LEFT, y), width, _BAR, facecolor=colour, linewidth=0))
    out = f"  −{row['kept_out']:,}" if row["kept_out"] else ""
    write(axes, _LEFT + width + 8, y + _BAR / 2, f"{row['left']:,}{out}", color=MUTED)
