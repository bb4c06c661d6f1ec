"""The HubSpot API: routes, token, scopes and limits in front of the answers.

Facts
    * A route that is not here answers 501 and names itself; nothing is ever an empty 200.
    * The order is HubSpot's: token (401), limits (429), scope (403), then the answer.

Where it is used: server.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from dynsync_lib.emulator.calls import Call, Refusal, Reply, json_reply
from dynsync_lib.emulator.conditions import Conditions
from dynsync_lib.emulator.hubspot_associations import MOST_PER_BATCH, get_associations, get_labels, read_associations
from dynsync_lib.emulator.hubspot_errors import hubspot_error, invalid, no_scope, no_token, too_long, too_many_requests
from dynsync_lib.emulator.hubspot_meta import (
    account_details,
    daily_usage,
    get_property,
    list_owners,
    list_properties,
    search_records,
)
from dynsync_lib.emulator.hubspot_names import KINDS, Kind, canonical_path
from dynsync_lib.emulator.hubspot_records import find_kind, get_record, list_records, read_batch, read_body, read_limit
from dynsync_lib.emulator.limits import HubspotMeter, Limits
from dynsync_lib.emulator.store import Store, World

STATIC_TOKEN: Final = "pat-eu1-emulator-demo"  # noqa: S105 - opens nothing but the emulator
Answer = Callable[["HubspotApi", Call], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """One method and path, and what answers it."""

    method: str
    path: re.Pattern[str]
    answer: Answer


class HubspotApi:
    """Answers calls to one HubSpot portal."""

    def __init__(self, world: World, store: Store, conditions: Conditions, limits: Limits) -> None:
        self.world, self.store, self.conditions, self.limits = world, store, conditions, limits
        self.meter = HubspotMeter(limits)

    def answer(self, call: Call) -> Reply:
        """The reply to a call."""
        try:
            return self._checked(call)
        except Refusal as refusal:
            return refusal.reply

    def _checked(self, call: Call) -> Reply:
        if len(call.raw_path) + len(call.raw_query) > self.limits.hubspot_url_characters:
            return too_long(self.limits.hubspot_url_characters)
        if call.bearer != STATIC_TOKEN:
            raise no_token(call)
        is_search = call.path.endswith("/search")
        policy = self.meter.refuse(call.bearer, call.at_s, search=is_search)
        if policy is not None:
            return too_many_requests(call, policy).with_headers(self.meter.headers(call.bearer, call.at_s))
        reply = self._routed(call)
        return reply if is_search else reply.with_headers(self.meter.headers(call.bearer, call.at_s))

    def _routed(self, call: Call) -> Reply:
        path = canonical_path(call.path)
        for route in ROUTES:
            match = route.path.fullmatch(path)
            if match is not None and route.method == call.method:
                return route.answer(self, call.named(match.groupdict()))
        return hubspot_error(call, 501, f"The emulator has no {call.method} {path}.")

    def need(self, call: Call, *scopes: str) -> None:
        """Raises Refusal 403 when the token lacks all of these scopes."""
        granted = self.conditions.rights.scopes
        if granted is not None and not set(scopes) & granted:
            raise no_scope(call, scopes)

    def kind(self, call: Call, name: str = "type") -> Kind:
        """The object type a path names, once its scope is granted."""
        kind = find_kind(call, call.names[name])
        self.need(call, kind.scope)
        return kind


def _account(api: HubspotApi, call: Call) -> Reply:
    del call
    return account_details(api.world)


def _usage(api: HubspotApi, call: Call) -> Reply:
    return daily_usage(api.meter.used_today, api.limits.hubspot_daily, call)


def _token_info(api: HubspotApi, call: Call) -> Reply:
    """What a token says of itself; needs no scope. Without rights set it has all that the emulator knows."""
    if read_body(call).get("tokenKey") != STATIC_TOKEN:
        return hubspot_error(call, 400, "The token is not known.")
    granted = api.conditions.rights.scopes
    scopes = sorted(granted if granted is not None else _all_scopes())
    return json_reply(
        {"userId": 9_000_001, "hubId": api.world.account["portalId"], "appId": 9_000_002, "scopes": scopes}
    )


def _all_scopes() -> Iterator[str]:
    yield "crm.objects.owners.read"
    for kind in KINDS:
        yield from (f"crm.objects.{kind.plural}.{right}" for right in ("read", "write"))
        yield f"crm.schemas.{kind.plural}.read"


def _records(answer: Callable[[Store, Call], Reply]) -> Answer:
    def answer_records(api: HubspotApi, call: Call) -> Reply:
        api.kind(call)
        return answer(api.store, call)

    return answer_records


def _properties(answer: Callable[[Store, Call], Reply]) -> Answer:
    def answer_properties(api: HubspotApi, call: Call) -> Reply:
        kind = find_kind(call, call.names["type"])
        api.need(call, f"crm.schemas.{kind.plural}.read", kind.scope)
        return answer(api.store, call)

    return answer_properties


def _owners(api: HubspotApi, call: Call) -> Reply:
    api.need(call, "crm.objects.owners.read")
    return list_owners(api.store, call)


def _association_batch(api: HubspotApi, call: Call) -> Reply:
    pair = (api.kind(call, "from"), api.kind(call, "to"))
    body = read_body(call)
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(item, dict) and "id" in item for item in inputs):
        raise invalid(call, "Invalid input JSON: 'inputs' must be a list of objects with an 'id'")
    if len(inputs) > MOST_PER_BATCH:
        raise invalid(call, f"The maximum number of inputs supported in a batch request is {MOST_PER_BATCH}")
    return read_associations(api.store, call, pair, inputs)


def _associations_of_one(api: HubspotApi, call: Call) -> Reply:
    pair = (api.kind(call), api.kind(call, "to"))
    limit = read_limit(call, default=500, most=500)
    return get_associations(api.store, call, pair, after=call.option("after") or "0", limit=limit)


def _labels(api: HubspotApi, call: Call) -> Reply:
    return get_labels(api.store, (api.kind(call, "from"), api.kind(call, "to")))


_V3: Final = r"/crm/v3/objects/(?P<type>[^/]+)"
_V4: Final = r"/crm/v4/associations/(?P<from>[^/]+)/(?P<to>[^/]+)"
ROUTES: Final = tuple(
    Route(method, re.compile(path), answer)
    for method, path, answer in (
        ("GET", r"/account-info/v3/details", _account),
        ("GET", r"/account-info/v3/api-usage/daily/private-apps", _usage),
        ("POST", r"/oauth/v2/private-apps/get/access-token-info", _token_info),
        ("GET", _V3, _records(list_records)),
        ("POST", _V3 + r"/batch/read", _records(read_batch)),
        ("POST", _V3 + r"/search", _records(search_records)),
        ("GET", _V3 + r"/(?P<id>[^/]+)", _records(get_record)),
        ("POST", _V4 + r"/batch/read", _association_batch),
        ("GET", _V4 + r"/labels", _labels),
        ("GET", r"/crm/v4/objects/(?P<type>[^/]+)/(?P<id>[^/]+)/associations/(?P<to>[^/]+)", _associations_of_one),
        ("GET", r"/crm/v3/properties/(?P<type>[^/]+)", _properties(list_properties)),
        ("GET", r"/crm/v3/properties/(?P<type>[^/]+)/(?P<name>[^/]+)", _properties(get_property)),
        ("GET", r"/crm/v3/owners", _owners),
    )
)
