"""Reading Dataverse tables: options, pages, annotations, metadata, change tracking."""

from __future__ import annotations

from urllib.parse import quote

import httpx
import pytest

from dynsync_lib.emulator.conditions.limits import Limits
from dynsync_lib.emulator.serving.emulator import Emulator
from tests.emulator.clients import sign_in
from tests.emulator.small_world import ADA, BOB, CY, FIRM, SHOP

ALL = {"Prefer": 'odata.include-annotations="*"'}
FORMATTED = "@OData.Community.Display.V1.FormattedValue"


def _names(environment: httpx.Client, query: str, table: str = "contacts", column: str = "firstname") -> list[str]:
    answer = environment.get(f"{table}?$select={column}&{query}")
    assert answer.status_code == 200, answer.text
    return [row[column] for row in answer.json()["value"]]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("contacts?$select=colour", 400, "0x80060888"),
        ("contacts?$filter=colour eq 1", 400, "0x80060888"),
        ("contacts?$filter=firstname eq", 400, "0x80060888"),
        ("contacts?$orderby=colour", 400, "0x80060888"),
        ("contacts?$skip=1", 501, "0x80060888"),
        ("contacts?$search=x", 501, "0x80060888"),
        ("contacts?$expand=contact_customer_contacts", 501, "0x80060888"),
        ("contacts?$filter=parentcustomerid_account/name eq 'Firm'", 501, "0x80060888"),
        ("contacts?$skiptoken=5", 400, "0x80060888"),
        (f"contacts({FIRM})", 404, "0x80040217"),
        ("contacts(emailaddress1='ada@firm.example')", 400, "0x80060888"),
        ("nothings", 404, "0x8006088a"),
        ("contacts/Microsoft.Dynamics.CRM.Nothing", 501, "0x80060888"),
    ],
)
def test_faults(environment: httpx.Client, query: str, status: int, code: str) -> None:
    answer = environment.get(query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_rows__types_keys_and_nulls(environment: httpx.Client) -> None:
    row = environment.get("accounts?$select=name,revenue,numberofemployees,telephone1&$top=1").json()["value"][0]
    assert list(row)[:6] == ["@odata.etag", "accountid", "name", "revenue", "numberofemployees", "telephone1"]
    assert (row["accountid"], row["revenue"], row["numberofemployees"], row["telephone1"]) == (FIRM, 1500.5, 1250, None)


def test_rows__money_brings_its_currency(environment: httpx.Client) -> None:
    row = environment.get(f"contacts({ADA})?$select=creditlimit").json()
    assert row["_transactioncurrencyid_value"] is None


def test_annotations__as_asked_for(environment: httpx.Client) -> None:
    query = f"contacts({ADA})?$select=statecode,createdon,_parentcustomerid_value"
    assert not [name for name in environment.get(query).json() if FORMATTED in name]
    row = environment.get(query, headers=ALL).json()
    assert row[f"statecode{FORMATTED}"] == "Active"
    assert row[f"createdon{FORMATTED}"] == "2/1/2024 9:30 AM"
    assert row[f"_parentcustomerid_value{FORMATTED}"] == "Firm"
    assert row["_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "account"
    navigation = "_parentcustomerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty"
    assert row[navigation] == "parentcustomerid_account"
    named = {"Prefer": 'odata.maxpagesize=2,odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname"'}
    answer = environment.get(query, headers=named)
    assert [name for name in answer.json() if "@" in name[1:]] == [
        "_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"
    ]
    assert answer.headers["Preference-Applied"] == named["Prefer"]


def test_expand__single_valued(environment: httpx.Client) -> None:
    account, contact = "parentcustomerid_account($select=name)", "parentcustomerid_contact($select=firstname)"
    query = f"contacts?$select=firstname&$expand={account},{contact}"
    rows = environment.get(query).json()["value"]
    assert [(row["parentcustomerid_account"] or {}).get("name") for row in rows] == ["Firm", None, None]
    assert [(row["parentcustomerid_contact"] or {}).get("firstname") for row in rows] == [None, "Ada", None]


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("", ["Ada", "Bob", "Cy"]),
        ("$orderby=firstname desc", ["Cy", "Bob", "Ada"]),
        ("$orderby=emailaddress1 asc", ["Cy", "Ada", "Bob"]),
        ("$orderby=emailaddress1 desc", ["Bob", "Ada", "Cy"]),
        ("$orderby=statecode desc,firstname desc", ["Cy", "Bob", "Ada"]),
        ("$orderby=createdon", ["Ada", "Bob", "Cy"]),
    ],
)
def test_pages__every_row_once_in_any_order(environment: httpx.Client, order: str, names: list[str]) -> None:
    names_read, link = [], f"contacts?$select=firstname&{order}".rstrip("&")
    while link:
        page = environment.get(link, headers={"Prefer": "odata.maxpagesize=1"}).json()
        names_read += [row["firstname"] for row in page["value"]]
        link = page.get("@odata.nextLink")
    assert names_read == names


