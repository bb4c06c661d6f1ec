"""The control plane: time, limits, state, and requests it cannot use."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from dynsync_lib.emulator.conditions.switches import Clock


def test_health(portal: httpx.Client) -> None:
    assert portal.get("/__emu/health", headers={"Authorization": ""}).json() == {"status": "ok"}


def test_clock__stops_advances_and_runs_again(portal: httpx.Client) -> None:
    answer = portal.post("/__emu/clock", json={"stop_at": "2026-11-24T12:00:00Z", "advance_s": 90}).json()
    assert answer["now"] == "2026-11-24T12:01:30+00:00"
    assert portal.get("/__emu/clock").json() == answer
    assert portal.post("/__emu/clock", json={"advance_s": -1}).status_code == 400
    assert portal.post("/__emu/clock", json={"reset": True}).json()["now_s"] > answer["now_s"] - 86_400 * 365


def test_clock__of_the_machine_can_be_moved() -> None:
    clock = Clock(lambda: 100.0)
    clock.advance(5.0)
    assert clock.now_s() == 105.0
    clock.stop(7.0)
    clock.advance(1.0)
    assert clock.now_s() == 8.0
    clock.reset()
    assert clock.now_s() == 100.0


def test_limits__can_be_chosen_while_serving(portal: httpx.Client) -> None:
    answer = portal.post("/__emu/limits", json={"hubspot_requests": 1}).json()
    assert (answer["hubspot_requests"], answer["dataverse_requests"]) == (1, 6_000)
    assert [portal.get("/crm/v3/owners").status_code for _ in range(2)] == [200, 429]
    portal.post("/__emu/clock", json={"advance_s": 10})
    assert portal.get("/crm/v3/owners").status_code == 200
    portal.post("/__emu/reset")
    assert portal.get("/__emu/state").json()["limits"]["hubspot_requests"] == 190


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("limits", {"speed": 1}, "limits has no speed"),
        ("rights", {"colour": 1}, "rights has no colour"),
        ("sign_in", {"device_approval": "perhaps"}, "device_approval must be one of automatic, manual"),
        ("device", {"decision": "perhaps"}, "decision must be one of"),
        ("portals", {"organization_type": "Best"}, "organization_type must be one of"),
        ("clock", {"stop_at": "noon"}, "Invalid isoformat string"),
    ],
)
def test_requests_that_cannot_be_used(portal: httpx.Client, name: str, body: dict[str, Any], says: str) -> None:
    answer = portal.post(f"/__emu/{name}", json=body)
    assert answer.status_code == 400
    assert says in answer.json()["error"]


def test_state__tells_all_that_was_switched(portal: httpx.Client) -> None:
    portal.post("/__emu/faults", json={"path": "/crm/*", "status": 423})
    portal.post("/__emu/rights", json={"tokens": {"pat-x": None}, "missing_privileges": ["prvReadLead"]})
    state = portal.get("/__emu/state").json()
    assert [fault["status"] for fault in state["faults"]] == [423]
    assert (state["rights"]["tokens"], state["rights"]["missing_privileges"]) == ({"pat-x": None}, ["prvReadLead"])
    assert state["sign_in"]["device_approval"] == "automatic"
    assert (state["portals"]["account_type"], state["devices"]) == (None, [])


def test_limits__can_be_switched_off_and_on(portal: httpx.Client, environment: httpx.Client) -> None:
    tight = {"hubspot_requests": 1, "hubspot_search_requests": 1, "hubspot_daily": 1, "dataverse_requests": 1}
    assert portal.post("/__emu/limits", json={**tight, "enforced": False}).json()["enforced"] is False
    for _ in range(3):
        answer = portal.get("/crm/v3/owners")
        assert (answer.status_code, answer.headers["X-HubSpot-RateLimit-Remaining"]) == (200, "1")
        assert portal.post("/crm/v3/objects/contacts/search", json={}).status_code == 200
        assert environment.get("WhoAmI").headers["x-ms-ratelimit-burst-remaining-xrm-requests"] == "1"
    portal.post("/__emu/limits", json={"enforced": True})
    assert [portal.get("/crm/v3/owners").status_code for _ in range(2)] == [200, 429]
    assert [environment.get("WhoAmI").status_code for _ in range(2)] == [200, 429]
    assert portal.post("/__emu/limits", json={"enforced": "no"}).status_code == 400
