"""The finished report in another language: texts of the page are replaced by those of one file for each language.

Facts
    * `texts/<language>.toml` has every text once: English as the page shows it, with `{names}` where numbers or other
      texts stand, and its translation with the same names. A new language is a new file.
    * What stands in a place is translated, too, where the file has it; numbers are written as the language does.
    * What the file does not have stays English and is marked as English, so that a screen reader pronounces it. Code,
      and elements with `translate="no"`, which hold ids and customers' own words, are left alone.
    * A label that a drawing breaks into lines is translated whole, and broken into as many lines again.

Not modelled
    * Why an exported file could not be read, and notes of one's own, stay English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape, unescape
from typing import Final

from dynsync_lib.report.shipped_texts import read_shipped
from dynsync_lib.report.svg import LABEL_CHARACTERS, wrap

LANGUAGES: Final = ("en", "de")
_TAG: Final = re.compile(r"(<[^>]*>)")
_SHOWN_ATTRIBUTE: Final = re.compile(r'\b(aria-label|data-head|title)="([^"]*)"')
_LEFT_ALONE: Final = ("code", "script", "style")
_NOT_TRANSLATED: Final = 'translate="no"'
_NUMBER: Final = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?<![\d.])\d+\.\d+(?=\s?%|$|\s)")
_JOINTS: Final = (
    (re.compile(r"(?<=[.!?]) (?=[A-Z0-9“])"), " "),
    (re.compile(r"(?<=:) (?=[A-Z“])"), " "),
    (re.compile("; "), "; "),
    (re.compile(" · "), " · "),
    (re.compile(", "), ", "),
)
"""What joins sentences, and the parts of lists."""
_MOST_JOINED: Final = 3
"""A text that holds such a joint itself is found again in at most so many parts."""
_DEEPEST: Final = 12
"""How often places may lie within places: customers' texts may repeat without end what the file has words for."""
_FEWER: Final = "(?:[Ff]ewer than )?"
"""How few people are told instead of a number (`core.masking.FEWER`)."""
_PLACES: Final = {
    "n": rf"{_FEWER}[\d.,]+",
    "count": rf"{_FEWER}[\d.,]+",
    "field": r"[^\s,;()]+",
    "fields": r"[^\s,;()]+(?:, [^\s,;()]+)*",
    "kind": r"[^;,:]+?",
    "outcome": r"[^;]+?",
    "names": r"(?:(?!\. [A-Z0-9]).)+?",
    "values": r"(?:(?!\. [A-Z0-9]).)+?",
}
"""What may stand in places of these names: numbers, names of fields, a part of a list, lists within a sentence."""
_FIELDS: Final = ("field", "fields")
_ANYTHING: Final = ".+?"
_FREE: Final = re.compile(
    "n|count|fields?|names|values|agency|filter|ids|limit|moment|place|rows|share|time|title|year|zone"
)
"""Names of places that may hold anything; in all others only what the language has words for may stand."""
_COUNTED: Final = re.compile(r"(\b(?:and )?\d[\d,]*(?: more)? (?:records?|values?)\b)")
"""How many, as it is said within a list of customers' values."""
_MOST_LINES: Final = 3
_WORD: Final = re.compile(r"\b[A-Za-z]+[a-z]\b")
_LEAST_WORDS: Final = 3
"""From so many words on a text that is not translated is marked as English; fewer are mostly names."""


@dataclass(frozen=True, slots=True)
class _Template:
    """A text with places: what it looks like, its longest fixed part, which rules out most texts, and its words."""

    pattern: re.Pattern[str]
    fixed: str
    words: str


