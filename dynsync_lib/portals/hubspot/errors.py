"""HubSpot's refusals as the kit's errors, and how long to wait before a request is sent again.

Facts
    * A 429 comes in two shapes: with `policyName`, or with a category and the policy in the message; `Retry-After` is
      not reliable. The daily limit ends at midnight of the account: waiting does not help (portal-apis 3.2).
    * A locked record is free after 2 s; an account that moves to another data centre may take a day (3.3). A 404, or a
      type that cannot be inferred, means that the account has no such object.
    * The body of a refusal need not be JSON: Cloudflare answers 5xx with HTML, and so does HubSpot itself a 404 for a
      single record that does not exist (measured by others, 2026). A 403 or 404 without JSON says nothing about rights
      or objects.

Where it is used: `portals.hubspot.reader`, `portals.check.hubspot`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from dynsync_lib.errors import AccessError, PortalError, PortalUnavailableError, RateLimitError, SignInError
from dynsync_lib.portals.http.caller import (
    RESUMES,
    Manners,
    asked_pause,
    ignore_headers,
    json_object,
    limited,
    no_json,
    retry_after_s,
    unavailable,
    undocumented,
)
from dynsync_lib.portals.http.transport import is_read

_PAUSES_S: Final[Mapping[str, float]] = {"daily": math.inf, "ten_secondly": 10.0, "secondly": 1.0}
_LOCKED_S: Final = 2.0
_NAME: Final = "HubSpot"


def hubspot_manners(heed: Callable[[httpx.Response], None] = ignore_headers) -> Manners:
    """How requests to HubSpot are sent; `heed` is called with every answer."""
    return Manners(_NAME, explain_hubspot, pause_of_hubspot, heed, correlation_id_of_hubspot)


def explain_hubspot(response: httpx.Response) -> PortalError:
    """The error of a refused request, by status and body (portal-apis 3.3)."""
    status, body, correlation_id = response.status_code, json_object(response), correlation_id_of_hubspot(response)
    if status in {401, 530}:
        return SignInError(
            "HubSpot does not accept the access token.",
            next_step="Put a working service key or private app token into the environment.",
            correlation_id=correlation_id,
        )
    if status in {403, 404} and not body:
        return no_json(_NAME, response, response.request.url.path, correlation_id)
    if status == 403:
        return _no_access(response, body, correlation_id)
    if status == 404 or "Unable to infer object type" in str(body.get("message")):
        return AccessError(
            f"HubSpot has no {response.request.url.path} here.",
            next_step="Check that the account has this object, or leave it off in the settings.",
            correlation_id=correlation_id,
            is_absent=True,
        )
    if status == 429:
        return _limited(response, body, correlation_id)
    if status == 477:
        return _moving(response, correlation_id)
    if status in {408, 423} or status >= 500:
        return unavailable(_NAME, response, correlation_id)
    message = f"{body.get('category', 'no category')}, {body.get('message', 'no message')}"
    return undocumented(_NAME, response, response.request.url.path, message, correlation_id)


def pause_of_hubspot(response: httpx.Response) -> float | None:
    """Seconds to wait before a request is sent again; infinite for the daily limit, None when HubSpot names no time."""
    if response.status_code == 429 and _policy(json_object(response)) == "daily":
        return math.inf
    named_s = retry_after_s(response)
    if named_s is not None or response.status_code not in {423, 429}:
        return named_s
    return _LOCKED_S if response.status_code == 423 else _PAUSES_S.get(_policy(json_object(response)))


def correlation_id_of_hubspot(response: httpx.Response) -> str | None:
    """The id of a request that HubSpot's support asks for; None when the answer has none."""
    correlation_id = response.headers.get("x-hubspot-correlation-id")
    return str(correlation_id) if correlation_id else json_object(response).get("correlationId")


def _policy(body: Mapping[str, Any]) -> str:
    text = f"{body.get('policyName', '')} {body.get('message', '')}".lower()
    return next((policy for policy in _PAUSES_S if policy in text), "")


def _moving(response: httpx.Response, correlation_id: str | None) -> PortalError:
    return PortalUnavailableError(
        f"HubSpot moves the account to another data centre{asked_pause(response)}.",
        next_step=RESUMES,
        correlation_id=correlation_id,
    )


def _limited(response: httpx.Response, body: Mapping[str, Any], correlation_id: str | None) -> PortalError:
    if _policy(body) != "daily":
        return limited(_NAME, response, correlation_id)
    return RateLimitError(
        "HubSpot's daily limit of requests is used up.",
        next_step="Run the same command again after midnight of the account's time zone; it goes on where it stopped.",
        correlation_id=correlation_id,
    )


def _no_access(response: httpx.Response, body: Mapping[str, Any], correlation_id: str | None) -> AccessError:
    contexts = [error.get("context") or {} for error in body.get("errors") or () if isinstance(error, dict)]
    scopes = sorted({str(scope) for context in contexts for scope in context.get("requiredGranularScopes") or ()})
    lacking = f": it lacks the scope {' or '.join(scopes)}" if scopes else ""
    request = response.request
    does = "read" if is_read("hubspot", request.method, request.url.path) else "write to"
    return AccessError(
        f"HubSpot does not let the token {does} {request.url.path}{lacking}.",
        next_step="Add the scope to the service key or private app, and run again.",
        correlation_id=correlation_id,
        missing=scopes,
    )
