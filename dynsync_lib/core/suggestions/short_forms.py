"""What unknown words of one side's fields are short for, or misspelt forms of, by the labels of the other side.

Facts
    * A word may be cut (`seniorit`, `Lief.`), lack its vowels (`mgmt`), be spelt wrongly, or be the initials of several
      words or of a compound: `POC` of proof of concept, `LZ` of Lieferzeit.
    * What it stands for is looked for among the labels of the other side, since no list of abbreviations holds those of
      a company, and among the known words whose meaning the other side says: `Projektbeg.` and project start.

Not modelled
    * Initials of compounds whose parts are not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product, takewhile
from typing import Final

from rapidfuzz import fuzz, process

Reading = frozenset[str]
Forms = Mapping[str, Mapping[Reading, float]]
"""By a word, what it may stand for, as concepts, and how likely that is (0 to 1)."""
_SAME_WORD: Final = 86
_LIKE_WORD: Final = 0.97
_CUT_SHORT: Final = 0.93
_TWO_INITIALS: Final = 0.9
_KNOWN_SHORT: Final = 0.85
_SHORTEST: Final = 3
_LONG_BEGINNING: Final = 6
_MOST_INITIALS: Final = 5
_MOST_WORDS: Final = 5
_PREFIXES: Final = ("vor", "durch", "nach", "ueber", "unter", "auf", "aus", "ein", "mit", "an", "ab", "zu", "in")
_SHORTEST_REST: Final = 4


def find_forms(
    unknown: Iterable[str],
    labels: Iterable[Sequence[str]],
    read: Callable[[str], Reading],
    take_apart: Callable[[str], Sequence[str]],
    noise: Iterable[str],
) -> dict[str, dict[Reading, float]]:
    """What the words may stand for. `labels` are those of the other side, as words; `read` gives a text's concepts.

    The cost is that of comparing every unknown word with every different word of the labels.
    """
    wanted = set(unknown)
    texts = sorted({tuple(label) for label in labels})
    forms: dict[str, dict[Reading, float]] = {}
    for word, text, likely in (*_alike(wanted, texts), *_initials(wanted, texts, take_apart, frozenset(noise))):
        concepts = read(text)
        if concepts and word not in concepts:
            known = forms.setdefault(word, {})
            known[concepts] = max(known.get(concepts, 0.0), likely)
    return forms


def find_known_forms(
    unknown: Iterable[str], concepts: Mapping[tuple[str, ...], str], read: Callable[[str], Reading], said: Reading
) -> dict[str, dict[Reading, float]]:
    """What the words may be short for among the words that are known, as far as the other side says that (`said`).

    The cost is that of comparing every unknown word with all known ones that begin with its letter.
    """
    by_letter: dict[str, list[str]] = {}
    for phrase in concepts:
        if len(phrase) == 1:
            by_letter.setdefault(phrase[0][0], []).append(phrase[0])
    forms: dict[str, dict[Reading, float]] = {}
    for word in sorted(word for word in set(unknown) if len(word) > 1):
        others = (other for other in by_letter.get(word[0], ()) if len(other) > len(word))
        readings = {read(other) for other in others if other.startswith(word) or _lacks_letters(word, other)}
        meant = {reading: _KNOWN_SHORT for reading in readings if reading and reading <= said}
        if meant:
            forms[word] = meant
    return forms


def _lacks_letters(short: str, long: str) -> bool:
    return len(short) >= _SHORTEST and _is_short_for(short, long)


def _alike(wanted: Iterable[str], texts: Iterable[Sequence[str]]) -> Iterator[tuple[str, str, float]]:
    """Words with one that they are spelt nearly like, or short for."""
    others = sorted({word for text in texts for word in text if len(word) >= _SHORTEST})
    for word in sorted(word for word in wanted if len(word) >= _SHORTEST and not word.startswith("#")):
        for other, *_ in process.extract(word, others, scorer=fuzz.ratio, score_cutoff=_SAME_WORD, limit=5):
            yield word, other, _LIKE_WORD
        for other in others:
            if _begin_alike(word, other):
                yield word, other, _LIKE_WORD
            elif _is_short_for(word, other):
                yield word, other, _LIKE_WORD if len(word) > _SHORTEST else _CUT_SHORT


def _begin_alike(first: str, second: str) -> bool:
    """Whether two words share their beginning but for an ending: vegetarian, vegetarisch."""
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))
    return common >= _LONG_BEGINNING and common * 10 >= max(len(first), len(second)) * 7


def _is_short_for(short: str, long: str) -> bool:
    """Whether a word begins another, or holds its letters in their order from the first one on: `mgmt`, `appl`."""
    if len(short) >= len(long) or short[0] != long[0]:
        return False
    if long.startswith(short):
        return True
    letters = iter(long)
    return not set(short) & set("aeiou") and all(letter in letters for letter in short)


def _initials(
    wanted: set[str], texts: Iterable[Sequence[str]], take_apart: Callable[[str], Sequence[str]], noise: frozenset[str]
) -> Iterator[tuple[str, str, float]]:
    """Words with several words, or a compound, whose initials they are."""
    short = {word for word in wanted if 2 <= len(word) <= _MOST_INITIALS}
    for text in texts if short else ():
        letters = [_letters_of(word, take_apart, noise) for word in text]
        for start in range(len(text)):
            for end in range(start + 1, min(start + _MOST_WORDS, len(text)) + 1):
                for choice in product(*letters[start:end]):
                    word = "".join(choice)
                    if word in short:
                        yield word, " ".join(text[start:end]), _TWO_INITIALS if len(word) == 2 else _LIKE_WORD


def _letters_of(word: str, take_apart: Callable[[str], Sequence[str]], noise: frozenset[str]) -> list[str]:
    """What a word may give to initials: its first letter, those of its parts or of a German prefix and the rest,
    and nothing where it says nothing.
    """
    parts = "".join(part[0] for part in take_apart(word))
    after = (word.removeprefix(prefix) for prefix in _PREFIXES if word.startswith(prefix))
    without_prefix = [word[0] + rest[0] for rest in after if len(rest) >= _SHORTEST_REST]
    return list(dict.fromkeys((word[0], parts, *without_prefix, *([""] if word in noise else []))))
