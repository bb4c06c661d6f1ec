"""The same requests get the same bytes from two emulators of one world, whatever the seed of Python's hashes."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.emulator.world.demo_world import build_world

ROOT = Path(__file__).resolve().parents[2]
NOON: Final = "2026-11-24T12:00:00"
Answer = tuple[int, list[tuple[str, str]], bytes]
_WROTE: Final = [{"firstname": "Dee", "email": "dee@x.example"}, {"firstname": "Eve", "lastname": "Eden"}]
_GUID: Final = "00000000-0000-4000-8000-0000000000d1"


@contextmanager
def _served(hash_seed: str) -> Iterator[dict[str, dict[str, str]]]:
    command = [sys.executable, "-m", "dynsync_lib.cli", "emulator", "--clock", NOON, "--no-limits", "--json"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()


def _requests(addresses: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """A script of requests: method, address, and what goes along."""
    hubspot, dynamics = addresses["hubspot"], addresses["dynamics"]
    contacts, data = f"{hubspot['url']}/crm/v3/objects/contacts", f"{dynamics['tls_url']}/api/data/v9.2"
    with_token = {"headers": {"Authorization": f"Bearer {hubspot['token']}"}}
    form = {
        "grant_type": "client_credentials",
        "client_id": dynamics["client_id"],
        "client_secret": dynamics["client_secret"],
        "scope": f"{dynamics['tls_url']}/.default",
    }
    yield "POST", f"{dynamics['authority']}/oauth2/v2.0/token", {"data": form}
    yield "POST", f"{dynamics['authority']}/oauth2/v2.0/devicecode", {"data": {**form, "scope": "openid"}}
    yield "GET", f"{dynamics['authority']}/v2.0/.well-known/openid-configuration", {}
    yield "GET", contacts, {}
    yield "GET", contacts, {**with_token, "params": {"limit": "100", "associations": "companies"}}
    for properties in _WROTE:
        yield "POST", contacts, {**with_token, "json": {"properties": properties}}
    body = {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "HAS_PROPERTY"}]}], "limit": 200}
    yield "POST", f"{contacts}/search", {**with_token, "json": body}
    yield "GET", f"{hubspot['url']}/crm/objects/2026-03/companies", {**with_token, "params": {"limit": "50"}}
    yield "GET", f"{hubspot['url']}/crm/v3/properties/contacts", with_token
    yield "GET", f"{hubspot['url']}/crm/v3/owners", with_token
    yield "GET", f"{contacts}/1", with_token
    everything = {"Authorization": "Bearer emulator-token-1", "Prefer": 'odata.include-annotations="*"'}
    signed_in = {"headers": everything}
    yield "GET", f"{data}/WhoAmI", signed_in
    yield (
        "GET",
        f"{data}/contacts?$select=fullname,_parentcustomerid_value&$count=true&$filter=statecode eq 0",
        signed_in,
    )
    yield "POST", f"{data}/accounts", {**signed_in, "json": {"name": "New Firm"}}
    yield "PATCH", f"{data}/contacts({_GUID})", {**signed_in, "json": {"lastname": "Doe"}}
    yield "GET", f"{data}/contacts({_GUID})", signed_in
    yield "GET", f"{data}/accounts?$orderby=createdon desc&$top=3", signed_in
    yield "GET", f"{data}/EntityDefinitions(LogicalName='lead')/Attributes", signed_in
    yield "GET", f"{data}/nothings", signed_in
    yield "GET", f"{hubspot['url']}/__emu/state", {}
    yield "GET", f"{hubspot['url']}/__emu/clock", {}


def _transcript(addresses: Mapping[str, Mapping[str, str]]) -> list[Answer]:
    """Every answer: status, headers, body. The addresses, which no seed decides, are named instead."""
    names = {addresses["hubspot"]["url"]: "HUBSPOT", addresses["dynamics"]["url"]: "DYNAMICS"}
    names |= {addresses["dynamics"]["tls_url"]: "TLS", addresses["dynamics"]["tls_url"].partition("//")[2]: "HOST"}
    trusted = ssl.create_default_context(cafile=addresses["dynamics"]["ca_file"])
    answers = []
    with httpx.Client(verify=trusted, trust_env=False) as client:
        for method, address, more in _requests(addresses):
            answer = client.request(method, address, **more)
            body = answer.content
            for found, name in names.items():
                body = body.replace(found.encode(), name.encode())
            headers = [(key, _named(value, names)) for key, value in sorted(answer.headers.items())]
            answers.append((answer.status_code, [header for header in headers if header[0] != "content-length"], body))
    return answers


def _named(text: str, names: Mapping[str, str]) -> str:
    for address, name in names.items():
        text = text.replace(address, name)
    return text


@pytest.fixture(scope="module")
def transcripts() -> list[list[Answer]]:
    """What two processes answered, each to the same script."""
    with _served("1") as first, _served("2") as second:
        return [_transcript(first), _transcript(second)]


def test_two_runs_answer_the_same_bytes(transcripts: list[list[Answer]]) -> None:
    for first, second in zip(*transcripts, strict=True):
        assert first == second


def test_the_script_meets_more_than_refusals(transcripts: list[list[Answer]]) -> None:
    statuses = [status for status, _, _ in transcripts[0]]
    assert statuses == [
        *(200, 200, 200, 401, 200, 201, 201, 200, 200, 200, 200, 404),
        *(200, 200, 204, 204, 200, 200, 200, 404, 200, 200),
    ]


def test_answers_are_dated_by_the_clock(transcripts: list[list[Answer]]) -> None:
    dates = {dict(headers)["date"] for _, headers, _ in transcripts[0]}
    assert dates == {"Tue, 24 Nov 2026 12:00:00 GMT"}


def test_reset_goes_back_to_the_clock_of_the_start() -> None:
    with Emulator(build_world(scale=0), begins_at_s=1_000_000.0) as running:
        running.conditions.clock.advance(60)
        running.conditions.reset()
        assert running.conditions.clock.now_s() == 1_000_000.0
