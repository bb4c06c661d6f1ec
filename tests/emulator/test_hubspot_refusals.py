"""What HubSpot refuses before a route answers, and how it says that there is no such record."""

from __future__ import annotations

import http.client

import httpx
import pytest

from dynsync_lib.emulator.serving.emulator import Emulator

CONTACTS = "/crm/v3/objects/contacts"
NUMERIC = "Object not found.  objectId are usually numeric."
POSITIVE = "Object not found. objectId is usually positive."
ASSOCIATED = "/crm/v4/objects/contacts/{}/associations/companies"


# --- A record that is not there ----------------------------------------------------------------------------------


@pytest.mark.parametrize("id_", ["999", "0999", "9223372036854775807"])
def test_record__that_is_missing_is_a_page(portal: httpx.Client, id_: str) -> None:
    answer = portal.get(f"{CONTACTS}/{id_}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html;charset=iso-8859-1")
    assert len(answer.content) == 197
    assert b"<p>Resource not found</p>" in answer.content


@pytest.mark.parametrize(
    ("id_", "message"),
    [
        ("abc", NUMERIC),
        ("+1", NUMERIC),
        ("1.0", NUMERIC),
        ("\u0661", NUMERIC),
        ("9223372036854775808", NUMERIC),
        ("0", POSITIVE),
        ("-1", POSITIVE),
        ("000", POSITIVE),
    ],
)
@pytest.mark.parametrize("path", [CONTACTS + "/{}", ASSOCIATED])
def test_record__whose_id_is_no_id_is_json(portal: httpx.Client, path: str, id_: str, message: str) -> None:
    answer = portal.get(path.format(id_))
    assert answer.status_code == 404
    body = answer.json()
    assert (body["category"], body["message"], body["context"]) == ("OBJECT_NOT_FOUND", message, {"id": [id_]})


def test_record__is_found_behind_leading_zeros(portal: httpx.Client) -> None:
    assert portal.get(f"{CONTACTS}/00101").json()["id"] == "101"


def test_record__of_no_unique_value_is_a_page(portal: httpx.Client) -> None:
    answer = portal.get(f"{CONTACTS}/nobody@x.example", params={"idProperty": "email"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html;charset=iso-8859-1")


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_record__whose_id_is_no_id_cannot_be_written(portal: httpx.Client, method: str) -> None:
    answer = portal.request(method, f"{CONTACTS}/abc", json={"properties": {"firstname": "Dee"}})
    assert (answer.status_code, answer.json()["category"]) == (404, "OBJECT_NOT_FOUND")


def test_associations__of_a_record_that_is_not_there_are_an_empty_page(portal: httpx.Client) -> None:
    answer = portal.get(ASSOCIATED.format("999"))
    assert (answer.status_code, answer.json()) == (200, {"results": []})


# --- Tokens, types, scopes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    ["bearer {}", "BEARER {}", "Bearer  {}", "Bearer\t{}", "Bearer {} x", "{}", "token {}", "Basic {}", "Bearer", ""],
)
def test_token__only_exactly_as_a_bearer(emulator: Emulator, portal: httpx.Client, header: str) -> None:
    token = emulator.addresses["hubspot"]["token"]
    answer = portal.get(CONTACTS, headers={"Authorization": header.format(token)})
    assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")


@pytest.mark.parametrize("header", [" Bearer {}", "Bearer {}\t"])
def test_token__blanks_around_the_header_do_not_matter(emulator: Emulator, header: str) -> None:
    addresses = emulator.addresses["hubspot"]
    connection = http.client.HTTPConnection(addresses["url"].removeprefix("http://"))
    connection.request("GET", CONTACTS, headers={"Authorization": header.format(addresses["token"])})
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nosuch", "Unable to infer object type from: nosuch"),
        ("p_rooms", "Unable to infer object type from: p_rooms"),
        ("p424242_rooms", "Unable to infer object type from: p424242_rooms"),
        ("pets", "Unable to infer object type from: pets"),
        ("2-12345", "Invalid object or event type id: 2-12345"),
        ("0-12", "Invalid object or event type id: 0-12"),
    ],
)
def test_type__is_resolved_before_scopes(portal: httpx.Client, name: str, message: str) -> None:
    portal.post("/__emu/rights", json={"scopes": ["oauth"]})
    for path in (f"/crm/v3/objects/{name}", f"/crm/v3/objects/{name}/1", f"/crm/v3/properties/{name}"):
        answer = portal.get(path)
        assert (answer.status_code, answer.json()["message"]) == (400, message)
        assert "category" not in answer.json()
    assert portal.get(CONTACTS).json()["category"] == "MISSING_SCOPES"
    assert portal.patch(f"{CONTACTS}/1", json={"properties": {}}).json()["category"] == "MISSING_SCOPES"


@pytest.mark.parametrize("name", ["Contacts", "CONTACT", "0-1"])
def test_type__in_any_case(portal: httpx.Client, name: str) -> None:
    assert len(portal.get(f"/crm/v3/objects/{name}").json()["results"]) == 3


