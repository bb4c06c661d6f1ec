"""A filter's text, read into a tree.

Facts
    * Comparisons `= != < <= > >=`, `contains`, `in (...)`, `not in (...)`, `is known`, `is unknown`,
      `within last N days`; `and`, `or`, `not`, parentheses. `and` binds closer than `or`.
    * A filter has at most 4,000 words and signs and nests at most 40 times; HubSpot's own are far smaller.
    * Words of the grammar know no case. Text stands in single or double quotes, a quote inside it is doubled.

Not modelled
    * Membership of HubSpot lists (4.12).

Source: rule record.filter; design of `dynsync.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from dynsync_lib.core.filter_tree import OPERATORS, Comparison, Filter, FilterTree, Junction, Negation, Window

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*")|(?P<sign>!=|<=|>=|[=<>(),])"""
    r"""|(?P<bare>[+-]?[0-9][0-9.:TZ+-]*)|(?P<word>[^\W\d]\w*))"""
)


_WORDS: Final = frozenset(
    ("and", "or", "not", "in", "is", "known", "unknown", "contains", "within", "last", "days", "true", "false")
)
_MOST_TOKENS: Final = 4_000
_DEEPEST: Final = 40
HIDDEN: Final = "\u2026"
"""What stands for a value that is not told."""


class FilterTextError(ValueError):
    """A filter that cannot be read; the text says what stands there and what belongs there."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def read_filter(text: str) -> Filter | None:
    """A filter's text with its tree; None when it is blank. Raises FilterTextError as `parse_filter` does."""
    return Filter(text, parse_filter(text)) if text.strip() else None


def parse_filter(text: str) -> FilterTree:
    """The tree of a filter's text. Raises FilterTextError when the text is not of the grammar."""
    parser = _Parser(text)
    tree = parser.junction("or")
    parser.expect_end()
    return tree


def hide_values(text: str, shown: Collection[str]) -> str:
    """A filter's text without the values that it compares with, but for those of the fields `shown`.

    A text that is not of the grammar is hidden whole.

    >>> hide_values("statecode = 0 and lastname in ('Ng', 'Ito')", {"statecode"})
    "statecode = 0 and lastname in (…, …)"
    """
    pieces, field = [], ""
    try:
        for token in _tokens(text):
            is_value = token.kind in ("quoted", "bare")
            if token.kind == "word" and token.text.lower() not in _WORDS:
                field = token.text
            pieces.append(HIDDEN if is_value and field not in shown else token.text)
    except FilterTextError:
        return HIDDEN
    return re.sub(r"(\() | (?=[,)])", r"\1", " ".join(pieces))


def mask_filter(sync: Mapping[str, Any], name: str) -> str | None:
    """A filter of an object's settings, as `forecast.json` has them, with the values of its `shown_when_masked` only.

    None when there is no filter of that name. A forecast of an earlier version names no fields: all values are hidden.
    """
    text = sync.get(name)
    return text and hide_values(text, frozenset(sync.get("shown_when_masked") or ()))


def _tokens(text: str) -> Iterator[_Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise FilterTextError(f"it cannot be read at `{text[at:].strip()[:20]}`; text values need quotes")
        yield _Token(match.lastgroup, match[match.lastgroup])
        at = match.end()


class _Parser:
    """Reads one filter from left to right."""

    def __init__(self, text: str) -> None:
        self._tokens = list(islice(_tokens(text), _MOST_TOKENS + 1))
        self._at = self._depth = 0
        if len(self._tokens) > _MOST_TOKENS:
            raise FilterTextError(f"it has more than {_MOST_TOKENS:,} words and signs")

    def junction(self, word: str) -> FilterTree:
        terms = [self._below(word)]
        while self._takes(word):
            terms.append(self._below(word))
        return terms[0] if len(terms) == 1 else Junction(word, tuple(terms))

    def expect_end(self) -> None:
        if self._at < len(self._tokens):
            raise FilterTextError(f"it goes on with `{self._peek().text}` where `and`, `or` or its end belongs")

    def _below(self, word: str) -> FilterTree:
        return self.junction("and") if word == "or" else self._term()

    def _term(self) -> FilterTree:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise FilterTextError(f"it nests more than {_DEEPEST} times")
        term = self._nested_or_test()
        self._depth -= 1
        return term

    def _nested_or_test(self) -> FilterTree:
        if self._takes("not"):
            return Negation(self._term())
        if self._takes("("):
            inner = self.junction("or")
            self._expect(")")
            return inner
        return self._test(self._name())

    def _test(self, field: str) -> FilterTree:
        if self._takes("within", "last"):
            return self._window(field)
        for sign in ("is known", "is unknown"):
            if self._takes(*sign.split()):
                return Comparison(field, sign)
        for sign in ("not in", "in"):
            if self._takes(*sign.split()):
                return Comparison(field, sign, self._list())
        return Comparison(field, self._operator(), (self._value(),))

    def _window(self, field: str) -> Window:
        token = self._take("a number of days")
        if not token.text.isdecimal() or int(token.text) > 36_500:
            raise FilterTextError(f"`{token.text}` stands where a number of days from 0 to 36500 belongs")
        self._expect("days")
        return Window(field, int(token.text))

    def _list(self) -> tuple[str, ...]:
        self._expect("(")
        values = [self._value()]
        while self._takes(","):
            values.append(self._value())
        self._expect(")")
        return tuple(values)

    def _operator(self) -> str:
        token = self._take("a comparison")
        sign = token.text.lower()
        if token.kind == "quoted" or sign not in ("=", "!=", "<", "<=", ">", ">=", "contains"):
            raise FilterTextError(f"`{token.text}` stands where one of {' '.join(OPERATORS)} belongs")
        return sign

    def _name(self) -> str:
        token = self._take("a field")
        if token.kind != "word":
            raise FilterTextError(f"`{token.text}` stands where a field's internal name belongs")
        return token.text

    def _value(self) -> str:
        token = self._take("a value")
        if token.kind == "quoted":
            return token.text[1:-1].replace(token.text[0] * 2, token.text[0])
        if token.kind == "bare" or token.text.lower() in ("true", "false"):
            return token.text
        raise FilterTextError(f"`{token.text}` stands where a value belongs; text values need quotes")

    def _peek(self) -> _Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else _Token("end", "")

    def _take(self, wanted: str) -> _Token:
        token = self._peek()
        if token.kind == "end":
            raise FilterTextError(f"it ends where {wanted} belongs")
        self._at += 1
        return token

    def _takes(self, *words: str) -> bool:
        ahead = self._tokens[self._at : self._at + len(words)]
        if [token.text.lower() for token in ahead if token.kind != "quoted"] != list(words):
            return False
        self._at += len(words)
        return True

    def _expect(self, word: str) -> None:
        if not self._takes(word):
            token = self._peek()
            instead = "it ends" if token.kind == "end" else f"`{token.text}` stands"
            raise FilterTextError(f"{instead} where `{word}` belongs")
