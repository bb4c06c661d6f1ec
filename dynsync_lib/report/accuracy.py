"""How right the forecast was: one line for the first page, and a section with hits, misses and their rules.

Facts
    * A forecast that nobody has tested says so, in grey; that is no fault and no pass.
    * Accuracy is hits of hits and misses; what people changed and what nobody can tell counts as neither, and is named.

Source: docs/verification.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.report.forecast_tables import RECORDS_HIDDEN
from dynsync_lib.report.pieces import Piece, join, render
from dynsync_lib.report.receipt import is_told_by_sync, missed_table, receipt_bars, say_accuracy

_NOT_TESTED: Final = (
    "Not tested yet: no rehearsal in test portals and no comparison after the go-live is known of this forecast."
)


@dataclass(frozen=True, slots=True)
class ForecastTest:
    """What a test of a forecast came to: `figures` as of a verification, `where` it was tested, in words.

    Without `shows_records` the page gives numbers alone.
    """

    figures: Mapping[str, Any]
    where: str
    shows_records: bool = True


def accuracy_line(tested: ForecastTest | None) -> Piece:
    """The accuracy in one sentence; None: a sentence in grey that the forecast is not tested yet.

    >>> kit.accuracy_line(None)
    Not tested yet: no rehearsal in test portals and no comparison after the go-live is known of this forecast.
    """
    is_known = tested is not None and is_told_by_sync(tested.figures)
    sentence = say_tested(tested)
    return Piece(render("sentences", sentences=[sentence], is_known=is_known), sentence)


def say_tested(tested: ForecastTest | None) -> str:
    """The accuracy in one sentence; of None that the forecast is not tested yet."""
    return _NOT_TESTED if tested is None else say_accuracy(tested.figures, tested.where)


def accuracy_section(tested: ForecastTest | None) -> Piece:
    """Predictions by outcome as a chart, and the first misses with the rule in doubt; a sentence when nothing is known.

    Where no records are shown, the accuracy alone.

    >>> kit.accuracy_section(None)
    Not tested yet: no rehearsal in test portals and no comparison after the go-live is known of this forecast.
    """
    if tested is None:
        return accuracy_line(None)
    if not tested.shows_records:
        return join(accuracy_line(tested), Piece(render("empty", sentence=RECORDS_HIDDEN), RECORDS_HIDDEN))
    return join(accuracy_line(tested), receipt_bars(tested), missed_table(tested))
