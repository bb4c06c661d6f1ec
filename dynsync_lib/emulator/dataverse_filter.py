"""`$filter` as SQL over the world's texts, by way of an OData parser (portal-apis 6.2).

Facts
    * Texts are compared without case; numbers, moments and flags by their type.
    * An unknown column is an error (0x80060888), not an empty answer.

Not modelled
    * Query functions of Dataverse, lambda operators: refused with 501.

Where it is used: dataverse_rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from odata_query import ast, exceptions
from odata_query.grammar import ODataLexer, ODataParser
from odata_query.sql.sqlite import AstToSqliteSqlVisitor

from dynsync_lib.emulator.dataverse_columns import Column
from dynsync_lib.emulator.dataverse_names import Entity, refused, unknown_column
from dynsync_lib.emulator.store import quoted

_NUMBERS: Final = frozenset({"Integer", "BigInt", "Picklist", "State", "Status", "Decimal", "Double", "Money"})


def filter_sql(text: str, entity: Entity, columns: Mapping[str, Column]) -> str:
    """A WHERE clause. Raises Refusal 400 for a filter that cannot be read or names an unknown column."""
    if "Microsoft.Dynamics.CRM." in text:
        raise refused(501, "0x80060888", "The emulator has no query functions of Dataverse.")
    try:
        tree = ODataParser().parse(ODataLexer().tokenize(text))
        return str(_Visitor(entity, columns).visit(tree))
    except exceptions.ODataException as error:
        raise refused(400, "0x80060888", f"Syntax error in the $filter: {error}") from None


class _Visitor(AstToSqliteSqlVisitor):
    """Turns a parsed filter into SQL over columns that are all texts."""

    def __init__(self, entity: Entity, columns: Mapping[str, Column]) -> None:
        super().__init__()
        self.entity, self.columns = entity, columns

    def visit_Identifier(self, node: ast.Identifier) -> str:  # noqa: N802 - the parser's own name
        column = self.columns.get(node.name)
        if column is None:
            raise unknown_column(node.name, self.entity)
        name = quoted(column.stored)
        if column.type in _NUMBERS:
            return f"CAST({name} AS REAL)"
        if column.type == "Boolean":
            return f"(fold({name}) IN ('true', '1'))"
        return f"moment_ms({name})" if column.type == "DateTime" else f"fold({name})"

    def visit_String(self, node: ast.String) -> str:  # noqa: N802
        return "'" + node.val.casefold().replace("'", "''") + "'"

    def visit_GUID(self, node: ast.GUID) -> str:  # noqa: N802
        return f"'{node.val.lower()}'"

    def visit_Date(self, node: ast.Date) -> str:  # noqa: N802
        return f"moment_ms('{node.val}')"

    def visit_DateTime(self, node: ast.DateTime) -> str:  # noqa: N802
        return f"moment_ms('{node.val}')"
