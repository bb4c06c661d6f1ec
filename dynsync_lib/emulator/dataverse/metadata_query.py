"""`$filter` and `$select` on metadata, which is worked out in Python and not in SQL (portal-apis 6.4).

Facts
    * Enumerations are compared by their full type, such as `Microsoft.Dynamics.CRM.AttributeTypeCode'Picklist'`.
    * Parts of a value are reached with a slash: `RequiredLevel/Value`. Metadata is not paged.

Not modelled
    * Functions in `$filter` on metadata: refused with 501.

Where it is used: `emulator.dataverse.metadata`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from odata_query import ast, exceptions
from odata_query.grammar import ODataLexer, ODataParser

from dynsync_lib.emulator.calls import Call
from dynsync_lib.emulator.dataverse.names import refused

Item = Mapping[str, Any]
_ENUM: Final = re.compile(r"Microsoft\.Dynamics\.CRM\.\w+('[^']*')")
_EXPANDABLE: Final = frozenset({"OptionSet", "GlobalOptionSet"})
_ALWAYS: Final = ("@odata.type", "MetadataId")


def shown_metadata(call: Call, items: Iterable[Item]) -> list[dict[str, Any]]:
    """The items that satisfy the call's `$filter`, each with the properties that it selects."""
    text = call.option("$filter")
    tree = _parse(text) if text else None
    return [shown_item(call, item) for item in items if tree is None or _holds(tree, item) is True]


def shown_item(call: Call, item: Item) -> dict[str, Any]:
    """One item with the selected and expanded properties, its type and its id. Option sets come only when expanded."""
    wanted = call.listed("$select")
    for name in wanted:
        if name not in item:
            raise refused(400, "0x80060888", f"Could not find a property named '{name}' in the metadata.")
    expanded = [name.partition("(")[0].strip() for name in re.split(r",(?![^(]*\))", call.option("$expand") or "")]
    shown = {*_ALWAYS, *(wanted or item.keys() - _EXPANDABLE), *expanded}
    return {name: value for name, value in item.items() if name in shown}


def _parse(text: str) -> ast._Node:
    try:
        tree: ast._Node = ODataParser().parse(ODataLexer().tokenize(_ENUM.sub(r"\1", text)))
    except exceptions.ODataException as error:
        raise refused(400, "0x80060888", f"Syntax error in the $filter: {error}") from None
    return tree


def _holds(node: ast._Node, item: Item) -> Any:
    """The value of an expression for one item."""
    if isinstance(node, ast.BoolOp):
        left, right = _holds(node.left, item), _holds(node.right, item)
        return (left and right) if isinstance(node.op, ast.And) else (left or right)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return not _holds(node.operand, item)
    if isinstance(node, ast.Compare) and isinstance(node.comparator, ast.Eq | ast.NotEq):
        is_equal = _holds(node.left, item) == _holds(node.right, item)
        return is_equal is isinstance(node.comparator, ast.Eq)
    return _value(node, item)


def _value(node: ast._Node, item: Item) -> Any:
    if isinstance(node, ast.Identifier):
        if node.name not in item:
            raise refused(400, "0x80060888", f"Could not find a property named '{node.name}' in the metadata.")
        return item[node.name]
    if isinstance(node, ast.Attribute):
        owner = _value(node.owner, item)
        return owner.get(node.attr) if isinstance(owner, Mapping) else None
    if isinstance(node, ast.Null):
        return None
    if isinstance(node, ast._Literal):
        return node.py_val
    raise refused(501, "0x80060888", f"The emulator has no {type(node).__name__} in a $filter on metadata.")
