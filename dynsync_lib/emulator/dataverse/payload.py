"""Checks the body of a write against the columns and turns it into texts to store (portal-apis 6.5, 6.6, 7.2).

Facts
    * `column_types` says what each type of column takes. An unknown name and a lookup by its plain name are
      0x80048d19, too long a text 0x80044331.
    * Columns that cannot be written are passed over, as the service does. `ApplicationRequired` is not enforced.
    * Lookups are written as `{navigation}@odata.bind` with the address of a row, which must be there.

Not modelled
    * Deep inserts, binding by alternate key, targets in tables that the emulator does not have.

Where it is used: `emulator.dataverse.writes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, is_true
from dynsync_lib.emulator.dataverse.columns import Column, columns_of
from dynsync_lib.emulator.dataverse.known_tables import no_such_set
from dynsync_lib.emulator.dataverse.names import BY_SET, Entity, does_not_exist, refused, unreadable
from dynsync_lib.emulator.dataverse.navigation import Navigation, find_navigation
from dynsync_lib.emulator.json_texts import JsonBoundError, parse_json
from dynsync_lib.emulator.store.records import Store

Texts = dict[str, str | None]
_BIND: Final = "@odata.bind"
_ADDRESS: Final = re.compile(r"(?:.*/)?([a-z_]+)\(([0-9A-Fa-f-]{36})\)")


def read_object(call: Call) -> dict[str, Any]:
    """The JSON object of a request. Raises Refusal 400 when the body is something else."""
    try:
        body = parse_json(call.body.decode() or "{}", parse_float=Decimal)
    except JsonBoundError as error:
        raise unreadable(f"The body cannot be read: {error}.") from None
    except (ValueError, RecursionError):
        raise unreadable("The body is no JSON.") from None
    if not isinstance(body, dict):
        raise unreadable("The body must be an object.")
    return body


def read_payload(store: Store, entity: Entity, body: Mapping[str, Any], *, creates: bool) -> Texts:
    """The texts that a write stores, by column of the world; None clears. Columns that cannot be written are left out.

    `creates` says whether the row is new. Raises Refusal 400 or 404 for values that the service would not take.
    """
    known = columns_of(store, entity)
    texts: Texts = {}
    for name, value in body.items():
        if name.endswith(_BIND):
            texts |= _bound(store, entity, name.removesuffix(_BIND), value)
        elif "@" not in name and name != entity.key:
            column = _writable(entity, known, name)
            if column is not None and (column.type.is_set_on_creation or not creates):
                texts[column.stored] = _text(entity, column, value)
    return texts


def bound_tables(store: Store, entity: Entity, body: Mapping[str, Any]) -> Iterator[Entity]:
    """The tables that a body's lookups are set to, for which the caller needs privileges."""
    for name, value in body.items():
        if name.endswith(_BIND) and value is not None:
            yield _navigation(store, entity, name.removesuffix(_BIND)).target


def _writable(entity: Entity, known: Mapping[str, Column], name: str) -> Column | None:
    """The column of that name; None when it is there but cannot be written."""
    column = known.get(name)
    if column is None or column.is_lookup:
        where = f"Microsoft.Dynamics.CRM.{entity.logical}"
        raise unreadable(f"Invalid property '{name}' was found in entity '{where}'.", entity)
    return None if is_true(column.row.get("read_only")) else column


def _text(entity: Entity, column: Column, value: Any) -> str | None:
    """The text to store of a JSON value; None for null."""
    text = None if value is None else column.read(entity, value)
    length = column.row.get("length")
    if length and text is not None and len(text) > int(length):
        raise refused(
            400,
            "0x80044331",
            f"A validation error occurred. The length of the '{column.logical}' attribute of the '{entity.logical}' "
            f"entity exceeded the maximum allowed length of '{length}'.",
        )
    return text


def _bound(store: Store, entity: Entity, name: str, value: Any) -> Texts:
    navigation = _navigation(store, entity, name)
    column = navigation.column
    if value is None:
        return {column.stored: None, column.type_stored: None}
    match = _ADDRESS.fullmatch(str(value))
    if match is None:
        raise unreadable(f"The address '{value}' cannot be read.", entity)
    if match[1] not in BY_SET:
        raise no_such_set(match[1], frozenset())
    target = BY_SET[match[1]]
    if target.logical != navigation.target.logical:
        raise unreadable(f"The navigation {name} does not lead to {target.set}.", entity)
    if store.find_id(target.table, match[2].lower()) is None:
        raise does_not_exist(target, match[2])
    return {column.stored: match[2].lower(), column.type_stored: target.logical}


def _navigation(store: Store, entity: Entity, name: str) -> Navigation:
    navigation = find_navigation(store, entity, name)
    if navigation is None:
        message = f"An undeclared property '{name}' which only has property annotations in the payload was found."
        raise unreadable(message, entity)
    return navigation
