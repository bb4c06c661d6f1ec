"""What HubSpot answers ahead of its routes: to a method that a path does not take, to a client that takes no JSON.

Facts
    * 405 and 406 are pages of the server below the API, not JSON, and come before the token is looked at; writes and
      clients that take no page get the status alone. OPTIONS is 401 (corrections F15, measured by a third party).
    * An `Accept` must name `application/json`, `application/*` or `*/*`, in any case and whatever its weight.

Not modelled
    * Methods of paths whose list of methods nobody has published: what is not emulated there is refused with 501.

Where it is used: `emulator.hubspot.api`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Reply
from dynsync_lib.emulator.hubspot.errors import SERVER_PAGE, hubspot_error

_OBJECTS: Final = r"/crm/v3/objects/[^/]+"
_ALLOWED: Final = tuple(
    (re.compile(path), allowed)
    for path, allowed in (
        (_OBJECTS + r"/(?:search|merge|batch/(?:read|create|update|upsert|archive))", "POST,OPTIONS"),
        (_OBJECTS + r"/[^/]+", "DELETE,GET,OPTIONS,PATCH"),
        (_OBJECTS, "POST,GET,OPTIONS"),
        (r"/crm/v4/objects/[^/]+/[^/]+/associations/[^/]+", "GET,OPTIONS"),
    )
)
_WITH_PAGE: Final = ("GET", "POST", "HEAD")
_NO_STORE: Final = {"Cache-Control": "must-revalidate,no-cache,no-store"}
_JSON_RANGES: Final = frozenset({"application/json", "application/*", "*/*"})
_PAGE_RANGES: Final = frozenset({"text/html", "text/*", "*/*"})
_MISSING: Final = "Any of the listed authentication credentials are missing"
_ENGAGEMENT: Final[Mapping[str, Any]] = {
    "service-to-service": "service-to-service not engaged. Metadata for service-to-service request not found.",
    "app-cookie": "app-cookie not engaged. App cookie is not present on the request.",
}


def refuse_method(call: Call, path: str) -> Reply | None:
    """401 for OPTIONS, 405 for a method that a path does not take, 406 for a client that takes no JSON; None when the
    route may answer, or when nobody knows which methods the path takes."""
    allowed = next((methods for pattern, methods in _ALLOWED if pattern.fullmatch(path)), None)
    if allowed is None:
        return None
    if call.method == "OPTIONS":
        return hubspot_error(call, 401, _MISSING, engagement=_ENGAGEMENT)
    if call.method not in {*allowed.split(","), "HEAD"}:
        return _page(call, 405, "Method Not Allowed", {"Allow": allowed})
    if not _ranges(call) & _JSON_RANGES:
        return _page(call, 406, "Not Acceptable", {})
    return None


def _ranges(call: Call) -> set[str]:
    """The media ranges that the client takes, without their weights."""
    accept = call.header("accept") or "*/*"
    return {entry.partition(";")[0].strip().lower() for entry in accept.split(",")}


def _page(call: Call, status: int, reason: str, headers: Mapping[str, str]) -> Reply:
    if call.method not in _WITH_PAGE:
        return Reply(status, b"", headers)
    if not _ranges(call) & _PAGE_RANGES:
        return Reply(status, b"", {**headers, **_NO_STORE})
    said = f"<p>Reason:\n<pre>    {reason}</pre></p>"
    page = SERVER_PAGE.format(status=status, reason=reason, said=said)
    return Reply(status, page.encode("latin-1"), {**headers, **_NO_STORE}, "text/html;charset=iso-8859-1")
