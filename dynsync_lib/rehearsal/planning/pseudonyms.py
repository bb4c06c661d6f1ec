"""Keyed pseudonyms of texts that keep what decides: equality in every normal form, length, blanks, validity, domain.

Facts
    * A pseudonym depends on the secret key and on the text's letters alone, so the same name is the same pseudonym in
      both systems and in every field, and spellings of one name stay spellings of one pseudonym.
    * Letters of a text are replaced one by one (`rehearsal.planning.shapes_of_text`); what is between them stays.
      Digits depend on the text's digits alone, so telephone numbers stay equal however they are written.
    * A domain becomes one below example.com, which nobody can own, so no look-alike can be written to; domains of
      free mail stay. Domains of fewer than fifteen characters become longer by that.
    * Texts of a filter stay where they occur, since a filter decides by them.
    * Pseudonyms of different texts are different, save where all texts of that length are taken.

Not modelled
    * The order of texts under `<` and `>`: the proof of a plan finds and names what turns on it.

Where it is used: `rehearsal.planning.look_alikes`, `rehearsal.planning.sample_search`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from dynsync_lib.core.keys import accentless_key, domain_key, email_key, is_valid_email, lower, name_key, trim
from dynsync_lib.rehearsal.planning.shapes_of_text import (
    ASCII_DIGITS,
    ASCII_LETTERS,
    Sign,
    alphabet_of,
    fold,
    signs_of,
    written_like,
)

OWNED_BY_NOBODY: Final = (".example.com", ".example.net", ".example.org")
"""What pseudonymous domains end in, the first that does (RFC 2606)."""
_SHORTEST_LABEL, _LONGEST_LABEL = 3, 40
_WIDE: Final = 0xFEE0
"""From an ASCII letter to its fullwidth form."""
_TRIES: Final = 60
_WEB_TEXT: Final = re.compile(
    r"(?P<scheme>(?:[A-Za-z][A-Za-z0-9+.-]*://)?)(?P<person>(?:[^/?#]*@)?)(?P<www>(?:[wW]{3}\.)?)"
    r"(?P<host>[^/?#:@]+?)(?P<end>\.*(?:[:/?#].*)?)",
    re.DOTALL,
)
_NORMAL_FORMS: Final[Sequence[Callable[[str], str | None]]] = (
    str,
    trim,
    lambda text: lower(trim(text)),
    email_key,
    name_key,
    lambda text: accentless_key(name_key(text)),
    lambda text: "".join(sign for sign in text if sign in ASCII_DIGITS),
)
"""In each of them texts that are equal stay equal, and others different."""


@dataclass(frozen=True, slots=True)
class _WebText:
    """The parts of a web address, one after the other, and the finished key of its domain."""

    before: str
    scheme: str
    person: str
    www: str
    host: str
    end: str
    after: str
    domain: str

    @classmethod
    def read(cls, text: str) -> _WebText | None:
        """The parts of a text; None when there is no domain with a dot in it."""
        bare = trim(text)
        match, domain = _WEB_TEXT.fullmatch(bare), domain_key(text)
        if match is None or domain is None or "." not in domain or domain_key(match["host"]) != domain:
            return None
        before, _, after = text.partition(bare)
        scheme, person, www, host, end = match.group("scheme", "person", "www", "host", "end")
        return cls(before, scheme, person, www, host, end, after, domain)


@dataclass(slots=True)
class Pseudonyms:
    """Pseudonyms under one key. `kept_texts` are those of filters, in lower case; ask for all texts at once."""

    key: bytes
    top_level_domains: frozenset[str]
    free_mail_domains: frozenset[str]
    kept_texts: frozenset[str] = frozenset()
    _taken: dict[str, str] = field(default_factory=dict)
    _domains: dict[str, str] = field(default_factory=dict)
    _taken_domains: set[str] = field(default_factory=set)
    _digits: dict[str, str] = field(default_factory=dict)
    _taken_digits: set[str] = field(default_factory=set)

    def of_texts(self, texts: Iterable[str]) -> dict[str, str]:
        """The pseudonym of each text, which may be an address; texts without a letter or digit are their own."""
        groups: dict[str, list[str]] = {}
        for text in sorted(set(texts)):
            groups.setdefault(fold(text), []).append(text)
        pseudonyms: dict[str, str] = {}
        for folded, spellings in sorted(groups.items()):
            pseudonyms |= self._of_group(folded, spellings) if folded else {text: text for text in spellings}
        return pseudonyms

    def of_web_texts(self, texts: Iterable[str]) -> dict[str, str]:
        """As `of_texts`, for web addresses and domains: what follows from a domain is the pseudonym's, too."""
        parts = {
            text: None if lower(trim(text)) in self.kept_texts else _WebText.read(text) for text in sorted(set(texts))
        }
        others = [part for web in parts.values() if web for part in (web.person, web.end)]
        plain = self.of_texts([*others, *(text for text, web in parts.items() if web is None)])
        return {text: plain[text] if web is None else self._of_web_text(web, plain) for text, web in parts.items()}

    def of_domain(self, domain: str) -> str:
        """The pseudonym of a finished domain key; it holds what a filter asks for where the domain does."""
        if domain in self.free_mail_domains:
            return domain
        if domain not in self._domains:
            self._domains[domain] = self._new_domain(domain)
        return self._domains[domain]

    # --- Groups of spellings ---------------------------------------------------------------------------------------

    def _of_group(self, folded: str, spellings: Sequence[str]) -> dict[str, str]:
        """The pseudonyms of the spellings of one text."""
        shapes = {text: list(signs_of(text)) for text in spellings}
        pools = _pools(folded, shapes, self.kept_texts)
        if any(lower(trim(text)) in self.kept_texts for text in spellings):
            return {text: text for text in spellings}
        best = {text: text for text in spellings}
        for attempt in range(_TRIES):
            letters = self._letters(folded, pools, attempt)
            best = {text: self._written(signs, letters) for text, signs in shapes.items()}
            if self._is_good(folded, best):
                break
        for pseudonym in best.values():
            self._taken.setdefault(fold(pseudonym), folded)
        return best

    def _letters(self, folded: str, pools: Sequence[str], attempt: int) -> str:
        """What stands in for each folded letter; digits follow from the digits alone."""
        digits = iter(self._of_digits("".join(sign for sign in folded if sign in ASCII_DIGITS)))
        drawn = self._stream(f"letters/{attempt}/{folded}", len(folded))
        letters = []
        for sign, pool, number in zip(folded, pools, drawn, strict=True):
            digit = next(digits) if sign in ASCII_DIGITS else ""
            letters.append((digit or pool[number % len(pool)]) if pool else sign)
        return "".join(letters)

    def _of_digits(self, digits: str) -> str:
        """The pseudonym of a number of so many digits, which no other number of that length has while there are any."""
        if digits and digits not in self._digits:
            drawn = (self._stream(f"digits/{attempt}/{digits}", len(digits)) for attempt in range(_TRIES))
            numbers = ("".join(str(number % 10) for number in numbers) for numbers in drawn)
            free = (number for number in numbers if number not in self._taken_digits and number != digits)
            others = (f"{number:0{len(digits)}d}" for number in range(10 ** min(len(digits), 3)))
            new = next(free, None) or next((number for number in others if number not in self._taken_digits), digits)
            self._digits[digits] = new
            self._taken_digits.add(new)
        return self._digits.get(digits, "")

    def _written(self, signs: Sequence[Sign], letters: str) -> str:
        text = "".join(_rewritten(sign, letters) for sign in signs)
        original = trim("".join(sign.written for sign in signs))
        if "@" not in original:
            return text
        person, at, domain = original.rpartition("@")
        finished = email_key(domain)
        if not (at and person and finished and _is_valid(f"x@{finished}", self.top_level_domains)):
            return text
        bare = trim(text)
        new_person = bare[: len(person) + 1]
        return text.replace(bare, new_person + _in_case_of(domain, self.of_domain(finished)))

    def _is_good(self, folded: str, pseudonyms: Mapping[str, str]) -> bool:
        """Whether spellings stay as alike as they were, as valid, as much in a filter, and nobody else is so called."""
        names = {fold(pseudonym) for pseudonym in pseudonyms.values()}
        is_free = all(self._taken.get(name, folded) == folded for name in names)
        return (
            is_free
            and _are_as_alike(pseudonyms)
            and all(self._stays_itself(text, new) for text, new in pseudonyms.items())
        )

    def _stays_itself(self, text: str, pseudonym: str) -> bool:
        if "@" in text and _is_valid(text, self.top_level_domains) != _is_valid(pseudonym, self.top_level_domains):
            return False
        before, after = lower(trim(text)), lower(trim(pseudonym))
        return all(
            (kept in before) == (kept in after) and (kept == before) == (kept == after) for kept in self.kept_texts
        )

    # --- Domains ---------------------------------------------------------------------------------------------------

    def _of_web_text(self, web: _WebText, plain: Mapping[str, str]) -> str:
        host = _in_case_of(web.host, self.of_domain(web.domain))
        return f"{web.before}{web.scheme}{plain[web.person]}{web.www}{host}{plain[web.end]}{web.after}"

    def _new_domain(self, domain: str) -> str:
        kept = _kept_part(domain, self.kept_texts)
        end = self._end_of(domain) if "." in domain else ""
        length = max(len(domain) - len(end) - len(kept), _SHORTEST_LABEL) if end else len(domain)
        for attempt in range(_TRIES):
            drawn = self._stream(f"domain/{attempt}/{domain}", length)
            letters = "".join(ASCII_LETTERS[number % len(ASCII_LETTERS)] for number in drawn)
            labels = [letters[at : at + _LONGEST_LABEL] for at in range(0, length, _LONGEST_LABEL + 1)]
            name = _joined([kept, *labels] if domain.startswith(kept) else [*labels, kept]) + end
            if name not in self._taken_domains:
                break
        self._taken_domains.add(name)
        return name

    def _end_of(self, domain: str) -> str:
        """What the pseudonym of a domain ends in: nothing that a filter asks for and the domain does not have."""
        asked = [text.rpartition("@")[2] for text in self.kept_texts]
        new = [end for end in OWNED_BY_NOBODY if all(text in domain or text not in end for text in asked if text)]
        return new[0] if new else OWNED_BY_NOBODY[0]

    def _stream(self, name: str, length: int) -> bytes:
        """So many bytes that follow from the key and the name."""
        blocks = (hmac.digest(self.key, f"{name}/{part}".encode(), hashlib.sha256) for part in range(length // 32 + 1))
        return b"".join(blocks)[:length]


def _kept_part(domain: str, kept_texts: Collection[str]) -> str:
    """What of a domain texts of filters ask for, from the first to the last letter of theirs; empty when nothing."""
    spans = []
    for text in kept_texts:
        _, at, end = text.rpartition("@")
        begin = domain.find(end) if end else -1
        if begin == 0 or (begin > 0 and not at):
            spans.append((begin, begin + len(end)))
    return domain[min(begin for begin, _ in spans) : max(end for _, end in spans)] if spans else ""


def _joined(labels: Sequence[str]) -> str:
    """Labels with one dot between any two of them."""
    joined = ""
    for label in filter(None, labels):
        joined += label if not joined or joined.endswith(".") or label.startswith(".") else f".{label}"
    return joined.removesuffix(".")


def _pools(folded: str, shapes: Mapping[str, Sequence[Sign]], kept_texts: Collection[str]) -> list[str]:
    """For each folded letter what may stand in for it in every spelling; empty where it has to stay."""
    pools = [alphabet_of(sign) for sign in folded]
    for text, signs in shapes.items():
        if text.isascii() and not any(kept in text.lower() for kept in kept_texts):
            continue
        kept = _kept_places(text, signs, kept_texts)
        for sign in signs:
            for at in range(sign.at, sign.at + len(sign.folded)):
                is_fixed = len(sign.folded) > 1 or at in kept
                pools[at] = "" if is_fixed else "".join(new for new in pools[at] if written_like(sign, new) is not None)
    return pools


def _kept_places(text: str, signs: Sequence[Sign], kept_texts: Collection[str]) -> set[int]:
    """The places of folded letters that belong to a text of a filter."""
    plain, places = lower(text), set[int]()
    starts, at = [], 0
    for sign in signs:
        starts.append(at)
        at += len(sign.written)
    for kept in kept_texts:
        begin = plain.find(kept)
        while begin >= 0:
            end = begin + len(kept)
            for start, sign in zip(starts, signs, strict=True):
                if begin <= start < end:
                    places.update(range(sign.at, sign.at + len(sign.folded)))
            begin = plain.find(kept, begin + 1)
    return places


def _rewritten(sign: Sign, letters: str) -> str:
    if not sign.folded:
        return sign.written
    new = letters[sign.at : sign.at + len(sign.folded)]
    return sign.written if new == sign.folded else (written_like(sign, new) or sign.written)


def _are_as_alike(pseudonyms: Mapping[str, str]) -> bool:
    """Whether the spellings are equal in the same normal forms as before."""
    if len(pseudonyms) == 1:
        return True
    for form in _NORMAL_FORMS:
        pairs = {(form(text), form(pseudonym)) for text, pseudonym in pseudonyms.items()}
        if len({before for before, _ in pairs}) != len(pairs) or len({after for _, after in pairs}) != len(pairs):
            return False
    return True


def _in_case_of(text: str, other: str) -> str:
    """Another text, in upper case and wide letters where the first one has them."""
    cased = [new.upper() if old.isupper() else new for old, new in zip(text, other, strict=False)]
    cased += other[len(text) :]
    for at in [at for at, old in enumerate(text) if unicodedata.normalize("NFKC", old) != old]:
        letter = -1 if at > text.rfind(".") else 0  # a wide letter in the last label makes an address invalid
        cased[letter] = chr(ord(cased[letter]) + _WIDE) if cased[letter].isascii() else cased[letter]
    return "".join(cased)


def _is_valid(text: str, top_level_domains: frozenset[str]) -> bool:
    return is_valid_email(text, top_level_domains)
