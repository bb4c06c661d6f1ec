"""Values that the control plane does not take: refused with a sentence that names them, and nothing has changed."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

LONG = "x" * 5_000
DEEP = '{"path": ' + "[" * 50_000
BAD: list[tuple[str, Any, str]] = [
    ("faults", {"status": "503"}, "status must be a whole number from 200 to 599, not '503'"),
    ("faults", {"status": 100}, "not 100"),
    ("faults", {"status": True}, "not True"),
    ("faults", {"times": 0}, "times must be a whole number from 1 to"),
    ("faults", {"delay_s": -1}, "delay_s must be a number from 0 to 600, not -1"),
    ("faults", {"delay_s": 1e9}, "not 1000000000.0"),
    ("faults", {"path": 5}, "path must be a text of at most 1000 characters, not 5"),
    ("faults", {"path": LONG}, "path must be a text of at most 1000 characters"),
    ("faults", {"cut": "yes"}, "cut must be true or false, not 'yes'"),
    ("faults", {"portal": "salesforce"}, "portal must be one of *, hubspot, dynamics, not 'salesforce'"),
    ("faults", {"short_page": 0}, "short_page must be a whole number from 1 to"),
    ("faults", {"headers": {"X-A": "b\r\nX-C: d"}}, "headers cannot be sent with 'X-A'"),
    ("faults", {"headers": {"Content-Length": "5"}}, "headers cannot be sent with 'Content-Length': '5'"),
    ("faults", {"headers": {"X-A": 5}}, "headers.X-A must be a text"),
    ("faults", [{"status": 503}, {"status": 1}], "not 1"),
    ("faults", [{"status": 503}, 5], "a fault takes an object, not 5"),
    ("faults", [{"status": 503}] * 1_001, "at most 1000 faults may wait, not 1001"),
    ("rights", {"scopes": "crm"}, "scopes must be a list of at most 1000 texts, not 'crm'"),
    ("rights", {"scopes": [5]}, "scopes must be a text"),
    ("rights", {"scopes": [], "tokens": ["pat"]}, "tokens must be an object"),
    ("rights", {"tokens": {"pat": "crm"}}, "tokens.pat must be a list"),
    ("rights", {"scopes": [], "application_user": None}, "application_user must be true or false, not None"),
    ("limits", {"hubspot_requests": 1, "hubspot_window_s": "ten"}, "hubspot_window_s must be a number"),
    ("limits", {"hubspot_requests": 1.5}, "hubspot_requests must be a whole number from 0 to 1000000000, not 1.5"),
    ("limits", {"hubspot_requests": -1}, "not -1"),
    ("limits", {"hubspot_refusal_shape": "round"}, "must be one of policy, category, both, not 'round'"),
    ("limits", {"hubspot_refusal_shape": ["both"]}, "not ['both']"),
    ("sign_in", {"public_client": 0}, "public_client must be true or false, not 0"),
    ("sign_in", {"device_approval": "manual", "device_interval_s": -5}, "device_interval_s must be a whole number"),
    ("sign_in", {"device_approval": "manual", "refuse_with": 1}, "refuse_with must be one of"),
    ("portals", {"account_type": "SANDBOX", "organization_type": {}}, "organization_type must be one of"),
    ("clock", {"stop_at": "2027-01-01", "advance_s": -1}, "advance_s must be a number from 0 to 3.16224e+09, not -1"),
    ("clock", {"stop_at": "2027-01-01", "advance_s": "soon"}, "advance_s must be a number"),
    ("clock", {"stop_at": "9999-12-31"}, "stop_at must lie between 1970 and 9000, not at 9999-12-31"),
    ("clock", {"stop_at": "8999-12-31", "advance_s": 3e9}, "would move the clock behind the year 9000"),
    ("clock", {"stop_at": 5}, "stop_at must be a text"),
    ("clock", {"stop": "2027-01-01"}, "clock has no stop"),
    ("clock", {"reset": "no"}, "reset must be true or false, not 'no'"),
    ("device", {"user_code": 5}, "user_code must be a text"),
    ("device", {"user": "x"}, "device has no user"),
    ("reset", {"everything": True}, "reset has no everything"),
    ("reseed", [1], "reseed takes an object, not [1]"),
    ("limits", 5, "limits takes an object, not 5"),
]


@pytest.mark.parametrize(("name", "body", "says"), BAD)
def test_bad_values__are_named_and_change_nothing(portal: httpx.Client, name: str, body: Any, says: str) -> None:
    before = portal.get("/__emu/state").json()
    answer = portal.post(f"/__emu/{name}", json=body)
    assert (answer.status_code, says in answer.json()["error"]) == (400, True), answer.text
    assert len(answer.json()["error"]) < 600
    assert portal.get("/__emu/state").json() == before


@pytest.mark.parametrize(
    "body",
    [
        *('{"hubspot_requests": NaN}', '{"hubspot_window_s": Infinity}', '{"delay_s": 1e999}', "[", "null", DEEP),
        *('"' + "\\" * 99_999, '{"times": ' + "9" * 5_000 + "}", "[" + "[]," * 200_000 + "[]]", "\ufeff{}"),
    ],
)
@pytest.mark.parametrize("name", ["limits", "faults"])
def test_bad_json__changes_nothing(portal: httpx.Client, name: str, body: str) -> None:
    before = portal.get("/__emu/state").json()
    answer = portal.post(f"/__emu/{name}", content=body.encode(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, portal.get("/__emu/state").json()) == (400, before)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
def test_bodies__that_do_not_say_that_they_are_json_415(portal: httpx.Client, kind: str) -> None:
    for body in (b"", json.dumps({"hubspot_requests": 1}).encode()):
        answer = portal.post("/__emu/limits", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 415
    assert portal.post("/__emu/limits", content=b"{}").status_code == 415
    kind = "application/json; charset=utf-8"
    assert portal.post("/__emu/limits", content=b"{}", headers={"Content-Type": kind}).status_code == 200
    assert portal.get("/__emu/state").json()["limits"]["hubspot_requests"] == 190


@pytest.mark.parametrize("status", [204, 304])
def test_faults__without_a_body(portal: httpx.Client, status: int) -> None:
    portal.post("/__emu/faults", json={"status": status, "headers": {"X-Why": "a test"}})
    answer = portal.get("/crm/v3/owners")
    assert (answer.status_code, answer.content, answer.headers["x-why"]) == (status, b"", "a test")
