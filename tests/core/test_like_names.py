"""Of two lists those names are alike that are alike when two names are all there is, and have no likelier partner."""

from __future__ import annotations

from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsync_lib.core.advice.company_words import CompanyWords
from dynsync_lib.core.advice.like_names import LikeNames, Pair
from dynsync_lib.core.advice.name_keys import Flags, Rows
from tests.rulebook_texts import shipped_rulebook

WORDS = CompanyWords.from_data(shipped_rulebook().company_names)
NAMES = (
    *("Kupferfeld Papier GmbH", "Kupferfeld Papier", "Kupferfled Papier", "Kupferfeld Papier Hamburg"),
    *("Kupferfled Papier Ltd", "Papier Kupferfeld AG", "KupferfeldPapier", "Kupferfeld", "Kupferfelt 2 AG"),
    *(
        "Kupferfeld II",
        "Kupferfeld Intl",
        "Kupferfeld International",
        "Kupferfeld Papier Hamburg Ulm",
        "The Kupferfeld",
    ),
    *(
        "Kupferfeld Papier GmbH (Bern)",
        "Kupferfeld Papier GmbH (Ulm)",
        "Kupférfeld Papier",
        "Kupferfeld & Papier",
        "AG",
    ),
)
LISTS = st.lists(st.sampled_from(NAMES), max_size=7)


def neither(left: Rows, right: Rows) -> Flags:
    return np.zeros(len(left) | len(right), dtype=np.bool_)


def find(ours: list[str], theirs: list[str]) -> list[Pair]:
    return LikeNames(WORDS, ours, theirs).find(neither, neither)


@cache
def reason_alone(our: str, their: str) -> str | None:
    return next((reason for _, _, reason in find([our], [their])), None)


@cache
def likeness(our: str, their: str) -> float:
    return LikeNames(WORDS, [our], [their]).likeness([0], [0])[0]


@cache
def have_one_bare_name(our: str, their: str) -> bool:
    ours, theirs = (WORDS.in_full(" ".join(WORDS.bare_words(name))).split() for name in (our, their))
    return sorted(ours) == sorted(theirs) or "".join(ours) == "".join(theirs)


def expected(ours: list[str], theirs: list[str]) -> list[Pair]:
    """What comparing every name with every other finds."""
    alike = [(i, j, reason_alone(our, their)) for i, our in enumerate(ours) for j, their in enumerate(theirs)]
    pairs = [(i, j, reason) for i, j, reason in alike if reason is not None]
    strong = [pair for pair in pairs if have_one_bare_name(ours[pair[0]], theirs[pair[1]])]
    left, right = ({pair[side] for pair in strong} for side in (0, 1))
    weak = [pair for pair in pairs if pair[0] not in left and pair[1] not in right]
    scores = {pair: likeness(ours[pair[0]], theirs[pair[1]]) for pair in weak}
    best = {pair: max(scores[other] for other in weak if other[0] == pair[0] or other[1] == pair[1]) for pair in weak}
    return sorted([*strong, *(pair for pair in weak if scores[pair] == best[pair])])


@settings(deadline=None, derandomize=True)
@given(LISTS, LISTS)
def test_find__as_if_every_name_were_compared_with_every_other(ours: list[str], theirs: list[str]) -> None:
    assert find(ours, theirs) == expected(ours, theirs)
