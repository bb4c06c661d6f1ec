"""Which names of two lists are alike, and in what they differ.

Facts
    * Strong: what `CompanyWords` leaves of two names is equal, word for word, in another order, or spaced otherwise.
    * Weak: one of them has one word more, or there is one typing error; or there is one in each of two words, of which
      one is meant as a word that many names have. It is looked for only between names that have no strong likeness, and
      a pair is told only when neither of its names has a likelier partner. Legal forms that have nothing in common
      speak against it.
    * Numbers, Roman ones among them, and single letters tell companies apart; so does a word of three letters or fewer
      with another letter in it.

Not modelled
    * Two errors in one word, or in two words that few names have.
    * What more than 20 names of the second list are left with when a word or letter is taken away says nothing; nor
      do bare words that more than 100 of them have, in whatever order.

Source: rule advice.near-name (2.30, 2.38).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from dynsync_lib.core.advice.company_words import CompanyWords, words_of
from dynsync_lib.core.advice.mistyped_words import Readings, read_both_ways
from dynsync_lib.core.advice.name_keys import (
    Flags,
    Rows,
    each_pair_once,
    keys_less_one_word,
    keys_of_word_sets,
    meet,
    meet_less_one_letter,
    whole_keys,
)

if TYPE_CHECKING:
    import numpy.typing as npt

_MOST_STRONG, _MOST_WEAK = 100, 20
_SHORT_WORD: Final = 3
_MOST_ERRORS: Final = 2
_PAIRS_AT_ONCE: Final = 100_000
Compare = Callable[[Rows, Rows], Flags]
"""Says something of rows of the two lists, pair by pair."""
Pair = tuple[int, int, str]
"""A row of the first list, one of the second, and the reason: in what the two names differ."""


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Many pairs, as columns: rows of the two lists, and reasons."""

    left: Rows
    right: Rows
    reasons: npt.NDArray[np.object_]

    def where(self, kept: Flags) -> _Pairs:
        """Those that are kept."""
        return _Pairs(self.left[kept], self.right[kept], self.reasons[kept])

    def __iter__(self) -> Iterator[Pair]:
        yield from zip(self.left.tolist(), self.right.tolist(), self.reasons.tolist(), strict=True)


