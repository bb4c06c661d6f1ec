"""HubSpot's search and lists over a world known by heart."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hubspot.crm.contacts import PublicObjectSearchRequest

from dynsync_lib.emulator.conditions.limits import Limits
from dynsync_lib.emulator.serving.emulator import Emulator

SEARCH = "/crm/v3/objects/contacts/search"


def _ids(portal: httpx.Client, **body: Any) -> list[str]:
    answer = portal.post(SEARCH, json=body)
    assert answer.status_code == 200, answer.text
    return [record["id"] for record in answer.json()["results"]]


def _filter(name: str, operator: str, **values: Any) -> list[dict[str, Any]]:
    return [{"filters": [{"propertyName": name, "operator": operator, **values}]}]


@pytest.mark.parametrize(
    ("groups", "ids"),
    [
        (_filter("firstname", "EQ", value="ADA"), ["101"]),
        (_filter("lifecyclestage", "EQ", value="customer"), ["102"]),
        (_filter("lifecyclestage", "EQ", value="Customer"), []),
        (_filter("firstname", "NEQ", value="ada"), ["102", "103"]),
        (_filter("firstname", "IN", values=["ada", "bob"]), ["101", "102"]),
        (_filter("firstname", "IN", values=["Ada"]), []),
        (_filter("firstname", "NOT_IN", values=["ada"]), ["102", "103"]),
        (_filter("email", "HAS_PROPERTY"), ["101", "102"]),
        (_filter("email", "NOT_HAS_PROPERTY"), ["103"]),
        (_filter("email", "CONTAINS_TOKEN", value="*@firm.example"), ["101", "102"]),
        (_filter("email", "CONTAINS_TOKEN", value="ada"), ["101"]),
        (_filter("email", "NOT_CONTAINS_TOKEN", value="ada"), ["102", "103"]),
        (_filter("lead_score", "GT", value="1"), ["102", "103"]),
        (_filter("lead_score", "LTE", value="2"), ["101", "102"]),
        (_filter("lead_score", "BETWEEN", value="2", highValue="3"), ["102", "103"]),
        (_filter("createdate", "LT", value="1706745600000"), ["101"]),
        (_filter("createdate", "GTE", value="2024-03-01"), ["103"]),
        (_filter("hs_object_id", "GT", value="101"), ["102", "103"]),
        (_filter("associations.company", "EQ", value="201"), ["101", "102"]),
        (_filter("firstname", "EQ", value="Ada") + _filter("firstname", "EQ", value="Cy"), ["101", "103"]),
    ],
)
def test_search__operators(portal: httpx.Client, groups: list[dict[str, Any]], ids: list[str]) -> None:
    assert _ids(portal, filterGroups=groups) == ids


@pytest.fixture
def maria(portal: httpx.Client) -> str:
    """The id of a contact whose texts have capitals, accents and words, and whose choices are many."""
    properties = {
        "firstname": "María",
        "lastname": "O'Straße",
        "jobtitle": "audit_logging lead (EMEA)",
        "interests": "events;training",
        "no_bulk_mail": "true",
    }
    created: str = portal.post("/crm/v3/objects/contacts", json={"properties": properties}).json()["id"]
    return created


@pytest.mark.parametrize(
    ("groups", "is_found"),
    [
        (_filter("firstname", "EQ", value="maria"), True),
        (_filter("firstname", "EQ", value="MARÍA"), True),
        (_filter("firstname", "EQ", value="mari"), False),
        (_filter("lastname", "EQ", value="o'strasse"), True),
        (_filter("firstname", "IN", values=["maria"]), True),
        (_filter("firstname", "NEQ", value="MARIA"), False),
        (_filter("firstname", "NOT_IN", values=["maria"]), False),
        (_filter("firstname", "CONTAINS_TOKEN", value="Maria"), True),
        (_filter("firstname", "CONTAINS_TOKEN", value="mar*"), True),
        (_filter("firstname", "CONTAINS_TOKEN", value="m*a"), True),
        (_filter("firstname", "CONTAINS_TOKEN", value="m**a"), True),
        (_filter("firstname", "CONTAINS_TOKEN", value="mar"), False),
        (_filter("firstname", "CONTAINS_TOKEN", value="?aria"), False),
        (_filter("firstname", "CONTAINS_TOKEN", value="[m]aria"), False),
        (_filter("jobtitle", "CONTAINS_TOKEN", value="audit"), True),
        (_filter("jobtitle", "CONTAINS_TOKEN", value="lead audit"), True),
        (_filter("jobtitle", "CONTAINS_TOKEN", value="emea"), True),
        (_filter("jobtitle", "CONTAINS_TOKEN", value="*"), True),
        (_filter("jobtitle", "NOT_CONTAINS_TOKEN", value="audit"), False),
        (_filter("jobtitle", "NOT_CONTAINS_TOKEN", value="audit logger"), True),
        (_filter("phone", "CONTAINS_TOKEN", value="*"), False),
        (_filter("phone", "NOT_CONTAINS_TOKEN", value="5"), True),
        (_filter("phone", "NEQ", value="5"), True),
        (_filter("phone", "NOT_IN", values=["5"]), True),
        (_filter("lifecyclestage", "NEQ", value="lead"), True),
        (_filter("lead_score", "NEQ", value="5"), True),
        (_filter("interests", "EQ", value="events;training"), True),
        (_filter("interests", "EQ", value="Events;training"), False),
        (_filter("interests", "IN", values=["events;training"]), True),
        (_filter("interests", "CONTAINS_TOKEN", value="events"), True),
        (_filter("no_bulk_mail", "EQ", value="true"), True),
        (_filter("no_bulk_mail", "EQ", value=True), True),
        (_filter("no_bulk_mail", "NEQ", value="true"), False),
    ],
)
def test_search__compares_texts_without_case_and_accents(
    portal: httpx.Client,
    maria: str,
    groups: list[dict[str, Any]],
    is_found: bool,  # noqa: FBT001 - an expected value
) -> None:
    assert (maria in _ids(portal, filterGroups=groups)) is is_found


def test_search__text_without_case_and_accents(portal: httpx.Client, maria: str) -> None:
    assert _ids(portal, query="maria O'STRASSE") == [maria]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lead_score", "ten"),
        ("lead_score", "1,000"),
        ("lead_score", ""),
        ("hs_object_id", "abc"),
        ("createdate", "soon"),
        ("createdate", "2024-13-01"),
        ("birthday", "01.05.1990"),
    ],
)
@pytest.mark.parametrize("operator", ["EQ", "NEQ", "LT", "GTE", "BETWEEN", "IN", "NOT_IN"])
def test_search__values_must_be_of_the_propertys_type(
    portal: httpx.Client, name: str, value: str, operator: str
) -> None:
    values = {"values": ["1706745600000", value]} if operator in {"IN", "NOT_IN"} else {"value": value}
    answer = portal.post(SEARCH, json={"filterGroups": _filter(name, operator, highValue="1706745600000", **values)})
    assert (answer.status_code, answer.json()["message"]) == (400, "There was a problem with the request.")


@pytest.mark.parametrize("value", ["1706745600000", 1706745600000, "2024-02-01", "2024-02-01T00:00:00.000Z"])
def test_search__moments_in_every_form(portal: httpx.Client, value: Any) -> None:
    assert _ids(portal, filterGroups=_filter("createdate", "LT", value=value)) == ["101"]


def test_search__filters_of_a_group_all_hold(portal: httpx.Client) -> None:
    both = [*_filter("email", "HAS_PROPERTY")[0]["filters"], *_filter("lead_score", "GT", value="1")[0]["filters"]]
    assert _ids(portal, filterGroups=[{"filters": both}]) == ["102"]


@pytest.mark.parametrize("sorts", [["-lead_score"], [{"propertyName": "lead_score", "direction": "DESCENDING"}]])
def test_search__sorts_in_both_spellings(portal: httpx.Client, sorts: list[Any]) -> None:
    assert _ids(portal, sorts=sorts) == ["103", "102", "101"]


def test_search__text(portal: httpx.Client) -> None:
    assert _ids(portal, query="FIRM.example") == ["101", "102"]
    assert _ids(portal, query="old ada") == ["101"]


def test_search__pages_by_number_and_tells_the_total(portal: httpx.Client) -> None:
    first = portal.post(SEARCH, json={"limit": 2, "after": 0}).json()
    assert (first["total"], first["paging"]["next"]["after"]) == (3, "2")
    assert "associations" not in first["results"][0]
    second = portal.post(SEARCH, json={"limit": 2, "after": "2"}).json()
    assert [item["id"] for item in second["results"]] == ["103"]
    assert "paging" not in second


def _groups(groups: int, filters: int) -> list[dict[str, Any]]:
    return [{"filters": [{"propertyName": "email", "operator": "HAS_PROPERTY"}] * filters}] * groups


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"after": "10000"},
        {"after": "x"},
        {"query": "x" * 3_000},
        {"filterGroups": _groups(6, 1)},
        {"filterGroups": _groups(1, 7)},
        {"filterGroups": _groups(4, 5)},
        {"sorts": ["email", "firstname"]},
        {"filterGroups": _filter("email", "LIKE", value="x")},
        {"filterGroups": _filter("email", "eq", value="x")},
        {"filterGroups": [{"filters": [{"propertyName": "email", "value": "x"}]}]},
        {"filterGroups": [{"filters": ["email"]}]},
        {"filterGroups": [{"filters": "email"}]},
        {"filterGroups": "email"},
        {"filterGroups": _filter("lead_score", "BETWEEN", value="1")},
        {"filterGroups": _filter("email", "EQ", value=["x"])},
        {"filterGroups": _filter("email", "IN", value="x")},
        {"filterGroups": _filter("email", "IN", values="x")},
        {"sorts": [{"propertyName": "email", "direction": "UP"}]},
        {"sorts": "email"},
        {"sorts": [5]},
        {"query": 5},
        {"properties": "email"},
        {"limit": "10"},
        {"limit": -1},
        {"filterGroups": _filter("colour", "EQ", value="x")},
        {"filterGroups": _filter("email", "EQ")},
        {"filterGroups": _filter("email", "IN", values=[])},
    ],
)
def test_search__caps_and_faults(portal: httpx.Client, body: dict[str, Any]) -> None:
    answer = portal.post(SEARCH, json=body)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_search__does_not_see_what_is_archived_or_not_yet_indexed(emulator: Emulator, portal: httpx.Client) -> None:
    emulator.conditions.set_limits(Limits(hubspot_index_lag_s=30))
    portal.delete("/crm/v3/objects/contacts/101")
    portal.post("/crm/v3/objects/contacts", json={"properties": {"firstname": "Dee"}})
    assert _ids(portal) == ["102", "103"]
    assert len(portal.get("/crm/v3/objects/contacts").json()["results"]) == 3
    portal.post("/__emu/clock", json={"advance_s": 31})
    assert _ids(portal) == ["102", "103", "104"]


def test_search__limit_of_its_own_without_headers(emulator: Emulator, portal: httpx.Client) -> None:
    emulator.conditions.set_limits(Limits(hubspot_search_requests=2))
    answers = [portal.post(SEARCH, json={}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["category"] == "RATE_LIMITS"
    assert "X-HubSpot-RateLimit-Remaining" not in answers[0].headers
    emulator.conditions.clock.advance(1.0)
    assert portal.post(SEARCH, json={}).status_code == 200


def test_library__searches(library: Any) -> None:
    wanted = PublicObjectSearchRequest(
        filter_groups=_filter("email", "HAS_PROPERTY"), sorts=["email"], properties=["email"], limit=1, after=0
    )
    answer = library.contacts.search_api.do_search(wanted)
    assert (answer.total, answer.results[0].properties["email"], answer.paging.next.after) == (
        2,
        "ada@firm.example",
        "1",
    )


# --- Lists and what the portal says of itself --------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/crm/v3/objects/contact",
        "/crm/v3/objects/0-1/",
        "/crm/objects/2026-03/contacts",
        "/crm/objects/2026-09/0-1/",
    ],
)
def test_list__every_version_and_alias(portal: httpx.Client, path: str) -> None:
    answer = portal.get(path, params={"limit": "2", "properties": "email,colour"}).json()
    assert [record["id"] for record in answer["results"]] == ["101", "102"]
    assert "colour" not in answer["results"][0]["properties"]
    assert answer["paging"]["next"]["link"].startswith(str(portal.base_url))


def test_list__unknown_and_unemulated_types(portal: httpx.Client) -> None:
    answer = portal.get("/crm/v3/objects/widgets")
    assert (answer.status_code, answer.json()["message"]) == (400, "Unable to infer object type from: widgets")
    assert portal.get("/crm/v3/objects/tickets").status_code == 501


def test_list__history_takes_50_at_most(portal: httpx.Client) -> None:
    asked = {"propertiesWithHistory": "email", "limit": "51"}
    assert portal.get("/crm/v3/objects/contacts", params=asked).status_code == 400
    assert portal.get("/crm/v3/objects/contacts", params={**asked, "limit": "50"}).status_code == 200
    inputs = [{"id": str(number)} for number in range(51)]
    batch = {"inputs": inputs, "propertiesWithHistory": ["email"]}
    assert portal.post("/crm/v3/objects/contacts/batch/read", json=batch).status_code == 400


def test_owners__archived_ones_apart(portal: httpx.Client) -> None:
    assert [item["id"] for item in portal.get("/crm/v3/owners/").json()["results"]] == ["7"]
    archived = portal.get("/crm/v3/owners", params={"archived": "True"}).json()["results"]
    assert [(item["id"], item["archived"]) for item in archived] == [("8", True)]
    assert portal.get("/crm/v3/owners/7").json()["email"] == "rik@contoso.example"
    assert portal.get("/crm/v3/owners/9").status_code == 404


def test_account__can_be_made_production(portal: httpx.Client) -> None:
    assert portal.get("/account-info/v3/details").json()["accountType"] == "DEVELOPER_TEST"
    portal.post("/__emu/portals", json={"account_type": "STANDARD"})
    assert portal.get("/account-info/2026-03/details").json()["accountType"] == "STANDARD"
    assert portal.post("/__emu/portals", json={"account_type": "BEST"}).status_code == 400


def test_usage_and_limits(portal: httpx.Client) -> None:
    portal.get("/crm/v3/owners")
    usage = portal.get("/account-info/v3/api-usage/daily/private-apps").json()["results"][0]
    assert (usage["usageLimit"], usage["currentUsage"], usage["resetsAt"]) == (625000, 2, "2026-11-24T23:00:00.000Z")
    limits = portal.get("/crm/v3/limits/records").json()["hubspotDefinedObjectTypes"]
    assert {item["objectTypeId"]: item["usage"] for item in limits} == {"0-1": 3, "0-2": 2, "0-3": 0, "0-53": 0}
    assert portal.get("/crm-object-schemas/2026-09/schemas").json() == {"results": []}


def test_daily_limit__begins_anew_at_the_accounts_midnight(emulator: Emulator, portal: httpx.Client) -> None:
    emulator.conditions.set_limits(Limits(hubspot_daily=1, hubspot_refusal_shape="policy"))
    assert portal.get("/crm/v3/owners").status_code == 200
    refused = portal.get("/crm/v3/owners")
    assert (refused.status_code, refused.json()["policyName"]) == (429, "DAILY")
    emulator.conditions.clock.advance(11 * 3_600)
    assert portal.get("/crm/v3/owners").status_code == 200


def test_refusals__in_the_older_shape(emulator: Emulator, portal: httpx.Client) -> None:
    emulator.conditions.set_limits(Limits(hubspot_requests=1, hubspot_refusal_shape="category"))
    portal.get("/crm/v3/owners")
    assert portal.get("/crm/v3/owners").json()["category"] == "RATE_LIMITS"


def test_long_addresses_are_414(portal: httpx.Client) -> None:
    answer = portal.get("/crm/v3/objects/contacts", params={"properties": "x" * 16_001})
    assert (answer.status_code, answer.headers["content-type"]) == (414, "text/html; charset=utf-8")


def test_batch_read__by_address(portal: httpx.Client) -> None:
    body = {
        "idProperty": "email",
        "inputs": [{"id": "ADA@firm.example"}, {"id": "x@x.example"}],
        "properties": ["email"],
    }
    answer = portal.post("/crm/v3/objects/contacts/batch/read", json=body)
    assert (answer.status_code, [item["id"] for item in answer.json()["results"]]) == (207, ["101"])
    assert answer.json()["errors"][0]["context"] == {"ids": ["x@x.example"]}
