"""All fields of one object compared: which pairs are worth a look, what speaks for each, and a score.

Facts
    * Pairs are looked at that share a word, a near one, options or values.
    * Values that agree in matched records speak loudest, values that never do against a pair.
    * Two choices with the same options, which no other choice has, belong together whatever they are called.

Where it is used: `core.suggestions.suggest`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.fields.verdicts import is_unwritable, verdict_of_fields
from dynsync_lib.core.model import System, Verdict
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.suggestions.field_words import FieldWords
from dynsync_lib.core.suggestions.likeness import WordLikeness
from dynsync_lib.core.suggestions.matched_records import MatchedRecords
from dynsync_lib.core.suggestions.meanings import Meanings
from dynsync_lib.core.suggestions.ranking import Candidate
from dynsync_lib.core.suggestions.reasons import OFTEN, reason_of
from dynsync_lib.core.suggestions.shared_values import (
    FEWEST,
    Agreement,
    Values,
    agreement,
    count_equal,
    form_of,
    option_labels,
    overlap,
    plain_values,
)
from dynsync_lib.core.suggestions.short_forms import find_forms, find_known_forms
from dynsync_lib.core.suggestions.vocabulary import Vocabulary, split_words
from dynsync_lib.core.suggestions.wording import WordReader

# Scores, from 0 to 1
_POSSIBLE: Final = 0.4
"""The least score of a candidate."""
_STANDARD: Final = 0.95
"""The score of two standard fields that are known to mean the same; no other pair gets more than `_HIGHEST`."""
_HIGHEST: Final = 0.97
_HARDLY: Final = 0.25
"""Words less alike than this need options or values that speak for the pair."""

# What a score is multiplied by where something speaks against a pair
_OTHER_FORM: Final = 0.6
_IN_OTHER_TYPE: Final = 0.9
_NEVER_AGREED: Final = 0.5

# How much of what a score lacks is added where something speaks for a pair
_FOR_SHARED: Final = 0.3
_OF_OWN_OPTIONS: Final = 0.6
_TELLING: Final = 0.9

# How far values of matched records agree, beyond chance
_NEVER: Final = 0.1
"""Less than this speaks against a pair."""
_SOMETIMES: Final = 0.3
_FEWEST_TO_DOUBT: Final = 10
"""Fewer records than this speak against nothing."""
_SURPRISING: Final = 4.5
"""Agreement that far from chance, in standard deviations, comes about by itself once in 100,000 pairs of fields."""
_FEWEST_DISTINCT: Final = 3

_LONGEST_CUT: Final = 6
"""Letters of a word that may be another one cut short."""
_SOME_OPTIONS: Final = 3
_MOST_OPTIONS: Final = 0.75


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What suggestions rest on beside the portals themselves."""

    rulebook: Rulebook
    vocabulary: Vocabulary
    meanings: Meanings


