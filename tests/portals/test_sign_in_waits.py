"""A sign-in that Microsoft throttles, or that does not get through, is waited for and tried again."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx
import pytest

from dynsync_lib.errors import PortalError, PortalUnavailableError, RateLimitError, SignInError, UnexpectedReplyError
from dynsync_lib.portals.http.pace import Pace
from dynsync_lib.portals.sign_in.auth import EntraSignIn
from dynsync_lib.portals.sign_in.connections import PortalConnections
from tests.pulls import FakeTime

TENANT = "11111111-2222-4333-8444-555555555555"
ORG = "https://contoso.crm4.dynamics.com"
MICROSOFT = f"https://login.microsoftonline.com/{TENANT}"
CHALLENGE = {"WWW-Authenticate": f"Bearer authorization_uri={MICROSOFT}/oauth2/authorize"}
Answer = httpx.Response | Exception


class ThrottledMicrosoft:
    """Answers each endpoint with what waits for it there, then as usual.

    The endpoints are `challenge` (of Dataverse), `discovery`, `devicecode`, and the grants of the token endpoint.
    """

    def __init__(self, **waiting: list[Answer]) -> None:
        self.waiting = waiting
        self.seen: list[str] = []
        self.sentences: list[str] = []
        self.time = FakeTime()

    def sign_in(self, *, pace: Pace | None = None, **changes: Any) -> EntraSignIn:
        usual: dict[str, Any] = {"dynamics_url": ORG, "client_id": "app-id", "client_secret": "app~secret"}
        usual |= {"tell_person": self.sentences.append}
        transport = httpx.MockTransport(self._answer)
        return EntraSignIn(PortalConnections(**{**usual, **changes}), pace or self.time.pace(tries=6), inner=transport)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        endpoint = _endpoint(request)
        self.seen.append(endpoint)
        if self.waiting.get(endpoint):
            answer = self.waiting[endpoint].pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        return self._usual(endpoint)

    def _usual(self, endpoint: str) -> httpx.Response:
        if endpoint == "challenge":
            return httpx.Response(401, headers=CHALLENGE)
        if endpoint == "discovery":
            names = {"authorization": "authorize", "token": "token", "device_authorization": "devicecode"}
            document = {f"{name}_endpoint": f"{MICROSOFT}/oauth2/v2.0/{path}" for name, path in names.items()}
            return httpx.Response(200, json={"issuer": f"{MICROSOFT}/v2.0", **document})
        if endpoint == "devicecode":
            device = {"user_code": "ABCD-1234", "device_code": "d", "verification_uri": "https://microsoft.com/d"}
            return httpx.Response(200, json={**device, "expires_in": 900, "interval": 0, "message": "..."})
        name = f"token-{len(self.seen)}"
        if endpoint == "client_credentials":
            return httpx.Response(200, json={"token_type": "Bearer", "expires_in": 3599, "access_token": name})
        return httpx.Response(200, json=_token_of_person(name))


def _endpoint(request: httpx.Request) -> str:
    if request.url.host.endswith("dynamics.com"):
        return "challenge"
    if request.method == "GET":
        return "discovery"
    if request.url.path.endswith("/devicecode"):
        return "devicecode"
    return dict(httpx.QueryParams(request.content.decode()))["grant_type"].rpartition(":")[2]


def _token_of_person(name: str) -> dict[str, Any]:
    now, scope = int(time.time()), f"{ORG}/user_impersonation openid profile offline_access"
    claims: dict[str, Any] = {"aud": "app-id", "iss": f"{MICROSOFT}/v2.0", "sub": "s", "oid": "o", "tid": TENANT}
    claims |= {"iat": now, "nbf": now, "exp": now + 3600, "preferred_username": "x@example.com"}
    lasting = {"refresh_token": "refresh", "id_token": f"{_part({'alg': 'none'})}.{_part(claims)}."}
    lasting |= {"client_info": _part({"uid": "o", "utid": TENANT}), "scope": scope}
    return {"token_type": "Bearer", "expires_in": 3599, "access_token": name, **lasting}


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _refusal(status: int, error: str, *codes: int, **headers: str) -> httpx.Response:
    description = " ".join(f"AADSTS{code}: words of Microsoft." for code in codes)
    body = {"error": error, "error_description": description, "error_codes": list(codes), "correlation_id": "c0ffee"}
    return httpx.Response(status, json=body, headers=headers)


PASSING: dict[str, tuple[Callable[[], Answer], float]] = {
    "429 with a pause": (lambda: _refusal(429, "too_many_requests", **{"Retry-After": "60"}), 60.0),
    "429 of a gateway": (lambda: httpx.Response(429, text="slow down"), 1.0),
    "408": (lambda: httpx.Response(408), 1.0),
    "500": (lambda: httpx.Response(500, text="<html>"), 1.0),
    "503 with a pause": (lambda: httpx.Response(503, text="<html>", headers={"Retry-After": "7"}), 7.0),
    "unavailable for now": (lambda: _refusal(400, "temporarily_unavailable"), 1.0),
    "directory unavailable": (lambda: _refusal(400, "invalid_request", 90033), 1.0),
    "tenant throttled": (lambda: _refusal(400, "invalid_request", 90055), 1.0),
    "client in a loop": (lambda: _refusal(400, "invalid_grant", 50196), 60.0),
    "HTML for JSON": (lambda: httpx.Response(200, text="<html>"), 1.0),
    "cut": (lambda: httpx.RemoteProtocolError("peer closed connection"), 1.0),
    "timeout": (lambda: httpx.ReadTimeout("timed out"), 1.0),
    "no connection": (lambda: httpx.ConnectError("no route"), 1.0),
}
"""What passes by itself, by name: the answer, and the pause before the same request is sent again."""
ENDPOINTS = ("discovery", "devicecode", "device_code", "client_credentials")


@pytest.mark.parametrize("name", PASSING)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_read_token__waits_and_asks_again(endpoint: str, name: str) -> None:
    answer, wait_s = PASSING[name]
    microsoft = ThrottledMicrosoft(**{endpoint: [answer()]})
    way = "client_secret" if endpoint == "client_credentials" else "device_code"
    assert microsoft.sign_in(sign_in=way).read_token().startswith("token-")
    assert microsoft.time.slept == [wait_s]
    assert microsoft.seen.count(endpoint) == 2
    assert len(microsoft.sentences) == (way == "device_code")


@pytest.mark.parametrize("name", ["429 with a pause", "408", "500", "503 with a pause", "cut", "timeout"])
def test_find_authority__environment_that_only_asks_to_wait(name: str) -> None:
    answer, wait_s = PASSING[name]
    microsoft = ThrottledMicrosoft(challenge=[answer()])
    assert microsoft.sign_in().find_authority() == MICROSOFT
    assert microsoft.time.slept == [wait_s]


def test_read_token__waits_as_long_as_microsoft_says_each_time() -> None:
    waiting: list[Answer] = [_refusal(429, "x", **{"Retry-After": text}) for text in ("60", "61", "9")]
    microsoft = ThrottledMicrosoft(client_credentials=[*waiting, httpx.ReadTimeout("timed out")])
    assert microsoft.sign_in().read_token().startswith("token-")
    assert microsoft.time.slept == [60.0, 61.0, 9.0, 8.0]
    assert microsoft.seen.count("client_credentials") == 5


# --- Silent refresh ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PASSING)
def test_silent_refresh__that_is_throttled_asks_nobody(name: str) -> None:
    answer, wait_s = PASSING[name]
    microsoft = ThrottledMicrosoft(refresh_token=[answer(), answer()])
    sign_in = microsoft.sign_in(sign_in="device_code")
    first = sign_in.read_token()
    assert sign_in.read_token(refused=first) not in {first, ""}
    assert microsoft.time.slept == [wait_s, max(wait_s, 2.0)]
    assert len(microsoft.sentences) == 1


@pytest.mark.parametrize("name", PASSING)
def test_silent_refresh__throttled_for_good_asks_nobody_either(name: str) -> None:
    answer, _ = PASSING[name]
    microsoft = ThrottledMicrosoft(refresh_token=[answer() for _ in range(6)])
    sign_in = microsoft.sign_in(sign_in="device_code")
    first = sign_in.read_token()
    with pytest.raises(PortalError) as error:
        sign_in.read_token(refused=first)
    assert not isinstance(error.value, SignInError)
    assert len(microsoft.sentences) == 1
    assert sign_in.read_token(refused=first) != first
    assert len(microsoft.sentences) == 1


def test_silent_refresh__that_only_the_person_can_cure() -> None:
    microsoft = ThrottledMicrosoft(refresh_token=[_refusal(400, "invalid_grant", 700082)])
    sign_in = microsoft.sign_in(sign_in="device_code")
    first = sign_in.read_token()
    assert sign_in.read_token(refused=first) != first
    assert len(microsoft.sentences) == 2


def test_silent_refresh__that_nobody_can_cure() -> None:
    microsoft = ThrottledMicrosoft(refresh_token=[_refusal(400, "unauthorized_client", 700016)])
    sign_in = microsoft.sign_in(sign_in="device_code")
    first = sign_in.read_token()
    with pytest.raises(SignInError, match="the tenant does not know this client id"):
        sign_in.read_token(refused=first)
    assert len(microsoft.sentences) == 1


def test_read_token__a_good_token_at_hand_is_used_while_its_renewal_is_throttled() -> None:
    early = {"token_type": "Bearer", "expires_in": 86_400, "refresh_in": -1, "access_token": "good for a day"}
    throttled: list[Answer] = [_refusal(429, "x", **{"Retry-After": "400"})]
    microsoft = ThrottledMicrosoft(client_credentials=[httpx.Response(200, json=early), *throttled])
    sign_in = microsoft.sign_in()
    assert [sign_in.read_token() for _ in range(2)] == ["good for a day"] * 2
    assert microsoft.waiting["client_credentials"] == []


# --- For good ----------------------------------------------------------------------------------------------------

TOKEN_PATH = f"/{TENANT}/oauth2/v2.0/token"
FOR_GOOD: tuple[tuple[str, Callable[[], Answer], type[PortalError], str], ...] = (
    (
        "client_credentials",
        lambda: _refusal(429, "x", **{"Retry-After": "60"}),
        RateLimitError,
        f"Microsoft's sign-in limits the requests and asks to wait 60 seconds at {TOKEN_PATH}.",
    ),
    (
        "client_credentials",
        lambda: _refusal(400, "invalid_grant", 50196),
        RateLimitError,
        "Microsoft's sign-in asks to wait (AADSTS50196).",
    ),
    (
        "client_credentials",
        lambda: httpx.Response(408),
        PortalUnavailableError,
        f"Microsoft's sign-in fails with status 408 at {TOKEN_PATH}.",
    ),
    (
        "client_credentials",
        lambda: httpx.Response(200, text="<html>"),
        UnexpectedReplyError,
        f"Microsoft's sign-in answers {TOKEN_PATH} with status 200 and something that is no JSON.",
    ),
    (
        "client_credentials",
        lambda: httpx.Response(200, json={"welcome": "home"}),
        UnexpectedReplyError,
        "Microsoft's sign-in answers in another shape than its documentation says (KeyError).",
    ),
    (
        "client_credentials",
        lambda: httpx.Response(403, text="<html>Blocked by the proxy"),
        UnexpectedReplyError,
        f"Microsoft's sign-in answers {TOKEN_PATH} with status 403 and something that is no JSON.",
    ),
    (
        "discovery",
        lambda: _refusal(429, "x"),
        RateLimitError,
        f"Microsoft's sign-in limits the requests at /{TENANT}/v2.0/.well-known/openid-configuration.",
    ),
    (
        "discovery",
        lambda: httpx.Response(404, text="<html>"),
        UnexpectedReplyError,
        f"Microsoft's sign-in answers /{TENANT}/v2.0/.well-known/openid-configuration with status 404 and something"
        " that is no JSON.",
    ),
    (
        "discovery",
        lambda: httpx.Response(302, headers={"Location": "https://elsewhere.example/"}),
        UnexpectedReplyError,
        f"Microsoft's sign-in answers /{TENANT}/v2.0/.well-known/openid-configuration with status 302 and something"
        " that is no JSON.",
    ),
    (
        "discovery",
        lambda: httpx.Response(200, json={"welcome": "home"}),
        UnexpectedReplyError,
        "Microsoft's sign-in answers in another shape than its documentation says (KeyError).",
    ),
    (
        "discovery",
        lambda: _refusal(400, "invalid_tenant", 90002),
        SignInError,
        f"Microsoft does not know the tenant of {MICROSOFT}.",
    ),
    (
        "challenge",
        lambda: httpx.Response(503, text="<html>"),
        PortalUnavailableError,
        f"Dynamics at {ORG} fails with status 503 at /api/data/v9.2/.",
    ),
    (
        "challenge",
        lambda: httpx.ConnectError("no route"),
        PortalUnavailableError,
        f"Dynamics at {ORG} does not answer (ConnectError).",
    ),
)


@pytest.mark.parametrize(("endpoint", "answer", "kind", "says"), FOR_GOOD)
def test_read_token__the_same_again_and_again(
    endpoint: str, answer: Callable[[], Answer], kind: type[PortalError], says: str
) -> None:
    microsoft = ThrottledMicrosoft(**{endpoint: [answer() for _ in range(6)]})
    with pytest.raises(PortalError) as error:
        microsoft.sign_in().read_token()
    assert (type(error.value), str(error.value), error.value.exit_code) == (kind, says, 3)
    assert error.value.next_step
    assert "credentials" not in error.value.next_step


def test_read_token__a_pause_longer_than_the_kit_waits() -> None:
    microsoft = ThrottledMicrosoft(client_credentials=[_refusal(429, "x", **{"Retry-After": "301"})])
    with pytest.raises(RateLimitError, match="asks to wait 301 seconds"):
        microsoft.sign_in().read_token()
    assert microsoft.time.slept == []


# --- Interrupted -------------------------------------------------------------------------------------------------


def test_cancel__ends_a_pause_and_all_tries() -> None:
    microsoft = ThrottledMicrosoft(discovery=[_refusal(429, "x") for _ in range(6)])
    sign_in = microsoft.sign_in(pace=replace(microsoft.time.pace(tries=6), block=lambda ended, _: ended.is_set()))
    sign_in.cancel()
    with pytest.raises(SignInError, match="interrupted"):
        sign_in.read_token()
    assert microsoft.seen.count("discovery") == 1


def test_cancel__from_another_thread_wakes_the_one_that_waits() -> None:
    microsoft = ThrottledMicrosoft(discovery=[_refusal(429, "x", **{"Retry-After": "300"}) for _ in range(6)])
    waits = threading.Event()

    def block(ended: threading.Event, seconds: float) -> bool:
        waits.set()
        return ended.wait(seconds)

    sign_in = microsoft.sign_in(pace=replace(microsoft.time.pace(tries=6), block=block))

    def read() -> None:
        with suppress(SignInError):
            sign_in.read_token()

    thread = threading.Thread(target=read)
    thread.start()
    waits.wait()
    sign_in.cancel()
    thread.join(timeout=60)
    assert not thread.is_alive()
