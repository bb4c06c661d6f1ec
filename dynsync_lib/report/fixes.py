"""How the risk shrinks with each fix: the few changes that clear most of it, and the many that clear the rest.

Where it is used: notebook 02. `forecasts.fix_sets` makes the steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dynsync_lib.listing import counted
from dynsync_lib.report.charts import Chart
from dynsync_lib.report.pieces import Piece, render
from dynsync_lib.report.ranked import Ranked, draw_ranked
from dynsync_lib.report.tables import Grid, Head, show_table
from dynsync_lib.report.words import format_share

_TITLE: Final = "What few fixes clear"
_COLOUR: Final = "#009e73"


def fix_bars(steps: Sequence[Mapping[str, Any]], sentence: str) -> Piece:
    """How many records are at risk no more after so many fixes, the best first; without steps the sentence alone.

    `steps` and `sentence` are those of `kit.fix_set`: changes, gone (records) and share (0 to 1).

    >>> fixes = kit.fix_set("out/demo/forecast", share=0.5)
    >>> kit.fix_bars(fixes.steps(), fixes.sentence)
    Fix 49 rows: 50 % of the collision risk is gone (134 of 268).
    """
    if not steps:
        return Piece(render("empty", sentence=sentence), _TITLE)
    bars = [
        Ranked(counted(step["changes"], "fix", "fixes"), step["gone"], format_share(step["share"])) for step in steps
    ]
    wide, narrow = draw_ranked(_TITLE, bars, _COLOUR)
    heads = [Head("Fixes", "number"), Head("Risks gone", "number"), Head("Share", "share")]
    rows = [[step["changes"], step["gone"], step["share"]] for step in steps]
    return Chart(_TITLE, sentence, wide, show_table(Grid(_TITLE, heads, rows, unit="steps")), narrow=narrow).as_piece()
