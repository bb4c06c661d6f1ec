"""Conditions that hold for every row, for none, or are worked out row by row.

Facts
    * What the settings decide is a plain `bool`, what the data or the scenario decides an expression. Combining the two
      keeps what is plain plain, so that a plan holds no test of which the answer is known.

Where it is used: every stage that asks an assumption (`Situation.chooses`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import and_, or_
from typing import TypeAlias

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame

Condition: TypeAlias = "bool | nw.Expr"


def negate(condition: Condition) -> Condition:
    """The opposite."""
    return not condition if isinstance(condition, bool) else ~condition


def all_of(*conditions: Condition) -> Condition:
    """Whether all of them hold; of none: true."""
    if any(condition is False for condition in conditions):
        return False
    return reduce(and_, _worked_out(conditions)) if _worked_out(conditions) else True


def any_of(*conditions: Condition) -> Condition:
    """Whether one of them holds; of none: false."""
    if any(condition is True for condition in conditions):
        return True
    return reduce(or_, _worked_out(conditions)) if _worked_out(conditions) else False


def as_expression(condition: Condition) -> nw.Expr:
    """The condition as an expression; a plain one becomes a literal."""
    return nw.lit(value=condition) if isinstance(condition, bool) else condition


def only_where(condition: Condition, value: nw.Expr) -> nw.Expr:
    """The value where the condition holds, null elsewhere."""
    return value if condition is True else nw.when(as_expression(condition)).then(value)


def either(condition: Condition, value: nw.Expr, other: nw.Expr) -> nw.Expr:
    """The value where the condition holds, else the other; one of the two itself where that is known."""
    if isinstance(condition, bool):
        return value if condition else other
    return nw.when(condition).then(value).otherwise(other)


def rows_where(frame: Frame, condition: Condition) -> Frame:
    """The rows for which the condition holds: all, none, or those that the filter leaves."""
    if isinstance(condition, bool):
        return frame if condition else frame.head(0)
    return frame.filter(condition)


def _worked_out(conditions: Iterable[Condition]) -> list[nw.Expr]:
    return [condition for condition in conditions if not isinstance(condition, bool)]
