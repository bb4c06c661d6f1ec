"""How right the forecast was: one line for the first page, and a section with hits, misses and their rules.

Facts
    * A forecast that nobody has tested says so, in grey; that is no fault and no pass.
    * Accuracy is hits of hits and misses; what people changed and what nobody can tell counts as neither, and is named.

Source: docs/verification.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core.model import Outcome
from dynsync_lib.report.pieces import Piece, join, render
from dynsync_lib.report.tables import Badge, Grid, Head, show_table
from dynsync_lib.report.words import OUTCOMES, counted, object_word, system_word

_NOT_TESTED: Final = (
    "Not tested yet: no rehearsal in test portals and no comparison after the go-live is known of this forecast."
)
_CAUSES: Final[Mapping[str, str]] = {
    "changed_by_people": "changed by people meanwhile",
    "not_settled": "not settled",
}
_MOST_MISSES: Final = 20


@dataclass(frozen=True, slots=True)
class ForecastTest:
    """What a test of a forecast came to: `figures` as of a verification, `where` it was tested, in words."""

    figures: Mapping[str, Any]
    where: str


def accuracy_line(tested: ForecastTest | None) -> Piece:
    """The accuracy in one sentence; None: a sentence in grey that the forecast is not tested yet.

    >>> kit.accuracy_line(None)
    Not tested yet: no rehearsal in test portals and no comparison after the go-live is known of this forecast.
    """
    is_known = tested is not None and tested.figures["accuracy"] is not None
    sentence = _say_accuracy(tested) if tested is not None else _NOT_TESTED
    return Piece(render("sentences", sentences=[sentence], is_known=is_known), sentence)


def _say_accuracy(tested: ForecastTest) -> str:
    figures = tested.figures
    judged = figures["hits"] + figures["misses"]
    if not judged:
        return f"Tested {tested.where}, and of no prediction can anybody tell whether it held."
    causes = figures["by_cause"]
    open_ones = [f"{causes[cause]:,} {words}" for cause, words in _CAUSES.items() if causes.get(cause)]
    rest = f" Beside these {' and '.join(open_ones)}." if open_ones else ""
    share = math.floor(figures["accuracy"] * 1000) / 10  # rounded down: what is not all never reads as 100 %
    return f"{figures['hits']:,} of {judged:,} predictions held ({share:g} %), tested {tested.where}.{rest}"


def accuracy_section(tested: ForecastTest | None) -> Piece:
    """Predictions and hits by outcome, and the first misses with the rule in doubt; a sentence when nothing is known.

    >>> kit.accuracy_section(None)
    Not tested yet: no rehearsal in test portals and no comparison after the go-live is known of this forecast.
    """
    if tested is None:
        return accuracy_line(None)
    return join(accuracy_line(tested), _by_outcome(tested), _misses(tested))


def _by_outcome(tested: ForecastTest) -> Piece:
    counts = tested.figures["by_outcome"]
    rows = [
        [OUTCOMES[outcome], counts[outcome]["predicted"], counts[outcome]["hits"]]
        for outcome in Outcome
        if outcome in counts
    ]
    heads = [Head("Predicted"), Head("Records", "number"), Head("As predicted", "number")]
    return show_table(Grid("Predictions that held, by outcome", heads, rows, unit="outcomes"))


def _misses(tested: ForecastTest) -> Piece:
    """The first misses; ids only, so nothing is to be masked."""
    misses = tested.figures["missed"][:_MOST_MISSES]
    rows = [
        [
            f"{system_word(row['system'])} {object_word(row['object'])}",
            row["record_id"],
            OUTCOMES.get(row["predicted"], row["predicted"]),
            Badge(str(row["actual"]), "warn"),
            ", ".join([row["rule_id"], *row["assumptions"]]),
        ]
        for row in misses
    ]
    heads = [Head("Record"), Head("Id", "code"), Head("Predicted"), Head("Found"), Head("In doubt")]
    total = tested.figures["misses"]
    caption = f"{counted(total, 'prediction', 'predictions')} that did not hold"
    empty = "Every prediction that can be judged held."
    note = f"The first {len(rows)} are shown; the receipt names all." if total > len(rows) else ""
    return show_table(Grid(caption, heads, rows, unit="misses", empty=empty, note=note, is_stacked=True))
