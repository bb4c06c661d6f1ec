"""HubSpot's error bodies, as documented and recorded (portal-apis 3.2, 3.3).

Facts
    * A single record that is not there is a short page of the server below the API; only an id that can be none is
      answered in JSON (corrections F6, measured by a third party).

Where it is used: the other modules of this folder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Refusal, Reply, json_reply

_NOT_SIGNED_IN = (
    "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details "
    "at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
)
_NO_SCOPE = (
    "This app hasn't been granted all required scopes to make this call. "
    "Read more about required scopes here: https://developers.hubspot.com/scopes."
)

SERVER_PAGE: Final = (
    '<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>\n'
    "<title>Error {status} {reason}</title>\n</head>\n"
    "<body><h2>HTTP ERROR {status}</h2>\n{said}\n</body>\n</html>\n"
)
"""The page of the server below the API, which calls itself utf-8 and is sent as Latin-1."""


def hubspot_error(call: Call, status: int, message: str, **more: Any) -> Reply:
    """An error in the form that all errors of HubSpot have; `more` are further properties of the body."""
    return json_reply(
        {"status": "error", "message": message, "correlationId": call.correlation_id, **more}, status=status
    )


def invalid(call: Call, message: str) -> Refusal:
    """400 for an argument that cannot be used."""
    return Refusal(hubspot_error(call, 400, message, category="VALIDATION_ERROR"))


def no_token(call: Call) -> Refusal:
    """401 for a missing or unknown token."""
    return Refusal(hubspot_error(call, 401, _NOT_SIGNED_IN, category="INVALID_AUTHENTICATION"))


def no_scope(call: Call, scopes: Sequence[str]) -> Refusal:
    """403 that names the scopes, one of which is needed."""
    missing = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredGranularScopes": list(scopes)},
    }
    links = {"scopes": "https://developers.hubspot.com/scopes"}
    return Refusal(hubspot_error(call, 403, _NO_SCOPE, errors=[missing], links=links, category="MISSING_SCOPES"))


def not_found(call: Call) -> Refusal:
    """404 for one property, owner or export."""
    return Refusal(hubspot_error(call, 404, "resource not found"))


def no_record() -> Refusal:
    """404 for one record that is not there: a page, not JSON."""
    page = SERVER_PAGE.format(status=404, reason="Not Found", said="<p>Resource not found</p>")
    return Refusal(Reply(404, page.encode("latin-1"), media_type="text/html;charset=iso-8859-1"))


def no_record_id(call: Call, id_: str, *, is_number: bool) -> Refusal:
    """404 in JSON for an id that no record can have."""
    message = (
        "Object not found. objectId is usually positive."
        if is_number
        else "Object not found.  objectId are usually numeric."
    )
    return Refusal(hubspot_error(call, 404, message, context={"id": [id_]}, category="OBJECT_NOT_FOUND"))


def unknown_type(call: Call, name: str) -> Refusal:
    """400 for an object type that HubSpot does not know; one that looks like a type id is told so."""
    is_type_id = re.fullmatch(r"\d+-\d+", name) is not None
    what = "Invalid object or event type id" if is_type_id else "Unable to infer object type from"
    return Refusal(hubspot_error(call, 400, f"{what}: {name}"))


def invalid_json(call: Call, detail: str, *, line: int = 1, column: int = 1) -> Refusal:
    """400 for a body that is no JSON object, with the place where reading ended."""
    return Refusal(hubspot_error(call, 400, f"Invalid input JSON on line {line}, column {column}: {detail}"))


def too_many_requests(call: Call, policy: str, *, shape: str) -> Reply:
    """429 in one of two shapes: with `policyName`, or the older one; `both` keeps the older one for search."""
    message = f"You have reached your {policy.lower()} limit."
    if shape == "category" or (shape == "both" and policy == "SECONDLY"):
        return hubspot_error(call, 429, message, category="RATE_LIMITS")
    more: Mapping[str, str] = {"errorType": "RATE_LIMIT", "policyName": policy, "requestId": call.correlation_id}
    return hubspot_error(call, 429, message, **more)


def too_long(limit: int) -> Reply:
    """414: the edge server's page, not JSON."""
    page = f"<html><head><title>414 Request-URI Too Large</title></head><body>Longer than {limit}.</body></html>"
    return Reply(414, page.encode(), media_type="text/html")
