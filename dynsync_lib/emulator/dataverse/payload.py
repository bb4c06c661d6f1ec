"""The body of a write, checked against the columns and turned into the world's texts (portal-apis 6.5, 6.6, 7.2).

Facts
    * Values have JSON's types; a value of another type, an unknown name, or a lookup by its plain name is 0x80048d19.
    * Several choices are written as one text of numbers with commas, at most 150 of them.
    * Too long a text is 0x80044331, an unknown choice 0x8004431a, a number out of range 0x8004432f or 0x80044330.
    * Columns that cannot be written are passed over, as the service does. `ApplicationRequired` is not enforced.
    * Lookups are written as `{navigation}@odata.bind` with the address of a row, which must be there.

Not modelled
    * Deep inserts, binding by alternate key, targets in tables that the emulator does not have.

Where it is used: `emulator.dataverse.writes`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, is_true
from dynsync_lib.emulator.dataverse.column_types import SEVERAL_CHOICES, Column, columns_of
from dynsync_lib.emulator.dataverse.names import BY_SET, Entity, does_not_exist, refused, unknown_set
from dynsync_lib.emulator.dataverse.navigation import Navigation, find_navigation
from dynsync_lib.emulator.store.records import Store
from dynsync_lib.emulator.times import moment_ms

Texts = dict[str, str | None]
_BIND: Final = "@odata.bind"
_ADDRESS: Final = re.compile(r"(?:.*/)?([a-z_]+)\(([0-9A-Fa-f-]{36})\)")
_WHOLE: Final = frozenset({"Integer", "BigInt", "Picklist", "State", "Status"})
_DECIMAL: Final = frozenset({"Decimal", "Double", "Money"})
_CHOICES: Final = frozenset({"Picklist", "State", "Status"})
_MOST_INT: Final = 2_147_483_647
_MOST_CHOSEN: Final = 150


def read_object(call: Call) -> dict[str, Any]:
    """The JSON object of a request. Raises Refusal 400 when the body is something else."""
    try:
        body = json.loads(call.body or b"{}", parse_float=Decimal)
    except ValueError:
        raise unreadable("The body is no JSON.") from None
    if not isinstance(body, dict):
        raise unreadable("The body must be an object.")
    return body


def read_payload(store: Store, entity: Entity, body: Mapping[str, Any], *, creates: bool) -> Texts:
    """What a write puts into the columns of the world. Raises Refusal for values that the service would not take."""
    known = columns_of(store, entity)
    texts: Texts = {}
    for name, value in body.items():
        if name.endswith(_BIND):
            texts |= _bound(store, entity, name.removesuffix(_BIND), value)
        elif "@" not in name and name != entity.key:
            column = _writable(entity, known, name)
            if column is not None and not (creates and column.type == "State"):
                texts[column.stored] = _text(entity, column, value)
    return texts


def bound_tables(store: Store, entity: Entity, body: Mapping[str, Any]) -> Iterator[Entity]:
    """The tables that a body's lookups point to: binding needs privileges on both ends."""
    for name, value in body.items():
        if name.endswith(_BIND) and value is not None:
            yield _navigation(store, entity, name.removesuffix(_BIND)).target


def unreadable(what: str, entity: Entity | None = None) -> Exception:
    """400 for a body that cannot be taken."""
    where = entity.set if entity else ""
    return refused(400, "0x80048d19", f"Error identified in Payload provided by the user for Entity :'{where}'. {what}")


def _writable(entity: Entity, known: Mapping[str, Column], name: str) -> Column | None:
    """The column of that name; None when it is there but cannot be written."""
    column = known.get(name)
    if column is None or column.is_lookup:
        where = f"Microsoft.Dynamics.CRM.{entity.logical}"
        raise unreadable(f"Invalid property '{name}' was found in entity '{where}'.", entity)
    return None if is_true(column.row.get("read_only")) else column


def _text(entity: Entity, column: Column, value: Any) -> str | None:
    if value is None:
        return None
    text = _READERS.get(column.type, _read_text)(entity, column, value)
    length = column.row.get("length")
    if length and text is not None and len(text) > int(length):
        raise refused(
            400,
            "0x80044331",
            f"A validation error occurred. The length of the '{column.logical}' attribute of the '{entity.logical}' "
            f"entity exceeded the maximum allowed length of '{length}'.",
        )
    return text


