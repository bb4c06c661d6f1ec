"""Writing Dataverse rows: one by one, many at once, in batches; columns and keys."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.emulator.small_world import ADA, BOB, CY, FIRM, SHOP

NEW = "00000000-0000-4000-8000-0000000000d1"


def _code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def _contact(environment: httpx.Client, id_: str, column: str) -> Any:
    return environment.get(f"contacts({id_})?$select={column}").json()[column]


# --- One by one --------------------------------------------------------------------------------------------------


def test_create__204_with_the_address(environment: httpx.Client) -> None:
    body = {"firstname": "Dee", "lastname": "Doe", "parentcustomerid_account@odata.bind": f"/accounts({SHOP})"}
    answer = environment.post("contacts", json=body)
    assert (answer.status_code, answer.content) == (204, b"")
    row = environment.get(answer.headers["OData-EntityId"]).json()
    assert (row["fullname"], row["_parentcustomerid_value"], row["statecode"]) == ("Dee Doe", SHOP, 0)
    assert (row["createdon"], row["modifiedon"]) == ("2026-11-24T12:00:00Z", "2026-11-24T12:00:00Z")
    assert row["_ownerid_value"] == environment.get("WhoAmI").json()["UserId"]


def test_create__201_with_the_row(environment: httpx.Client) -> None:
    headers = {"Prefer": "return=representation"}
    answer = environment.post("accounts?$select=name,revenue", json={"name": "New", "revenue": 12.50}, headers=headers)
    assert (answer.status_code, answer.json()["name"], answer.json()["revenue"]) == (201, "New", 12.5)
    assert answer.headers["Preference-Applied"] == "return=representation"


@pytest.mark.parametrize(
    ("body", "status", "code", "says"),
    [
        ({"firstname": "x" * 51}, 400, "0x80044331", "exceeded the maximum allowed length of '50'"),
        ({"gendercode": 9}, 400, "0x8004431a", "The value 9 of 'gendercode' on record of type 'contact'"),
        ({"new_newslettercount": -1}, 400, "0x8004432f", "outside the valid range"),
        ({"creditlimit": -1.5}, 400, "0x80044330", "outside the valid range"),
        ({"firstname": 5}, 400, "0x80048d19", "expected type 'Edm.String'"),
        ({"gendercode": "1"}, 400, "0x80048d19", "expected type 'Edm.Int32'"),
        ({"donotemail": "yes"}, 400, "0x80048d19", "expected type 'Edm.Boolean'"),
        ({"birthdate": "soon"}, 400, "0x80048d19", "expected type 'Edm.Date'"),
        ({"birthdate": "1980-05-04T00:00:00Z"}, 400, "0x80048d19", "expected type 'Edm.Date'"),
        ({"birthdate": "1980-05-04 "}, 400, "0x80048d19", "expected type 'Edm.Date'"),
        ({"colour": "red"}, 400, "0x80048d19", "Invalid property 'colour'"),
        ({"parentcustomerid": FIRM}, 400, "0x80048d19", "Invalid property 'parentcustomerid'"),
        ({"parentcustomerid_account@odata.bind": f"/accounts({NEW})"}, 404, "0x80040217", "Does Not Exist"),
        ({"ParentCustomerId_account@odata.bind": f"/accounts({FIRM})"}, 400, "0x80048d19", "undeclared property"),
        ({"parentcustomerid_account@odata.bind": f"/contacts({ADA})"}, 400, "0x80048d19", "does not lead to"),
    ],
)
def test_create__validation(environment: httpx.Client, body: dict[str, Any], status: int, code: str, says: str) -> None:
    answer = environment.post("contacts", json={"lastname": "Doe", **body})
    assert _code(answer) == (status, code)
    assert says in answer.json()["error"]["message"]
    assert environment.get("contacts/$count").text == "3"


def test_create__columns_that_cannot_be_written_are_passed_over(environment: httpx.Client) -> None:
    body = {"lastname": "Doe", "fullname": "Nobody", "createdon": "2001-01-01T00:00:00Z", "statecode": 1}
    row = environment.get(environment.post("contacts", json=body).headers["OData-EntityId"]).json()
    assert (row["fullname"], row["createdon"], row["statecode"]) == ("Doe", "2026-11-24T12:00:00Z", 0)


def test_create__duplicate_detection_only_when_asked_for(environment: httpx.Client) -> None:
    twin = {"lastname": "Ames", "emailaddress1": "ADA@firm.example"}
    detect = {"MSCRM.SuppressDuplicateDetection": "false"}
    assert _code(environment.post("contacts", json=twin, headers=detect)) == (412, "0x80040333")
    assert environment.post("contacts", json=twin).status_code == 204
    assert _code(environment.post("contacts", json={"contactid": ADA})) == (412, "0x80040237")


def test_patch__changes_and_moves_the_version(environment: httpx.Client) -> None:
    etag = environment.get(f"contacts({ADA})").json()["@odata.etag"]
    answer = environment.patch(f"contacts({ADA})", json={"firstname": "Adele"}, headers={"If-Match": etag})
    assert answer.status_code == 204
    row = environment.get(f"contacts({ADA})").json()
    assert (row["fullname"], row["modifiedon"]) == ("Adele Ames", "2026-11-24T12:00:00Z")
    again = environment.patch(f"contacts({ADA})", json={"firstname": "x"}, headers={"If-Match": etag})
    assert _code(again) == (412, "0x80060882")


def test_patch__update_only_create_only_upsert(environment: httpx.Client) -> None:
    where, body = f"contacts({NEW})", {"lastname": "Doe"}
    assert _code(environment.patch(where, json=body, headers={"If-Match": "*"})) == (404, "0x80040217")
    assert environment.patch(where, json=body, headers={"If-None-Match": "*"}).status_code == 204
    assert _code(environment.patch(where, json=body, headers={"If-None-Match": "*"})) == (412, "0x80040237")
    assert environment.patch(where, json={"firstname": "Dee"}).status_code == 204
    assert _contact(environment, NEW, "fullname") == "Dee Doe"


def test_patch__inactive_rows_are_read_only_until_activated(environment: httpx.Client) -> None:
    assert environment.patch(f"contacts({CY})", json={"firstname": "Cyd"}).status_code == 400
    assert environment.patch(f"contacts({CY})", json={"statecode": 0, "firstname": "Cyd"}).status_code == 204
    assert (_contact(environment, CY, "firstname"), _contact(environment, CY, "statuscode")) == ("Cyd", 1)


def test_patch__unbinds_with_null(environment: httpx.Client) -> None:
    environment.patch(f"contacts({ADA})", json={"parentcustomerid_account@odata.bind": None})
    assert _contact(environment, ADA, "_parentcustomerid_value") is None


def test_delete__empties_lookups_to_the_row(environment: httpx.Client) -> None:
    assert environment.delete(f"contacts({ADA})").status_code == 204
    assert _code(environment.get(f"contacts({ADA})")) == (404, "0x80040217")
    assert _code(environment.delete(f"contacts({ADA})")) == (404, "0x80040217")
    assert _contact(environment, BOB, "_parentcustomerid_value") is None


@pytest.mark.parametrize(
    ("missing", "method", "path"),
    [
        ("prvCreateContact", "POST", "contacts"),
        ("prvWriteContact", "PATCH", f"contacts({ADA})"),
        ("prvDeleteContact", "DELETE", f"contacts({ADA})"),
        ("prvAppendToAccount", "POST", "contacts"),
    ],
)
def test_privileges(environment: httpx.Client, portal: httpx.Client, missing: str, method: str, path: str) -> None:
    portal.post("/__emu/rights", json={"missing_privileges": [missing]})
    body = {"lastname": "Doe", "parentcustomerid_account@odata.bind": f"/accounts({SHOP})"}
    answer = environment.request(method, path, json=body)
    assert _code(answer) == (403, "0x80040220")
    assert missing in answer.json()["error"]["message"]


# --- Many at once ------------------------------------------------------------------------------------------------


def test_multiple__create_update_upsert(environment: httpx.Client) -> None:
    kind = {"@odata.type": "Microsoft.Dynamics.CRM.contact"}
    bulk = "contacts/Microsoft.Dynamics.CRM."
    targets = [{**kind, "lastname": "One"}, {**kind, "lastname": "Two"}]
    created = environment.post(f"{bulk}CreateMultiple", json={"Targets": targets})
    ids = created.json()["Ids"]
    assert (created.status_code, [_contact(environment, id_, "lastname") for id_ in ids]) == (200, ["One", "Two"])
    changes = [{**kind, "contactid": id_, "jobtitle": "Boss"} for id_ in ids]
    assert environment.post(f"{bulk}UpdateMultiple", json={"Targets": changes}).status_code == 204
    assert _contact(environment, ids[1], "jobtitle") == "Boss"
    both = [
        {**kind, "contactid": ids[0], "jobtitle": "Aide"},
        {**kind, "@odata.id": f"contacts({NEW})", "lastname": "N"},
    ]
    assert environment.post(f"{bulk}UpsertMultiple", json={"Targets": both}).status_code == 204
    assert (_contact(environment, ids[0], "jobtitle"), _contact(environment, NEW, "lastname")) == ("Aide", "N")


def test_multiple__all_or_nothing(environment: httpx.Client) -> None:
    targets = [{"lastname": "One"}, {"lastname": "Two", "firstname": "x" * 51}]
    answer = environment.post("contacts/Microsoft.Dynamics.CRM.CreateMultiple", json={"Targets": targets})
    assert _code(answer) == (400, "0x80044331")
    assert environment.get("contacts/$count").text == "3"


# --- Batches -----------------------------------------------------------------------------------------------------


def _batch(environment: httpx.Client, text: str, **headers: str) -> httpx.Response:
    all_headers = {"Content-Type": "multipart/mixed; boundary=b1", **headers}
    return environment.post("$batch", content=text.replace("\n", "\r\n").encode(), headers=all_headers)


def _request(line: str, body: str = "") -> str:
    head = "--b1\nContent-Type: application/http\nContent-Transfer-Encoding: binary\n\n"
    return f"{head}{line} HTTP/1.1\nContent-Type: application/json\n\n{body}\n"


def _change(number: int, line: str, body: str = "") -> str:
    head = f"--c1\nContent-Type: application/http\nContent-Transfer-Encoding: binary\nContent-ID: {number}\n\n"
    return f"{head}{line} HTTP/1.1\nContent-Type: application/json\n\n{body}\n"


def _statuses(answer: httpx.Response) -> list[str]:
    return [line.split()[1] for line in answer.text.split("\r\n") if line.startswith("HTTP/1.1")]


def test_batch__answers_each_and_ends_at_the_first_failure(environment: httpx.Client) -> None:
    text = (
        _request("GET contacts?$select=firstname&$top=1") + _request("GET nothings") + _request("GET WhoAmI") + "--b1--"
    )
    answer = _batch(environment, text)
    assert (answer.status_code, _statuses(answer)) == (200, ["200", "404"])
    assert answer.headers["content-type"].startswith("multipart/mixed; boundary=batchresponse_")
    assert '"firstname":"Ada"' in answer.text
    assert _statuses(_batch(environment, text, Prefer="odata.continue-on-error")) == ["200", "404", "200"]


@pytest.mark.parametrize(
    "line",
    [
        "GET contacts?$select=firstname&$filter=firstname eq 'Ada' and statecode eq 0",
        "GET contacts?$select=firstname&$filter=firstname%20eq%20'Ada'",
        "GET /api/data/v9.2/contacts?$select=firstname&$filter=firstname+eq+'Ada'",
        "GET https://contoso.crm4.dynamics.com/api/data/v9.2/contacts?$filter=firstname eq 'Ada'",
        "GET  contacts?$filter=firstname eq 'Ada' ",
    ],
)
def test_batch__request_lines_as_clients_write_them(environment: httpx.Client, line: str) -> None:
    answer = _batch(environment, f"{_request(line)}--b1--")
    assert _statuses(answer) == ["200"]
    assert '"firstname":"Ada"' in answer.text
    assert '"firstname":"Bob"' not in answer.text


@pytest.mark.parametrize("line", ["FETCH contacts HTTP/1.1", "get contacts HTTP/1.1", "GET contacts", "GET HTTP/1.1"])
def test_batch__request_lines_that_are_none(environment: httpx.Client, line: str) -> None:
    whole = _request("GET x").replace("GET x HTTP/1.1", line)
    assert _statuses(_batch(environment, f"{whole}--b1--")) == ["400"]


def test_batch__at_most_a_thousand_requests(environment: httpx.Client) -> None:
    whole = _request("GET WhoAmI") * 1_001 + "--b1--"
    answer = _batch(environment, whole)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "A batch holds at most 1000 requests.")


def test_batch__a_change_set_refers_to_what_it_made(environment: httpx.Client) -> None:
    changes = _change(1, "POST accounts", '{"name":"Made"}') + _change(
        2, "POST contacts", '{"lastname":"Doe","parentcustomerid_account@odata.bind":"$1"}'
    )
    answer = _batch(environment, f"--b1\nContent-Type: multipart/mixed; boundary=c1\n\n{changes}--c1--\n--b1--")
    assert _statuses(answer) == ["204", "204"]
    rows = environment.get("contacts?$filter=lastname eq 'Doe'&$expand=parentcustomerid_account($select=name)").json()
    assert rows["value"][0]["parentcustomerid_account"]["name"] == "Made"


def test_batch__a_change_set_is_done_whole_or_not(environment: httpx.Client) -> None:
    changes = _change(1, f"PATCH contacts({ADA})", '{"firstname":"Adele"}') + _change(2, f"DELETE contacts({NEW})")
    answer = _batch(environment, f"--b1\nContent-Type: multipart/mixed; boundary=c1\n\n{changes}--c1--\n--b1--")
    assert _statuses(answer) == ["404"]
    assert _contact(environment, ADA, "firstname") == "Ada"


def test_batch__needs_line_ends_and_content_ids(environment: httpx.Client) -> None:
    content_type = {"Content-Type": "multipart/mixed; boundary=b1"}
    assert environment.post("$batch", content=_request("GET WhoAmI").encode(), headers=content_type).status_code == 400
    change = _change(1, "DELETE contacts(x)").replace("Content-ID: 1\n", "")
    answer = _batch(environment, f"--b1\nContent-Type: multipart/mixed; boundary=c1\n\n{change}--c1--\n--b1--")
    assert "Content-ID header is not present" in answer.text


# --- Columns and keys --------------------------------------------------------------------------------------------

COLUMN = {
    "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
    "SchemaName": "new_OwnerName",
    "DisplayName": {"LocalizedLabels": [{"Label": "Owner name", "LanguageCode": 1033}]},
    "MaxLength": 200,
    "FormatName": {"Value": "Text"},
    "RequiredLevel": {"Value": "None"},
}


def test_columns__can_be_made_and_used_at_once(environment: httpx.Client) -> None:
    where = "EntityDefinitions(LogicalName='contact')/Attributes"
    created = environment.post(where, json=COLUMN)
    assert (created.status_code, "Attributes(" in created.headers["OData-EntityId"]) == (204, True)
    assert environment.post("PublishAllXml", json={}).status_code == 204
    assert environment.patch(f"contacts({ADA})", json={"new_ownername": "Rik Rep"}).status_code == 204
    assert _contact(environment, ADA, "new_ownername") == "Rik Rep"
    cast = f"{where}(LogicalName='new_ownername')/Microsoft.Dynamics.CRM.StringAttributeMetadata"
    attribute = environment.get(cast).json()
    assert (attribute["MaxLength"], attribute["DisplayName"]["UserLocalizedLabel"]["Label"]) == (200, "Owner name")
    assert _code(environment.post(where, json=COLUMN)) == (400, "0x80044153")


@pytest.mark.parametrize("change", [{"SchemaName": "noprefix"}, {"MaxLength": 4001}])
def test_columns__faults(environment: httpx.Client, change: dict[str, Any]) -> None:
    where = "EntityDefinitions(LogicalName='contact')/Attributes"
    assert environment.post(where, json={**COLUMN, **change}).status_code == 400
    lookup = {**COLUMN, "@odata.type": "Microsoft.Dynamics.CRM.LookupAttributeMetadata"}
    assert environment.post(where, json=lookup).status_code == 501


def test_keys__address_rows_and_are_unique(environment: httpx.Client) -> None:
    key = {"SchemaName": "new_ByEmail", "KeyAttributes": ["emailaddress1"]}
    assert environment.post("EntityDefinitions(LogicalName='contact')/Keys", json=key).status_code == 204
    listed = environment.get("EntityDefinitions(LogicalName='contact')/Keys").json()["value"]
    assert [item["KeyAttributes"] for item in listed] == [["emailaddress1"]]
    row = environment.get("contacts(emailaddress1='ada@firm.example')?$select=firstname").json()
    assert row["contactid"] == ADA
    assert _code(environment.get("contacts(emailaddress1='x@x.example')")) == (404, "0x80060891")
    created = environment.patch("contacts(emailaddress1='x@x.example')", json={"lastname": "X"})
    assert created.status_code == 204
    assert environment.get(created.headers["OData-EntityId"]).json()["emailaddress1"] == "x@x.example"
    twin = environment.post("contacts", json={"lastname": "X", "emailaddress1": "x@x.example"})
    assert _code(twin) == (412, "0x80060892")
