"""The only way out reads, from the portal's own host and no other."""

from __future__ import annotations

import asyncio
from typing import get_args

import httpx
import pytest

from dynsync_lib.errors import SafetyError, SettingsError, UsageError
from dynsync_lib.messages import redact
from dynsync_lib.portals.http.hosts import Portal, check_host
from dynsync_lib.portals.http.transport import READ_ROUTES, Guard, ReadOnlyTransport, proxy_of
from dynsync_lib.portals.sign_in.connections import PortalConnections
from tests.pulls import answering

HUBSPOT = Guard("hubspot", httpx.URL("https://api.hubapi.com"))
DYNAMICS = Guard("dynamics", httpx.URL("https://contoso.crm4.dynamics.com"))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/account-info/v3/details"),
        ("GET", "/crm/v3/objects/contacts?limit=100&after=1"),
        ("POST", "/crm/v3/objects/contacts/batch/read"),
        ("POST", "/crm/v3/objects/contacts/search"),
        ("POST", "/crm/v4/associations/contacts/companies/batch/read"),
    ],
)
def test_guard__lets_reading_pass(method: str, path: str) -> None:
    HUBSPOT.check(httpx.Request(method, f"https://api.hubapi.com{path}"))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/crm/v3/objects/contacts"),
        ("PATCH", "/crm/v3/objects/contacts/1"),
        ("DELETE", "/crm/v3/objects/contacts/1"),
        ("PUT", "/crm/v3/objects/contacts"),
        ("POST", "/crm/v3/objects/contacts/batch/create"),
        ("POST", "/crm/v3/objects/contacts/batch/update"),
        ("POST", "/crm/v3/objects/contacts/batch/upsert"),
        ("POST", "/crm/v3/objects/contacts/batch/archive"),
        ("POST", "/crm/v3/objects/contacts/merge"),
        ("POST", "/crm/v3/objects/contacts/batch/read/../archive"),
        ("POST", "/crm/v3/objects/contacts/batch%2Farchive"),
        ("POST", "/crm/v4/associations/contacts/companies/batch/create"),
        ("GET", "/crm/v3/exports/export/async"),
        ("POST", "/crm/v3/objects/contacts/search/"),
    ],
)
def test_guard__stops_everything_else_at_hubspot(method: str, path: str) -> None:
    with pytest.raises(SafetyError, match="only reads"):
        HUBSPOT.check(httpx.Request(method, f"https://api.hubapi.com{path}"))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/data/v9.2/contacts"),
        ("PATCH", "/api/data/v9.2/contacts(0a1b2c3d-0000-4000-8000-000000000001)"),
        ("DELETE", "/api/data/v9.2/contacts(0a1b2c3d-0000-4000-8000-000000000001)"),
        ("POST", "/api/data/v9.2/$batch"),
        ("POST", "/api/data/v9.2/contacts/Microsoft.Dynamics.CRM.CreateMultiple"),
        ("GET", "/api/data/v8.0/contacts"),
        ("GET", "/api/data/v9.2/contacts/../../../main.aspx"),
    ],
)
def test_guard__stops_everything_else_at_dynamics(method: str, path: str) -> None:
    with pytest.raises(SafetyError, match="only reads"):
        DYNAMICS.check(httpx.Request(method, f"https://contoso.crm4.dynamics.com{path}"))


@pytest.mark.parametrize(
    "address",
    [
        "https://fabrikam.crm4.dynamics.com/api/data/v9.2/contacts",
        "http://contoso.crm4.dynamics.com/api/data/v9.2/contacts",
        "https://contoso.crm4.dynamics.com:8443/api/data/v9.2/contacts",
        "https://contoso.crm4.dynamics.com.evil.example/api/data/v9.2/contacts",
        "https://contoso.crm4.dynamics.com@evil.example/api/data/v9.2/contacts",
    ],
)
def test_guard__stops_other_hosts(address: str) -> None:
    with pytest.raises(SafetyError, match="was stopped"):
        DYNAMICS.check(httpx.Request("GET", address))


def test_transport__nothing_leaves_before_the_check() -> None:
    inner, requests = answering()

    async def write() -> None:
        async with httpx.AsyncClient(transport=ReadOnlyTransport(HUBSPOT, inner)) as client:
            await client.post("https://api.hubapi.com/crm/v3/objects/contacts", json={})

    with pytest.raises(SafetyError):
        asyncio.run(write())
    assert requests == []


def test_read_routes__post_only_where_it_reads() -> None:
    posts = [path for routes in READ_ROUTES.values() for method, path in routes if method != "GET"]
    assert {method for routes in READ_ROUTES.values() for method, _ in routes} == {"GET", "POST"}
    assert all(path.endswith(("/batch/read", "/search", "/access-token-info", "/(token|devicecode)")) for path in posts)
    assert set(READ_ROUTES) == set(get_args(Portal))


