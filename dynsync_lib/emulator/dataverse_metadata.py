"""`EntityDefinitions`: tables and the attributes of a table, whole or by their kind (portal-apis 6.4).

Facts
    * Metadata is not paged. A cast to a kind adds what only that kind has: lengths, ranges, options, targets, formats.

Not modelled
    * `$filter` on metadata other than by logical name or IsValidForRead; relationships.

Where it is used: dataverse_api.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Reply, is_true, json_reply
from dynsync_lib.emulator.dataverse_columns import LOOKUPS, Column
from dynsync_lib.emulator.dataverse_names import BY_LOGICAL, ENTITIES, Entity, context_of, refused
from dynsync_lib.emulator.store import Store

Row = Mapping[str, str | None]
_CAST: Final = re.compile(r"Microsoft\.Dynamics\.CRM\.(\w+)AttributeMetadata")
_LOGICAL: Final = re.compile(r"LogicalName eq '(\w+)'")
_KINDS: Final[Mapping[str, frozenset[str]]] = {
    **{one: frozenset({one}) for one in ("String", "Memo", "Integer", "Decimal", "Double", "BigInt", "Money")},
    **{one: frozenset({one}) for one in ("Picklist", "State", "Status", "Boolean", "DateTime")},
    "Lookup": LOOKUPS,
    "MultiSelectPicklist": frozenset(),
}


def list_entities(call: Call) -> Reply:
    """`GET EntityDefinitions`."""
    wanted = _LOGICAL.search(call.option("$filter") or "")
    rows = [_entity(one) for one in ENTITIES if wanted is None or one.logical == wanted[1]]
    return json_reply({"@odata.context": context_of(call, "EntityDefinitions"), "value": rows})


def get_entity(call: Call) -> Reply:
    """`GET EntityDefinitions(LogicalName='x')`."""
    return json_reply({"@odata.context": context_of(call, "EntityDefinitions/$entity"), **_entity(_find(call))})


def list_attributes(store: Store, call: Call) -> Reply:
    """`GET EntityDefinitions(LogicalName='x')/Attributes`, and the same with a cast to one kind."""
    entity = _find(call)
    cast = call.names.get("cast")
    match = _CAST.fullmatch(cast) if cast else None
    if cast and (match is None or match[1] not in _KINDS):
        raise refused(501, "0x80060888", f"The emulator has no attributes of type {cast}.")
    types = _KINDS[match[1]] if match else None
    rows = [row for row in store.metadata.get("dynamics/columns", ()) if row["object"] == entity.object]
    told = [_attribute(row, with_kind=types is not None) for row in rows if types is None or row["type"] in types]
    where = f"EntityDefinitions('{entity.logical}')/Attributes"
    return json_reply({"@odata.context": context_of(call, where), "value": told})


def _find(call: Call) -> Entity:
    name = call.names["logical"]
    if name not in BY_LOGICAL:
        raise refused(404, "0x80060888", f"Could not find an entity with name {name}.")
    return BY_LOGICAL[name]


def _entity(entity: Entity) -> dict[str, Any]:
    return {
        "MetadataId": _metadata_id(entity.logical),
        "LogicalName": entity.logical,
        "EntitySetName": entity.set,
        "PrimaryIdAttribute": entity.key,
        "PrimaryNameAttribute": entity.primary_name,
        "ObjectTypeCode": entity.type_code,
        "ChangeTrackingEnabled": True,
        "IsDuplicateDetectionEnabled": {"Value": entity.logical in ("account", "contact", "lead")},
    }


def _attribute(row: Row, *, with_kind: bool) -> dict[str, Any]:
    type_, writable = str(row["type"]), not is_true(row.get("read_only"))
    told: dict[str, Any] = {
        "@odata.type": f"#Microsoft.Dynamics.CRM.{'Lookup' if type_ in LOOKUPS else type_}AttributeMetadata",
        "MetadataId": _metadata_id(f"{row['object']}.{row['name']}"),
        "LogicalName": row["name"],
        "SchemaName": row["name"],
        "AttributeType": type_,
        "AttributeTypeName": {"Value": f"{type_}Type"},
        "AttributeOf": None,
        "RequiredLevel": {"Value": row.get("required") or "None", "CanBeChanged": True},
        "IsValidForRead": True,
        "IsValidForCreate": writable,
        "IsValidForUpdate": writable,
        "IsPrimaryId": type_ == "Uniqueidentifier",
        "DisplayName": _label(row.get("label")),
    }
    return told | _OF_KIND.get(type_, _nothing)(row) if with_kind else told


def _nothing(row: Row) -> dict[str, Any]:
    del row
    return {}


def _text(row: Row) -> dict[str, Any]:
    return {
        "MaxLength": _whole(row.get("length")),
        "FormatName": {"Value": row.get("format")},
        "Format": row.get("format"),
    }


def _range(row: Row) -> dict[str, Any]:
    return {"MinValue": _number(row.get("min_value")), "MaxValue": _number(row.get("max_value")), "Precision": 2}


def _options(row: Row) -> dict[str, Any]:
    options = Column("", "", "", row).options().items()
    told = [{"Value": int(value), "Label": _label(label), "Color": None} for value, label in options]
    return {"OptionSet": {"MetadataId": _metadata_id(f"{row['name']}.set"), "Options": told}, "GlobalOptionSet": None}


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


_OF_KIND: Final[Mapping[str, Callable[[Row], dict[str, Any]]]] = {
    **dict.fromkeys(("String", "Memo"), _text),
    **dict.fromkeys(("Integer", "Decimal", "Double", "BigInt", "Money"), _range),
    **dict.fromkeys(("Picklist", "State", "Status"), _options),
    **dict.fromkeys(LOOKUPS, _targets),
    "Boolean": _truths,
    "DateTime": _moment,
}


def _label(text: str | None) -> dict[str, Any]:
    label = {"Label": text, "LanguageCode": 1033, "IsManaged": True, "MetadataId": _metadata_id(f"label.{text}")}
    return {"LocalizedLabels": [label], "UserLocalizedLabel": label}


def _metadata_id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"dynsync:{name}"))


def _whole(text: str | None) -> int | None:
    return int(text) if text else None


def _number(text: str | None) -> float | int | None:
    if not text:
        return None
    number = float(text)
    return int(number) if number.is_integer() else number
