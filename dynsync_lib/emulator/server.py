"""Both portals and the sign-in on 127.0.0.1: HTTP in front of the two APIs.

Facts
    * Three listeners: HubSpot over HTTP, Dataverse over HTTP, and Dataverse with the sign-in over TLS, because `msal`
      speaks to nothing else. The certificate is made for this run and is gone after it.
    * Faults are applied here, so that they meet every route alike.

Where it is used: `kit`, the demo, the tests.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal

import trustme
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dynsync_lib.emulator.calls import Call, PageTrick, Reply
from dynsync_lib.emulator.conditions import Conditions, Fault
from dynsync_lib.emulator.control import PREFIX, answer_control
from dynsync_lib.emulator.dataverse_api import DataverseApi
from dynsync_lib.emulator.entra import CLIENT_ID, CLIENT_SECRET, Entra
from dynsync_lib.emulator.hubspot_api import STATIC_TOKEN, HubspotApi
from dynsync_lib.emulator.limits import Limits
from dynsync_lib.emulator.store import Store, World

HOST: Final = "127.0.0.1"
_METHODS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
_START_S: Final = 20.0
Answer = Callable[[Call], Reply]


class Emulator:
    """Serves one world from threads of this process; a context manager. `addresses` says where, with what secrets."""

    def __init__(
        self, world: World, *, hubspot_port: int = 0, dynamics_port: int = 0, limits: Limits | None = None
    ) -> None:
        self.world, self._ports = world, (hubspot_port, dynamics_port)
        self._limits = limits or Limits()
        self._stop = threading.Event()
        self.conditions = Conditions()

    def __enter__(self) -> Emulator:
        self._folder = Path(tempfile.mkdtemp(prefix="dynsync-emulator-"))
        self._store = Store(self.world)
        self._servers: list[_Listener] = []
        try:
            self._listen()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        self.close()
        return False

    def close(self) -> None:
        """Stops serving and removes what was made for the run."""
        self._stop.set()
        for server in self._servers:
            server.stop()
        self._store.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def wait(self) -> None:
        """Blocks until interrupted or closed."""
        try:
            self._stop.wait()
        except KeyboardInterrupt:
            return

    @property
    def addresses(self) -> dict[str, dict[str, str]]:
        """Where both portals are, and the secrets that open them."""
        return self._addresses

    def _listen(self) -> None:
        entra = Entra(str(self.world.organization["Detail"]["TenantId"]))
        certificate = _make_certificate(self._folder)
        hubspot = HubspotApi(self.world, self._store, self.conditions, self._limits)
        dynamics = DataverseApi(self.world, self._store, self.conditions, self._limits, entra)
        sockets = [_bind(port) for port in (*self._ports, 0)]
        ports = [one.getsockname()[1] for one in sockets]
        entra.origin = f"https://{HOST}:{ports[2]}"

        def answer_dynamics(call: Call) -> Reply:
            return entra.answer(call) if entra.owns(call.path) else dynamics.answer(call)

        answers: list[tuple[str, Answer]] = [
            ("hubspot", hubspot.answer),
            ("dynamics", dynamics.answer),
            ("dynamics", answer_dynamics),
        ]
        for (portal, answer), one, tls in zip(answers, sockets, (None, None, certificate), strict=True):
            self._servers.append(_Listener(_application(portal, answer, self.conditions), one, tls))
        for server in self._servers:
            server.start()
        self._addresses = {
            "hubspot": {"url": f"http://{HOST}:{ports[0]}", "token": STATIC_TOKEN},
            "dynamics": {
                "url": f"http://{HOST}:{ports[1]}",
                "tls_url": f"https://{HOST}:{ports[2]}",
                "authority": entra.authority,
                "tenant_id": entra.tenant_id,
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "ca_file": str(certificate / "ca.pem"),
            },
        }


def _bind(port: int) -> socket.socket:
    one = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # so that asyncio switches Nagle off
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind((HOST, port))
    return one


def _make_certificate(folder: Path) -> Path:
    """A folder with `ca.pem` and `server.pem` for 127.0.0.1."""
    authority = trustme.CA()
    server = authority.issue_cert(HOST, "localhost")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    server.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    return folder


class _Listener:
    """One uvicorn server in a thread of its own."""

    def __init__(self, application: Starlette, bound: socket.socket, certificate: Path | None) -> None:
        tls: dict[str, Any] = {"ssl_certfile": str(certificate / "server.pem")} if certificate is not None else {}
        config = uvicorn.Config(
            application, log_level="critical", lifespan="off", server_header=False, timeout_graceful_shutdown=1, **tls
        )
        self._server = uvicorn.Server(config)
        self._bound = bound
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Returns when the server answers."""
        self._thread.start()
        deadline_s = time.monotonic() + _START_S
        while not self._server.started and self._thread.is_alive() and time.monotonic() < deadline_s:
            time.sleep(0.01)
        if not self._server.started:
            raise OSError("the emulator could not start a listener on 127.0.0.1")

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=5)
        self._bound.close()

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._bound]))


