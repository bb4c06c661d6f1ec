"""`$filter` as SQL over the world's texts, by way of an OData parser (portal-apis 6.2).

Facts
    * Texts are compared without case; numbers, moments and flags by their type.
    * An unknown column is an error (0x80060888), not an empty answer.
    * `Microsoft.Dynamics.CRM.In(PropertyName='x',PropertyValues=['a','b'])`, also with parameter aliases.

Not modelled
    * Other query functions of Dataverse, lambda operators, columns of other tables: refused with 501. Collations that
      ignore accents.

Where it is used: `emulator.dataverse.query`.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Mapping
from typing import Final

from odata_query import ast, exceptions
from odata_query.grammar import ODataLexer, ODataParser
from odata_query.sql.sqlite import AstToSqliteSqlVisitor

from dynsync_lib.emulator.dataverse.columns import Column
from dynsync_lib.emulator.dataverse.names import Entity, refused, unknown_column

_ALIAS: Final = re.compile(r"(?<![\w'])@\w+")
_IN: Final = re.compile(r"Microsoft\.Dynamics\.CRM\.In\(PropertyName='(\w+)',\s*PropertyValues=\[([^\]]*)\]\)")
_TEXT: Final = re.compile(r"'((?:[^']|'')*)'|\"([^\"]*)\"|([^,\s'\"]+)")
_STAND_IN: Final = "emulated_in_"
logging.getLogger("odata_query").setLevel(logging.ERROR)  # it warns of every column whose type it cannot guess


def filter_sql(text: str, entity: Entity, columns: Mapping[str, Column], *, aliases: Mapping[str, str]) -> str:
    """The condition of SQL that a `$filter` means; `aliases` are the query options, in which `@p1` has its value.

    Raises Refusal 400 for a filter that cannot be read or names an unknown column, 501 for what is not modelled.
    """
    whole = _ALIAS.sub(lambda match: aliases.get(match[0], match[0]), text)
    stand_ins: dict[str, str] = {}

    def replace_in(match: re.Match[str]) -> str:
        name = f"{_STAND_IN}{len(stand_ins)}"
        stand_ins[name] = _in_sql(match, entity, columns)
        return f"{name} eq true"

    plain = _IN.sub(replace_in, whole)
    if "Microsoft.Dynamics.CRM." in plain:
        raise refused(501, "0x80060888", "The emulator has no query function of Dataverse but In.")
    try:
        tree = ODataParser().parse(ODataLexer().tokenize(plain))
        return str(_Visitor(entity, columns, stand_ins).visit(tree))
    except (exceptions.ODataException, sqlite3.Error) as error:
        raise refused(400, "0x80060888", f"Syntax error in the $filter: {error}") from None


def _in_sql(match: re.Match[str], entity: Entity, columns: Mapping[str, Column]) -> str:
    column = columns.get(match[1])
    if column is None:
        raise unknown_column(match[1], entity)
    values = ["".join(groups).replace("''", "'") for groups in _TEXT.findall(match[2])]
    return f"({column.sql} IN ({', '.join(column.value_sql(_text_sql(value)) for value in values)}))"


def _text_sql(text: str) -> str:
    """A text in lower case as a literal of SQL."""
    return "'" + text.casefold().replace("'", "''") + "'"


class _Visitor(AstToSqliteSqlVisitor):
    """Turns a parsed filter into SQL over columns that are all texts."""

    def __init__(self, entity: Entity, columns: Mapping[str, Column], stand_ins: Mapping[str, str]) -> None:
        super().__init__()
        self.entity, self.columns, self.stand_ins = entity, columns, stand_ins

    def visit_Identifier(self, node: ast.Identifier) -> str:  # noqa: N802 - the parser's own name
        if node.name in self.stand_ins:
            return self.stand_ins[node.name]
        column = self.columns.get(node.name)
        if column is None:
            raise unknown_column(node.name, self.entity)
        return column.sql

    def visit_Attribute(self, node: ast.Attribute) -> str:  # noqa: N802
        raise refused(501, "0x80060888", f"The emulator has no filter over another table ({node.attr}).")

    def visit_CollectionLambda(self, node: ast.CollectionLambda) -> str:  # noqa: N802
        raise refused(501, "0x80060888", f"The emulator has no lambda operator {type(node.operator).__name__}.")

    def visit_String(self, node: ast.String) -> str:  # noqa: N802
        return _text_sql(node.val)

    def visit_GUID(self, node: ast.GUID) -> str:  # noqa: N802
        return f"'{node.val.lower()}'"

    def visit_Date(self, node: ast.Date) -> str:  # noqa: N802
        return f"moment_ms('{node.val}')"

    def visit_DateTime(self, node: ast.DateTime) -> str:  # noqa: N802
        return f"moment_ms('{node.val}')"
