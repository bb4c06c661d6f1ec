"""Reads `?sql=SELECT ...` as Microsoft's own client asks it (6.8; webapi/query/sql.md).

Facts
    * One SELECT of named columns of one table, with TOP, WHERE and ORDER BY; `SELECT *` is refused. In WHERE a column
      is compared with a constant, a list or a pattern; comparisons are joined by AND, OR, NOT and brackets. Lookups go
      by their logical names or as rows name them.
    * TOP is a whole number, and like `$top` it leaves no next page. A constant in quotes is read by its column's type.
    * The text is read word by word from left to right: time grows with its length alone.

Not modelled
    * Joins, DISTINCT, aggregates, GROUP BY, OFFSET, BETWEEN, aliases of columns: refused with 501.

Where it is used: `emulator.dataverse.query`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dynsync_lib.emulator.dataverse.columns import Column
from dynsync_lib.emulator.dataverse.names import Entity, refused, unknown_column
from dynsync_lib.emulator.dataverse.row_conditions import STRING, Literal, among, comparison, joined, like

_TOKEN: Final = re.compile(r"\s*('(?:[^']|'')*'|<>|!=|>=|<=|[=<>(),;*]|[\w.+:-]+)")
_SIGNS: Final = {"=": "=", "<>": "<>", "!=": "<>", ">": ">", ">=": ">=", "<": "<", "<=": "<="}
_NAME: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?")
_DEEPEST: Final = 100
_END: Final = ""


@dataclass(frozen=True, slots=True)
class SqlQuery:
    """What a SELECT asks for: columns, a condition of SQL, columns to sort by (and whether each descends), the most
    rows (None: a page)."""

    names: tuple[str, ...]
    where: str
    order: tuple[tuple[str, bool], ...]
    top: int | None


def read_sql(text: str, entity: Entity, columns: Mapping[str, Column]) -> SqlQuery:
    """What the SQL asks for. Raises Refusal 400 for what cannot be read, 501 for what is not modelled."""
    return _Reader(_tokens(text), entity, columns).select()


def _tokens(text: str) -> list[str]:
    tokens, position, end = [], 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise _unreadable(text[position : position + 20])
        tokens.append(match[1])
        position = match.end()
    return tokens


class _Reader:
    """Reads the tokens of one SELECT from left to right."""

    def __init__(self, tokens: list[str], entity: Entity, columns: Mapping[str, Column]) -> None:
        self.tokens, self.position, self.depth = tokens, 0, 0
        self.entity, self.columns = entity, columns

    def select(self) -> SqlQuery:
        """The whole statement."""
        if not self._take("select"):
            raise refused(501, "0x80060888", "The emulator reads no SQL but SELECT.")
        top = self._top()
        names = self._names()
        self._from()
        where = self._any_of() if self._take("where") else "1"
        order = self._order() if self._take("order") else ()
        self._take(";")
        if self._next() != _END:
            raise refused(501, "0x80060888", f"The emulator reads no SQL with {self._next()} here.")
        return SqlQuery(names, where, order, top)

    def _top(self) -> int | None:
        if not self._take("top"):
            return None
        text = self._next()
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise refused(400, "0x80060888", f"TOP takes a whole number, not {text or 'nothing'}.")
        self.position += 1
        return int(text)

    def _names(self) -> tuple[str, ...]:
        if self._next() == "*":
            raise refused(400, "0x80060888", "SELECT * is not supported. Name each column.")
        names = [self._column().name]
        while self._take(","):
            names.append(self._column().name)
        return tuple(names)

    def _from(self) -> None:
        if not self._take("from"):
            raise refused(501, "0x80060888", f"The emulator reads no SQL with {self._next() or 'no FROM'} in SELECT.")
        table = self._next().lower()
        if table != self.entity.logical:
            raise refused(400, "0x80060888", f"The SQL reads {table or 'nothing'}, the address {self.entity.logical}.")
        self.position += 1
        if self._take("as") or self._next().lower() not in ("where", "order", ";", _END, *_NOT_READ):
            self._name()

    def _order(self) -> tuple[tuple[str, bool], ...]:
        if not self._take("by"):
            raise _unreadable(self._next())
        terms = [self._order_term()]
        while self._take(","):
            terms.append(self._order_term())
        return tuple(terms)

    def _order_term(self) -> tuple[str, bool]:
        name, descends = self._column().name, self._take("desc")
        if not descends:
            self._take("asc")
        return name, descends

    # --- WHERE -------------------------------------------------------------------------------------------------------

    def _any_of(self) -> str:
        terms = [self._all_of()]
        while self._take("or"):
            terms.append(self._all_of())
        return joined(terms, "OR")

    def _all_of(self) -> str:
        terms = [self._condition()]
        while self._take("and"):
            terms.append(self._condition())
        return joined(terms, "AND")

    def _condition(self) -> str:
        is_negated = False
        while self._take("not"):
            is_negated = not is_negated
        condition = self._inside() if self._take("(") else self._comparison()
        return f"(NOT {condition})" if is_negated else condition

    def _inside(self) -> str:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise refused(400, "0x80060888", "The WHERE of the SQL is nested too deeply.")
        condition = self._any_of()
        if not self._take(")"):
            raise _unreadable(self._next())
        self.depth -= 1
        return condition

    def _comparison(self) -> str:
        column = self._column()
        if self._take("is"):
            sign = "<>" if self._take("not") else "="
            if not self._take("null"):
                raise _unreadable(self._next())
            return comparison(column, sign, None)
        if self._take("not"):
            return f"(NOT {self._list_or_pattern(column)})"
        sign = _SIGNS.get(self._next(), "")
        if not sign:
            return self._list_or_pattern(column)
        self.position += 1
        return comparison(column, sign, self._constant(column))

    def _list_or_pattern(self, column: Column) -> str:
        if self._take("like"):
            return like(column, self._text())
        if not self._take("in"):
            raise refused(501, "0x80060888", f"The emulator has no SQL operator {self._next() or 'there'}.")
        if not self._take("("):
            raise _unreadable(self._next())
        values = [self._plain()]
        while self._take(","):
            values.append(self._plain())
        if not self._take(")"):
            raise _unreadable(self._next())
        return among(column, values)

    def _constant(self, column: Column) -> Literal:
        """A constant: one in quotes is of the column's own type, as SQL converts it, one without is a number."""
        is_quoted, text = self._next().startswith("'"), self._plain()
        if column.edm == STRING or not is_quoted:
            return Literal(STRING if is_quoted else "Edm.Decimal", text)
        among(column, [text])  # refuses a text that its type cannot have
        return Literal(column.edm, text)

    def _plain(self) -> str:
        if self._next().startswith("'"):
            return self._text()
        text = self._next()
        if not re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
            raise _unreadable(text)
        self.position += 1
        return text

    def _text(self) -> str:
        token = self._next()
        if not token.startswith("'"):
            raise _unreadable(token)
        self.position += 1
        return token[1:-1].replace("''", "'")

    # --- Tokens ------------------------------------------------------------------------------------------------------

    def _next(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else _END

    def _take(self, word: str) -> bool:
        is_there = self._next().lower() == word
        self.position += is_there
        return is_there

    def _name(self) -> str:
        token = self._next()
        if not _NAME.fullmatch(token):
            raise _unreadable(token)
        self.position += 1
        return token.lower()

    def _column(self) -> Column:
        """The column that the next token names, with or without the table's alias."""
        token = self._next()
        if token.lower() in _NOT_READ or self._follows_bracket():
            raise refused(501, "0x80060888", f"The emulator reads no SQL with {token}.")
        name = self._name().rpartition(".")[2]
        column = self.columns.get(name) or self.columns.get(f"_{name}_value")
        if column is None:
            raise unknown_column(name, self.entity)
        return column

    def _follows_bracket(self) -> bool:
        return _NAME.fullmatch(self._next()) is not None and self.tokens[self.position + 1 : self.position + 2] == ["("]


_NOT_READ: Final = ("distinct", "join", "inner", "left", "right", "full", "cross", "group", "having", "union", "offset")


def _unreadable(token: str) -> Exception:
    return refused(400, "0x80060888", f"The SQL cannot be read at {token or 'its end'}.")
