"""A filter as a funnel: bars from all records of a side down to what becomes of those that enter.

Facts
    * What becomes of them has the colours of outcomes; who syncs although a filter kept it out stands apart, last.

Where it is used: the notebook about filters.

Source: the rows of `core.advice.funnel`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dynsync_lib.core.model import Outcome
from dynsync_lib.report.charts import Chart
from dynsync_lib.report.forecast_tables import Row
from dynsync_lib.report.pieces import Piece
from dynsync_lib.report.ranked import Ranked, draw_ranked
from dynsync_lib.report.tables import Grid, Head, show_table
from dynsync_lib.report.words import OUTCOME_COLOURS

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
    bars = [Ranked(row["condition"], row["left"], _say_out(row), _colour(row)) for row in rows]
    wide, narrow = draw_ranked(title, bars, _ENTERING)
    heads = [Head("Step"), Head("Records", "number"), Head("Kept out here", "number")]
    grid = Grid(title, heads, [[row["condition"], row["left"], row["kept_out"]] for row in rows], unit="steps")
    return Chart(title, sentence, wide, show_table(grid), narrow=narrow).as_piece()


def _say_out(row: Row) -> str:
    return f"−{row['kept_out']:,}" if row["kept_out"] else ""


def _colour(row: Row) -> str:
    return _ASIDE if row["step"] == _THROUGH_COUNTERPART else _ENDS.get(row["step"], "")
