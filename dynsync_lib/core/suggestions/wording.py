"""From a name or label to the concepts it says.

Facts
    * Known phrases are taken longest first, so `date of birth` is one concept.
    * A word that is not known is tried without its ending, then taken apart into known words: `kundenstufe`,
      `newslettercount`. Words of the fields' own labels count as known there.
    * A word that stays unknown stands for itself.

Source: rules/field_words.toml.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.model import System
from dynsync_lib.core.suggestions.vocabulary import Phrase, Vocabulary, split_words

_ENDINGS: Final = ("es", "en", "er", "em", "s", "e", "n", "ed")
_JOINTS: Final = ("", "s", "es", "n", "en", "e")
"""Letters that German puts between the words of a compound."""
_SHORTEST_PART: Final = 4
_LITTLE_PARTS: Final = frozenset({"of", "is", "id", "no", "nr", "am", "to", "in", "on", "has", "for", "per", "seit"})
_MOST_PARTS: Final = 5
_CUT: Final = re.compile(r"([^\W\d_]{5,})\.")
_SHORTEST_CUT: Final = 2
_SHORTEST_REST: Final = 4
_LONGEST_REST_KNOWN: Final = 5
_STANDARD_GROUPS: Final = frozenset({"address1", "address2", "address3", "billto", "shipto"})
"""What stands before the first `_` of a Dataverse column and is no publisher's prefix."""
_NUMBERS: Final = frozenset({"num", "nr", "number"})
_BOUNDS: Final = {"from": "start", "ab": "start", "to": "end", "by": "end"}
"""What a last word of a date says."""
_SECOND: Final = "second"
NEGATED: Final = "negated"


