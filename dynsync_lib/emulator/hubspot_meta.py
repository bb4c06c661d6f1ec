"""HubSpot's answers about itself: account, properties, owners, totals (portal-apis 2.1, 2.3, 2.6, 2.8).

Facts
    * Properties come all at once; owners by the page; a search is asked for its total.

Not modelled
    * Search: filters other than one group of GT and GTE, sorts other than by ascending id, a query: refused with 501.

Where it is used: hubspot_api.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Refusal, Reply, is_true, json_reply
from dynsync_lib.emulator.hubspot_errors import hubspot_error, invalid, not_found
from dynsync_lib.emulator.hubspot_records import (
    find_kind,
    next_link,
    read_body,
    read_limit,
    record_json,
    select_records,
    shape_of,
)
from dynsync_lib.emulator.hubspot_times import iso_ms
from dynsync_lib.emulator.store import Store, World, quoted

_OWNERS: Final = "hubspot/owners"
_MOST_SEARCHED: Final = 200
_SIGNS: Final = {"GT": ">", "GTE": ">="}
_BY_ID: Final = {"propertyName": "hs_object_id", "direction": "ASCENDING"}
_STANDARD: Final = frozenset({"email", "firstname", "lastname", "name", "domain", "dealname", "amount", "hs_object_id"})


def account_details(world: World) -> Reply:
    """`GET /account-info/v3/details`."""
    return json_reply(dict(world.account))


def daily_usage(used: int, allowed: int, call: Call) -> Reply:
    """`GET /account-info/v3/api-usage/daily/private-apps`."""
    moment = iso_ms(call.at_s)
    usage = {"name": "private-apps-api-calls-daily", "usageLimit": allowed, "currentUsage": used}
    return json_reply({"results": [{**usage, "collectedAt": moment, "fetchStatus": "SUCCESS", "resetsAt": moment}]})


def list_properties(store: Store, call: Call) -> Reply:
    """`GET /crm/v3/properties/{type}`: all of them."""
    kind = find_kind(call, call.names["type"])
    rows = [row for row in store.metadata.get("hubspot/properties", ()) if row["object"] == kind.singular]
    return json_reply({"results": [_property(row, place) for place, row in enumerate(rows)]})


def get_property(store: Store, call: Call) -> Reply:
    """`GET /crm/v3/properties/{type}/{name}`."""
    kind = find_kind(call, call.names["type"])
    for row in store.metadata.get("hubspot/properties", ()):
        if row["object"] == kind.singular and row["name"] == call.names["name"]:
            return json_reply(_property(row, 0))
    raise not_found(call)


def list_owners(store: Store, call: Call) -> Reply:
    """`GET /crm/v3/owners`."""
    limit = read_limit(call, default=100, most=500)
    after = call.option("after") or "0"
    if not after.isdecimal():
        raise invalid(call, f"The paging cursor {after} is not valid")
    names = ("email", "firstName", "lastName", "createdAt", "updatedAt")
    carried = store.columns(_OWNERS)
    columns = ", ".join(quoted(name) if name in carried else "NULL" for name in names)
    where = '"@rank" > ? AND "@archived" = ? ORDER BY "@rank" LIMIT ?'
    sql = f'SELECT "@rank", "@archived", {columns} FROM {quoted(_OWNERS)} WHERE {where}'  # noqa: S608
    rows = store.query(sql, (int(after), is_true(call.option("archived")), limit + 1)) if store.has(_OWNERS) else []
    results = [_owner(names, row) for row in rows[:limit]]
    page: dict[str, Any] = {"results": results}
    if len(rows) > limit:
        following = results[-1]["id"]
        page["paging"] = {"next": {"after": following, "link": next_link(call, str(following))}}
    return json_reply(page)


def _owner(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    told = dict(zip(names, row[2:], strict=True))
    return {"id": str(row[0]), "type": "PERSON", "userId": int(row[0]), **told, "archived": bool(row[1])}


def search_records(store: Store, call: Call) -> Reply:
    """`POST /crm/v3/objects/{type}/search`: the total, and the first records when no filter is given."""
    kind = find_kind(call, call.names["type"])
    body = read_body(call)
    where, values = _search_condition(call, body)
    limit = body.get("limit", 10)
    if not isinstance(limit, int) or not 0 <= limit <= _MOST_SEARCHED:
        raise invalid(call, f"limit must be a number from 0 to {_MOST_SEARCHED}")
    shape = shape_of(store, kind, [str(name) for name in body.get("properties") or ()])
    rows = select_records(store, shape, f'{where} ORDER BY "@rank" LIMIT ?', (*values, limit))
    total = store.count(kind.table, where, values) if store.has(kind.table) else 0
    return json_reply({"total": total, "results": [record_json(shape, row) for row in rows]})


def _search_condition(call: Call, body: Mapping[str, Any]) -> tuple[str, list[int]]:
    """WHERE and its values. Raises Refusal 501 for a search that the emulator does not have."""
    groups = body.get("filterGroups") or [{"filters": []}]
    sorts = body.get("sorts") or [_BY_ID]
    filters = groups[0].get("filters") or []
    if len(groups) > 1 or sorts != [_BY_ID] or body.get("query") or any(f["operator"] not in _SIGNS for f in filters):
        raise Refusal(hubspot_error(call, 501, "The emulator has no such filter, sort or query of a search."))
    named = [(quoted(f["propertyName"]), _SIGNS[f["operator"]]) for f in filters]
    parts = [f'"@rank" {sign} ?' if name == '"hs_object_id"' else f"moment_ms({name}) {sign} ?" for name, sign in named]
    return " AND ".join(['"@archived" = 0', *parts]), [int(f["value"]) for f in filters]


def _property(row: Any, place: int) -> dict[str, Any]:
    options = json.loads(row.get("options") or "[]")
    shown = [
        {"label": one["label"], "value": one["value"], "description": "", "displayOrder": order, "hidden": False}
        for order, one in enumerate(options)
    ]
    is_standard = row["name"] in _STANDARD or str(row["name"]).startswith("hs_")
    read_only = is_true(row.get("read_only"))
    return {
        "name": row["name"],
        "label": row["label"],
        "type": row["type"],
        "fieldType": row["field_type"],
        "description": "",
        "groupName": f"{row['object']}information",
        "options": shown,
        "displayOrder": place,
        "calculated": is_true(row.get("calculated")),
        "externalOptions": False,
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
