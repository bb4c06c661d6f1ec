"""Signing in: HubSpot's token, and Microsoft's sign-in through `msal`.

Facts
    * A Dataverse host answers a request without a token with a challenge that names the tenant (portal-apis 5.3).
    * Tokens are valid for about an hour; `msal` holds them in memory. After a 401 in the middle of a pull a fresh one
      is fetched, once.
    * `msal` requires https. An authority that Microsoft does not know (an emulator) works with instance discovery off.
    * Tokens are stored between commands only where the connections have a store for them.

Where it is used: `portals.hubspot.reader`, `portals.dataverse.reader`, `rehearsal.writing.portal_pair`.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import AsyncGenerator, Generator
from typing import Any, Final

import httpx
import msal
from msal.exceptions import MsalError

from dynsync_lib.errors import SignInError, UnexpectedReplyError
from dynsync_lib.messages import remember_secret
from dynsync_lib.portals.http.caller import client_timeout
from dynsync_lib.portals.http.hosts import check_host, is_loopback
from dynsync_lib.portals.http.pace import Pace
from dynsync_lib.portals.http.transport import BlockingReadOnlyTransport, Guard, blocking_network
from dynsync_lib.portals.sign_in.connections import PortalConnections
from dynsync_lib.portals.sign_in.credentials import Answer, SignInWay, way_of
from dynsync_lib.portals.sign_in.entra_refusals import refusal_of
from dynsync_lib.portals.sign_in.sign_in_http import NAME, MsalHttp, PatientClient

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

    def __init__(self, sign_in: EntraSignIn) -> None:
        self._sign_in = sign_in
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
        """A token other than `refused`."""
        async with self._turn:
            try:
                return await asyncio.to_thread(self._sign_in.read_token, refused=refused)
            except asyncio.CancelledError:
                self._sign_in.cancel()
                raise


class EntraSignIn:
    """Fetches tokens for one Dataverse environment; `inner` replaces the network in tests.

    `pace` says how often a request is sent and how long the thread waits in between. Raises SafetyError when the
    address of Dynamics is no Dataverse host.
    """

    def __init__(self, connections: PortalConnections, pace: Pace, *, inner: httpx.BaseTransport | None = None) -> None:
        self._connections, self._pace, self._inner = connections, pace, inner
        self._origin = check_host("dynamics", connections.dynamics_url)
        self._way: SignInWay | None = None
        self._cache = msal.SerializableTokenCache()
        self._client: PatientClient | None = None
        self._ended = threading.Event()

    def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            self._client.close()

    def cancel(self) -> None:
        """Ends a sign-in that waits, for a person or for Microsoft."""
        self._ended.set()
        if self._way is not None:
            self._way.cancel()

    def read_token(self, *, refused: str | None = None) -> str:
        """A token that differs from `refused`, from memory or from Microsoft (blocks until it answers).

        Raises SignInError, PortalUnavailableError, RateLimitError, SettingsError, UnexpectedReplyError, SafetyError.
        """
        answer = self._ask(self._way or self._open(), afresh=False)
        if refused is not None and answer.get("access_token") == refused:
            answer = self._ask(self._way or self._open(), afresh=True)
        if "access_token" not in answer:
            raise refusal_of(answer) if "error" in answer else _other_shape(KeyError())
        remember_secret(str(answer["access_token"]))
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
        self._client = self._client or self._sign_in_client(authority)
        self._recall()
        try:
            way.open(authority, MsalHttp(self._client), self._cache)
        except ValueError:
            raise SignInError(
                f"Microsoft does not know the tenant of {authority}.",
                next_step="Correct tenant_id in the settings, or leave it empty.",
            ) from None
        except (KeyError, TypeError, AttributeError, RuntimeError, MsalError) as fault:
            raise _other_shape(fault) from None
        self._way = way
        return way

    def _ask(self, way: SignInWay, *, afresh: bool) -> Answer:
        try:
            answer = way.ask(str(self._origin).rstrip("/"), afresh=afresh)
        except (ValueError, KeyError, TypeError, AttributeError, RuntimeError, MsalError) as fault:
            raise (_unfinished(fault) if way.is_person else _other_shape(fault)) from None
        self._remember()
        return answer

    def _recall(self) -> None:
        store = self._connections.token_store
        try:
            self._cache.deserialize(store.read() if store is not None else None)
        except ValueError:
            self._cache.deserialize(None)
        self._hide_tokens()

    def _remember(self) -> None:
        self._hide_tokens()
        store = self._connections.token_store
        if store is not None and self._cache.has_state_changed:
            store.write(self._cache.serialize())

    def _hide_tokens(self) -> None:
        """Lets no message repeat a token that is remembered: of access, of renewal, of identity."""
        kinds = msal.TokenCache.CredentialType
        for kind in (kinds.ACCESS_TOKEN, kinds.REFRESH_TOKEN, kinds.ID_TOKEN):
            remember_secret(*(entry.get("secret") for entry in self._cache.search(kind)))

    def _read_challenge(self) -> str:
        name, advice = f"Dynamics at {self._origin}", "Check the address of Dynamics in the settings, and the network."
        client = PatientClient(self._http("dynamics", self._origin), self._pace, self._ended, name=name, advice=advice)
        try:
            response = client.send("GET", f"{str(self._origin).rstrip('/')}/api/data/v9.2/", _accept)
        finally:
            client.close()
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

    def _sign_in_client(self, authority: str) -> PatientClient:
        client, advice = self._http("sign-in", httpx.URL(authority)), "Check the network and try again."
        return PatientClient(client, self._pace, self._ended, name=NAME, advice=advice)

    def _http(self, portal: Any, address: httpx.URL) -> httpx.Client:
        origin = check_host(portal, str(address))
        inner = self._inner or blocking_network(origin, ca_file=self._connections.ca_file)
        transport = BlockingReadOnlyTransport(Guard(portal, origin), inner)
        return httpx.Client(transport=transport, timeout=client_timeout(self._pace))


def _accept(response: httpx.Response) -> None:
    """Accepts every answer that does not ask to wait: the challenge is in a refusal."""
    del response


def _unfinished(fault: Exception) -> SignInError:
    return SignInError(
        f"The sign-in of the person did not finish ({type(fault).__name__}).",
        next_step="Run the command again and sign in within five minutes.",
    )


def _other_shape(fault: Exception) -> UnexpectedReplyError:
    return UnexpectedReplyError(
        f"{NAME} answers in another shape than its documentation says ({type(fault).__name__}).",
        next_step="Check the network: a proxy may answer in Microsoft's place.",
    )
