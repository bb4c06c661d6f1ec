"""The HubSpot API: checks length, token, limits and scopes, then lets a route answer.

Facts
    * A path that is not emulated is answered 501 with its name; nothing is ever an empty 200.
    * The order is HubSpot's: method (405, 406), token (401), limits (429), scope (403), then the answer.
    * The day of the daily limit is the account's own.

Where it is used: `emulator.serving.portals_here`.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from typing import Final

from dynsync_lib.emulator.calls import Call, Refusal, Reply
from dynsync_lib.emulator.conditions.switches import Conditions
from dynsync_lib.emulator.hubspot.errors import hubspot_error, no_token, too_long, too_many_requests
from dynsync_lib.emulator.hubspot.exports import fetch_export
from dynsync_lib.emulator.hubspot.methods import refuse_method
from dynsync_lib.emulator.hubspot.names import canonical_path
from dynsync_lib.emulator.hubspot.portal import Portal, read_token
from dynsync_lib.emulator.hubspot.routes import ROUTES
from dynsync_lib.emulator.routing import find_route
from dynsync_lib.emulator.store.records import Store, World

_DAY_S: Final = 86_400


class HubspotApi:
    """Answers calls to one HubSpot portal."""

    def __init__(self, world: World, store: Store, conditions: Conditions) -> None:
        self.portal, self.conditions = Portal(world, store, conditions), conditions

    def answer(self, call: Call) -> Reply:
        """The reply to a call, whatever it is: refusals and unknown paths are replies, too."""
        is_head = call.method == "HEAD"
        try:
            reply = self._checked(replace(call, method="GET") if is_head else call)
        except Refusal as refusal:
            reply = refusal.reply
        reply = replace(reply, body=b"") if is_head else reply
        return reply.with_headers({"X-HubSpot-Correlation-Id": call.correlation_id})

    def _checked(self, call: Call) -> Reply:
        limits = self.conditions.limits
        if len(call.raw_path) + len(call.raw_query) > limits.hubspot_url_characters:
            return too_long(limits.hubspot_url_characters)
        if (refused := refuse_method(call, canonical_path(call.path))) is not None:
            return refused
        if (file := fetch_export(self.portal, call)) is not None:
            return file
        if not self.portal.knows(read_token(call)):
            raise no_token(call)
        if limits.hubspot_latency_s:
            time.sleep(limits.hubspot_latency_s)
        return self._metered(call)

    def _metered(self, call: Call) -> Reply:
        meter, token = self.conditions.hubspot_meter, read_token(call)
        is_search = call.path.rstrip("/").endswith("/search")
        policy = meter.refuse(token, call.at_s, search=is_search, day=self._day(call))
        if policy is not None:
            reply = too_many_requests(call, policy, shape=self.conditions.limits.hubspot_refusal_shape)
        else:
            reply = self._routed(call)
        return reply if is_search else reply.with_headers(dict(meter.headers(token, call.at_s)))

    def _routed(self, call: Call) -> Reply:
        path = canonical_path(call.path)
        match = find_route(ROUTES, call, path)
        if match is None:
            return hubspot_error(call, 501, f"The emulator has no {call.method} {path}.")
        route, named = match
        try:
            return route.answer(self.portal, named)
        except Refusal as refusal:
            return refusal.reply
        except sqlite3.OperationalError as error:
            return hubspot_error(call, 400, f"The emulator cannot answer this: {error}", category="VALIDATION_ERROR")

    def _day(self, call: Call) -> int:
        offset_ms = int(self.portal.account.get("utcOffsetMilliseconds") or 0)
        return int((call.at_s + offset_ms / 1000) // _DAY_S)
