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
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Reply, is_true, json_reply
from dynsync_lib.emulator.dataverse.column_types import LOOKUPS, SEVERAL_CHOICES, Column, column_type, metadata_rows
from dynsync_lib.emulator.dataverse.keys import keys_of
from dynsync_lib.emulator.dataverse.metadata_query import shown_item, shown_metadata
from dynsync_lib.emulator.dataverse.names import ENTITIES, Entity, context_of, refused
from dynsync_lib.emulator.store.records import Store

Row = Mapping[str, str | None]
_CAST: Final = re.compile(r"Microsoft\.Dynamics\.CRM\.(\w+)AttributeMetadata")
_KINDS: Final[Mapping[str, frozenset[str]]] = {
    **{one: frozenset({one}) for one in ("String", "Memo", "Integer", "Decimal", "Double", "BigInt", "Money")},
    **{one: frozenset({one}) for one in ("Picklist", "State", "Status", "Boolean", "DateTime")},
    "Lookup": LOOKUPS,
    SEVERAL_CHOICES: frozenset({SEVERAL_CHOICES}),
}


def list_entities(call: Call) -> Reply:
    """`GET EntityDefinitions`."""
    rows = shown_metadata(call, map(_entity, ENTITIES))
    return json_reply({"@odata.context": context_of(call, "EntityDefinitions"), "value": rows})


def get_entity(call: Call) -> Reply:
    """`GET EntityDefinitions(LogicalName='x')`, also by metadata id."""
    told = shown_item(call, _entity(find_entity(call)))
    return json_reply({"@odata.context": context_of(call, "EntityDefinitions/$entity"), **told})


def list_attributes(store: Store, call: Call) -> Reply:
    """`GET EntityDefinitions(...)/Attributes`, and the same with a cast to one kind."""
    entity = find_entity(call)
    told = shown_metadata(call, _attributes(store, call, entity))
    where = f"EntityDefinitions('{entity.logical}')/Attributes"
    return json_reply({"@odata.context": context_of(call, where), "value": told})


def get_attribute(store: Store, call: Call) -> Reply:
    """`GET EntityDefinitions(...)/Attributes(LogicalName='y')`, also with a cast."""
    entity = find_entity(call)
    where = context_of(call, f"EntityDefinitions('{entity.logical}')/Attributes/$entity")
    for one in _attributes(store, call, entity):
        if one["LogicalName"] == call.names["attribute"]:
            return json_reply({"@odata.context": where, **shown_item(call, one)})
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
    if cast and (match is None or match[1] not in _KINDS):
        raise refused(501, "0x80060888", f"The emulator has no attributes of type {cast}.")
    types = _KINDS[match[1]] if match else None
    rows = metadata_rows(store, entity)
    if types is not None:
        return [_attribute(entity, row) | _of_kind(entity, row) for row in rows if column_type(row) in types]
    whole = ((_attribute(entity, row), companion_of(row)) for row in rows)
    return [one for own, companion in whole for one in (own, *([_companion(own, companion)] if companion else []))]


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


def companion_of(row: Row) -> str | None:
    """The column that holds the text of a choice, a flag or a lookup; None for columns that are texts themselves."""
    has_one = column_type(row) in LOOKUPS | {"Picklist", SEVERAL_CHOICES, "State", "Status", "Boolean"}
    return f"{row['name']}name" if has_one else None


