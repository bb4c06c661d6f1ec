"""Company names without legal forms: every spelling of the rule file, and names that only look as if they had one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsync_lib.core.advice.company_words import CompanyWords, words_of
from tests.rulebook_texts import shipped_rulebook

DATA = shipped_rulebook().company_names
WORDS = CompanyWords.from_data(DATA)


def test_bare_words__every_form_is_left_out_at_the_end() -> None:
    spellings = [*DATA["anywhere"], *(form for forms in DATA["forms"].values() for form in forms)]
    kept = [form for form in spellings if WORDS.bare_words(f"Adler Papier {form}") != ["adler", "papier"]]
    assert kept == []


def test_bare_words__forms_in_front_are_left_out() -> None:
    kept = [form for form in DATA["in_front"] if WORDS.bare_words(f"{form} Adler Papier") != ["adler", "papier"]]
    assert kept == []


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("HF Sinclair Corp", ["hf", "sinclair"]),
        ("SC Johnson & Son, Inc.", ["sc", "johnson", "son"]),
        ("Acme AG & Co. KG", ["acme"]),
        ("Lalan Rubbers (Pvt) Ltd.", ["lalan", "rubbers"]),
        ("Gap Inc. (The)", ["gap"]),
        ("Voyager Corp./Cayman Islands", ["voyager"]),
        ("株式会社ソニー", ["ソニー"]),
        ("Kessler Holding", ["kessler", "holding"]),
        ("GmbH & Co. KG", ["gmbh", "and", "co", "kg"]),
        ("The", ["the"]),
        ("!?", []),
    ],
)
def test_bare_words__of(name: str, bare: list[str]) -> None:
    assert WORDS.bare_words(name) == bare


def test_words_of__joins_letters_and_drops_signs() -> None:
    assert words_of("J.P. O'Neill & Søn A/S") == ["jp", "oneill", "and", "son", "as"]
    assert words_of("  ") == []


def test_in_full__spells_shortened_words_out() -> None:
    assert WORDS.in_full("compass minerals intl") == "compass minerals international"
    assert WORDS.in_full("kupferfeld") == "kupferfeld"


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=40))
def test_bare_words__are_words_of_any_name(name: str) -> None:
    words = words_of(name)
    assert bool(WORDS.bare_words(name)) == bool(words)
    assert words_of(name.upper()) == words_of(name.upper().casefold())
