"""Narwhals' words for frames and expressions: they go to every library that has lazy frames.

Facts
    * Narwhals keeps each step of an expression, checks it, and gives it to the library below when a frame is described:
      some 20 microseconds a step, which only portals beyond a few thousand records do not notice.

Where it is used: `core.frames`, unless an engine brings words of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from narwhals.stable.v2 import (
    Boolean,
    DataFrame,
    Expr,
    Float64,
    Int64,
    LazyFrame,
    Series,
    String,
    all_horizontal,
    any_horizontal,
    coalesce,
    col,
    concat,
    concat_str,
    len,
    lit,
    max_horizontal,
    min_horizontal,
    sum_horizontal,
    when,
)

__all__ = [
    "Boolean",
    "DataFrame",
    "Expr",
    "Float64",
    "Int64",
    "LazyFrame",
    "Series",
    "String",
    "all_horizontal",
    "any_horizontal",
    "coalesce",
    "col",
    "concat",
    "concat_str",
    "len",
    "lit",
    "max_horizontal",
    "min_horizontal",
    "numbered",
    "sum_horizontal",
    "when",
]


def numbered(frame: LazyFrame[Any], name: str, order: Sequence[str]) -> LazyFrame[Any]:
    """The frame with the turn of each row in that order, from 0, in a column `name`; no two rows may tie."""
    return frame.with_row_index(name, order_by=order).with_columns(col(name).cast(Int64))
