"""Companies that are alike: what is pointed out, and as what."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import polars as pl
import pytest

from dynsync_lib.core.advice.company_words import CompanyWords
from dynsync_lib.core.advice.near_names import COLUMNS, pair_near_names
from dynsync_lib.core.keys import name_key
from tests.rulebook_texts import shipped_rulebook

WORDS = CompanyWords.from_data(shipped_rulebook().company_names)


def companies(*records: dict[str, str]) -> nw.DataFrame[Any]:
    rows = [{"key": name_key(record["name"]), "id": str(place), **record} for place, record in enumerate(records)]
    return nw.from_native(pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)), eager_only=True)


def named(*names: str) -> nw.DataFrame[Any]:
    return companies(*({"name": name} for name in names))


def paired(
    ours: nw.DataFrame[Any], theirs: nw.DataFrame[Any], *others: nw.DataFrame[Any]
) -> list[tuple[str, str, str]]:
    rows = pair_near_names(ours, theirs, WORDS, free_mail=frozenset({"gmail.com"}), others=others)
    return [(row["hubspot_name"], row["dynamics_name"], row["reason"]) for row in rows]


@pytest.mark.parametrize(
    ("ours", "theirs", "reason"),
    [
        ("Falkenbau GmbH", "Falkenbau", "legal_form"),
        ("Falkenbau GmbH", "Falkenbau G.m.b.H.", "legal_form"),
        ("Falkenbau GmbH & Co. KG", "Falkenbau", "legal_form"),
        ("Falkenbau Aktiengesellschaft", "Falkenbau AG", "legal_form"),
        ("Falkenbau Gesellschaft mit beschränkter Haftung", "Falkenbau GmbH", "legal_form"),
        ("Falkenbau UG (haftungsbeschränkt)", "Falkenbau", "legal_form"),
        ("Falkenbau Sp. z o.o.", "Falkenbau", "legal_form"),
        ("FALKENBAU SP Z O O", "Falkenbau sp. z o. o.", "legal_form"),
        ("Falkenbau Sp z oo", "Falkenbau Sp. z o.o.", "legal_form"),
        ("Falkenbau A/S", "Falkenbau", "legal_form"),
        ("Falkenbau S. A.", "Falkenbau", "legal_form"),
        ("Falkenbau S.p.A.", "FALKENBAU S P A", "legal_form"),
        ("Falkenbau S. de R.L. de C.V.", "Falkenbau", "legal_form"),
        ("PT Falkenbau Tbk", "Falkenbau", "legal_form"),
        ("ООО Сокол", "Сокол", "legal_form"),
        ("CRH plc", "CRH Public Limited Company", "legal_form"),
        ("Falkenbau (Pvt) Ltd.", "Falkenbau Private Ltd.", "legal_form"),
        ("Falkenbau Corp", "Falkenbau Corp./Cayman Islands", "legal_form"),
        ("Falkenbau AG (Bern)", "Falkenbau AG", "legal_form"),
        ("The AES Corporation", "AES Corp", "legal_form"),
        ("Falkenbau Falkenbau", "Falkenbau", "extra_word"),
        ("Smith & Jones", "Smith Jones", "extra_word"),
        ("HF Sinclair Corp", "Sinclair Corporation", "extra_word"),
        ("D.R. Horton Inc.", "HORTON D R INC", "word_order"),
        ("Falken Optik Gruppe", "Gruppe Falken Optik", "word_order"),
        ("Morgenlicht", "Morgen Licht", "spacing"),
        ("Compass Minerals Intl", "Compass Minerals International", "abbreviation"),
        ("1st Mining Bank", "First Mining Bank", "abbreviation"),
        ("Adler Papier", "Adler Papier Hamburg", "extra_word"),
        ("Kupferfeld", "Kupferfled", "typo"),
        ("Müllerbau", "Mullerbau", "typo"),
        ("Müllerbau GmbH", "Mullerbau GmbH", "typo"),
        ("Falkenbau, Inc.", "Falkenbau Inc.", "typo"),
        ("Falkenbau, Inc", "Falkenbau Inc.", "legal_form"),
        ("Vogt & Partner", "Vogt und Partner", "typo"),
        ("Łódzkie Młyny", "Lodzkie Mlyny", "typo"),
    ],
)
def test_pair_near_names__points_out(ours: str, theirs: str, reason: str) -> None:
    assert paired(named(ours), named(theirs)) == [(ours, theirs, reason)]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Falkenbau", "falkenbau "),
        ("Werk 12", "Werk 13"),
        ("Werk 12", "Werk"),
        ("Adler", "Bussard"),
        ("AG", "GmbH"),
        ("!!!", "???"),
        ("HF Sinclair Corp", "Sinclair Inc."),
        ("Falkenbau AG (Bern)", "Falkenbau AG (Basel)"),
        ("CV Sciences, Inc.", "AB Sciences Inc."),
        ("Cantor Partners I Inc.", "Cantor Partners, Inc."),
        ("Cantor Partners III", "Cantor Partners II"),
        ("CNB Financial", "CVB Financial"),
        ("Kupferfeld", "Kuperfled"),
    ],
)
def test_pair_near_names__says_nothing(ours: str, theirs: str) -> None:
    assert paired(named(ours), named(theirs)) == []


COMMON = [f"{letter * 3}burg Papier" for letter in "abcdefghijklmnopqrst"]


def test_pair_near_names__two_typing_errors_of_which_one_is_in_a_common_word() -> None:
    theirs = "Kupferfeld Papier"
    assert paired(named("Kupferfled Papeir"), named(theirs, *COMMON)) == [("Kupferfled Papeir", theirs, "typo")]
    assert paired(named("Kupferfled Papeir"), named(theirs, *COMMON[:18])) == []
    assert paired(named("Kuperfled Papier"), named(theirs, *COMMON)) == []
    assert paired(named("Kuperfled Papeir"), named(theirs, *COMMON)) == []


def test_pair_near_names__a_strong_likeness_silences_weak_ones() -> None:
    theirs = named("Home Bancorp Inc.", "Hope Bancorp Corp.")
    assert paired(named("Hope Bancorp Inc."), theirs) == [("Hope Bancorp Inc.", "Hope Bancorp Corp.", "legal_form")]


def test_pair_near_names__tells_the_likeliest_of_weak_ones() -> None:
    theirs = named("Kupferfeld Holzhandel Bremen Mitte", "Kupferfled Holzhandel Bremen")
    ours = "Kupferfeld Holzhandel Bremen"
    assert paired(named(ours), theirs) == [(ours, "Kupferfled Holzhandel Bremen", "typo")]


def test_pair_near_names__other_legal_forms_speak_against_a_typing_error() -> None:
    ours, theirs = {"name": "Kupferfeld GmbH"}, {"name": "Kupferfled Ltd"}
    assert paired(companies(ours), companies(theirs)) == []
    assert paired(companies(ours), named("Kupferfled GmbH & Co. KG")) != []
    domain = {"domain": "kupferfeld.de"}
    assert paired(companies(ours | domain), companies(theirs | domain)) == [
        ("Kupferfeld GmbH", "Kupferfled Ltd", "typo")
    ]


def test_pair_near_names__tells_what_else_agrees() -> None:
    ours = companies({"name": "Falkenbau GmbH", "city": "Ulm", "phone": "+49 731 123456", "domain": "falkenbau.de"})
    theirs = companies({"name": "Falkenbau", "city": "ulm", "phone": "0731 / 123456", "domain": "falkenbau.de"})
    (row,) = pair_near_names(ours, theirs, WORDS)
    assert row["corroboration"] == "domain;city;phone"
    assert row["score"] == 78.3


@pytest.mark.parametrize(
    ("agreeing", "reason"),
    [
        ({"tax_number": "DE 811 128 135", "domain": "bmw.de"}, "same_tax_number"),
        ({"domain": "bmw.de"}, "same_domain"),
        ({"phone": "089 3820 1234"}, "same_phone"),
    ],
)
def test_pair_near_names__unlike_names_with_one_number_or_domain(agreeing: dict[str, str], reason: str) -> None:
    ours, theirs = {"name": "BMW AG"} | agreeing, {"name": "Bayerische Motoren Werke"} | agreeing
    assert paired(companies(ours), companies(theirs)) == [("BMW AG", "Bayerische Motoren Werke", reason)]


def test_pair_near_names__a_shared_or_free_domain_makes_no_pair() -> None:
    shared = [{"name": name, "domain": "bmw.de"} for name in ("Adler", "Bussard")]
    free = {"name": "Celler", "domain": "gmail.com"}
    theirs = companies({"name": "Dachs", "domain": "bmw.de"}, {"name": "Esel", "domain": "gmail.com"})
    assert paired(companies(*shared, free), theirs) == []


def test_pair_near_names__what_a_matched_company_has_makes_no_pair() -> None:
    ours, theirs = ({"name": name, "phone": "089 3820 1234"} for name in ("Adler", "Bussard"))
    assert paired(companies(ours), companies(theirs), companies({"name": "Celler", "phone": "+49 89 38201234"})) == []
