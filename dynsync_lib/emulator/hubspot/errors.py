"""HubSpot's error bodies, as documented and recorded (portal-apis 3.2, 3.3).

Where it is used: the other modules of this folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dynsync_lib.emulator.calls import Call, Refusal, Reply, json_reply

_NOT_SIGNED_IN = (
    "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details "
    "at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
)
_NO_SCOPE = (
    "This app hasn't been granted all required scopes to make this call. "
    "Read more about required scopes here: https://developers.hubspot.com/scopes."
)


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
    """404 for one record, property or owner."""
    return Refusal(hubspot_error(call, 404, "resource not found"))


def unknown_type(call: Call, name: str) -> Refusal:
    """400 for an object type that HubSpot does not know."""
    return Refusal(hubspot_error(call, 400, f"Unable to infer object type from: {name}"))


def invalid_json(call: Call, detail: str) -> Refusal:
    """400 for a body that is no JSON object."""
    return Refusal(hubspot_error(call, 400, f"Invalid input JSON on line 1, column 1: {detail}"))


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
