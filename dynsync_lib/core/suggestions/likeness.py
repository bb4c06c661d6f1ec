"""How much the words of two fields say the same, and what shows that they do not.

Facts
    * The likeness of two texts is the weight of what they share, divided by the weight of what they say (Dice), where
      near concepts count in part. Of two fields the likest texts count most.
    * Two fields with different members of an exclusive set (phone and fax, start and end, not and allowed, 2023 and
      2024) never mean the same, however alike they are otherwise.

Source: rules/field_words.toml.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from dynsync_lib.core.suggestions.field_words import ENOUGH, FieldWords, Reading
from dynsync_lib.core.suggestions.short_forms import Forms
from dynsync_lib.core.suggestions.vocabulary import Vocabulary

_OF_THE_BEST: Final = 0.5
_OF_LABELS: Final = 0.25
_OF_ALL: Final = 0.25
_DOUBTFUL: Final = 0.72
"""What is left where only one of two fields has a word that tells look-alikes apart."""
_SOMETHING: Final = 0.5
_TELLING: Final = 0.9
_LABELLED_ALIKE: Final = 0.82
_NEGATED: Final = "negated"


@dataclass(frozen=True, slots=True)
class WordLikeness:
    """Compares the words of fields. `forms` says what unknown words of either side may stand for on the other."""

    vocabulary: Vocabulary
    forms: Forms

    def related(self, concept: str) -> Iterable[str]:
        """The concept and what is near to it."""
        yield concept
        yield from self.vocabulary.near.get(concept, ())
        for reading in self.forms.get(concept, ()):
            yield from reading

    def of(self, first: FieldWords, second: FieldWords) -> float:
        """How much two fields say the same, 0 to 1; 0 for fields that are told apart."""
        first, likely = self._spelt_out(first, second)
        second, others_likely = self._spelt_out(second, first)
        if self.contradict(first, second):
            return 0.0
        pairs = [self._dice(a, b) for a in first.readings for b in second.readings]
        labels = self._dice(first.readings[-1], second.readings[-1]) if pairs else 0.0
        together = self._dice(first.said, second.said)
        likeness = _OF_THE_BEST * max(pairs, default=0.0) + _OF_LABELS * labels + _OF_ALL * together
        is_labelled_alike = labels == 1 and self.vocabulary.weight(first.readings[-1]) >= _TELLING
        likeness *= self._doubt(first, second) * likely * others_likely
        return max(likeness, _LABELLED_ALIKE if is_labelled_alike else 0.0)

    def _spelt_out(self, words: FieldWords, other: FieldWords) -> tuple[FieldWords, float]:
        """The words with what unknown ones of them stand for, where the other field says that, and how likely it is."""
        meant = {word: self._stands_for(word, other.said) for word in (words.said - other.said) & self.forms.keys()}
        meant = {word: form for word, form in meant.items() if form[0]}
        if not meant:
            return words, 1.0

        def spell_out(reading: Reading) -> Reading:
            return (reading - meant.keys()).union(*(meant[word][1] for word in reading & meant.keys()))

        readings = tuple(map(spell_out, words.readings))
        spelt_out = replace(words, readings=readings, said=frozenset[str]().union(*readings))
        return spelt_out, min(likely for likely, _ in meant.values())

    def _stands_for(self, word: str, said: Reading) -> tuple[float, Reading]:
        """How likely a word stands for some of what is said, and for what; 0 and nothing when it does for none."""
        meant = [(how, reading) for reading, how in self.forms[word].items() if reading <= said]
        return max(meant, key=lambda form: (form[0], len(form[1]), sorted(form[1])), default=(0.0, frozenset()))

    def contradict(self, first: FieldWords, second: FieldWords) -> bool:
        """Whether a word of one excludes the other: look-alikes that must not be mapped."""
        if _numbers(first.said) != _numbers(second.said):
            return True
        if first.kind == second.kind == "yes_no" and (_NEGATED in first.said) != (_NEGATED in second.said):
            return True
        return any(_differ(group, first.said, second.said) for group in self.vocabulary.exclusive)

    def _doubt(self, first: FieldWords, second: FieldWords) -> float:
        """What is left of a likeness, as a factor."""
        doubts = _count_apart(self.vocabulary.qualifying, first.said, second.said)
        doubts += self._are_different_sorts(first.said, second.said)
        doubts += self._say_little(first, second) + self._say_more_each(first.readings[-1], second.readings[-1])
        return float(_DOUBTFUL**doubts)

    def are_told_apart(self, first: FieldWords, second: FieldWords) -> bool:
        """Whether one field alone has a word that tells look-alikes apart, such as `last year`."""
        first, _ = self._spelt_out(first, second)
        second, _ = self._spelt_out(second, first)
        return _count_apart(self.vocabulary.telling, first.said, second.said) > 0

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
        return bool(ours) and bool(theirs) and not any(self.vocabulary.closeness(a, b) for a in ours for b in theirs)

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
            closeness = ((self.vocabulary.closeness(concept, other), other) for other in sorted(others))
            near = max(closeness, default=(0.0, ""))
            if near[0]:
                others = others - {near[1]}
                common += near[0] * (weights.get(concept, 1.0) + weights.get(near[1], 1.0))
        return common / total if total else 0.0


def _numbers(said: Reading) -> frozenset[str]:
    return frozenset(word for word in said if word.startswith("#"))


def _differ(group: frozenset[str], first: Reading, second: Reading) -> bool:
    ours, theirs = group & first, group & second
    return bool(ours) and bool(theirs) and not ours & theirs


def _count_apart(groups: Iterable[frozenset[str]], first: Reading, second: Reading) -> int:
    """Of how many groups only one of two fields has a member."""
    return sum(group.isdisjoint(first) != group.isdisjoint(second) for group in groups)
