"""`EntityDefinitions`: tables and the attributes of a table, whole or by their kind (portal-apis 6.4).

Facts
    * Columns of choices, flags and lookups have a companion for their text, which names them as `AttributeOf` and
      cannot be selected. A state has a default status, a status its state.
    * Metadata is not paged. A cast to a kind adds what only that kind has: lengths, ranges, options, targets, formats.

Not modelled
    * Relationships, forms, views, global option sets. Ids and schema names are invented.

Where it is used: `emulator.dataverse.new_columns`, `emulator.dataverse.routes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Reply, is_true, json_reply
from dynsync_lib.emulator.dataverse.column_types import COLUMN_TYPES, ColumnType, Row, type_of
from dynsync_lib.emulator.dataverse.columns import metadata_rows
from dynsync_lib.emulator.dataverse.keys import keys_of
from dynsync_lib.emulator.dataverse.known_tables import is_known, no_table
from dynsync_lib.emulator.dataverse.metadata_query import shown_item, shown_metadata
from dynsync_lib.emulator.dataverse.names import ENTITIES, Entity, context_of, label_json, metadata_id, refused
from dynsync_lib.emulator.store.records import Store

_CAST: Final = re.compile(r"Microsoft\.Dynamics\.CRM\.(\w+)AttributeMetadata")
_CASTS: Final = frozenset(column_type.kind for column_type in COLUMN_TYPES.values() if column_type.details)


_ASKED_TABLE: Final = re.compile(r"LogicalName eq '(\w+)'")
_CUSTOM: Final = re.compile(r"(?!address\d_|billto_|shipto_)[a-z][a-z0-9]{1,7}_(?!base$)")
"""Names with a publisher's prefix."""
_NEVER: Final = ("IsCustomEntity", "IsPrivate", "IsIntersect", "IsActivity", "IsLogicalEntity")
"""Flags that no table here has."""
_TABLES: Final = {
    "contact": ("Contact", "Contacts", "UserOwned"),
    "account": ("Account", "Accounts", "UserOwned"),
    "lead": ("Lead", "Leads", "UserOwned"),
    "opportunity": ("Opportunity", "Opportunities", "UserOwned"),
    "invoice": ("Invoice", "Invoices", "UserOwned"),
    "systemuser": ("User", "Users", "BusinessOwned"),
    "team": ("Team", "Teams", "BusinessOwned"),
    "organization": ("Organization", "Organizations", "OrganizationOwned"),
    "transactioncurrency": ("Currency", "Currencies", "OrganizationOwned"),
}
"""By table: its label, the label of many, and who owns its rows."""


def list_entities(store: Store, call: Call) -> Reply:
    """`GET EntityDefinitions`."""
    rows = shown_metadata(call, (_entity(store, entity) for entity in ENTITIES))
    if not rows and (asked := _ASKED_TABLE.search(call.option("$filter") or "")) and is_known(asked[1]):
        raise no_table(asked[1])
    return json_reply({"@odata.context": context_of(call, "EntityDefinitions"), "value": rows})


def get_entity(store: Store, call: Call) -> Reply:
    """`GET EntityDefinitions(LogicalName='x')`, also by metadata id."""
    shown = shown_item(call, _entity(store, find_entity(call)))
    return json_reply({"@odata.context": context_of(call, "EntityDefinitions/$entity"), **shown})


def list_attributes(store: Store, call: Call) -> Reply:
    """`GET EntityDefinitions(...)/Attributes`, and the same with a cast to one kind."""
    entity = find_entity(call)
    attributes = shown_metadata(call, _attributes(store, entity, call.names.get("cast")))
    where = f"EntityDefinitions('{entity.logical}')/Attributes"
    return json_reply({"@odata.context": context_of(call, where), "value": attributes})


def get_attribute(store: Store, call: Call) -> Reply:
    """`GET EntityDefinitions(...)/Attributes(LogicalName='y')`, also with a cast."""
    entity = find_entity(call)
    where = context_of(call, f"EntityDefinitions('{entity.logical}')/Attributes/$entity")
    for attribute in _attributes(store, entity, call.names.get("cast")):
        if attribute["LogicalName"] == call.names["attribute"]:
            return json_reply({"@odata.context": where, **shown_item(call, attribute)})
    raise refused(404, "0x80060888", f"Could not find an attribute with name {call.names['attribute']}.")


def list_keys(store: Store, call: Call) -> Reply:
    """`GET EntityDefinitions(...)/Keys`."""
    entity = find_entity(call)
    where = context_of(call, f"EntityDefinitions('{entity.logical}')/Keys")
    return json_reply({"@odata.context": where, "value": shown_metadata(call, _keys(store, entity))})


def _keys(store: Store, entity: Entity) -> list[dict[str, Any]]:
    return [
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


def _attributes(store: Store, entity: Entity, cast: str | None) -> list[dict[str, Any]]:
    """Every attribute of a table, or those of the kind that an address casts to, with what that kind has."""
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
    """The table of an address, by logical name or by metadata id.

    Raises Refusal 404 when there is none, 501 when Dataverse has it and the emulator has not.
    """
    name, guid = call.names.get("logical"), call.names.get("metadata")
    for entity in ENTITIES:
        if entity.logical == name or metadata_id(entity.logical) == (guid or "").lower():
            return entity
    if name is not None and is_known(name):
        raise no_table(name)
    raise refused(404, "0x80060888", f"Could not find an entity with name {name or guid}.")


def _entity(store: Store, entity: Entity) -> dict[str, Any]:
    """What metadata says of a table; what comes only when expanded is worked out when it is asked for."""
    label, plural, ownership = _TABLES[entity.logical]
    return {
        **dict.fromkeys(_NEVER, False),
        "MetadataId": metadata_id(entity.logical),
        "DisplayName": label_json(label),
        "DisplayCollectionName": label_json(plural),
        "Description": label_json(None),
        "IsManaged": True,
        "OwnershipType": ownership,
        "TableType": "Standard",
        "CollectionSchemaName": plural.replace(" ", ""),
        "Attributes": lambda: _attributes(store, entity, None),
        "Keys": lambda: _keys(store, entity),
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
    writable, is_custom = not is_true(row.get("read_only")), _CUSTOM.match(str(row["name"])) is not None
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
        "EntityLogicalName": entity.logical,
        "IsCustomAttribute": is_custom,
        "IsManaged": not is_custom,
        **dict.fromkeys(("IsSecured", "IsLogical"), False),
        "Description": label_json(None),
        "DisplayName": label_json(row.get("label")),
    }


def _level(value: str) -> dict[str, Any]:
    """How much a column is required; SystemRequired alone is enforced, and fixed."""
    named = "canmodifyrequirementlevelsettings"
    return {"Value": value, "CanBeChanged": value != "SystemRequired", "ManagedPropertyLogicalName": named}
