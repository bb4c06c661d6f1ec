"""Signing in to Microsoft through msal, against a fake of its endpoints."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from dynsync_lib.errors import PortalUnavailableError, SafetyError, SettingsError, SignInError, UnexpectedReplyError
from dynsync_lib.portals.sign_in.auth import DataverseAuth, EntraSignIn
from dynsync_lib.portals.sign_in.connections import PortalConnections
from tests.pulls import FakeTime

TENANT = "11111111-2222-4333-8444-555555555555"
OTHER_TENANT = "99999999-2222-4333-8444-555555555555"
ORG = "https://contoso.crm4.dynamics.com"
MICROSOFT = "https://login.microsoftonline.com"
CHALLENGE = f"Bearer authorization_uri={MICROSOFT}/{TENANT}/oauth2/authorize, resource_id={ORG}/"


class FakeEntra:
    """Answers as a Dataverse host without token and Microsoft's sign-in do."""

    def __init__(self, *, challenge: str | None = CHALLENGE, refusal: dict[str, Any] | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self.challenge, self.refusal = challenge, refusal
        self.transport = httpx.MockTransport(self._answer)

    @property
    def forms(self) -> list[dict[str, list[str]]]:
        return [parse_qs(request.content.decode()) for request in self.requests if request.method == "POST"]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.host == "contoso.crm4.dynamics.com":
            return httpx.Response(401, headers={"WWW-Authenticate": self.challenge} if self.challenge else {})
        if request.url.path.endswith("/openid-configuration"):
            where = f"{MICROSOFT}/{request.url.path.split('/')[1]}"
            document = {"issuer": f"{where}/v2.0", "authorization_endpoint": f"{where}/oauth2/v2.0/authorize"}
            return httpx.Response(200, json={**document, "token_endpoint": f"{where}/oauth2/v2.0/token"})
        if self.refusal is not None:
            return httpx.Response(401, json=self.refusal)
        token = f"token-{len(self.forms)}"
        return httpx.Response(200, json={"token_type": "Bearer", "expires_in": 3599, "access_token": token})


def _sign_in(entra: FakeEntra, **changes: Any) -> EntraSignIn:
    usual = {"dynamics_url": f"{ORG}/", "client_id": "app-id", "client_secret": "app~secret"}
    return EntraSignIn(PortalConnections(**{**usual, **changes}), FakeTime().pace(), inner=entra.transport)


def test_read_token__tenant_from_the_challenge() -> None:
    entra = FakeEntra()
    sign_in = _sign_in(entra)
    assert sign_in.read_token() == "token-1"
    (form,) = entra.forms
    assert form["scope"] == [f"{ORG}/.default"]
    assert form["grant_type"] == ["client_credentials"]
    assert str(entra.requests[-1].url) == f"{MICROSOFT}/{TENANT}/oauth2/v2.0/token"
    assert "authorization" not in entra.requests[0].headers
    sign_in.close()


def test_read_token__asked_for_once() -> None:
    entra = FakeEntra()
    sign_in = _sign_in(entra)
    assert [sign_in.read_token() for _ in range(3)] == ["token-1"] * 3
    assert len(entra.forms) == 1


def test_read_token__another_one_when_refused() -> None:
    sign_in = _sign_in(FakeEntra())
    assert sign_in.read_token() == "token-1"
    assert sign_in.read_token(refused="token-1") == "token-2"
    assert sign_in.read_token(refused="token-1") == "token-2"


@pytest.mark.parametrize(
    ("changes", "authority"),
    [
        ({}, f"{MICROSOFT}/{TENANT}"),
        ({"tenant_id": OTHER_TENANT}, f"{MICROSOFT}/{OTHER_TENANT}"),
        ({"authority": f"{MICROSOFT}/{OTHER_TENANT}/"}, f"{MICROSOFT}/{OTHER_TENANT}"),
        ({"authority": MICROSOFT, "tenant_id": OTHER_TENANT}, f"{MICROSOFT}/{OTHER_TENANT}"),
    ],
)
def test_find_authority(changes: dict[str, str], authority: str) -> None:
    assert _sign_in(FakeEntra(), **changes).find_authority() == authority


@pytest.mark.parametrize(
    "challenge",
    [
        f'Bearer authorization_uri="{MICROSOFT}/{TENANT}/oauth2/authorize",resource_id="{ORG}/"',
        f"Bearer authorization_uri={MICROSOFT}/{TENANT}/oauth2/authorize,resource_id={ORG}/",
        f"Bearer resource_id={ORG}/, authorization_uri={MICROSOFT}/{TENANT}/oauth2/v2.0/authorize",
    ],
)
def test_find_authority__spellings_of_the_challenge(challenge: str) -> None:
    assert _sign_in(FakeEntra(challenge=challenge)).find_authority() == f"{MICROSOFT}/{TENANT}"


def test_find_authority__no_challenge() -> None:
    with pytest.raises(UnexpectedReplyError, match="does not say where to sign in"):
        _sign_in(FakeEntra(challenge=None)).find_authority()


@pytest.mark.parametrize("host", ["https://login.evil.example", "http://login.microsoftonline.com"])
def test_find_authority__foreign_host(host: str) -> None:
    challenge = f"Bearer authorization_uri={host}/{TENANT}/oauth2/authorize"
    with pytest.raises(SafetyError, match="no secret is sent there"):
        _sign_in(FakeEntra(challenge=challenge)).read_token()


def test_find_authority__real_environment_may_not_point_here() -> None:
    challenge = f"Bearer authorization_uri=https://127.0.0.1:1/{TENANT}/oauth2/authorize"
    with pytest.raises(UnexpectedReplyError, match="on this machine"):
        _sign_in(FakeEntra(challenge=challenge)).read_token()


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (7000215, "Microsoft refuses the sign-in (AADSTS7000215): the client secret is wrong."),
        (7000222, "Microsoft refuses the sign-in (AADSTS7000222): the client secret has expired."),
        (700016, "Microsoft refuses the sign-in (AADSTS700016): the tenant does not know this client id."),
        (90002, "Microsoft refuses the sign-in (AADSTS90002): the tenant does not exist."),
        (500011, "Microsoft refuses the sign-in (AADSTS500011): the tenant does not know this Dataverse address."),
        (123456, "Microsoft refuses the sign-in (AADSTS123456): invalid_client."),
    ],
)
def test_read_token__refused(code: int, sentence: str) -> None:
    description = f"AADSTS{code}: for app~secret of ann@x.example."
    refusal = {"error": "invalid_client", "error_description": description, "correlation_id": "c0ffee"}
    for answer in (refusal, {**refusal, "error_codes": [code]}):
        with pytest.raises(SignInError) as error:
            _sign_in(FakeEntra(refusal=answer)).read_token()
        assert str(error.value) == sentence
        assert error.value.next_step
        assert error.value.correlation_id == "c0ffee"


