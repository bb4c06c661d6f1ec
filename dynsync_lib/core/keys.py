"""Finished match keys, computed once per value in Python, so that every engine compares the same text.

Facts
    * Engines disagree on trimming and case-folding of tabs, NBSP, `ß`, `İ` and final sigma; Python decides.
    * HubSpot treats e-mail addresses without regard to case (2.16); inner rubbish is not repaired (2.17).
    * SQL Server sorts a GUID by its last six bytes first (2.25).
    * HubSpot wants RFC 2822, no quoted local part, and a real last label (9.13). `.test` and `.example` count as real.

Not modelled
    * HubSpot's secret list of refused addresses; whether the mailbox exists.

Source: rules contact.match-email, contact.invalid-email, company.match-name.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core.model import System
from dynsync_lib.core.tables import KEY_SOURCE, RecordTable

ZERO_WIDTH: Final = "\u200b\u200c\u200d\u2060\ufeff"
_WHITE: Final = "".join(chr(point) for point in range(0x3001) if chr(point).isspace())
OUTER: Final = _WHITE + ZERO_WIDTH
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*\Z")
_RESERVED_FOR_TESTS: Final = frozenset({"test", "example"})
_GUID_BYTE_ORDER: Final = (10, 11, 12, 13, 14, 15, 8, 9, 6, 7, 4, 5, 0, 1, 2, 3)
_PLAIN_GUID: Final = re.compile(r"(..)(..)(..)(..)-(..)(..)-(..)(..)-(.{4})-(.{12})".replace(".", "[0-9a-f]"))
"""How Dataverse writes a GUID; other spellings take the long way."""
_SCHEME: Final = re.compile(r"\A[a-z][a-z0-9+.-]*://")

KeyValue = str | bool | list[str] | None


def trim(text: str) -> str:
    """The text without outer white space and zero-width characters."""
    return text.strip() if text.isascii() else text.strip(OUTER)


def lower(text: str) -> str:
    """The text in lower case as it is compared: engines disagree on the final sigma, so both small ones are one."""
    return text.lower() if text.isascii() else text.lower().replace("ς", "σ")


def email_key(text: str | None) -> str | None:
    """The address as match key: NFKC, trimmed, lower case. None when blank. Source: rule 2.16."""
    if text is None:
        return None
    if text.isascii():
        return text.strip().lower() or None
    return trim(unicodedata.normalize("NFKC", text)).lower() or None


def name_key(text: str | None) -> str | None:
    """The company name as match key: NFKC, trimmed, inner white space to one space, case-folded. None when blank."""
    if text is None:
        return None
    plain = text if text.isascii() else trim(unicodedata.normalize("NFKC", text))
    return " ".join(plain.split()).casefold() or None


def accentless_key(key: str | None) -> str | None:
    """A key of `name_key` without its marks (category Mn); the key itself where nothing else is in it (F12)."""
    if key is None or key.isascii():
        return key
    apart = unicodedata.normalize("NFKD", key)
    return name_key("".join(letter for letter in apart if unicodedata.category(letter) != "Mn")) or key


def exact_key(text: str | None) -> str | None:
    """The text as delivered; None when it is blank."""
    return text if text is not None and trim(text) else None


def trimmed_key(text: str | None) -> str | None:
    """The text trimmed and otherwise as delivered; None when it is blank."""
    return (trim(text) or None) if text is not None else None


def domain_key(text: str | None) -> str | None:
    """The domain of a web or e-mail address: lower case, no scheme, `www.`, port or path. None when blank."""
    plain = email_key(text)
    if plain is None:
        return None
    host = re.split(r"[/?#]", _SCHEME.sub("", plain), maxsplit=1)[0]
    return host.rsplit("@", 1)[-1].split(":", 1)[0].removeprefix("www.").rstrip(".") or None


def guid_sql_key(guid: str) -> str:
    """Hex text that sorts as SQL Server sorts the GUID (2.25); what is not a GUID stays itself."""
    plain = _PLAIN_GUID.fullmatch(guid)
    if plain is not None:
        a1, a2, a3, a4, b1, b2, c1, c2, d, e = plain.groups()
        return f"{e}{d}{c2}{c1}{b2}{b1}{a4}{a3}{a2}{a1}"
    try:
        raw = uuid.UUID(guid).bytes_le
    except ValueError:
        return guid
    return bytes(raw[index] for index in _GUID_BYTE_ORDER).hex()


def split_addresses(text: str | None) -> tuple[str, ...]:
    """The addresses of HubSpot's `hs_additional_emails`, as delivered, blank ones left out."""
    return tuple(part for part in (text or "").split(";") if trim(part))


def is_valid_email(text: str, top_level_domains: frozenset[str]) -> bool:
    """Whether HubSpot accepts the address; `top_level_domains` are lower-case ASCII labels.

    Source: contact.invalid-email (9.13).
    """
    local, at, domain = trim(text).rpartition("@")
    labels = domain.lower().split(".")
    if not at or not _LOCAL_PART.match(local) or len(labels) < 2 or not all(map(_is_label, labels)):
        return False
    last = _ascii_label(labels[-1])
    return last in top_level_domains or last in _RESERVED_FOR_TESTS


def _is_label(label: str) -> bool:
    inside = label != "" and label[0] != "-" and label[-1] != "-"
    return inside and all(character.isalpha() or character in "0123456789-" for character in label)


def _ascii_label(label: str) -> str:
    """The label in its `xn--` form, without any folding of look-alike letters."""
    return label if label.isascii() else f"xn--{label.encode('punycode').decode('ascii')}"


@dataclass(frozen=True, slots=True)
class KeyMaker:
    """Computes the finished keys of one record. `top_level_domains` decides which addresses are valid."""

    top_level_domains: frozenset[str]

    def finish(self, table: RecordTable, row: Mapping[str, str | None]) -> dict[str, KeyValue]:
        """The value of every key column of `table.keys` for one record as the vendor delivered it."""
        source = KEY_SOURCE.get(table.name, {})
        keys: dict[str, KeyValue] = {}
        if table.system is System.DYNAMICS:
            keys["guid_sql_key"] = guid_sql_key(row.get(table.id_field) or "")
        if "email" in source:
            keys |= self._email_keys(row.get(source["email"]))
        if "secondary" in source:
            keys |= _secondary_keys(row.get(source["secondary"]))
        if "name" in source:
            keys |= _name_keys(row.get(source["name"]))
        if "domain" in source:
            keys["domain_key"] = domain_key(row.get(source["domain"]))
        return keys

    def _email_keys(self, address: str | None) -> dict[str, KeyValue]:
        exact = exact_key(address)
        valid = None if exact is None else is_valid_email(exact, self.top_level_domains)
        return {"email_key": email_key(address), "email_key_exact": exact, "email_valid": valid}


def _secondary_keys(addresses: str | None) -> dict[str, KeyValue]:
    exact = split_addresses(addresses)
    finished = [key for key in map(email_key, exact) if key is not None]
    return {"secondary_email_keys": finished, "secondary_email_keys_exact": list(exact)}


def _name_keys(name: str | None) -> dict[str, KeyValue]:
    key = name_key(name)
    spelt = {"name_key_trim": trimmed_key(name), "name_key_exact": exact_key(name)}
    return {"name_key": key, "name_key_accentless": accentless_key(key), **spelt}
