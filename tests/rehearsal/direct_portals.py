"""Both emulated portals without sockets, for laws of many runs; and ways to die in the middle.

Facts
    * A request is answered within the call, so that a run takes tenths of a second. Faults are those of the emulator.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import httpx

from dynsync_lib.emulator.calls import Call, Reply
from dynsync_lib.emulator.conditions.switches import Conditions
from dynsync_lib.emulator.entra.tokens import STATIC_TOKEN as DATAVERSE_TOKEN
from dynsync_lib.emulator.hubspot.portal import STATIC_TOKEN as HUBSPOT_TOKEN
from dynsync_lib.emulator.serving.certificates import make_certificates
from dynsync_lib.emulator.serving.http_portal import _fault_reply
from dynsync_lib.emulator.serving.portals_here import PortalsHere, SignInPlace
from dynsync_lib.portals.dataverse import reader as dataverse
from dynsync_lib.portals.http.transport import Guard, ReadOnlyTransport
from dynsync_lib.portals.hubspot import reader as hubspot
from dynsync_lib.portals.sign_in.auth import BearerAuth
from dynsync_lib.rehearsal.journal import Journal
from dynsync_lib.rehearsal.writing.portal_pair import Side, TestPortals, join_portals
from tests.emulator.small_world import small_world
from tests.pulls import GENEROUS, FakeTime

HUBSPOT, DYNAMICS = httpx.URL("http://127.0.0.1:1"), httpx.URL("http://127.0.0.1:2")
ON_THEIR_WAY = 8
"""Requests that may be on their way at once: one for each table that is written at the same time, and its question."""
_READING = ("/search", "/batch/read", "/access-token-info")


class Killed(BaseException):
    """The process is gone: nothing after this is done, and nobody hears of it."""


def nothing_happens(number: int, portal: str, path: str) -> None:
    """What happens before a request of an undisturbed run."""
    del number, portal, path


class DirectPortals:
    """The portals of the small world. `before` is called before each request with its number from 1 and its path.

    `writes_to_production` counts writes that a portal got after it said that it is not for tests; `turned_at` gives the
    request since which it says so. The few that were on their way when it said so do not count.
    """

    def __init__(self, folder: Path) -> None:
        certificate = make_certificates(folder, host="127.0.0.1")
        self.conditions = Conditions(GENEROUS)
        self.here = PortalsHere(small_world(), self.conditions, SignInPlace("https://127.0.0.1:3", certificate))
        self._metadata: dict[str, Reply] = {}
        self.reset()

    def reset(self) -> None:
        """The world as it is, with nothing switched."""
        self.conditions.reset()
        self.here.reseed()
        self.before: Callable[[int, str, str], None] = nothing_happens
        self.requests = self.writes = self.writes_to_production = 0
        self.turned_at: Mapping[str, int] = {}

    def answer(self, portal: str, request: httpx.Request, body: bytes) -> Reply | None:
        """The reply to a request; None when the connection ends without one, after it was done."""
        self.requests += 1
        url = request.url
        self.before(self.requests, portal, url.path)
        is_write = request.method != "GET" and not url.path.endswith(_READING)
        self.writes += is_write
        if is_write and portal in self.turned_at:
            self.writes_to_production += self.requests - self.turned_at[portal] > ON_THEIR_WAY
        fault = self.conditions.take_fault(portal, request.method, url.path)
        if fault is not None and fault.status is not None:
            return _fault_reply(fault)
        call = Call(
            request.method,
            url.path,
            url.raw_path.partition(b"?")[0].decode(),
            url.query.decode(),
            {name.lower(): value for name, value in request.headers.items()},
            body,
            f"{url.scheme}://{url.host}:{url.port}",
            {},
            self.conditions.clock.now_s(),
            f"00000000-0000-4000-8000-{self.requests:012d}",
        )
        reply = self._reply(portal, call)
        return None if fault is not None and fault.cut else reply

    def _reply(self, portal: str, call: Call) -> Reply:
        """What the portal says; the metadata of Dynamics, which no run changes, is worked out once."""
        if portal == "hubspot":
            return self.here.answer_hubspot(call)
        if "/EntityDefinitions" not in call.path:
            return self.here.answer_dynamics(call)
        address = f"{call.path}?{call.raw_query}"
        if address not in self._metadata:
            self._metadata[address] = self.here.answer_dynamics(call)
        return self._metadata[address]

    @asynccontextmanager
    async def open(self) -> AsyncIterator[TestPortals]:
        """Both portals, open for reading and writing; nothing waits."""
        pace = FakeTime().pace(tries=4)
        async with AsyncExitStack() as stack:
            sides = []
            for name, origin, opened, token in (
                ("hubspot", HUBSPOT, hubspot.open_client, HUBSPOT_TOKEN),
                ("dynamics", DYNAMICS, dataverse.open_client, DATAVERSE_TOKEN),
            ):
                guard = Guard("hubspot" if name == "hubspot" else "dynamics", origin)
                auth = BearerAuth(token)
                reading = ReadOnlyTransport(guard, _Direct(self, name))
                secret = token if name == "hubspot" else auth
                client = await stack.enter_async_context(opened(origin, secret, reading, pace))  # type: ignore[arg-type]
                sides.append(Side(client, auth, _Direct(self, name)))
            yield await join_portals(stack, sides[0], sides[1], pace, token=HUBSPOT_TOKEN, version="v3")


class _Direct(httpx.AsyncBaseTransport):
    def __init__(self, portals: DirectPortals, name: str) -> None:
        self._portals, self._name = portals, name

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        reply = self._portals.answer(self._name, request, await request.aread())
        if reply is None:
            raise httpx.RemoteProtocolError("the connection was cut", request=request)
        moment = datetime.fromtimestamp(self._portals.conditions.clock.now_s(), UTC)
        headers = {"content-type": reply.media_type, "date": format_datetime(moment, usegmt=True), **reply.headers}
        return httpx.Response(reply.status, headers=headers, content=reply.body, request=request)


class DyingJournal(Journal):
    """A journal whose process is killed after so many bytes, within a line or between two."""

    def __init__(self, path: Path, bytes_left: int | None) -> None:
        super().__init__(path)
        self._left = bytes_left

    def _write(self, descriptor: int, text: bytes) -> None:
        if self._left is None:
            super()._write(descriptor, text)
            return
        super()._write(descriptor, text[: self._left])
        if self._left < len(text):
            self._left = 0
            raise Killed
        self._left -= len(text)