def test_pages__cookie_as_dataverse_writes_it(environment: httpx.Client) -> None:
    page = environment.get("contacts?$select=firstname", headers={"Prefer": "odata.maxpagesize=1"}).json()
    key = ADA.upper()
    assert page["@odata.nextLink"].endswith(
        "contacts?$select=firstname&$skiptoken=%3Ccookie%20pagenumber=%222%22%20pagingcookie=%22%253ccookie%2520page"
        f"%253d%25221%2522%253e%253ccontactid%2520last%253d%2522%257b{key}%257d%2522%2520first%253d%2522%257b{key}"
        "%257d%2522%2520%252f%253e%253c%252fcookie%253e%22%20istracking=%22False%22%20/%3E"
    )


def test_pages__an_altered_cookie_is_refused(environment: httpx.Client) -> None:
    link = environment.get("contacts", headers={"Prefer": "odata.maxpagesize=1"}).json()["@odata.nextLink"]
    assert environment.get(link).status_code == 200
    for altered in (link.replace("pagenumber=%222%22", "pagenumber=%223%22"), link.replace("%253c", "%3c", 1)):
        assert environment.get(altered).json()["error"]["code"] == "0x80060888"


def test_pages__go_on_behind_a_row_that_is_gone(environment: httpx.Client) -> None:
    link = environment.get("contacts", headers={"Prefer": "odata.maxpagesize=2"}).json()["@odata.nextLink"]
    environment.delete(f"contacts({BOB})")
    assert [row["contactid"] for row in environment.get(link).json()["value"]] == [CY]


def test_counts(environment: httpx.Client) -> None:
    answer = environment.get("contacts?$count=true&$top=1", headers=ALL).json()
    assert (answer["@odata.count"], answer["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"]) == (3, False)
    assert environment.get("contacts/$count?$filter=statecode eq 0").text == "2"
    for path in (
        'RetrieveTotalRecordCount(EntityNames=["account","contact"])',
        "RetrieveTotalRecordCount(EntityNames=@p1)?@p1=['account','contact']",
    ):
        assert environment.get(path).json()["EntityRecordCountCollection"]["Values"] == [2, 3]


# --- About itself ------------------------------------------------------------------------------------------------


def test_service_document(environment: httpx.Client) -> None:
    assert [item["name"] for item in environment.get("").json()["value"]][:3] == ["contacts", "accounts", "leads"]


@pytest.mark.parametrize(
    "path",
    [
        "RetrieveCurrentOrganization(AccessType=Microsoft.Dynamics.CRM.EndpointAccessType'Default')",
        "RetrieveCurrentOrganization(AccessType=@p1)?@p1=Microsoft.Dynamics.CRM.EndpointAccessType'Default'",
    ],
)
def test_organization__in_both_syntaxes_and_of_any_type(
    environment: httpx.Client, portal: httpx.Client, path: str
) -> None:
    assert environment.get(path).json()["Detail"]["OrganizationType"] == "CustomerTest"
    portal.post("/__emu/portals", json={"organization_type": "Customer"})
    assert environment.get(path).json()["Detail"]["OrganizationType"] == "Customer"


def test_headers(environment: httpx.Client) -> None:
    answer = environment.get("WhoAmI")
    assert answer.headers["x-ms-ratelimit-time-remaining-xrm-requests"] == "1,200.00"
    assert answer.headers["x-ms-ratelimit-burst-remaining-xrm-requests"] == "5999"
    assert answer.headers["x-ms-dop-hint"] == "4"
    assert answer.headers["OData-Version"] == "4.0"
    assert answer.headers["content-type"] == "application/json; odata.metadata=minimal"
    assert "ARRAffinity" in answer.headers["Set-Cookie"]


