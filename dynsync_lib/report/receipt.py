"""How right a forecast was, as a chart and tables: of a rehearsal, or of the sync itself after go-live.

Facts
    * Accuracy is hits of hits and misses. What nobody can tell, and what people changed, is neither, and grey.
    * A miss is named by ids alone, so nothing here is personal.

Source: `figures` of a verification or a comparison (docs/verification.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

from dynsync_lib.core.model import Outcome
from dynsync_lib.listing import counted
from dynsync_lib.report.charts import Chart
from dynsync_lib.report.forecast_tables import say_uncompared
from dynsync_lib.report.pieces import Piece, render
from dynsync_lib.report.stacks import Legend, Stack, draw_both
from dynsync_lib.report.tables import Badge, Grid, Head, Lines, show_table
from dynsync_lib.report.words import OUTCOMES, REASONS, rank_of, records_word, system_word, table_word

_HELD, _FAILED, _OPEN = "held", "failed", "open"
_LEGEND: Final = Legend(
    {_HELD: "As predicted", _FAILED: "Not as predicted", _OPEN: "Cannot be judged"},
    {_HELD: "#0072b2", _FAILED: "#e69f00", _OPEN: "#8a929c"},
)
_FOUND: Final[Mapping[str, str]] = {
    "create": "a counterpart came",
    "update": "something was written",
    "untouched": "nothing happened",
    "gone": "the record is gone",
}
_OPEN_CAUSES: Final[Mapping[str, str]] = {
    "changed_by_people": "changed by people meanwhile",
    "not_settled": "not settled",
}
_NOTHING_CHANGED: Final = "Nothing changed between the two snapshots: was the sync on? "
_LISTS: Final[Mapping[str, str]] = {"in_sync": "In sync", "excluded": "Excluded", "failing": "Failing"}
_NO_LIST: Final = "In no list"
"""Where shadowed records stand: Sync Health does not show them."""
_MOST_MISSES: Final = 20
_CAUSES: Final[Mapping[str, tuple[str, str, str]]] = {
    "as_predicted": ("As predicted", "good", "It came as the forecast says."),
    "rule_in_doubt": ("A rule in doubt", "bad", "It did not, and a rule decided it."),
    "assumption_in_doubt": (
        "An open question",
        "warn",
        "It did not, and another answer to an open question would fit.",
    ),
    "changed_by_people": ("Changed by people", "grey", "Somebody changed the record or its counterpart meanwhile."),
    "not_settled": ("Not settled", "grey", "Nobody can tell, by what the snapshots hold."),
}
"""Word, tone and meaning of each cause, in their order."""


class Receipt(Protocol):
    """A verification or a comparison, as far as it is shown."""

    @property
    def figures(self) -> Mapping[str, Any]:
        """Records, hits, misses, accuracy, by_outcome, misses_by_outcome, by_cause, missed, drift, nothing_changed,
        mappings, mappings_not_compared.
        """


class KeptReceipt(Protocol):
    """A verification that was kept, as far as its first 48 hours are shown."""

    @property
    def watch_list(self) -> Any:
        """A pandas frame: health, system, object, predicted, predicted_reason, records, look_at, a count per cause."""


def receipt_bars(receipt: Receipt) -> Piece:
    """Of each predicted outcome how many came true, did not, and cannot be judged; a sentence when there is none.

    >>> from datetime import UTC, datetime
    >>> moment = datetime(2099, 1, 1, tzinfo=UTC)
    >>> later = kit.load("sample_data/hubspot", "sample_data/dynamics", "out/after_demo", taken_at=moment)
    >>> kit.receipt_bars(kit.verify("out/demo/snapshot", later, "out/demo/forecast"))
    1,... of 3,871 predictions held (... %)...
    """
    title = "How right the forecast was"
    stacks = list(_stacks(receipt.figures))
    if not stacks:
        return Piece(render("empty", sentence=f"{title}: there are no predictions."), title)
    description = "; ".join(
        f"{stack.name}: {', '.join(f'{count:,} {_LEGEND.words[part].lower()}' for part, count in stack.counts)}"
        for stack in stacks
    )
    wide, narrow = draw_both(stacks, _LEGEND, title, description)
    heads = [Head("Predicted"), Head("Records", "number"), *(Head(word, "number") for word in _LEGEND.words.values())]
    rows = [[stack.name, stack.total, *(count for _, count in stack.counts)] for stack in stacks]
    table = show_table(Grid("Predictions by outcome", heads, rows, unit="outcomes"))
    return Chart(title, say_accuracy(receipt.figures), wide, table, narrow=narrow).as_piece()


def say_accuracy(figures: Mapping[str, Any], where: str = "") -> str:
    """The accuracy in one sentence; `where` it was tested, such as "in a rehearsal", may be empty."""
    tested = f", tested {where}" if where else ""
    judged = figures["hits"] + figures["misses"]
    if not judged:
        return f"Of no prediction can anybody tell whether it held{tested}."
    causes = figures["by_cause"]
    open_ones = [f"{causes[cause]:,} {words}" for cause, words in _OPEN_CAUSES.items() if causes.get(cause)]
    rest = f" Beside these {' and '.join(open_ones)}." if open_ones else ""
    share = math.floor(figures["accuracy"] * 1000) / 10  # rounded down: what is not all never reads as 100 %
    return (
        f"{_NOTHING_CHANGED if figures.get('nothing_changed') else ''}"
        f"{figures['hits']:,} of {judged:,} predictions held ({share:g} %){tested}.{rest}{_say_uncompared(figures)}"
    )


def is_told_by_sync(figures: Mapping[str, Any]) -> bool:
    """Whether the accuracy tells of the sync: some prediction can be judged, and something changed at all."""
    return figures["accuracy"] is not None and not figures.get("nothing_changed")


def _say_uncompared(figures: Mapping[str, Any]) -> str:
    """How many mappings nobody compared; of a receipt of an earlier version nobody knows."""
    if "mappings_not_compared" not in figures:
        return " Not checked: which mappings were compared is not known."
    return say_uncompared(len(figures["mappings_not_compared"]), figures["mappings"])


def _stacks(figures: Mapping[str, Any]) -> Iterator[Stack]:
    by_outcome = figures["by_outcome"]
    for outcome in sorted(by_outcome, key=lambda name: rank_of(name, OUTCOMES)):
        row = by_outcome[outcome]
        predicted, hits, misses = row["predicted"], row["hits"], figures["misses_by_outcome"].get(outcome, 0)
        parts = ((_HELD, hits), (_FAILED, misses), (_OPEN, predicted - hits - misses))
        if predicted:
            yield Stack(OUTCOMES.get(outcome, outcome), f"{predicted:,} predicted", parts)


def cause_table(receipt: Receipt) -> Piece:
    """How many predictions held, and why the others did not or cannot be judged.

    >>> kit.cause_table(kit.Verification({"by_cause": {"as_predicted": 8, "not_settled": 1}}, None))
    What became of the predictions
    """
    by_cause = receipt.figures["by_cause"]
    rows = [
        [Badge(word, tone, rank), meaning, by_cause[cause]]
        for rank, (cause, (word, tone, meaning)) in enumerate(_CAUSES.items())
        if by_cause.get(cause)
    ]
    heads = [Head("Prediction"), Head("Meaning"), Head("Records", "number")]
    return show_table(Grid("What became of the predictions", heads, rows, unit="causes", empty="There are none."))


def missed_table(receipt: Receipt) -> Piece:
    """The first predictions that do not hold: what was predicted, what was found, and what that puts in doubt.

    >>> kit.missed_table(kit.Verification({"misses": 0, "missed": []}, None))
    No misses.
    """
    misses, total = receipt.figures["missed"][:_MOST_MISSES], receipt.figures["misses"]
    rows = [
        [
            records_word(row["object"], row["system"]),
            row["record_id"],
            OUTCOMES.get(row["predicted"], row["predicted"]),
            Badge(_FOUND.get(row["actual"], row["actual"]), "warn"),
            ", ".join([row["rule_id"], *row["assumptions"]]),
        ]
        for row in misses
    ]
    heads = [Head("Records"), Head("Id", "code"), Head("Predicted"), Head("Found"), Head("In doubt")]
    caption = f"{counted(total, 'prediction', 'predictions')} that did not hold" if rows else "No misses."
    empty = "Every prediction that can be judged held."
    note = f"The first {len(rows)} are shown; the receipt names all." if total > len(rows) else ""
    return show_table(Grid(caption, heads, rows, unit="misses", empty=empty, note=note))


def watch_table(receipt: KeptReceipt) -> Piece:
    """The first 48 hours: what each of Sync Health's lists should hold, beside the receipt, and what to look at.

    >>> from datetime import UTC, datetime
    >>> moment = datetime(2099, 1, 1, tzinfo=UTC)
    >>> later = kit.load("sample_data/hubspot", "sample_data/dynamics", "out/two_days_later", taken_at=moment)
    >>> kit.watch_table(kit.verify("out/demo/snapshot", later, "out/demo/forecast", out="out/watched"))
    The first 48 hours, by the lists of Sync Health
    """
    listed = receipt.watch_list.to_dict("records")
    rows = [
        [
            _NO_LIST if row["predicted"] == Outcome.SHADOWED else _LISTS[row["health"]],
            Lines(_predicted(row["predicted"], row["predicted_reason"]), records_word(row["object"], row["system"])),
            row["records"],
            row["as_predicted"],
            row["rule_in_doubt"] + row["assumption_in_doubt"],
            row["changed_by_people"] + row["not_settled"],
            row["look_at"],
        ]
        for row in listed
    ]
    heads = [
        Head("List"),
        Head("Predicted"),
        Head("Records", "number"),
        Head("Held", "number"),
        Head("Missed", "number"),
        Head("Cannot be judged", "number"),
        Head("What to look at"),
    ]
    return show_table(Grid("The first 48 hours, by the lists of Sync Health", heads, rows))


def _predicted(outcome: str, reason: object) -> str:
    """Such as "Excluded: has no e-mail address"; a frame writes a missing reason in ways of its own."""
    word = OUTCOMES.get(outcome, outcome)
    return f"{word}: {REASONS.get(reason, reason)}" if isinstance(reason, str) else word


def drift_table(receipt: Receipt) -> Piece:
    """The records of the later snapshot that the earlier one did not hold: made by the sync or by people.

    >>> kit.drift_table(kit.Verification({"drift": {"hubspot/contacts": 4}}, None))
    4 records are new
    """
    drift = receipt.figures["drift"]
    rows = [[system_word(name.partition("/")[0]), table_word(name), count] for name, count in drift.items()]
    heads = [Head("System"), Head("Table"), Head("New records", "number")]
    caption = f"{counted(sum(drift.values()), 'record is', 'records are')} new"
    empty = "No record is new."
    return show_table(Grid(caption if rows else "New records.", heads, rows, unit="tables", empty=empty))