class Translator:
    """Translates texts into one language. English texts come back as they are."""

    def __init__(self, language: str) -> None:
        texts = read_texts(language)
        self.language = language
        self._exact = texts
        self._templates = [_template(source, words) for source, words in texts.items() if "{" in source]
        self._known: dict[str, str | None] = {}
        self._tried: dict[str, str | None] = {}
        self._depth = 0

    def say(self, text: str) -> str:
        """The text in the language; the text itself where the language has no words for it."""
        words = self.find(text)
        return text if words is None else words

    def find(self, text: str) -> str | None:
        """The text in the language; None where the language has no words for it."""
        if text not in self._known:
            self._tried.clear()
            self._known[text] = self._find(text)
        return self._known[text]

    def _find(self, text: str) -> str | None:
        """As `find`, of a part of the text that is looked for; None also of what lies deeper than a real text goes."""
        if text not in self._tried and self._depth < _DEEPEST:
            self._depth += 1
            self._tried[text] = self._translate(text)
            self._depth -= 1
        return self._tried.get(text)

    def _translate(self, text: str) -> str | None:
        words = self._whole(text)
        return self._by_parts(text) if words is None else words

    def _whole(self, text: str) -> str | None:
        """A text that the file has as it stands, or with places."""
        if text in self._exact:
            return self._exact[text]
        for template in self._templates:
            match = template.pattern.fullmatch(text) if template.fixed in text else None
            if match:
                places = {name: self._place(name, value) for name, value in match.groupdict().items()}
                known = {name: words for name, words in places.items() if words is not None}
                if len(known) == len(places):
                    return template.words.format(**known)
        return None

    def _place(self, name: str, value: str) -> str | None:
        """What stands in a place, translated; None for an unknown text where only known ones may stand."""
        if _kind_of(name) in _FIELDS:
            return value
        words = self._find(value)
        return self._say_listed(value) if words is None and _is_free(name) else words

    def _by_parts(self, text: str) -> str | None:
        """A text of several sentences, or a list, all of whose parts are known; or one known without its full stop."""
        for separator, joint in _JOINTS:
            parts = separator.split(text)
            words = self._say_parts(parts, joint) if len(parts) > 1 else None
            if words is not None:
                return joint.join(words)
        if text.endswith(".") and (said := self._find(text[:-1])) is not None:
            return f"{said}."
        return None

    def _say_parts(self, parts: Sequence[str], joint: str) -> list[str] | None:
        """Each part in the language, or together with its neighbours where it holds the joint; None if one is not."""
        words = []
        start = 0
        while start < len(parts):
            said, end = self._find(parts[start]), start + 1
            while said is None and end < min(start + _MOST_JOINED, len(parts)):
                end += 1
                said = self._whole(joint.join(parts[start:end]))
            if said is None:
                return None
            words.append(said)
            start = end
        return words

    def _localise(self, text: str) -> str:
        """Numbers as the language writes them."""
        if self.language == "en":
            return text
        return _NUMBER.sub(lambda match: match[0].translate(str.maketrans(",.", ".,")), text)

    def _say_listed(self, values: str) -> str:
        """Customers' values with what is said between them of how many there are."""
        return "".join(
            (self._find(part) if index % 2 else None) or self._localise(part)
            for index, part in enumerate(_COUNTED.split(values))
        )

    def page(self, html: str) -> str:
        """The HTML with its texts translated; of tags only the attributes that somebody reads or hears."""
        if self.language == "en":
            return html
        parts = _TAG.split(html)
        drawn = self._say_drawn_lines(parts)
        inside: list[str] = []
        for index, part in enumerate(parts):
            if index % 2:
                parts[index] = self._tag(part, inside)
            elif part.strip() and not inside and index not in drawn:
                parts[index] = self._node(parts, index)
        return "".join(parts)

    def _say_drawn_lines(self, parts: list[str]) -> set[int]:
        """Translates the labels of drawings that stand in several texts, a line in each; which parts these are."""
        lines = [index for index in range(2, len(parts), 2) if parts[index - 1].startswith("<text")]
        drawn: set[int] = set()
        while lines:
            for count in range(min(_MOST_LINES, len(lines)), 1, -1):
                words = self._say_lines([unescape(parts[index]) for index in lines[:count]])
                if words is not None:
                    for index, line in zip(lines[:count], words, strict=True):
                        parts[index] = escape(line, quote=False)
                    drawn.update(lines[:count])
                    del lines[: count - 1]
                    break
            del lines[0]
        return drawn

    def _say_lines(self, lines: Sequence[str]) -> list[str] | None:
        """A label in as many lines as it had; None where they are no label that the file has."""
        label = " ".join(lines)
        words = self._whole(label) if self.find(lines[0]) is None and _WORD.search(lines[0]) else None
        if words is None and label.endswith(" …"):
            words = next((said for text, said in self._exact.items() if text.startswith(label[:-2])), None)
        if words is None:
            return None
        wrapped = wrap(words, max(LABEL_CHARACTERS, *map(len, lines)), len(lines))
        return wrapped + [""] * (len(lines) - len(wrapped))

    def _tag(self, tag: str, inside: list[str]) -> str:
        """The tag with its attributes translated; `inside` keeps which elements are open that are left alone."""
        match = re.match(r"</?([\w-]+)", tag)
        name = match.group(1).lower() if match else ""
        if inside and name == inside[-1]:
            inside.pop() if tag.startswith("</") else inside.append(name)
        elif name in _LEFT_ALONE or _NOT_TRANSLATED in tag:
            inside.append(name)
        return _SHOWN_ATTRIBUTE.sub(
            lambda match: f'{match.group(1)}="{escape(self.say(unescape(match.group(2))))}"', tag
        )

    def _node(self, parts: list[str], index: int) -> str:
        """A text of the page between two tags; one that stays English is marked so at the tag before it."""
        before, text, after = _outer_space(unescape(parts[index]))
        words = self.find(" ".join(text.split()))
        if words is None:
            if len(_WORD.findall(text)) >= _LEAST_WORDS and not parts[index - 1].startswith("</"):
                parts[index - 1] = re.sub(r"^<(\w+)(?![^>]*\blang=)", r'<\1 lang="en"', parts[index - 1])
            words = self._localise(text)
        return f"{before}{escape(words, quote=False)}{after}"


