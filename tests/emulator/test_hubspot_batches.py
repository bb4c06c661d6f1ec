"""What HubSpot refuses of a whole batch, of an empty write, and of a merge."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

CONTACTS = "/crm/v3/objects/contacts"
COMPANIES = "/crm/v3/objects/companies"
NOT_UNIQUE = "Unable to perform update/upsert by non-unique {} property {} in portal ID 424242"


def _named(id_: str, id_property: str | None = None, **more: Any) -> dict[str, Any]:
    names = {} if id_property is None else {"idProperty": id_property}
    return {"id": id_, **names, "properties": {"firstname": "Dee"}, **more}


def _add_unique_property(portal: httpx.Client) -> None:
    """A property `run` with unique values, which Ada has."""
    run = {"name": "run", "label": "Run", "type": "string", "fieldType": "text", "groupName": "g"}
    assert portal.post("/crm/v3/properties/contacts", json={**run, "hasUniqueValue": True}).status_code == 201
    assert portal.patch(f"{CONTACTS}/101", json={"properties": {"run": "R-1"}}).status_code == 200


def _first_names(portal: httpx.Client) -> list[str]:
    return [record["properties"]["firstname"] for record in portal.get(CONTACTS).json()["results"]]


# --- The same record twice ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "inputs", "ids"),
    [
        ("update", [_named("101"), _named("102"), _named("101")], ["101"]),
        ("update", [_named("101"), _named("0101")], ["0101"]),
        ("update", [_named("101", objectWriteTraceId="a"), _named("101", objectWriteTraceId="b")], ["101"]),
        ("upsert", [_named("x@x.example", "email"), _named("X@x.example", "email")], ["X@x.example"]),
        ("upsert", [_named("ada@firm.example", "email"), _named("R-1", "run")], ["R-1"]),
    ],
)
def test_batch__the_same_record_twice_is_refused(
    portal: httpx.Client, action: str, inputs: list[dict[str, Any]], ids: list[str]
) -> None:
    _add_unique_property(portal)
    answer = portal.post(f"{CONTACTS}/batch/{action}", json={"inputs": inputs})
    body = answer.json()
    assert (answer.status_code, body["category"], body["context"]) == (400, "VALIDATION_ERROR", {"ids": ids})
    assert body["message"] == f"Duplicate IDs found in batch input: [{', '.join(ids)}]. IDs must be unique"
    assert _first_names(portal) == ["Ada", "Bob", "Cy"]


def test_batch__create_of_one_address_twice_makes_none(portal: httpx.Client) -> None:
    inputs = [{"properties": {"email": "x@x.example"}}, {"properties": {"email": "X@x.example"}}]
    answer = portal.post(f"{CONTACTS}/batch/create", json={"inputs": inputs})
    assert (answer.status_code, answer.json()["category"]) == (409, "CONFLICT")
    assert len(_first_names(portal)) == 3


def test_batch__reading_and_archiving_an_id_twice_does_it_once(portal: httpx.Client) -> None:
    twice = {"inputs": [{"id": "101"}, {"id": "101"}]}
    answer = portal.post(f"{CONTACTS}/batch/read", json=twice)
    assert (answer.status_code, [record["id"] for record in answer.json()["results"]]) == (200, ["101"])
    companies = portal.post("/crm/v4/associations/contacts/companies/batch/read", json=twice).json()
    assert [result["from"]["id"] for result in companies["results"]] == ["101"]
    assert portal.post(f"{CONTACTS}/batch/archive", json=twice).status_code == 204
    assert _first_names(portal) == ["Bob", "Cy"]


# --- Records named by a property that is not unique --------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "type_id", "name"),
    [
        (COMPANIES, "0-2", "domain"),
        (COMPANIES, "0-2", "hs_object_id"),
        (CONTACTS, "0-1", "phone"),
        (CONTACTS, "0-1", "hs_additional_emails"),
        (CONTACTS, "0-1", "colour"),
    ],
)
@pytest.mark.parametrize("action", ["update", "upsert"])
def test_batch__property_that_is_not_unique_refuses_it_whole(
    portal: httpx.Client, path: str, type_id: str, name: str, action: str
) -> None:
    inputs = [_named("x", name, objectWriteTraceId="1"), _named("y", name, objectWriteTraceId="2")]
    answer = portal.post(f"{path}/batch/{action}", json={"inputs": inputs})
    body = answer.json()
    assert (answer.status_code, body["category"]) == (400, "VALIDATION_ERROR")
    assert body["message"] == NOT_UNIQUE.format(type_id, name)
    assert _first_names(portal)[0] == "Ada"


def test_batch__upsert_needs_a_unique_property(portal: httpx.Client) -> None:
    answer = portal.post(f"{CONTACTS}/batch/upsert", json={"inputs": [_named("101")]})
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    assert "idProperty" in answer.json()["message"]


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_record__by_a_property_that_is_not_unique(portal: httpx.Client, method: str) -> None:
    body = {"properties": {"firstname": "Dee"}}
    answer = portal.request(method, f"{CONTACTS}/Ada", params={"idProperty": "firstname"}, json=body)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    asked = {"idProperty": "firstname", "inputs": [{"id": "Ada"}]}
    assert portal.post(f"{CONTACTS}/batch/read", json=asked).status_code == 400


# --- Nothing to write --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("properties", [{"properties": {}}, {}, {"properties": None}, {"properties": []}])
def test_write__without_properties(portal: httpx.Client, properties: dict[str, Any]) -> None:
    for answer in (
        portal.patch(f"{CONTACTS}/101", json=properties),
        portal.post(CONTACTS, json=properties),
        portal.post(COMPANIES, json=properties),
        portal.post("/crm/v3/objects/deals", json=properties),
        portal.post(f"{CONTACTS}/batch/update", json={"inputs": [{"id": "101", **properties}]}),
        portal.post(f"{CONTACTS}/batch/create", json={"inputs": [properties]}),
    ):
        assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_write__without_properties_says_so(portal: httpx.Client) -> None:
    answer = portal.patch(f"{CONTACTS}/101", json={"properties": {}})
    assert answer.json()["message"] == "No properties found to update, please provide at least one."
    answer = portal.patch(f"{CONTACTS}/101", json={})
    assert answer.json()["message"].endswith("Some required fields were not set: [properties]")


def test_write__without_properties_fails_alone_when_traced(portal: httpx.Client) -> None:
    inputs = [
        {"objectWriteTraceId": "1", "id": "101", "properties": {}},
        {"objectWriteTraceId": "2", "id": "102", "properties": {"firstname": "Ben"}},
    ]
    answer = portal.post(f"{CONTACTS}/batch/update", json={"inputs": inputs})
    assert (answer.status_code, answer.json()["errors"][0]["context"]) == (207, {"objectWriteTraceId": ["1"]})
    assert _first_names(portal) == ["Ada", "Ben", "Cy"]


def test_create__a_company_needs_a_name_or_a_domain(portal: httpx.Client) -> None:
    assert portal.post(COMPANIES, json={"properties": {"city": "Bonn"}}).status_code == 400
    assert portal.post(COMPANIES, json={"properties": {"domain": "new.example"}}).status_code == 201


@pytest.mark.parametrize("body", [{}, {"inputs": None}, {"inputs": {}}, {"inputs": ["101", 5]}])
@pytest.mark.parametrize("action", ["read", "update", "upsert", "create", "archive"])
def test_batch__without_a_list_of_inputs(portal: httpx.Client, action: str, body: dict[str, Any]) -> None:
    answer = portal.post(f"{CONTACTS}/batch/{action}", json=body)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_batch_read__takes_ids_as_plain_texts(portal: httpx.Client) -> None:
    answer = portal.post(f"{CONTACTS}/batch/read", json={"inputs": ["101", {"id": "102"}]})
    assert [record["id"] for record in answer.json()["results"]] == ["101", "102"]


# --- Merging -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ({}, "[primaryObjectId, objectIdToMerge]"),
        ({"primaryObjectId": "101"}, "[objectIdToMerge]"),
        ({"primaryObjectId": None, "objectIdToMerge": "102"}, "[primaryObjectId]"),
    ],
)
def test_merge__without_ids(portal: httpx.Client, body: dict[str, Any], missing: str) -> None:
    answer = portal.post(f"{CONTACTS}/merge", json=body)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    assert answer.json()["message"].endswith(f"Some required fields were not set: {missing}")


@pytest.mark.parametrize(("ids", "status"), [(("101", "101"), 400), (("abc", "101"), 404), (("101", "999"), 404)])
def test_merge__of_what_cannot_be_merged(portal: httpx.Client, ids: tuple[str, str], status: int) -> None:
    answer = portal.post(f"{CONTACTS}/merge", json={"primaryObjectId": ids[0], "objectIdToMerge": ids[1]})
    assert answer.status_code == status
    assert _first_names(portal) == ["Ada", "Bob", "Cy"]
