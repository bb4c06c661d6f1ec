"""Associations: reading, making, removing, labels."""

from __future__ import annotations

from typing import Any

import httpx
from hubspot.crm.associations.v4 import (
    AssociationSpec,
    BatchInputPublicAssociationMultiArchive,
    BatchInputPublicAssociationMultiPost,
)

V4 = "/crm/v4/associations/contacts/companies"
PLAIN = {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None}
PRIMARY = {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"}
EMPLOYER = {"category": "USER_DEFINED", "typeId": 36, "label": "Employer"}


def _companies(portal: httpx.Client, contact: str) -> dict[int, list[dict[str, Any]]]:
    answer = portal.get(f"/crm/v4/objects/contacts/{contact}/associations/companies").json()
    return {item["toObjectId"]: item["associationTypes"] for item in answer["results"]}


def test_read__primary_label_and_plain(portal: httpx.Client) -> None:
    body = {"inputs": [{"id": "101"}, {"id": "103"}]}
    for path in (f"{V4}/batch/read", "/crm/associations/2026-09/0-1/0-2/batch/read"):
        answer = portal.post(path, json=body)
        assert answer.status_code == 207
        assert answer.json()["results"] == [
            {"from": {"id": "101"}, "to": [{"toObjectId": 201, "associationTypes": [PRIMARY, PLAIN, EMPLOYER]}]}
        ]
        assert answer.json()["errors"][0]["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"


def test_labels__of_a_pair(portal: httpx.Client) -> None:
    assert portal.get(f"{V4}/labels").json()["results"] == [PRIMARY, PLAIN, EMPLOYER]
    created = portal.post(f"{V4}/labels", json={"label": "Adviser", "name": "adviser"})
    assert (created.status_code, created.json()["results"][0]["typeId"]) == (200, 37)
    assert portal.get("/crm/v4/associations/companies/contacts/labels").json()["results"][-1]["label"] == "Adviser"


def test_create__the_first_company_becomes_the_primary_one(portal: httpx.Client) -> None:
    where = "/crm/v4/objects/contacts/103/associations/default/companies"
    assert portal.put(f"{where}/202").status_code == 200
    assert portal.put(f"{where}/201").status_code == 200
    assert _companies(portal, "103") == {201: [PLAIN], 202: [PRIMARY, PLAIN]}


def test_create__another_primary_ends_the_one_before(portal: httpx.Client) -> None:
    spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    answer = portal.put("/crm/v4/objects/contacts/101/associations/companies/202", json=spec)
    assert (answer.status_code, answer.json()["toObjectId"]) == (201, 202)
    assert _companies(portal, "101") == {201: [PLAIN, EMPLOYER], 202: [PRIMARY, PLAIN]}


def test_create__from_the_company(portal: httpx.Client) -> None:
    portal.put("/crm/v4/objects/companies/202/associations/default/contacts/103")
    assert _companies(portal, "103") == {202: [PRIMARY, PLAIN]}


def test_create__unknown_type_400_unknown_record_207(portal: httpx.Client) -> None:
    spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 999}]
    assert portal.put("/crm/v4/objects/contacts/101/associations/companies/202", json=spec).status_code == 400
    inputs = [{"from": {"id": "103"}, "to": {"id": "201"}}, {"from": {"id": "103"}, "to": {"id": "999"}}]
    answer = portal.post(f"{V4}/batch/associate/default", json={"inputs": inputs})
    assert (answer.status_code, answer.json()["numErrors"], len(answer.json()["results"])) == (207, 1, 1)


def test_library__creates_and_archives(library: Any, portal: httpx.Client) -> None:
    api = library.associations.v4.batch_api
    spec = AssociationSpec(association_category="USER_DEFINED", association_type_id=36)
    inputs = [{"from": {"id": "103"}, "to": {"id": "202"}, "types": [spec]}]
    created = api.create("contacts", "companies", BatchInputPublicAssociationMultiPost(inputs=inputs))
    assert created.results[0].labels == ["Employer"]
    assert _companies(portal, "103") == {202: [PRIMARY, PLAIN, EMPLOYER]}
    gone = [{"from": {"id": "103"}, "to": [{"id": "202"}]}]
    api.archive("contacts", "companies", BatchInputPublicAssociationMultiArchive(inputs=gone))
    assert _companies(portal, "103") == {}


def test_archive__a_label_alone(portal: httpx.Client) -> None:
    types = [{"associationCategory": "USER_DEFINED", "associationTypeId": 36}]
    inputs = [{"from": {"id": "101"}, "to": {"id": "201"}, "types": types}]
    assert portal.post(f"{V4}/batch/labels/archive", json={"inputs": inputs}).status_code == 204
    assert _companies(portal, "101") == {201: [PRIMARY, PLAIN]}
    assert portal.delete("/crm/v4/objects/contacts/101/associations/companies/201").status_code == 204
    assert _companies(portal, "101") == {}


def test_create__with_the_record(portal: httpx.Client) -> None:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}]
    body = {"properties": {"firstname": "Dee"}, "associations": [{"to": {"id": "202"}, "types": types}]}
    created = portal.post("/crm/v3/objects/contacts", json=body).json()
    assert _companies(portal, created["id"]) == {202: [PRIMARY, PLAIN]}
    listed = portal.get("/crm/v3/objects/contacts/104", params={"associations": "companies"}).json()
    assert {item["type"] for item in listed["associations"]["companies"]["results"]} == {
        "contact_to_company",
        "contact_to_company_unlabeled",
    }


def test_archiving_a_record_ends_its_associations(portal: httpx.Client) -> None:
    portal.delete("/crm/v3/objects/companies/201")
    assert _companies(portal, "101") == {}


def test_list__names_each_type_of_a_pair_once(portal: httpx.Client) -> None:
    answer = portal.get("/crm/v3/objects/contacts?limit=1&associations=companies").json()
    assert answer["results"][0]["associations"]["companies"]["results"] == [
        {"id": "201", "type": "contact_to_company"},
        {"id": "201", "type": "contact_to_company_unlabeled"},
        {"id": "201", "type": "employer"},
    ]