@pytest.mark.parametrize("missing", ["client_id", "client_secret"])
def test_read_token__without_secret(missing: str) -> None:
    with pytest.raises(SettingsError, match=f"Dynamics has no {missing}"):
        _sign_in(FakeEntra(), **{missing: None}).read_token()


def test_read_token__nobody_answers() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    connections = PortalConnections(dynamics_url=ORG, client_id="app", client_secret="s")
    with pytest.raises(PortalUnavailableError, match="does not answer"):
        EntraSignIn(connections, FakeTime().pace(), inner=httpx.MockTransport(refuse)).read_token()


def test_read_token__sign_in_answers_with_html() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503, text="<html>") if request.method == "POST" else FakeEntra()._answer(request)

    connections = PortalConnections(dynamics_url=ORG, client_id="app", client_secret="s")
    with pytest.raises(PortalUnavailableError, match="sign-in fails with status 503 at"):
        EntraSignIn(connections, FakeTime().pace(), inner=httpx.MockTransport(answer)).read_token()


def test_dataverse_auth__one_fresh_token_for_a_401() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(200 if seen[-1] == "Bearer token-2" else 401)

    async def ask() -> list[int]:
        auth = DataverseAuth(_sign_in(FakeEntra()))
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer), auth=auth) as client:
            answers = await asyncio.gather(*(client.get(f"{ORG}/api/data/v9.2/WhoAmI") for _ in range(3)))
            return [answer.status_code for answer in answers]

    assert asyncio.run(ask()) == [200, 200, 200]
    assert set(seen) == {"Bearer token-1", "Bearer token-2"}


def test_dataverse_auth__asks_a_sign_in_again_that_fails() -> None:
    entra, time = FakeEntra(), FakeTime()
    waiting = [httpx.Response(503, text="<html>"), httpx.Response(200, text="<html>")]

    def answer(request: httpx.Request) -> httpx.Response:
        return waiting.pop() if request.method == "POST" and waiting else entra._answer(request)

    connections = PortalConnections(dynamics_url=ORG, client_id="app", client_secret="s")

    async def ask() -> str:
        auth = DataverseAuth(EntraSignIn(connections, time.pace(), inner=httpx.MockTransport(answer)))
        transport = httpx.MockTransport(lambda request: httpx.Response(200, text=request.headers["Authorization"]))
        async with httpx.AsyncClient(transport=transport, auth=auth) as client:
            return (await client.get(f"{ORG}/api/data/v9.2/WhoAmI")).text

    assert asyncio.run(ask()) == "Bearer token-1"
    assert time.slept == [1.0, 2.0]


def test_dataverse_auth__refused_for_good() -> None:
    async def ask() -> int:
        auth = DataverseAuth(_sign_in(FakeEntra()))
        transport = httpx.MockTransport(lambda _: httpx.Response(401))
        async with httpx.AsyncClient(transport=transport, auth=auth) as client:
            return (await client.get(f"{ORG}/api/data/v9.2/WhoAmI")).status_code

    assert asyncio.run(ask()) == 401


def test_read_token__secret_stays_out_of_messages() -> None:
    refusal = {"error": "invalid_client", "error_description": "AADSTS7000215: 'app~secret' is wrong."}
    with pytest.raises(SignInError) as error:
        _sign_in(FakeEntra(refusal=refusal)).read_token()
    assert "app~secret" not in json.dumps([str(error.value), error.value.next_step])