def test_without_sales__invoices_are_not_there(environment: httpx.Client, portal: httpx.Client) -> None:
    portal.post("/__emu/rights", json={"missing_tables": ["invoice"]})
    answer = environment.get("invoices")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "0x8006088a")
    assert answer.json()["error"]["message"] == "Resource not found for the segment 'invoices'."


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(dataverse_requests=1), "0x80072322"),
        (Limits(dataverse_execution_ms=1), "0x80072321"),
        (Limits(dataverse_concurrent=0), "0x80072326"),
    ],
)
def test_protection__says_why_and_how_long(
    emulator: Emulator, environment: httpx.Client, limits: Limits, code: str
) -> None:
    emulator.conditions.set_limits(limits)
    answers = [environment.get("WhoAmI") for _ in range(2)]
    assert (answers[1].status_code, answers[1].json()["error"]["code"]) == (429, code)
    wait_s = int(answers[1].headers["Retry-After"])
    assert int(environment.get("WhoAmI").headers["Retry-After"]) == wait_s + 1
    if code != "0x80072326":
        emulator.conditions.clock.advance(300)
        assert environment.get("WhoAmI").status_code == 200


# --- Metadata ----------------------------------------------------------------------------------------------------


def test_metadata__filters_and_selects(environment: httpx.Client) -> None:
    answer = environment.get("EntityDefinitions?$select=LogicalName,EntitySetName&$filter=LogicalName+eq+'contact'")
    (row,) = answer.json()["value"]
    assert (sorted(row), row["EntitySetName"]) == (["EntitySetName", "LogicalName", "MetadataId"], "contacts")
    by_id = environment.get(f"EntityDefinitions({row['MetadataId']})?$select=LogicalName").json()
    assert by_id["LogicalName"] == "contact"
    kind = quote("AttributeType eq Microsoft.Dynamics.CRM.AttributeTypeCode'Customer'")
    where = f"EntityDefinitions({row['MetadataId']})/Attributes?$select=LogicalName&$filter={kind}"
    assert [item["LogicalName"] for item in environment.get(where).json()["value"]] == ["parentcustomerid"]
    level = quote("RequiredLevel/Value eq Microsoft.Dynamics.CRM.AttributeRequiredLevel'ApplicationRequired'")
    where = f"EntityDefinitions(LogicalName='account')/Attributes?$filter={level} and IsValidForRead eq true"
    assert "name" in [item["LogicalName"] for item in environment.get(where).json()["value"]]


def test_metadata__one_attribute_with_its_kind(environment: httpx.Client) -> None:
    where = "EntityDefinitions(LogicalName='contact')/Attributes(LogicalName='firstname')"
    assert environment.get(where).json()["AttributeType"] == "String"
    cast = environment.get(f"{where}/Microsoft.Dynamics.CRM.StringAttributeMetadata?$select=MaxLength")
    assert cast.json()["MaxLength"] == 50
    assert environment.get(where.replace("firstname", "colour")).status_code == 404
    assert environment.get("EntityDefinitions(LogicalName='nothing')").status_code == 404


# --- Changes -----------------------------------------------------------------------------------------------------


def test_changes__written_and_deleted_rows_since_the_sweep(emulator: Emulator, environment: httpx.Client) -> None:
    tracking = {"Prefer": "odata.track-changes,odata.maxpagesize=2"}
    first = environment.get("contacts?$select=firstname", headers=tracking).json()
    environment.patch(f"contacts({ADA})", json={"firstname": "Adele"})
    last = environment.get(first["@odata.nextLink"], headers=tracking).json()
    assert "@odata.deltaLink" not in first
    environment.delete(f"contacts({BOB})")
    changes = environment.get(last["@odata.deltaLink"]).json()
    assert [row.get("firstname", row.get("reason")) for row in changes["value"]] == ["Adele", "deleted"]
    assert changes["value"][1]["id"] == BOB
    assert environment.get(changes["@odata.deltaLink"]).json()["value"] == []
    emulator.conditions.clock.advance(8 * 86_400)
    with_new_token = {"Authorization": "Bearer emulator-static-token"}
    expired = environment.get(changes["@odata.deltaLink"], headers=with_new_token)
    assert (expired.status_code, expired.json()["error"]["code"]) == (400, "0x80044352")


def test_changes__go_without_filters(environment: httpx.Client) -> None:
    answer = environment.get("accounts?$filter=statecode eq 0", headers={"Prefer": "odata.track-changes"})
    assert answer.status_code == 400
    assert SHOP not in answer.text


