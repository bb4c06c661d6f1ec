"""What the sync does otherwise, in words: from which outcome to which, and what that adds and takes away.

Where it is used: the notebook about filters.

Source: the rows of `forecasts.difference`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dynsync_lib.report.forecast_tables import Row
from dynsync_lib.report.pieces import Piece
from dynsync_lib.report.tables import Badge, Grid, Head, Lines, show_table
from dynsync_lib.report.words import OTHER, OUTCOMES, REASONS, object_word, records_word, system_word

_NOT_THERE: Final = "Not there"
_NOT_CHECKED: Final = Badge("not checked", "grey")
_OF_RECORDS: Final[Mapping[str, str]] = {
    "matched": "{records} that are matched",
    "shadowed": "{records} that are silently left out",
    "excluded": "{records} that are excluded",
    "failing": "{records} that fail",
    "filled": "empty fields of {records} that are filled",
    "overwritten": "values of {records} that are overwritten",
    "associated": "associations of {records} that sync",
    "not_associated": "associations of {records} that do not sync",
}
_COUNTS: Final[Mapping[str, str]] = {
    "before": "Before",
    "after": "After",
    "additional": "Additionally",
    "no_longer": "No longer",
    "otherwise": "Otherwise",
}
_MOVES: Final = ("additional", "no_longer", "otherwise")


def moved_outcomes(rows: Sequence[Row]) -> Piece:
    """How many records went from which outcome to which, the most first.

    `rows` are `transitions["outcomes"]` of a difference: system, object, before, before_reason, after, after_reason,
    count.

    >>> row = {"system": "dynamics", "object": "contact", "before": "create", "before_reason": None, "count": 4}
    >>> kit.moved_outcomes([{**row, "after": "excluded", "after_reason": "filter"}])
    4 records have another outcome, counterpart or winner
    """
    ordered = sorted(rows, key=lambda row: -row["count"])
    heads = [Head("Records"), Head("From"), Head("To"), Head("Count", "number")]
    cells = [
        [records_word(row["object"], row["system"]), _outcome(row, "before"), _outcome(row, "after"), row["count"]]
        for row in ordered
    ]
    total = sum(row["count"] for row in rows)
    verb = "record has" if total == 1 else "records have"
    caption = f"{total:,} {verb} another outcome, counterpart or winner"
    return show_table(Grid(caption, heads, cells, unit="ways", empty="No record moves."))


def _outcome(row: Row, side: str) -> Lines:
    return Lines(OUTCOMES.get(row[side], _NOT_THERE), REASONS.get(row[f"{side}_reason"] or "", ""))


def moved_effects(rows: Sequence[Row]) -> Piece:
    """What the sync additionally does, no longer does and does otherwise; effects that do not move are left out.

    `rows` are `effect_rows` of a difference: effect, system, object, before, after, additional, no_longer, otherwise.
    What hangs on an answer that nobody gave is not checked.

    >>> row = {"effect": "created", "system": "hubspot", "object": "company", "before": 5, "after": 7}
    >>> kit.moved_effects([{**row, "additional": 2, "no_longer": 0, "otherwise": 0}])
    What that adds, and what it takes away
    """
    heads = [Head("What"), *(Head(word, "number") for word in _COUNTS.values())]
    moving = [row for row in rows if any(row[name] != 0 for name in _MOVES)]
    cells = [
        [_say_effect(row), *(_NOT_CHECKED if row[name] is None else row[name] for name in _COUNTS)] for row in moving
    ]
    note = "Otherwise: with another counterpart, winner, reason or value."
    caption = "What that adds, and what it takes away"
    return show_table(Grid(caption, heads, cells, unit="effects", empty="Nothing moves.", note=note))


def _say_effect(row: Row) -> str:
    effect, system, object_ = row["effect"], row["system"], row["object"]
    if effect in _OF_RECORDS:
        said = _OF_RECORDS[effect].format(records=records_word(object_, system))
        return said[0].upper() + said[1:]
    created = f"{object_word(object_, OTHER[system]).capitalize()} created in {system_word(system)}"
    return f"{created} as marketing contacts" if effect == "made_marketing" else created