def _companion(own: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The attribute of a companion: of a lookup it is a text, else it is virtual."""
    type_ = "String" if own["AttributeType"] in LOOKUPS else "Virtual"
    return {
        **own,
        "@odata.type": f"#Microsoft.Dynamics.CRM.{'String' if type_ == 'String' else ''}AttributeMetadata",
        "MetadataId": metadata_id(f"{own['MetadataId']}.name"),
        **dict.fromkeys(("LogicalName", "SchemaName"), name),
        "AttributeType": type_,
        "AttributeTypeName": {"Value": f"{type_}Type"},
        "AttributeOf": own["LogicalName"],
        "RequiredLevel": _level("None"),
        **dict.fromkeys(("IsValidForCreate", "IsValidForUpdate", "IsPrimaryId", "IsPrimaryName"), False),
        "DisplayName": {"LocalizedLabels": [], "UserLocalizedLabel": None},
    }


def _attribute(entity: Entity, row: Row) -> dict[str, Any]:
    type_, writable = column_type(row), not is_true(row.get("read_only"))
    told: dict[str, Any] = {
        "@odata.type": f"#Microsoft.Dynamics.CRM.{'Lookup' if type_ in LOOKUPS else type_}AttributeMetadata",
        "MetadataId": metadata_id(f"{row['object']}.{row['name']}"),
        "LogicalName": row["name"],
        "SchemaName": row["name"],
        "AttributeType": "Virtual" if type_ == SEVERAL_CHOICES else type_,
        "AttributeTypeName": {"Value": f"{type_}Type"},
        "AttributeOf": None,
        "RequiredLevel": _level(row.get("required") or "None"),
        "IsValidForRead": True,
        "IsValidForCreate": writable and type_ != "State",
        "IsValidForUpdate": writable,
        "IsPrimaryId": row["name"] == entity.key,
        "IsPrimaryName": row["name"] == entity.primary_name,
        "DisplayName": _label(row.get("label")),
    }
    return told


def _level(value: str) -> dict[str, Any]:
    """How much a column is required; SystemRequired alone is enforced, and fixed."""
    named = "canmodifyrequirementlevelsettings"
    return {"Value": value, "CanBeChanged": value != "SystemRequired", "ManagedPropertyLogicalName": named}


def _of_kind(entity: Entity, row: Row) -> dict[str, Any]:
    """What only columns of this kind have."""
    told = _OF_KIND[column_type(row)](row) if column_type(row) in _OF_KIND else {}
    states = _STATE_OF_STATUS.get(entity.logical, {})
    for option in told["OptionSet"]["Options"] if column_type(row) == "Status" else ():
        option["State"] = states.get(option["Value"], 0)
    for option in told["OptionSet"]["Options"] if column_type(row) == "State" else ():
        first = next((status for status, state in states.items() if state == option["Value"]), None)
        option |= {"DefaultStatus": first, "InvariantName": option["Label"]["UserLocalizedLabel"]["Label"]}
    return told


def _text(row: Row) -> dict[str, Any]:
    return {
        "MaxLength": _whole(row.get("length")),
        "FormatName": {"Value": row.get("format")},
        "Format": row.get("format"),
    }


def _range(row: Row) -> dict[str, Any]:
    told = {"MinValue": _number(row.get("min_value")), "MaxValue": _number(row.get("max_value"))}
    return {**told, **({"Format": row.get("format") or "None"} if row["type"] == "Integer" else {"Precision": 2})}


def _options(row: Row) -> dict[str, Any]:
    options = Column("", "", "", row).options().items()
    told = [{"Value": int(value), "Label": _label(label), "Color": None} for value, label in options]
    return {"OptionSet": {"MetadataId": metadata_id(f"{row['name']}.set"), "Options": told}, "GlobalOptionSet": None}


def _truths(row: Row) -> dict[str, Any]:
    labels = Column("", "", "", row).options()
    yes, no = labels.get("1", "Yes"), labels.get("0", "No")
    return {
        "OptionSet": {
            "TrueOption": {"Value": 1, "Label": _label(yes)},
            "FalseOption": {"Value": 0, "Label": _label(no)},
        }
    }


def _targets(row: Row) -> dict[str, Any]:
    return {"Targets": [part for part in (row.get("targets") or "").split(";") if part]}


def _moment(row: Row) -> dict[str, Any]:
    return {"Format": row.get("format"), "DateTimeBehavior": {"Value": row.get("behavior")}}


_STATE_OF_STATUS: Final[Mapping[str, Mapping[int, int]]] = {
    "contact": {1: 0, 2: 1},
    "account": {1: 0, 2: 1},
    "lead": {1: 0, 2: 0, 3: 1, 4: 2, 5: 2, 6: 2, 7: 2},
    "opportunity": {1: 0, 2: 0, 3: 1, 4: 2, 5: 2},
    "invoice": {1: 0, 2: 0, 4: 0, 5: 0, 6: 0, 100001: 2, 100002: 2, 100003: 3},
}
"""The state that each status reason out of the box belongs to; the first one of a state is its default."""
_OF_KIND: Final[Mapping[str, Callable[[Row], dict[str, Any]]]] = {
    **dict.fromkeys(("String", "Memo"), _text),
    **dict.fromkeys(("Integer", "Decimal", "Double", "BigInt", "Money"), _range),
    **dict.fromkeys(("Picklist", SEVERAL_CHOICES, "State", "Status"), _options),
    **dict.fromkeys(LOOKUPS, _targets),
    "Boolean": _truths,
    "DateTime": _moment,
}


def _label(text: str | None) -> dict[str, Any]:
    label = {"Label": text, "LanguageCode": 1033, "IsManaged": True, "MetadataId": metadata_id(f"label.{text}")}
    return {"LocalizedLabels": [label], "UserLocalizedLabel": label}


def metadata_id(name: str) -> str:
    """The invented, constant id of something in the metadata."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"dynsync:{name}"))


def _whole(text: str | None) -> int | None:
    return int(text) if text else None


def _number(text: str | None) -> float | int | None:
    if not text:
        return None
    number = float(text)
    return int(number) if number.is_integer() else number
