"""Company names as words, and what is left of them without legal forms, articles and shortened words.

Facts
    * Letters that stand alone are joined: `S.p.A.`, `S P A` and `SpA` are one word, `D.R. Horton` and `DR Horton` are
      one name.
    * A legal form counts in the last place of a name; long ones count anywhere, since a state or a remark may follow.
      What a bracket or a slash opens behind a legal form (`Corp./Cayman Islands`) is left out.
    * A name that is nothing but legal forms keeps all its words; one that is written twice counts once.

Not modelled
    * Other scripts in Latin letters, acronyms, translations, former names.

Source: rule advice.near-name; rules/legal_forms.toml.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

_LONGEST_SHORT_FORM: Final = 5
_OPENS_REMARK: Final = re.compile(r"[(/\[\\]")
_ASCII_SIGNS: Final = {code: " " for code in range(128) if not chr(code).isalnum()} | {
    ord("'"): "",
    ord("`"): "",
    ord("&"): " and ",
    ord("+"): " and ",
}


class _Letters(dict[int, str]):
    """What letters and signs become, asked once for each: accents nothing, other signs blanks."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        self[code] = "" if unicodedata.combining(letter) else letter if letter.isalnum() else " "
        return self[code]


_LETTERS: Final = _Letters(
    str.maketrans(
        {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "’": "", "´": "", "&": " and ", "+": " and "}
    )
)


def words_of(name: str) -> list[str]:
    """The words of a name: case-folded, without accents and signs, letters that stand alone joined."""
    words = _split(name)
    if words and min(map(len, words)) == 1:
        return _join_letters(words)
    return words


def _split(name: str) -> list[str]:
    if name.isascii():
        return name.lower().translate(_ASCII_SIGNS).split()
    return unicodedata.normalize("NFKD", name.replace("'", "")).casefold().translate(_LETTERS).split()


def _join_letters(words: list[str]) -> list[str]:
    joined: list[str] = []
    is_open = False
    for word in words:
        is_letter = len(word) == 1 and word.isalpha()
        if is_letter and is_open:
            joined[-1] += word
        else:
            joined.append(word)
        is_open = is_letter
    return joined


