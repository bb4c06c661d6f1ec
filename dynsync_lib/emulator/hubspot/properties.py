"""Lists, reads, creates and archives HubSpot's properties (portal-apis 2.6).

Facts
    * All properties come at once. `archived=true` asks for archived ones, of which a world has none.
    * `hasUniqueValue` can be set only when a property is made. A name that is there already is 409.

Not modelled
    * Groups, lists of archived properties, sensitive ones, batches, changing, options that come from elsewhere than a
      portal's owners: refused with 501. What is archived is gone with its values. The texts of descriptions.

Where it is used: `emulator.hubspot.routes`.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

import dynsync_lib
from dynsync_lib.core.tables import PROPERTIES
from dynsync_lib.emulator.calls import Call, Refusal, Reply, is_true, json_reply
from dynsync_lib.emulator.hubspot.bodies import asks_for_archived, read_body
from dynsync_lib.emulator.hubspot.errors import hubspot_error, invalid, not_found
from dynsync_lib.emulator.hubspot.names import Kind
from dynsync_lib.emulator.hubspot.written_values import described
from dynsync_lib.emulator.store.records import Row, Store, options_of

FIELD_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "string": ("text", "textarea", "html", "file", "phonenumber", "calculation_equation"),
    "number": ("number", "calculation_equation"),
    "date": ("date",),
    "datetime": ("date",),
    "enumeration": ("select", "radio", "checkbox", "booleancheckbox", "calculation_equation"),
    "bool": ("booleancheckbox", "calculation_equation"),
    "phone_number": ("phonenumber",),
}
"""The types of properties, and the fields in which people fill each of them in."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,99}")
_OWNERS: Final = ("hubspot_owner_id",)


def list_properties(store: Store, call: Call, kind: Kind) -> Reply:
    """`GET /crm/v3/properties/{type}`: all properties; an empty list for archived ones."""
    rows = [] if asks_for_archived(call) else list(described(store, kind).values())
    return json_reply({"results": [_property(row, order) for order, row in enumerate(rows)]})


def get_property(store: Store, call: Call, kind: Kind) -> Reply:
    """`GET /crm/v3/properties/{type}/{name}`."""
    for order, (name, row) in enumerate(described(store, kind).items()):
        if name == call.names["name"]:
            return json_reply(_property(row, order))
    raise not_found(call)


def create_property(store: Store, call: Call, kind: Kind) -> Reply:
    """`POST /crm/v3/properties/{type}`: 201 and the property.

    Raises Refusal 400 for a body that cannot be used, 409 for a name that is taken.
    """
    body = read_body(call)
    row = _row(call, kind, body)
    if row["name"] in described(store, kind):
        message = f"A property named '{row['name']}' already exists."
        raise Refusal(hubspot_error(call, 409, message, category="OBJECT_ALREADY_EXISTS"))
    with store.change():
        store.ensure_columns(kind.table, [str(row["name"])])
        store.index_unique(row)
    store.add_metadata(PROPERTIES.name, row)
    return json_reply(_property(row, len(described(store, kind)) - 1), status=201)


def archive_property(store: Store, call: Call, kind: Kind) -> Reply:
    """`DELETE /crm/v3/properties/{type}/{name}`: 204, and the property and its values are gone.

    Raises Refusal 404 for a property that is not there, 400 for one of HubSpot's own.
    """
    row = described(store, kind).get(call.names["name"])
    if row is None:
        raise not_found(call)
    if _property(row, 0)["hubspotDefined"]:
        raise invalid(call, f"{row['name']} is a property of HubSpot's own and cannot be archived")
    store.remove_metadata(PROPERTIES.name, row, records=kind.table, column=str(row["name"]))
    return Reply(204, b"")


def _row(call: Call, kind: Kind, body: Mapping[str, Any]) -> Row:
    for needed in ("name", "label", "type", "fieldType", "groupName"):
        if not body.get(needed):
            raise invalid(call, f"Invalid input JSON: {needed} is required")
    if not _NAME.fullmatch(str(body["name"])) or body["fieldType"] not in FIELD_TYPES.get(str(body["type"]), ()):
        what = f"the type {body['type']} or the field type {body['fieldType']}"
        raise invalid(call, f"The name {body['name']}, {what} is not allowed")
    if body.get("externalOptions"):
        raise Refusal(hubspot_error(call, 501, "The emulator makes no properties with external options."))
    options = [_option(call, option) for option in body.get("options") or ()]
    facts = {
        "object": kind.singular,
        "name": str(body["name"]),
        "label": str(body["label"]),
        "type": str(body["type"]),
        "field_type": str(body["fieldType"]),
        "options": json.dumps(options) if options else None,
        "unique": "true" if body.get("hasUniqueValue") else "false",
        "hidden": "true" if body.get("hidden") else "false",
    }
    return {**dict.fromkeys(PROPERTIES.column_names), "read_only": "false", "calculated": "false", **facts}


def _option(call: Call, option: Any) -> dict[str, str]:
    if not isinstance(option, Mapping) or not option.get("label") or option.get("value") in (None, ""):
        raise invalid(call, "Every option needs a label and a value")
    return {"value": str(option["value"]), "label": str(option["label"])}


@cache
def _standard_names(kind: str) -> frozenset[str]:
    """The properties that HubSpot has out of the box, as far as the kit's own list goes."""
    schema = tomllib.loads((resources.files(dynsync_lib) / "rules" / "standard_schema.toml").read_text("utf-8"))
    return frozenset(schema["properties"].get(kind, {}))


def _property(row: Row, display_order: int) -> dict[str, Any]:
    shown = [
        {"label": option["label"], "value": option["value"], "description": "", "displayOrder": order, "hidden": False}
        for order, option in enumerate(options_of(row))
    ]
    name, is_of_owners = str(row["name"]), row["name"] in _OWNERS
    is_standard = name in _standard_names(str(row["object"])) or name.startswith("hs_")
    read_only = is_true(row.get("read_only"))
    return {
        "name": row["name"],
        "label": row["label"],
        "type": row["type"],
        "fieldType": row["field_type"],
        "description": "",
        "groupName": f"{row['object']}information",
        "options": [] if is_of_owners else shown,
        "displayOrder": display_order,
        "calculated": is_true(row.get("calculated")),
        "externalOptions": is_of_owners,
        **({"referencedObjectType": "OWNER"} if is_of_owners else {}),
        "hasUniqueValue": is_true(row.get("unique")),
        "hidden": is_true(row.get("hidden")),
        "hubspotDefined": is_standard,
        "formField": not read_only,
        "dataSensitivity": "non_sensitive",
        "archived": False,
        "createdAt": "2019-08-06T02:41:52.519Z",
        "updatedAt": "2026-02-10T09:00:00.000Z",
        "modificationMetadata": {
            "archivable": not is_standard,
            "readOnlyDefinition": is_standard,
            "readOnlyOptions": is_standard,
            "readOnlyValue": read_only,
        },
    }