@pytest.mark.parametrize("name", ["tickets", "0-5", "products", "payments", "partner_clients", "meetings"])
def test_type__that_every_portal_has_is_refused_by_name(portal: httpx.Client, name: str) -> None:
    answer = portal.get(f"/crm/v3/objects/{name}")
    assert (answer.status_code, answer.json()["message"]) == (501, f"The emulator has no objects of type {name}.")


# --- Options -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("archived=true", ["101"]),
        ("archived=TRUE", ["101"]),
        ("archived=true&archived=false", ["101"]),
        ("archived=false&archived=true", ["102", "103"]),
        ("archived=&archived=true", ["102", "103"]),
        ("archived=1", ["102", "103"]),
        ("archived=yes", ["102", "103"]),
        ("archived=true%20", ["102", "103"]),
    ],
)
def test_archived__is_its_first_value_in_any_case(portal: httpx.Client, query: str, ids: list[str]) -> None:
    portal.delete(f"{CONTACTS}/101")
    assert [record["id"] for record in portal.get(f"{CONTACTS}?{query}").json()["results"]] == ids
    expected = 200 if ids == ["101"] else 404
    assert portal.get(f"{CONTACTS}/101?{query}").status_code == expected


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("meetings", "0-47 (MEETING_EVENT)"),
        ("communications", "0-18 (COMMUNICATION)"),
        ("deal_splits", "0-72 (DEAL_SPLIT)"),
        ("quote_template", "0-64 (QUOTE_TEMPLATE)"),
    ],
)
def test_archived__is_refused_for_four_types(portal: httpx.Client, name: str, named: str) -> None:
    answer = portal.get(f"/crm/v3/objects/{name}", params={"archived": "true"})
    message = f"Paging through deleted objects is not yet supported for object type {named}"
    assert (answer.status_code, answer.json()["message"]) == (400, message)


# --- Methods and media types -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", f"{CONTACTS}/search", "POST,OPTIONS"),
        ("GET", f"{CONTACTS}/batch/read", "POST,OPTIONS"),
        ("POST", f"{CONTACTS}/101", "DELETE,GET,OPTIONS,PATCH"),
        ("POST", "/crm/objects/2026-03/contacts/101", "DELETE,GET,OPTIONS,PATCH"),
        ("GET", f"{CONTACTS}/merge", "POST,OPTIONS"),
        ("POST", ASSOCIATED.format("101"), "GET,OPTIONS"),
    ],
)
def test_method__that_a_path_does_not_take_is_a_page(
    portal: httpx.Client, method: str, path: str, allowed: str
) -> None:
    answer = portal.request(method, path, headers={"Authorization": ""})
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.headers["content-type"] == "text/html;charset=iso-8859-1"
    assert answer.headers["cache-control"] == "must-revalidate,no-cache,no-store"
    assert len(answer.content) == 229
    assert b"<pre>    Method Not Allowed</pre>" in answer.content


@pytest.mark.parametrize(("method", "path"), [("PUT", CONTACTS), ("PATCH", f"{CONTACTS}/search")])
def test_method__of_a_write_gets_no_page(portal: httpx.Client, method: str, path: str) -> None:
    answer = portal.request(method, path)
    assert (answer.status_code, answer.content) == (405, b"")


def test_method__gets_no_page_when_json_alone_is_wanted(portal: httpx.Client) -> None:
    answer = portal.get(f"{CONTACTS}/search", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.content) == (405, b"")


def test_method__options_is_401(portal: httpx.Client) -> None:
    answer = portal.request("OPTIONS", CONTACTS)
    assert (answer.status_code, answer.json()["message"]) == (
        401,
        "Any of the listed authentication credentials are missing",
    )


def test_method__head_is_get_without_its_body(portal: httpx.Client) -> None:
    answer = portal.head(CONTACTS)
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("accept", "status", "size"),
    [
        ("text/html", 406, 221),
        ("application/xml", 406, 0),
        ("application/hal+json", 406, 0),
        ("text/html, application/json", 200, None),
        ("APPLICATION/*", 200, None),
        ("*/*;q=0", 200, None),
    ],
)
def test_accept__must_admit_json(portal: httpx.Client, accept: str, status: int, size: int | None) -> None:
    answer = portal.get(CONTACTS, headers={"Accept": accept})
    assert answer.status_code == status
    assert size is None or len(answer.content) == size


# --- Bodies ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize(
    ("path", "body", "column"),
    [
        (f"{CONTACTS}/search", '{"limit":', 10),
        (f"{CONTACTS}/batch/read", '{"other":"NaN","inputs":[', 26),
        (CONTACTS, '{"properties":{"credit_limit":', 31),
    ],
)
def test_body__numbers_that_json_does_not_have(
    portal: httpx.Client, path: str, body: str, column: int, token: str
) -> None:
    closing = "}" * body.count("{") if "[" not in body else "]}"
    answer = portal.post(path, content=body + token + closing)
    assert answer.status_code == 400
    assert answer.json()["message"] == (
        f"Invalid input JSON on line 1, column {column + len(token)}: Non-standard token '{token}': "
        "enable \x60JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS\x60 to allow"
    )
    assert "category" not in answer.json()


def test_body__that_is_no_json_says_where(portal: httpx.Client) -> None:
    answer = portal.post(f"{CONTACTS}/search", content='{"limit": 1,\n  oops}')
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Invalid input JSON on line 2, column 3: ")
