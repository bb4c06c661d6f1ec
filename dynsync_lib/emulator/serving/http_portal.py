"""The HTTP side of one portal: turns requests into calls, applies faults, and notes every answer in the log.

Facts
    * Faults are applied here, so that they reach every route alike; the control plane is never affected, and answers
      while all others wait.
    * Who may not call, and bodies that are too long or packed, are refused before anything else, by
      `emulator.serving.callers`.

Where it is used: `emulator.serving.emulator`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.utils import formatdate
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dynsync_lib.emulator.calls import Call, PageTrick, Reply
from dynsync_lib.emulator.conditions.switches import Conditions, Fault
from dynsync_lib.emulator.serving.callers import read_body, refuse_packed, refuse_stranger, too_long
from dynsync_lib.emulator.serving.control_api import PREFIX, Control
from dynsync_lib.emulator.serving.listener import HOST
from dynsync_lib.emulator.serving.portals_here import MOST_AT_ONCE

_METHODS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
Answer = Callable[[Call], Reply]


def application(portal: str, answer: Answer, conditions: Conditions, control: Control) -> Starlette:
    """The web application of one portal: `answer` replies to its calls, `control` to those of the control plane."""
    door = _Door(portal, answer, conditions, control)
    return Starlette(routes=[Route("/{path:path}", door.serve, methods=_METHODS)])


class _Door:
    def __init__(self, portal: str, answer: Answer, conditions: Conditions, control: Control) -> None:
        self._portal, self._answer, self._conditions, self._control = portal, answer, conditions, control
        self._count = 0
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE)
        self._control_threads = ThreadPoolExecutor(1)

    async def serve(self, request: Request) -> Response:
        refusal = refuse_stranger(request) or refuse_packed(request)
        if refusal is not None:
            return _response(refusal)
        body = await read_body(request)
        if body is None:
            return _response(too_long())
        return await self._served(self._call(request, body))

    async def _served(self, call: Call) -> Response:
        if call.path.startswith(PREFIX):
            return _dated(_response(await _in(self._control_threads, self._control.answer, call)), call)
        started_s = time.perf_counter()
        fault = self._conditions.take_fault(self._portal, call.method, call.path)
        if fault is not None and fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        reply = await _in(self._threads, self._reply, call, fault)
        self._note(call, reply, started_s)
        is_cut = fault is not None and fault.cut
        return _dated(_CutResponse(reply) if is_cut else _response(reply), call)

    def _reply(self, call: Call, fault: Fault | None) -> Reply:
        if fault is None:
            return self._answer(call)
        if fault.status is not None:
            return _fault_reply(fault)
        return self._answer(replace(call, trick=PageTrick(fault.repeat_page, fault.short_page)))

    def _call(self, request: Request, body: bytes) -> Call:
        self._count += 1
        raw_path = request.scope.get("raw_path", b"").decode("latin-1") or request.url.path
        return Call(
            request.method,
            request.url.path,
            raw_path,
            request.scope["query_string"].decode("latin-1"),
            {name.lower(): value for name, value in request.headers.items()},
            body,
            f"{request.url.scheme}://{request.headers.get('host', HOST)}",
            {},
            self._conditions.clock.now_s(),
            f"00000000-0000-4000-8000-{self._count:012d}",
        )

    def _note(self, call: Call, reply: Reply, started_s: float) -> None:
        self._conditions.note(
            at_s=call.at_s,
            portal=self._portal,
            method=call.method,
            path=call.path,
            query=call.raw_query,
            status=reply.status,
            bytes=len(reply.body),
            duration_ms=round((time.perf_counter() - started_s) * 1000, 3),
            correlation_id=call.correlation_id,
        )


async def _in(threads: ThreadPoolExecutor, function: Callable[..., Reply], *arguments: Any) -> Reply:
    return await asyncio.get_running_loop().run_in_executor(threads, function, *arguments)


def _fault_reply(fault: Fault) -> Reply:
    is_text = isinstance(fault.body, str)
    body = str(fault.body).encode() if is_text else json.dumps(fault.body if fault.body is not None else {}).encode()
    media_type = "text/html" if is_text else "application/json"
    body = b"" if fault.status in (204, 304) else body  # HTTP sends none with these
    return Reply(fault.status or 500, body, fault.headers, media_type)


def _dated(response: Response, call: Call) -> Response:
    """The response with the emulator's own time as its date, so that a stopped clock makes every byte the same."""
    response.headers.setdefault("date", formatdate(call.at_s, usegmt=True))
    return response


def _response(reply: Reply) -> Response:
    return Response(reply.body, reply.status, headers=dict(reply.headers), media_type=reply.media_type)


class _CutResponse(Response):
    """A response that announces its whole length and closes the connection after half of it."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.body[: len(reply.body) // 2], reply.status, media_type=reply.media_type)
        self._whole: Mapping[str, str] = {"content-length": str(max(len(reply.body), 2))}
        self.headers["content-length"] = self._whole["content-length"]
