"""Dataverse's refusals as the kit's errors.

Facts
    * 403 0x80072560: no application user. 403 0x80040220: a privilege is missing and named. 404 0x8006088a: the
      environment has no such table, as without the Sales app (portal-apis 7.2).
    * A 403 or 404 without Dataverse's JSON comes from a server before it, and says nothing about rights and tables.
    * 429 always carries `Retry-After` in seconds (7.1). A 401 has no body worth reading.

Where it is used: `portals.dataverse.reader`, `portals.check.dynamics`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from dynsync_lib.errors import AccessError, PortalError, SignInError
from dynsync_lib.portals.http.caller import (
    Manners,
    ignore_headers,
    json_object,
    limited,
    no_json,
    retry_after_s,
    unavailable,
    undocumented,
)
from dynsync_lib.portals.http.transport import is_read

_NAME: Final = "Dynamics"
_NO_USER: Final = "0x80072560"
_PRIVILEGE: Final = re.compile(r"prv\w+")


def dataverse_manners(heed: Callable[[httpx.Response], None] = ignore_headers) -> Manners:
    """How requests to Dataverse are sent; `heed` is called with every answer."""
    return Manners(_NAME, explain_dataverse, retry_after_s, heed, correlation_id_of_dataverse)


def explain_dataverse(response: httpx.Response) -> PortalError:
    """The error of a refused request, by status and body (portal-apis 7.2)."""
    status, error, correlation_id = response.status_code, _error(response), correlation_id_of_dataverse(response)
    if status == 401:
        return SignInError(
            "Dynamics does not accept the token of the sign-in.",
            next_step="Check that tenant and address belong to the same environment.",
            correlation_id=correlation_id,
        )
    if status in {403, 404} and not error:
        return no_json(_NAME, response, _segment(response), correlation_id)
    if status == 403:
        return _no_access(response, error, correlation_id)
    if status == 404:
        return AccessError(
            f"Dynamics has no {_segment(response)} here.",
            next_step="Install the app that brings the table, or leave the object off in the settings.",
            correlation_id=correlation_id,
            is_absent=True,
        )
    if status == 429:
        return limited(_NAME, response, correlation_id)
    if status == 408 or (status >= 500 and status != 501):
        return unavailable(_NAME, response, correlation_id)
    message = f"{error.get('code', 'no code')}, {error.get('message', 'no message')}"
    return undocumented(_NAME, response, _segment(response), message, correlation_id)


def correlation_id_of_dataverse(response: httpx.Response) -> str | None:
    """The id of a request that Microsoft's support asks for; None when the answer has none."""
    correlation_id = response.headers.get("x-ms-service-request-id") or response.headers.get("req_id")
    return str(correlation_id) if correlation_id else None


def _no_access(response: httpx.Response, error: Mapping[str, Any], correlation_id: str | None) -> AccessError:
    if str(error.get("code")).lower() == _NO_USER:
        return AccessError(
            "Dynamics has no application user for this client.",
            next_step="In the Power Platform admin center open Environments, the environment, Settings, Users +"
            " permissions, Application users, New app user; choose the app, a business unit and a reading role.",
            correlation_id=correlation_id,
        )
    privilege = _PRIVILEGE.search(str(error.get("message")))
    lacking = f": the privilege {privilege[0]} is missing" if privilege else ""
    does = "read" if is_read("dynamics", response.request.method, response.request.url.path) else "write to"
    return AccessError(
        f"Dynamics does not let the application user {does} {_segment(response)}{lacking}.",
        next_step="Add the privilege to the security role of the application user, and run again.",
        correlation_id=correlation_id,
        missing=[privilege[0]] if privilege else [],
    )


def _segment(response: httpx.Response) -> str:
    return response.request.url.path.partition("/api/data/")[2].partition("/")[2] or response.request.url.path


def _error(response: httpx.Response) -> dict[str, Any]:
    error = json_object(response).get("error")
    return error if isinstance(error, dict) else {}
