"""Signing in: HubSpot's token, and Microsoft's sign-in through `msal`.

Facts
    * A Dataverse host answers a request without a token with a challenge that names the tenant (portal-apis 5.3).
    * Tokens are valid for about an hour; `msal` holds them in memory. After a 401 in the middle of a pull a fresh one
      is fetched, once.
    * `msal` requires https. An authority that Microsoft does not know (an emulator) works with instance discovery off.
    * Tokens are stored between commands only where the connections have a store for them.

Where it is used: `portals.hubspot.reader`, `portals.dataverse.reader`, `portals.check.check_portals`.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Generator, Mapping
from typing import Any, Final

import httpx
import msal
from msal.exceptions import MsalError
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt

from dynsync_lib.errors import PortalError, PortalUnavailableError, SignInError, UnexpectedReplyError
from dynsync_lib.portals.http.hosts import check_host, is_loopback
from dynsync_lib.portals.http.pace import Pace
from dynsync_lib.portals.http.transport import BlockingReadOnlyTransport, Guard, blocking_network
from dynsync_lib.portals.sign_in.connections import PortalConnections
from dynsync_lib.portals.sign_in.credentials import Answer, SignInWay, way_of
from dynsync_lib.portals.sign_in.entra_refusals import refusal_of

_CHALLENGE: Final = re.compile(r"authorization_uri=[\"']?([^,\"'\s]+)")

logging.getLogger("msal").setLevel(logging.CRITICAL + 1)  # it logs answers that it cannot read, tokens and all


class BearerAuth(httpx.Auth):
    """Adds a token that does not change to each request."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sends the request with the token."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


