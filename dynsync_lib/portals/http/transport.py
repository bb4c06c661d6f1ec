"""The HTTP transport of every request: it can only read, and only from the portal's own host.

Facts
    * `READ_ROUTES` lists what may be sent, by method and path. POST is allowed where it reads (batch read, search) and
      where a token is fetched. Every other request raises SafetyError before anything is sent.
    * The token is never sent to another host, whatever a link in an answer says; redirects are not followed.
    * The environment's proxy is used for portals, never for this machine.

Not modelled
    * Proxies that need a password other than the one in their address.

Where it is used: `portals.hubspot`, `portals.dataverse`, `portals.sign_in.auth`, `rehearsal.writing`.
"""

from __future__ import annotations

import importlib.util
import re
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.request import getproxies, proxy_bypass

import httpx

from dynsync_lib.errors import SafetyError
from dynsync_lib.portals.http.hosts import Portal, is_loopback

_TYPE: Final = r"[a-z_]+"
_DATE: Final = r"\d{4}-\d{2}"
_PRIVILEGES: Final = r"Microsoft\.Dynamics\.CRM\.RetrieveUserPrivileges\(\)"
READ_ROUTES: Final[Mapping[Portal, tuple[tuple[str, str], ...]]] = {
    "hubspot": (
        ("GET", rf"/account-info/(v3|{_DATE})/details"),
        ("GET", rf"/account-info/(v3|{_DATE})/api-usage/daily/private-apps"),
        ("POST", r"/oauth/v2/private-apps/get/access-token-info"),
        ("GET", rf"/crm/(v3/properties|properties/{_DATE})/{_TYPE}"),
        ("GET", rf"/crm/(v3/objects|objects/{_DATE})/{_TYPE}"),
        ("GET", rf"/crm/(v3/owners|owners/{_DATE})"),
        ("POST", rf"/crm/(v3/objects|objects/{_DATE})/{_TYPE}/batch/read"),
        ("POST", rf"/crm/(v3/objects|objects/{_DATE})/{_TYPE}/search"),
        ("POST", rf"/crm/(v4/associations|associations/{_DATE})/{_TYPE}/{_TYPE}/batch/read"),
    ),
    "dynamics": (
        ("GET", r"/api/data/v9\.\d/"),
        ("GET", r"/api/data/v9\.\d/WhoAmI"),
        ("GET", r"/api/data/v9\.\d/RetrieveCurrentOrganization\([^/]*\)"),
        ("GET", r"/api/data/v9\.\d/RetrieveTotalRecordCount\([^/]*\)"),
        ("GET", r"/api/data/v9\.\d/EntityDefinitions\(LogicalName='\w+'\)(/Attributes(/[\w.]+)?)?"),
        ("GET", rf"/api/data/v9\.\d/systemusers\([0-9a-f-]{{36}}\)/{_PRIVILEGES}"),
        ("GET", r"/api/data/v9\.\d/[a-z_0-9]+"),
    ),
    "sign-in": (
        ("GET", r"/[\w.-]+/v2\.0/\.well-known/openid-configuration"),
        ("POST", r"/[\w.-]+/oauth2/v2\.0/(token|devicecode)"),
    ),
}
"""Method and path (a full match of the decoded path) of every request the kit may send."""

TRICKS: Final = re.compile(r"//|\\|;|\.\.|%(?:2[ef]|5c|3b|25|0[0-9a-f]|1[0-9a-f])", re.IGNORECASE)
"""Parts of a path that a server may read as another path."""
OVERRIDES: Final = ("X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override")
"""Headers that make some servers treat a request as one of another method."""


def is_read(portal: Portal, method: str, path: str) -> bool:
    """Whether a request of that method and decoded path only reads."""
    return any(method == allowed and re.fullmatch(pattern, path) for allowed, pattern in READ_ROUTES[portal])


@dataclass(frozen=True, slots=True)
class Guard:
    """Which requests may be sent to one portal, and its host."""

    portal: Portal
    origin: httpx.URL

    def check(self, request: httpx.Request) -> None:
        """Raises SafetyError unless the request only reads, and is addressed to the portal's own host."""
        url = request.url
        if (url.scheme, url.host, url.port) != (self.origin.scheme, self.origin.host, self.origin.port):
            raise SafetyError(
                f"A request to {url.scheme}://{url.host} was stopped: {self.portal} is at {self.origin}.",
                next_step="Check what answers at that address; the token goes to no other host.",
            )
        if not self._reads(request.method, url) or any(name in request.headers for name in OVERRIDES):
            raise SafetyError(
                f"{request.method} {url.path} was stopped: the kit only reads from {self.portal}.",
                next_step="Report this: no part of a pull should send it.",
            )

    def _reads(self, method: str, url: httpx.URL) -> bool:
        """Whether a route allows the request; a path that can be read in two ways, or leads upwards, never is."""
        written = url.raw_path.partition(b"?")[0].decode("ascii")
        if TRICKS.search(written):
            return False
        return is_read(self.portal, method, url.path)


class ReadOnlyTransport(httpx.AsyncBaseTransport):
    """Sends the requests that the guard allows, and raises SafetyError for all others."""

    def __init__(self, guard: Guard, inner: httpx.AsyncBaseTransport) -> None:
        self._guard, self._inner = guard, inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The portal's answer."""
        self._guard.check(request)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._inner.aclose()


class BlockingReadOnlyTransport(httpx.BaseTransport):
    """The same as `ReadOnlyTransport` for callers that block, such as `msal`."""

    def __init__(self, guard: Guard, inner: httpx.BaseTransport) -> None:
        self._guard, self._inner = guard, inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The portal's answer."""
        self._guard.check(request)
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Closes the connections."""
        self._inner.close()


def _note_absence_of_sniffio() -> None:
    """Notes once that the package sniffio is not there, in Python's own way: None in the place of the module.

    httpcore imports it at every request, and Python looks for a package that is not there in every folder of its path:
    a sixth of the time of whoever asks as fast as an emulated portal answers.
    """
    if importlib.util.find_spec("sniffio") is None:
        modules: dict[str, Any] = sys.modules
        modules["sniffio"] = None


def network(origin: httpx.URL, *, ca_file: Path | None, connections: int = 64) -> httpx.AsyncHTTPTransport:
    """The real network to one host, through the environment's proxy, with as many connections at most.

    `ca_file` holds the certificate authority to trust; None: those that the machine trusts.
    """
    _note_absence_of_sniffio()
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx.AsyncHTTPTransport(verify=_trust_of(origin, ca_file), limits=limits, proxy=proxy_of(origin))


def blocking_network(origin: httpx.URL, *, ca_file: Path | None) -> httpx.HTTPTransport:
    """The same as `network` for callers that block."""
    return httpx.HTTPTransport(verify=_trust_of(origin, ca_file), proxy=proxy_of(origin))


def _trust_of(origin: httpx.URL, ca_file: Path | None) -> ssl.SSLContext:
    """What is trusted at an address; plain http, which is allowed on this machine only, reads no certificates."""
    return trust(ca_file) if origin.scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """A TLS context that trusts the certificates of `ca_file`, or those that the machine trusts when it is None."""
    if ca_file is not None:
        return ssl.create_default_context(cafile=str(ca_file))
    return httpx.create_ssl_context()


def proxy_of(origin: httpx.URL) -> str | None:
    """The address of the environment's proxy for a host; None when there is none or the host is on this machine."""
    if is_loopback(origin) or proxy_bypass(origin.host):
        return None
    return getproxies().get(origin.scheme)
