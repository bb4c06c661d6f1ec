"""Who may call the emulator, and how much they may send: over real sockets, in whatever words."""

from __future__ import annotations

import gzip
import socket
from urllib.parse import urlsplit

import httpx
import pytest

from dynsync_lib.emulator.serving.callers import LONGEST_BODY
from dynsync_lib.emulator.serving.emulator import Emulator
from tests.emulator.clients import environment_client


def _sent(emulator: Emulator, text: str) -> str:
    """What the HubSpot port answers to these lines, as they are."""
    address = urlsplit(emulator.addresses["hubspot"]["url"])
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=20) as connection:
        connection.sendall(text.replace("\n", "\r\n").encode())
        connection.shutdown(socket.SHUT_WR)
        return connection.makefile("rb").read().decode()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8443", "LOCALHOST", "[::1]:80", "127.0.0.1:1"])
def test_host__this_machine_by_its_names(portal: httpx.Client, host: str) -> None:
    assert portal.get("/__emu/health", headers={"Host": host}).status_code == 200
    assert portal.get("/crm/v3/owners", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("rebound.example", "rebound.example:80", "127.0.0.1.example", "localhost.example", "x@localhost.example"),
        *(
            "0.0.0.1",
            "127.0.0.2",
            "example@127.0.0.1.example",
            "[::1",
            "localhost.",
            "a@localhost",
            "localhost/x",
            "127.0.0.1, rebound.example",
        ),
    ],
)
@pytest.mark.parametrize("path", ["/__emu/health", "/crm/v3/owners", "/"])
def test_host__another_name_421(portal: httpx.Client, host: str, path: str) -> None:
    answer = portal.get(path, headers={"Host": host})
    assert answer.status_code == 421
    assert answer.json()["error"] == f"The emulator answers 127.0.0.1 and localhost alone, and Host is {host}."


def test_host__none_421(emulator: Emulator) -> None:
    assert "421 Misdirected Request" in _sent(emulator, "GET /__emu/health HTTP/1.0\n\n")


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8888", "http://localhost", "https://LOCALHOST:3000"])
def test_origin__pages_of_this_machine(portal: httpx.Client, origin: str) -> None:
    assert portal.post("/__emu/reset", headers={"Origin": origin}).status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["null", "", "https://page.example", "http://localhost.example", "http://127.0.0.1.example:80", "http://["],
)
def test_origin__pages_of_others_403_and_change_nothing(portal: httpx.Client, origin: str) -> None:
    portal.post("/__emu/faults", json={"path": "/never", "status": 500})
    for method, path in (("POST", "/__emu/reset"), ("DELETE", "/__emu/faults"), ("GET", "/crm/v3/owners")):
        answer = portal.request(method, path, headers={"Origin": origin})
        assert (answer.status_code, "Origin is" in answer.json()["error"]) == (403, True)
    assert len(portal.get("/__emu/state").json()["faults"]) == 1


def test_tls__asks_for_the_same_names(emulator: Emulator) -> None:
    with environment_client(emulator) as environment:
        assert environment.get("WhoAmI", headers={"Host": "rebound.example"}).status_code == 421
        assert environment.get("WhoAmI", headers={"Origin": "https://page.example"}).status_code == 403


def test_body__longer_than_allowed_413(portal: httpx.Client) -> None:
    path = "/crm/v3/objects/contacts"
    assert portal.post(path, content=b" " * (LONGEST_BODY + 1)).status_code == 413
    answer = portal.post(path, content=(b" " * 65_536 for _ in range(LONGEST_BODY // 65_536 + 1)))
    assert (answer.status_code, answer.json()["error"]) == (413, "A body has at most 8,388,608 bytes here.")
    assert portal.post(path, content=b" " * (LONGEST_BODY - 2) + b"{}").status_code == 400


def test_body__announced_as_too_long_is_not_waited_for(emulator: Emulator) -> None:
    head = "POST /crm/v3/objects/contacts HTTP/1.1\nHost: localhost\nContent-Length: 99999999999999\n\n"
    assert "413 " in _sent(emulator, head)


@pytest.mark.parametrize("packing", ["gzip", "deflate", "br", "gzip, gzip"])
def test_body__packed_is_never_unpacked_415(portal: httpx.Client, packing: str) -> None:
    body = gzip.compress(b'{"properties":{}}' + b" " * 10_000_000)
    answer = portal.post("/crm/v3/objects/contacts", content=body, headers={"Content-Encoding": packing})
    assert answer.status_code == 415
    assert answer.json()["error"].endswith(f"not with Content-Encoding {packing}.")


def test_log__keeps_the_beginning_of_long_addresses(portal: httpx.Client) -> None:
    long = "x" * 1_990 + "/" + "ada" * 60 + "@x.example" + "y" * 9_000
    portal.get(f"/crm/v3/{long}", params={"q": "z" * 5_000})
    entry = portal.get("/__emu/log").json()["requests"][-1]
    assert (len(entry["path"]), len(entry["query"]), "ada" in entry["path"]) == (2_000, 2_000, False)
