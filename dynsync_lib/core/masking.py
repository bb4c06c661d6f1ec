"""People out of sight: how much of a person is shown, decided here for whatever shows or writes one.

Facts
    * Levels: `none` shows people; `partial` shows the first character of what is long enough, and the domain of an
      address; `pseudonym` shows a stand-in, the same for the same key, so that groups and counts stay what they are;
      `counts` shows no record of anybody, and counts of fewer than SMALL_COUNT people as just that; where totals stand
      beside their parts, all numbers of people are rounded to multiples of it (`round_to_fives`), so that no difference
      tells a small one.
    * Nobody who has only pages with pseudonyms can take a stand-in back, even by trying every address there is: it is
      made with a secret of the forecast that no page holds (`forecasts.masking_secret`).
    * A value is told as filled or empty; its length would tell a yes from a no.
    * Only contacts and leads are people; ids, companies, fields and rules stay readable.

Not modelled
    * Names of people inside company names, and in the domains that `partial` shows.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dynsync_lib.core.model import PERSONS

PEOPLE: Final = tuple(person.value for person in PERSONS)
FILLED: Final = "(filled)"
DIGITS: Final = 16
"""How much of a digest a stand-in shows: among ten million people no two share one, but by a chance of 1 in 300,000."""
SMALL_COUNT: Final = 5
"""Fewer people than these may be known by their number."""
FEWER: Final = f"fewer than {SMALL_COUNT}"
CUT: Final = "***"
SHORTEST_TEXT: Final = 6
"""Of shorter texts nothing is shown: the first character of `true` or `male` tells all of it."""
ADDRESS: Final = "[^@ ]{3,}@[A-Za-z0-9.-]+"
"""What counts as an address whose first character and domain may be shown; DuckDB reads it alike."""


class Masking(StrEnum):
    """How much of people is shown."""

    NONE = "none"
    PARTIAL = "partial"
    PSEUDONYM = "pseudonym"
    COUNTS = "counts"


@dataclass(frozen=True, slots=True)
class Mask:
    """What may be shown of people at a level. `secret` is the forecast's, from which stand-ins are made.

    At `counts` no record is shown; what asks for one all the same gets a stand-in.
    """

    level: Masking
    secret: str

    @property
    def hides_people(self) -> bool:
        """Whether anything of a person is hidden."""
        return self.level is not Masking.NONE

    def key(self, object_: str | None, key: str | None) -> str | None:
        """A match key as it may be shown; None stays None."""
        if not self._hides(object_):
            return key
        return mask_partly(key) if self.level is Masking.PARTIAL else mask_key(key, secret=self.secret)

    def name(self, object_: str | None, name: str | None, key: str | None) -> str | None:
        """A record's name as it may be shown; a pseudonym is made of its match key."""
        if not self._hides(object_):
            return name
        return mask_partly(name) if self.level is Masking.PARTIAL else mask_key(key, secret=self.secret)

    def value(self, object_: str | None, value: str | None) -> str | None:
        """A value as it may be shown; None stays None."""
        if not self._hides(object_):
            return value
        return mask_partly(value) if self.level is Masking.PARTIAL else mask_value(value)

    def _hides(self, object_: str | None) -> bool:
        return self.hides_people and object_ in PEOPLE


NO_MASK: Final = Mask(Masking.NONE, "")


def mask_key(key: str | None, *, secret: str) -> str | None:
    """A stand-in for a person's match key, the same for the same key and secret; None stays None."""
    if key is None:
        return None
    return f"person-{hashlib.sha256(f'{secret}{key}'.encode()).hexdigest()[:DIGITS]}"


def mask_value(value: str | None) -> str | None:
    """What is told of a person's value: that it is filled; None stays None."""
    return None if value is None else FILLED


def mask_partly(text: str | None) -> str | None:
    """What `partial` shows of a text: `a***@example.com` of an address, `A***` of another long one; None stays None."""
    if text is None:
        return None
    if re.fullmatch(ADDRESS, text):
        return f"{text[0]}{CUT}{text[text.index('@') :]}"
    return f"{text[0]}{CUT}" if len(text) >= SHORTEST_TEXT else FILLED


def is_small(object_: str | None, count: int | None) -> bool:
    """Whether a count is of so few people that they may be known by it; without an object it may be of people."""
    return count is not None and 0 < count < SMALL_COUNT and may_be_people(object_)


def may_be_people(object_: str | None) -> bool:
    """Whether records of an object are people; without an object they may be."""
    return object_ is None or object_ in PEOPLE


def round_to_fives(count: int) -> int:
    """A number of people as it may be told beside its total: the nearest multiple of five, and five for one to four."""
    nearest = (count + SMALL_COUNT // 2) // SMALL_COUNT * SMALL_COUNT
    return max(nearest, SMALL_COUNT) if count else 0
