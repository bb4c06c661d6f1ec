"""Each portal in a process of its own: the same answers, and no request to one stops the other."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import httpx
import pytest

from dynsync_lib.emulator.conditions.limits import Limits
from dynsync_lib.emulator.serving import portals_apart
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.errors import DynsyncError, InputFileError
from tests.emulator.clients import environment_client, portal_client, sign_in
from tests.emulator.small_world import ADA, small_world


@pytest.fixture(scope="module")
def apart() -> Iterator[Emulator]:
    with Emulator(small_world(), is_apart=True) as running:
        yield running


@pytest.fixture
def emulator(apart: Emulator) -> Emulator:
    apart.conditions.reset()
    apart.reseed()
    return apart


def test_both_answer_as_from_one_process(portal: httpx.Client, environment: httpx.Client) -> None:
    assert [row["id"] for row in portal.get("/crm/v3/objects/contacts").json()["results"]] == ["101", "102", "103"]
    assert environment.get(f"contacts({ADA})?$select=firstname").json()["firstname"] == "Ada"
    assert portal.get("/crm/v3/objects/contacts/101/associations/companies").status_code == 501
    linked = portal.get("/crm/v4/objects/contacts/101/associations/companies").json()["results"]
    assert {row["toObjectId"] for row in linked} == {201}


def test_writes_are_undone_by_a_reseed(emulator: Emulator, environment: httpx.Client) -> None:
    environment.patch(f"contacts({ADA})", json={"firstname": "Adele"})
    emulator.reseed()
    assert environment.get(f"contacts({ADA})?$select=firstname").json()["firstname"] == "Ada"


def test_switches_reach_the_portal_with_the_next_request(
    emulator: Emulator, portal: httpx.Client, environment: httpx.Client
) -> None:
    portal.post("/__emu/rights", json={"missing_privileges": ["prvReadContact"], "scopes": []})
    assert environment.get("contacts").status_code == 403
    assert portal.get("/crm/v3/objects/contacts").status_code == 403
    portal.post("/__emu/reset")
    portal.post("/__emu/limits", json={"hubspot_requests": 1, "dataverse_requests": 1})
    assert [portal.get("/crm/v3/owners").status_code for _ in range(2)] == [200, 429]
    assert [environment.get("WhoAmI").status_code for _ in range(2)] == [200, 429]
    emulator.conditions.set_limits(Limits())
    assert environment.get("WhoAmI").status_code == 200


def test_faults_and_log_are_shared(emulator: Emulator, portal: httpx.Client, environment: httpx.Client) -> None:
    portal.post("/__emu/faults", json={"status": 503, "times": 1})
    assert sorted((environment.get("WhoAmI").status_code, portal.get("/crm/v3/owners").status_code)) == [200, 503]
    asked = [entry.portal for entry in emulator.conditions.log() if not entry.path.startswith("/__emu/")]
    assert asked[-2:] == ["dynamics", "hubspot"]


def test_device_sign_ins_are_seen_and_decided(emulator: Emulator, portal: httpx.Client) -> None:
    assert portal.get("/__emu/state").json()["devices"] == []
    assert portal.post("/__emu/device", json={"decision": "approve"}).json() == {"decided": 0}
    assert "access_token" in sign_in(emulator)


LONG = {"hubspot": Limits(hubspot_latency_s=600.0), "dataverse": Limits(dataverse_latency_s=600.0)}


@pytest.mark.parametrize("slow", LONG)
def test_a_long_request_to_one_does_not_stop_the_other(emulator: Emulator, slow: str) -> None:
    """Sixty requests to one portal wait for as long as the test runs; the other portal and the control plane answer."""
    emulator.conditions.set_limits(replace(LONG[slow], dataverse_concurrent=1_000))
    with portal_client(emulator) as portal, environment_client(emulator) as environment, _patient() as client:
        for _ in range(60):
            threading.Thread(target=_ask, args=(client, emulator, slow), daemon=True).start()
        if slow == "hubspot":
            assert environment.get("contacts").status_code == 200
        else:
            assert portal.get("/crm/v3/owners").status_code == 200
        assert portal.get("/__emu/health").json() == {"status": "ok"}
        where = emulator.addresses["dynamics"]["url"]
        assert client.get(f"{where}/__emu/health").json() == {"status": "ok"}


def _patient() -> httpx.Client:
    """A client that waits and holds many connections."""
    return httpx.Client(timeout=600, limits=httpx.Limits(max_connections=100))


def _ask(client: httpx.Client, emulator: Emulator, portal: str) -> None:
    addresses = emulator.addresses["hubspot" if portal == "hubspot" else "dynamics"]
    path = "/crm/v3/owners" if portal == "hubspot" else "/api/data/v9.2/WhoAmI"
    token = addresses["token"] if portal == "hubspot" else "emulator-static-token"
    with suppress(httpx.HTTPError, RuntimeError):  # the emulator or the client was closed meanwhile
        client.get(addresses["url"] + path, headers={"Authorization": f"Bearer {token}"})


def test_a_faulty_world_is_refused_in_one_sentence() -> None:
    world = small_world()
    world.tables["dynamics/contacts"][0]["contactid"] = "none"
    with pytest.raises(InputFileError, match="contactid 'none' is no GUID"), Emulator(world, is_apart=True):
        pass


def test_a_process_that_ends_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portals_apart, "_CALL", (sys.executable, "-c", ""))
    with pytest.raises(DynsyncError, match="has ended"), Emulator(small_world(), is_apart=True):
        pass
