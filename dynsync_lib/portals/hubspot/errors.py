"""HubSpot's refusals as errors of ours, and how long it wants to be left alone.

Facts
    * A 429 comes in two shapes: with `policyName`, or with a category and the policy in the message; `Retry-After` is
      not dependable. The daily limit is over at midnight of the account: waiting does not help (portal-apis 3.2).
    * A locked record wants 2 s; an account that moves to another data centre up to a day (3.3). A 404, or a type that
      cannot be inferred, means that the account has no such object.
    * Cloudflare answers 5xx with HTML, so nothing counts on JSON there.

Where it is used: `portals.hubspot.reader`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

import httpx

from dynsync_lib.errors import (
    AccessError,
    PortalError,
    PortalUnavailableError,
    RateLimitError,
    SignInError,
    UnexpectedReplyError,
)
from dynsync_lib.portals.http.caller import RESUMES, limited, retry_after_s, sentence, unavailable

_PAUSES_S: Final[Mapping[str, float]] = {"daily": math.inf, "ten_secondly": 10.0, "secondly": 1.0}
_LOCKED_S: Final = 2.0
_NAME: Final = "HubSpot"


def explain_hubspot(response: httpx.Response) -> PortalError:
    """The error of a refused request."""
    status, body, correlation_id = response.status_code, _body(response), correlation_id_of_hubspot(response)
    if status in {401, 530}:
        return SignInError(
            "HubSpot does not accept the access token.",
            next_step="Put a working service key or private app token into the environment.",
            correlation_id=correlation_id,
        )
    if status == 403:
        return _no_access(response, body, correlation_id)
    if status == 404 or "Unable to infer object type" in str(body.get("message")):
        return AccessError(
            f"HubSpot has no {response.request.url.path} here.",
            next_step="Check that the account has this object, or leave it off in the settings.",
            correlation_id=correlation_id,
        )
    if status == 429:
        return _limited(response, body, correlation_id)
    if status == 477:
        return _moving(response, correlation_id)
    if status in {408, 423} or status >= 500:
        return unavailable(_NAME, response, correlation_id)
    return UnexpectedReplyError(
        f"HubSpot answers {response.request.url.path} with status {status}: {_told(body)}",
        next_step="Report this with the correlation id.",
        correlation_id=correlation_id,
    )


def pause_of_hubspot(response: httpx.Response) -> float | None:
    """Seconds to wait before the request is sent again; infinite for the daily limit, None when nothing is said."""
    if response.status_code == 429 and _policy(_body(response)) == "daily":
        return math.inf
    named_s = retry_after_s(response)
    if named_s is not None or response.status_code not in {423, 429}:
        return named_s
    return _LOCKED_S if response.status_code == 423 else _PAUSES_S.get(_policy(_body(response)))


def correlation_id_of_hubspot(response: httpx.Response) -> str | None:
    """The id that HubSpot's support asks for."""
    told = response.headers.get("x-hubspot-correlation-id")
    return str(told) if told else _body(response).get("correlationId")


def _policy(body: Mapping[str, Any]) -> str:
    text = f"{body.get('policyName', '')} {body.get('message', '')}".lower()
    return next((policy for policy in _PAUSES_S if policy in text), "")


def _moving(response: httpx.Response, correlation_id: str | None) -> PortalError:
    pause_s = retry_after_s(response)
    told = "" if pause_s is None else f" and asks to wait {pause_s:g} seconds"
    return PortalUnavailableError(
        f"HubSpot moves the account to another data centre{told}.", next_step=RESUMES, correlation_id=correlation_id
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
    told = f": it lacks the scope {' or '.join(scopes)}" if scopes else ""
    return AccessError(
        f"HubSpot does not let the token read {response.request.url.path}{told}.",
        next_step="Add the scope to the service key or private app, and run again.",
        correlation_id=correlation_id,
        missing=scopes,
    )


def _told(body: Mapping[str, Any]) -> str:
    return sentence(f"{body.get('category', 'no category')}, {body.get('message', 'no message')}")


def _body(response: httpx.Response) -> dict[str, Any]:
    try:
        body = json.loads(response.content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