def test_tokens__expire_by_the_emulators_clock(emulator: Emulator, environment: httpx.Client) -> None:
    with_token = {"Authorization": f"Bearer {sign_in(emulator)['access_token']}"}
    assert environment.get("WhoAmI", headers=with_token).status_code == 200
    emulator.conditions.clock.advance(3_600)
    assert environment.get("WhoAmI", headers=with_token).status_code == 401


def test_long_addresses_are_414(environment: httpx.Client) -> None:
    assert environment.get(f"contacts?$filter=firstname eq '{'x' * 32_768}'").status_code == 414


# --- The environment's own settings ------------------------------------------------------------------------------


def test_organizations__language_and_base_currency(environment: httpx.Client) -> None:
    query = "organizations?$select=name,languagecode,isauditenabled&$expand=basecurrencyid($select=isocurrencycode)"
    (row,) = environment.get(query).json()["value"]
    assert (row["name"], row["languagecode"], row["isauditenabled"]) == ("unq424242contososandbox", 1033, False)
    assert row["organizationid"] == environment.get("WhoAmI").json()["OrganizationId"]
    assert row["basecurrencyid"]["isocurrencycode"] == "EUR"


def test_currencies__are_what_money_is_in(environment: httpx.Client) -> None:
    (row,) = environment.get("transactioncurrencies?$select=isocurrencycode,exchangerate").json()["value"]
    bound = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({row['transactioncurrencyid']})"}
    assert environment.patch(f"contacts({ADA})", json=bound).status_code == 204
    query = f"contacts({ADA})?$select=creditlimit&$expand=transactioncurrencyid($select=isocurrencycode)"
    assert environment.get(query).json()["transactioncurrencyid"]["isocurrencycode"] == "EUR"


def test_organizations__nobody_may_change(environment: httpx.Client) -> None:
    id_ = environment.get("WhoAmI").json()["OrganizationId"]
    for answer in (
        environment.patch(f"organizations({id_})", json={"name": "x"}),
        environment.delete(f"organizations({id_})"),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "0x80040220")
    assert "prvWriteOrganization" in environment.patch(f"organizations({id_})", json={"name": "x"}).text


# --- Several choices ---------------------------------------------------------------------------------------------


def test_several_choices__metadata(environment: httpx.Client) -> None:
    where = "EntityDefinitions(LogicalName='contact')/Attributes"
    (plain,) = environment.get(f"{where}?$filter=LogicalName eq 'new_interests'").json()["value"]
    assert plain["@odata.type"] == "#Microsoft.Dynamics.CRM.MultiSelectPicklistAttributeMetadata"
    assert (plain["AttributeType"], plain["AttributeTypeName"]) == ("Virtual", {"Value": "MultiSelectPicklistType"})
    cast = "Microsoft.Dynamics.CRM.MultiSelectPicklistAttributeMetadata"
    query = "$select=LogicalName&$expand=OptionSet($select=Options),GlobalOptionSet($select=Options)"
    (attribute,) = environment.get(f"{where}/{cast}?{query}").json()["value"]
    options = [
        (option["Value"], option["Label"]["UserLocalizedLabel"]["Label"])
        for option in attribute["OptionSet"]["Options"]
    ]
    assert options == [(100000000, "Events"), (100000001, "Training"), (100000002, "Support")]


def test_several_choices__written_and_read(environment: httpx.Client) -> None:
    written = environment.patch(f"contacts({ADA})", json={"new_interests": "100000002, 100000000"})
    assert written.status_code == 204, written.text
    row = environment.get(f"contacts({ADA})?$select=new_interests", headers=ALL).json()
    assert row["new_interests"] == "100000002,100000000"
    assert row[f"new_interests{FORMATTED}"] == "Support; Events"
    assert environment.get(f"contacts({BOB})?$select=new_interests").json()["new_interests"] is None
    environment.patch(f"contacts({ADA})", json={"new_interests": ""})
    assert environment.get(f"contacts({ADA})?$select=new_interests").json()["new_interests"] is None


@pytest.mark.parametrize(("value", "code"), [("100000009", "0x8004431a"), (100000000, "0x80048d19")])
def test_several_choices__refused(environment: httpx.Client, value: object, code: str) -> None:
    answer = environment.patch(f"contacts({ADA})", json={"new_interests": value})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


# --- Metadata ----------------------------------------------------------------------------------------------------

CONTACT = "EntityDefinitions(LogicalName='contact')/Attributes"
CAST = "Microsoft.Dynamics.CRM.{}AttributeMetadata?$select=LogicalName&$expand=OptionSet($select=Options)"