@dataclass(slots=True)
class WordReader:
    """Reads names and labels; what it took apart once it knows. `corpus` are further words that compounds may hold."""

    vocabulary: Vocabulary
    corpus: frozenset[str] = frozenset()
    _apart: dict[str, Phrase] = field(default_factory=dict)

    def read(self, text: str, *, no: str = NEGATED) -> frozenset[str]:
        """The concepts of a label; unknown words stand for themselves, numbers from 3 on as `#3`.

        `no` is what the word `no` means at the beginning: not, number or count.
        """
        cut = frozenset(part for word in _CUT.findall(text) for part in split_words(word))
        return self._concepts([part for word in split_words(text) for part in self._cut_apart(word, cut)], no)

    def _cut_apart(self, word: str, cut: frozenset[str]) -> Phrase:
        """A cut word that is not known as its known beginning and the rest: `projektbeg` of `Projektbeg.`."""
        if word not in cut or self._concept_of((word,)) is not None or _best_split(word, self._is_part):
            return (word,)
        ends = range(len(word) - _SHORTEST_CUT, _SHORTEST_PART - 1, -1)
        end = next((end for end in ends if self._concept_of((word[:end],)) is not None), None)
        if end is None:
            return (word,)
        is_joint_of_rest = word[end - 1 : end + 1] in ("sp", "st") and (word[: end - 1],) in self.vocabulary.concepts
        end -= is_joint_of_rest
        return (word[:end], word[end:])

    def bound_of(self, label: str) -> frozenset[str]:
        """Whether a date's label ends with what says start or end: `Delivery from`, `Lieferung ab`."""
        words = split_words(label)
        return frozenset({_BOUNDS[words[-1]]} if len(words) > 1 and words[-1] in _BOUNDS else ())

    def read_name(self, field: Field, *, no: str = NEGATED) -> frozenset[str]:
        """The concepts of an internal name, without its publisher's prefix; the label helps to take it apart."""
        spoken = frozenset(split_words(field.label))
        words = split_words(self.without_prefix(field.name, field.system))
        parts = (_best_split(word, spoken.__contains__, shortest=1) or (word,) for word in words)
        return self._concepts([part for word_parts in parts for part in word_parts], no)

    def without_prefix(self, name: str, system: System) -> str:
        """The name without what stands there for whoever made the field: `new_`, `hs_`, `cr4f1_`."""
        before, underscore, after = name.partition("_")
        if not underscore or not after:
            return name
        is_prefix = before in self.vocabulary.prefixes
        if system is System.DYNAMICS:
            is_prefix = before not in _STANDARD_GROUPS
        return after if is_prefix else name

    def _concepts(self, words: Sequence[str], no: str) -> frozenset[str]:
        known = tuple(part for word in words for part in self._take_apart(word))
        if len(known) > 1 and (known[0] == "no" or (known[0] in _NUMBERS and no == "count")) and no != NEGATED:
            known = (no, *known[1:])
        concepts = {part for phrase in self._phrases(known) for part in self._meaning(phrase)}
        return frozenset(concepts)

    def _phrases(self, words: Phrase) -> Iterator[Phrase]:
        """The words as known phrases, longest first, and single words that are none."""
        at = 0
        while at < len(words):
            for length in range(min(self.vocabulary.longest_phrase, len(words) - at), 0, -1):
                phrase = words[at : at + length]
                if length == 1 or phrase in self.vocabulary.concepts:
                    break
            if phrase == ("no",) and (at + 1 == len(words) and at > 0):
                phrase = ("number",)
            yield phrase
            at += len(phrase)

    def _meaning(self, phrase: Phrase) -> tuple[str, ...]:
        concept = self._concept_of(phrase)
        if concept is not None:
            return self.vocabulary.parts.get(concept, (concept,))
        word = phrase[0]
        if word.isdigit():
            return () if word.lstrip("0") in ("", "1") else (_SECOND,) if word == "2" else (f"#{_short_year(word)}",)
        return () if word in self.vocabulary.noise else (word,)

    def _concept_of(self, phrase: Phrase) -> str | None:
        concept = self.vocabulary.concepts.get(phrase)
        if concept is not None or len(phrase) > 1 or phrase[0] in self.vocabulary.noise:
            return concept
        word = phrase[0]
        endings = (
            word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending) and len(word) > len(ending) + 3
        )
        if word.endswith("ies"):
            return self.vocabulary.concepts.get((f"{word[:-3]}y",))
        stems = (self.vocabulary.concepts.get((stem,)) for stem in endings)
        return next((concept for concept in stems if concept is not None), None)

    def _take_apart(self, word: str) -> Phrase:
        if word not in self._apart:
            is_whole = word in self.vocabulary.noise or self._concept_of((word,)) is not None or len(word) < 6
            self._apart[word] = (word,) if is_whole else (_best_split(word, self._is_part) or self._break_off(word))
        return self._apart[word]

    def parts_of(self, word: str) -> Phrase:
        """The parts of a compound, also of a known one; the word itself where it is none."""
        return _best_split(word, self._is_part) or (word,)

    def _break_off(self, word: str) -> Phrase:
        """A known word that an unknown one begins or ends with, and the rest; the word itself where there is none."""
        ends = range(len(word) - _SHORTEST_REST, _LONGEST_REST_KNOWN - 1, -1)
        start = next((end for end in ends if self._is_long_part(word[:end])), None)
        if start is not None:
            return (word[:start], word[start:])
        starts = range(_SHORTEST_REST, len(word) - _LONGEST_REST_KNOWN + 1)
        end = next((start for start in starts if self._is_long_part(word[start:])), None)
        return (word,) if end is None else (word[:end], word[end:])

    def _is_long_part(self, part: str) -> bool:
        return len(part) >= _LONGEST_REST_KNOWN and (part,) in self.vocabulary.concepts

    def _is_part(self, part: str) -> bool:
        if part in _LITTLE_PARTS or part in self.vocabulary.short_parts:
            return True
        return len(part) >= _SHORTEST_PART and (self._concept_of((part,)) is not None or part in self.corpus)


def _short_year(number: str) -> str:
    """2025 as 25, as many names have it; other numbers as they are."""
    return number[2:] if len(number) == 4 and number.startswith("20") else number


def label_words(labels: Iterable[str]) -> frozenset[str]:
    """The words of labels that may be parts of squashed names: those of four letters and more."""
    return frozenset(word for label in labels for word in split_words(label) if len(word) >= _SHORTEST_PART)


def _best_split(word: str, is_part: Callable[[str], bool], *, shortest: int = _SHORTEST_PART) -> Phrase | None:
    """The word as the fewest known parts, joints left out; None when that cannot be done."""
    best: list[Phrase | None] = [()] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(end - 2, -1, -1):
            before = best[start]
            if before is None or len(before) >= _MOST_PARTS or end - start == len(word):
                continue
            part = _part(word[start:end], is_part, is_last=end == len(word))
            shorter = best[end]
            if part and (shorter is None or _cost((*before, part)) < _cost(shorter)):
                best[end] = (*before, part)
    parts = best[len(word)]
    return parts if parts and any(len(part) >= shortest for part in parts) else None


def _part(text: str, is_part: Callable[[str], bool], *, is_last: bool) -> str | None:
    for joint in _JOINTS if not is_last else ("",):
        stem = text.removesuffix(joint) if joint and text.endswith(joint) else text if not joint else ""
        if stem and is_part(stem):
            return stem
    return None


def _cost(parts: Sequence[str]) -> float:
    return sum(1.6 if part in _LITTLE_PARTS else 1.0 for part in parts)
