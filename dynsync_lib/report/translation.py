"""The finished report in another language: texts of the page are replaced by those of one file for each language.

Facts
    * `texts/<language>.toml` has every text once: English as the page shows it, with `{names}` where numbers or other
      texts stand, and its translation with the same names. A new language is a new file.
    * What stands in a place is translated, too, where the file has it; numbers are written as the language does.
    * What the file does not have stays English and is marked as English, so that a screen reader pronounces it. Code,
      ids and customers' values are left alone.

Not modelled
    * Findings and rules are told in the words of the rulebook, which is English, unless the file has them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape, unescape
from importlib import resources
from typing import Final

LANGUAGES: Final = ("en", "de")
_TAG: Final = re.compile(r"(<[^>]*>)")
_SHOWN_ATTRIBUTE: Final = re.compile(r'\b(aria-label|data-head|title)="([^"]*)"')
_LEFT_ALONE: Final = ("code", "script", "style")
_NUMBER: Final = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+(?=\s?%|$|\s)")
_JOINTS: Final = (
    (re.compile(r"(?<=[.!?]) (?=[A-Z0-9“])"), " "),
    (re.compile(r"(?<=:) (?=[A-Z“])"), " "),
    (re.compile("; "), "; "),
    (re.compile(" · "), " · "),
    (re.compile(", "), ", "),
)
"""What joins sentences, and the parts of lists."""
_ONLY_NUMBERS, _ANYTHING = r"[\d.,]+", ".+?"
_NUMBER_NAME: Final = re.compile(r"n\d?")
_FREE: Final = ("agency", "filter", "ids", "limit", "rows", "share", "time", "title", "year")
"""Names of places that may hold anything; in all others only what the language has words for may stand."""
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
        self._exact = {source: words for source, words in texts.items() if "{" not in source}
        self._templates = [_template(source, words) for source, words in texts.items() if "{" in source]
        self._known: dict[str, str | None] = {}

    def say(self, text: str) -> str:
        """The text in the language; the text itself where the language has no words for it."""
        words = self.find(text)
        return text if words is None else words

    def find(self, text: str) -> str | None:
        """The text in the language; None where the language has no words for it."""
        if text not in self._known:
            self._known[text] = self._translate(text)
        return self._known[text]

    def _translate(self, text: str) -> str | None:
        if text in self._exact:
            return self._exact[text]
        for template in self._templates:
            match = template.pattern.fullmatch(text) if template.fixed in text else None
            if match:
                places = {name: self._place(name, value) for name, value in match.groupdict().items()}
                known = {name: words for name, words in places.items() if words is not None}
                if len(known) == len(places):
                    return template.words.format(**known)
        return self._by_sentence(text)

    def _place(self, name: str, value: str) -> str | None:
        """What stands in a place, translated; None for an unknown text where only known ones may stand."""
        words = self.find(value)
        return self._localise(value) if words is None and _is_free(name) else words

    def _by_sentence(self, text: str) -> str | None:
        """A text of several sentences, or a list, all of whose parts are known; or one known without its full stop."""
        for separator, joint in _JOINTS:
            parts = separator.split(text)
            if len(parts) > 1:
                known = [words for part in parts if (words := self.find(part)) is not None]
                if len(known) == len(parts):
                    return joint.join(known)
        if text.endswith(".") and (words := self.find(text[:-1])) is not None:
            return f"{words}."
        return None

    def _localise(self, text: str) -> str:
        """Numbers as the language writes them."""
        if self.language == "en":
            return text
        return _NUMBER.sub(lambda match: match.group().translate(str.maketrans(",.", ".,")), text)

    def page(self, html: str) -> str:
        """The HTML with its texts translated; of tags only the attributes that somebody reads or hears."""
        if self.language == "en":
            return html
        parts = _TAG.split(html)
        inside: list[str] = []
        for index, part in enumerate(parts):
            if index % 2:
                parts[index] = self._tag(part, inside)
            elif part.strip() and not inside:
                parts[index] = self._node(parts, index)
        return "".join(parts)

    def _tag(self, tag: str, inside: list[str]) -> str:
        """The tag with its attributes translated; `inside` keeps which elements are open that are left alone."""
        name = re.match(r"</?([\w-]+)", tag)
        if name and name.group(1).lower() in _LEFT_ALONE:
            if tag.startswith("</"):
                inside.pop()
            else:
                inside.append(name.group(1))
        return _SHOWN_ATTRIBUTE.sub(
            lambda match: f'{match.group(1)}="{escape(self.say(unescape(match.group(2))))}"', tag
        )

    def _node(self, parts: list[str], index: int) -> str:
        """A text of the page between two tags; one that stays English is marked so at the tag before it."""
        before, text, after = _outer_space(unescape(parts[index]))
        words = self.find(" ".join(text.split()))
        if words is None:
            if len(text.split()) >= _LEAST_WORDS and not parts[index - 1].startswith("</"):
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
    return _ONLY_NUMBERS if _NUMBER_NAME.fullmatch(name) else _ANYTHING


def _is_free(name: str) -> bool:
    """Whether a place holds numbers or customers' values, which need no translation."""
    return name in _FREE or _NUMBER_NAME.fullmatch(name) is not None


@cache
def read_texts(language: str) -> Mapping[str, str]:
    """The texts of a language by their English ones, in the order of its file; none for English."""
    if language == "en":
        return {}
    file = resources.files("dynsync_lib.report") / "texts" / f"{language}.toml"
    return {
        source: words
        for section in tomllib.loads(file.read_text(encoding="utf-8")).values()
        for source, words in section.items()
    }


@cache
def translator_of(language: str) -> Translator:
    """The translator into a language, made once."""
    return Translator(language)
