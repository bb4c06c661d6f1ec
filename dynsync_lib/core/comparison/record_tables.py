"""Two snapshots' records beside each other: how many are gone, new or changed, and in which columns.

Facts
    * A record is the same one by its id. Compared are the vendor's columns that both snapshots hold, as delivered.

Where it is used: `forecasts.snapshot_difference`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.situation import stack
from dynsync_lib.core.tables import LINKS_IN
from dynsync_lib.core.typed_values import are_same

KEPT: Final = "kept"
CHANGED: Final = "changed"
_BEFORE: Final = "before:"
_ENDS: Final = LINKS_IN.order


def count_changed(before: Frame, after: Frame, columns: Sequence[str]) -> Frame:
    """One row about the records of both: `kept`, how many there are; `changed`, in how many of them a column differs;
    and `before:NAME` for each of the columns, in how many that one does.
    """
    earlier = before.select("id", **{f"{_BEFORE}{name}": nw.col(name) for name in columns})
    both = earlier.join(after.select("id", *columns), on="id")
    differs = {f"{_BEFORE}{name}": ~are_same(nw.col(f"{_BEFORE}{name}"), nw.col(name)) for name in columns}
    judged = both.select("id", **differs)
    any_differs = nw.any_horizontal(nw.lit(value=False), *map(nw.col, differs), ignore_nulls=True)
    sums = {name: _sum(nw.col(name)) for name in differs}
    return judged.with_columns(any_differs=any_differs).select(
        **{KEPT: nw.col("id").count().cast(nw.Int64), CHANGED: _sum(nw.col("any_differs"))}, **sums
    )


def name_of_count(column: str) -> str:
    """The column of `count_changed` that counts the records in which a vendor's column differs."""
    return f"{_BEFORE}{column}"


def count_associations(before: Frame, after: Frame) -> Frame:
    """One row: `kept`, how many associations both have, and `changed`, how many of them are primary in one alone.

    An association is the same one by its ends and its label.
    """
    sides = [frame.select(*_ENDS, primary=nw.col("is_primary").cast(nw.Int64)) for frame in (before, after)]
    grouped = (
        stack(sides)
        .group_by(*_ENDS)
        .agg(times=nw.len().cast(nw.Int64), least=nw.col("primary").min(), most=nw.col("primary").max())
    )
    both = grouped.filter(nw.col("times") > 1)
    return both.select(
        kept=nw.col("times").count().cast(nw.Int64), changed=_sum(~are_same(nw.col("least"), nw.col("most")))
    )


def _sum(flag: nw.Expr) -> nw.Expr:
    """How many rows have the flag, as a whole number: DuckDB sums into a type that is a decimal in Python."""
    return flag.cast(nw.Int64).sum().cast(nw.Int64)
