"""Privileges of the caller: what each request needs, and the list of RetrieveUserPrivileges (portal-apis 7.2).

Facts
    * A privilege is named `prv`, what it allows, the table: prvReadContact, prvWriteAccount, prvReadUser.
    * The caller of the emulator has all privileges at organisation depth, but for those the control plane takes away.

Not modelled
    * Depths other than Global, ownership of rows, column security, teams.

Where it is used: `emulator.dataverse.environment`, `emulator.dataverse.functions`, `emulator.dataverse.writes`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Refusal, Reply, json_reply
from dynsync_lib.emulator.conditions.switches import Rights
from dynsync_lib.emulator.dataverse.names import ENTITIES, Entity, context_of, refused

READ: Final = "Read"
CREATE: Final = "Create"
WRITE: Final = "Write"
DELETE: Final = "Delete"
APPEND: Final = "Append"
APPEND_TO: Final = "AppendTo"
_ALLOWED: Final = (CREATE, READ, WRITE, DELETE, APPEND, APPEND_TO, "Assign", "Share")
_CALLED: Final = {"systemuser": "User", "transactioncurrency": "TransactionCurrency"}
_NO_ID: Final = "00000000-0000-0000-0000-000000000000"


def privilege_name(entity: Entity, allows: str) -> str:
    """The name of the privilege that allows something (`Read`, `Write`, ...) on a table."""
    return f"prv{allows}{_CALLED.get(entity.logical, entity.logical.title())}"


def missing_privilege(entity: Entity, allows: str, *, user_id: str) -> Refusal:
    """403 that names the privilege a user lacks."""
    name = privilege_name(entity, allows)
    return refused(
        403,
        "0x80040220",
        f"Principal user (Id={user_id}, type=8, roleCount=1, privilegeCount=12, accessMode=4) is missing {name} "
        f"privilege (Id={_id_of(name)}) on OTC={entity.type_code} for entity '{entity.logical}'.",
    )


def list_privileges(call: Call, rights: Rights, *, business_unit_id: str) -> Reply:
    """The answer of `systemusers({id})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()`."""
    held = [_row(name, business_unit_id) for name in sorted(_names(rights))]
    where = context_of(call, "Microsoft.Dynamics.CRM.RetrieveUserPrivilegesResponse")
    return json_reply({"@odata.context": where, "RolePrivileges": held})


def _names(rights: Rights) -> Iterator[str]:
    for entity in ENTITIES:
        for allows in _ALLOWED if not entity.is_fixed else (READ, APPEND_TO):
            name = privilege_name(entity, allows)
            if entity.logical not in rights.missing_tables and name not in rights.missing_privileges:
                yield name


def _row(name: str, business_unit_id: str) -> dict[str, Any]:
    return {
        "Depth": "Global",
        "PrivilegeId": _id_of(name),
        "BusinessUnitId": business_unit_id,
        "PrivilegeName": name,
        "RecordFilterId": _NO_ID,
        "RecordFilterUniqueName": "",
    }


def _id_of(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"dynsync:{name}"))