@dataclass
class ComparedFields:
    """All fields of one object, compared."""

    words: Mapping[System, list[FieldWords]]
    knowledge: Knowledge
    records: MatchedRecords
    reader: WordReader

    def candidates(self) -> Iterator[Candidate]:
        """Every pair that is worth a look, in no order."""
        for hubspot, dynamics in self._pairs():
            candidate = self._judge(hubspot, dynamics)
            if candidate is not None:
                yield candidate

    @cached_property
    def likeness(self) -> WordLikeness:
        ours = self._forms(System.HUBSPOT, System.DYNAMICS)
        theirs = self._forms(System.DYNAMICS, System.HUBSPOT)
        both = {word: {**ours.get(word, {}), **theirs.get(word, {})} for word in ours.keys() | theirs.keys()}
        return WordLikeness(self.knowledge.vocabulary, both)

    def _forms(self, system: System, other: System) -> dict[str, dict[frozenset[str], float]]:
        """What unknown words of a side stand for on the other: words of its labels, else known ones that it says.

        A word that is all a field says is only looked for among the labels.
        """
        vocabulary, read = self.knowledge.vocabulary, self.reader.read
        unknown = {word for field in self.words[system] for word in field.said} - vocabulary.known
        labels = [split_words(field.field.label) for field in self.words[other]]
        by_labels = find_forms(unknown, labels, read, self.reader.parts_of, vocabulary.noise)
        said = frozenset(concept for field in self.words[other] for concept in field.said)
        texts = (text for field in self.words[system] for text in field.readings if len(text) > 1)
        cut = {word for text in texts for word in text & unknown if word.isalpha() and len(word) <= _LONGEST_CUT}
        known = find_known_forms(cut, vocabulary.concepts, read, said)
        return {word: {**known.get(word, {}), **by_labels.get(word, {})} for word in known.keys() | by_labels.keys()}

    @cached_property
    def values(self) -> Mapping[System, Mapping[str, Values]]:
        """The values of matched records."""
        return self._plain(self.records.values)

    @cached_property
    def chosen(self) -> Mapping[tuple[System, str], Values]:
        """The values of choices in matched records as what their labels mean, so that languages do not matter."""
        return {
            (system, words.field.name): plain_values(
                words.kind, self.records.values[system][words.field.name], self._meant(words.field)
            )
            for system in System
            for words in self.words[system]
            if words.options and words.field.name in self.values[system]
        }

    def _meant(self, field: Field) -> dict[str, str]:
        labels = option_labels(field)
        return {value: " ".join(sorted(self.reader.read(label))) or label for value, label in labels.items()}

    @cached_property
    def held(self) -> Mapping[System, Mapping[str, Values]]:
        """The values of records, matched or not."""
        return self.values if self.records.any is self.records.values else self._plain(self.records.any)

    def _plain(self, values: Mapping[System, Mapping[str, Values]]) -> dict[System, dict[str, Values]]:
        return {
            system: {
                words.field.name: plain_values(words.kind, values[system][words.field.name], option_labels(words.field))
                for words in self.words[system]
                if words.field.name in values[system] and words.kind != "owner"
            }
            for system in System
        }

    @cached_property
    def are_records_alike(self) -> bool:
        """Whether matched records tell anything: fields that surely mean the same do hold the same values there."""
        agreed = [
            known.beyond_chance >= _SOMETIMES
            for hubspot, dynamics in self._pairs()
            if _surely_same(hubspot, dynamics) and self._fit(hubspot, dynamics)
            if (known := self._agreement(hubspot, dynamics)) is not None and known.filled >= _FEWEST_TO_DOUBT
        ]
        return sum(agreed) * 2 >= len(agreed)

    @cached_property
    def forms(self) -> Mapping[System, Mapping[str, str | None]]:
        """What nearly all values of text fields look like, by field."""
        return {
            system: {
                words.field.name: form_of(self.held[system].get(words.field.name, ()))
                for words in self.words[system]
                if words.kind == "text"
            }
            for system in System
        }

    @cached_property
    def own_options(self) -> frozenset[tuple[str, str]]:
        """Pairs of choices that share most of their options, of which no other choice of either side has many."""
        common = self.knowledge.vocabulary.common_options
        telling = {
            system: {words.field.name: words.options - common for words in side if len(words.options) >= _SOME_OPTIONS}
            for system, side in self.words.items()
        }
        alike = {
            (name, other): len(options & others) / max(len(options), len(others), 1)
            for name, options in telling[System.HUBSPOT].items()
            for other, others in telling[System.DYNAMICS].items()
            if len(options & others) >= _SOME_OPTIONS - 1
        }
        often = Counter(field for pair in alike for field in zip(System, pair, strict=True))
        return frozenset(
            pair
            for pair, share in alike.items()
            if share >= _MOST_OPTIONS and all(often[field] == 1 for field in zip(System, pair, strict=True))
        )

    @cached_property
    def equal(self) -> Mapping[tuple[str, str], int]:
        return count_equal(self.values[System.HUBSPOT], self.values[System.DYNAMICS])

    def _pairs(self) -> Iterator[tuple[FieldWords, FieldWords]]:
        """Pairs that share a word, a near one, options or values."""
        by_word: dict[str, list[FieldWords]] = {}
        for words in self.words[System.DYNAMICS]:
            for concept in words.said:
                by_word.setdefault(concept, []).append(words)
        by_name = {words.field.name: words for words in self.words[System.DYNAMICS]}
        by_value: dict[str, list[FieldWords]] = {}
        for (hubspot, dynamics), count in self.equal.items():
            if count >= _FEWEST_DISTINCT:
                by_value.setdefault(hubspot, []).append(by_name[dynamics])
        choices = [words for words in self.words[System.DYNAMICS] if words.options]
        for words in self.words[System.HUBSPOT]:
            partners = {
                partner.field.name: partner
                for concept in words.said
                for near in self.likeness.related(concept)
                for partner in by_word.get(near, ())
            }
            partners |= {partner.field.name: partner for partner in by_value.get(words.field.name, ())}
            if words.options:
                partners |= {partner.field.name: partner for partner in choices}
            for name in sorted(partners):
                yield words, partners[name]

    def _judge(self, hubspot: FieldWords, dynamics: FieldWords) -> Candidate | None:
        allowed = self._fit(hubspot, dynamics)
        if not allowed:
            return None
        if hubspot.meaning is not None and dynamics.meaning is not None:
            return _of_meanings(hubspot, dynamics, allowed)
        if self.likeness.contradict(hubspot, dynamics):
            return None
        likeness = self.likeness.of(hubspot, dynamics)
        if likeness < _HARDLY and not self._may_agree(hubspot, dynamics):
            return None
        options = _shared_options(hubspot, dynamics)
        agreed = self._agreement(hubspot, dynamics)
        score = _with_options(likeness, options)
        if (hubspot.field.name, dynamics.field.name) in self.own_options:
            score += (1 - score) * _OF_OWN_OPTIONS
        score = self._with_held(score, hubspot, dynamics)
        if agreed is not None and not agreed.equal and options == 0 and _may_be_worded_otherwise(hubspot, dynamics):
            agreed = None
        score = self._with_values(score, agreed, self._distinct(hubspot)) * allowed
        if score < _POSSIBLE:
            return None
        reason = reason_of(hubspot, dynamics, likeness, options, agreed)
        further = (options or 0.0) + (agreed.beyond_chance if agreed is not None else 0.0)
        is_doubtful = self.likeness.are_told_apart(hubspot, dynamics)
        return Candidate(hubspot, dynamics, min(score, _HIGHEST), reason, is_doubtful, further)

    def _may_agree(self, hubspot: FieldWords, dynamics: FieldWords) -> bool:
        """Whether values may be evidence enough by themselves: of choices, and where some are equal."""
        equal = self.equal.get((hubspot.field.name, dynamics.field.name), 0)
        return equal >= FEWEST or bool(hubspot.options and dynamics.options)

    def _with_held(self, score: float, hubspot: FieldWords, dynamics: FieldWords) -> float:
        """The score with what both fields hold in any records: values that both know, texts that look different."""
        ours = self.held[System.HUBSPOT].get(hubspot.field.name, ())
        theirs = self.held[System.DYNAMICS].get(dynamics.field.name, ())
        if hubspot.kind == dynamics.kind == "text":
            form = self.forms[System.HUBSPOT][hubspot.field.name]
            other = self.forms[System.DYNAMICS][dynamics.field.name]
            if form and other and form != other:
                return score * _OTHER_FORM
            shared = overlap(ours, theirs)
            if shared and score >= _SOMETIMES:
                return score + (1 - score) * _FOR_SHARED * shared
        return score

    def _with_values(self, score: float, agreed: Agreement | None, distinct: int) -> float:
        """The score with how matched records agree, which counts against it only where they tell anything."""
        if agreed is None:
            return score
        if agreed.beyond_chance >= OFTEN and distinct > 1:
            return score + (1 - score) * agreed.beyond_chance * agreed.certainty * _telling(distinct, agreed.surprise)
        if agreed.beyond_chance < _NEVER and agreed.filled >= _FEWEST_TO_DOUBT and self.are_records_alike:
            return score * _NEVER_AGREED
        return score

    def _distinct(self, words: FieldWords) -> int:
        return len(set(self.values[words.field.system].get(words.field.name, ())) - {None})

    def _agreement(self, hubspot: FieldWords, dynamics: FieldWords) -> Agreement | None:
        if hubspot.options and dynamics.options:
            ours = self.chosen.get((System.HUBSPOT, hubspot.field.name))
            theirs = self.chosen.get((System.DYNAMICS, dynamics.field.name))
        else:
            ours = self.values[System.HUBSPOT].get(hubspot.field.name)
            theirs = self.values[System.DYNAMICS].get(dynamics.field.name)
        return None if ours is None or theirs is None else agreement(ours, theirs, (hubspot.kind, dynamics.kind))

    @cached_property
    def _fits(self) -> dict[tuple[str, str, bool, bool], float]:
        return {}

    def _fit(self, hubspot: FieldWords, dynamics: FieldWords) -> float:
        """1 where values flow as they are, less where they change their type, 0 where nothing flows."""
        key = (hubspot.kind, dynamics.kind, is_unwritable(hubspot.field), is_unwritable(dynamics.field))
        if key not in self._fits:
            self._fits[key] = self._fit_of_kinds(hubspot, dynamics)
        return self._fits[key]

    def _fit_of_kinds(self, hubspot: FieldWords, dynamics: FieldWords) -> float:
        rulebook = self.knowledge.rulebook
        assumptions = rulebook.default_assumptions() | {"multiselect": "true"}
        verdict = verdict_of_fields(
            {System.HUBSPOT: hubspot.field, System.DYNAMICS: dynamics.field},
            {System.HUBSPOT: hubspot.kind, System.DYNAMICS: dynamics.kind},
            rulebook,
            assumptions,
        )
        if verdict.allowed is None:
            return 0.0
        changes = hubspot.kind != dynamics.kind and {hubspot.kind, dynamics.kind} != {"date", "datetime"}
        return _IN_OTHER_TYPE if changes or verdict.verdict is Verdict.ONE_WAY else 1.0


