"""What a HubSpot portal says of itself: account, usage, limits, token, owners, schemas (portal-apis 2.1, 2.8).

Facts
    * An owner is not its user: each has an id of its own, and an archived owner has no active user.

Where it is used: `emulator.hubspot.routes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Reply, json_reply
from dynsync_lib.emulator.hubspot.bodies import asks_for_archived, read_body, read_limit
from dynsync_lib.emulator.hubspot.errors import invalid, no_token, not_found
from dynsync_lib.emulator.hubspot.names import KINDS
from dynsync_lib.emulator.hubspot.portal import Portal
from dynsync_lib.emulator.hubspot.record_ids import is_count, is_record_id
from dynsync_lib.emulator.hubspot.records import next_link
from dynsync_lib.emulator.store.database import fold, quoted
from dynsync_lib.emulator.store.records import Store
from dynsync_lib.emulator.times import iso_ms

_OWNERS: Final = "hubspot/owners"
_OWNER_NAMES: Final = ("email", "firstName", "lastName", "createdAt", "updatedAt")
_FIRST_USER: Final = 52_000_000
"""Added to an owner's id to get its user's: HubSpot numbers both apart from each other; the users are invented."""
_MOST_RECORDS: Final = 15_000_000


def account_details(portal: Portal, call: Call) -> Reply:
    """`GET /account-info/v3/details`."""
    del call
    return json_reply(dict(portal.account))


def daily_usage(portal: Portal, call: Call) -> Reply:
    """`GET /account-info/v3/api-usage/daily/private-apps`."""
    allowed, used = portal.conditions.limits.hubspot_daily, portal.conditions.hubspot_meter.used_today
    usage = {"name": "private-apps-api-calls-daily", "usageLimit": allowed, "currentUsage": used}
    times = {"collectedAt": iso_ms(call.at_s), "fetchStatus": "SUCCESS", "resetsAt": _next_midnight(portal, call)}
    return json_reply({"results": [{**usage, **times}]})


def token_info(portal: Portal, call: Call) -> Reply:
    """`POST /oauth/v2/private-apps/get/access-token-info`: the portal and the scopes of a token."""
    token = str(read_body(call).get("tokenKey", ""))
    if not portal.knows(token):
        raise no_token(call)
    ids = {"userId": 52100001, "hubId": portal.portal_id, "appId": 1234567}
    return json_reply({**ids, "scopes": sorted(portal.scopes(token))})


def record_limits(portal: Portal, call: Call) -> Reply:
    """`GET /crm/v3/limits/records`: how many records of each kind there are and may be."""
    del call
    objects = []
    for kind in KINDS:
        used = portal.store.count(kind.table, '"@archived" = 0') if portal.store.has(kind.table) else 0
        labels = {"singularLabel": kind.singular.capitalize(), "pluralLabel": kind.plural.capitalize()}
        shares = {"usage": used, "limit": _MOST_RECORDS, "percentage": round(100 * used / _MOST_RECORDS, 2)}
        objects.append({"objectTypeId": kind.type_id, **labels, **shares})
    return json_reply(
        {"hubspotDefinedObjectTypes": objects, "customObjectTypes": {"overallLimit": 0, "byObjectType": []}}
    )


def list_schemas(portal: Portal, call: Call) -> Reply:
    """`GET /crm-object-schemas/v3/schemas`: the custom objects, of which a world has none."""
    del portal, call
    custom = [kind.type_id for kind in KINDS if kind.type_id.startswith("2-")]
    return json_reply({"results": custom})


def list_owners(portal: Portal, call: Call) -> Reply:
    """`GET /crm/v3/owners`: one page of the active or of the archived owners, of one address when it is asked for."""
    limit, after = read_limit(call, default=100, most=500), call.option("after") or "0"
    if not is_count(after):
        raise invalid(call, f"The paging cursor {after} is not valid")
    email = fold(call.option("email") or None)
    where = '"@rank" > ? AND "@archived" = ? AND (? IS NULL OR fold("email") = ?) ORDER BY "@rank" LIMIT ?'
    rows = _owners(portal.store, where, (int(after), asks_for_archived(call), email, email, limit + 1))
    page: dict[str, Any] = {"results": [_owner(row) for row in rows[:limit]]}
    if len(rows) > limit:
        following = str(rows[limit - 1][0])
        page["paging"] = {"next": {"after": following, "link": next_link(call, following)}}
    return json_reply(page)


def get_owner(portal: Portal, call: Call) -> Reply:
    """`GET /crm/v3/owners/{id}`, by the owner's own id or its user's."""
    id_property, text = call.option("idProperty") or "id", call.names["id"]
    if id_property not in ("id", "userId"):
        raise invalid(call, f"idProperty must be one of: [id, userId], not {id_property}")
    number = (int(text) if is_record_id(text) else -1) - (_FIRST_USER if id_property == "userId" else 0)
    rows = _owners(portal.store, '"@rank" = ? AND "@archived" = ?', (number, asks_for_archived(call)))
    if not rows:
        raise not_found(call)
    return json_reply(_owner(rows[0]))


def _owners(store: Store, where: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    if not store.has(_OWNERS):
        return []
    carried = store.columns(_OWNERS)
    columns = ", ".join(quoted(name) if name in carried else "NULL" for name in _OWNER_NAMES)
    sql = f'SELECT "@rank", "@archived", {columns} FROM {quoted(_OWNERS)} WHERE {where}'  # noqa: S608
    return store.query(sql, parameters)


def _owner(row: Sequence[Any]) -> dict[str, Any]:
    facts = dict(zip(_OWNER_NAMES, row[2:], strict=True))
    user, is_archived = _FIRST_USER + int(row[0]), bool(row[1])
    users = {"userId": None if is_archived else user, "userIdIncludingInactive": user}
    return {"id": str(row[0]), "type": "PERSON", **users, **facts, "archived": is_archived, "teams": []}


def _next_midnight(portal: Portal, call: Call) -> str | None:
    """The next midnight where the account is."""
    offset = timedelta(milliseconds=int(portal.account.get("utcOffsetMilliseconds") or 0))
    there = datetime.fromtimestamp(call.at_s, tz=UTC) + offset
    midnight = there.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return iso_ms((midnight - offset).timestamp())
