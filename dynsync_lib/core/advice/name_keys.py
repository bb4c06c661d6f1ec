"""Keys by which like names meet, as 64-bit numbers: of whole names, of names less one word, and less one letter.

Facts
    * A text is a polynomial over its letters, so that the key of a name less a part comes from sums that are there
      already: no text is cut. All arithmetic is modulo 2**64; where two texts share a key by chance, `near_names`
      looks at the texts themselves.
    * A key that too many names share says nothing (`most`): those names do not meet by it.
    * Of the keys less one letter, of which a name has as many as letters, only those are kept that the other side seems
      to have: a table of flags answers that, wrong only by keeping too many.

Cost: for a million names a side, of which a third has no partner, some seconds; memory grows by what is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

Keys: TypeAlias = "npt.NDArray[np.uint64]"
Rows: TypeAlias = "npt.NDArray[np.int64]"
Flags: TypeAlias = "npt.NDArray[np.bool_]"
_BASE: Final = 0x9E3779B97F4A7C15
_MODULUS: Final = 1 << 64
_INVERSE: Final = pow(_BASE, -1, _MODULUS)
_NAMES_AT_ONCE: Final = 100_000
_KEYS_AT_ONCE: Final = 500_000
_LEAST_FLAG_BITS, _MOST_FLAG_BITS = 12, 27
_FEWEST_LETTERS: Final = 5
"""A shorter name has no key less one letter."""
_FEWEST_LETTERS_LEFT: Final = 4
"""A key less one word holds at least so many letters and blanks."""
_WHOLE: Final = -2
"""Stands for the place of a letter where none is left out."""
_SPACE: Final = 32


@dataclass(frozen=True, slots=True)
class KeyedRows:
    """Keys, and the row that each belongs to. `places` are those of the letter left out, `_WHOLE` where none is."""

    keys: Keys
    rows: Rows
    places: Rows

    def where(self, kept: Flags) -> KeyedRows:
        """Those that are kept."""
        return KeyedRows(self.keys[kept], self.rows[kept], self.places[kept])


def whole_keys(texts: Sequence[str]) -> KeyedRows:
    """One key for each text."""
    return _keys(texts, _Letters.whole)[0]


def keys_of_word_sets(texts: Sequence[str]) -> KeyedRows:
    """One key for each text, the same whatever the order of its words."""
    return _keys(texts, _Letters.words_in_any_order)[0]


def keys_less_one_word(texts: Sequence[str]) -> tuple[KeyedRows, KeyedRows]:
    """One key for each text, as `whole_keys` has it; and one for every word of a text of several, without that word."""
    whole, less_one_word = _keys(texts, _Letters.whole, _Letters.less_one_word)
    return whole, less_one_word


def meet(ours: KeyedRows, theirs: KeyedRows, most: int) -> tuple[Rows, Rows]:
    """The rows of the two sides that share a key, each pair once, sorted; keys of more than `most` rows of theirs are
    passed over.
    """
    return each_pair_once((ours.rows[left], theirs.rows[right]) for left, right in _meetings(ours, theirs, most))


def meet_less_one_letter(ours: Sequence[str], theirs: Sequence[str], most: int) -> tuple[Rows, Rows]:
    """The rows of the two sides whose texts may differ by one letter more, less or other, or by two that changed
    places; each pair once, sorted. Keys of more than `most` rows of theirs are passed over.
    """
    bits = _flag_bits(sum(map(len, theirs)) + len(theirs))
    known = np.zeros(1 << bits, dtype=np.bool_)
    for part in _letter_parts(theirs):
        known[_flags(part.keys, bits)] = True
    left = _all_parts(part.where(known[_flags(part.keys, bits)]) for part in _letter_parts(ours))
    known[:] = False
    known[_flags(left.keys, bits)] = True
    right = _all_parts(part.where(known[_flags(part.keys, bits)]) for part in _letter_parts(theirs))
    del known
    return each_pair_once(_near_places(left, right, most))


def _near_places(left: KeyedRows, right: KeyedRows, most: int) -> Iterator[tuple[Rows, Rows]]:
    """Rows that share a key less letters of neighbouring places: those of other places are two errors apart."""
    for at_left, at_right in _meetings(left, right, most):
        here, there = left.places[at_left], right.places[at_right]
        is_near = (np.abs(here - there) <= 1) | (here == _WHOLE) | (there == _WHOLE)
        yield left.rows[at_left[is_near]], right.rows[at_right[is_near]]


class _Letters:
    """The letters of texts, one behind the other, with the sums that keys come from."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        self.lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
        self.ends = np.cumsum(self.lengths)
        self.starts = self.ends - self.lengths
        self.row_of = np.repeat(np.arange(len(texts)), self.lengths)
        self.place_of = np.arange(len(self.codes)) - self.starts[self.row_of]
        longest = int(self.lengths.max(initial=0)) + 1
        self.powers, self.inverses = _powers(_BASE, longest), _powers(_INVERSE, longest)
        self.sums = np.zeros(len(self.codes) + 1, dtype=np.uint64)
        mixed = _mixed(np.arange(int(self.codes.max(initial=0)) + 1, dtype=np.uint64))
        np.cumsum(mixed[self.codes] * self.powers[self.place_of], out=self.sums[1:])

    def whole(self, first: int) -> KeyedRows:
        rows = np.arange(len(self.lengths))
        return _keyed(self.sums[self.ends] - self.sums[self.starts], rows + first)

    def less_one_letter(self, first: int) -> KeyedRows:
        whole = self.whole(first)
        long = np.flatnonzero(self.lengths[self.row_of] >= _FEWEST_LETTERS)
        rows = self.row_of[long]
        before = self.sums[long] - self.sums[self.starts[rows]]
        behind = (self.sums[self.ends[rows]] - self.sums[long + 1]) * np.uint64(_INVERSE)
        return KeyedRows(
            np.concatenate([whole.keys, before + behind]),
            np.concatenate([whole.rows, rows + first]),
            np.concatenate([whole.places, self.place_of[long]]),
        )

    def words(self) -> tuple[Rows, Rows, Rows]:
        """Where words begin and end, and the row of each."""
        is_space = self.codes == _SPACE
        is_first = (self.place_of == 0) & ~is_space
        is_first[1:] |= is_space[:-1] & ~is_space[1:]
        is_last = np.zeros_like(is_first)
        is_last[self.ends[self.lengths > 0] - 1] = True
        is_last[:-1] |= is_space[1:]
        begins, ends = np.flatnonzero(is_first), np.flatnonzero(is_last & ~is_space) + 1
        return begins, ends, self.row_of[begins]

    def less_one_word(self, first: int) -> KeyedRows:
        begins, ends, rows = self.words()
        starts, stops = self.starts[rows], self.ends[rows]
        leads = begins == starts
        low = np.where(leads, begins, begins - 1)
        high = np.where(leads, np.minimum(ends + 1, stops), ends)
        before = self.sums[low] - self.sums[starts]
        keys = before + (self.sums[stops] - self.sums[high]) * self.inverses[high - low]
        return _keyed(keys, rows + first).where(stops - starts - (high - low) >= _FEWEST_LETTERS_LEFT)

    def words_in_any_order(self, first: int) -> KeyedRows:
        begins, ends, rows = self.words()
        keys = (self.sums[ends] - self.sums[begins]) * self.inverses[begins - self.starts[rows]]
        totals = np.zeros(len(self.lengths), dtype=np.uint64)
        np.add.at(totals, rows, _mixed(keys))
        return _keyed(totals, np.arange(len(totals)) + first)