@dataclass(frozen=True, slots=True)
class LikeNames:
    """Two lists of names. `find` says which are alike; `words` knows legal forms."""

    words: CompanyWords
    ours: Sequence[str]
    theirs: Sequence[str]
    _bare: tuple[list[str], list[str]] = field(init=False)
    _spelled: tuple[list[str], list[str]] = field(init=False)

    def __post_init__(self) -> None:
        sides = [self._read(side) for side in (self.ours, self.theirs)]
        object.__setattr__(self, "_spelled", tuple(spelled for spelled, _ in sides))
        object.__setattr__(self, "_bare", tuple(bare for _, bare in sides))

    def find(self, is_equal: Compare, is_one_firm: Compare) -> list[Pair]:
        """The pairs of like names, in the order of their rows, each once.

        `is_equal` says which rows have one match key: such a pair is no advice. `is_one_firm` says of which something
        else than the name tells that they are one: then other legal forms do not speak against a weak likeness.
        """
        strong = list(self._strong_pairs(is_equal))
        ours, theirs = (_all_but(len(side), rows) for side, rows in zip(self._bare, rows_of(strong), strict=True))
        weak = self._weak_pairs(ours, theirs, is_equal)
        weak = weak.where(~self._have_other_forms(weak) | is_one_firm(weak.left, weak.right))
        return sorted([*strong, *weak.where(self._are_likeliest(weak))])

    def likeness(self, left: Sequence[int], right: Sequence[int]) -> list[float]:
        """How alike the names of these rows are, from 0 to 100, pair by pair."""
        texts = [[spelled[row] for row in rows] for spelled, rows in zip(self._spelled, (left, right), strict=True)]
        return [round(score, 1) for score in process.cpdist(*texts, scorer=fuzz.ratio, dtype=np.float64).tolist()]

    def _read(self, names: Sequence[str]) -> tuple[list[str], list[str]]:
        """All words of each name, and its bare words, with blanks between them."""
        spelled, bare = [], []
        for name in names:
            words, bare_words = self.words.read(name)
            spelled.append(" ".join(words))
            bare.append(spelled[-1] if words == bare_words else " ".join(bare_words))
        return spelled, bare

    def _strong_pairs(self, is_equal: Compare) -> Iterator[Pair]:
        full = [[self.words.in_full(text) for text in side] for side in self._bare]
        meetings = [meet(keys_of_word_sets(full[0]), keys_of_word_sets(full[1]), _MOST_STRONG)]
        del full
        close = [[text.replace(" ", "") for text in side] for side in self._bare]
        meetings.append(meet(whole_keys(close[0]), whole_keys(close[1]), _MOST_STRONG))
        del close
        rows = each_pair_once(meetings)
        is_unlike = ~is_equal(*rows)
        for left, right in zip(rows[0][is_unlike].tolist(), rows[1][is_unlike].tolist(), strict=True):
            reason = self._strong_reason(left, right)
            if reason is not None:
                yield left, right, reason

    def _strong_reason(self, left: int, right: int) -> str | None:
        """In what two names differ whose bare words are equal in some way.

        None when they have no word, differ in a remark (`Acme AG (Bern)`, `Acme AG (Basel)`), or share a key by chance.
        """
        ours, theirs = self._bare[0][left], self._bare[1][right]
        if not ours or not theirs or self._have_other_remarks(left, right):
            return None
        if ours == theirs:
            return self._around_words(ours, left, right)
        full = [self.words.in_full(text) for text in (ours, theirs)]
        if full[0] == full[1]:
            return "abbreviation"
        if sorted(full[0].split()) == sorted(full[1].split()):
            return "word_order"
        return "spacing" if ours.replace(" ", "") == theirs.replace(" ", "") else None

    def _have_other_remarks(self, left: int, right: int) -> bool:
        ours = self.words.remark_of(self.ours[left])
        theirs = self.words.remark_of(self.theirs[right]) if ours else ours
        return bool(theirs) and ours != theirs

    def _around_words(self, bare: str, left: int, right: int) -> str:
        """What two names have around the same bare words: signs and accents, a small word, or a legal form."""
        ours, theirs = self._spelled[0][left], self._spelled[1][right]
        if ours == theirs:
            around = [self._written_around(bare, name) for name in (self.ours[left], self.theirs[right])]
            return "typo" if ours == bare or around[0] == around[1] else "legal_form"
        words, others = ours.split(), theirs.split()
        if self.words.without_small(words) != self.words.without_small(others):
            return "legal_form"
        return "typo" if len(words) == len(others) else "extra_word"

    def _written_around(self, bare: str, name: str) -> list[str]:
        """What stands around a name's bare words, as it is written, but for commas and capitals: `g.m.b.h.`."""
        inside = set(bare.split())
        return [word for word in name.replace(",", " ").casefold().split() if not inside.issuperset(words_of(word))]

    def _weak_pairs(self, left: Rows, right: Rows, is_equal: Compare) -> _Pairs:
        """The pairs among these rows of the two lists that differ by a word or a typing error."""
        ours, theirs = ([self._bare[side][row] for row in rows.tolist()] for side, rows in enumerate((left, right)))
        kinds = []
        for reason, (here, there), is_such in (
            ("extra_word", _one_word_more(ours, theirs), self._is_one_word_more),
            ("typo", _few_edits_apart(*read_both_ways(ours, theirs)), self._has_errors),
        ):
            texts = zip(here.tolist(), there.tolist(), strict=True)
            is_weak = np.fromiter((is_such(ours[our].split(), theirs[their].split()) for our, their in texts), np.bool_)
            pairs = _Pairs(left[here], right[there], np.full(len(here), reason, dtype=np.object_)).where(is_weak)
            kinds.append(pairs.where(~is_equal(pairs.left, pairs.right)))
        return _Pairs(
            np.concatenate([pairs.left for pairs in kinds]),
            np.concatenate([pairs.right for pairs in kinds]),
            np.concatenate([pairs.reasons for pairs in kinds]),
        )

    def _have_other_forms(self, pairs: _Pairs) -> Flags:
        """Which pairs are of two names that both have legal forms, and none in common."""
        (ours, left), (theirs, right) = self._forms_of(0, pairs.left), self._forms_of(1, pairs.right)
        different, at = np.unique(left * len(theirs) + right, return_inverse=True)
        both = ((ours[number // len(theirs)], theirs[number % len(theirs)]) for number in different.tolist())
        return np.array([bool(our and their) and our.isdisjoint(their) for our, their in both], dtype=np.bool_)[at]

    def _forms_of(self, side: int, rows: Rows) -> tuple[list[frozenset[str]], Rows]:
        """The different legal forms of these names of one list, and by row which of them it has."""
        names, bare = self._spelled[side], self._bare[side]
        numbers: dict[str, int] = {}
        number_of = np.zeros(len(names), dtype=np.int64)
        for row in set(rows.tolist()):
            number_of[row] = numbers.setdefault(self.words.around(names[row], bare[row]), len(numbers))
        return [self.words.forms_in(around) for around in numbers], number_of[rows]

    def _is_one_word_more(self, words: list[str], others: list[str]) -> bool:
        """Whether one of two names is the other with a word more that is no number."""
        longer, shorter = (words, others) if len(words) > len(others) else (others, words)
        at = _first_unlike(longer, shorter)
        return longer[at + 1 :] == shorter[at:] and len(longer) > len(shorter) and not self._is_number(longer[at])

    def _has_errors(self, words: list[str], others: list[str]) -> bool:
        """Whether two names that are few edits apart differ by one error a word, in one or two that people mistype."""
        if len(words) != len(others):
            return _digits(words) == _digits(others)
        unlike = [pair for pair in zip(words, others, strict=True) if pair[0] != pair[1]]
        if len(unlike) == 1:
            return self._is_error(*unlike[0])
        return len(unlike) == _MOST_ERRORS and all(
            OSA.distance(*pair) == 1 and self._is_error(*pair) for pair in unlike
        )

    def _is_error(self, word: str, other: str) -> bool:
        """Whether two words that are one edit apart may be one that was mistyped."""
        is_short = len(word) <= _SHORT_WORD and len(other) <= _SHORT_WORD
        if is_short or word in self.words.numerals or other in self.words.numerals:
            return False
        return (word.isalpha() and other.isalpha()) or _digits([word]) == _digits([other])

    def _is_number(self, word: str) -> bool:
        return len(word) == 1 or word in self.words.numerals or not word.isalpha()

    def _are_likeliest(self, pairs: _Pairs) -> Flags:
        """Which pairs are of names neither of which has a likelier partner."""
        scores = np.array(self.likeness(pairs.left.tolist(), pairs.right.tolist()))
        is_likeliest = np.ones(len(scores), dtype=np.bool_)
        for names, rows in zip(self._bare, (pairs.left, pairs.right), strict=True):
            best = np.zeros(len(names))
            np.maximum.at(best, rows, scores)
            is_likeliest &= scores == best[rows]
        return is_likeliest


def _one_word_more(ours: Sequence[str], theirs: Sequence[str]) -> tuple[Rows, Rows]:
    """Rows of which one has a word more than the other."""
    (whole, shortened), (others, others_shortened) = keys_less_one_word(ours), keys_less_one_word(theirs)
    return each_pair_once([meet(shortened, others, _MOST_WEAK), meet(whole, others_shortened, _MOST_WEAK)])


def _few_edits_apart(ours: Readings, theirs: Readings) -> tuple[Rows, Rows]:
    """Rows whose texts differ by one letter more, less or other, or by two that changed places; and rows whose texts
    differ by two such edits, and by one or none as they may be meant.
    """
    left, right = meet_less_one_letter(ours.texts, theirs.texts, _MOST_WEAK)
    rows = ours.rows[left], theirs.rows[right]
    edits = [np.zeros(0, dtype=np.uint8)]
    for first in range(0, len(left), _PAIRS_AT_ONCE):
        at, others_at = (side[first : first + _PAIRS_AT_ONCE].tolist() for side in rows)
        texts = [ours.texts[row] for row in at], [theirs.texts[row] for row in others_at]
        edits.append(process.cpdist(*texts, scorer=OSA.distance, score_cutoff=_MOST_ERRORS, dtype=np.uint8))
    is_as_written = (rows[0] == left) & (rows[1] == right)
    is_near = np.concatenate(edits) == np.where(is_as_written, 1, _MOST_ERRORS)
    return each_pair_once([(rows[0][is_near], rows[1][is_near])])


def rows_of(pairs: Sequence[Pair]) -> tuple[Rows, Rows]:
    """The rows of the first list and those of the second, pair by pair."""
    return (
        np.array([pair[0] for pair in pairs], dtype=np.int64),
        np.array([pair[1] for pair in pairs], dtype=np.int64),
    )


def _all_but(number: int, rows: Rows) -> Rows:
    """The rows of so many that are not among these."""
    is_left = np.ones(number, dtype=np.bool_)
    is_left[rows] = False
    return np.flatnonzero(is_left)


def _first_unlike(words: Sequence[str], others: Sequence[str]) -> int:
    """The first place in which two names have other words; that behind the shorter one where it is in none."""
    for at, (word, other) in enumerate(zip(words, others, strict=False)):
        if word != other:
            return at
    return min(len(words), len(others))


def _digits(words: Sequence[str]) -> str:
    return "".join(letter for word in words for letter in word if letter.isdigit())
