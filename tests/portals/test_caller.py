"""One request: paced, sent again when that can help, explained when it cannot."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
import pytest

from dynsync_lib.errors import AccessError, PortalError, PortalUnavailableError, RateLimitError, UnexpectedReplyError
from dynsync_lib.portals.dataverse.errors import correlation_id_of_dataverse, explain_dataverse
from dynsync_lib.portals.http.caller import Manners, PortalCaller, retry_after_s
from dynsync_lib.portals.http.pace import Limiter
from dynsync_lib.portals.hubspot.errors import correlation_id_of_hubspot, explain_hubspot, pause_of_hubspot
from dynsync_lib.portals.sign_in.auth import BearerAuth
from tests.pulls import FakeTime, answering

GOOD = httpx.Response(200, json={"results": []})
TOKEN = "pat-eu1-not-a-real-token"


def _ask(time: FakeTime, *answers: httpx.Response | Exception, tries: int = 4) -> tuple[Any, list[httpx.Request]]:
    transport, requests = answering(*answers)
    pace = time.pace(tries=tries)
    manners = Manners("HubSpot", explain_hubspot, pause_of_hubspot, lambda _: None, correlation_id_of_hubspot)

    async def ask() -> Any:
        async with httpx.AsyncClient(
            base_url="https://api.hubapi.com", auth=BearerAuth(TOKEN), transport=transport
        ) as client:
            limiter = Limiter(pace, allowed=100, window_s=10)
            return await PortalCaller(client, manners, limiter, pace).get("/crm/v3/objects/contacts?limit=100")

    return asyncio.run(ask()), requests


def _fault(*answers: httpx.Response | Exception, time: FakeTime | None = None, tries: int = 4) -> PortalError:
    with pytest.raises(PortalError) as error:
        _ask(time or FakeTime(), *answers, tries=tries)
    assert TOKEN not in f"{error.value} {error.value.next_step}"
    return error.value


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, text="<html>"),
        httpx.Response(502, text="<html>"),
        httpx.Response(504),
        httpx.Response(521),
        httpx.Response(408),
        httpx.Response(477),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, text='{"results": ['),
        httpx.ConnectError("no route"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("peer closed connection"),
        httpx.DecodingError("bad gzip"),
    ],
    ids=str,
)
def test_get__sent_again(answer: httpx.Response | Exception) -> None:
    time = FakeTime()
    body, requests = _ask(time, answer, GOOD)
    assert body == {"results": []}
    assert len(requests) == 2
    assert time.slept == [1.0]


def test_get__pauses_double() -> None:
    time = FakeTime()
    error = _fault(*[httpx.Response(503)] * 4, time=time)
    assert time.slept == [1.0, 2.0, 4.0]
    assert isinstance(error, PortalUnavailableError)
    assert str(error) == "HubSpot fails with status 503 at /crm/v3/objects/contacts."


@pytest.mark.parametrize(
    ("answer", "pause_s"),
    [
        (httpx.Response(429, headers={"Retry-After": "7"}), 7.0),
        (httpx.Response(429, json={"policyName": "TEN_SECONDLY_ROLLING"}), 10.0),
        (httpx.Response(429, json={"message": "You have reached your ten_secondly_rolling limit."}), 10.0),
        (httpx.Response(429, json={"policyName": "SECONDLY", "category": "RATE_LIMITS"}), 1.0),
        (httpx.Response(429, text="<html>"), 1.0),
        (httpx.Response(477, headers={"Retry-After": "60"}), 60.0),
        (httpx.Response(423, text="locked"), 2.0),
    ],
)
def test_get__pauses_as_long_as_named(answer: httpx.Response, pause_s: float) -> None:
    time = FakeTime()
    _ask(time, answer, GOOD)
    assert sum(time.slept) == pause_s


def test_get__daily_limit_is_not_asked_again() -> None:
    time = FakeTime()
    error = _fault(httpx.Response(429, json={"policyName": "DAILY", "message": "daily limit"}), time=time)
    assert isinstance(error, RateLimitError)
    assert time.slept == []


def test_get__move_of_the_data_centre_takes_too_long() -> None:
    error = _fault(httpx.Response(477, headers={"Retry-After": "86400"}))
    assert isinstance(error, PortalUnavailableError)
    assert str(error) == "HubSpot moves the account to another data centre and asks to wait 86400 seconds."
    assert "goes on where it stopped" in error.next_step


def test_get__guessed_pauses_grow() -> None:
    time = FakeTime()
    busy = httpx.Response(429, json={"policyName": "SECONDLY", "message": "You have reached your secondly limit."})
    _ask(time, busy, busy, busy, GOOD)
    assert sum(time.slept) == 1.0 + 2.0 + 3.0


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404, json={"status": "error", "message": "resource not found"}),
        httpx.Response(400, json={"status": "error", "message": "Unable to infer object type from: invoices"}),
    ],
)
def test_get__an_object_the_account_does_not_have(answer: httpx.Response) -> None:
    error = _fault(answer)
    assert isinstance(error, AccessError)
    assert str(error) == "HubSpot has no /crm/v3/objects/contacts here."


@pytest.mark.parametrize("status", [403, 404])
def test_get__a_refusal_that_is_no_json_says_nothing_about_rights_and_objects(status: int) -> None:
    time = FakeTime()
    html = httpx.Response(status, text="<html>", headers={"Content-Type": "text/html;charset=iso-8859-1"})
    error = _fault(html, time=time)
    assert isinstance(error, UnexpectedReplyError)
    assert str(error) == f"HubSpot answers /crm/v3/objects/contacts with status {status} and something that is no JSON."
    assert time.slept == []


def test_get__limit_that_stays() -> None:
    error = _fault(*[httpx.Response(429, headers={"Retry-After": "5"})] * 2, tries=2)
    assert isinstance(error, RateLimitError)
    assert str(error) == "HubSpot limits the requests and asks to wait 5 seconds at /crm/v3/objects/contacts."


@pytest.mark.parametrize("status", [400, 404, 409, 414, 401, 403])
def test_get__refused_once_and_for_all(status: int) -> None:
    body = {"message": "about ann@x.example", "category": "VALIDATION_ERROR", "correlationId": "0190-cafe"}
    time = FakeTime()
    error = _fault(httpx.Response(status, json=body), time=time)
    assert time.slept == []
    assert error.correlation_id == "0190-cafe"
    assert "ann@x.example" not in str(error)


def test_get__redirect_is_not_followed() -> None:
    error = _fault(httpx.Response(302, headers={"Location": "https://evil.example/"}))
    assert isinstance(error, UnexpectedReplyError)
    assert "redirects" in str(error)


def test_get__untrusted_certificate_is_not_asked_again() -> None:
    time = FakeTime()
    error = _fault(httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate"), time=time)
    assert "certificate is not trusted" in error.next_step
    assert time.slept == []


def test_get__numbers_stay_as_printed() -> None:
    body, _ = _ask(FakeTime(), httpx.Response(200, text='{"a": 100.00, "b": 1e2, "c": 12345678901234567890}'))
    assert body == {"a": "100.00", "b": "1e2", "c": "12345678901234567890"}


def test_get__cookies_are_dropped() -> None:
    first = httpx.Response(503, headers={"Set-Cookie": "ARRAffinity=abc; Path=/"})
    _, requests = _ask(FakeTime(), first, GOOD)
    assert "cookie" not in requests[1].headers


def test_get__log_holds_no_token_and_no_query(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="dynsync")
    _ask(FakeTime(), httpx.Response(503, headers={"X-HubSpot-Correlation-Id": "0190-beef"}), GOOD)
    (first, _) = [record.getMessage() for record in caplog.records if record.name == "dynsync.portals"]
    assert first == "GET /crm/v3/objects/contacts: 503, correlation id 0190-beef"


def test_limiter__window_slides() -> None:
    time = FakeTime()
    limiter = Limiter(time.pace(), allowed=2, window_s=10)

    async def take(count: int) -> list[float]:
        starts = []
        for _ in range(count):
            async with limiter.turn():
                starts.append(time.now_s)
        return starts

    assert asyncio.run(take(5)) == [0.0, 0.0, 10.0, 10.0, 20.0]


def test_limiter__holds_every_task() -> None:
    time = FakeTime()
    limiter = Limiter(time.pace(), allowed=100, window_s=10)
    limiter.hold(27)

    async def take() -> None:
        async with limiter.turn():
            pass

    asyncio.run(take())
    assert time.now_s == 27.0


def test_limiter__counts_a_request_until_a_window_after_its_answer() -> None:
    time = FakeTime()
    limiter = Limiter(time.pace(), allowed=2, window_s=10)

    async def take() -> list[float]:
        starts = []
        for _ in range(3):
            async with limiter.turn():
                starts.append(time.now_s)
                time.now_s += 3.0
        return starts

    assert asyncio.run(take()) == [0.0, 3.0, 13.0]


def test_limiter__so_many_at_once_and_no_more() -> None:
    running, most = 0, 0
    limiter = Limiter(FakeTime().pace(), allowed=100, window_s=10, first_lanes=2)

    async def take() -> None:
        nonlocal running, most
        async with limiter.turn():
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    async def all_of_them() -> None:
        await asyncio.gather(*(take() for _ in range(7)))

    asyncio.run(all_of_them())
    assert most == 2


def test_limiter__halves_its_lanes_and_wins_them_back_one_by_one() -> None:
    limiter = Limiter(FakeTime().pace(), allowed=100, window_s=10, first_lanes=4, most_lanes=5)
    seen = []
    for what in "hhh" + "w" * 15:
        if what == "h":
            limiter.hold(1)
        else:
            limiter.widen()
        seen.append(limiter.lanes)
    assert seen == [2, 1, 1, 2, 2, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5]


def test_limiter__takes_over_what_the_portal_states() -> None:
    limiter = Limiter(FakeTime().pace(), allowed=1, window_s=10)
    limiter.adapt(allowed=0, window_s=5)
    assert (limiter.allowed, limiter.window_s) == (1, 5)


@pytest.mark.parametrize(
    ("headers", "pause_s"),
    [
        ({}, None),
        ({"Retry-After": "12"}, 12.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "soon"}, None),
        (
            {"Retry-After": "Mon, 23 Nov 2026 09:01:30 GMT", "Date": "Mon, 23 Nov 2026 09:00:00 GMT"},
            90.0,
        ),
        ({"Retry-After": "Mon, 23 Nov 2026 09:01:30 GMT"}, None),
    ],
)
def test_retry_after_s(headers: dict[str, str], pause_s: float | None) -> None:
    assert retry_after_s(httpx.Response(429, headers=headers)) == pause_s


def _dataverse(status: int, code: str, message: str) -> PortalError:
    request = httpx.Request("GET", "https://contoso.crm4.dynamics.com/api/data/v9.2/accounts")
    body = {"error": {"code": code, "message": message}}
    response = httpx.Response(status, json=body, request=request, headers={"x-ms-service-request-id": "6c1b"})
    assert correlation_id_of_dataverse(response) == "6c1b"
    return explain_dataverse(response)


@pytest.mark.parametrize(
    ("status", "code", "message", "kind", "sentence"),
    [
        (
            403,
            "0x80040220",
            "Principal user (Id=1, type=8) is missing prvReadAccount privilege (Id=2) on OTC=1",
            AccessError,
            "Dynamics does not let the application user read accounts: the privilege prvReadAccount is missing.",
        ),
        (
            403,
            "0x80072560",
            "The user is not a member.",
            AccessError,
            "Dynamics has no application user for this client.",
        ),
        (404, "0x8006088a", "Resource not found for the segment", AccessError, "Dynamics has no accounts here."),
        (
            400,
            "0x80060888",
            "No property for ann@x.example",
            UnexpectedReplyError,
            "Dynamics answers accounts with status 400: 0x80060888, No property for ***.",
        ),
        (503, "", "", PortalUnavailableError, "Dynamics fails with status 503 at /api/data/v9.2/accounts."),
    ],
)
def test_explain_dataverse(status: int, code: str, message: str, kind: type[PortalError], sentence: str) -> None:
    error = _dataverse(status, code, message)
    assert type(error) is kind
    assert str(error) == sentence
    assert error.correlation_id == "6c1b"