def test_metadata__all_that_is_asked_of_a_column(environment: httpx.Client) -> None:
    asked = (
        "LogicalName,SchemaName,AttributeType,AttributeTypeName,RequiredLevel,IsValidForCreate,IsValidForUpdate,"
        "IsValidForRead,IsPrimaryId,IsPrimaryName,AttributeOf,DisplayName"
    )
    answer = environment.get(f"{CONTACT}?$select={asked}&$filter=IsValidForRead eq true")
    assert answer.status_code == 200, answer.text
    rows = {row["LogicalName"]: row for row in answer.json()["value"]}
    assert [name for name, row in rows.items() if row["IsPrimaryName"]] == ["fullname"]
    assert [name for name, row in rows.items() if row["IsPrimaryId"]] == ["contactid"]
    assert (rows["statecode"]["IsValidForCreate"], rows["statecode"]["IsValidForUpdate"]) == (False, True)
    level = {"Value": "ApplicationRequired", "CanBeChanged": True}
    assert rows["lastname"]["RequiredLevel"].items() >= level.items()


def test_metadata__companions_cannot_be_selected(environment: httpx.Client) -> None:
    rows = {row["LogicalName"]: row for row in environment.get(CONTACT).json()["value"]}
    companions = {
        name: (rows[name]["AttributeOf"], rows[name]["AttributeType"]) for name in rows if name.endswith("codename")
    }
    assert companions["statecodename"] == ("statecode", "Virtual")
    name = rows["parentcustomeridname"]
    assert (name["AttributeOf"], name["AttributeType"]) == ("parentcustomerid", "String")
    assert environment.get("contacts?$select=statecodename").json()["error"]["code"] == "0x80060888"


def test_metadata__states_and_status_reasons_belong_together(environment: httpx.Client) -> None:
    (state,) = environment.get(f"{CONTACT}/{CAST.format('State')}").json()["value"]
    states = [
        (option["Value"], option["DefaultStatus"], option["InvariantName"]) for option in state["OptionSet"]["Options"]
    ]
    assert states == [(0, 1, "Active"), (1, 2, "Inactive")]
    invoices = "EntityDefinitions(LogicalName='invoice')/Attributes"
    (status,) = environment.get(f"{invoices}/{CAST.format('Status')}").json()["value"]
    assert [(option["Value"], option["State"]) for option in status["OptionSet"]["Options"]] == [
        (1, 0),
        (100001, 2),
        (100003, 3),
    ]


def test_metadata__option_sets_come_when_expanded(environment: httpx.Client) -> None:
    where = f"{CONTACT}/Microsoft.Dynamics.CRM.PicklistAttributeMetadata"
    plain, expanded = (environment.get(where + more).json()["value"] for more in ("", "?$expand=OptionSet"))
    assert not any("OptionSet" in row for row in plain)
    assert all("OptionSet" in row and "DisplayName" in row for row in expanded)


def test_functions__with_and_without_brackets(environment: httpx.Client) -> None:
    versions = [environment.get(path).json()["Version"] for path in ("RetrieveVersion", "RetrieveVersion()")]
    assert versions == ["9.2.26061.158"] * 2
    assert environment.get("WhoAmI()").json()["UserId"] == environment.get("WhoAmI").json()["UserId"]


def test_teams__are_there_and_empty(environment: httpx.Client) -> None:
    assert environment.get("teams?$select=name").json()["value"] == []


def test_faults__tell_more_to_who_asks_for_annotations(environment: httpx.Client) -> None:
    plain = environment.get("contacts?$select=colour").json()["error"]
    assert list(plain) == ["code", "message"]
    detailed = environment.get("contacts?$select=colour", headers=ALL).json()["error"]
    assert detailed["@Microsoft.PowerApps.CDS.InnerError.Message"] == plain["message"]
    assert {
        "@Microsoft.PowerApps.CDS.ErrorDetails.OperationStatus",
        "@Microsoft.PowerApps.CDS.HelpLink",
    } <= detailed.keys()


# --- Pages ---------------------------------------------------------------------------------------------------------


def test_top__passes_over_the_page_size(environment: httpx.Client) -> None:
    prefer = {"Prefer": 'odata.maxpagesize=1,odata.include-annotations="*"'}
    answer = environment.get("contacts?$select=firstname&$top=2", headers=prefer)
    assert [row["firstname"] for row in answer.json()["value"]] == ["Ada", "Bob"]
    assert answer.headers["Preference-Applied"] == 'odata.include-annotations="*"'
    assert "@odata.nextLink" not in answer.json()
