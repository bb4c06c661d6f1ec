"""The Dataverse Web API: challenge, token, service protection and privileges in front of the answers.

Facts
    * Without a token: 401 with a challenge that names the tenant's sign-in (5.3). With one whose user is no application
      user: 403 0x80072560. A table without privilege: 403 0x80040220 that names it (7.2).
    * A route that is not here answers 501 and names itself.

Where it is used: server.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Refusal, Reply, json_reply
from dynsync_lib.emulator.conditions import Conditions
from dynsync_lib.emulator.dataverse_metadata import get_entity, list_attributes, list_entities
from dynsync_lib.emulator.dataverse_names import (
    BY_LOGICAL,
    BY_SET,
    Entity,
    context_of,
    dataverse_error,
    refused,
    unknown_set,
)
from dynsync_lib.emulator.dataverse_privileges import READ, list_privileges, missing_privilege, privilege_name
from dynsync_lib.emulator.dataverse_rows import count_rows, get_row, list_rows, read_query
from dynsync_lib.emulator.entra import Entra
from dynsync_lib.emulator.limits import DataverseMeter, Limits
from dynsync_lib.emulator.store import Store, World

_BASE: Final = r"/api/data/v9\.\d"
_NAMES: Final = re.compile(r"\[(.*?)\]")


@dataclass(frozen=True, slots=True)
class Route:
    """One path that is read with GET, and what answers it."""

    path: re.Pattern[str]
    answer: Callable[[DataverseApi, Call], Reply]


class DataverseApi:
    """Answers calls to one Dataverse environment."""

    def __init__(self, world: World, store: Store, conditions: Conditions, limits: Limits, entra: Entra) -> None:
        self.world, self.store, self.conditions, self.limits, self.entra = world, store, conditions, limits, entra
        self.meter = DataverseMeter(limits)

    def answer(self, call: Call) -> Reply:
        """The reply to a call."""
        try:
            return self._checked(call).with_headers({"OData-Version": "4.0", "REQ_ID": call.correlation_id})
        except Refusal as refusal:
            return refusal.reply

    def _checked(self, call: Call) -> Reply:
        if len(call.raw_path) + len(call.raw_query) > self.limits.dataverse_url_characters:
            return dataverse_error(414, "0x80060888", "The request URI is too long.")
        if not self.entra.accepts(call.bearer, call.at_s):
            return self._challenge(call)
        if not self.conditions.rights.application_user:
            raise refused(403, "0x80072560", "The user is not a member of the organization.")
        throttle = self.meter.begin(call.bearer, call.at_s)
        if throttle is not None:
            reply = dataverse_error(429, throttle.code, throttle.message)
            return reply.with_headers({"Retry-After": str(throttle.retry_after_s)})
        try:
            return self._routed(call)
        finally:
            self.meter.end(call.bearer, call.at_s, duration_s=0.001)

    def _routed(self, call: Call) -> Reply:
        for route in ROUTES if call.method == "GET" else ():
            match = route.path.fullmatch(call.path)
            if match is not None:
                return route.answer(self, call.named(match.groupdict())).with_headers(self._hints(call))
        return dataverse_error(501, "0x80060888", f"The emulator has no {call.method} {call.path}.")

    def _hints(self, call: Call) -> dict[str, str]:
        return dict(self.meter.headers(call.bearer, call.at_s))

    def _challenge(self, call: Call) -> Reply:
        where = f"authorization_uri={self.entra.authority}/oauth2/authorize, resource_id={call.origin}/"
        return Reply(401, b"", {"WWW-Authenticate": f"Bearer {where}"}, media_type="text/html")

    def entity(self, name: str) -> Entity:
        """The table of an entity set, once the caller may read it. Raises Refusal."""
        entity = BY_SET.get(name)
        if entity is None or entity.logical in self.conditions.rights.missing_tables:
            raise unknown_set(name)
        self.need(entity, READ)
        return entity

    def need(self, entity: Entity, allows: str) -> None:
        """Raises Refusal 403 when the caller lacks the privilege."""
        if privilege_name(entity, allows) in self.conditions.rights.missing_privileges:
            raise missing_privilege(entity, allows, user_id=self.world.organization["WhoAmI"]["UserId"])


def _who_am_i(api: DataverseApi, call: Call) -> Reply:
    what = context_of(call, "Microsoft.Dynamics.CRM.WhoAmIResponse")
    return json_reply({"@odata.context": what, **api.world.organization["WhoAmI"]})


def _version(api: DataverseApi, call: Call) -> Reply:
    what = context_of(call, "Microsoft.Dynamics.CRM.RetrieveVersionResponse")
    return json_reply({"@odata.context": what, "Version": api.world.organization["Detail"]["OrganizationVersion"]})


def _organization(api: DataverseApi, call: Call) -> Reply:
    what = context_of(call, "Microsoft.Dynamics.CRM.RetrieveCurrentOrganizationResponse")
    return json_reply({"@odata.context": what, "Detail": dict(api.world.organization["Detail"])})


def _privileges(api: DataverseApi, call: Call) -> Reply:
    who = api.world.organization["WhoAmI"]
    if call.names["user"].lower() != who["UserId"]:
        raise refused(404, "0x80040217", f"Entity 'SystemUser' With Id = {call.names['user']} Does Not Exist")
    return list_privileges(call, api.conditions.rights, business_unit_id=who["BusinessUnitId"])


def _counts(api: DataverseApi, call: Call) -> Reply:
    text = call.names.get("names") or call.option("@p1") or ""
    asked = _asked_names(text if "[" in text else call.option("@p1") or "")
    for name in asked:
        if name not in BY_LOGICAL:
            raise refused(400, "0x80060888", f"The entity {name} is not known.")
    values = [api.store.count(BY_LOGICAL[name].table) if api.store.has(BY_LOGICAL[name].table) else 0 for name in asked]
    collection = {"Count": len(asked), "IsReadOnly": False, "Keys": asked, "Values": values}
    return json_reply(
        {
            "@odata.context": context_of(call, "Microsoft.Dynamics.CRM.RetrieveTotalRecordCountResponse"),
            "EntityRecordCountCollection": collection,
        }
    )


def _asked_names(text: str) -> list[str]:
    listed = _NAMES.search(text)
    if listed is None:
        raise refused(400, "0x80060888", "EntityNames must be a list of names.")
    names: list[Any] = json.loads("[" + listed[1].replace("'", '"') + "]")
    return [str(name) for name in names]


def _rows(api: DataverseApi, call: Call) -> Reply:
    return list_rows(api.store, call, api.entity(call.names["set"]))


def _row(api: DataverseApi, call: Call) -> Reply:
    return get_row(api.store, call, api.entity(call.names["set"]), call.names["guid"])


def _count(api: DataverseApi, call: Call) -> Reply:
    query = read_query(api.store, call, api.entity(call.names["set"]))
    return Reply(200, str(min(count_rows(api.store, query), 5_000)).encode(), media_type="text/plain")


def _entities(api: DataverseApi, call: Call) -> Reply:
    del api
    return list_entities(call)


def _one_entity(api: DataverseApi, call: Call) -> Reply:
    del api
    return get_entity(call)


def _attributes(api: DataverseApi, call: Call) -> Reply:
    return list_attributes(api.store, call)


_PRIVILEGES: Final = r"Microsoft\.Dynamics\.CRM\.RetrieveUserPrivileges(?:\(\))?"
_ENTITY: Final = r"/EntityDefinitions\(LogicalName='(?P<logical>\w+)'\)"
ROUTES: Final = tuple(
    Route(re.compile(_BASE + path), answer)
    for path, answer in (
        (r"/WhoAmI(?:\(\))?", _who_am_i),
        (r"/RetrieveVersion\(\)", _version),
        (r"/RetrieveCurrentOrganization\(AccessType=.*\)", _organization),
        (r"/systemusers\((?P<user>[0-9A-Fa-f-]{36})\)/" + _PRIVILEGES, _privileges),
        (r"/RetrieveTotalRecordCount\(EntityNames=(?P<names>.*)\)", _counts),
        (r"/EntityDefinitions", _entities),
        (_ENTITY, _one_entity),
        (_ENTITY + r"/Attributes(?:/(?P<cast>[\w.]+))?", _attributes),
        (r"/(?P<set>[a-z_]+)/\$count", _count),
        (r"/(?P<set>[a-z_]+)\((?P<guid>[0-9A-Fa-f-]{36})\)", _row),
        (r"/(?P<set>[a-z_]+)", _rows),
    )
)
