"""Polars' own words for frames and expressions, for `core.frames`: those of Narwhals, each with the same meaning.

Where a word of Narwhals is missing in Polars, it is made of others here.

Where it is used: `engine.polars_engine`, while it is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl
from polars import (
    Boolean,
    DataFrame,
    Expr,
    Float64,
    Int64,
    LazyFrame,
    Series,
    String,
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


def any_horizontal(*tests: Expr | str, ignore_nulls: bool) -> Expr:
    """Whether any test is true in a row; a null counts as false, or else leaves open what no other test decides."""
    return pl.any_horizontal(*_without_nulls(tests, otherwise=False) if ignore_nulls else tests)


def all_horizontal(*tests: Expr | str, ignore_nulls: bool) -> Expr:
    """Whether all tests are true in a row; a null counts as true, or else leaves open what no other test decides."""
    return pl.all_horizontal(*_without_nulls(tests, otherwise=True) if ignore_nulls else tests)


def numbered(frame: LazyFrame, name: str, order: Sequence[str]) -> LazyFrame:
    """The frame with the turn of each row in that order, from 0, in a column `name`; no two rows may tie."""
    return frame.sort(order).with_row_index(name).with_columns(col(name).cast(Int64))


def _without_nulls(tests: Iterable[Expr | str], *, otherwise: bool) -> list[Expr]:
    return [(col(test) if isinstance(test, str) else test).fill_null(otherwise) for test in tests]