@pytest.mark.parametrize(
    ("portal", "address", "origin"),
    [
        ("hubspot", "https://api.hubapi.com", "https://api.hubapi.com"),
        ("hubspot", "https://api-eu1.hubapi.com/", "https://api-eu1.hubapi.com"),
        ("hubspot", "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("dynamics", "https://contoso.crm4.dynamics.com/", "https://contoso.crm4.dynamics.com"),
        ("dynamics", "contoso.crm.dynamics.com", "https://contoso.crm.dynamics.com"),
        ("dynamics", " https://Contoso.api.crm4.dynamics.com/main.aspx?x=1", "https://contoso.crm4.dynamics.com"),
        ("dynamics", "http://contoso.crm4.dynamics.com/", "https://contoso.crm4.dynamics.com"),
        ("dynamics", '"contoso.crm4.dynamics.com/api/data/v9.2/"', "https://contoso.crm4.dynamics.com"),
        ("dynamics", "<https://contoso.crm4.dynamics.com:443/>", "https://contoso.crm4.dynamics.com"),
        ("dynamics", "https://localhost:5001", "https://localhost:5001"),
        ("dynamics", "http://127.0.0.1:5001/main.aspx", "http://127.0.0.1:5001"),
        ("sign-in", "https://login.microsoftonline.com/tenant", "https://login.microsoftonline.com"),
    ],
)
def test_check_host__own_hosts(portal: Portal, address: str, origin: str) -> None:
    assert str(check_host(portal, address)) == origin


@pytest.mark.parametrize(
    ("portal", "address"),
    [
        ("hubspot", "http://api.hubapi.com"),
        ("hubspot", "https://hubapi.com.evil.example"),
        ("hubspot", "https://evil.example/api.hubapi.com"),
        ("hubspot", "https://api.hubapi.com:444"),
        ("hubspot", "https://192.0.2.7"),
        ("dynamics", "http://contoso.crm4.dynamics.com:8080"),
        ("dynamics", "https://dynamics.com"),
        ("dynamics", "https://contoso.crm4.dynamics.com.example"),
        ("dynamics", "https://evilcrm4.dynamics.com"),
        ("sign-in", "https://login.microsoftonline.com.example"),
        ("sign-in", "https://login.microsoftonline.example"),
    ],
)
def test_check_host__foreign_hosts(portal: Portal, address: str) -> None:
    with pytest.raises(SafetyError, match="no secret is sent there"):
        check_host(portal, address)


@pytest.mark.parametrize("address", ["", None, "https://", "ftp://127.0.0.1", "https://127.0.0.1:port"])
def test_check_host__no_address(address: str | None) -> None:
    with pytest.raises(UsageError, match="is no address of dynamics"):
        check_host("dynamics", address)


def test_portal_connections__repr_hides_secrets() -> None:
    connections = PortalConnections(hubspot_token="pat-eu1-abc", client_secret="s3cret~", client_id="app")
    assert "pat-eu1" not in repr(connections)
    assert "s3cret" not in repr(connections)
    assert "app" in repr(connections)


@pytest.mark.parametrize(
    "token",
    [
        " pat-eu1-abc\n",
        "Bearer pat-eu1-abc",
        "bearer  pat-eu1-abc ",
        '"pat-eu1-abc"',
        "'Bearer pat-eu1-abc'\r\n",
        'Bearer "pat-eu1-abc"',
        "Authorization: Bearer pat-eu1-abc",
        "\ufeffpat-eu1-abc\u200b",
        "pat-eu1\n-abc",
    ],
)
def test_portal_connections__token_as_pasted(token: str) -> None:
    assert PortalConnections(hubspot_token=token).token == "pat-eu1-abc"


@pytest.mark.parametrize("token", ["pat-eu1-••••", "pat-eu1-“abc”x", "pat eu1 abc"])
def test_portal_connections__token_that_cannot_be_one(token: str) -> None:
    with pytest.raises(SettingsError) as error:
        _ = PortalConnections(hubspot_token=token).token
    assert str(error.value) == (
        "HubSpot's token holds characters that none has, as when it was copied while it was hidden."
    )
    assert "pat" not in error.value.next_step


def test_portal_connections__token_is_cleaned_when_they_are_made() -> None:
    connections = PortalConnections(hubspot_token="Bearer pat-eu1-abc", hubspot_token_name="The variable T")
    assert connections.hubspot_token == "pat-eu1-abc"
    assert PortalConnections(hubspot_token=" ").hubspot_token is None
    with pytest.raises(SettingsError, match="The variable T holds characters that none has"):
        PortalConnections(hubspot_token="pat eu1", hubspot_token_name="The variable T")


def test_portal_connections__emulated_only_on_this_machine() -> None:
    here = PortalConnections(hubspot_url="http://127.0.0.1:1", hubspot_token="t", dynamics_url="https://localhost:2")
    mixed = PortalConnections(hubspot_token="t", dynamics_url="https://localhost:2")
    assert here.is_emulated
    assert not mixed.is_emulated
    assert not PortalConnections().is_emulated


def test_redact__tokens_and_addresses() -> None:
    text = 'Bearer abc.def for ann@x.example, pat-na1-1234-5678 and eyJ0eXAi.eyJh.c2ln in "bob+1@y.example".'
    assert redact(text) == 'Bearer *** for ***, *** and *** in "***".'.replace("Bearer ***", "***")


def test_proxy_of__never_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert proxy_of(httpx.URL("https://api.hubapi.com")) == "http://proxy.example:3128"
    assert proxy_of(httpx.URL("http://127.0.0.1:8080")) is None