class DataverseAuth(httpx.Auth):
    """Adds the token of a sign-in to each request.

    When a token is refused, one fresh token is fetched for all tasks whose requests were refused with it.
    """

    def __init__(self, sign_in: EntraSignIn, pace: Pace) -> None:
        self._sign_in, self._pace = sign_in, pace
        self._turn = asyncio.Lock()

    async def sign_in(self) -> None:
        """Fetches a token now, so that a refused sign-in is the first fault. Raises as `EntraSignIn.read_token`."""
        await self._token(refused=None)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sends the request with a token, and a second time with another token when the first was refused."""
        token = await self._token(refused=None)
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            request.headers["Authorization"] = f"Bearer {await self._token(refused=token)}"
            yield request

    async def _token(self, *, refused: str | None) -> str:
        """A token other than `refused`; the sign-in is asked again, after pauses, when it does not answer."""
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(PortalUnavailableError),
            stop=stop_after_attempt(self._pace.tries),
            wait=lambda state: self._pace.backoff_s(state.attempt_number),
            sleep=self._pace.sleep,
            reraise=True,
        )
        async with self._turn:
            try:
                return await retrying(asyncio.to_thread, self._sign_in.read_token, refused=refused)
            except asyncio.CancelledError:
                self._sign_in.cancel()
                raise


class EntraSignIn:
    """Fetches tokens for one Dataverse environment; `inner` replaces the network in tests.

    Raises SafetyError when the address of Dynamics is no Dataverse host.
    """

    def __init__(self, connections: PortalConnections, *, inner: httpx.BaseTransport | None = None) -> None:
        self._connections, self._inner = connections, inner
        self._origin = check_host("dynamics", connections.dynamics_url)
        self._way: SignInWay | None = None
        self._cache = msal.SerializableTokenCache()
        self._http_client: httpx.Client | None = None

    def close(self) -> None:
        """Closes the connections."""
        if self._http_client is not None:
            self._http_client.close()

    def cancel(self) -> None:
        """Ends a sign-in that waits for a person."""
        if self._way is not None:
            self._way.cancel()

    def read_token(self, *, refused: str | None = None) -> str:
        """A token that differs from `refused`, from memory or from Microsoft (blocks until it answers).

        Raises SignInError, PortalUnavailableError, SettingsError, UnexpectedReplyError, SafetyError.
        """
        answer = self._ask(self._way or self._open(), afresh=False)
        if refused is not None and answer.get("access_token") == refused:
            answer = self._ask(self._way or self._open(), afresh=True)
        if "access_token" not in answer:
            raise refusal_of(answer)
        return str(answer["access_token"])

    def find_authority(self) -> str:
        """The address of the authority to sign in at: the configured one, else the one in the environment's challenge.

        Raises UnexpectedReplyError when there is no challenge, SafetyError when it names a foreign host.
        """
        configured, tenant = (self._connections.authority or "").rstrip("/"), self._connections.tenant_id
        if configured:
            return self._checked(configured if httpx.URL(configured).path.strip("/") else f"{configured}/{tenant}")
        challenged = self._checked(self._read_challenge())
        return challenged if not tenant else f"{challenged.rpartition('/')[0]}/{tenant}"

    def _open(self) -> SignInWay:
        way = way_of(self._connections)
        authority = self.find_authority()
        self._http_client = self._http_client or self._http("sign-in", httpx.URL(authority))
        self._recall()
        try:
            way.open(authority, MsalHttp(self._http_client), self._cache)
        except ValueError:
            raise SignInError(
                f"Microsoft does not know the tenant of {authority}.",
                next_step="Correct tenant_id in the settings, or leave it empty.",
            ) from None
        except (httpx.HTTPError, MsalError) as fault:
            raise _no_sign_in(fault) from None
        self._way = way
        return way

    def _ask(self, way: SignInWay, *, afresh: bool) -> Answer:
        try:
            answer = way.ask(str(self._origin).rstrip("/"), afresh=afresh)
        except (httpx.HTTPError, MsalError, ValueError, RuntimeError) as fault:
            self._way = None  # msal would answer from memory for a minute, without asking again
            is_unfinished = way.is_person and not isinstance(fault, httpx.HTTPError)
            raise (_unfinished(fault) if is_unfinished else _no_sign_in(fault)) from None
        self._remember()
        return answer

    def _recall(self) -> None:
        store = self._connections.token_store
        try:
            self._cache.deserialize(store.read() if store is not None else None)
        except ValueError:
            self._cache.deserialize(None)

    def _remember(self) -> None:
        store = self._connections.token_store
        if store is not None and self._cache.has_state_changed:
            store.write(self._cache.serialize())

    def _read_challenge(self) -> str:
        try:
            with self._http("dynamics", self._origin) as client:
                response = client.get(f"{str(self._origin).rstrip('/')}/api/data/v9.2/")
        except httpx.RequestError as fault:
            raise PortalUnavailableError(
                f"Dynamics at {self._origin} does not answer ({type(fault).__name__}).",
                next_step=_next_step(fault, "Check the address of Dynamics in the settings, and the network."),
            ) from fault
        challenge = _CHALLENGE.search(response.headers.get("www-authenticate", ""))
        if challenge is None:
            raise UnexpectedReplyError(
                f"{self._origin} does not say where to sign in (status {response.status_code}).",
                next_step="Check the address of Dynamics in the settings, or set tenant_id.",
            )
        return re.sub(r"/oauth2/(v2\.0/)?authorize/?$", "", challenge[1])

    def _checked(self, authority: str) -> str:
        host = check_host("sign-in", authority)
        if is_loopback(host) and not is_loopback(self._origin):
            raise UnexpectedReplyError(
                f"{self._origin} wants the sign-in on this machine.", next_step="Correct authority in the settings."
            )
        return f"{str(host).rstrip('/')}{httpx.URL(authority).path}"

    def _http(self, portal: Any, address: httpx.URL) -> httpx.Client:
        origin = check_host(portal, str(address))
        inner = self._inner or blocking_network(origin, ca_file=self._connections.ca_file)
        return httpx.Client(transport=BlockingReadOnlyTransport(Guard(portal, origin), inner), timeout=60)


class MsalHttp:
    """The HTTP client that `msal` calls, around a client of httpx.

    `msal` passes form fields as bytes, which httpx would send as the text `b'...'`.
    """

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def get(self, url: str, *, params: Any = None, headers: Any = None, **options: Any) -> httpx.Response:
        """The answer to a GET."""
        del options
        return self._client.get(url, params=params, headers=headers)

    def post(
        self, url: str, *, params: Any = None, data: Any = None, headers: Any = None, **options: Any
    ) -> httpx.Response:
        """The answer to a POST of form fields (a mapping) or of text."""
        del options
        if isinstance(data, Mapping):
            data = {name: value.decode() if isinstance(value, bytes) else value for name, value in data.items()}
            return self._client.post(url, params=params, data=data, headers=headers)
        return self._client.post(url, params=params, content=data, headers=headers)

    def close(self) -> None:
        """Does nothing: `EntraSignIn` closes the client."""


def _unfinished(fault: Exception) -> SignInError:
    return SignInError(
        f"The sign-in of the person did not finish ({type(fault).__name__}).",
        next_step="Run the command again and sign in within five minutes.",
    )


def _no_sign_in(fault: Exception) -> PortalError:
    return PortalUnavailableError(
        f"Microsoft's sign-in does not answer ({type(fault).__name__}).",
        next_step=_next_step(fault, "Check the network and try again."),
    )


def _next_step(fault: Exception, usual: str) -> str:
    is_trust = "CERTIFICATE_VERIFY_FAILED" in str(fault)
    return "Its certificate is not trusted: check the address and the machine's certificates." if is_trust else usual
