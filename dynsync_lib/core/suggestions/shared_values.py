"""What the values of matched records say of two fields: how often they agree, beyond chance.

Facts
    * Values are compared in a plain form: case, blanks, number formats, times of day, the scheme of an address on the
      web and the country's part of a phone number do not count; a choice is compared by its labels.
    * Two choices may say the same in other words: then the option of one side foretells that of the other.
    * Fields that nearly always hold one value agree by chance, so that counts for nothing.

Not modelled
    * Units (thousands, currencies), and lists of several choices whose labels differ.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

from dynsync_lib.core.fields.catalogue import Field

Values = Sequence[str | None]
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?\Z")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SCHEME: Final = re.compile(r"\A[a-z]+://(?:www\.)?|\Awww\.")
_PHONE: Final = re.compile(r"[+(0-9][0-9 ()/.+-]{6,}\Z")
_PHONE_DIGITS: Final = 7
_LONGEST_NUMBER: Final = 15
_TRUE: Final = frozenset({"true", "yes", "ja"})
_FALSE: Final = frozenset({"false", "no", "nein"})
_BETWEEN: Final = re.compile(r"[;,]")
FEWEST: Final = 6
"""Fewer matched records with both values say nothing."""
_DOUBT: Final = 3
_MANY: Final = 10
_NEARLY_ALL: Final = 0.8
_NUMBERS: Final = "number"
_CHOICES: Final = frozenset({"choice", "yes_no"})


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of `filled` matched records with both values `equal` hold the same; `beyond_chance` is 0 (chance) to 1."""

    filled: int
    equal: int
    beyond_chance: float

    @property
    def certainty(self) -> float:
        """How much so many records are to be believed, 0 to 1."""
        return self.filled / (self.filled + _DOUBT)

    @property
    def surprise(self) -> float:
        """How far from chance the agreement is, in standard deviations of two values that are equally frequent."""
        return self.beyond_chance * sqrt(self.filled)


def option_labels(field: Field) -> dict[str, str]:
    """The labels of the options, by their values."""
    return {option.value: option.label.strip().casefold() for option in field.options}


def plain_values(kind: str, values: Values, labels: Mapping[str, str]) -> list[str | None]:
    """The values in the form in which they are compared; None for blank ones. `labels` are those of options."""
    known: dict[str, str | None] = {}
    plain = []
    for value in values:
        if value is not None and value not in known:
            known[value] = _plain(value, kind, labels)
        plain.append(None if value is None else known[value])
    return plain


def _plain(value: str, kind: str, labels: Mapping[str, str]) -> str | None:
    text = value.strip()
    if not text:
        return None
    if kind == "several_choices":
        return ";".join(sorted({labels.get(part.strip(), part.strip().casefold()) for part in _BETWEEN.split(text)}))
    if text in labels:
        return labels[text]
    text = " ".join(text.casefold().split())
    if kind == "yes_no":
        return "true" if text in _TRUE or text == "1" else "false" if text in _FALSE or text == "0" else text
    if _DAY.match(text):
        return text[:10]
    is_number = _NUMBER.match(text) is not None
    if _PHONE.match(text) and (kind == "text" and (not is_number or text[0] in "+0")):
        return "phone " + re.sub("[^0-9]", "", text)[-_PHONE_DIGITS:]
    if is_number and len(text) <= _LONGEST_NUMBER and not (text[0] == "0" and kind == "text"):
        return f"{float(text):.10g}"
    return _SCHEME.sub("", text).rstrip("/")


def count_equal(ours: Mapping[str, Values], theirs: Mapping[str, Values]) -> Counter[tuple[str, str]]:
    """In how many rows two columns hold the same, for all columns of both sides; those that never do are left out.

    The cost is that of the rows' equal values, not of all pairs of columns.
    """
    counts: Counter[tuple[str, str]] = Counter()
    names, others = list(ours), list(theirs)
    for row, other in zip(zip(*ours.values(), strict=True), zip(*theirs.values(), strict=True), strict=True):
        holders: dict[str, list[str]] = {}
        for name, value in zip(names, row, strict=True):
            if value is not None:
                holders.setdefault(value, []).append(name)
        for name, value in zip(others, other, strict=True):
            if value in holders:
                counts.update((holder, name) for holder in holders[value])
    return counts


def agreement(ours: Values, theirs: Values, kinds: tuple[str, str]) -> Agreement | None:
    """How much two columns of the same matched records agree; None when too few records hold both."""
    both = [(mine, other) for mine, other in zip(ours, theirs, strict=True) if mine is not None and other is not None]
    if len(both) < FEWEST:
        return None
    equal = sum(mine == other for mine, other in both)
    beyond = _beyond_chance(both, equal)
    if set(kinds) <= _CHOICES:
        beyond = max(beyond, _foretold(both))
    return Agreement(len(both), equal, beyond)


def overlap(ours: Values, theirs: Values) -> float | None:
    """The share of different values that both columns hold, of the fewer; None when one has fewer than ten."""
    mine, other = ({value for value in values if value is not None} for values in (ours, theirs))
    fewer = min(len(mine), len(other))
    return len(mine & other) / fewer if fewer >= _MANY else None


def form_of(values: Values) -> str | None:
    """What nearly all values of a text look like: email, phone, day or other; None for numbers and for few values."""
    filled = [value for value in values if value is not None]
    if len(filled) < _MANY:
        return None
    form, count = Counter(map(_form, filled)).most_common(1)[0]
    return form if count >= _NEARLY_ALL * len(filled) and form != _NUMBERS else None


def _form(value: str) -> str:
    if "@" in value:
        return "email"
    if value.startswith("phone "):
        return "phone"
    return "day" if _DAY.match(value) else _NUMBERS if _NUMBER.match(value) else "other"


def _beyond_chance(both: Sequence[tuple[str, str]], equal: int) -> float:
    """Cohen's kappa."""
    mine, other = (Counter(pair[side] for pair in both) for side in (0, 1))
    chance = sum(count * other[value] for value, count in mine.items()) / len(both) ** 2
    return max(0.0, (equal / len(both) - chance) / (1 - chance)) if chance < 1 else 0.0


def _foretold(both: Sequence[tuple[str, str]]) -> float:
    """How well each side's option foretells the other's, beyond always saying the most frequent one."""
    together = Counter(both)
    sides = [Counter(pair[side] for pair in both) for side in (0, 1)]
    if min(map(len, sides)) < 2 or max(map(len, sides)) * 3 > len(both):
        return 0.0
    gains = []
    for known, foretold in ((0, 1), (1, 0)):
        best: dict[str, int] = {}
        for pair, count in together.items():
            best[pair[known]] = max(best.get(pair[known], 0), count)
        usual = max(sides[foretold].values())
        gains.append((sum(best.values()) - usual) / (len(both) - usual))
    return min(gains)