def _read_text(entity: Entity, column: Column, value: Any) -> str:
    del column
    if not isinstance(value, str):
        raise _wrong_type(entity, value, "Edm.String")
    return value


def _read_flag(entity: Entity, column: Column, value: Any) -> str:
    del column
    if not isinstance(value, bool):
        raise _wrong_type(entity, value, "Edm.Boolean")
    return "true" if value else "false"


def _read_whole(entity: Entity, column: Column, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _MOST_INT:
        raise _wrong_type(entity, value, "Edm.Int32")
    if column.type in _CHOICES:
        _refuse_unknown_choice(entity, column, str(value))
    return _in_range(entity, column, str(value), code="0x8004432f")


def _read_choices(entity: Entity, column: Column, value: Any) -> str | None:
    if not isinstance(value, str):
        raise _wrong_type(entity, value, "Edm.String")
    chosen = list(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
    if len(chosen) > _MOST_CHOSEN:
        raise unreadable(f"More than {_MOST_CHOSEN} choices of '{column.logical}' are selected.", entity)
    for one in chosen:
        _refuse_unknown_choice(entity, column, one)
    return ",".join(chosen) or None


def _refuse_unknown_choice(entity: Entity, column: Column, value: str) -> None:
    options = column.options()
    if options and value not in options:
        raise refused(
            400,
            "0x8004431a",
            f"A validation error occurred. The value {value} of '{column.logical}' on record of type "
            f"'{entity.logical}' is outside the valid range. Accepted Values: {','.join(options)}",
        )


def _read_decimal(entity: Entity, column: Column, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _wrong_type(entity, value, "Edm.Decimal")
    return _in_range(entity, column, str(value), code="0x80044330")


def _read_moment(entity: Entity, column: Column, value: Any) -> str:
    is_day = column.row.get("format") == "DateOnly" or column.row.get("behavior") == "DateOnly"
    if not isinstance(value, str) or moment_ms(value) is None:
        raise _wrong_type(entity, value, "Edm.Date" if is_day else "Edm.DateTimeOffset")
    return value[:10] if is_day else value


def _in_range(entity: Entity, column: Column, text: str, *, code: str) -> str:
    least, most = column.row.get("min_value"), column.row.get("max_value")
    if (least and float(text) < float(least)) or (most and float(text) > float(most)):
        told = f"The value of '{column.logical}' on record of type '{entity.logical}' is outside the valid range."
        raise refused(400, code, f"A validation error occurred. {told}")
    return text


def _wrong_type(entity: Entity, value: Any, expected: str) -> Exception:
    return unreadable(f"Cannot convert the literal '{value}' to the expected type '{expected}'.", entity)


def _bound(store: Store, entity: Entity, name: str, value: Any) -> Texts:
    navigation = _navigation(store, entity, name)
    column = navigation.column
    if value is None:
        return {column.stored: None, column.type_stored: None}
    match = _ADDRESS.fullmatch(str(value))
    if match is None:
        raise unreadable(f"The address '{value}' cannot be read.", entity)
    if match[1] not in BY_SET:
        raise unknown_set(match[1])
    target = BY_SET[match[1]]
    if target.logical != navigation.target.logical:
        raise unreadable(f"The navigation {name} does not lead to {target.set}.", entity)
    if store.find_id(target.table, match[2].lower()) is None:
        raise does_not_exist(target, match[2])
    return {column.stored: match[2].lower(), column.type_stored: target.logical}


def _navigation(store: Store, entity: Entity, name: str) -> Navigation:
    navigation = find_navigation(store, entity, name)
    if navigation is None:
        told = f"An undeclared property '{name}' which only has property annotations in the payload was found."
        raise unreadable(told, entity)
    return navigation


_READERS: Final[Mapping[str, Callable[[Entity, Column, Any], str | None]]] = {
    "Boolean": _read_flag,
    "DateTime": _read_moment,
    SEVERAL_CHOICES: _read_choices,
    **dict.fromkeys(_WHOLE, _read_whole),
    **dict.fromkeys(_DECIMAL, _read_decimal),
}