def _of_meanings(hubspot: FieldWords, dynamics: FieldWords, allowed: float) -> Candidate | None:
    """Two standard fields, of which it is known whether they mean the same; None where they do not."""
    if hubspot.meaning != dynamics.meaning:
        return None
    reason = f"Both CRMs have this field out of the box: {hubspot.meaning}."
    return Candidate(hubspot, dynamics, _STANDARD * allowed, reason)


def _shared_options(hubspot: FieldWords, dynamics: FieldWords) -> float | None:
    """The share of options that both have, of those that the one with fewer has; None unless both are choices."""
    fewer = min(len(hubspot.options), len(dynamics.options))
    if fewer < 2:
        return None
    return len(hubspot.options & dynamics.options) / fewer


def _with_options(likeness: float, options: float | None) -> float:
    if options is None:
        return likeness
    if options == 0:
        return likeness * 0.8
    return likeness + (1 - likeness) * 0.5 * options * min(1.0, likeness * 2 + 0.2)


def _may_be_worded_otherwise(hubspot: FieldWords, dynamics: FieldWords) -> bool:
    """Whether values that never are equal may say the same: lists of choices whose labels nobody can compare."""
    return hubspot.kind == dynamics.kind == "several_choices"


def _surely_same(hubspot: FieldWords, dynamics: FieldWords) -> bool:
    if hubspot.meaning is not None and dynamics.meaning is not None:
        return hubspot.meaning == dynamics.meaning
    return hubspot.said == dynamics.said


def _telling(distinct: int, surprise: float) -> float:
    """How telling it is that two fields with so many different values agree: many fields have yes and no."""
    if surprise >= _SURPRISING:
        return _TELLING
    return 0.5 if distinct < _FEWEST_DISTINCT else 0.75 if distinct < _FEWEST_DISTINCT * 2 else _TELLING
