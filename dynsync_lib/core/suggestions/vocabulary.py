"""What words in names and labels of fields mean: concepts, and how concepts stand to one another.

Facts
    * Text is compared in lower case, umlauts written out, accents gone, without anything but letters and digits.
    * A name in camel case and one with underscores are the same words; digits are words of their own.
    * The same knowledge reads English and German.

Not modelled
    * Other languages, and words that mean different things in different trades.

Source: rules/field_words.toml, rules/field_words_of_trades.toml.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import fsum
from typing import Any, Final

from dynsync_lib.core.model import Object

_CAMEL: Final = re.compile(r"(?<=[a-zäöü])(?=[A-ZÄÖÜ][A-Za-zäöü])")
_WORD: Final = re.compile(r"[a-z]+|[0-9]+|[^\W\d_a-z]+")
_WRITTEN_OUT: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "²": "2", "³": "3"})
_STANDS_FOR: Final = 0.8
Phrase = tuple[str, ...]


def split_words(text: str) -> Phrase:
    """The words of a name or label, folded: `new_customerTier2` is new, customer, tier, 2."""
    text = text.replace("%", " percent ")
    spaced = _CAMEL.sub(" ", text) if not text.isupper() else text
    plain = spaced.lower().translate(_WRITTEN_OUT)
    if not plain.isascii():
        plain = "".join(letter for letter in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(letter))
    return tuple(_WORD.findall(plain))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that are known.

    `concepts` gives the concept of a phrase, `parts` what a concept consists of, `near` how close two different
    concepts are (0 to 1), by either of them. `exclusive` are sets of which two fields with different members never
    mean the same; where only one of two fields has a member of a `qualifying` one, or of what is near to it, that is
    doubtful; `telling` are the same sets without what is near. So it is where two fields have different `heads` (what
    sort of thing a field holds). `common_options` are what many choices offer, `short_parts` short words that compounds
    hold. `weights` is how much a concept counts, 1 when it is not named. `own` are concepts that say nothing within an
    object. `longest_phrase` is in words. `known` are all concepts.
    """

    noise: frozenset[str]
    prefixes: frozenset[str]
    concepts: Mapping[Phrase, str]
    parts: Mapping[str, tuple[str, ...]]
    near: Mapping[str, Mapping[str, float]]
    exclusive: tuple[frozenset[str], ...]
    qualifying: tuple[frozenset[str], ...]
    telling: tuple[frozenset[str], ...]
    heads: frozenset[str]
    common_options: frozenset[frozenset[str]]
    short_parts: frozenset[str]
    weights: Mapping[str, float]
    own: Mapping[Object, frozenset[str]]
    longest_phrase: int
    known: frozenset[str]

    def weight(self, concepts: Iterable[str]) -> float:
        """How much the concepts count together, the same in any order."""
        return fsum(self.weights.get(concept, 1.0) for concept in concepts)

    def closeness(self, first: str, second: str) -> float:
        """How close two concepts are: 1 for the same one, 0 for those that have nothing to do with each other."""
        return 1.0 if first == second else self.near.get(first, {}).get(second, 0.0)


def read_vocabulary(text: str, of_trades: str = "") -> Vocabulary:
    """The vocabulary out of the texts of rules/field_words.toml and rules/field_words_of_trades.toml.

    Of two concepts with one form the first keeps it.
    """
    tables: dict[str, Any] = tomllib.loads(text)
    noise = frozenset(word for entry in tables["noise"] for word in split_words(entry))
    concepts, parts = _read_concepts(tables, tomllib.loads(of_trades), noise)
    near = _near(tables["near"].values())
    return Vocabulary(
        noise=noise,
        prefixes=frozenset(tables["prefixes"]),
        concepts=concepts,
        parts=parts,
        near=near,
        exclusive=tuple(map(frozenset, tables["exclusive"].values())),
        qualifying=tuple(_with_near(tables["exclusive"][name], near) for name in tables["qualifying"]),
        telling=tuple(frozenset(tables["exclusive"][name]) for name in tables["qualifying"]),
        heads=frozenset(tables["heads"]),
        common_options=frozenset(
            frozenset({concepts.get(split_words(text), text)}) for text in tables["common_options"]
        ),
        short_parts=frozenset(tables["short_parts"]),
        weights=tables["weights"],
        own={Object(name): frozenset(words) for name, words in tables["own"].items()},
        longest_phrase=max(map(len, concepts)),
        known=frozenset(concepts.values()).union(*parts.values()),
    )


def _read_concepts(
    tables: Mapping[str, Any], trades: Mapping[str, Any], noise: frozenset[str]
) -> tuple[dict[Phrase, str], dict[str, tuple[str, ...]]]:
    """The concept of each phrase, and the parts of concepts made of others: those of every trade, then of each."""
    concepts: dict[Phrase, str] = {}
    for concept, forms in tables["concepts"].items():
        for form in forms:
            concepts.setdefault(split_words(form), concept)
    parts = {concept: tuple(parts) for concept, parts in tables["parts"].items()}
    for trade in trades.values():
        for meaning, forms in trade.items():
            _add_concept(meaning, forms, concepts, parts, noise)
    return concepts, parts


def _add_concept(
    meaning: str,
    forms: Iterable[str],
    concepts: dict[Phrase, str],
    parts: dict[str, tuple[str, ...]],
    noise: frozenset[str],
) -> None:
    """Adds forms of a meaning; it is what the first known one of them is, else all that its words are.

    Forms of several words that say it already by what their words mean are left out.
    """
    phrases = [split_words(form) for form in (meaning, *forms)]

    def read(phrase: Phrase) -> set[str]:
        known = (concepts.get(part, " ".join(part)) for part in _known_phrases(phrase, concepts, noise))
        return {part for concept in known for part in parts.get(concept, (concept,))}

    concept = next((concepts[phrase] for phrase in phrases if phrase in concepts), None)
    if concept is None:
        concept = " ".join(phrases[0])
        each = [concepts.setdefault(phrase, " ".join(phrase)) for phrase in _known_phrases(phrases[0], concepts, noise)]
        if each != [concept]:
            parts[concept] = tuple(part for single in each for part in parts.get(single, (single,)))
    meant = {*parts.get(concept, (concept,))}
    for phrase in phrases:
        said = read(phrase)
        if len(phrase) == 1 or len(said & meant) * 2 < len(said | meant):
            concepts.setdefault(phrase, concept)


def _known_phrases(words: Phrase, concepts: Mapping[Phrase, str], noise: frozenset[str]) -> Iterator[Phrase]:
    """The words as known phrases, longest first, and single words that are none, without those that say nothing."""
    while words:
        length = next((size for size in range(len(words), 1, -1) if words[:size] in concepts), 1)
        if length > 1 or words[0] not in noise:
            yield words[:length]
        words = words[length:]


def _with_near(concepts: Iterable[str], near: Mapping[str, Mapping[str, float]]) -> frozenset[str]:
    """The concepts, and those that stand for them: an invoice for billing."""
    close = (other for concept in concepts for other, how in near.get(concept, {}).items() if how >= _STANDS_FOR)
    return frozenset(concepts).union(close)


def _near(rows: Iterable[list[Any]]) -> dict[str, dict[str, float]]:
    near: dict[str, dict[str, float]] = {}
    for closeness, *concepts in rows:
        for first in concepts:
            for second in concepts:
                if first != second:
                    known = near.setdefault(first, {})
                    known[second] = max(known.get(second, 0.0), closeness)
    return near
