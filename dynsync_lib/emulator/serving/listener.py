"""One HTTP server on 127.0.0.1, in a thread of its own.

Where it is used: `emulator.serving.emulator`.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
import time
from pathlib import Path
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette

from dynsync_lib.errors import UsageError

HOST: Final = "127.0.0.1"
_START_S: Final = 20.0
_LONGEST_HEAD: Final = 262_144
"""Bytes of a request line with its headers: long addresses must reach the portals' own refusals."""


def bind(port: int) -> socket.socket:
    """A socket on 127.0.0.1 with this port, or any free one for 0. Raises UsageError when it is taken or forbidden."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # so that asyncio switches Nagle off
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
    except OSError as fault:
        bound.close()
        why = "is taken" if fault.errno == errno.EADDRINUSE else f"cannot be used ({fault.strerror or fault})"
        step = "Name another port, or 0 for any free one."
        raise UsageError(f"Port {port} of {HOST} {why}.", next_step=step) from fault
    return bound


class Listener:
    """One uvicorn server. `certificate_file` makes it speak TLS; None leaves plain HTTP."""

    def __init__(self, application: Starlette, bound: socket.socket, certificate_file: Path | None) -> None:
        tls: dict[str, Any] = {} if certificate_file is None else {"ssl_certfile": str(certificate_file)}
        config = uvicorn.Config(
            application,
            log_level="critical",
            lifespan="off",
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,
            http="h11",
            h11_max_incomplete_event_size=_LONGEST_HEAD,
            **tls,
        )
        self._server = uvicorn.Server(config)
        self._bound = bound
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Starts the server and returns when it answers. Raises OSError when it does not start."""
        self._thread.start()
        deadline_s = time.monotonic() + _START_S
        while not self._server.started and self._thread.is_alive() and time.monotonic() < deadline_s:
            time.sleep(0.01)
        if not self._server.started:
            raise OSError("the emulator could not start a listener on 127.0.0.1")

    def ask_to_stop(self) -> None:
        """Asks the server to end and returns at once, so that several listeners can end at the same time."""
        self._server.should_exit = True

    def stop(self) -> None:
        """Ends the server and frees the port."""
        self.ask_to_stop()
        self._thread.join(timeout=5)
        self._bound.close()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        await self._server.serve(sockets=[self._bound])
        await self._cut_connections()

    async def _cut_connections(self) -> None:
        """Cuts the connections of clients for whom the server waited in vain: to read on, or to end TLS.

        The event loop ends next; connections that it leaves open stay so until the garbage collector finds them.
        """
        connections = self._server.server_state.connections
        for connection in connections:
            connection.transport.abort()
        while connections:
            await asyncio.sleep(0)
