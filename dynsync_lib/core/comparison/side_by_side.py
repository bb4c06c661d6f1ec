"""Two tables of one kind beside each other: which rows differ, and how many rows went from which value to which.

Facts
    * A record is the same one by system, object and id; a written value by its pair, field and source; an association
      by its two ends. Rows of one table alone stand beside `not_there`.
    * Rule ids and the open questions a record hangs on are no difference: only what the sync does is.

Where it is used: `forecasts.forecast_difference`, which compares forecasts that were written or only decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.situation import Keep, stack
from dynsync_lib.core.tables import HELD_BACK, Column, Table
from dynsync_lib.core.typed_values import are_same, no_text

NOT_THERE: Final = "not_there"
"""What stands in place of an outcome, kind or status where only the other side has the row."""
KEPT_BACK: Final = "kept_back"
"""The kind of a value that would be written, were it not for its note."""
_SIDES: Final = ("before", "after")


def _text(name: str, meaning: str) -> Column:
    return Column(name, "text", meaning)


DIFFERING_RECORDS: Final = Table(
    "records",
    "one record whose outcome differs, or its reason, counterpart or winner",
    (
        _text("system", "hubspot or dynamics"),
        _text("object", "contact, company, lead, deal or invoice"),
        _text("record_id", "record id"),
        *(_text(side, f"outcome {side}; not_there when only the other side has the record") for side in _SIDES),
        *(_text(f"{side}_reason", f"its reason {side}; null when the outcome has none") for side in _SIDES),
        *(_text(f"{side}_counterpart_id", f"its counterpart {side}; null when none") for side in _SIDES),
        *(_text(f"{side}_winner_id", f"whom it lost its key to {side}; null unless shadowed") for side in _SIDES),
    ),
    ("system", "object", "record_id"),
)
DIFFERING_CHANGES: Final = Table(
    "changes",
    "one value that is written on one side alone, or otherwise",
    (
        _text("object", "contact, company, lead, deal or invoice"),
        _text("hubspot_id", "record id"),
        _text("dynamics_id", "record id"),
        _text("target_system", "the system that is written to"),
        _text("target_field", "the field that is written"),
        _text("source_field", "the field that the value comes from"),
        *(_text(side, f"fill, overwrite, kept_back or not_there, {side}") for side in _SIDES),
        *(_text(f"{side}_value", f"the value that is written {side}; null when none") for side in _SIDES),
    ),
    ("object", "hubspot_id", "dynamics_id", "target_system", "target_field", "source_field"),
)
DIFFERING_LINKS: Final = Table(
    "links",
    "one association with another status",
    (
        _text("from_system", "the system that it comes from"),
        _text("from_object", "the object that it leaves from"),
        _text("from_id", "record id"),
        _text("to_object", "the object that it points to"),
        _text("to_id", "record id"),
        *(_text(side, f"its status {side}; not_there when only the other side has it") for side in _SIDES),
    ),
    ("from_system", "from_object", "from_id", "to_object", "to_id"),
)
DIFFERING: Final = (DIFFERING_RECORDS, DIFFERING_CHANGES, DIFFERING_LINKS)


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Two tables of one kind, in which each row is judged already.

    `differing`: the rows that differ, with the columns of one of DIFFERING. `transitions`: how many rows went from
    which value to which; the columns that group them (see the functions here), `before`, `after`, `is_same` (whether
    nothing about these rows differs) and `count`.
    """

    table: Table
    differing: Frame
    transitions: Frame


def compare_outcomes(before: Frame, after: Frame, keep: Keep) -> SideBySide:
    """Two `outcomes`; transitions by system, object, before_reason and after_reason."""
    values = {"": "outcome", "_reason": "reason", "_counterpart_id": "counterpart_id", "_winner_id": "winner_id"}
    by = ("system", "object", "before_reason", "after_reason")
    return _compare(
        DIFFERING_RECORDS, (before, after), {name: nw.col(column) for name, column in values.items()}, by, keep
    )


def compare_changes(before: Frame, after: Frame, keep: Keep) -> SideBySide:
    """Two `changes`; transitions by object, target_system and target_field."""
    is_kept = nw.col("note").is_in(list(HELD_BACK)).fill_null(value=False)
    kind = nw.when(is_kept).then(nw.lit(KEPT_BACK)).otherwise(nw.col("kind"))
    values = {"": kind, "_value": nw.when(~is_kept).then(nw.col("new_value"))}
    return _compare(DIFFERING_CHANGES, (before, after), values, ("object", "target_system", "target_field"), keep)


def compare_links(before: Frame, after: Frame, keep: Keep) -> SideBySide:
    """Two `links`; transitions by from_system, from_object and to_object."""
    by = ("from_system", "from_object", "to_object")
    return _compare(DIFFERING_LINKS, (before, after), {"": nw.col("status")}, by, keep)


def _compare(
    table: Table, sides: tuple[Frame, Frame], values: Mapping[str, nw.Expr], by: Sequence[str], keep: Keep
) -> SideBySide:
    """Both sides' rows joined by `table.order`; `values` are told by what follows `before` and `after` in its columns.

    Rows are stacked and grouped rather than joined, since a null in a key equals no other null in a join.
    """
    stacked = stack([_as_side(frame, table, values, side) for frame, side in zip(sides, _SIDES, strict=True)])
    columns = [f"{side}{name}" for name in values for side in _SIDES]
    beside = stacked.group_by(*table.order).agg(*(nw.col(column).max() for column in columns))
    same = [are_same(nw.col(f"before{name}"), nw.col(f"after{name}")) for name in values]
    filled = {side: nw.col(side).fill_null(NOT_THERE) for side in _SIDES}
    judged = beside.with_columns(is_same=nw.all_horizontal(*same, ignore_nulls=False)).with_columns(**filled)
    judged = keep(judged, f"compared_{table.name}")
    transitions = judged.group_by(*by, *_SIDES, "is_same").agg(count=nw.len().cast(nw.Int64))
    return SideBySide(table, judged.filter(~nw.col("is_same")).select(*table.column_names), transitions)


def _as_side(frame: Frame, table: Table, values: Mapping[str, nw.Expr], side: str) -> Frame:
    """The rows of one side, with null in place of all that the other side says."""
    own = {f"{at}{name}": value if at == side else no_text() for name, value in values.items() for at in _SIDES}
    return frame.select(*table.order, **own)
