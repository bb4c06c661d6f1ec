"""How much the words of two fields say the same, and what shows that they do not.

Facts
    * The likeness of two texts is the weight of what they share, divided by the weight of what they say (Dice), where
      near concepts count in part. Of two fields the likest texts count most.
    * Two fields with different members of an exclusive set (phone and fax, start and end, not and allowed, 2023 and
      2024) never mean the same, however alike they are otherwise.

Source: rules/field_words.toml.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz, process

from dynsync_lib.core.suggestions.field_words import ENOUGH, FieldWords, Reading
from dynsync_lib.core.suggestions.vocabulary import Vocabulary

_SAME_WORD: Final = 86
_LIKE_WORD: Final = 0.9
_OF_THE_BEST: Final = 0.5
_OF_LABELS: Final = 0.25
_OF_ALL: Final = 0.25
_DOUBTFUL: Final = 0.72
"""What is left where only one of two fields has a word that tells look-alikes apart."""
_LONG_BEGINNING: Final = 6
_SOMETHING: Final = 0.5
_TELLING: Final = 0.9
_LABELLED_ALIKE: Final = 0.82
_NEGATED: Final = "negated"


@dataclass(frozen=True, slots=True)
class WordLikeness:
    """Compares the words of fields. `spellings` are unknown words that are spelt nearly alike, by either of them."""

    vocabulary: Vocabulary
    spellings: Mapping[str, Mapping[str, float]]

    def related(self, concept: str) -> Iterable[str]:
        """The concept and what is near to it."""
        yield concept
        yield from self.vocabulary.near.get(concept, ())
        yield from self.spellings.get(concept, ())

    def of(self, first: FieldWords, second: FieldWords) -> float:
        """How much two fields say the same, 0 to 1; 0 for fields that are told apart."""
        if self.contradict(first, second):
            return 0.0
        pairs = [self._dice(a, b) for a in first.readings for b in second.readings]
        labels = self._dice(first.readings[-1], second.readings[-1]) if pairs else 0.0
        together = self._dice(first.said, second.said)
        likeness = _OF_THE_BEST * max(pairs, default=0.0) + _OF_LABELS * labels + _OF_ALL * together
        is_labelled_alike = labels == 1 and self.vocabulary.weight(first.readings[-1]) >= _TELLING
        return max(likeness * self._doubt(first, second), _LABELLED_ALIKE if is_labelled_alike else 0.0)

    def contradict(self, first: FieldWords, second: FieldWords) -> bool:
        """Whether a word of one excludes the other: look-alikes that must not be mapped."""
        if _numbers(first.said) != _numbers(second.said):
            return True
        if first.kind == second.kind == "yes_no" and (_NEGATED in first.said) != (_NEGATED in second.said):
            return True
        return any(_differ(group, first.said, second.said) for group in self.vocabulary.exclusive)

    def _doubt(self, first: FieldWords, second: FieldWords) -> float:
        """What is left of a likeness, as a factor."""
        groups = self.vocabulary.qualifying
        qualified = (group.isdisjoint(first.said) != group.isdisjoint(second.said) for group in groups)
        doubts = sum(qualified) + self._are_different_sorts(first.said, second.said) + self._say_little(first, second)
        return float(_DOUBTFUL ** (doubts + self._say_more_each(first.readings[-1], second.readings[-1])))

    def _say_more_each(self, first: Reading, second: Reading) -> bool:
        """Whether each label says something that is known and that the other does not: company size and shoe size."""
        return all(
            self.vocabulary.weight(self._further(*sides)) >= _SOMETHING for sides in ((first, second), (second, first))
        )

    def _further(self, said: Reading, other: Reading) -> list[str]:
        """What one label says that is known, and not near to anything that the other says."""
        known = self.vocabulary.known
        return [concept for concept in said if concept in known and other.isdisjoint(self.related(concept))]

    def _are_different_sorts(self, first: Reading, second: Reading) -> bool:
        ours, theirs = self.vocabulary.heads & first, self.vocabulary.heads & second
        return bool(ours) and bool(theirs) and not any(self._closeness(a, b) for a in ours for b in theirs)

    def _say_little(self, first: FieldWords, second: FieldWords) -> bool:
        """Whether all that both say is what many fields say: `type`, `name`, `date`."""
        related = {near for concept in first.said for near in self.related(concept)} & second.said
        return self.vocabulary.weight(related) < ENOUGH

    def _dice(self, first: Reading, second: Reading) -> float:
        weights = self.vocabulary.weights
        shared = first & second
        common = 2 * self.vocabulary.weight(shared)
        rest, others = first - shared, second - shared
        total = common + self.vocabulary.weight((*rest, *others))
        for concept in sorted(rest):
            near = max(((self._closeness(concept, other), other) for other in sorted(others)), default=(0.0, ""))
            if near[0]:
                others = others - {near[1]}
                common += near[0] * (weights.get(concept, 1.0) + weights.get(near[1], 1.0))
        return common / total if total else 0.0

    def _closeness(self, first: str, second: str) -> float:
        return self.vocabulary.closeness(first, second) or self.spellings.get(first, {}).get(second, 0.0)


def _numbers(said: Reading) -> frozenset[str]:
    return frozenset(word for word in said if word.startswith("#"))


def _differ(group: frozenset[str], first: Reading, second: Reading) -> bool:
    ours, theirs = group & first, group & second
    return bool(ours) and bool(theirs) and not ours & theirs


def compare_spellings(ours: Iterable[str], theirs: Iterable[str]) -> dict[str, dict[str, float]]:
    """Words of both sides that are spelt nearly alike, or of which one is short for the other, by either of them."""
    spellings: dict[str, dict[str, float]] = {}
    others = sorted(word for word in set(theirs) if len(word) >= 3)
    for word in sorted(word for word in set(ours) if len(word) >= 3):
        near = [
            other for other, *_ in process.extract(word, others, scorer=fuzz.ratio, score_cutoff=_SAME_WORD, limit=5)
        ]
        near += [
            other
            for other in others
            if _is_short_for(word, other) or _is_short_for(other, word) or _begin_alike(word, other)
        ]
        for other in near:
            if other != word:
                spellings.setdefault(word, {})[other] = _LIKE_WORD
                spellings.setdefault(other, {})[word] = _LIKE_WORD
    return spellings


def _begin_alike(first: str, second: str) -> bool:
    """Whether two words share their beginning but for an ending: vegetarian, vegetarisch."""
    common = next((at for at, pair in enumerate(zip(first, second, strict=False)) if pair[0] != pair[1]), len(first))
    return common >= _LONG_BEGINNING and common * 10 >= max(len(first), len(second)) * 7


def _is_short_for(short: str, long: str) -> bool:
    """Whether a word begins another, or holds its letters in their order from the first one on: `mgmt`, `appl`."""
    if len(short) >= len(long) or short[0] != long[0] or long.startswith("#"):
        return False
    if long.startswith(short):
        return len(short) >= 4 or len(long) <= 8
    letters = iter(long)
    return len(short) >= 3 and not set(short) & set("aeiou") and all(letter in letters for letter in short)
