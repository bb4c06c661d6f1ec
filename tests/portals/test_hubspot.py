"""Reading HubSpot: addresses, pages, properties, owners, associations."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from dynsync_lib.core.model import Object
from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.errors import UnexpectedReplyError
from dynsync_lib.portals.hubspot.reader import HubSpotReader, open_client
from dynsync_lib.portals.hubspot.rows import OWNER_NAMES, choose_properties
from dynsync_lib.portals.pages import Delivery, Page, TableRead
from tests.pulls import FakeTime, answering

CONTACTS = RECORD_TABLES["hubspot/contacts"]
OWNERS = RECORD_TABLES["hubspot/owners"]
ORIGIN = httpx.URL("https://api.hubapi.com")


def _read(use: Callable[[HubSpotReader], Awaitable[Any]], *answers: httpx.Response) -> tuple[Any, list[httpx.Request]]:
    transport, requests = answering(*answers)
    pace = FakeTime().pace(tries=2)

    async def read() -> Any:
        async with open_client(ORIGIN, "pat-eu1-x", transport, pace) as client:
            result = await use(HubSpotReader(client, pace))
            return await result.page() if isinstance(result, Delivery) else result

    return asyncio.run(read()), requests


def _json(value: Any, *, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=value)


def _record(id_: str, **properties: Any) -> dict[str, Any]:
    return {"id": id_, "properties": {"hs_object_id": id_, **properties}, "archived": False}


def test_read_page__first_and_last() -> None:
    read = TableRead(CONTACTS, ("hs_object_id", "email", "a,b"))
    first = {"results": [_record("101", email=None)], "paging": {"next": {"after": "102", "link": "https://x.example"}}}
    page, (request,) = _read(lambda reader: reader.read_page(read, None), _json(first))
    assert page == Page(({"hs_object_id": "101", "email": None},), "102")
    assert str(request.url) == (
        "https://api.hubapi.com/crm/v3/objects/contacts?limit=100&archived=false&properties=hs_object_id,email,a,b"
    )
    assert request.headers["Authorization"] == "Bearer pat-eu1-x"
    page, (request,) = _read(lambda reader: reader.read_page(read, "102"), _json({"results": []}))
    assert page == Page((), None)
    assert request.url.params["after"] == "102"


def test_read_page__long_property_lists_go_into_a_body() -> None:
    names = ("hs_object_id", *(f"property_with_a_long_name_{number:03d}" for number in range(400)))
    listed = {"results": [_record("1"), _record("2"), _record("3")], "paging": {"next": {"after": "4"}}}
    batch = {"results": [_record("3", x="c"), _record("1", x="a")], "errors": [{"category": "OBJECT_NOT_FOUND"}]}
    read = TableRead(CONTACTS, names)
    page, (first, second) = _read(lambda reader: reader.read_page(read, None), _json(listed), _json(batch, status=207))
    assert page == Page(({"hs_object_id": "1", "x": "a"}, {"hs_object_id": "3", "x": "c"}), "4")
    assert len(str(first.url)) < 200
    assert second.url.path == "/crm/v3/objects/contacts/batch/read"
    body = json.loads(second.content)
    assert body == {"inputs": [{"id": "1"}, {"id": "2"}, {"id": "3"}], "properties": list(names)}


def test_read_page__long_property_lists_of_an_empty_table() -> None:
    read = TableRead(CONTACTS, tuple(f"property_with_a_long_name_{number:03d}" for number in range(400)))
    page, requests = _read(lambda reader: reader.read_page(read, None), _json({"results": []}))
    assert page == Page((), None)
    assert len(requests) == 1


@pytest.mark.parametrize(
    "answer", [[], {}, {"results": None}, {"results": [{"id": "1"}]}, {"results": [{"properties": {}}]}]
)
def test_read_page__unexpected(answer: Any) -> None:
    read = TableRead(CONTACTS, ("hs_object_id",))
    with pytest.raises(UnexpectedReplyError):
        _read(lambda reader: reader.read_page(read, None), _json(answer))


def test_read_page__owners_in_use_then_archived() -> None:
    read = TableRead(OWNERS, OWNER_NAMES)
    owner = {"id": "7", "email": "ann@x.example", "userId": 9586504, "archived": False, "teams": [{"id": "1"}]}
    more = {"results": [owner], "paging": {"next": {"after": "NDE2%3D"}}}
    page, (request,) = _read(lambda reader: reader.read_page(read, None), _json(more))
    assert page.rows == ({"id": "7", "archived": "false", "email": "ann@x.example", "userId": "9586504"},)
    assert page.cursor == "false|NDE2%3D"
    assert str(request.url).endswith("/crm/v3/owners?limit=100&archived=false")
    page, (request,) = _read(lambda reader: reader.read_page(read, page.cursor), _json({"results": []}))
    assert page.cursor == "true|"
    assert str(request.url).endswith("archived=false&after=NDE2%3D")
    page, (request,) = _read(lambda reader: reader.read_page(read, page.cursor), _json({"results": []}))
    assert page.cursor is None
    assert str(request.url).endswith("/crm/v3/owners?limit=100&archived=true")


def test_read_properties__as_stored() -> None:
    answer = {
        "results": [
            {
                "name": "lifecyclestage",
                "label": "Lifecycle Stage",
                "type": "enumeration",
                "fieldType": "radio",
                "options": [
                    {"label": "Hidden", "value": "hidden", "displayOrder": -1},
                    {"label": "Lead", "value": "lead", "displayOrder": 1},
                    {"label": "Subscriber", "value": "subscriber", "displayOrder": 0},
                ],
                "calculated": False,
                "hasUniqueValue": False,
                "hidden": False,
                "modificationMetadata": {"readOnlyValue": True},
            },
            {"name": "score", "type": "number", "fieldType": "calculation_score", "calculated": True},
        ]
    }
    (first, second), (request,) = _read(lambda reader: reader.read_properties(Object.CONTACT), _json(answer))
    assert request.url.path == "/crm/v3/properties/contacts"
    assert [option["value"] for option in first["options"]] == ["subscriber", "lead", "hidden"]
    assert (first["read_only"], first["calculated"], first["field_type"]) == (True, False, "radio")
    assert (second["read_only"], second["calculated"], second["options"]) == (True, True, [])


def test_read_account__numbers() -> None:
    answer = {"portalId": 44556677, "accountType": "STANDARD", "utcOffsetMilliseconds": -3600000, "timeZone": "UTC"}
    account, _ = _read(lambda reader: reader.read_account(), _json(answer))
    assert account == answer


def test_read_account__something_else() -> None:
    with pytest.raises(UnexpectedReplyError, match="without a portalId"):
        _read(lambda reader: reader.read_account(), _json({"hello": "world"}))


@pytest.mark.parametrize(("answer", "total"), [({"total": 12345}, 12345), ({}, None), ([], None)])
def test_count(answer: Any, total: int | None) -> None:
    count, (request,) = _read(lambda reader: reader.count(Object.COMPANY), _json(answer))
    assert count == total
    assert request.url.path == "/crm/v3/objects/companies/search"


def _target(id_: Any, *types: tuple[str, int, str | None]) -> dict[str, Any]:
    association_types = [
        {"category": category, "typeId": type_id, "label": label} for category, type_id, label in types
    ]
    return {"toObjectId": id_, "associationTypes": association_types}


PRIMARY, PLAIN = ("HUBSPOT_DEFINED", 1, "Primär"), ("HUBSPOT_DEFINED", 279, None)
BILLING, ADVISOR = ("USER_DEFINED", 36, "Billing"), ("USER_DEFINED", 1, "Advisor")
PAIR = (Object.CONTACT, Object.COMPANY)


def test_read_links__labels_and_primary() -> None:
    targets = [_target(9001, PRIMARY, PLAIN, BILLING), _target("9002", PLAIN), _target(9003, PLAIN, BILLING, ADVISOR)]
    answer = {"results": [{"from": {"id": "101"}, "to": targets}]}
    rows, (request,) = _read(lambda reader: reader.read_links(PAIR, ["101"]), _json(answer))
    assert [(row["to_id"], row["label"], row["is_primary"]) for row in rows] == [
        ("9001", None, "true"),
        ("9001", "Billing", "false"),
        ("9002", None, "false"),
        ("9003", "Advisor", "false"),
        ("9003", "Billing", "false"),
    ]
    assert {(row["from_object"], row["from_id"], row["to_object"]) for row in rows} == {("contact", "101", "company")}
    assert request.url.path == "/crm/v4/associations/contacts/companies/batch/read"


def test_read_links__in_the_order_asked_for_and_paged() -> None:
    first = {
        "results": [
            {"from": {"id": "2"}, "to": [_target(21, PLAIN)], "paging": {"next": {"after": "22"}}},
            {"from": {"id": "1"}, "to": [_target(11, PLAIN)]},
        ],
        "numErrors": 1,
        "errors": [{"category": "OBJECT_NOT_FOUND", "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND"}],
    }
    second = {"results": [{"from": {"id": "2"}, "to": [_target(22, PLAIN)]}]}
    rows, requests = _read(
        lambda reader: reader.read_links(PAIR, ["1", "2", "3"]), _json(first, status=207), _json(second)
    )
    assert [(row["from_id"], row["to_id"]) for row in rows] == [("1", "11"), ("2", "21"), ("2", "22")]
    assert json.loads(requests[1].content) == {"inputs": [{"id": "2", "after": "22"}]}


def test_read_links__cursor_that_does_not_move() -> None:
    answer = {"results": [{"from": {"id": "2"}, "to": [], "paging": {"next": {"after": "22"}}}]}
    with pytest.raises(UnexpectedReplyError, match="do not go on"):
        _read(lambda reader: reader.read_links(PAIR, ["2"]), _json(answer), _json(answer))


def test_read_links__real_error_in_a_batch() -> None:
    answer = {"results": [], "errors": [{"category": "INTERNAL_ERROR"}]}
    with pytest.raises(UnexpectedReplyError, match="INTERNAL_ERROR"):
        _read(lambda reader: reader.read_links(PAIR, ["2"]), _json(answer, status=207))


def test_choose_properties() -> None:
    rows = [{"name": name} for name in ("zip", "email", "city", "hs_additional_emails")]
    always = ("createdate", "email", "hs_additional_emails", "lastmodifieddate")
    everything = ("hs_object_id", "city", *always, "zip")
    assert sorted(choose_properties(CONTACTS, rows, None)) == sorted(everything)
    assert choose_properties(CONTACTS, rows, ["zip", "typo"]) == ("hs_object_id", *always, "zip")
    assert choose_properties(CONTACTS, rows, []) == ("hs_object_id", *always)
