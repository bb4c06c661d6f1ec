"""Pseudonyms keep what decides: equality in every normal form, length, blanks, validity, domains, words of filters."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsync_lib.core.keys import domain_key, email_key, is_valid_email, name_key
from dynsync_lib.rehearsal.planning.pseudonyms import Pseudonyms
from tests.rulebook_texts import shipped_rulebook

BOOK = shipped_rulebook()
KEY = bytes(range(32))


def pseudonyms(*kept_texts: str, key: bytes = KEY) -> Pseudonyms:
    return Pseudonyms(key, BOOK.top_level_domains, BOOK.free_mail_domains, frozenset(kept_texts))


def test_spellings_of_a_name_stay_spellings_of_one() -> None:
    spellings = ["Straße Nord", "STRASSE  NORD", " straße nord ", "Acmé", "ACME\u0301", "Acme", "Ａcme"]
    made = pseudonyms().of_texts(spellings)
    assert name_key(made["Straße Nord"]) == name_key(made["STRASSE  NORD"]) == name_key(made[" straße nord "])
    assert name_key(made["Acmé"]) == name_key(made["ACME\u0301"]) != name_key(made["Acme"])
    assert name_key(made["Acme"]) == name_key(made["Ａcme"]) is not None
    assert len(set(made.values())) == len(spellings)
    assert {text: len(text) for text in spellings} == {text: len(made[text]) for text in spellings}
    assert made[" straße nord "][0] == made[" straße nord "][-1] == " "


def test_addresses_keep_key_validity_and_domain() -> None:
    valid = ["ann@firm.de", "Ann@Firm.de", " ann@firm.de\u200b", "bob@firm.de"]
    invalid = ["x@g.invalid", "a..b@firm.de", "two@firm.de;x", "@firm.de", "ａnn@firm.de", "ann"]
    made = pseudonyms().of_texts([*valid, *invalid])
    tops = BOOK.top_level_domains
    assert all(is_valid_email(made[text], tops) for text in valid)
    assert not any(is_valid_email(made[text], tops) for text in invalid)
    assert len({email_key(made[text]) for text in valid}) == 2
    assert email_key(made["ａnn@firm.de"]) == email_key(made["ann@firm.de"])
    domains = {made[text].strip(" \u200b").lower().partition("@")[2] for text in valid}
    assert len(domains) == 1
    assert domains.pop().endswith(".example.com")


def test_domains_are_shared_with_companies__free_mail_stays() -> None:
    maker = pseudonyms()
    people = maker.of_texts(["ann@firm-of-some-length.de", "ann.lee@gmail.com"])
    web = maker.of_web_texts(
        ["https://WWW.Firm-of-some-length.de/home", "firm-of-some-length.de", "gmail.com", "intranet"]
    )
    domain = people["ann@firm-of-some-length.de"].partition("@")[2]
    assert domain_key(web["https://WWW.Firm-of-some-length.de/home"]) == web["firm-of-some-length.de"] == domain
    assert len(domain) == len("firm-of-some-length.de")
    assert people["ann.lee@gmail.com"].endswith("@gmail.com")
    assert "ann" not in people["ann.lee@gmail.com"]
    assert web["gmail.com"] == "gmail.com"
    assert "." not in web["intranet"]


def test_telephone_numbers_are_equal_by_their_digits() -> None:
    made = pseudonyms().of_texts(["+49 30 123", "+49(30)123", "+49 30 124"])
    digits = {text: "".join(filter(str.isdigit, made[text])) for text in made}
    assert digits["+49 30 123"] == digits["+49(30)123"] != digits["+49 30 124"]
    assert made["+49(30)123"][0] == "+"


def test_words_of_filters_stay_and_nobody_else_gets_them() -> None:
    names = ["Bolt One", "Colt Two", *(f"Name {letter}" for letter in "abcdefgh")]
    made = pseudonyms("olt").of_texts(names)
    assert [text for text, new in made.items() if "olt" in new] == ["Bolt One", "Colt Two"]


def test_what_a_filter_asks_of_addresses_stays__and_the_rest_of_the_domain_does_not() -> None:
    addresses = ["ann@contoso.de", "bob@mail.contoso.de", "carl@adler-papier.de", "dora@adler-papier.com"]
    by_domain = pseudonyms("@contoso.de").of_texts(addresses)
    assert [text for text, new in by_domain.items() if "@contoso.de" in new] == ["ann@contoso.de"]
    by_country = pseudonyms(".de").of_texts(addresses)
    assert [text for text, new in by_country.items() if ".de" in new] == [
        "ann@contoso.de",
        "bob@mail.contoso.de",
        "carl@adler-papier.de",
    ]
    by_com = pseudonyms(".com").of_texts(addresses)
    assert [text for text, new in by_com.items() if ".com" in new] == ["dora@adler-papier.com"]
    for made in (by_domain, by_country, by_com):
        assert all(is_valid_email(new, BOOK.top_level_domains) for new in made.values())
        assert not any("adler" in new or "ann@" in new for new in made.values())
    assert pseudonyms("ann@contoso.de").of_texts(addresses)["ann@contoso.de"] == "ann@contoso.de"
    assert pseudonyms("contoso.de").of_web_texts(["Contoso.de"]) == {"Contoso.de": "Contoso.de"}


def test_another_key_gives_other_pseudonyms__the_same_key_the_same() -> None:
    texts = ["Adler Papier", "ann@firm.de"]
    assert pseudonyms().of_texts(texts) == pseudonyms().of_texts(texts)
    assert pseudonyms().of_texts(texts) != pseudonyms(key=bytes(32)).of_texts(texts)


@pytest.mark.parametrize("alphabet", ["Игорь", "株式会社", "Ελλάς"])
def test_other_alphabets_are_replaced_in_their_own(alphabet: str) -> None:
    made = pseudonyms().of_texts([alphabet])[alphabet]
    assert made != alphabet
    assert len(made) == len(alphabet)
    assert not any(sign.isascii() for sign in made)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(texts=st.lists(st.text(max_size=8) | st.text("aAbBéÉßｓ .@-1２", max_size=8), max_size=8, unique=True))
def test_any_texts_stay_as_different_as_they_were(texts: list[str]) -> None:
    made = pseudonyms().of_texts(texts)
    assert made.keys() == set(texts)
    assert len(set(made.values())) == len(texts)
    assert all(bool(name_key(text)) == bool(name_key(made[text])) for text in texts)
