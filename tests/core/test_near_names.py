"""Company names that are alike: what is pointed out, and as what."""

from __future__ import annotations

import pytest

from dynsync_lib.core.advice.near_names import Company, _core_of, pair_near_names, words_of
from dynsync_lib.core.keys import name_key
from tests.rulebook_texts import shipped_rulebook


def company(id_: str, name: str, *, city: str = "") -> Company:
    words = words_of(name)
    core = _core_of(words, shipped_rulebook().legal_forms) or words
    return Company(id_, name, name_key(name) or "", words, core, city, "", "")


@pytest.mark.parametrize(
    ("ours", "theirs", "reason"),
    [
        ("Falkenbau GmbH", "Falkenbau", "legal_form"),
        ("Falkenbau GmbH", "Falkenbau G.m.b.H.", "legal_form"),
        ("Falkenbau GmbH & Co. KG", "Falkenbau", "legal_form"),
        ("Falkenbau Aktiengesellschaft", "Falkenbau AG", "legal_form"),
        ("Falken Optik Gruppe", "Gruppe Falken Optik", "word_order"),
        ("Morgenlicht", "Morgen Licht", "spacing"),
        ("Adler Papier", "Adler Papier Hamburg", "extra_word"),
        ("Kupferfeld", "Kupferfled", "typo"),
        ("Müllerbau", "Mullerbau", "typo"),
    ],
)
def test_pair_near_names__points_out(ours: str, theirs: str, reason: str) -> None:
    rows = list(pair_near_names([company("1", ours)], [company("a", theirs)]))
    assert [(row["hubspot_id"], row["dynamics_id"], row["reason"]) for row in rows] == [("1", "a", reason)]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("Falkenbau", "falkenbau "), ("Werk 12", "Werk 13"), ("Adler", "Bussard"), ("AG", "GmbH")],
)
def test_pair_near_names__says_nothing(ours: str, theirs: str) -> None:
    assert list(pair_near_names([company("1", ours)], [company("a", theirs)])) == []


def test_pair_near_names__tells_what_else_agrees() -> None:
    rows = list(pair_near_names([company("1", "Falkenbau GmbH", city="ulm")], [company("a", "Falkenbau", city="ulm")]))
    assert rows[0]["corroboration"] == "city"
    assert rows[0]["score"] == 78.3
