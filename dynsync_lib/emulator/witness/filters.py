"""Filters, asked of one record at a time.

Facts
    * The grammar is that of `dynsync.toml`: comparisons, `in`, `not in`, `contains`, `is known`, `is unknown`,
      `within last N days`, `and`, `or`, `not`, parentheses. Words of the grammar know no case; text stands in quotes.
    * There are two truth values. A blank value passes `is unknown`, `!=` and `not in`, nothing else.
    * Several choices equal a value when one of them is it.

Not modelled
    * List membership (4.12).

Where it is used: `emulator.witness.entrance`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from dynsync_lib.core.model import System
from dynsync_lib.emulator.witness.kinds import Kind, column_of, kind_of
from dynsync_lib.emulator.witness.plan import PlanField
from dynsync_lib.emulator.witness.text_values import elements, is_blank, lower, moment, moment_of, number, trim, truth
from dynsync_lib.emulator.witness.witness_store import Record
from dynsync_lib.errors import UsageError

Test = Callable[[Record], bool]

_TOKEN = re.compile(r"""\s*('(?:[^']|'')*'|"(?:[^"]|"")*"|!=|<=|>=|[=<>(),]|[+-]?[0-9][0-9.:TZ+-]*|[^\W\d]\w*)""")
_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def read_filter(text: str | None, system: System, *, fields: Mapping[str, PlanField], taken_at: datetime) -> Test:
    """A test that says whether a record passes; everything passes when there is no text.

    Raises UsageError when the text is not of the grammar.
    """
    if text is None or is_blank(text):
        return _everything
    reader = _Reader(_tokens(text), system, fields, taken_at)
    test = reader.alternatives()
    reader.expect_end()
    return test


def _everything(_: Record) -> bool:
    return True


def _tokens(text: str) -> list[str]:
    tokens, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise UsageError(f"A filter cannot be read at character {at + 1}.", next_step="Correct the filter.")
        tokens.append(match[1])
        at = match.end()
    return tokens


class _Reader:
    """Reads one filter from left to right; each method returns the test of what it has read."""

    def __init__(self, tokens: list[str], system: System, fields: Mapping[str, PlanField], taken_at: datetime) -> None:
        self.tokens, self.system, self.fields, self.taken_at = tokens, system, fields, taken_at
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1] if self.at <= len(self.tokens) else ""

    def meets(self, *words: str) -> bool:
        """Whether the next tokens are these words; if so, they are taken."""
        ahead = [token.lower() for token in self.tokens[self.at : self.at + len(words)]]
        if ahead != list(words):
            return False
        self.at += len(words)
        return True

    def expect(self, word: str) -> None:
        if not self.meets(word):
            raise UsageError(f"A filter lacks `{word}` before `{self.peek()}`.", next_step="Correct the filter.")

    def expect_end(self) -> None:
        if self.at < len(self.tokens):
            raise UsageError(f"A filter goes on after its end with `{self.peek()}`.", next_step="Correct the filter.")

    def alternatives(self) -> Test:
        tests = [self.conditions()]
        while self.meets("or"):
            tests.append(self.conditions())
        return lambda record: any(test(record) for test in tests)

    def conditions(self) -> Test:
        tests = [self.condition()]
        while self.meets("and"):
            tests.append(self.condition())
        return lambda record: all(test(record) for test in tests)

    def condition(self) -> Test:
        if self.meets("not"):
            test = self.condition()
            return lambda record: not test(record)
        if self.meets("("):
            inner = self.alternatives()
            self.expect(")")
            return inner
        return self.comparison()

    def comparison(self) -> Test:
        field = self.field_named(self.take())
        column = column_of(self.system, field)
        if self.meets("is", "known"):
            return lambda record: not is_blank(record.get(column))
        if self.meets("is", "unknown"):
            return lambda record: is_blank(record.get(column))
        if self.meets("within", "last"):
            return self.window(column)
        if self.meets("not", "in"):
            return self.outside(field)
        if self.meets("in"):
            return self.inside(field)
        return self.against_one(field)

    def field_named(self, name: str) -> PlanField:
        """The field; a lookup is also named as it is delivered, `_name_value`."""
        bare = name[1:-6] if name.startswith("_") and name.endswith("_value") else name
        text = PlanField(name, "string" if self.system is System.HUBSPOT else "String")
        return self.fields.get(name) or self.fields.get(bare) or text

    def window(self, column: str) -> Test:
        days = int(self.take())
        self.expect("days")
        earliest, latest = moment_of(self.taken_at - timedelta(days=days)), moment_of(self.taken_at)
        return lambda record: earliest < (moment(record.get(column)) or "") <= latest

    def inside(self, field: PlanField) -> Test:
        choices, column = self.listed(), column_of(self.system, field)
        return lambda record: any(_holds(self.system, field, "=", record.get(column), one) for one in choices)

    def outside(self, field: PlanField) -> Test:
        inside = self.inside(field)
        return lambda record: not inside(record)

    def listed(self) -> list[str]:
        self.expect("(")
        choices = [self.literal()]
        while self.meets(","):
            choices.append(self.literal())
        self.expect(")")
        return choices

    def against_one(self, field: PlanField) -> Test:
        word = self.take().lower()
        literal, column = self.literal(), column_of(self.system, field)
        if word == "contains":
            part = lower(trim(literal))
            return lambda record: not is_blank(record.get(column)) and part in lower(trim(record.get(column)))
        if word == "!=":
            return lambda record: not _holds(self.system, field, "=", record.get(column), literal)
        if word not in _ORDERED:
            raise UsageError(f"A filter compares with `{word}`.", next_step="Use one of = != < <= > >= in contains.")
        return lambda record: _holds(self.system, field, word, record.get(column), literal)

    def literal(self) -> str:
        token = self.take()
        if token[:1] in ("'", '"'):
            return token[1:-1].replace(token[0] * 2, token[0])
        return token


def _holds(system: System, field: PlanField, sign: str, value: str | None, literal: str) -> bool:
    """Whether a comparison is true; false when the value is blank or not of its field's type."""
    if is_blank(value):
        return False
    if kind_of(system, field) is Kind.CHOICES and sign == "=":
        held = elements(value, ";" if system is System.HUBSPOT else ",;")
        return lower(trim(_internal(field, literal))) in map(lower, held)
    left, right = _comparable(system, field, value), _comparable(system, field, _internal(field, literal))
    return left is not None and right is not None and _ORDERED[sign](left, right)


def _comparable(system: System, field: PlanField, text: str | None) -> Any:
    kind = kind_of(system, field)
    if kind is Kind.NUMBER:
        return number(text)
    if kind in (Kind.DATE, Kind.MOMENT):
        return moment(text)
    if kind is Kind.TRUTH:
        return truth(text)
    return lower(trim(text))


def _internal(field: PlanField, literal: str) -> str:
    """The internal value a filter means: a value as it stands, or that of the option with this label."""
    wanted = lower(trim(literal))
    if any(lower(value) == wanted for value, _ in field.options):
        return literal
    return next((value for value, label in field.options if lower(trim(label)) == wanted), literal)
