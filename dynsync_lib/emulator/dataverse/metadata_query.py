"""`$filter` and `$select` on metadata, which is worked out in Python and not in SQL (portal-apis 6.4).

Facts
    * Enumerations are compared by their full type, such as `Microsoft.Dynamics.CRM.AttributeTypeCode'Picklist'`.
    * Parts of a value are reached with a slash: `RequiredLevel/Value`. Metadata is not paged.
    * A property that Dataverse has and the emulator has not is refused with 501, any other with 400.

Not modelled
    * Functions in `$filter` on metadata: refused with 501.

Where it is used: `emulator.dataverse.metadata`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Final

from odata_query import ast

import dynsync_lib
from dynsync_lib.emulator.calls import Call, Refusal
from dynsync_lib.emulator.dataverse.expand import expanded_parts
from dynsync_lib.emulator.dataverse.filter import parse_filter
from dynsync_lib.emulator.dataverse.names import refused

Item = Mapping[str, Any]
_ENUM: Final = re.compile(r"Microsoft\.Dynamics\.CRM\.\w+('[^']*')")
_EXPANDABLE: Final = frozenset({"OptionSet", "GlobalOptionSet", "Attributes", "Keys"})
_ALWAYS: Final = ("@odata.type", "MetadataId")


def shown_metadata(call: Call, items: Iterable[Item]) -> list[dict[str, Any]]:
    """The items that satisfy the call's `$filter`, each with the properties that it selects."""
    chosen = _satisfying(call.option("$filter"), items)
    return [shown_item(call, item) for item in chosen]


def shown_item(call: Call, item: Item) -> dict[str, Any]:
    """One item with the selected and expanded properties, its type and its id. What is in brackets of `$expand` selects
    and filters in turn; option sets, attributes and keys come only when expanded."""
    shown = _selected(call.listed("$select"), item)
    for name, options in expanded_parts(call):
        if name not in _EXPANDABLE or name not in item:
            raise _no_property(name)
        shown[name] = _expanded(item[name], options)
    return shown


def _selected(names: Sequence[str], item: Item) -> dict[str, Any]:
    for name in names:
        if name not in item or name in _EXPANDABLE:
            raise _no_property(name)
    wanted = {*_ALWAYS, *(names or item.keys() - _EXPANDABLE)}
    return {name: value for name, value in item.items() if name in wanted}


def _expanded(value: Any, options: str) -> Any:
    """What an expanded property holds, with the options in its brackets; a function gives it when it is asked for."""
    inner, kept = value() if callable(value) else value, dict(_options(options))
    names = [part.strip() for part in kept.get("$select", "").split(",") if part.strip()]
    if inner is None:
        return None
    if isinstance(inner, Mapping):
        return _selected(names, inner) if names else inner
    return [_selected(names, item) for item in _satisfying(kept.get("$filter"), inner)]


def _options(text: str) -> Iterator[tuple[str, str]]:
    for option in filter(None, (part.strip() for part in text.split(";"))):
        name, _, value = option.partition("=")
        if name not in ("$select", "$filter"):
            raise refused(501, "0x80060888", f"The emulator has no {name} inside $expand.")
        yield name, value


def _satisfying(text: str | None, items: Iterable[Item]) -> list[Item]:
    tree = _parse(text) if text else None
    try:
        return [item for item in items if tree is None or _holds(tree, item) is True]
    except RecursionError:
        raise refused(400, "0x80060888", "The $filter is nested too deeply.") from None


def _no_property(name: str) -> Refusal:
    """501 for a property that Dataverse's metadata has, 400 for one that it has not."""
    if name in _known_names():
        return refused(501, "0x80060888", f"The emulator has no {name} in the metadata.")
    return refused(400, "0x80060888", f"Could not find a property named '{name}' in the metadata.")


@cache
def _known_names() -> frozenset[str]:
    data = resources.files(dynsync_lib) / "emulator" / "data" / "known_metadata.toml"
    return frozenset(tomllib.loads(data.read_text(encoding="utf-8"))["names"].split())


def _parse(text: str) -> ast._Node:
    return parse_filter(_ENUM.sub(r"\1", text))


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


def _constant(node: ast._Literal) -> Any:
    try:
        return node.py_val
    except (ValueError, NotImplementedError):
        raise refused(400, "0x80060888", "A constant of the $filter cannot be read.") from None


def _value(node: ast._Node, item: Item) -> Any:
    if isinstance(node, ast.Identifier):
        if node.name not in item or node.name in _EXPANDABLE:
            raise _no_property(node.name)
        return item[node.name]
    if isinstance(node, ast.Attribute):
        owner = _value(node.owner, item)
        return owner.get(node.attr) if isinstance(owner, Mapping) else None
    if isinstance(node, ast.Null):
        return None
    if isinstance(node, ast._Literal):
        return _constant(node)
    raise refused(501, "0x80060888", f"The emulator has no {type(node).__name__} in a $filter on metadata.")
