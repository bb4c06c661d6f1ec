"""The Dataverse Web API: checks token, service protection limits and privileges, then lets a route answer.

Facts
    * Without a token: 401 with a challenge that names the tenant's sign-in (5.3). With one whose user is no application
      user: 403 0x80072560. A table without privilege: 403 0x80040220 that names it (7.2).
    * An error carries more details when the caller asks for all annotations (7.2).
    * Service protection counts per user, whatever token is used; a batch counts once.
    * A path that is not emulated is answered 501 with its name.

Where it is used: `emulator.serving.portals_here`.
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
from dataclasses import replace
from typing import Final

from dynsync_lib.emulator.calls import Call, Refusal, Reply, json_bytes
from dynsync_lib.emulator.conditions.switches import Conditions
from dynsync_lib.emulator.dataverse.batch import answer_batch
from dynsync_lib.emulator.dataverse.environment import Environment
from dynsync_lib.emulator.dataverse.names import dataverse_error, refused
from dynsync_lib.emulator.dataverse.prefer import read_preferences
from dynsync_lib.emulator.dataverse.routes import ROUTES
from dynsync_lib.emulator.entra.sign_in import Entra
from dynsync_lib.emulator.routing import find_route
from dynsync_lib.emulator.store.records import Store, World

BATCH: Final = re.compile(r"/api/data/v9\.\d/\$batch")
_CDS: Final = "Microsoft.PowerApps.CDS."
_DETAILS: Final = f"{_CDS}ErrorDetails."
_JSON: Final = "application/json; odata.metadata=minimal"


class DataverseApi:
    """Answers calls to one Dataverse environment."""

    def __init__(self, world: World, store: Store, conditions: Conditions, entra: Entra) -> None:
        self.environment = Environment(world, store, conditions)
        self.conditions, self.entra = conditions, entra

    def answer(self, call: Call) -> Reply:
        """The reply to a call, whatever it is: refusals and unknown paths are replies, too."""
        try:
            reply = self._checked(call)
        except Refusal as refusal:
            reply = refusal.reply
        return _dressed(_explained(reply, call), call)

    def _checked(self, call: Call) -> Reply:
        if len(call.raw_path) + len(call.raw_query) > self.conditions.limits.dataverse_url_characters:
            return dataverse_error(414, "0x80060888", "The request URI is too long.")
        if not self.entra.accepts(call.bearer, call.at_s):
            return self._challenge(call)
        if not self.conditions.rights.application_user:
            raise refused(403, "0x80072560", "The user is not a member of the organization.")
        return self._metered(call)

    def _metered(self, call: Call) -> Reply:
        meter, user = self.conditions.dataverse_meter, self.environment.who["UserId"]
        throttle = meter.begin(user, call.at_s)
        if throttle is not None:
            reply = dataverse_error(429, throttle.code, throttle.message)
            return reply.with_headers({"Retry-After": str(throttle.retry_after_s)})
        latency_s = self.conditions.limits.dataverse_latency_s
        try:
            if latency_s:
                time.sleep(latency_s)
            reply = self._whole(call)
        except Refusal as refusal:
            reply = refusal.reply
        finally:
            meter.end(user, call.at_s, duration_s=latency_s + self.conditions.limits.dataverse_request_ms / 1000)
        return reply.with_headers(dict(meter.headers(user, call.at_s)))

    def _whole(self, call: Call) -> Reply:
        if call.method == "POST" and BATCH.fullmatch(call.path):
            return answer_batch(self.environment.store, call, self._routed)
        return self._routed(call)

    def _routed(self, call: Call) -> Reply:
        match = find_route(ROUTES, call, call.path)
        if match is None:
            return dataverse_error(501, "0x80060888", f"The emulator has no {call.method} {call.path}.")
        route, named = match
        try:
            return route.answer(self.environment, named)
        except sqlite3.OperationalError as error:
            return dataverse_error(400, "0x80060888", f"The query cannot be answered: {error}")

    def _challenge(self, call: Call) -> Reply:
        where = f"authorization_uri={self.entra.authority}/oauth2/authorize, resource_id={call.origin}/"
        return Reply(401, b"", {"WWW-Authenticate": f"Bearer {where}"}, media_type="text/html")


def _explained(reply: Reply, call: Call) -> Reply:
    """An error reply with the details that come when all annotations are asked for; other replies as they are."""
    is_error = reply.status >= 400 and reply.media_type.startswith("application/json")
    if not is_error or not read_preferences(call).annotates(f"{_CDS}TraceText"):
        return reply
    body = json.loads(reply.body)
    body["error"] |= {
        f"@{_DETAILS}OperationStatus": "0",
        f"@{_CDS}HelpLink": "",
        f"@{_CDS}TraceText": "",
        f"@{_CDS}InnerError.Message": body["error"]["message"],
    }
    return replace(reply, body=json_bytes(body))


def _dressed(reply: Reply, call: Call) -> Reply:
    """The reply with the headers that every answer of Dataverse carries."""
    ids = {"OData-Version": "4.0", "REQ_ID": call.correlation_id, "x-ms-service-request-id": call.correlation_id}
    cookie = {"Set-Cookie": "ARRAffinity=emulator; path=/; HttpOnly"}
    media_type = _JSON if reply.media_type.startswith("application/json") else reply.media_type
    return Reply(reply.status, reply.body, {**reply.headers, **ids, **cookie}, media_type)
