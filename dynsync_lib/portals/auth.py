"""Signing in: HubSpot's token, and Microsoft's client credentials through `msal`.

Facts
    * A Dataverse host answers a request without a token with a challenge that names the tenant (portal-apis 5.3).
    * Tokens live about an hour; `msal` keeps them in memory. A 401 in the middle of a pull fetches a fresh one, once.
    * `msal` wants https. An authority that Microsoft does not know (an emulator) works with instance discovery off.

Not modelled
    * People who sign in with browser or device code; certificates instead of secrets.

Where it is used: `portals.pull`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Generator, Mapping
from typing import Any, Final

import httpx
import msal
from msal.exceptions import MsalError
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt

from dynsync_lib.errors import PortalError, PortalUnavailableError, SettingsError, SignInError, UnexpectedReplyError
from dynsync_lib.portals.connections import PortalConnections, check_host, is_loopback
from dynsync_lib.portals.pace import Pace
from dynsync_lib.portals.transport import BlockingReadOnlyTransport, Guard, blocking_network

_PUBLIC_CLOUD: Final = "https://login.microsoftonline.com"
_CHALLENGE: Final = re.compile(r"authorization_uri=[\"']?([^,\"'\s]+)")
_REFUSALS: Final[Mapping[int, tuple[str, str]]] = {
    7000215: ("the client secret is wrong", "Copy the secret's value, not its id, into the environment."),
    7000222: ("the client secret has expired", "Make a new client secret in the app registration."),
    700016: ("the tenant does not know this client id", "Compare client id and tenant with the app registration."),
    90002: ("the tenant does not exist", "Correct tenant_id in the settings, or leave it empty."),
    900023: ("the tenant does not exist", "Correct tenant_id in the settings, or leave it empty."),
    500011: ("the tenant does not know this Dataverse address", "Correct the address of Dynamics in the settings."),
    65001: ("nobody has consented to this client", "Let an administrator consent to the app registration."),
    53003: ("a conditional access policy refuses this client", "Ask the tenant's administrator to allow it."),
}
"""What the AADSTS codes mean, and what to do (portal-apis 5.4)."""


class BearerAuth(httpx.Auth):
    """Adds a token that does not change."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sends the request with the token."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


