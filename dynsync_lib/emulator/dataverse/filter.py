"""`$filter` as SQL over the world's texts, by way of an OData parser (portal-apis 6.2).

Facts
    * Texts are compared without case; numbers, moments and flags by their type. A constant of another type, and an
      unknown column, is an error (0x80060888), not an empty answer.
    * `contains`, `startswith` and `endswith` take the wildcards of T-SQL. The operator `in` is not there;
      `Microsoft.Dynamics.CRM.In(PropertyName='x',PropertyValues=['a','b'])` is, also with parameter aliases. Its values
      are JSON: one with an apostrophe stands in double quotes.

Not modelled
    * Other query functions of Dataverse, lambda operators, columns of other tables, arithmetic: refused with 501.
      Collations that ignore accents.

Where it is used: `emulator.dataverse.query`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Final

from odata_query import ast, exceptions
from odata_query.grammar import ODataLexer, ODataParser

from dynsync_lib.emulator.dataverse.columns import Column
from dynsync_lib.emulator.dataverse.names import Entity, refused, unknown_column
from dynsync_lib.emulator.dataverse.query_functions import read_query_functions
from dynsync_lib.emulator.dataverse.row_conditions import (
    STRING,
    Literal,
    column_comparison,
    comparison,
    joined,
    like,
)

Columns = Mapping[str, Column]
_ALIAS: Final = re.compile(r"('(?:[^']|'')*')|@\w+")
LONGEST: Final = 65_536
"""Characters of a filter with the values of its aliases: what an address in a batch may hold."""
_LONGEST_SHOWN: Final = 500
_SIGNS: Final = {ast.Eq: "=", ast.NotEq: "<>", ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<="}
_TURNED: Final = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
_TYPES: Final = {
    ast.String: STRING,
    ast.Integer: "Edm.Int32",
    ast.Float: "Edm.Double",
    ast.Boolean: "Edm.Boolean",
    ast.GUID: "Edm.Guid",
    ast.Date: "Edm.Date",
    ast.DateTime: "Edm.DateTimeOffset",
    ast.Time: "Edm.TimeOfDay",
    ast.Duration: "Edm.Duration",
    ast.Geography: "Edm.Geography",
}
"""The type of a constant, by what the parser calls it."""
_PATTERNS: Final = {"contains": "%{}%", "startswith": "{}%", "endswith": "%{}"}
logging.getLogger("odata_query").setLevel(logging.ERROR)  # it warns of every column whose type it cannot guess


def filter_sql(text: str, entity: Entity, columns: Columns, *, aliases: Mapping[str, str]) -> str:
    """The condition of SQL that a `$filter` means; `aliases` are the query options, in which `@p1` has its value.

    Raises Refusal 400 for a filter that cannot be read, names an unknown column or compares what does not go together,
    501 for what is not modelled.
    """
    plain, stand_ins = read_query_functions(_without_aliases(text, aliases), entity, columns)
    try:
        return _Reader(entity, columns, stand_ins).condition(parse_filter(plain))
    except RecursionError:
        raise refused(400, "0x80060888", "The $filter is nested too deeply.") from None


def parse_filter(text: str) -> ast._Node:
    """The tree of a filter without aliases. Raises Refusal 400 for one that is too long or deep, or cannot be read."""
    if len(text) > LONGEST:
        raise refused(400, "0x80060888", f"A $filter has at most {LONGEST} characters.")
    try:
        tree: ast._Node = ODataParser().parse(ODataLexer().tokenize(text))
    except exceptions.ODataException as error:
        raise refused(400, "0x80060888", f"Syntax error in the $filter: {str(error)[:_LONGEST_SHOWN]}") from None
    except RecursionError:
        raise refused(400, "0x80060888", "The $filter is nested too deeply.") from None
    return tree


def _without_aliases(text: str, aliases: Mapping[str, str]) -> str:
    """The filter with the values of its aliases in their places; what stands in quotes stays as it is."""
    pieces, length, position = list[str](), 0, 0
    for match in _ALIAS.finditer(text):
        pieces += [text[position : match.start()], match[1] or aliases.get(match[0], match[0])]
        length, position = length + len(pieces[-2]) + len(pieces[-1]), match.end()
        if length > LONGEST:
            break
    if length + len(text) - position > LONGEST:
        raise refused(400, "0x80060888", f"A $filter has at most {LONGEST} characters.")
    return "".join([*pieces, text[position:]])


class _Reader:
    """Turns a parsed filter into SQL over columns that are all texts."""

    def __init__(self, entity: Entity, columns: Columns, stand_ins: Mapping[str, str]) -> None:
        self.entity, self.columns, self.stand_ins = entity, columns, stand_ins

    def condition(self, node: ast._Node) -> str:
        """The SQL of what is true or false. Raises Refusal 400 or 501."""
        if isinstance(node, ast.BoolOp):
            joint = "AND" if isinstance(node.op, ast.And) else "OR"
            return joined([self.condition(term) for term in _chain(node)], joint)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return f"(NOT {self.condition(node.operand)})"
        if isinstance(node, ast.Compare):
            return self._compare(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Identifier):
            column = self._column(node)
            return comparison(column, "=", Literal("Edm.Boolean", "true"))
        raise _not_modelled(node)

    def _compare(self, node: ast.Compare) -> str:
        if isinstance(node.comparator, ast.In):
            raise refused(400, "0x80060888", "The operator 'in' is not there; use Microsoft.Dynamics.CRM.In.")
        sign, left, right = _SIGNS[type(node.comparator)], node.left, node.right
        if isinstance(left, ast._Literal) and not isinstance(right, ast._Literal):
            left, right, sign = right, left, _TURNED.get(sign, sign)
        if isinstance(left, ast.Identifier) and left.name in self.stand_ins and isinstance(right, ast.Boolean):
            return self.stand_ins[left.name]
        if not isinstance(left, ast.Identifier):
            raise _not_modelled(left)
        if isinstance(right, ast.Identifier):
            return column_comparison(self._column(left), sign, self._column(right))
        if not isinstance(right, ast._Literal):
            raise _not_modelled(right)
        return comparison(self._column(left), sign, _literal(right))

    def _call(self, node: ast.Call) -> str:
        pattern = _PATTERNS.get(node.func.name)
        if pattern is None:
            raise _no_function(node)
        column, text = node.args
        if not isinstance(column, ast.Identifier):
            raise _not_modelled(column)
        searched = self._column(column)
        if not isinstance(text, ast.String) or searched.edm != STRING:
            signature = f"{node.func.name}(Edm.String Nullable=true, Edm.String Nullable=true)"
            considered = f"The function signatures considered are: {signature}."
            message = f"No function signature for the function with name '{node.func.name}' matches the specified "
            raise refused(400, "0x80060888", f"{message}arguments. {considered}")
        return like(searched, pattern.format(text.val))

    def _column(self, node: ast.Identifier) -> Column:
        name = ".".join((*node.namespace, node.name))
        if name not in self.columns:
            raise unknown_column(name, self.entity)
        return self.columns[name]


def _chain(node: ast.BoolOp) -> list[ast._Node]:
    """The terms of `a and b and c`, in order; the parser makes it as deep as it is long."""
    terms: list[ast._Node] = []
    waiting: list[ast._Node] = [node]
    while waiting:
        term = waiting.pop()
        if isinstance(term, ast.BoolOp) and term.op == node.op:
            waiting += [term.right, term.left]
        else:
            terms.append(term)
    return terms


def _literal(node: ast._Literal) -> Literal | None:
    """A constant; None for null."""
    if isinstance(node, ast.Null):
        return None
    if type(node) not in _TYPES:
        raise _not_modelled(node)
    return Literal(_TYPES[type(node)], str(getattr(node, "val", "")))


def _no_function(node: ast.Call) -> Exception:
    return refused(501, "0x80060888", f"The emulator has no function {node.func.name} in a $filter.")


def _not_modelled(node: ast._Node) -> Exception:
    if isinstance(node, ast.Attribute):
        return refused(501, "0x80060888", f"The emulator has no filter over another table ({node.attr}).")
    if isinstance(node, ast.CollectionLambda):
        return refused(501, "0x80060888", f"The emulator has no lambda operator {type(node.operator).__name__}.")
    if isinstance(node, ast.Call):
        return _no_function(node)
    return refused(501, "0x80060888", f"The emulator has no {type(node).__name__} here in a $filter.")
