"""Dataverse's names: tables, entity sets, and the world's tables behind them.

Facts
    * Currencies and the organisation itself are tables, too; here nobody may change them.

Where it is used: the other modules of this folder.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Refusal, Reply, json_reply


@dataclass(frozen=True, slots=True)
class Entity:
    """One table of Dataverse.

    `set` is its entity set, the name in addresses; `key` and `primary_name` are columns; `object` is what `core.model`
    calls its records, None for tables that a world does not describe; `table` is the table of the world. `is_fixed`:
    callers may read it only.
    """

    logical: str
    set: str
    key: str
    primary_name: str
    type_code: int
    object: str | None
    table: str
    is_fixed: bool = False


ENTITIES: Final = (
    Entity("contact", "contacts", "contactid", "fullname", 2, "contact", "dynamics/contacts"),
    Entity("account", "accounts", "accountid", "name", 1, "company", "dynamics/accounts"),
    Entity("lead", "leads", "leadid", "subject", 4, "lead", "dynamics/leads"),
    Entity("opportunity", "opportunities", "opportunityid", "name", 3, "deal", "dynamics/opportunities"),
    Entity("invoice", "invoices", "invoiceid", "name", 1090, "invoice", "dynamics/invoices"),
    Entity("systemuser", "systemusers", "systemuserid", "fullname", 8, None, "dynamics/users"),
    Entity("team", "teams", "teamid", "name", 9, None, "dynamics/teams", True),
    Entity("organization", "organizations", "organizationid", "name", 1019, None, "dynamics/organizations", True),
    Entity(
        "transactioncurrency",
        "transactioncurrencies",
        "transactioncurrencyid",
        "currencyname",
        9105,
        None,
        "dynamics/currencies",
        True,
    ),
)
BY_SET: Final = {entity.set: entity for entity in ENTITIES}
BY_LOGICAL: Final = {entity.logical: entity for entity in ENTITIES}


def dataverse_error(status: int, code: str, message: str) -> Reply:
    """An error in the form that all errors of Dataverse have."""
    return json_reply({"error": {"code": code, "message": message}}, status=status)


def refused(status: int, code: str, message: str) -> Refusal:
    """`dataverse_error` as an exception that ends a route."""
    return Refusal(dataverse_error(status, code, message))


def unknown_column(name: str, entity: Entity) -> Refusal:
    """400 for a column that the table does not have."""
    message = f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{entity.logical}'."
    return refused(400, "0x80060888", message)


def unknown_set(name: str) -> Refusal:
    """404 for an entity set that is not there."""
    return refused(404, "0x8006088a", f"Resource not found for the segment '{name}'.")


def unreadable(what: str, entity: Entity | None = None) -> Refusal:
    """400 for a body that cannot be read or written."""
    where = entity.set if entity else ""
    return refused(400, "0x80048d19", f"Error identified in Payload provided by the user for Entity :'{where}'. {what}")


def context_of(call: Call, what: str) -> str:
    """The `@odata.context` of an answer: `what` is the part behind `$metadata#`."""
    return f"{call.origin}/api/data/v9.2/$metadata#{what}"


def does_not_exist(entity: Entity, guid: str) -> Refusal:
    """404 for a row that is not there."""
    return refused(404, "0x80040217", f"Entity '{entity.logical}' With Id = {guid} Does Not Exist")


def metadata_id(name: str) -> str:
    """The metadata id of a table, column or label: invented, and always the same for the same name."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"dynsync:{name}"))


def label_json(text: str | None) -> dict[str, Any]:
    """A label as metadata prints it: in English, the language of the caller and of the organisation."""
    label = {"Label": text, "LanguageCode": 1033, "IsManaged": True, "MetadataId": metadata_id(f"label.{text}")}
    return {"LocalizedLabels": [label], "UserLocalizedLabel": label}
