"""Functions of the Web API about caller, version, organisation and numbers of rows (portal-apis 6.1, 6.2).

Where it is used: `emulator.dataverse.routes`.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Reply, json_reply
from dynsync_lib.emulator.dataverse.environment import Environment
from dynsync_lib.emulator.dataverse.known_tables import is_known, no_table
from dynsync_lib.emulator.dataverse.names import BY_LOGICAL, ENTITIES, context_of, refused
from dynsync_lib.emulator.dataverse.privileges import list_privileges

_RESPONSE: Final = "Microsoft.Dynamics.CRM.{}Response"
_LIST: Final = re.compile(r"\[(.*?)\]")
_ACCESS: Final = "Microsoft.Dynamics.CRM.EndpointAccessType'"
_ENDPOINTS: Final = {
    "WebApplication": "/",
    "OrganizationService": "/XRMServices/2011/Organization.svc",
    "OrganizationDataService": "/XRMServices/2011/OrganizationData.svc",
}


def service_document(environment: Environment, call: Call) -> Reply:
    """`GET /api/data/v9.2/`: the entity sets."""
    missing = environment.conditions.rights.missing_tables
    sets = [
        {"name": entity.set, "kind": "EntitySet", "url": entity.set}
        for entity in ENTITIES
        if entity.logical not in missing
    ]
    return json_reply({"@odata.context": f"{call.origin}/api/data/v9.2/$metadata", "value": sets})


def who_am_i(environment: Environment, call: Call) -> Reply:
    """`GET WhoAmI`."""
    return _function_reply(call, "WhoAmI", **environment.who)


def version(environment: Environment, call: Call) -> Reply:
    """`GET RetrieveVersion()`."""
    return _function_reply(call, "RetrieveVersion", Version=environment.detail["OrganizationVersion"])


def current_organization(environment: Environment, call: Call) -> Reply:
    """`GET RetrieveCurrentOrganization(AccessType=...)`, with the value in the brackets or behind an alias."""
    asked = call.names["access"]
    access = (call.option(asked) or "") if asked.startswith("@") else asked
    if not access.startswith(_ACCESS):
        raise refused(400, "0x80060888", f"AccessType '{access}' is no EndpointAccessType.")
    addresses = [f"{call.origin}{path}" for path in _ENDPOINTS.values()]
    endpoints = {"Count": len(addresses), "IsReadOnly": False, "Keys": list(_ENDPOINTS), "Values": addresses}
    return _function_reply(call, "RetrieveCurrentOrganization", Detail={**environment.detail, "Endpoints": endpoints})


def total_record_count(environment: Environment, call: Call) -> Reply:
    """`GET RetrieveTotalRecordCount(EntityNames=...)`: numbers of all rows, also of those that the caller may not
    read."""
    asked = call.names["names"]
    names = _listed(call.option(asked) or "" if asked.startswith("@") else asked)
    missing = environment.conditions.rights.missing_tables
    for name in names:
        if is_known(name, missing):
            raise no_table(name)
        if name not in BY_LOGICAL or name in missing:
            raise refused(400, "0x80060888", f"The entity {name} is not known.")
    store = environment.store
    values = [store.count(BY_LOGICAL[name].table) if store.has(BY_LOGICAL[name].table) else 0 for name in names]
    counts = {"Count": len(names), "IsReadOnly": False, "Keys": names, "Values": values}
    return _function_reply(call, "RetrieveTotalRecordCount", EntityRecordCountCollection=counts)


def user_privileges(environment: Environment, call: Call) -> Reply:
    """`GET systemusers({id})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges`, of the caller."""
    who = environment.who
    if call.names["user"].lower() != who["UserId"]:
        raise refused(404, "0x80040217", f"Entity 'SystemUser' With Id = {call.names['user']} Does Not Exist")
    return list_privileges(call, environment.conditions.rights, business_unit_id=who["BusinessUnitId"])


def _function_reply(call: Call, function: str, **values: Any) -> Reply:
    return json_reply({"@odata.context": context_of(call, _RESPONSE.format(function)), **values})


def _listed(text: str) -> list[str]:
    match = _LIST.search(text)
    if match is None:
        raise refused(400, "0x80060888", "EntityNames must be a list of names.")
    try:
        names: list[Any] = json.loads("[" + match[1].replace("'", '"') + "]")
    except (ValueError, RecursionError):
        raise refused(400, "0x80060888", "EntityNames must be a list of names.") from None
    return list(dict.fromkeys(str(name) for name in names))
