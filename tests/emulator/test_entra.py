"""The sign-in, driven by Microsoft's own library through TLS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msal
import pytest
import requests

from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.emulator.world.demo_world import build_world
from tests.emulator.clients import environment_client, portal_client, scopes_of, sign_in, trusting
from tests.lean_run import rsa_key


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(build_world(scale=0)) as running:
        yield running


@pytest.fixture
def session(emulator: Emulator) -> Iterator[requests.Session]:
    emulator.conditions.reset()
    with trusting(emulator) as trusted:
        yield trusted


@pytest.fixture
def control(emulator: Emulator) -> Iterator[httpx.Client]:
    with portal_client(emulator) as client:
        yield client


def _public(emulator: Emulator, session: requests.Session) -> Any:
    addresses = emulator.addresses["dynamics"]
    return msal.PublicClientApplication(
        addresses["client_id"], authority=addresses["authority"], instance_discovery=False, http_client=session
    )


def _user_scopes(emulator: Emulator) -> list[str]:
    return [f"{emulator.addresses['dynamics']['tls_url']}/user_impersonation"]


def _is_admitted(emulator: Emulator, session: requests.Session, token: str) -> bool:
    where = emulator.addresses["dynamics"]["tls_url"] + "/api/data/v9.2/WhoAmI"
    return session.get(where, headers={"Authorization": f"Bearer {token}"}).status_code == 200


# --- Clients without a user --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "code"), [({"client_secret": "wrong"}, 7000215), ({"client_id": "0aa0c0de-0000"}, 700016)]
)
def test_secret__refused_as_entra_refuses(emulator: Emulator, other: dict[str, str], code: int) -> None:
    answer = sign_in(emulator, **other)
    assert answer["error_codes"] == [code]
    assert f"AADSTS{code}" in answer["error_description"]


def _certificate_credential(pem: str) -> dict[str, str]:
    key, _, certificate = pem.partition("-----BEGIN CERTIFICATE-----")
    return {"private_key": key, "public_certificate": "-----BEGIN CERTIFICATE-----" + certificate}


def test_certificate__signs_in(emulator: Emulator, session: requests.Session) -> None:
    pem = emulator.client_certificate_file.read_text(encoding="ascii")
    answer = sign_in(emulator, client_secret=_certificate_credential(pem))
    assert answer["token_type"] == "Bearer"
    assert _is_admitted(emulator, session, answer["access_token"])


def test_certificate__of_somebody_else_is_not_registered(emulator: Emulator) -> None:
    rsa_key.cache_clear()
    with Emulator(build_world(scale=0)) as other:
        pem = other.client_certificate_file.read_text(encoding="ascii")
    assert sign_in(emulator, client_secret=_certificate_credential(pem))["error_codes"] == [700027]


def test_certificate__assertion_that_is_no_token(emulator: Emulator) -> None:
    answer = sign_in(emulator, client_secret={"client_assertion": lambda: "not.a.token"})
    assert answer["error_codes"] == [700027]


@pytest.mark.parametrize("code", [65001, 50076, 53003, 7000222])
def test_any_refusal_can_be_switched_on(emulator: Emulator, control: httpx.Client, code: int) -> None:
    emulator.conditions.reset()
    assert control.post("/__emu/sign_in", json={"refuse_with": code}).status_code == 200
    assert sign_in(emulator)["error_codes"] == [code]
    assert control.post("/__emu/sign_in", json={"refuse_with": 1}).status_code == 400


def test_unknown_tenant(emulator: Emulator, session: requests.Session) -> None:
    origin = emulator.addresses["dynamics"]["tls_url"]
    answer = session.get(f"{origin}/99999999-0000-4000-8000-000000000000/v2.0/.well-known/openid-configuration")
    assert answer.json()["error_codes"] == [90002]


def test_unknown_route_names_itself(emulator: Emulator, session: requests.Session) -> None:
    addresses = emulator.addresses["dynamics"]
    answer = session.get(f"{addresses['authority']}/oauth2/v2.0/logout")
    assert (answer.status_code, answer.json()["error"]) == (501, "not_emulated")


# --- Users -------------------------------------------------------------------------------------------------------


def _once(flow: dict[str, Any]) -> bool:
    del flow
    return True


def test_device__pending_until_approved(emulator: Emulator, session: requests.Session, control: httpx.Client) -> None:
    control.post("/__emu/sign_in", json={"device_approval": "manual", "device_interval_s": 0})
    app = _public(emulator, session)
    flow = app.initiate_device_flow(scopes=_user_scopes(emulator))
    assert flow["verification_uri"] == emulator.addresses["dynamics"]["tls_url"] + "/devicelogin"
    flow["interval"] = 1
    pending = app.acquire_token_by_device_flow(flow, exit_condition=_once)
    assert pending["error"] == "authorization_pending"
    assert control.post("/__emu/device", json={"user_code": flow["user_code"]}).json() == {"decided": 1}
    flow["latest_attempt_at"] = 0
    answer = app.acquire_token_by_device_flow(flow, exit_condition=_once)
    assert answer["id_token_claims"]["preferred_username"] == "admin@contoso.example"
    assert _is_admitted(emulator, session, answer["access_token"])


def test_device__approved_on_its_page(emulator: Emulator, session: requests.Session, control: httpx.Client) -> None:
    control.post("/__emu/sign_in", json={"device_approval": "manual"})
    app = _public(emulator, session)
    flow = app.initiate_device_flow(scopes=_user_scopes(emulator))
    assert session.get(flow["verification_uri"]).status_code == 200
    assert session.post(flow["verification_uri"], data={"code": "WRONG"}).status_code == 400
    assert session.post(flow["verification_uri"], data={"code": flow["user_code"]}).status_code == 200
    assert "access_token" in app.acquire_token_by_device_flow(flow, exit_condition=_once)


def test_device__approves_itself_after_one_poll(emulator: Emulator, session: requests.Session) -> None:
    app = _public(emulator, session)
    flow = app.initiate_device_flow(scopes=_user_scopes(emulator))
    assert app.acquire_token_by_device_flow(flow, exit_condition=_once)["error"] == "authorization_pending"
    flow["latest_attempt_at"] = 0
    assert "access_token" in app.acquire_token_by_device_flow(flow, exit_condition=_once)


@pytest.mark.parametrize("grant", ["device_code", "urn:ietf:params:oauth:grant-type:device_code"])
def test_device__by_the_short_name_of_its_grant(
    emulator: Emulator, session: requests.Session, control: httpx.Client, grant: str
) -> None:
    where = f"{emulator.addresses['dynamics']['authority']}/oauth2/v2.0"
    own = {"client_id": emulator.addresses["dynamics"]["client_id"], "client_info": "1"}
    flow = session.post(f"{where}/devicecode", data={**own, "scope": "openid offline_access"}).json()
    asked = {**own, "grant_type": grant, "device_code": flow["device_code"], "scope": "openid"}
    assert session.post(f"{where}/token", data=asked).json()["error"] == "authorization_pending"
    control.post("/__emu/device", json={})
    answer = session.post(f"{where}/token", data=asked).json()
    assert _is_admitted(emulator, session, answer["access_token"])
    assert answer["refresh_token"].startswith("emulator-refresh-")


def test_device__declined(emulator: Emulator, session: requests.Session, control: httpx.Client) -> None:
    app = _public(emulator, session)
    flow = app.initiate_device_flow(scopes=_user_scopes(emulator))
    control.post("/__emu/device", json={"decision": "decline"})
    assert app.acquire_token_by_device_flow(flow, exit_condition=_once)["error"] == "authorization_declined"


def test_device__not_for_confidential_clients(
    emulator: Emulator, session: requests.Session, control: httpx.Client
) -> None:
    control.post("/__emu/sign_in", json={"public_client": False})
    app = _public(emulator, session)
    flow = app.initiate_device_flow(scopes=_user_scopes(emulator))
    assert app.acquire_token_by_device_flow(flow, exit_condition=_once)["error_codes"] == [7000218]


def test_user__stays_signed_in_by_refresh_token(
    emulator: Emulator, session: requests.Session, control: httpx.Client
) -> None:
    app = _public(emulator, session)
    flow = app.initiate_device_flow(scopes=_user_scopes(emulator))
    control.post("/__emu/device", json={})
    first = app.acquire_token_by_device_flow(flow, exit_condition=_once)
    account = app.get_accounts()[0]
    second = app.acquire_token_silent(_user_scopes(emulator), account=account, force_refresh=True)
    assert second["access_token"] != first["access_token"]
    assert _is_admitted(emulator, session, second["access_token"])


def test_browser__code_and_verifier(emulator: Emulator, session: requests.Session) -> None:
    app = _public(emulator, session)
    flow = app.initiate_auth_code_flow(
        _user_scopes(emulator), redirect_uri="http://localhost:8400", response_mode="form_post"
    )
    page = session.get(flow["auth_uri"], allow_redirects=False).text
    assert 'action="http://localhost:8400"' in page
    returned = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    answer = app.acquire_token_by_auth_code_flow(flow, returned)
    assert _is_admitted(emulator, session, answer["access_token"])
    assert app.acquire_token_by_auth_code_flow(flow, returned)["error"] == "invalid_grant"


def test_browser__code_in_the_address(emulator: Emulator, session: requests.Session) -> None:
    addresses = emulator.addresses["dynamics"]
    asked = {"client_id": addresses["client_id"], "redirect_uri": "http://localhost:8400", "state": "s1", "scope": "x"}
    back = session.get(f"{addresses['authority']}/oauth2/v2.0/authorize", params=asked, allow_redirects=False)
    returned = parse_qs(urlsplit(back.headers["Location"]).query)
    assert (back.status_code, returned["state"]) == (302, ["s1"])
    form = {"client_id": addresses["client_id"], "grant_type": "authorization_code", "code": returned["code"][0]}
    answer = session.post(
        f"{addresses['authority']}/oauth2/v2.0/token", data={**form, "redirect_uri": "http://localhost:1"}
    )
    assert answer.json()["error_codes"] == [70000]


def test_browser__sends_nobody_to_a_foreign_host(emulator: Emulator, session: requests.Session) -> None:
    addresses = emulator.addresses["dynamics"]
    asked = {"client_id": addresses["client_id"], "redirect_uri": "http://evil.example/", "response_type": "code"}
    answer = session.get(f"{addresses['authority']}/oauth2/v2.0/authorize", params=asked, allow_redirects=False)
    assert answer.status_code == 400


# --- Privileges --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["", "()"])
def test_privileges__name_what_the_caller_may_do(emulator: Emulator, control: httpx.Client, ending: str) -> None:
    emulator.conditions.reset()
    control.post("/__emu/rights", json={"missing_privileges": ["prvWriteContact", "prvReadLead"]})
    with environment_client(emulator) as environment:
        user = environment.get("WhoAmI").json()["UserId"]
        where = f"systemusers({user})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges{ending}"
        privileges = environment.get(where).json()["RolePrivileges"]
    names = {privilege["PrivilegeName"] for privilege in privileges}
    assert {"prvReadContact", "prvCreateContact", "prvWriteAccount", "prvReadUser"} <= names
    assert not names & {"prvWriteContact", "prvReadLead"}
    assert {privilege["Depth"] for privilege in privileges} == {"Global"}


def test_scopes_of_another_resource_are_refused(emulator: Emulator, session: requests.Session) -> None:
    addresses = emulator.addresses["dynamics"]
    form = {
        "client_id": addresses["client_id"],
        "client_secret": addresses["client_secret"],
        "grant_type": "client_credentials",
    }
    where = f"{addresses['authority']}/oauth2/v2.0/token"
    answer = session.post(where, data={**form, "scope": "https://elsewhere.example/.default"}).json()
    assert answer["error_codes"] == [500011]
    assert session.post(where, data={**form, "scope": scopes_of(emulator)[0]}).json()["token_type"] == "Bearer"
