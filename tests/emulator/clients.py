"""Clients that nobody here wrote, pointed at a running emulator."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import hubspot
import msal
import requests

from dynsync_lib.emulator.serving.emulator import Emulator

PATIENCE_S = 60
"""How long a client waits for an answer, however busy the machine is."""


@contextmanager
def trusting(emulator: Emulator) -> Iterator[requests.Session]:
    """A session that trusts the emulator's certificate, for `msal`."""
    with requests.Session() as session:
        session.trust_env, session.verify = False, emulator.addresses["dynamics"]["ca_file"]
        yield session


def scopes_of(emulator: Emulator) -> list[str]:
    """What a client without a user asks for."""
    return [f"{emulator.addresses['dynamics']['tls_url']}/.default"]


def sign_in(emulator: Emulator, **other: Any) -> dict[str, Any]:
    """What `msal` says after signing in as a client; `other` replaces client_id or client_secret."""
    addresses: Mapping[str, Any] = {**emulator.addresses["dynamics"], **other}
    with trusting(emulator) as session:
        app = msal.ConfidentialClientApplication(
            addresses["client_id"],
            client_credential=addresses["client_secret"],
            authority=addresses["authority"],
            instance_discovery=False,
            http_client=session,
        )
        answer: dict[str, Any] = app.acquire_token_for_client(scopes_of(emulator))
    return answer


@contextmanager
def environment_client(emulator: Emulator) -> Iterator[httpx.Client]:
    """The Dataverse Web API over TLS, with the token that needs no sign-in."""
    addresses = emulator.addresses["dynamics"]
    context = ssl.create_default_context(cafile=addresses["ca_file"])
    headers = {"Authorization": f"Bearer {emulator.told['dynamics']['token']}"}
    address = f"{addresses['tls_url']}/api/data/v9.2/"
    with httpx.Client(base_url=address, headers=headers, verify=context, timeout=PATIENCE_S) as client:
        yield client


@contextmanager
def portal_client(emulator: Emulator) -> Iterator[httpx.Client]:
    """The HubSpot API with its token; also the control plane."""
    addresses = emulator.addresses["hubspot"]
    headers = {"Authorization": f"Bearer {addresses['token']}"}
    with httpx.Client(base_url=addresses["url"], headers=headers, timeout=PATIENCE_S) as client:
        yield client


def hubspot_client(emulator: Emulator) -> Any:
    """HubSpot's own client library."""
    client = hubspot.Client.create(access_token=emulator.addresses["hubspot"]["token"])
    client.config["host"] = emulator.addresses["hubspot"]["url"]
    return client
