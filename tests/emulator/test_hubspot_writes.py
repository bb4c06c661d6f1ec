"""Writing HubSpot records, with HubSpot's own client and with plain requests."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hubspot.crm.contacts import (
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchInputSimplePublicObjectId,
    PublicMergeInput,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.contacts.exceptions import ApiException

from dynsync_lib.emulator.serving.emulator import Emulator

CONTACTS = "/crm/v3/objects/contacts"


def _create(portal: httpx.Client, **properties: Any) -> httpx.Response:
    return portal.post(CONTACTS, json={"properties": properties})


# --- HubSpot's own client ----------------------------------------------------------------------------------------


def test_library__creates_changes_archives(library: Any) -> None:
    basic = library.contacts.basic_api
    created = basic.create(SimplePublicObjectInputForCreate(properties={"email": "dee@x.example", "firstname": "Dee"}))
    assert (created.id, created.properties["email"]) == ("104", "dee@x.example")
    assert created.properties["createdate"] == "2026-11-24T12:00:00.000Z"
    changed = basic.update("104", SimplePublicObjectInput(properties={"firstname": "", "lastname": "Doe"}))
    assert (changed.properties["firstname"], changed.properties["lastname"]) == (None, "Doe")
    basic.archive("104")
    with pytest.raises(ApiException) as gone:
        basic.get_by_id("104")
    assert gone.value.status == 404
    assert basic.get_by_id("104", archived=True).archived_at is not None


def test_library__batch_create_tells_which_input_failed(library: Any) -> None:
    inputs = [
        {"objectWriteTraceId": "row-1", "properties": {"email": "new@x.example"}},
        {"objectWriteTraceId": "row-2", "properties": {"email": "ada@firm.example"}},
        {"objectWriteTraceId": "row-3", "properties": {"email": "no address"}},
    ]
    answer = library.contacts.batch_api.create(BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))
    assert [(item.id, item.object_write_trace_id) for item in answer.results] == [("104", "row-1")]
    assert [(item.category, item.context["objectWriteTraceId"]) for item in answer.errors] == [
        ("CONFLICT", ["row-2"]),
        ("VALIDATION_ERROR", ["row-3"]),
    ]


def test_library__batch_without_trace_ids_is_all_or_nothing(library: Any) -> None:
    inputs = [{"properties": {"email": "new@x.example"}}, {"properties": {"email": "ada@firm.example"}}]
    with pytest.raises(ApiException) as refused:
        library.contacts.batch_api.create(BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))
    assert refused.value.status == 409
    assert len(library.contacts.get_all()) == 3


def test_library__batch_update_and_upsert(library: Any) -> None:
    api = library.contacts.batch_api
    inputs = [{"id": "101", "properties": {"jobtitle": "Boss"}}, {"id": "999", "properties": {"jobtitle": "x"}}]
    changed = api.update(BatchInputSimplePublicObjectBatchInput(inputs=inputs))
    assert [item.properties["jobtitle"] for item in changed.results] == ["Boss"]
    assert [(item.category, item.context) for item in changed.errors] == [("OBJECT_NOT_FOUND", {"ids": ["999"]})]
    inputs = [
        {"idProperty": "email", "id": "bob@firm.example", "properties": {"jobtitle": "Aide"}},
        {"idProperty": "email", "id": "eve@x.example", "properties": {"firstname": "Eve"}},
    ]
    upserted = api.upsert(BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs))
    assert [(item.id, item.new) for item in upserted.results] == [("102", False), ("104", True)]
    assert upserted.results[1].properties["email"] == "eve@x.example"


def test_library__batch_archive_frees_the_address(library: Any) -> None:
    library.contacts.batch_api.archive(BatchInputSimplePublicObjectId(inputs=[{"id": "101"}, {"id": "999"}]))
    assert [item.id for item in library.contacts.get_all()] == ["102", "103"]
    assert [item.id for item in library.contacts.get_all(archived=True)] == ["101"]
    again = {"email": "ada@firm.example"}
    created = library.contacts.basic_api.create(SimplePublicObjectInputForCreate(properties=again))
    assert created.id == "104"


def test_library__merge(library: Any) -> None:
    answer = library.contacts.basic_api.merge(PublicMergeInput(primary_object_id="103", object_id_to_merge="101"))
    assert (answer.id, answer.properties["firstname"], answer.properties["email"]) == ("103", "Cy", "ada@firm.example")
    again = library.contacts.basic_api.get_by_id("101", properties=["hs_additional_emails", "hs_merged_object_ids"])
    assert again.id == "103"
    assert again.properties["hs_additional_emails"] == "ada@old.example;a@old.example"
    companies = library.associations.v4.basic_api.get_page("contacts", "103", "companies").results
    assert [int(item.to_object_id) for item in companies] == [201]


# --- Uniqueness --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["ada@firm.example", "ADA@old.example", "a@old.example"])
def test_create__409_for_primary_and_additional_addresses(portal: httpx.Client, address: str) -> None:
    answer = _create(portal, email=address)
    assert (answer.status_code, answer.json()["category"]) == (409, "CONFLICT")
    assert answer.json()["message"] == "Contact already exists. Existing ID: 101"


def test_patch__400_for_an_address_of_another(portal: httpx.Client) -> None:
    answer = portal.patch(f"{CONTACTS}/102", json={"properties": {"email": "ada@firm.example"}})
    assert answer.status_code == 400
    assert answer.json()["message"].endswith("on 102. 101 already has that value.")
    same = portal.patch(f"{CONTACTS}/101", json={"properties": {"email": "Ada@Firm.example"}})
    assert same.json()["properties"]["email"] == "ada@firm.example"


def test_companies__are_not_unique_but_their_unique_properties_are(portal: httpx.Client) -> None:
    firm = {"properties": {"name": "Firm", "domain": "firm.example", "account_number": "A-1"}}
    assert portal.post("/crm/v3/objects/companies", json=firm).json()["id"] == "203"
    again = portal.post("/crm/v3/objects/companies", json=firm)
    assert again.status_code == 400
    assert again.json()["message"].endswith(
        "propertyName=account_number, value=A-1} on 204. 203 already has that value."
    )


# --- Validation --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("properties", "error", "message"),
    [
        ({"colour": "red"}, "PROPERTY_DOESNT_EXIST", 'Property "colour" does not exist'),
        ({"email": "foo"}, "INVALID_EMAIL", "Email address foo is invalid"),
        (
            {"hs_marketable_status": "true"},
            "READ_ONLY_VALUE",
            '"hs_marketable_status" is a read only property; its value cannot be set.',
        ),
        ({"credit_limit": "ten"}, "INVALID_NUMERIC", "ten was not a valid number"),
        ({"birthday": "soon"}, "INVALID_DATE", "soon was not a valid date"),
        ({"no_bulk_mail": "maybe"}, "INVALID_OPTION", "maybe was not one of the allowed options: [true, false]"),
        ({"credit_limit": "1,000"}, "INVALID_NUMERIC", "1,000 was not a valid number"),
        ({"credit_limit": "1.000.5"}, "INVALID_NUMERIC", "1.000.5 was not a valid number"),
        ({"credit_limit": "1 0"}, "INVALID_NUMERIC", "1 0 was not a valid number"),
    ],
)
def test_create__validation(portal: httpx.Client, properties: dict[str, str], error: str, message: str) -> None:
    answer = _create(portal, firstname="Dee", **properties)
    body = answer.json()
    assert (answer.status_code, body["category"]) == (400, "VALIDATION_ERROR")
    inside = json.loads(body["message"].removeprefix("Property values were not valid: "))
    assert [(fault["error"], fault["message"], fault["portalId"]) for fault in inside] == [(error, message, 424242)]
    assert body["errors"][0]["code"] == error


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("credit_limit", " 10", "10"),
        ("credit_limit", "10.5\u200b\n", "10.5"),
        ("lifecyclestage", "\ufeffcustomer ", "customer"),
        ("no_bulk_mail", " true", "true"),
        ("birthday", " 1990-05-01\t", "1990-05-01"),
        ("last_visit", "2026-01-02T03:04:05Z ", "2026-01-02T03:04:05Z"),
        ("interests", " events;training", "events;training"),
        ("credit_limit", "  ", None),
        ("jobtitle", " Boss ", " Boss "),
    ],
)
def test_create__blanks_around_values_are_no_fault(
    portal: httpx.Client, name: str, value: str, stored: str | None
) -> None:
    answer = _create(portal, firstname="Dee", **{name: value})
    assert (answer.status_code, answer.json()["properties"][name]) == (201, stored)


def test_create__all_faults_at_once(portal: httpx.Client) -> None:
    answer = _create(portal, email="foo", credit_limit="ten", colour="red").json()
    assert [item["code"] for item in answer["errors"]] == ["INVALID_EMAIL", "INVALID_NUMERIC", "PROPERTY_DOESNT_EXIST"]


def test_create__options_in_their_case(portal: httpx.Client) -> None:
    assert _create(portal, firstname="D", lifecyclestage="customer").status_code == 201
    answer = _create(portal, firstname="D", lifecyclestage="Customer").json()
    assert answer["errors"][0]["message"].startswith("Customer was not one of the allowed options: [subscriber, lead, ")


def test_create__a_contact_needs_a_name_or_an_address(portal: httpx.Client) -> None:
    assert _create(portal, jobtitle="Boss").status_code == 400


def test_patch__a_lifecycle_stage_does_not_go_back_unless_cleared(portal: httpx.Client) -> None:
    def set_stage(stage: str) -> str | None:
        answer = portal.patch(f"{CONTACTS}/102", json={"properties": {"lifecyclestage": stage}}).json()
        stored: str | None = answer["properties"]["lifecyclestage"]
        return stored

    assert set_stage("lead") == "customer"
    assert set_stage("") is None
    assert set_stage("lead") == "lead"


def test_patch__null_changes_nothing(portal: httpx.Client) -> None:
    answer = portal.patch(f"{CONTACTS}/102", json={"properties": {"firstname": None, "jobtitle": "Aide"}})
    assert (answer.status_code, answer.json()["properties"]["firstname"]) == (200, "Bob")
    only_null = portal.patch(f"{CONTACTS}/102", json={"properties": {"firstname": None, "lifecyclestage": None}})
    assert (only_null.status_code, only_null.json()["properties"]["lifecyclestage"]) == (200, "customer")
    unknown = portal.patch(f"{CONTACTS}/102", json={"properties": {"colour": None}})
    assert unknown.json()["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST"


def test_create__null_is_no_value(portal: httpx.Client) -> None:
    assert _create(portal, firstname="Dee", lastname=None).json()["properties"]["lastname"] is None
    assert _create(portal, firstname=None, lastname=None).status_code == 400


def test_patch__moves_the_modified_date(portal: httpx.Client) -> None:
    answer = portal.patch(f"{CONTACTS}/102", json={"properties": {"jobtitle": "Aide"}}).json()
    assert answer["properties"]["lastmodifieddate"] == "2026-11-24T12:00:00.000Z"
    assert answer["createdAt"] == "2024-02-01T09:30:00.000Z"
    assert portal.patch(f"{CONTACTS}/999", json={"properties": {}}).status_code == 404


def test_batch__at_most_100(portal: httpx.Client) -> None:
    inputs = [{"properties": {"firstname": "D"}}] * 101
    assert portal.post(f"{CONTACTS}/batch/create", json={"inputs": inputs}).status_code == 400


def test_batch__dated_version_answers_200(portal: httpx.Client) -> None:
    inputs = [{"id": "999", "properties": {}}]
    assert portal.post(f"{CONTACTS}/batch/update", json={"inputs": inputs}).status_code == 207
    dated = portal.post("/crm/objects/2026-09/0-1/batch/update", json={"inputs": inputs})
    assert (dated.status_code, dated.json()["numErrors"]) == (200, 1)


# --- Scopes and properties ---------------------------------------------------------------------------------------


def test_scopes__reading_is_not_writing(portal: httpx.Client) -> None:
    portal.post("/__emu/rights", json={"scopes": ["crm.objects.contacts.read"]})
    assert portal.get(CONTACTS).status_code == 200
    refused = _create(portal, firstname="Dee").json()
    assert refused["errors"][0]["context"] == {"requiredGranularScopes": ["crm.objects.contacts.write"]}


def test_scopes__of_another_token(portal: httpx.Client) -> None:
    portal.post("/__emu/rights", json={"tokens": {"pat-eu1-other": ["crm.objects.companies.read"]}})
    other = {"Authorization": "Bearer pat-eu1-other"}
    assert portal.get(CONTACTS, headers=other).status_code == 403
    assert portal.get("/crm/v3/objects/companies", headers=other).status_code == 200
    asked = {"tokenKey": "pat-eu1-other"}
    answer = portal.post("/oauth/v2/private-apps/get/access-token-info", json=asked, headers=other).json()
    assert (answer["hubId"], answer["scopes"]) == (424242, ["crm.objects.companies.read"])


def test_properties__can_be_made_and_used_at_once(portal: httpx.Client) -> None:
    wanted = {"name": "dynsync_run", "label": "Run", "type": "string", "fieldType": "text", "groupName": "g"}
    created = portal.post("/crm/v3/properties/contacts", json={**wanted, "hasUniqueValue": True})
    assert (created.status_code, created.json()["hasUniqueValue"]) == (201, True)
    assert portal.post("/crm/v3/properties/contacts", json=wanted).status_code == 409
    assert portal.get("/crm/v3/properties/contacts/dynsync_run").json()["label"] == "Run"
    assert _create(portal, firstname="Dee", dynsync_run="1").json()["properties"]["dynsync_run"] == "1"
    assert _create(portal, firstname="Dee", dynsync_run="1").status_code == 400
    record = portal.get(f"{CONTACTS}/1", params={"idProperty": "dynsync_run"}).json()
    assert record["id"] == "104"


def test_reseed__brings_the_world_back(portal: httpx.Client) -> None:
    _create(portal, firstname="Dee")
    portal.delete(f"{CONTACTS}/101")
    assert portal.post("/__emu/reseed").status_code == 200
    assert [item["id"] for item in portal.get(CONTACTS).json()["results"]] == ["101", "102", "103"]


# --- History -----------------------------------------------------------------------------------------------------


def test_library__history_of_a_property_newest_first(library: Any, emulator: Emulator) -> None:
    basic = library.contacts.basic_api
    for name in ("Addy", "Adele", "Adele", ""):
        emulator.conditions.clock.advance(60)
        basic.update("101", SimplePublicObjectInput(properties={"firstname": name}))
    asked = {"properties_with_history": ["firstname", "email", "phone", "colour"]}
    record = basic.get_by_id("101", **asked)
    versions = record.properties_with_history["firstname"]
    assert [(version.value, version.source_type) for version in versions] == [
        ("", "INTEGRATION"),
        ("Adele", "INTEGRATION"),
        ("Addy", "INTEGRATION"),
        ("Ada", "CRM_UI"),
    ]
    moments = [version.timestamp.strftime("%Y-%m-%d %H:%M") for version in versions]
    assert moments == ["2026-11-24 12:04", "2026-11-24 12:02", "2026-11-24 12:01", "2024-01-01 09:30"]
    assert [version.value for version in record.properties_with_history["email"]] == ["ada@firm.example"]
    assert record.properties_with_history["phone"] == []
    assert "colour" not in record.properties_with_history
    assert (record.properties["firstname"], record.properties["email"]) == (None, "ada@firm.example")


def test_history__in_lists_and_batches(portal: httpx.Client) -> None:
    portal.patch(f"{CONTACTS}/102", json={"properties": {"lifecyclestage": "evangelist"}})
    listed = portal.get(CONTACTS, params={"propertiesWithHistory": "lifecyclestage"}).json()["results"][1]
    body = {"inputs": [{"id": "102"}], "propertiesWithHistory": ["lifecyclestage"]}
    (read,) = portal.post(f"{CONTACTS}/batch/read", json=body).json()["results"]
    for record in (listed, read):
        values = [version["value"] for version in record["propertiesWithHistory"]["lifecyclestage"]]
        assert values == ["evangelist", "customer"]
    assert "propertiesWithHistory" not in portal.get(f"{CONTACTS}/102").json()
