"""Dataverse's own functions in a `$filter`: `Microsoft.Dynamics.CRM.In`, with its values as JSON (portal-apis 6.2).

Facts
    * PropertyName is a text, PropertyValues a JSON list of texts, whatever the column's type is. Single quotes count as
      double ones; a text with an apostrophe must stand in double quotes (filter-rows.md).

Not modelled
    * NotIn, Between, ContainValues, the functions of dates, users and hierarchies: refused with 501.

Where it is used: `emulator.dataverse.filter`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from dynsync_lib.emulator.dataverse.columns import Column
from dynsync_lib.emulator.dataverse.names import Entity, refused, unknown_column
from dynsync_lib.emulator.dataverse.row_conditions import among

_FUNCTION: Final = re.compile(r"('(?:[^']|'')*')|Microsoft\.Dynamics\.CRM\.(\w+)\(")
_NAME: Final = re.compile(r"\s*PropertyName\s*=\s*(?:'(\w+)'|\"(\w+)\")\s*,\s*PropertyValues\s*=\s*\[")
_VALUE: Final = re.compile(r"\s*(?:(\"(?:[^\"\\]|\\.)*\")|'([^']*)'|([^\s,\[\]\"'()]+))\s*")
_END: Final = re.compile(r"\s*\)")
_STAND_IN: Final = "emulated_in_{}"


def read_query_functions(text: str, entity: Entity, columns: Mapping[str, Column]) -> tuple[str, dict[str, str]]:
    """The filter with each function replaced by `name eq true`, and the SQL that each such name stands for.

    Raises Refusal 400 for a function that cannot be read, 501 for one that is not modelled.
    """
    pieces: list[str] = []
    stand_ins: dict[str, str] = {}
    position = 0
    while (match := _FUNCTION.search(text, position)) is not None:
        pieces.append(text[position : match.start()])
        position = match.end()
        if match[1] is not None:
            pieces.append(match[1])
            continue
        name = _STAND_IN.format(len(stand_ins))
        stand_ins[name], position = _function_sql(match[2], text, position, entity, columns)
        pieces.append(f"{name} eq true")
    return "".join([*pieces, text[position:]]), stand_ins


def _function_sql(
    name: str, text: str, position: int, entity: Entity, columns: Mapping[str, Column]
) -> tuple[str, int]:
    """The SQL of the function whose arguments begin at a position, and the position behind it."""
    if name != "In":
        raise refused(501, "0x80060888", f"The emulator has no query function Microsoft.Dynamics.CRM.{name}.")
    match = _NAME.match(text, position)
    if match is None:
        raise refused(400, "0x80060888", "In needs a PropertyName and a list of PropertyValues.")
    column = columns.get(match[1] or match[2])
    if column is None:
        raise unknown_column(match[1] or match[2], entity)
    values, position = _values(text, match.end())
    end = _END.match(text, position)
    if end is None:
        raise refused(400, "0x80060888", "The brackets of In are not closed.")
    return among(column, values), end.end()


def _values(text: str, position: int) -> tuple[list[str], int]:
    """The texts of a JSON list that begins at a position, and the position behind it."""
    values: list[str] = []
    while (match := _VALUE.match(text, position)) is not None:
        values.append(_json_text(match[1]) if match[1] else match[2] if match[2] is not None else match[3])
        position = match.end()
        if text[position : position + 1] != ",":
            break
        position += 1
    if text[position : position + 1] != "]":
        comma = "A comma character ',' was expected in scope 'Array'. Every two elements in an array and properties of "
        raise refused(400, "0x80060888", f"Invalid JSON. {comma}an object must be separated by commas.")
    return values, position + 1


def _json_text(quoted: str) -> str:
    try:
        return str(json.loads(quoted))
    except (ValueError, RecursionError):
        raise refused(400, "0x80060888", f"Invalid JSON: {quoted} is no text.") from None
