"""Match keys, written out by hand."""

from __future__ import annotations

import pytest

from dynsync_lib.core.keys import (
    KeyMaker,
    accentless_key,
    domain_key,
    email_key,
    exact_key,
    guid_sql_key,
    is_valid_email,
    lower,
    name_key,
    split_addresses,
    trimmed_key,
)
from dynsync_lib.core.tables import RECORD_TABLES

REAL = frozenset({"com", "org", "de", "xn--p1ai"})


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Ada@Example.com", "ada@example.com"),
        (" \t ada@example.com\u00a0\u200b ", "ada@example.com"),
        ("ａｄａ@example.com", "ada@example.com"),
        ("\u200b \ufeff", None),
        ("", None),
        (None, None),
    ],
)
def test_email_key(text: str | None, key: str | None) -> None:
    assert email_key(text) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("  Nord\u00a0 Wind\tGmbH ", "nord wind gmbh"),
        ("Straße AG", "strasse ag"),
        ("ΣΙΓΜΑΣ", "σιγμασ"),
        ("\u200bAcme\u200b", "acme"),
        ("   ", None),
    ],
)
def test_name_key(text: str, key: str | None) -> None:
    assert name_key(text) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Société Générale", "societe generale"),
        ("SOCIE\u0301TE\u0301 Générale", "societe generale"),
        ("Köln x\u00b4", "koln x"),
        ("Søren Łódź", "søren łodz"),
        ("\u0301", "\u0301"),
        ("Acme", "acme"),
        (" ", None),
    ],
)
def test_accentless_key(text: str, key: str | None) -> None:
    assert accentless_key(name_key(text)) == key


def test_exact_and_trimmed_keys__keep_case_and_inner_space() -> None:
    assert exact_key(" A  B ") == " A  B "
    assert trimmed_key(" A  B ") == "A  B"
    assert exact_key(" \u00a0") is None
    assert trimmed_key("\u2060") is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("https://www.Example.com/about?x=1", "example.com"),
        ("example.com:8080", "example.com"),
        ("info@example.com", "example.com"),
        ("www.", None),
        (None, None),
    ],
)
def test_domain_key(text: str | None, key: str | None) -> None:
    assert domain_key(text) == key


def test_guid_sql_key__last_group_decides_first() -> None:
    smaller = guid_sql_key("ffffffff-ffff-ffff-ffff-000000000001")
    larger = guid_sql_key("00000000-0000-0000-0000-000000000002")
    assert smaller < larger
    assert guid_sql_key("00010203-0405-0607-0809-0a0b0c0d0e0f") == "0a0b0c0d0e0f08090706050403020100"


def test_guid_sql_key__no_guid_stays_itself() -> None:
    assert guid_sql_key("A-1") == "A-1"


def test_split_addresses__drops_blanks() -> None:
    assert split_addresses("a@example.com; ;b@example.com;") == ("a@example.com", "b@example.com")


@pytest.mark.parametrize(
    "address",
    ["ada@example.com", " ada.l+x@sub.example.org ", "ada@почта.рф", "o'neil@example.test", "a@b.example"],
)
def test_is_valid_email__accepts(address: str) -> None:
    assert is_valid_email(address, REAL)


@pytest.mark.parametrize(
    "address",
    [
        "ada",
        "ada@",
        "@example.com",
        "ada@example",
        "ada@@example.com",
        "ada..l@example.com",
        ".ada@example.com",
        "ada @example.com",
        "ada@-example.com",
        "ada@exa_mple.com",
        "ada@example.invalid",
        "ädä@example.com",
        '"ada l"@example.com',
        "ada@example.com,bob@example.com",
    ],
)
def test_is_valid_email__refuses(address: str) -> None:
    assert not is_valid_email(address, REAL)


def test_finish__hubspot_contact() -> None:
    row = {"email": " Ada@Example.com", "hs_additional_emails": "L@example.com;bad"}
    assert KeyMaker(REAL).finish(RECORD_TABLES["hubspot/contacts"], row) == {
        "email_key": "ada@example.com",
        "email_key_exact": " Ada@Example.com",
        "email_valid": True,
        "secondary_email_keys": ["l@example.com", "bad"],
        "secondary_email_keys_exact": ["L@example.com", "bad"],
    }


def test_finish__account_without_name() -> None:
    row = {"accountid": "00010203-0405-0607-0809-0a0b0c0d0e0f", "websiteurl": None}
    assert KeyMaker(REAL).finish(RECORD_TABLES["dynamics/accounts"], row) == {
        "guid_sql_key": "0a0b0c0d0e0f08090706050403020100",
        "name_key": None,
        "name_key_accentless": None,
        "name_key_trim": None,
        "name_key_exact": None,
        "domain_key": None,
    }


def test_finish__knows_every_key_of_every_table() -> None:
    for table in RECORD_TABLES.values():
        assert set(KeyMaker(REAL).finish(table, {})) == {column.name for column in table.keys}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Ada", "ada"), ("İ", "i\u0307"), ("ΣΊΣΥΦΟΣ", "σίσυφοσ"), ("σίσυφος", "σίσυφοσ"), ("STRAẞE", "straße"), ("", "")],
)
def test_lower__both_small_sigmas_are_one(text: str, expected: str) -> None:
    assert lower(text) == expected
