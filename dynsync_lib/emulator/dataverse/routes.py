"""The routes of the Web API: method, path, the function that answers, and how complete it is.

Where it is used: `emulator.dataverse.api`; docs/emulator.md is made from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from dynsync_lib.emulator.calls import Call, Reply
from dynsync_lib.emulator.dataverse.bulk import ACTIONS, write_many
from dynsync_lib.emulator.dataverse.changes import list_rows_or_changes
from dynsync_lib.emulator.dataverse.environment import Environment
from dynsync_lib.emulator.dataverse.functions import (
    current_organization,
    service_document,
    total_record_count,
    user_privileges,
    version,
    who_am_i,
)
from dynsync_lib.emulator.dataverse.keys import find_by_key, no_such_key, read_address
from dynsync_lib.emulator.dataverse.metadata import get_attribute, get_entity, list_attributes, list_entities, list_keys
from dynsync_lib.emulator.dataverse.names import refused
from dynsync_lib.emulator.dataverse.new_columns import create_attribute, create_key, delete_attribute, publish
from dynsync_lib.emulator.dataverse.prefer import MOST_PER_PAGE
from dynsync_lib.emulator.dataverse.query import read_query
from dynsync_lib.emulator.dataverse.rows import count_rows, get_row, unless_unchanged
from dynsync_lib.emulator.dataverse.writes import create_row, delete_row, patch_row
from dynsync_lib.emulator.routing import Route

Answer = Callable[[Environment, Call], Reply]


def _list(environment: Environment, call: Call) -> Reply:
    entity = environment.readable(call)
    return list_rows_or_changes(environment.store, call, entity)


def _count(environment: Environment, call: Call) -> Reply:
    query = read_query(environment.store, call, environment.readable(call))
    count = min(count_rows(environment.store, query), MOST_PER_PAGE)
    return Reply(200, str(count).encode(), media_type="text/plain")


def _get(environment: Environment, call: Call) -> Reply:
    entity, store = environment.readable(call), environment.store
    id_, key = read_address(store, entity, call.names["key"])
    if id_ is None:
        stored = find_by_key(store, entity, key)
        if stored is None:
            raise no_such_key(entity)
        id_ = stored.id
    return unless_unchanged(call, get_row(store, call, entity, id_))


def _create(environment: Environment, call: Call) -> Reply:
    return create_row(environment.writer(call), environment.table(call.names["set"]))


def _patch(environment: Environment, call: Call) -> Reply:
    return patch_row(environment.writer(call), environment.table(call.names["set"]), call.names["key"])


def _delete(environment: Environment, call: Call) -> Reply:
    return delete_row(environment.writer(call), environment.table(call.names["set"]), call.names["key"])


def _many(environment: Environment, call: Call) -> Reply:
    return write_many(environment.writer(call), environment.table(call.names["set"]), call.names["action"])


def _on_metadata(answer: Callable[[Call], Reply]) -> Answer:
    def answer_alone(environment: Environment, call: Call) -> Reply:
        del environment
        return answer(call)

    return answer_alone


def _on_store(answer: Callable[..., Reply]) -> Answer:
    return lambda environment, call: answer(environment.store, call)


def _with_options(answer: Answer, *known: str) -> Answer:
    """The answer to calls with these query options alone; others are refused by name (501), not passed over."""

    def answer_known(environment: Environment, call: Call) -> Reply:
        for name, _ in call.options:
            if name not in known and not name.startswith("@"):
                raise refused(501, "0x80060888", f"The emulator has no query option {name} of {call.path}.")
        return answer(environment, call)

    return answer_known


_SHOWN: Final = ("$select", "$expand")
_LISTED: Final = (*_SHOWN, "$filter")
_SET: Final = r"/(?P<set>[a-z_]+)"
_ROW: Final = _SET + r"\((?P<key>[^()]+)\)"
_TABLE: Final = r"/EntityDefinitions\((?:LogicalName='(?P<logical>\w+)'|(?P<metadata>[0-9A-Fa-f-]{36}))\)"
_CAST: Final = r"(?:/(?P<cast>Microsoft\.Dynamics\.CRM\.\w+))?"
_ATTRIBUTE: Final = r"/Attributes\(LogicalName='(?P<attribute>\w+)'\)"
_PRIVILEGES: Final = (
    r"/systemusers\((?P<user>[0-9A-Fa-f-]{36})\)/Microsoft\.Dynamics\.CRM\.RetrieveUserPrivileges(?:\(\))?"
)
_BULK: Final = _SET + rf"/Microsoft\.Dynamics\.CRM\.(?P<action>{'|'.join(ACTIONS)})"
_SHOWN_TABLE: Final = "EntityDefinitions(LogicalName='{table}')"
_OWN_TABLES: Final = "the emulator's own tables; others that Dataverse has answer 501"
_QUERIED: Final = (
    "`$select`, `$filter` with In, `$orderby`, `$top`, `$count`, single-valued `$expand`, pages by cookie, "
    "annotations as asked for, change tracking, `?sql=` of one table; no `$apply`, no FetchXML"
)
ROUTES: Final = tuple(
    Route(method, re.compile(r"/api/data/v9\.\d" + path), answer, note, shown)
    for method, shown, path, answer, note in (
        ("GET", "", r"/?", _with_options(service_document), "the emulator's own tables alone"),
        ("GET", "WhoAmI", r"/WhoAmI(?:\(\))?", _with_options(who_am_i), "from the world's organization.json"),
        ("GET", "RetrieveVersion()", r"/RetrieveVersion(?:\(\))?", _with_options(version), "from organization.json"),
        (
            "GET",
            "RetrieveCurrentOrganization(AccessType=...)",
            r"/RetrieveCurrentOrganization\(AccessType=(?P<access>[^)]*)\)",
            _with_options(current_organization),
            "value or alias in the brackets; the type can be chosen by the control plane",
        ),
        (
            "GET",
            "RetrieveTotalRecordCount(EntityNames=...)",
            r"/RetrieveTotalRecordCount\(EntityNames=(?P<names>[^)]*)\)",
            _with_options(total_record_count),
            "exact and of this moment; Dataverse's may be a day old",
        ),
        (
            "GET",
            "systemusers({id})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges",
            _PRIVILEGES,
            _with_options(user_privileges),
            "of the caller alone; all at depth Global",
        ),
        (
            "GET",
            "EntityDefinitions",
            r"/EntityDefinitions",
            _with_options(_on_store(list_entities), *_LISTED),
            _OWN_TABLES,
        ),
        (
            "GET",
            _SHOWN_TABLE,
            _TABLE,
            _with_options(_on_store(get_entity), *_SHOWN),
            "also by metadata id; `$expand` of Attributes and Keys",
        ),
        (
            "GET",
            f"{_SHOWN_TABLE}/Attributes[/{{cast}}]",
            _TABLE + "/Attributes" + _CAST,
            _with_options(_on_store(list_attributes), *_LISTED),
            "casts add lengths, ranges, options, targets, formats; ids and schema names are invented",
        ),
        (
            "GET",
            f"{_SHOWN_TABLE}/Attributes(LogicalName='{{column}}')[/{{cast}}]",
            _TABLE + _ATTRIBUTE + _CAST,
            _with_options(_on_store(get_attribute), *_SHOWN),
            "one of them",
        ),
        ("POST", f"{_SHOWN_TABLE}/Attributes", _TABLE + "/Attributes", _on_store(create_attribute), "texts and memos"),
        (
            "DELETE",
            f"{_SHOWN_TABLE}/Attributes(LogicalName='{{column}}')",
            _TABLE + _ATTRIBUTE,
            _on_store(delete_attribute),
            "with a prefix in its name; gone with its values",
        ),
        (
            "GET",
            f"{_SHOWN_TABLE}/Keys",
            _TABLE + "/Keys",
            _with_options(_on_store(list_keys), *_LISTED),
            "those made here",
        ),
        ("POST", f"{_SHOWN_TABLE}/Keys", _TABLE + "/Keys", _on_store(create_key), "usable at once"),
        ("POST", "PublishXml", r"/PublishXml", _on_metadata(publish), "answered; nothing needs it here"),
        ("POST", "PublishAllXml", r"/PublishAllXml", _on_metadata(publish), "answered; nothing needs it here"),
        ("GET", "{set}/$count", _SET + r"/\$count", _count, "ends at 5,000, as Dataverse's does"),
        (
            "GET",
            "{set}({key})",
            _ROW,
            _with_options(_get, *_SHOWN),
            "by GUID or by an alternate key that was made; 304 by If-None-Match",
        ),
        ("GET", "{set}", _SET, _list, _QUERIED),
        ("POST", "{set}", _SET, _create, "types, lengths, choices, ranges, lookups; duplicate detection on request"),
        ("PATCH", "{set}({key})", _ROW, _patch, "update, upsert, create by If-Match and If-None-Match"),
        ("DELETE", "{set}({key})", _ROW, _delete, "no cascade: lookups to the row are emptied"),
        ("POST", "{set}/Microsoft.Dynamics.CRM.{action}", _BULK, _many, f"{', '.join(ACTIONS)}: all or nothing"),
    )
)
BATCH_NOTE: Final = "multipart, change sets, continue-on-error; counts as one request"
