"""Sends requests to a portal: paced, sent again where that can help, and with the kit's own errors where it cannot.

Facts
    * `portals.http.again` says which requests are sent again, and after which pause.
    * Numbers stay the text that the portal printed: `100.00` does not become 100.0.
    * The log holds method, path, status and the portal's correlation id; never headers, queries or bodies.

Where it is used: `portals.hubspot.reader`, `portals.dataverse.reader`, `portals.check.hubspot`,
`portals.check.dynamics`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, Final

import httpx
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt

from dynsync_lib.errors import PortalError, PortalUnavailableError, RateLimitError, UnexpectedReplyError
from dynsync_lib.messages import redact
from dynsync_lib.portals.http.again import AGAIN, AgainError, pause_s
from dynsync_lib.portals.http.pace import Limiter, Pace

RESUMES: Final = "Run the same command again later; it goes on where it stopped."
"""The next step for errors after which a pull can be taken up again."""
_log: Final = logging.getLogger("dynsync.portals")
_FAREWELL_S: Final = 5.0
_Build = Callable[[int], httpx.Request]


def _no_headers(attempt: int) -> Mapping[str, str]:
    del attempt
    return {}


def ignore_headers(response: httpx.Response) -> None:
    """Takes nothing from the headers of an answer, where limits need not be adapted."""
    del response


@dataclass(frozen=True, slots=True)
class Manners:
    """How one portal is treated; `name` is what messages call it.

    `explain` makes the error of a refused request. `pause_s` says how many seconds to wait before it is sent again:
    None when the portal names no time, infinite when waiting does not help. `heed` is called with every answer, for
    its headers. `correlation_id` is the portal's own id of a request, or None.
    """

    name: str
    explain: Callable[[httpx.Response], PortalError]
    pause_s: Callable[[httpx.Response], float | None]
    heed: Callable[[httpx.Response], None]
    correlation_id: Callable[[httpx.Response], str | None]


class AddressTooLongError(UnexpectedReplyError):
    """The portal does not accept an address of that length (414)."""


class PortalCaller:
    """Sends requests to one portal; all its tasks share the limiter.

    What writes to the same portal shares `manners`, `limiter` and `pace`, because it uses up the same limits.
    """

    def __init__(self, client: httpx.AsyncClient, manners: Manners, limiter: Limiter, pace: Pace) -> None:
        self._client, self.manners, self.limiter, self.pace = client, manners, limiter, pace

    async def get(self, address: str, *, headers: Callable[[int], Mapping[str, str]] = _no_headers) -> Any:
        """The JSON answer to a GET, its numbers as text.

        `address` is a path, or a whole address from an answer, used as it is. `headers` makes the headers of each
        attempt from its number (from 1). Raises PortalError, SafetyError for anything that is not a read.
        """

        def build(attempt: int) -> httpx.Request:
            return self._client.build_request("GET", address, headers=headers(attempt))

        return await self._send(build, self.limiter)

    async def post(self, path: str, body: object, *, limiter: Limiter | None = None) -> Any:
        """The JSON answer to a POST of a JSON body, its numbers as text; `limiter` replaces the portal's usual one.

        Raises PortalError, SafetyError for anything that is not a read.
        """

        def build(attempt: int) -> httpx.Request:
            del attempt
            return self._client.build_request("POST", path, json=body)

        return await self._send(build, limiter or self.limiter)

    async def _send(self, build: _Build, limiter: Limiter) -> Any:
        attempts = itertools.count(1)

        async def attempt() -> Any:
            return await self._attempt(build(next(attempts)), limiter)

        retrying = AsyncRetrying(
            retry=retry_if_exception_type(AgainError),
            stop=stop_after_attempt(self.pace.tries),
            wait=partial(pause_s, self.pace),
            sleep=self.pace.sleep,
            reraise=True,
        )
        try:
            return await retrying(attempt)
        except AgainError as again:
            raise again.error from None

    async def _attempt(self, request: httpx.Request, limiter: Limiter) -> Any:
        async with limiter.turn():
            response = await self._answer(request)
        self._note(request, response)
        self.manners.heed(response)
        if response.status_code in AGAIN:
            raise self._refused(response, limiter)
        if not response.is_success:
            raise self._final(response)
        limiter.widen()
        return self._read(response)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        try:
            return await finish_request(self._client.send(request))
        except httpx.RequestError as fault:
            raise self._no_answer(fault) from fault
        finally:
            self._client.cookies.clear()

    def _no_answer(self, fault: httpx.RequestError) -> AgainError | PortalError:
        error = PortalUnavailableError(
            f"{self.manners.name} at {self._client.base_url} does not answer ({type(fault).__name__}).",
            next_step=f"Check the address and the network. {RESUMES}",
        )
        if "CERTIFICATE_VERIFY_FAILED" in str(fault):
            error.next_step = "Its certificate is not trusted: check the address and the machine's certificates."
            return error
        return AgainError(error)

    def _refused(self, response: httpx.Response, limiter: Limiter) -> AgainError | PortalError:
        error = self.manners.explain(response)
        wait_s = self.manners.pause_s(response)
        if wait_s is not None and wait_s > self.pace.longest_wait_s:
            return error
        if response.status_code == 429:
            limiter.hold(wait_s or 0.0)
        return AgainError(error, wait_s, grows="retry-after" not in response.headers)

    def _final(self, response: httpx.Response) -> PortalError:
        if response.is_redirect:
            return UnexpectedReplyError(
                f"{self.manners.name} redirects {response.request.url.path} to another address.",
                next_step="Check the portal's address; redirects are not followed.",
            )
        if response.status_code == httpx.codes.REQUEST_URI_TOO_LONG:
            return AddressTooLongError(
                f"{self.manners.name} reads no address of {len(str(response.request.url))} characters.",
                next_step="Report this: the kit should have asked with a shorter one.",
                correlation_id=self.manners.correlation_id(response),
            )
        return self.manners.explain(response)

    def _read(self, response: httpx.Response) -> Any:
        try:
            return json.loads(response.content, parse_float=str, parse_int=str, parse_constant=str)
        except (ValueError, RecursionError):
            correlation_id = self.manners.correlation_id(response)
            path = response.request.url.path
            raise AgainError(no_json(self.manners.name, response, path, correlation_id)) from None

    def _note(self, request: httpx.Request, response: httpx.Response) -> None:
        correlation_id = redact(str(self.manners.correlation_id(response)))
        _log.debug(
            "%s %s: %s, correlation id %s", request.method, request.url.path, response.status_code, correlation_id
        )


async def finish_request(sending: Coroutine[Any, Any, httpx.Response]) -> httpx.Response:
    """The answer. When this task is cancelled, the request has some seconds left to end, so that its socket is closed.

    A task inside other tasks may be cancelled more than once; that does not shorten the wait.
    """
    task = asyncio.ensure_future(sending)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        farewell = asyncio.ensure_future(_see_off(task))
        while not farewell.done():
            with suppress(asyncio.CancelledError):
                await asyncio.shield(farewell)
        raise


async def _see_off(task: asyncio.Future[httpx.Response]) -> None:
    _, late = await asyncio.wait({task}, timeout=_FAREWELL_S)
    for request in late:
        request.cancel()
    await asyncio.gather(task, return_exceptions=True)


def retry_after_s(response: httpx.Response) -> float | None:
    """The pause of a `Retry-After` header in seconds; None without one. A date in it counts from the `Date` header."""
    text = response.headers.get("retry-after", "").strip()
    try:
        return max(float(text), 0.0)
    except ValueError:
        then, now = moment_of(text), moment_of(response.headers.get("date", ""))
    return max((then - now).total_seconds(), 0.0) if then is not None and now is not None else None


def unavailable(name: str, response: httpx.Response, correlation_id: str | None) -> PortalError:
    """The error for a status that means only that the request may be sent again; `name` is the portal's."""
    return PortalUnavailableError(
        f"{name} fails with status {response.status_code} at {response.request.url.path}.",
        next_step=RESUMES,
        correlation_id=correlation_id,
    )


