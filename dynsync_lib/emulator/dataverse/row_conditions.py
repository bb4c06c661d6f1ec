"""Conditions on rows as SQL over the world's texts: what `$filter` and `?sql=` mean alike (portal-apis 6.2).

Facts
    * A column is compared with a constant of its own type or of one that its type widens to: numbers with numbers,
      moments with days and moments. Anything else is 0x80060888, as OData's own library words it. A GUID may stand in
      quotes, as Microsoft's page on filters writes it.
    * GUIDs are compared in SQL Server's order (corrections F3).
    * In a pattern `%` stands for any characters, `_` for one, `[a-c]` and `[^a]` for one of a set; in brackets they
      stand for themselves. This holds for contains, startswith, endswith and LIKE (wildcard-characters.md).

Where it is used: `emulator.dataverse.filter`, `emulator.dataverse.sql_queries`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from dynsync_lib.emulator.calls import is_true
from dynsync_lib.emulator.dataverse.columns import Column
from dynsync_lib.emulator.dataverse.names import refused
from dynsync_lib.emulator.times import moment_ms

STRING: Final = "Edm.String"
_GUID_TYPE: Final = "Edm.Guid"
_FLAG: Final = "Edm.Boolean"
_NUMBERS: Final = frozenset({"Edm.Int32", "Edm.Int64", "Edm.Decimal", "Edm.Double"})
_MOMENTS: Final = frozenset({"Edm.DateTimeOffset", "Edm.Date"})
_GUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_LONGEST_PATTERN: Final = 4_000
_KINDS: Final = {
    "=": "Equal",
    "<>": "NotEqual",
    ">": "GreaterThan",
    ">=": "GreaterThanOrEqual",
    "<": "LessThan",
    "<=": "LessThanOrEqual",
}
"""What OData calls the operators, by their signs in SQL."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant of a query: `edm` is its type by OData's name, `text` its value."""

    edm: str
    text: str


def comparison(column: Column, sign: str, literal: Literal | None) -> str:
    """A column compared with a constant (None: null) by a sign of SQL. Raises Refusal 400 for types that do not go
    together."""
    if literal is None:
        return f"({column.sql} IS {'NOT ' if sign == '<>' else ''}NULL)" if sign in ("=", "<>") else "0"
    if not _go_together(column.edm, literal):
        raise incompatible(column.edm, literal.edm, sign)
    return f"({column.sql} {sign} {_constant(column, literal.text)})"


def column_comparison(left: Column, sign: str, right: Column) -> str:
    """Two columns of a row compared. Raises Refusal 400 when their types differ."""
    if left.edm != right.edm:
        raise incompatible(left.edm, right.edm, sign)
    return f"({left.sql} {sign} {right.sql})"


def among(column: Column, texts: Iterable[str]) -> str:
    """Whether a column has one of these values. Raises Refusal 400 for a value that its type cannot have."""
    constants = []
    for text in texts:
        if not _is_of(column.edm, text):
            raise refused(400, "0x80060888", f"The value '{text}' is no {column.edm}, as '{column.name}' is.")
        constants.append(_constant(column, text))
    return f"({column.sql} IN ({', '.join(constants)}))"


def like(column: Column, pattern: str) -> str:
    """Whether a text fits a pattern as a whole. Raises Refusal 400 for a column without texts, or a long pattern."""
    if column.edm != STRING:
        raise refused(400, "0x80060888", f"'{column.name}' is {column.edm}: a pattern goes with Edm.String alone.")
    if len(pattern) > _LONGEST_PATTERN:
        raise refused(400, "0x80060888", f"A pattern has at most {_LONGEST_PATTERN} characters.")
    return f"is_like({column.sql}, {_quoted(pattern.casefold())})"


def joined(terms: list[str], joint: str) -> str:
    """Conditions joined by AND or OR, as a tree of little depth, because SQLite limits that."""
    if len(terms) == 1:
        return terms[0]
    half = len(terms) // 2
    return f"({joined(terms[:half], joint)} {joint} {joined(terms[half:], joint)})"


def incompatible(left: str, right: str, sign: str) -> Exception:
    """400 for two types that cannot be compared, in the words of OData's own library."""
    operands = f"Found operand types '{left}' and '{right}' for operator kind '{_KINDS[sign]}'."
    return refused(400, "0x80060888", f"A binary operator with incompatible types was detected. {operands}")


def _go_together(edm: str, literal: Literal) -> bool:
    for family in (_NUMBERS, _MOMENTS):
        if edm in family:
            return literal.edm in family
    return literal.edm == edm or (edm == _GUID_TYPE and _GUID.fullmatch(literal.text) is not None)


def _is_of(edm: str, text: str) -> bool:
    """Whether a text that a query function holds is a value of a type."""
    if edm in _NUMBERS:
        return _NUMBER.fullmatch(text) is not None
    if edm in _MOMENTS:
        return moment_ms(text) is not None
    if edm == _FLAG:
        return text.lower() in ("true", "false", "1", "0")
    return edm != _GUID_TYPE or _GUID.fullmatch(text) is not None


def _constant(column: Column, text: str) -> str:
    if column.edm == _FLAG:
        return str(int(is_true(text)))
    return column.value_sql(_quoted(text if column.edm in _MOMENTS else text.casefold()))


def _quoted(text: str) -> str:
    """A text as a literal of SQL."""
    return "'" + text.replace("'", "''").replace("\x00", "") + "'"