class DataverseAuth(httpx.Auth):
    """Adds the token of a sign-in; when it is refused, fetches a fresh one, once for all tasks that saw it refused."""

    def __init__(self, sign_in: EntraSignIn, pace: Pace) -> None:
        self._sign_in, self._pace = sign_in, pace
        self._turn = asyncio.Lock()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sends the request with a token, and a second time when the first one was refused."""
        token = await self._token(refused=None)
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            request.headers["Authorization"] = f"Bearer {await self._token(refused=token)}"
            yield request

    async def _token(self, *, refused: str | None) -> str:
        """A token from the sign-in, which is asked again when it does not answer."""
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(PortalUnavailableError),
            stop=stop_after_attempt(self._pace.tries),
            wait=lambda state: self._pace.backoff_s(state.attempt_number),
            sleep=self._pace.sleep,
            reraise=True,
        )
        async with self._turn:
            return await retrying(asyncio.to_thread, self._sign_in.read_token, refused=refused)


class EntraSignIn:
    """Fetches tokens for one Dataverse environment with a client secret.

    `inner` replaces the network in tests.
    """

    def __init__(self, connections: PortalConnections, *, inner: httpx.BaseTransport | None = None) -> None:
        self._connections, self._inner = connections, inner
        self._origin = check_host("dynamics", connections.dynamics_url)
        self._application: Any = None
        self._http_client: httpx.Client | None = None

    def close(self) -> None:
        """Closes the connections."""
        if self._http_client is not None:
            self._http_client.close()

    def read_token(self, *, refused: str | None = None) -> str:
        """A token; another one than `refused`. Raises SignInError, PortalUnavailableError, SettingsError."""
        application = self._application or self._open()
        scopes = [f"{str(self._origin).rstrip('/')}/.default"]
        answer = self._ask(application, scopes)
        if refused is not None and answer.get("access_token") == refused:
            application.remove_tokens_for_client()
            answer = self._ask(application, scopes)
        if "access_token" not in answer:
            raise _refusal(answer)
        return str(answer["access_token"])

    def find_authority(self) -> str:
        """Where to sign in: as configured, else as the environment's challenge says.

        Raises UnexpectedReplyError when there is no challenge, SafetyError when it names a foreign host.
        """
        configured, tenant = (self._connections.authority or "").rstrip("/"), self._connections.tenant_id
        if configured:
            return self._checked(configured if httpx.URL(configured).path.strip("/") else f"{configured}/{tenant}")
        challenged = self._checked(self._read_challenge())
        return challenged if not tenant else f"{challenged.rpartition('/')[0]}/{tenant}"

    def _open(self) -> Any:
        missing = [name for name in ("client_id", "client_secret") if not getattr(self._connections, name)]
        if missing:
            raise SettingsError(
                [f"Dynamics has no {name}." for name in missing],
                next_step="Put it into the environment variable that [dynamics] of the settings names.",
            )
        authority = self.find_authority()
        self._http_client = self._http_client or self._http("sign-in", httpx.URL(authority))
        try:
            self._application = msal.ConfidentialClientApplication(
                self._connections.client_id,
                client_credential=self._connections.client_secret,
                authority=authority,
                instance_discovery=False,
                http_client=self._http_client,
            )
        except ValueError:
            raise SignInError(
                f"Microsoft does not know the tenant of {authority}.",
                next_step="Correct tenant_id in the settings, or leave it empty.",
            ) from None
        except (httpx.HTTPError, MsalError) as fault:
            raise _no_sign_in(fault) from None
        return self._application

    def _ask(self, application: Any, scopes: list[str]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = application.acquire_token_for_client(scopes)
        except (httpx.HTTPError, MsalError, ValueError) as fault:
            self._application = None  # msal would answer from memory for a minute, without asking again
            raise _no_sign_in(fault) from None
        return answer

    def _read_challenge(self) -> str:
        try:
            with self._http("dynamics", self._origin) as client:
                response = client.get(f"{str(self._origin).rstrip('/')}/api/data/v9.2/")
        except httpx.RequestError as fault:
            raise PortalUnavailableError(
                f"Dynamics at {self._origin} does not answer ({type(fault).__name__}).",
                next_step="Check the address of Dynamics in the settings, and the network.",
            ) from fault
        found = _CHALLENGE.search(response.headers.get("www-authenticate", ""))
        if found is None:
            raise UnexpectedReplyError(
                f"{self._origin} does not say where to sign in (status {response.status_code}).",
                next_step="Check the address of Dynamics in the settings, or set tenant_id.",
            )
        return re.sub(r"/oauth2/(v2\.0/)?authorize/?$", "", found[1])

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


def _refusal(answer: Mapping[str, Any]) -> SignInError:
    codes = [code for code in answer.get("error_codes") or () if code in _REFUSALS]
    codes += [int(code) for code in re.findall(r"AADSTS(\d+)", str(answer.get("error_description")))]
    meaning, next_step = _REFUSALS.get(codes[0] if codes else 0, (None, "Check tenant, client id and client secret."))
    told = meaning or f"{answer.get('error', 'no reason given')}"
    code = f" (AADSTS{codes[0]})" if codes else ""
    return SignInError(
        f"Microsoft refuses the sign-in{code}: {told}.",
        next_step=next_step,
        correlation_id=answer.get("correlation_id"),
    )


def _no_sign_in(fault: Exception) -> PortalError:
    return PortalUnavailableError(
        f"Microsoft's sign-in does not answer ({type(fault).__name__}).", next_step="Check the network and try again."
    )
