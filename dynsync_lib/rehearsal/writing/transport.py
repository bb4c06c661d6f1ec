"""The HTTP transport of what is written: listed routes, the portal's own host, and never without the gate's permit.

Facts
    * `WRITE_ROUTES` lists what may be sent, by method and path. Every other request raises SafetyError before anything
      is sent; reading goes through the transport that can only read.
    * A request carries the permit that the gate gave for it (`with_permit`). Without one, or with one of the other
      system, it is not sent; nor after the gate was closed.

Where it is used: `rehearsal.writing.caller`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import httpx

from dynsync_lib.core.model import System
from dynsync_lib.errors import SafetyError
from dynsync_lib.portals.http.transport import OVERRIDES, TRICKS
from dynsync_lib.rehearsal.gate import Gate, Permit

_TYPE: Final = r"[a-z_]+"
_NAME: Final = r"[a-z][a-z0-9_]*"
_DATE: Final = r"\d{4}-\d{2}"
_OBJECTS: Final = rf"/crm/(v3/objects|objects/{_DATE})/{_TYPE}"
_PROPERTIES: Final = rf"/crm/(v3/properties|properties/{_DATE})/{_TYPE}"
_ASSOCIATIONS: Final = rf"/crm/(v4/associations|associations/{_DATE})/{_TYPE}/{_TYPE}"
_API: Final = r"/api/data/v9\.\d/"
_TABLES: Final = "(contacts|accounts|leads|opportunities|invoices)"
WRITE_ROUTES: Final[Mapping[System, tuple[tuple[str, str], ...]]] = {
    System.HUBSPOT: (
        ("POST", rf"{_OBJECTS}/batch/(create|update|archive)"),
        ("POST", rf"{_ASSOCIATIONS}/batch/(create|associate/default|archive)"),
        ("POST", _PROPERTIES),
        ("DELETE", rf"{_PROPERTIES}/{_NAME}"),
    ),
    System.DYNAMICS: (
        ("POST", rf"{_API}{_TABLES}/Microsoft\.Dynamics\.CRM\.(CreateMultiple|UpdateMultiple)"),
        ("POST", rf"{_API}\$batch"),
        ("POST", rf"{_API}EntityDefinitions\(LogicalName='[a-z_]+'\)/Attributes"),
    ),
}
"""Method and path (a full match of the decoded path) of every write."""
_PERMIT: Final = "dynsync_permit"


def with_permit(permit: Permit) -> dict[str, Any]:
    """The extensions of a request that carries the gate's permit."""
    return {_PERMIT: permit}


class WritingTransport(httpx.AsyncBaseTransport):
    """Sends the listed writes of one portal, each with its permit, and raises SafetyError for all other requests.

    It cannot be built without a permit.
    """

    def __init__(self, permit: Permit, gate: Gate, origin: httpx.URL, inner: httpx.AsyncBaseTransport) -> None:
        if not isinstance(permit, Permit):
            raise SafetyError("Nothing is written without the gate's permit.", next_step="Report this.")
        self._system, self._gate, self._origin, self._inner = permit.system, gate, origin, inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The portal's answer."""
        self.check(request)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._inner.aclose()

    def check(self, request: httpx.Request) -> None:
        """Raises SafetyError unless the request is a listed write to the portal's own host, with a permit for it."""
        url = request.url
        if (url.scheme, url.host, url.port) != (self._origin.scheme, self._origin.host, self._origin.port):
            raise SafetyError(
                f"A write to {url.scheme}://{url.host} was stopped: {self._system.label} is at {self._origin}.",
                next_step="Report this: the token goes to no other host.",
            )
        if not self._is_listed(request):
            raise SafetyError(
                f"{request.method} {url.path} was stopped: it is none of the writes of a rehearsal.",
                next_step="Report this: no part of a rehearsal should send it.",
            )
        permit = request.extensions.get(_PERMIT)
        if not isinstance(permit, Permit) or permit.system is not self._system or self._gate.is_closed:
            raise SafetyError(
                f"{request.method} {url.path} was stopped: the gate gave no permit for it.", next_step="Report this."
            )

    def _is_listed(self, request: httpx.Request) -> bool:
        """Whether a route allows the request; a path that can be read in two ways, or leads upwards, never is."""
        written = request.url.raw_path.decode("ascii")
        if "?" in written or TRICKS.search(written) or any(name in request.headers for name in OVERRIDES):
            return False
        routes = WRITE_ROUTES[self._system]
        return any(request.method == allowed and re.fullmatch(pattern, request.url.path) for allowed, pattern in routes)
