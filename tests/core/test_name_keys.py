"""Names meet by their keys exactly when their texts would."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from dynsync_lib.core.advice import name_keys as keys

TEXTS = st.lists(st.lists(st.text("abö", min_size=1, max_size=4), max_size=4).map(" ".join), max_size=8)
NO_LIMIT = 10_000


def pairs(meeting: tuple[keys.Rows, keys.Rows]) -> list[tuple[int, int]]:
    return list(zip(meeting[0].tolist(), meeting[1].tolist(), strict=True))


def less_one_word(text: str) -> Iterable[str]:
    words = text.split()
    return {" ".join(words[:place] + words[place + 1 :]) for place in range(len(words))}


@settings(deadline=None, derandomize=True)
@given(TEXTS, TEXTS)
def test_meet__equal_texts(ours: list[str], theirs: list[str]) -> None:
    expected = [(i, j) for i, our in enumerate(ours) for j, their in enumerate(theirs) if our == their]
    assert pairs(keys.meet(keys.whole_keys(ours), keys.whole_keys(theirs), NO_LIMIT)) == expected


@settings(deadline=None, derandomize=True)
@given(TEXTS, TEXTS)
def test_meet__words_in_any_order(ours: list[str], theirs: list[str]) -> None:
    met = pairs(keys.meet(keys.keys_of_word_sets(ours), keys.keys_of_word_sets(theirs), NO_LIMIT))
    assert met == [
        (i, j)
        for i, our in enumerate(ours)
        for j, their in enumerate(theirs)
        if sorted(our.split()) == sorted(their.split())
    ]


@settings(deadline=None, derandomize=True)
@given(TEXTS, TEXTS)
def test_meet__less_one_word(ours: list[str], theirs: list[str]) -> None:
    met = pairs(keys.meet(keys.keys_less_one_word(ours)[1], keys.whole_keys(theirs), NO_LIMIT))
    assert met == [
        (i, j)
        for i, our in enumerate(ours)
        for j, their in enumerate(theirs)
        if len(their) >= 4 and their in less_one_word(our)
    ]


@settings(deadline=None, derandomize=True)
@given(TEXTS, TEXTS)
def test_meet_less_one_letter__misses_no_typing_error(ours: list[str], theirs: list[str]) -> None:
    met = pairs(keys.meet_less_one_letter(ours, theirs, NO_LIMIT))
    one_apart = {
        (i, j)
        for i, our in enumerate(ours)
        for j, their in enumerate(theirs)
        if min(len(our), len(their)) >= 5 and OSA.distance(our, their) == 1
    }
    assert one_apart <= set(met)
    assert met == sorted(set(met))


def test_meet__passes_over_what_too_many_have() -> None:
    ours, theirs = keys.whole_keys(["adler"]), keys.whole_keys(["adler"] * 3)
    assert pairs(keys.meet(ours, theirs, 2)) == []
    assert pairs(keys.meet(ours, theirs, 3)) == [(0, 0), (0, 1), (0, 2)]


def test_keys__are_the_same_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"adler papier {number}" for number in range(10)]
    _, whole = keys.keys_less_one_word(texts)
    monkeypatch.setattr(keys, "_NAMES_AT_ONCE", 3)
    _, parts = keys.keys_less_one_word(texts)
    assert np.array_equal(whole.keys, parts.keys)
    assert np.array_equal(whole.rows, parts.rows)
