"""Addresses of rows: by GUID or by a defined alternate key (portal-apis 6.6, 7.2).

Facts
    * `contacts(<guid>)` and `contacts(emailaddress1='a@x.example')`; the second only when such a key is defined.
    * A key that is not defined is an error, a defined one without a row is 404 0x80060891. A defined key is unique:
      0x80060892.

Not modelled
    * The job that builds a key's index: a key can be used at once.

Where it is used: `emulator.dataverse.writes`, `emulator.dataverse.new_columns`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from dynsync_lib.emulator.dataverse.columns import columns_of
from dynsync_lib.emulator.dataverse.names import Entity, refused
from dynsync_lib.emulator.store.database import fold
from dynsync_lib.emulator.store.records import Store, Stored

KEYS: Final = "dynamics/keys"
_GUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_PART: Final = re.compile(r"\s*(\w+)\s*=\s*(?:'((?:[^']|'')*)'|([^',\s]+))\s*(?:,|$)")
Address = Mapping[str, str]


def keys_of(store: Store, entity: Entity) -> list[tuple[str, tuple[str, ...]]]:
    """The name and the columns of every alternate key of a table."""
    rows = (row for row in store.metadata.get(KEYS, ()) if row["object"] == entity.logical)
    return [(str(row["name"]), tuple(str(row["columns"]).split(","))) for row in rows]


def is_guid(text: str) -> bool:
    """Whether a text is a GUID without braces."""
    return _GUID.fullmatch(text) is not None


def read_address(store: Store, entity: Entity, text: str) -> tuple[str | None, Address]:
    """What stands in the brackets of an address: a GUID with no values, or None with an alternate key's values by
    column.

    Raises Refusal 400 when it is neither a GUID nor a defined key.
    """
    if _GUID.fullmatch(text):
        return text.lower(), {}
    values = _parts(text)
    if set(values) == {entity.key} and _GUID.fullmatch(values[entity.key]):
        return values[entity.key].lower(), {}
    if not any(set(values) == set(columns) for _, columns in keys_of(store, entity)):
        message = f"The specified key properties ({', '.join(values)}) are no key of the entity {entity.logical}."
        raise refused(400, "0x80060888", message)
    return None, values


def _parts(text: str) -> dict[str, str]:
    """The values of an alternate key by column; empty when the text is no such key."""
    values, position = {}, 0
    while (match := _PART.match(text, position)) is not None:
        values[match[1]] = match[3] if match[2] is None else match[2].replace("''", "'")
        position = match.end()
        if position == len(text):
            return values
    return {}


def find_by_key(store: Store, entity: Entity, address: Address) -> Stored | None:
    """The row of an alternate key; None when there is none."""
    known = columns_of(store, entity)
    where = " AND ".join(f"{known[name].sql} = {known[name].value_sql('?')}" for name in address)
    return store.find(entity.table, where, [fold(value) for value in address.values()])


def no_such_key(entity: Entity) -> Exception:
    """404 for an alternate key without a row."""
    return refused(
        404, "0x80060891", f"A record with the specified key values does not exist in {entity.logical} entity"
    )


def refuse_duplicate_keys(store: Store, entity: Entity, values: Mapping[str, Any], *, own_id: str | None) -> None:
    """Raises Refusal 412 when another row than `own_id` has the same values in the columns of an alternate key."""
    for name, columns in keys_of(store, entity):
        key = {column: values.get(column) for column in columns}
        if None not in key.values():
            stored = find_by_key(store, entity, {column: str(value) for column, value in key.items()})
            if stored is not None and stored.id != own_id:
                message = f"A record that has the attribute values {', '.join(columns)} already exists ({name})."
                raise refused(412, "0x80060892", message)


def addresses_text(address: Address) -> Iterator[str]:
    """The parts of an alternate key as an address writes them: `name='value'`."""
    for name, value in address.items():
        yield f"{name}='{value}'"
