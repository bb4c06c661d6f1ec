"""Sends writes to a test portal: the gate first, within the portal's limits, and never twice by itself.

Facts
    * The gate is asked before each attempt, also before one after a pause. Where the same path is written to again at
      once, it is asked for the next write while the answer to this one travels, a few seconds before at most.
    * A write is sent again when the portal said that it did nothing (423, 429, 477), or could not be reached. When the
      answer never came, or the portal failed (408, 5xx), the write may have been done: AnswerLostError, and whoever
      sent it looks before it sends again. A `repeatable` write is sent again at once.
    * Limits, pauses and words are those of the client that reads from the same portal.

Where it is used: `rehearsal.writing.hubspot`, `rehearsal.writing.dataverse`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import httpx
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt

from dynsync_lib.errors import AnswerLostError, PortalError, PortalUnavailableError
from dynsync_lib.portals.http.again import AGAIN, AgainError, pause_s
from dynsync_lib.portals.http.caller import PortalCaller, finish_request, json_object
from dynsync_lib.rehearsal.gate import Gate, Permit
from dynsync_lib.rehearsal.writing.transport import with_permit

UNDONE: Final = frozenset({423, 429, 477})
"""The statuses that say that nothing was done."""
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_FRESH_S: Final = 3.0
"""How old leave may be, in seconds, that was asked for ahead."""
_ALL_STOP: Final = frozenset({401, 403})
"""The statuses that no other record would change."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write: `content` is its body, JSON unless `headers` say otherwise.

    `repeatable`: done twice it does no more than done once. `more`: another one to the same path follows at once.
    """

    method: str
    path: str
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = False
    more: bool = False


class WritingCaller:
    """Sends the writes of one portal. `client` goes through a `WritingTransport`; `reading` reads from the portal."""

    def __init__(self, client: httpx.AsyncClient, reading: PortalCaller, gate: Gate) -> None:
        self._client, self._reading, self._gate = client, reading, gate
        self._asked_ahead: dict[str, tuple[float, asyncio.Task[Permit]]] = {}

    async def send(self, write: Write) -> httpx.Response:
        """The answer: done (2xx), or refused for what the write says (4xx).

        Raises AnswerLostError when nobody knows whether it was done, ProductionPortalError when the gate gives no
        leave, AccessError for a missing scope or privilege, other PortalErrors when the portal does not do it now.
        """
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(AgainError),
            stop=stop_after_attempt(self._reading.pace.tries),
            wait=partial(pause_s, self._reading.pace),
            sleep=self._reading.pace.sleep,
            reraise=True,
        )
        try:
            return await retrying(self._attempt, write)
        except AgainError as again:
            raise again.error from None

    async def _attempt(self, write: Write) -> httpx.Response:
        permit = await self._permit(write)
        async with self._reading.limiter.turn():
            if write.more:
                self._ask_ahead(write)
            response = await self._answer(write, permit)
        self._reading.manners.heed(response)
        if response.status_code in AGAIN:
            raise self._not_done(write, response)
        if response.status_code in _ALL_STOP or response.is_redirect:
            raise self._reading.manners.explain(response)
        if response.is_success and not _is_from_portal(response):
            lost = _lost(
                self._reading.manners.name, write.path, f"status {response.status_code} and no answer of its own"
            )
            raise AgainError(lost) if write.repeatable else lost
        self._reading.limiter.widen()
        return response

    async def _permit(self, write: Write) -> Permit:
        """The gate's leave for a write, asked now or a moment ago."""
        asked_s, question = self._asked_ahead.pop(write.path, (-_FRESH_S, None))
        if question is not None and self._reading.pace.elapsed_s() - asked_s <= _FRESH_S:
            return await question
        return await self._gate.ask()

    def _ask_ahead(self, write: Write) -> None:
        """Asks the gate for the next write to this path."""
        question = asyncio.ensure_future(self._gate.ask())
        question.add_done_callback(_hear)
        self._asked_ahead[write.path] = (self._reading.pace.elapsed_s(), question)

    async def _answer(self, write: Write, permit: Permit) -> httpx.Response:
        name = self._reading.manners.name
        headers = {"Content-Type": "application/json", **write.headers} if write.content else write.headers
        request = self._client.build_request(
            write.method, write.path, content=write.content, headers=headers, extensions=with_permit(permit)
        )
        try:
            return await finish_request(self._client.send(request))
        except _NEVER_SENT as fault:
            raise AgainError(
                PortalUnavailableError(
                    f"{name} does not answer ({type(fault).__name__}).", next_step="Run the same command again."
                )
            ) from fault
        except httpx.RequestError as fault:
            lost = _lost(name, write.path, type(fault).__name__)
            raise (AgainError(lost) if write.repeatable else lost) from fault
        finally:
            self._client.cookies.clear()

    def _not_done(self, write: Write, response: httpx.Response) -> AgainError | PortalError:
        status, manners = response.status_code, self._reading.manners
        if status not in UNDONE:
            lost = _lost(manners.name, write.path, f"status {status}")
            return AgainError(lost) if write.repeatable else lost
        error, wait_s = manners.explain(response), manners.pause_s(response)
        if wait_s is not None and wait_s > self._reading.pace.longest_wait_s:
            return error
        if status == httpx.codes.TOO_MANY_REQUESTS:
            self._reading.limiter.hold(wait_s or 0.0)
        return AgainError(error, wait_s, grows="retry-after" not in response.headers)


def _hear(question: asyncio.Task[Permit]) -> None:
    """Takes note of a refusal that nobody waits for any more: the gate is closed by it all the same."""
    if not question.cancelled():
        question.exception()


def _is_from_portal(response: httpx.Response) -> bool:
    """Whether a success is the portal's word: without a body, or JSON, or in parts; a proxy would show a page."""
    media_type = response.headers.get("content-type", "")
    return not response.content or media_type.startswith(("application/json", "multipart/mixed"))


def _lost(name: str, path: str, why: str) -> AnswerLostError:
    return AnswerLostError(
        f"{name} did not say whether the write to {path} was done ({why}).",
        next_step="Run the same command again: it looks what was done, and goes on from there.",
    )


def read_answer(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer to a write. Raises AnswerLostError when its body is something else."""
    answer = json_object(response)
    if not answer:
        raise _lost("The portal", response.request.url.path, f"status {response.status_code} without JSON")
    return answer
