"""How the witness reads one value: white space, keys, e-mail validity, numbers, moments, yes and no.

Facts
    * White space is what `str.isspace` says, zero-width characters are the five listed here (docs/semantics.md, 1).
    * Keys do not depend on mappings (2.5). HubSpot judges an address as it stands, so validity knows no NFKC (9.13).

Not modelled
    * Length limits of addresses; numbers with an exponent or with thousands separators.

Where it is used: the other modules of this folder.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal

ZERO_WIDTH = frozenset("\u200b\u200c\u200d\u2060\ufeff")
TRUTH = {"true": "true", "1": "true", "false": "false", "0": "false"}

_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}:[0-9]{2}).*)?", re.DOTALL)


def lower(text: str) -> str:
    """The text without its case: in lower case, both small sigmas being one."""
    return text.lower().replace("ς", "σ")


def trim(text: str | None) -> str:
    """The text without outer white space and zero-width characters; empty for None."""
    kept = text or ""
    while kept and _is_margin(kept[0]):
        kept = kept[1:]
    while kept and _is_margin(kept[-1]):
        kept = kept[:-1]
    return kept


def _is_margin(character: str) -> bool:
    return character.isspace() or character in ZERO_WIDTH


def is_blank(text: str | None) -> bool:
    """Whether nothing is there."""
    return trim(text) == ""


def email_key(text: str | None, norm: str) -> str | None:
    """The match key of an address under a choice of `email_norm`; None when blank."""
    if text is None or is_blank(text):
        return None
    if norm == "exact":
        return text
    return trim(unicodedata.normalize("NFKC", text)).lower() or None


def name_key(text: str | None, norm: str) -> str | None:
    """The match key of a company name under a choice of `name_norm`; None when blank."""
    if text is None or is_blank(text):
        return None
    if norm == "exact":
        return text
    if norm == "exact_trim":
        return trim(text)
    plain = _casefolded(text)
    return ((_casefolded(_without_marks(plain)) or plain) if norm == "accent_fold" else plain) or None


def _casefolded(text: str) -> str:
    return " ".join(trim(unicodedata.normalize("NFKC", text)).split()).casefold()


def _without_marks(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text)
    return "".join(character for character in apart if unicodedata.category(character) != "Mn")


def domain_key(text: str | None) -> str | None:
    """The match key of a domain or a web address (section 3): no scheme, path, user, port, `www.`, dots at the end.

    None when nothing is left.
    """
    bare = _SCHEME.sub("", trim(text).lower())
    host = re.split(r"[/?#]", bare, maxsplit=1)[0].rpartition("@")[2]
    domain = host.partition(":")[0].removeprefix("www.").rstrip(".")
    return domain if trim(domain) else None


def elements(text: str | None, marks: str) -> list[str]:
    """The elements of several choices, split at any of the marks: trimmed, without blanks and repetitions."""
    parts = (trim(part) for part in re.split(f"[{marks}]", text or ""))
    return [part for part in dict.fromkeys(parts) if part]


def is_valid_email(text: str | None, top_level_domains: frozenset[str]) -> bool:
    """Whether HubSpot accepts the address (2.17, 9.13)."""
    local, at, domain = trim(text).partition("@")
    labels = domain.split(".")
    if not at or len(labels) < 2 or "@" in domain:
        return False
    atoms_fit = all(_ATOM.fullmatch(atom) for atom in local.split("."))
    return atoms_fit and all(map(_is_label, labels)) and _ascii_label(labels[-1]) in top_level_domains


def _is_label(label: str) -> bool:
    if label == "" or label.startswith("-") or label.endswith("-"):
        return False
    return all(character.isalpha() or character in "0123456789-" for character in label)


def _ascii_label(label: str) -> str:
    lowered = label.lower()
    return lowered if lowered.isascii() else "xn--" + lowered.encode("punycode").decode("ascii")


def number(text: str | None) -> Decimal | None:
    """The number a text spells, or None."""
    spelled = trim(text)
    return Decimal(spelled) if _NUMBER.fullmatch(spelled) else None


def moment(text: str | None) -> str | None:
    """The moment a text spells, to the second, as `YYYY-MM-DDTHH:MM:SS` in UTC, or None. Such texts sort by time."""
    spelled = _MOMENT.fullmatch(trim(text))
    if spelled is None:
        return None
    return f"{spelled[1]}T{spelled[2] or '00:00:00'}"


def moment_of(clock: datetime) -> str:
    """A clock reading as `moment` writes it."""
    return clock.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def truth(text: str | None) -> str | None:
    """`true` or `false` when a text spells one of them, or None."""
    return TRUTH.get(trim(text).lower())


def guid_sql_order(guid: str) -> tuple[str, ...]:
    """A key that sorts GUIDs as SQL Server does: last group first, the first three groups by bytes, reversed (2.25)."""
    digits = guid.replace("-", "").lower()
    pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    return (*pairs[10:16], *pairs[8:10], *pairs[6:8][::-1], *pairs[4:6][::-1], *pairs[0:4][::-1])