@dataclass(frozen=True, slots=True)
class CompanyWords:
    """Reads the words of names by the data of rules/legal_forms.toml.

    `endings` are by every text that a legal form ends in, which may be a name's last word, what of the form stands
    before it, without blanks and the longest first: `Sp. z o.o.` may be written as two, three or four words. `anywhere`
    are words that never count, `in_front` forms that a name may begin with, by their first word, `joints` and
    `articles` small words, `numerals` Roman numbers, and `abbreviations` shortened words with what they stand for.
    `glued` finds forms that stand without a blank, `short_forms` are words of legal forms with their short ones.
    """

    endings: Mapping[str, tuple[str, ...]]
    anywhere: frozenset[str]
    in_front: Mapping[str, tuple[tuple[str, ...], ...]]
    joints: frozenset[str]
    articles: frozenset[str]
    numerals: frozenset[str]
    abbreviations: Mapping[str, str]
    glued: re.Pattern[str]
    short_forms: Mapping[str, str]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The reader of that file, as TOML's tables."""
        spellings = [*_flat(data["forms"].values()), *data["anywhere"]]
        closed = {"".join(words_of(spelling)) for spelling in spellings}
        endings: dict[str, list[str]] = {}
        for form in sorted(closed, key=lambda form: (-len(form), form)):
            for first in range(len(form)):
                endings.setdefault(form[first:], []).append(form[:first])
        fronts: dict[str, list[tuple[str, ...]]] = {}
        for front in sorted({tuple(words_of(spelling)) for spelling in data["in_front"]}, key=len, reverse=True):
            fronts.setdefault(front[0], []).append(front)
        anywhere = {tuple(words_of(spelling)) for spelling in data["anywhere"]}
        return cls(
            endings={last: tuple(forms) for last, forms in endings.items()},
            anywhere=frozenset(form[0] for form in anywhere if len(form) == 1) | {*data["articles"], *data["joints"]},
            in_front={word: tuple(forms) for word, forms in fronts.items()},
            joints=frozenset(data["joints"]),
            articles=frozenset(data["articles"]),
            numerals=frozenset(data["numerals"]),
            abbreviations=data["abbreviations"],
            short_forms=data["short_forms"],
            glued=re.compile("|".join(map(re.escape, data["glued"]))),
        )

    def around(self, spelled: str, bare: str) -> str:
        """The words of a name that its bare words are without; all texts have blanks between words."""
        inside = bare.split()
        return " ".join([word for word in spelled.split() if word not in inside])

    def forms_in(self, around: str) -> frozenset[str]:
        """The words of legal forms in what stands around bare words, as short as they get.

        None of them where one is spelled out and stands for no short one: it may be any.
        """
        words = set(around.split()).difference(self.articles, self.joints)
        forms = frozenset(self.short_forms.get(word, word) for word in words)
        return forms if max(map(len, forms), default=0) <= _LONGEST_SHORT_FORM else frozenset()

    def in_full(self, bare: str) -> str:
        """Bare words, blanks between them, with shortened words in full; the same text where none is shortened."""
        words = bare.split()
        if self.abbreviations.keys().isdisjoint(words):
            return bare
        return " ".join(self.abbreviations.get(word, word) for word in words)

    def without_small(self, words: list[str]) -> list[str]:
        """The words without articles and joints."""
        return [word for word in words if word not in self.articles and word not in self.joints]

    def bare_words(self, name: str) -> list[str]:
        """What is left of a name without legal forms and articles, as it is spelled."""
        return self.read(name)[1]

    def read(self, name: str) -> tuple[list[str], list[str]]:
        """All words of a name, and its bare words."""
        words = words_of(name)
        if not name.isascii() and self.glued.search(name):
            apart = self.glued.sub(r" \g<0> ", name)
            return words, self._bare_words(apart, words_of(apart))
        return words, self._bare_words(name, words)

    def _bare_words(self, name: str, words: list[str]) -> list[str]:
        if _OPENS_REMARK.search(name) and (begins := self._remark_begins(name)) < len(name):
            words = words_of(name[:begins])
        end = self._end_of(words)
        bare = words[self._start_of(words, end) : end]
        if not self.anywhere.isdisjoint(bare):
            bare = [word for word in bare if word not in self.anywhere]
        half = len(bare) // 2
        return bare[:half] if half > 1 and bare[:half] == bare[half:] else bare or words

    def _end_of(self, words: list[str]) -> int:
        """How many words are left when all legal forms in the last places are gone."""
        end = len(words)
        while end > 0:
            last = words[end - 1]
            taken = self._form_before(words, end) if last in self.endings else 0
            if not taken and (last not in self.joints or end == len(words)):
                break
            end -= taken or 1
        return end

    def _form_before(self, words: list[str], end: int) -> int:
        """How many of the words before `end` are one legal form."""
        before = words[end - 2] if end > 1 else " "
        for rest in self.endings[words[end - 1]]:
            if not rest:
                return 1
            taken = _words_taken(words, end - 1, rest) if rest.endswith(before) else 0
            if taken:
                return taken + 1
        return 0

    def _start_of(self, words: list[str], end: int) -> int:
        """How many of the first words are a legal form that stands in front."""
        for form in self.in_front.get(words[0], ()) if words else ():
            if tuple(words[: len(form)]) == form and end > len(form):
                return len(form)
        return 0

    def remark_of(self, name: str) -> list[str]:
        """The words of what a bracket or slash opens behind a legal form; mostly none."""
        begins = self._remark_begins(name)
        return words_of(name[begins:]) if begins < len(name) else []

    def _remark_begins(self, name: str) -> int:
        """Where the first bracket or slash behind a legal form stands; the name's length when none does."""
        for sign in _OPENS_REMARK.finditer(name):
            words = words_of(name[: sign.start()])
            if len(words) > 1 and self._end_of(words) not in (0, len(words)):
                return sign.start()
        return len(name)


def _words_taken(words: list[str], end: int, form: str) -> int:
    """How many of the words before `end` make up the form, which has no blanks; 0 when they do not."""
    first = end
    while form and first > 0 and form.endswith(words[first - 1]):
        first -= 1
        form = form[: -len(words[first])]
    return 0 if form else end - first


def _flat(lists: Iterable[Iterable[str]]) -> Iterator[str]:
    for spellings in lists:
        yield from spellings