def _letters_of(texts: Sequence[str]) -> Iterator[tuple[int, _Letters]]:
    for first in range(0, max(len(texts), 1), _NAMES_AT_ONCE):
        yield first, _Letters(texts[first : first + _NAMES_AT_ONCE])


def _keys(texts: Sequence[str], *kinds: Callable[[_Letters, int], KeyedRows]) -> list[KeyedRows]:
    """The keys of each kind, one kind after the other."""
    parts = [[kind(letters, first) for kind in kinds] for first, letters in _letters_of(texts)]
    return [_all_parts(iter(of_kind)) for of_kind in zip(*parts, strict=True)]


def _letter_parts(texts: Sequence[str]) -> Iterator[KeyedRows]:
    for first, letters in _letters_of(texts):
        yield letters.less_one_letter(first)


def _keyed(keys: Keys, rows: Rows) -> KeyedRows:
    return KeyedRows(keys, rows, np.full(len(rows), _WHOLE, dtype=np.int64))


def _all_parts(parts: Iterator[KeyedRows]) -> KeyedRows:
    every = list(parts)
    return KeyedRows(
        np.concatenate([part.keys for part in every]),
        np.concatenate([part.rows for part in every]),
        np.concatenate([part.places for part in every]),
    )


def _meetings(ours: KeyedRows, theirs: KeyedRows, most: int) -> Iterator[tuple[Rows, Rows]]:
    """Places in the two lists of keys that are equal, some at a time."""
    by_key, other_by_key = np.argsort(ours.keys), np.argsort(theirs.keys)
    answers = theirs.keys[other_by_key]
    for first in range(0, len(by_key), _KEYS_AT_ONCE):
        places = by_key[first : first + _KEYS_AT_ONCE]
        asked = ours.keys[places]
        low, high = np.searchsorted(answers, asked, "left"), np.searchsorted(answers, asked, "right")
        counts = high - low
        counts[counts > most] = 0
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        yield np.repeat(places, counts), other_by_key[np.repeat(low, counts) + within]


def each_pair_once(meetings: Iterable[tuple[Rows, Rows]]) -> tuple[Rows, Rows]:
    """Each pair of rows of all meetings once, sorted."""
    pairs = [_each_once((left << 32) | right) for left, right in meetings]
    different = _each_once(np.concatenate([np.zeros(0, dtype=np.int64), *pairs]))
    return different >> 32, different & 0xFFFFFFFF


def _each_once(numbers: Rows) -> Rows:
    """The different numbers, sorted. Of millions of numbers `np.unique` makes a table, which takes far longer."""
    in_order = np.sort(numbers)
    is_first = np.ones(len(in_order), dtype=np.bool_)
    is_first[1:] = in_order[1:] != in_order[:-1]
    return in_order[is_first]


def _flag_bits(keys: int) -> int:
    return min(max((4 * keys).bit_length(), _LEAST_FLAG_BITS), _MOST_FLAG_BITS)


def _flags(keys: Keys, bits: int) -> Any:
    return keys >> np.uint64(64 - bits)


def _powers(base: int, count: int) -> Keys:
    powers = np.full(count, base, dtype=np.uint64)
    powers[0] = 1
    return np.cumprod(powers, dtype=np.uint64)


def _mixed(numbers: Keys) -> Keys:
    """Numbers that look unlike each other, one for each (the finalizer of SplitMix64)."""
    mixed = numbers + np.uint64(_BASE)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
