"""Common words of names that somebody mistyped, and the names as they were meant.

Facts
    * A word is common when 20 names have it. A rarer word that is one typing error away from a common one may be meant
      as that one, of several as the most frequent; both have five letters or more, and no digits.
    * What is meant is a guess: it only brings names together, and whether they are alike is asked of the names as they
      are written.

Cost: every word of every name is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
from rapidfuzz.distance import OSA

from dynsync_lib.core.advice.name_keys import Rows, meet_less_one_letter

_NAMES_OF_A_COMMON_WORD: Final = 20
_FEWEST_LETTERS: Final = 5
_MOST_MEANINGS: Final = 5


@dataclass(frozen=True, slots=True)
class Readings:
    """Texts as they are written, behind them those that may be meant otherwise, and the row that each belongs to."""

    texts: Sequence[str]
    rows: Rows


def read_both_ways(ours: Sequence[str], theirs: Sequence[str]) -> tuple[Readings, Readings]:
    """The names of two lists as they are written and as they may be meant; words have a blank between them."""
    meant = _words_meant(Counter(chain.from_iterable(map(str.split, chain(ours, theirs)))))
    return _readings(ours, meant), _readings(theirs, meant)


def _words_meant(counts: Mapping[str, int]) -> dict[str, str]:
    """By mistyped word the common one that is meant."""
    words = [word for word in counts if len(word) >= _FEWEST_LETTERS and word.isalpha()]
    common = [word for word in words if counts[word] >= _NAMES_OF_A_COMMON_WORD]
    rare = [word for word in words if counts[word] < _NAMES_OF_A_COMMON_WORD]
    common.sort(key=lambda word: (counts[word], word))
    meetings = zip(*(rows.tolist() for rows in meet_less_one_letter(rare, common, _MOST_MEANINGS)), strict=True)
    return {rare[row]: common[at] for row, at in meetings if OSA.distance(rare[row], common[at], score_cutoff=1) == 1}


def _readings(texts: Sequence[str], meant: Mapping[str, str]) -> Readings:
    mistyped = frozenset(meant)
    rows = [row for row, text in enumerate(texts) if not mistyped.isdisjoint(text.split())]
    read = [" ".join([meant.get(word, word) for word in texts[row].split()]) for row in rows]
    return Readings([*texts, *read], np.concatenate([np.arange(len(texts)), np.array(rows, dtype=np.int64)]))