def _application(portal: str, answer: Answer, conditions: Conditions) -> Starlette:
    door = _Door(portal, answer, conditions)
    return Starlette(routes=[Route("/{path:path}", door.serve, methods=_METHODS)])


class _Door:
    """Turns requests into calls, applies faults, keeps the log."""

    def __init__(self, portal: str, answer: Answer, conditions: Conditions) -> None:
        self._portal, self._answer, self._conditions = portal, answer, conditions
        self._count = 0

    async def serve(self, request: Request) -> Response:
        call = await self._call(request)
        if call.path.startswith(PREFIX):
            return _response(answer_control(self._conditions, call))
        started_s = time.perf_counter()
        fault = self._conditions.take_fault(self._portal, call.method, call.path)
        if fault is not None and fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        reply = await run_in_threadpool(self._reply, call, fault)
        self._note(call, reply, started_s)
        return _CutResponse(reply) if fault is not None and fault.cut else _response(reply)

    def _reply(self, call: Call, fault: Fault | None) -> Reply:
        if fault is None:
            return self._answer(call)
        if fault.status is not None:
            return _fault_reply(fault)
        return self._answer(_tricked(call, fault))

    async def _call(self, request: Request) -> Call:
        self._count += 1
        raw_path = request.scope.get("raw_path", b"").decode("latin-1") or request.url.path
        return Call(
            request.method,
            request.url.path,
            raw_path,
            request.scope["query_string"].decode("latin-1"),
            {name.lower(): value for name, value in request.headers.items()},
            await request.body(),
            f"{request.url.scheme}://{request.headers.get('host', HOST)}",
            {},
            time.time(),
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


def _tricked(call: Call, fault: Fault) -> Call:
    trick = PageTrick(fault.repeat_page, fault.short_page)
    return Call(
        call.method,
        call.path,
        call.raw_path,
        call.raw_query,
        call.headers,
        call.body,
        call.origin,
        call.names,
        call.at_s,
        call.correlation_id,
        trick,
    )


def _fault_reply(fault: Fault) -> Reply:
    is_text = isinstance(fault.body, str)
    body = str(fault.body).encode() if is_text else json.dumps(fault.body if fault.body is not None else {}).encode()
    media_type = "text/html" if is_text else "application/json"
    return Reply(fault.status or 500, body, fault.headers, media_type)


def _response(reply: Reply) -> Response:
    return Response(reply.body, reply.status, headers=dict(reply.headers), media_type=reply.media_type)


class _CutResponse(Response):
    """Promises the whole answer and closes the connection after half of it."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.body[: len(reply.body) // 2], reply.status, media_type=reply.media_type)
        self._whole: Mapping[str, str] = {"content-length": str(max(len(reply.body), 2))}
        self.headers["content-length"] = self._whole["content-length"]
