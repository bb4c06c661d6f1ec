"""What a HubSpot portal says of its owners, properties and labels."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

OWNERS = "/crm/v3/owners"
PROPERTIES = "/crm/v3/properties"
LABELS = "/crm/v4/associations/contacts/companies/labels"


# --- Owners ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"email": "rik@contoso.example"}, ["7"]),
        ({"email": "RIK@contoso.example"}, ["7"]),
        ({"email": "nobody@contoso.example"}, []),
        ({"email": "old@contoso.example"}, []),
        ({"email": "old@contoso.example", "archived": "true"}, ["8"]),
        ({"email": ""}, ["7"]),
    ],
)
def test_owners__by_address(portal: httpx.Client, query: dict[str, str], ids: list[str]) -> None:
    assert [owner["id"] for owner in portal.get(OWNERS, params=query).json()["results"]] == ids


def test_owners__are_not_their_users(portal: httpx.Client) -> None:
    active = portal.get(f"{OWNERS}/7").json()
    archived = portal.get(f"{OWNERS}/8", params={"archived": "true"}).json()
    assert (active["userId"], active["userIdIncludingInactive"]) == (52000007, 52000007)
    assert (archived["userId"], archived["userIdIncludingInactive"]) == (None, 52000008)


@pytest.mark.parametrize(
    ("id_", "query", "status"),
    [
        ("52000007", {"idProperty": "userId"}, 200),
        ("7", {"idProperty": "id"}, 200),
        ("7", {"idProperty": "userId"}, 404),
        ("52000007", {}, 404),
        ("7", {"idProperty": "email"}, 400),
    ],
)
def test_owner__by_its_id_or_its_users(portal: httpx.Client, id_: str, query: dict[str, str], status: int) -> None:
    answer = portal.get(f"{OWNERS}/{id_}", params=query)
    assert answer.status_code == status
    assert status != 200 or answer.json()["id"] == "7"


# --- Properties --------------------------------------------------------------------------------------------------


def _property(portal: httpx.Client, name: str, kind: str = "contacts") -> dict[str, Any]:
    facts: dict[str, Any] = portal.get(f"{PROPERTIES}/{kind}/{name}").json()
    return facts


@pytest.mark.parametrize("kind", ["contacts", "companies", "deals"])
def test_property__of_owners_takes_its_options_from_elsewhere(portal: httpx.Client, kind: str) -> None:
    owner = _property(portal, "hubspot_owner_id", kind)
    assert (owner["externalOptions"], owner["referencedObjectType"], owner["options"]) == (True, "OWNER", [])
    assert (owner["type"], owner["fieldType"], owner["hubspotDefined"]) == ("enumeration", "select", True)


@pytest.mark.parametrize(
    ("kind", "name", "type_", "read_only"),
    [
        ("contacts", "createdate", "datetime", True),
        ("contacts", "lastmodifieddate", "datetime", True),
        ("companies", "hs_lastmodifieddate", "datetime", True),
        ("deals", "closedate", "datetime", False),
        ("contacts", "birthday", "date", False),
    ],
)
def test_property__of_dates(portal: httpx.Client, kind: str, name: str, type_: str, read_only: bool) -> None:  # noqa: FBT001
    facts = _property(portal, name, kind)
    assert (facts["type"], facts["fieldType"], facts["externalOptions"]) == (type_, "date", False)
    assert facts["modificationMetadata"]["readOnlyValue"] is read_only
    assert facts["hubspotDefined"] is (name != "birthday")
    assert facts["modificationMetadata"]["readOnlyDefinition"] is (name != "birthday")


@pytest.mark.parametrize(
    ("kind", "name", "is_hubspots"),
    [
        ("contacts", "phone", True),
        ("contacts", "lifecyclestage", True),
        ("companies", "numberofemployees", True),
        ("contacts", "credit_limit", False),
        ("companies", "account_number", False),
    ],
)
def test_property__says_whose_it_is(portal: httpx.Client, kind: str, name: str, is_hubspots: bool) -> None:  # noqa: FBT001
    assert _property(portal, name, kind)["hubspotDefined"] is is_hubspots


def test_property__names_its_group_as_hubspot_does(portal: httpx.Client) -> None:
    groups = {kind: _property(portal, "hs_object_id", kind)["groupName"] for kind in ("contacts", "companies", "deals")}
    assert groups == {"contacts": "contactinformation", "companies": "companyinformation", "deals": "dealinformation"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{PROPERTIES}/contacts/groups"),
        ("POST", f"{PROPERTIES}/contacts/groups"),
        ("GET", f"{PROPERTIES}/contacts/groups/contactinformation"),
        ("POST", f"{PROPERTIES}/contacts/batch/read"),
        ("POST", f"{PROPERTIES}/contacts/batch"),
        ("GET", f"{PROPERTIES}/contacts/batch"),
        ("PATCH", f"{PROPERTIES}/contacts/firstname"),
        ("GET", f"{PROPERTIES}/contacts/firstname/history"),
        ("GET", "/crm/v3/properties"),
        ("GET", "/crm/properties/2026-03/contacts/groups"),
    ],
)
def test_properties__routes_that_are_not_there_name_themselves(portal: httpx.Client, method: str, path: str) -> None:
    answer = portal.request(method, path, json={} if method in {"POST", "PATCH"} else None)
    shown = path.replace("/crm/properties/2026-03/", f"{PROPERTIES}/")
    assert (answer.status_code, answer.json()["message"]) == (501, f"The emulator has no {method} {shown}.")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/crm/v3/pipelines/deals", "/crm/v3/pipelines/deals"),
        ("/crm/v3/pipelines/deals/default/stages", "/crm/v3/pipelines/deals/default/stages"),
        ("/crm/pipelines/2026-03/deals", "/crm/v3/pipelines/deals"),
        ("/crm-pipelines/v1/pipelines/deals", "/crm-pipelines/v1/pipelines/deals"),
    ],
)
def test_pipelines__are_refused_by_name(portal: httpx.Client, path: str, shown: str) -> None:
    answer = portal.get(path)
    assert (answer.status_code, answer.json()["message"]) == (501, f"The emulator has no GET {shown}.")


def test_properties__one_that_does_not_exist(portal: httpx.Client) -> None:
    assert portal.get(f"{PROPERTIES}/contacts/colour").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"name": "run", "label": "Run", "type": "string", "groupName": "g"},
        {"name": "Run", "label": "Run", "type": "string", "fieldType": "text", "groupName": "g"},
        {"name": "run", "label": "Run", "type": "words", "fieldType": "text", "groupName": "g"},
        {"name": "run", "label": "Run", "type": "string", "fieldType": "date", "groupName": "g"},
        {
            "name": "run",
            "label": "Run",
            "type": "enumeration",
            "fieldType": "select",
            "groupName": "g",
            "options": [{}],
        },
    ],
)
def test_properties__that_cannot_be_made(portal: httpx.Client, body: dict[str, Any]) -> None:
    answer = portal.post(f"{PROPERTIES}/contacts", json=body)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


# --- Labels ------------------------------------------------------------------------------------------------------


def test_label__is_made_in_both_directions(portal: httpx.Client) -> None:
    answer = portal.post(LABELS, json={"label": "Adviser", "name": "adviser"})
    assert answer.status_code == 200
    assert answer.json()["results"] == [
        {"category": "USER_DEFINED", "typeId": 37, "label": "Adviser"},
        {"category": "USER_DEFINED", "typeId": 37, "label": "Adviser"},
    ]


def _spec(type_id: int) -> dict[str, Any]:
    return {"associationCategory": "USER_DEFINED", "associationTypeId": type_id}


def test_label__of_a_pair_has_a_text_for_each_direction(portal: httpx.Client) -> None:
    body = {"label": "Adviser", "name": "adviser", "inverseLabel": "Advised company"}
    results = portal.post(LABELS, json=body).json()["results"]
    assert [result["label"] for result in results] == ["Adviser", "Advised company"]
    back = portal.get("/crm/v4/associations/companies/contacts/labels").json()["results"]
    assert "Advised company" in [result["label"] for result in back]
    spec = _spec(results[0]["typeId"])
    assert portal.put("/crm/v4/objects/contacts/101/associations/companies/201", json=[spec]).status_code == 201
    there = portal.get("/crm/v4/objects/companies/201/associations/contacts").json()["results"][0]["associationTypes"]
    assert "Advised company" in [type_["label"] for type_ in there]
    inputs = [{"from": {"id": "201"}, "to": {"id": "101"}, "types": [_spec(results[1]["typeId"])]}]
    here = portal.get("/crm/v4/objects/contacts/101/associations/companies").json()["results"][0]["associationTypes"]
    assert "Adviser" in [type_["label"] for type_ in here]
    portal.post("/crm/v4/associations/companies/contacts/batch/labels/archive", json={"inputs": inputs})
    here = portal.get("/crm/v4/objects/contacts/101/associations/companies").json()["results"][0]["associationTypes"]
    assert [type_["label"] for type_ in here] == ["Primary", None, "Employer"]


@pytest.mark.parametrize("body", [{}, {"name": "adviser"}, {"label": "Adviser"}, {"label": " ", "name": "adviser"}])
def test_label__needs_a_label_and_a_name(portal: httpx.Client, body: dict[str, str]) -> None:
    answer = portal.post(LABELS, json=body)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_properties__archives_those_of_the_portal_alone(portal: httpx.Client) -> None:
    own = {"name": "own", "label": "Own", "type": "string", "fieldType": "text", "groupName": "contactinformation"}
    portal.post(f"{PROPERTIES}/contacts", json=own)
    portal.patch("/crm/v3/objects/contacts/101", json={"properties": {"own": "x"}})
    statuses = [portal.delete(f"{PROPERTIES}/contacts/{name}").status_code for name in ("own", "own", "firstname")]
    portal.post(f"{PROPERTIES}/contacts", json=own)
    ada = portal.get("/crm/v3/objects/contacts/101?properties=own").json()
    assert statuses == [204, 404, 400]
    assert ada["properties"]["own"] is None
