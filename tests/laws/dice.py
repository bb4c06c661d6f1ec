"""Chance behind one small interface: Hypothesis for everyday and CI, a plain seed for the long runs."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, Protocol

from hypothesis import strategies as st


class Dice(Protocol):
    """What the small worlds are drawn with."""

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        ...


class HypothesisDice:
    """Numbers that Hypothesis draws, and shrinks when a law fails."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def number(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))


class SeededDice:
    """Numbers that follow from a seed alone: many worlds in little time."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - chance for tests, not for secrets

    def number(self, low: int, high: int) -> int:
        return self._random.randint(low, high)


def pick(dice: Dice, choices: Sequence[Any]) -> Any:
    """One of the choices."""
    return choices[dice.number(0, len(choices) - 1)]


def seldom(dice: Dice, one_in: int = 4) -> bool:
    """True in one of so many cases; Hypothesis shrinks towards False."""
    return dice.number(1, one_in) == one_in


def some(dice: Dice, choices: Sequence[Any], most: int) -> list[Any]:
    """A few of the choices, none twice."""
    found = [pick(dice, choices) for _ in range(dice.number(0, most))]
    return list(dict.fromkeys(found))
