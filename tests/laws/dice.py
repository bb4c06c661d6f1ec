"""Chance that follows from a seed, so that a world is the same whenever it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

Choice = TypeVar("Choice")


class Dice:
    """What the small worlds are drawn with."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - chance for tests, not for secrets

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return self._random.randint(low, high)


def pick(dice: Dice, choices: Sequence[Choice]) -> Choice:
    """One of the choices."""
    return choices[dice.number(0, len(choices) - 1)]


def seldom(dice: Dice, one_in: int = 4) -> bool:
    """True in one of so many cases."""
    return dice.number(1, one_in) == one_in


def some(dice: Dice, choices: Sequence[Choice], most: int) -> list[Choice]:
    """A few of the choices, none twice."""
    found = [pick(dice, choices) for _ in range(dice.number(0, most))]
    return list(dict.fromkeys(found))
