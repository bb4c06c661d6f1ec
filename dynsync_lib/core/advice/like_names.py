"""Which names of two lists are alike, and in what they differ.

Facts
    * Strong: what `CompanyWords` leaves of two names is equal, word for word, in another order, or spaced otherwise.
    * Weak: one of them has one word more, or there is one typing error. It is looked for only between names that have
      no strong likeness, and a pair is told only when neither of its names has a likelier partner. Legal forms that
      have nothing in common speak against it.
    * Numbers, Roman ones among them, and single letters tell companies apart; so does a word of three letters or fewer
      with another letter in it.

Not modelled
    * Two errors in one name.
    * What more than 20 names of the second list are left with when a word or letter is taken away says nothing; nor
      do bare words that more than 100 of them have.

Source: rule advice.near-name (2.30, 2.38).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from dynsync_lib.core.advice.company_words import CompanyWords, words_of
from dynsync_lib.core.advice.name_keys import (
    Flags,
    Rows,
    keys_less_one_word,
    keys_of_word_sets,
    meet,
    meet_less_one_letter,
    whole_keys,
)

_MOST_STRONG, _MOST_WEAK = 100, 20
_SHORT_WORD: Final = 3
Compare = Callable[[Rows, Rows], Flags]
"""Says something of rows of the two lists, pair by pair."""
Pair = tuple[int, int, str]
"""A row of the first list, one of the second, and the reason: in what the two names differ."""


@dataclass(frozen=True, slots=True)
class LikeNames:
    """Two lists of names. `find` says which are alike; `words` knows legal forms."""

    words: CompanyWords
    ours: Sequence[str]
    theirs: Sequence[str]
    _bare: tuple[list[str], list[str]] = field(init=False)

    def __post_init__(self) -> None:
        bare = tuple([" ".join(self.words.bare_words(name)) for name in side] for side in (self.ours, self.theirs))
        object.__setattr__(self, "_bare", bare)

    def find(self, is_equal: Compare, is_one_firm: Compare) -> list[Pair]:
        """The pairs of like names, in the order of their rows, each once.

        `is_equal` says which rows have one match key: such a pair is no advice. `is_one_firm` says of which something
        else than the name tells that they are one: then other legal forms do not speak against a weak likeness.
        """
        strong = list(self._strong_pairs(is_equal))
        left, right = ({pair[side] for pair in strong} for side in (0, 1))
        ours = [row for row in range(len(self.ours)) if row not in left]
        theirs = [row for row in range(len(self.theirs)) if row not in right]
        weak = list(self._weak_pairs(ours, theirs, is_equal))
        return sorted([*strong, *self._likeliest(self._without_other_forms(weak, is_one_firm))])

    def likeness(self, left: Sequence[int], right: Sequence[int]) -> list[float]:
        """How alike the names of these rows are, from 0 to 100, pair by pair."""
        ours, theirs = [self.ours[row] for row in left], [self.theirs[row] for row in right]
        texts = ([" ".join(words_of(name)) for name in names] for names in (ours, theirs))
        return [round(float(score), 1) for score in process.cpdist(*texts, scorer=fuzz.ratio, dtype=np.float64)]

    def _strong_pairs(self, is_equal: Compare) -> Iterator[Pair]:
        full = [[self.words.in_full(text) for text in side] for side in self._bare]
        meetings = [meet(whole_keys(full[0]), whole_keys(full[1]), _MOST_STRONG)]
        meetings.append(meet(keys_of_word_sets(full[0]), keys_of_word_sets(full[1]), _MOST_STRONG))
        del full
        close = [[text.replace(" ", "") for text in side] for side in self._bare]
        meetings.append(meet(whole_keys(close[0]), whole_keys(close[1]), _MOST_STRONG))
        del close
        for left, right in _unlike(_together(meetings), is_equal):
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
            return self._around_words(ours, self.ours[left], self.theirs[right])
        full = [self.words.in_full(text) for text in (ours, theirs)]
        if full[0] == full[1]:
            return "abbreviation"
        if sorted(full[0].split()) == sorted(full[1].split()):
            return "word_order"
        return "spacing" if ours.replace(" ", "") == theirs.replace(" ", "") else None

    def _have_other_remarks(self, left: int, right: int) -> bool:
        ours, theirs = self.words.remark_of(self.ours[left]), self.words.remark_of(self.theirs[right])
        return bool(ours) and bool(theirs) and ours != theirs

    def _around_words(self, bare: str, ours: str, theirs: str) -> str:
        """What two names have around the same bare words: signs and accents, a small word, or a legal form."""
        words, others = words_of(ours), words_of(theirs)
        if words == others:
            return "typo" if " ".join(words) == bare else "legal_form"
        if self.words.without_small(words) != self.words.without_small(others):
            return "legal_form"
        return "typo" if len(words) == len(others) else "extra_word"

    def _weak_pairs(self, left: list[int], right: list[int], is_equal: Compare) -> Iterator[Pair]:
        """The pairs among these rows of the two lists that differ by a word or a typing error."""
        ours, theirs = [self._bare[0][row] for row in left], [self._bare[1][row] for row in right]
        for reason, meeting in (
            ("extra_word", _one_word_more(ours, theirs)),
            ("typo", meet_less_one_letter(ours, theirs, _MOST_WEAK)),
        ):
            rows = (np.asarray(left, dtype=np.int64)[meeting[0]], np.asarray(right, dtype=np.int64)[meeting[1]])
            for here, there in _unlike(rows, is_equal):
                if self._is_one_apart(reason, self._bare[0][here], self._bare[1][there]):
                    yield here, there, reason

    def _without_other_forms(self, pairs: list[Pair], is_one_firm: Compare) -> list[Pair]:
        """The pairs without those that both have legal forms, none in common, and nothing else that speaks for them."""
        forms = [self._forms_of(0, {pair[0] for pair in pairs}), self._forms_of(1, {pair[1] for pair in pairs})]
        doubted = []
        for pair in pairs:
            ours, theirs = forms[0][pair[0]], forms[1][pair[1]]
            if ours and theirs and ours.isdisjoint(theirs):
                doubted.append(pair)
        rows = [np.array([pair[side] for pair in doubted], dtype=np.int64) for side in (0, 1)]
        dropped = {pair for pair, is_one in zip(doubted, is_one_firm(*rows).tolist(), strict=True) if not is_one}
        return [pair for pair in pairs if pair not in dropped]

    def _forms_of(self, side: int, rows: set[int]) -> dict[int, frozenset[str]]:
        """By row the legal forms of these names of one list."""
        names, bare = (self.ours, self.theirs)[side], self._bare[side]
        return {row: self.words.forms_of(names[row], bare[row]) for row in rows}

    def _is_one_apart(self, reason: str, ours: str, theirs: str) -> bool:
        if reason == "typo" and OSA.distance(ours, theirs, score_cutoff=1) != 1:
            return False
        words, others = ours.split(), theirs.split()
        if reason == "typo":
            return self._is_error(words, others)
        longer, shorter = (words, others) if len(words) > len(others) else (others, words)
        extra = [word for at, word in enumerate(longer) if longer[:at] + longer[at + 1 :] == shorter]
        return bool(extra) and not self._is_number(extra[0])

    def _is_error(self, words: list[str], others: list[str]) -> bool:
        """Whether two names that are one edit apart differ in a word that people mistype."""
        if len(words) != len(others):
            return _digits(words) == _digits(others)
        differing = next(pair for pair in zip(words, others, strict=True) if pair[0] != pair[1])
        if max(map(len, differing)) <= _SHORT_WORD or any(map(self.words.numerals.__contains__, differing)):
            return False
        return _digits(words) == _digits(others)

    def _is_number(self, word: str) -> bool:
        return len(word) == 1 or word in self.words.numerals or not word.isalpha()

    def _likeliest(self, pairs: list[Pair]) -> Iterator[Pair]:
        scores = self.likeness([pair[0] for pair in pairs], [pair[1] for pair in pairs])
        best: dict[tuple[int, int], float] = {}
        for pair, score in zip(pairs, scores, strict=True):
            for end in ((0, pair[0]), (1, pair[1])):
                best[end] = max(best.get(end, 0.0), score)
        for pair, score in zip(pairs, scores, strict=True):
            if score == best[0, pair[0]] == best[1, pair[1]]:
                yield pair


def _one_word_more(ours: Sequence[str], theirs: Sequence[str]) -> tuple[Rows, Rows]:
    """Rows of which one has a word more than the other."""
    longer = meet(keys_less_one_word(ours), whole_keys(theirs), _MOST_WEAK)
    shorter = meet(whole_keys(ours), keys_less_one_word(theirs), _MOST_WEAK)
    return _together([longer, shorter])


def _together(meetings: Sequence[tuple[Rows, Rows]]) -> tuple[Rows, Rows]:
    """The pairs of all meetings, each once."""
    pairs = np.unique(np.concatenate([(left << 32) | right for left, right in meetings]))
    return pairs >> 32, pairs & 0xFFFFFFFF


def _unlike(rows: tuple[Rows, Rows], is_equal: Compare) -> Iterator[tuple[int, int]]:
    left, right = rows
    kept = ~is_equal(left, right)
    yield from zip(left[kept].tolist(), right[kept].tolist(), strict=True)


def _digits(words: Sequence[str]) -> str:
    return "".join(letter for word in words for letter in word if letter.isdigit())