def _outer_space(text: str) -> tuple[str, str, str]:
    """The white space before, the text, and the white space after it."""
    core = text.strip()
    start = text.index(core)
    return text[:start], core, text[start + len(core) :]


def _template(source: str, words: str) -> _Template:
    fixed = re.split(r"\{\w+\}", source)
    names = re.findall(r"\{(\w+)\}", source)
    pattern = re.escape(fixed[0]) + "".join(
        f"(?P<{name}>{_place(name)}){re.escape(rest)}" for name, rest in zip(names, fixed[1:], strict=True)
    )
    return _Template(re.compile(pattern, re.DOTALL), max(fixed, key=len), words)


def _place(name: str) -> str:
    """What may stand in the place of a name."""
    return _PLACES.get(_kind_of(name), _ANYTHING)


def _is_free(name: str) -> bool:
    """Whether a place holds numbers or customers' values, which need no translation."""
    return _FREE.fullmatch(_kind_of(name)) is not None


def _kind_of(name: str) -> str:
    """The name without the number that tells places of one kind apart."""
    return name.rstrip("0123456789")


@cache
def read_sections(language: str) -> Mapping[str, Mapping[str, str]]:
    """The sections of a language's file: its texts by their English ones; none for English."""
    if language == "en":
        return {}
    return read_shipped("texts", f"{language}.toml")


def read_texts(language: str) -> Mapping[str, str]:
    """The texts of a language by their English ones, in the order of its file; none for English."""
    return {source: words for section in read_sections(language).values() for source, words in section.items()}


@cache
def translator_of(language: str) -> Translator:
    """The translator into a language, made once."""
    return Translator(language)


def longest_words(text: str) -> int:
    """How many characters a text has in the language in which it is longest: drawings leave room for any."""
    return max(len(translator_of(language).say(text)) for language in LANGUAGES)
