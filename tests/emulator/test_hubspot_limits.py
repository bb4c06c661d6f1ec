"""How many records an admin lets be associated with one, by pair and by label."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hubspot.crm.associations.v4.schema import (
    BatchInputPublicAssociationDefinitionConfigurationCreateRequest,
    PublicAssociationDefinitionConfigurationCreateRequest,
)

CONFIGURATIONS = "/crm/v4/associations/definitions/configurations"
PAIR = f"{CONFIGURATIONS}/contacts/companies"
PLAIN = {"category": "HUBSPOT_DEFINED", "typeId": 279}
EMPLOYER = {"category": "USER_DEFINED", "typeId": 36}


def _limit(
    portal: httpx.Client, most: Any, spec: dict[str, Any] = PLAIN, *, pair: str = PAIR, action: str = "create"
) -> httpx.Response:
    return portal.post(f"{pair}/batch/{action}", json={"inputs": [{**spec, "maxToObjectIds": most}]})


def _limits(portal: httpx.Client, pair: str = PAIR) -> list[tuple[int, str | None, int]]:
    results = portal.get(pair).json()["results"]
    return [(item["typeId"], item["label"], item["userEnforcedMaxToObjectIds"]) for item in results]


def _associate(portal: httpx.Client, contact: str, company: str) -> httpx.Response:
    return portal.put(f"/crm/v4/objects/contacts/{contact}/associations/default/companies/{company}")


def test_library__sets_and_reads_limits(library: Any) -> None:
    api = library.associations.v4.schema.definition_configurations_api
    wanted = PublicAssociationDefinitionConfigurationCreateRequest(
        type_id=279, category="HUBSPOT_DEFINED", max_to_object_ids=3
    )
    inputs = BatchInputPublicAssociationDefinitionConfigurationCreateRequest(inputs=[wanted])
    made = api.batch_create("contacts", "companies", inputs)
    assert [(item.type_id, item.user_enforced_max_to_object_ids) for item in made.results] == [(279, 3)]
    read = api.get_all_between_two_object_types("contacts", "companies").results
    assert [item.user_enforced_max_to_object_ids for item in read] == [3]


def test_limits__are_made_changed_and_removed(portal: httpx.Client) -> None:
    assert _limit(portal, 5).status_code == 201
    assert _limit(portal, 2, EMPLOYER).status_code == 201
    assert _limits(portal) == [(36, "Employer", 2), (279, None, 5)]
    assert _limits(portal, f"{CONFIGURATIONS}/companies/contacts") == []
    changed = _limit(portal, 4, action="update")
    assert (changed.status_code, changed.json()["results"]) == (200, [{**PLAIN, "userEnforcedMaxToObjectIds": 4}])
    everywhere = portal.get("/crm/associations/2026-03/definitions/configurations/all").json()["results"]
    assert [item["userEnforcedMaxToObjectIds"] for item in everywhere] == [2, 4]
    assert portal.post(f"{PAIR}/batch/purge", json={"inputs": [PLAIN, EMPLOYER]}).status_code == 204
    assert _limits(portal) == []


@pytest.mark.parametrize("most", [0, -1, 250_001, "3", None, 1.5, True])
def test_limits__are_whole_numbers_below_the_plans(portal: httpx.Client, most: Any) -> None:
    answer = _limit(portal, most)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    assert _limits(portal) == []


def test_limits__of_a_label_are_not_above_that_of_the_pair(portal: httpx.Client) -> None:
    _limit(portal, 10)
    too_high = _limit(portal, 11, EMPLOYER)
    assert (too_high.status_code, too_high.json()["numErrors"]) == (207, 1)
    assert "10" in too_high.json()["errors"][0]["message"]
    assert _limit(portal, 10, EMPLOYER).status_code == 201
    too_low = _limit(portal, 9, action="update")
    assert (too_low.status_code, too_low.json()["numErrors"]) == (207, 1)
    assert _limits(portal) == [(36, "Employer", 10), (279, None, 10)]


@pytest.mark.parametrize(
    "spec", [{"category": "HUBSPOT_DEFINED", "typeId": 3}, {"category": "USER_DEFINED", "typeId": 9}]
)
def test_limits__of_types_that_do_not_lead_there(portal: httpx.Client, spec: dict[str, Any]) -> None:
    assert _limit(portal, 3, spec).status_code == 400


def test_limits__that_are_not_there_cannot_be_changed(portal: httpx.Client) -> None:
    answer = _limit(portal, 3, action="update")
    assert (answer.status_code, answer.json()["numErrors"]) == (207, 1)


def test_associations__stop_at_the_limit_of_the_pair(portal: httpx.Client) -> None:
    _limit(portal, 1)
    refused = _associate(portal, "101", "202")
    assert (refused.status_code, refused.json()["category"]) == (400, "VALIDATION_ERROR")
    assert refused.json()["subCategory"] == "crm.associations.LIMIT_EXCEEDED"
    assert _associate(portal, "101", "201").status_code == 200
    assert _associate(portal, "103", "202").status_code == 200
    assert [item["to"] for item in _read(portal, "101")] == [[201]]


def test_associations__stop_at_the_limit_seen_from_the_other_end(portal: httpx.Client) -> None:
    _limit(portal, 2, {"category": "HUBSPOT_DEFINED", "typeId": 280}, pair=f"{CONFIGURATIONS}/companies/contacts")
    assert _associate(portal, "103", "201").status_code == 400
    assert _associate(portal, "103", "202").status_code == 200


def test_associations__stop_at_the_limit_of_a_label(portal: httpx.Client) -> None:
    _limit(portal, 1, EMPLOYER)
    spec = [{"associationCategory": "USER_DEFINED", "associationTypeId": 36}]
    assert portal.put("/crm/v4/objects/contacts/101/associations/companies/202", json=spec).status_code == 400
    assert portal.put("/crm/v4/objects/contacts/101/associations/companies/201", json=spec).status_code == 201
    assert _associate(portal, "101", "202").status_code == 200


def test_associations__over_the_limit_are_errors_of_a_batch(portal: httpx.Client) -> None:
    _limit(portal, 1)
    inputs = [{"from": {"id": id_}, "to": {"id": "202"}} for id_ in ("101", "103")]
    answer = portal.post("/crm/v4/associations/contacts/companies/batch/associate/default", json={"inputs": inputs})
    assert (answer.status_code, answer.json()["numErrors"]) == (207, 1)
    assert [result["from"] for result in answer.json()["results"]] == [{"id": "103"}]


def test_associations__of_a_new_record_over_the_limit_make_none(portal: httpx.Client) -> None:
    _limit(portal, 1, {"category": "HUBSPOT_DEFINED", "typeId": 280}, pair=f"{CONFIGURATIONS}/companies/contacts")
    spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}]
    body = {"properties": {"firstname": "Dee"}, "associations": [{"to": {"id": "201"}, "types": spec}]}
    assert portal.post("/crm/v3/objects/contacts", json=body).status_code == 400
    assert len(portal.get("/crm/v3/objects/contacts").json()["results"]) == 3


def test_limits__are_gone_after_a_reseed(portal: httpx.Client) -> None:
    _limit(portal, 1)
    portal.post("/__emu/reseed")
    assert _limits(portal) == []


def _read(portal: httpx.Client, contact: str) -> list[dict[str, Any]]:
    body = {"inputs": [{"id": contact}]}
    answer = portal.post("/crm/v4/associations/contacts/companies/batch/read", json=body).json()
    return [{"to": [to["toObjectId"] for to in result["to"]]} for result in answer["results"]]
