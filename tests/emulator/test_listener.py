"""One server on 127.0.0.1 ends with all its connections, also those to clients that keep theirs."""

from __future__ import annotations

import gc
import socket
import ssl
import warnings
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dynsync_lib.emulator.serving.certificates import make_certificates
from dynsync_lib.emulator.serving.listener import HOST, Listener, bind

MORE_THAN_THE_SYSTEM_HOLDS = 32 * 1_048_576
REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def test_stop__cuts_a_client_who_does_not_read() -> None:
    assert _left_open(None) == []


def test_stop__cuts_a_client_who_does_not_end_tls(tmp_path: Path) -> None:
    make_certificates(tmp_path, host=HOST)
    assert _left_open(tmp_path) == []


def _left_open(certificates: Path | None) -> list[str]:
    """What the garbage collector finds open behind a server that has ended; its client read one byte of an answer."""
    gc.collect()  # what other tests have left is not asked for
    with bind(0) as bound, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        listener = Listener(_application(), bound, None if certificates is None else certificates / "server.pem")
        listener.start()
        with _connected(bound.getsockname()[1], certificates) as client:
            client.sendall(REQUEST)
            client.recv(1)
            listener.stop()
            del listener  # which holds the connections
            gc.collect()
    return [str(warning.message) for warning in caught]


def _application() -> Starlette:
    return Starlette(routes=[Route("/", _answer)])


async def _answer(request: Request) -> Response:
    return Response(b"x" * (MORE_THAN_THE_SYSTEM_HOLDS if request.url.scheme == "http" else 1))


def _connected(port: int, certificates: Path | None) -> socket.socket:
    plain = socket.create_connection((HOST, port))
    if certificates is None:
        return plain
    return ssl.create_default_context(cafile=str(certificates / "ca.pem")).wrap_socket(plain, server_hostname=HOST)
