"""The letters and digits of a text, one by one, and how each can be replaced without changing what decides.

Facts
    * Two spellings of one name (`Straße`, `STRASSE`, fullwidth, accents apart or not) have the same letters once they
      are folded: NFKC, without case, without marks. A letter of a text stands for so many folded ones.
    * A letter is replaced by one that is written in the same manner: in the same case, width and alphabet, with the
      same mark. Where no other can be written so, it stays.

Where it is used: `rehearsal.planning.pseudonyms`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

ASCII_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
ASCII_DIGITS: Final = "0123456789"
_BLOCK: Final = 0x100
"""Letters whose code points begin alike belong to one alphabet, near enough."""


class Sign(NamedTuple):
    """A letter with its marks, or any other character, as it stands in a text.

    `folded` are the letters and digits it stands for, empty for blanks and punctuation; `at` is the place of the first
    of them among all of its text.
    """

    written: str
    folded: str
    at: int


def signs_of(text: str) -> Iterator[Sign]:
    """The signs of a text, in order."""
    at = 0
    for written in _clusters(text):
        folded = fold(written)
        yield Sign(written, folded, at)
        at += len(folded)


def fold(text: str) -> str:
    """The letters and digits of a text alone, NFKC, without case and marks."""
    if text.isascii():
        return "".join(filter(str.isalnum, text.lower()))
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(sign for sign in plain if sign.isalnum() and unicodedata.category(sign) != "Mn").replace("ς", "σ")


def alphabet_of(folded: str) -> str:
    """The letters or digits that may stand in for a folded one, itself left out; empty when it has to stay."""
    return _ALPHABETS.get(folded) or _neighbours(folded)


_ALPHABETS: Final = {
    sign: alphabet.replace(sign, "") for alphabet in (ASCII_LETTERS, ASCII_DIGITS) for sign in alphabet
}


def written_like(sign: Sign, folded: str) -> str | None:
    """Another folded letter, written as a sign is; None when it cannot be."""
    if sign.written.isascii() and folded.isascii():
        return folded.upper() if sign.written.isupper() else folded
    written = _written_like(sign.written, sign.folded, folded)
    return written if written is not None and len(written) == len(sign.written) and fold(written) == folded else None


@cache
def _written_like(written: str, old: str, new: str) -> str | None:
    if len(old) != 1 or len(new) != 1:
        return None
    if written == old:
        return new
    if written == old.upper():
        return new.upper()
    is_wide = old.isascii() and len(written) == 1 and unicodedata.normalize("NFKC", written).lower() == old
    if is_wide:
        base = unicodedata.normalize("NFKC", written)
        return chr(ord(written) - ord(base) + ord(new.upper() if base.isupper() else new))
    apart = unicodedata.normalize("NFD", written)
    if apart[:1].lower() != old:
        return None
    other = (new.upper() if apart[:1].isupper() else new) + apart[1:]
    return unicodedata.normalize("NFC", other) if len(written) == 1 else other


@cache
def _neighbours(folded: str) -> str:
    """Letters of the same alphabet that have one form for each case, as a text."""
    start = ord(folded) - ord(folded) % _BLOCK
    kind = unicodedata.category(folded)
    letters = (chr(point) for point in range(start, start + _BLOCK))
    return "".join(
        letter
        for letter in letters
        if letter != folded
        and unicodedata.category(letter) == kind
        and fold(letter) == letter
        and letter.upper().lower() == letter
        and len(letter.upper()) == 1
    )


def _clusters(text: str) -> Iterator[str]:
    """The characters of a text, marks together with what they stand on."""
    if text.isascii():
        yield from text
        return
    cluster = ""
    for sign in text:
        if cluster and unicodedata.category(sign) == "Mn" and cluster[0].isalnum():
            cluster += sign
            continue
        if cluster:
            yield cluster
        cluster = sign
    if cluster:
        yield cluster
