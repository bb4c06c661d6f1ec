"""Creates columns and alternate keys, and deletes columns, which the kit's recipe for lookups needs (portal-apis 6.4).

Facts
    * A text column is made by POST to the table's Attributes: schema name with a publisher's prefix, label, longest
      text. The logical name is the schema name in lower case. The answer is 204 with the address of what was made.
    * A column of that name that is there already is 0x80044153.

Not modelled
    * Columns of other types than texts and memos, relationships, solutions; publishing, which is answered and does
      nothing: columns can be used at once.

Where it is used: `emulator.dataverse.routes`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from dynsync_lib.core.tables import COLUMNS
from dynsync_lib.emulator.calls import Call, Reply
from dynsync_lib.emulator.dataverse.column_types import COLUMN_TYPES
from dynsync_lib.emulator.dataverse.columns import columns_of
from dynsync_lib.emulator.dataverse.keys import KEYS
from dynsync_lib.emulator.dataverse.metadata import find_entity
from dynsync_lib.emulator.dataverse.names import Entity, metadata_id, refused, unknown_column, unreadable
from dynsync_lib.emulator.dataverse.payload import read_object
from dynsync_lib.emulator.store.records import Row, Store

_SCHEMA_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]+")
_LONGEST: Final = {
    f"{kind.name}AttributeMetadata": (kind.name, kind.longest) for kind in COLUMN_TYPES.values() if kind.longest
}
"""The types of which columns are made: their name and the most characters, by the type of a request's body."""


def create_attribute(store: Store, call: Call) -> Reply:
    """`POST EntityDefinitions(...)/Attributes`: 204 with the address of the new column."""
    entity, body = find_entity(call), read_object(call)
    name = _schema_name(body).lower()
    if entity.object is None:
        raise refused(501, "0x80060888", f"The emulator makes no columns of {entity.logical}.")
    if any(column.logical == name for column in columns_of(store, entity).values()):
        raise refused(
            400,
            "0x80044153",
            f"An attribute with the specified name {name} already exists for entity {entity.logical}.",
        )
    row = {"object": entity.object, "name": name, "label": _label(body, name), "required": _required(body)}
    store.add_metadata(COLUMNS.name, {**dict.fromkeys(COLUMNS.column_names), **row, **_kind(body)})
    where = f"EntityDefinitions({metadata_id(entity.logical)})/Attributes({metadata_id(f'{entity.object}.{name}')})"
    return Reply(204, b"", {"OData-EntityId": f"{call.origin}/api/data/v9.2/{where}"})


def delete_attribute(store: Store, call: Call) -> Reply:
    """`DELETE EntityDefinitions(...)/Attributes(LogicalName='...')`: 204, and the column is gone with its values.

    Raises Refusal 404 for a column that is not there, 400 for one that nobody's prefix marks as made by a customer.
    """
    entity, name = find_entity(call), call.names["attribute"]
    row = next((row for row in store.metadata.get(COLUMNS.name, ()) if _names_column(row, entity, name)), None)
    if row is None:
        raise refused(404, "0x80060888", f"Could not find an attribute with name {name} on entity {entity.logical}.")
    if "_" not in name:
        raise refused(400, "0x8004f01f", f"{name} of {entity.logical} is a managed column: it cannot be deleted.")
    store.remove_metadata(COLUMNS.name, row, records=entity.table, column=name)
    return Reply(204, b"")


def create_key(store: Store, call: Call) -> Reply:
    """`POST EntityDefinitions(...)/Keys`: 204 with the address of the new key."""
    entity, body = find_entity(call), read_object(call)
    columns = body.get("KeyAttributes")
    if not isinstance(columns, list) or not columns:
        raise unreadable("KeyAttributes must be a list of columns.")
    for name in columns:
        if not isinstance(name, str) or name not in columns_of(store, entity):
            raise unknown_column(str(name), entity)
    name = _schema_name(body).lower()
    store.add_metadata(KEYS, {"object": entity.logical, "name": name, "columns": ",".join(columns)})
    where = f"EntityDefinitions({metadata_id(entity.logical)})/Keys({metadata_id(f'{entity.logical}.{name}')})"
    return Reply(204, b"", {"OData-EntityId": f"{call.origin}/api/data/v9.2/{where}"})


def publish(call: Call) -> Reply:
    """`POST PublishXml` and `POST PublishAllXml`: 204; nothing has to be published here."""
    read_object(call)
    return Reply(204, b"")


def _names_column(row: Row, entity: Entity, name: str) -> bool:
    return row.get("object") == entity.object and row.get("name") == name


def _schema_name(body: Mapping[str, Any]) -> str:
    name = body.get("SchemaName")
    if not isinstance(name, str) or not _SCHEMA_NAME.fullmatch(name):
        raise refused(400, "0x80044363", f"The schema name {name!r} has no publisher's prefix, such as new_name.")
    return name


def _kind(body: Mapping[str, Any]) -> dict[str, str | None]:
    body_type = str(body.get("@odata.type", "")).rpartition(".")[2]
    if body_type not in _LONGEST:
        raise refused(501, "0x80060888", f"The emulator makes no columns of type {body_type or 'unknown'}.")
    type_name, most = _LONGEST[body_type]
    length = body.get("MaxLength", 100)
    if isinstance(length, bool) or not isinstance(length, int) or not 1 <= length <= most:
        raise refused(400, "0x80044331", f"MaxLength must be a number from 1 to {most}.")
    named = _inner(body, "FormatName").get("Value") or "Text"
    return {"type": type_name, "length": str(length), "format": str(named), "read_only": "false"}


def _label(body: Mapping[str, Any], name: str) -> str:
    labels = _inner(body, "DisplayName").get("LocalizedLabels")
    first = labels[0] if isinstance(labels, list) and labels else {}
    return str(first.get("Label") or name) if isinstance(first, dict) else name


def _required(body: Mapping[str, Any]) -> str:
    return str(_inner(body, "RequiredLevel").get("Value") or "None")


def _inner(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object in a body under this name; an empty one when it is left out. Raises Refusal 400 for anything else."""
    inner = body.get(name) or {}
    if not isinstance(inner, dict):
        raise unreadable(f"{name} must be an object.")
    return inner
