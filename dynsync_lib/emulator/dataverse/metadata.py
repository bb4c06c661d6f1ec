"""`EntityDefinitions`: tables and the attributes of a table, whole or by their kind (portal-apis 6.4).

Facts
    * Columns of choices, flags and lookups have a companion for their text, which names them as `AttributeOf` and
      cannot be selected. A state has a default status, a status its state.
    * Metadata is not paged. A cast to a kind adds what only that kind has: lengths, ranges, options, targets, formats.

Not modelled
    * Relationships, forms, views, global option sets. Ids and schema names are invented.

Where it is used: `emulator.dataverse.api`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Reply, is_true, json_reply
from dynsync_lib.emulator.dataverse.column_types import COLUMN_TYPES, ColumnType, Row, type_of
from dynsync_lib.emulator.dataverse.columns import metadata_rows
from dynsync_lib.emulator.dataverse.keys import keys_of
from dynsync_lib.emulator.dataverse.metadata_query import shown_item, shown_metadata
from dynsync_lib.emulator.dataverse.names import ENTITIES, Entity, context_of, label_json, metadata_id, refused
from dynsync_lib.emulator.store.records import Store

_CAST: Final = re.compile(r"Microsoft\.Dynamics\.CRM\.(\w+)AttributeMetadata")
_CASTS: Final = frozenset(column_type.kind for column_type in COLUMN_TYPES.values() if column_type.details)


def list_entities(call: Call) -> Reply:
    """`GET EntityDefinitions`."""
    rows = shown_metadata(call, map(_entity, ENTITIES))
    return json_reply({"@odata.context": context_of(call, "EntityDefinitions"), "value": rows})


def get_entity(call: Call) -> Reply:
    """`GET EntityDefinitions(LogicalName='x')`, also by metadata id."""
    shown = shown_item(call, _entity(find_entity(call)))
    return json_reply({"@odata.context": context_of(call, "EntityDefinitions/$entity"), **shown})


def list_attributes(store: Store, call: Call) -> Reply:
    """`GET EntityDefinitions(...)/Attributes`, and the same with a cast to one kind."""
    entity = find_entity(call)
    attributes = shown_metadata(call, _attributes(store, call, entity))
    where = f"EntityDefinitions('{entity.logical}')/Attributes"
    return json_reply({"@odata.context": context_of(call, where), "value": attributes})


def get_attribute(store: Store, call: Call) -> Reply:
    """`GET EntityDefinitions(...)/Attributes(LogicalName='y')`, also with a cast."""
    entity = find_entity(call)
    where = context_of(call, f"EntityDefinitions('{entity.logical}')/Attributes/$entity")
    for attribute in _attributes(store, call, entity):
        if attribute["LogicalName"] == call.names["attribute"]:
            return json_reply({"@odata.context": where, **shown_item(call, attribute)})
    raise refused(404, "0x80060888", f"Could not find an attribute with name {call.names['attribute']}.")


def list_keys(store: Store, call: Call) -> Reply:
    """`GET EntityDefinitions(...)/Keys`."""
    entity = find_entity(call)
    keys = [
        {
            "MetadataId": metadata_id(f"{entity.logical}.{name}"),
            "LogicalName": name,
            "SchemaName": name,
            "EntityLogicalName": entity.logical,
            "KeyAttributes": list(columns),
            "EntityKeyIndexStatus": "Active",
        }
        for name, columns in keys_of(store, entity)
    ]
    where = context_of(call, f"EntityDefinitions('{entity.logical}')/Keys")
    return json_reply({"@odata.context": where, "value": shown_metadata(call, keys)})


def _attributes(store: Store, call: Call, entity: Entity) -> list[dict[str, Any]]:
    """Every attribute of a table, or those of the kind that the address casts to, with what that kind has."""
    cast = call.names.get("cast")
    match = _CAST.fullmatch(cast) if cast else None
    if cast and (match is None or match[1] not in _CASTS):
        raise refused(501, "0x80060888", f"The emulator has no attributes of type {cast}.")
    rows = [(row, type_of(row)) for row in metadata_rows(store, entity)]
    attributes = []
    for row, column_type in rows:
        attribute = _attribute(entity, row, column_type)
        if match is None:
            attributes += [attribute, *_companion(attribute, column_type)]
        elif column_type.details and column_type.kind == match[1]:
            attributes.append(attribute | column_type.details(entity, row))
    return attributes


def find_entity(call: Call) -> Entity:
    """The table of an address, by logical name or by metadata id. Raises Refusal 404 when there is none."""
    name, guid = call.names.get("logical"), call.names.get("metadata")
    for entity in ENTITIES:
        if entity.logical == name or metadata_id(entity.logical) == (guid or "").lower():
            return entity
    raise refused(404, "0x80060888", f"Could not find an entity with name {name or guid}.")


def _entity(entity: Entity) -> dict[str, Any]:
    return {
        "MetadataId": metadata_id(entity.logical),
        "LogicalName": entity.logical,
        "SchemaName": entity.logical.capitalize(),
        "LogicalCollectionName": entity.set,
        "EntitySetName": entity.set,
        "PrimaryIdAttribute": entity.key,
        "PrimaryNameAttribute": entity.primary_name,
        "ObjectTypeCode": entity.type_code,
        "ChangeTrackingEnabled": True,
        "IsDuplicateDetectionEnabled": {"Value": entity.logical in ("account", "contact", "lead")},
    }


def _companion(own: Mapping[str, Any], column_type: ColumnType) -> Iterator[dict[str, Any]]:
    """The attribute of the column that holds the text of this one; nothing for columns that have none."""
    if column_type.companion is None:
        return
    companion = COLUMN_TYPES[column_type.companion]
    yield {
        **own,
        "@odata.type": f"#Microsoft.Dynamics.CRM.{companion.name if companion.is_selectable else ''}AttributeMetadata",
        "MetadataId": metadata_id(f"{own['MetadataId']}.name"),
        **dict.fromkeys(("LogicalName", "SchemaName"), f"{own['LogicalName']}name"),
        "AttributeType": companion.name,
        "AttributeTypeName": {"Value": f"{companion.name}Type"},
        "AttributeOf": own["LogicalName"],
        "RequiredLevel": _level("None"),
        **dict.fromkeys(("IsValidForCreate", "IsValidForUpdate", "IsPrimaryId", "IsPrimaryName"), False),
        "DisplayName": {"LocalizedLabels": [], "UserLocalizedLabel": None},
    }


def _attribute(entity: Entity, row: Row, column_type: ColumnType) -> dict[str, Any]:
    """What metadata says of every column."""
    writable = not is_true(row.get("read_only"))
    return {
        "@odata.type": f"#Microsoft.Dynamics.CRM.{column_type.kind}AttributeMetadata",
        "MetadataId": metadata_id(f"{row['object']}.{row['name']}"),
        "LogicalName": row["name"],
        "SchemaName": row["name"],
        "AttributeType": column_type.attribute_type or column_type.name,
        "AttributeTypeName": {"Value": f"{column_type.name}Type"},
        "AttributeOf": None,
        "RequiredLevel": _level(row.get("required") or "None"),
        "IsValidForRead": True,
        "IsValidForCreate": writable and column_type.is_set_on_creation,
        "IsValidForUpdate": writable,
        "IsPrimaryId": row["name"] == entity.key,
        "IsPrimaryName": row["name"] == entity.primary_name,
        "DisplayName": label_json(row.get("label")),
    }


def _level(value: str) -> dict[str, Any]:
    """How much a column is required; SystemRequired alone is enforced, and fixed."""
    named = "canmodifyrequirementlevelsettings"
    return {"Value": value, "CanBeChanged": value != "SystemRequired", "ManagedPropertyLogicalName": named}