def limited(name: str, response: httpx.Response, correlation_id: str | None) -> PortalError:
    """The error for a limit that stays used up, or whose pause is longer than the kit waits; `name` is the portal's."""
    return RateLimitError(
        f"{name} limits the requests{asked_pause(response)} at {response.request.url.path}.",
        next_step=RESUMES,
        correlation_id=correlation_id,
    )


def undocumented(
    name: str, response: httpx.Response, path: str, message: str, correlation_id: str | None
) -> PortalError:
    """The error for a status that the documentation of the portal called `name` does not give for `path`.

    `message` is the portal's own; 300 characters of it are repeated, without secrets and e-mail addresses.
    """
    return UnexpectedReplyError(
        f"{name} answers {path} with status {response.status_code}: {redact(message)[:300].rstrip(' .')}.",
        next_step="Report this with the correlation id.",
        correlation_id=correlation_id,
    )


def no_json(name: str, response: httpx.Response, path: str, correlation_id: str | None) -> UnexpectedReplyError:
    """The error for an answer that is no JSON: it comes from a server before the portal called `name`."""
    return UnexpectedReplyError(
        f"{name} answers {path} with status {response.status_code} and something that is no JSON.",
        next_step=f"Check the portal's address, and whether a proxy answers in its place. {RESUMES}",
        correlation_id=correlation_id,
    )


def asked_pause(response: httpx.Response) -> str:
    """The pause of a `Retry-After` header as part of a sentence; empty without one."""
    pause_s = retry_after_s(response)
    return f" and asks to wait {pause_s:g} seconds" if pause_s is not None else ""


def json_object(response: httpx.Response) -> dict[str, Any]:
    """The JSON object in the body of a refusal; empty when the body is anything else, such as HTML."""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def client_timeout(pace: Pace) -> httpx.Timeout:
    """How long a client waits for an answer (`pace.timeout_s`), and for a connection (10 s at most)."""
    return httpx.Timeout(pace.timeout_s, connect=min(pace.timeout_s, 10.0))


def moment_of(text: str) -> datetime | None:
    """The time in a `Date` header, in UTC; None when the text is no such time."""
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
