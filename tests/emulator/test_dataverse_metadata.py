"""What metadata says of tables and columns, in which order rows come, and how the emulator names what it has not."""

from __future__ import annotations

import httpx
import pytest

from tests.emulator.small_world import ADA, BOB, CY

CONTACT = "EntityDefinitions(LogicalName='contact')"


def _names(environment: httpx.Client, query: str) -> list[str]:
    answer = environment.get(query)
    assert answer.status_code == 200, answer.text
    return [row["LogicalName"] for row in answer.json()["value"]]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("IsPrivate eq false", 9),
        ("IsPrivate eq true", 0),
        ("IsPrivate eq false and (IsCustomEntity eq false)", 9),
        ("IsCustomEntity eq true", 0),
        ("IsIntersect eq false and IsActivity eq false", 9),
        ("IsManaged eq true", 9),
        ("OwnershipType eq Microsoft.Dynamics.CRM.OwnershipTypes'UserOwned'", 5),
        ("TableType eq 'Standard'", 9),
    ],
)
def test_tables__are_found_by_their_flags(environment: httpx.Client, text: str, count: int) -> None:
    assert len(_names(environment, f"EntityDefinitions?$select=LogicalName&$filter={text}")) == count


def test_tables__have_labels(environment: httpx.Client) -> None:
    asked = f"{CONTACT}?$select=DisplayName,DisplayCollectionName,IsPrivate,IsCustomEntity,SchemaName"
    table = environment.get(asked).json()
    assert table["DisplayName"]["UserLocalizedLabel"]["Label"] == "Contact"
    assert table["DisplayCollectionName"]["LocalizedLabels"][0]["Label"] == "Contacts"
    assert (table["IsPrivate"], table["IsCustomEntity"], table["SchemaName"]) == (False, False, "Contact")


def test_columns__are_found_by_their_flags(environment: httpx.Client) -> None:
    custom = _names(environment, f"{CONTACT}/Attributes?$select=LogicalName&$filter=IsCustomAttribute eq true")
    assert "new_interests" in custom
    assert not [name for name in custom if not name.startswith("new_")]
    managed = _names(environment, f"{CONTACT}/Attributes?$filter=IsManaged eq true and IsSecured eq false")
    assert "address1_line1" in managed
    assert "new_interests" not in managed


def test_expand__attributes_and_keys_of_a_table(environment: httpx.Client) -> None:
    key = {"SchemaName": "new_byemail", "KeyAttributes": ["emailaddress1"]}
    environment.post(f"{CONTACT}/Keys", json=key)
    asked = "$select=LogicalName&$expand=Attributes($select=LogicalName,AttributeType),Keys($select=KeyAttributes)"
    table = environment.get(f"{CONTACT}?{asked}").json()
    columns = {column["LogicalName"]: column for column in table["Attributes"]}
    assert len(columns) == len(_names(environment, f"{CONTACT}/Attributes"))
    assert set(columns["firstname"]) == {"@odata.type", "MetadataId", "LogicalName", "AttributeType"}
    assert [key["KeyAttributes"] for key in table["Keys"]] == [["emailaddress1"]]
    assert "Attributes" not in environment.get(CONTACT).json()


def test_expand__what_is_in_brackets_filters_too(environment: httpx.Client) -> None:
    inner = "$select=LogicalName;$filter=AttributeType eq Microsoft.Dynamics.CRM.AttributeTypeCode'Customer'"
    rows = environment.get(f"EntityDefinitions?$filter=LogicalName eq 'contact'&$expand=Attributes({inner})").json()
    assert [column["LogicalName"] for column in rows["value"][0]["Attributes"]] == ["parentcustomerid"]


def test_expand__option_sets_show_what_is_selected(environment: httpx.Client) -> None:
    cast = f"{CONTACT}/Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata"
    row = environment.get(f"{cast}?$select=LogicalName&$expand=OptionSet($select=Options)").json()["value"][0]
    assert set(row["OptionSet"]) == {"Options", "MetadataId"}


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("EntityDefinitions?$select=Colour", 400, "named 'Colour'"),
        ("EntityDefinitions?$filter=Colour eq 1", 400, "named 'Colour'"),
        (f"{CONTACT}?$expand=Colours", 400, "named 'Colours'"),
        (f"{CONTACT}/Attributes?$expand=OptionSet", 400, "named 'OptionSet'"),
        (f"{CONTACT}?$expand=Attributes($select=Colour)", 400, "named 'Colour'"),
        ("EntityDefinitions?$select=IntroducedVersion", 501, "The emulator has no IntroducedVersion in the metadata."),
        ("EntityDefinitions?$filter=HasNotes eq true", 501, "The emulator has no HasNotes in the metadata."),
        (f"{CONTACT}?$expand=ManyToOneRelationships", 501, "no ManyToOneRelationships in the metadata."),
        (f"{CONTACT}?$expand=Attributes($orderby=LogicalName)", 501, "no $orderby inside $expand."),
        (f"{CONTACT}/ManyToOneRelationships", 501, "The emulator has no GET"),
        ("RelationshipDefinitions", 501, "The emulator has no GET"),
    ],
)
def test_what_metadata_has_not(environment: httpx.Client, query: str, status: int, says: str) -> None:
    answer = environment.get(query)
    assert (answer.status_code, says in answer.json()["error"]["message"]) == (status, True), answer.text


# --- Tables that Dataverse has -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "table"),
    [
        ("tasks", "task"),
        ("annotations?$select=subject", "annotation"),
        ("businessunits", "businessunit"),
        ("roles/$count", "role"),
        (f"phonecalls({ADA})", "phonecall"),
        ("products", "product"),
        ("EntityDefinitions(LogicalName='task')", "task"),
        ("EntityDefinitions(LogicalName='task')/Attributes", "task"),
        ("EntityDefinitions?$filter=LogicalName eq 'task'", "task"),
        ('RetrieveTotalRecordCount(EntityNames=["account","task"])', "task"),
    ],
)
def test_tables_that_every_environment_has__are_refused_by_name(
    environment: httpx.Client, address: str, table: str
) -> None:
    answer = environment.get(address)
    assert (answer.status_code, answer.json()["error"]["message"]) == (501, f"The emulator has no table {table}.")


def test_tables_of_sales__are_missing_where_invoices_are(environment: httpx.Client, portal: httpx.Client) -> None:
    portal.post("/__emu/rights", json={"missing_tables": ["invoice"]})
    assert environment.get("quotes").json()["error"]["code"] == "0x8006088a"
    assert environment.get("tasks").status_code == 501


def test_tables_that_nobody_has__are_not_there(environment: httpx.Client) -> None:
    assert environment.get("colours").json()["error"]["message"] == "Resource not found for the segment 'colours'."
    assert environment.get("EntityDefinitions?$filter=LogicalName eq 'colour'").json()["value"] == []


# --- Order -------------------------------------------------------------------------------------------------------

MICROSOFTS = (
    "49b0be2e-d01c-ed11-b83e-000d3a572421",
    "d5026a4d-d01c-ed11-b83e-000d3a572421",
    "bb55f942-161f-ed11-b83e-000d3a572421",
    "f2318099-171f-ed11-b83e-000d3a572421",
)
"""The rows that the two paging cookies of Microsoft's page on paging name: first and last of each page (F3)."""


@pytest.mark.parametrize("order", ["", "&$orderby=contactid", "&$orderby=contactid asc"])
def test_order__of_primary_keys_is_sql_servers(environment: httpx.Client, order: str) -> None:
    for id_ in (ADA, BOB, CY):
        environment.delete(f"contacts({id_})")
    for id_ in sorted(MICROSOFTS):
        environment.post("contacts", json={"contactid": id_, "lastname": "Doe"})
    pages, link = [], f"contacts?$select=lastname{order}"
    while link:
        page = environment.get(link, headers={"Prefer": "odata.maxpagesize=2"}).json()
        pages.append([row["contactid"] for row in page["value"]])
        link = page.get("@odata.nextLink", "")
        if not order and link:
            cookie = "contactid%2520last%253d%2522%257bD5026A4D-D01C-ED11-B83E-000D3A572421%257d%2522%2520first%253d"
            assert f"{cookie}%2522%257b49B0BE2E-D01C-ED11-B83E-000D3A572421%257d%2522" in link
    assert pages == [[*MICROSOFTS[:2]], [*MICROSOFTS[2:]]]


def test_order__backwards_over_pages(environment: httpx.Client) -> None:
    ids, link = [], "contacts?$select=firstname&$orderby=contactid desc"
    while link:
        page = environment.get(link, headers={"Prefer": "odata.maxpagesize=1"}).json()
        ids += [row["contactid"] for row in page["value"]]
        link = page.get("@odata.nextLink", "")
    assert ids == [CY, BOB, ADA]


def test_order__of_lookups_is_that_of_names(environment: httpx.Client) -> None:
    rows = environment.get("contacts?$select=firstname&$orderby=_parentcustomerid_value desc").json()["value"]
    assert [row["firstname"] for row in rows] == ["Ada", "Bob", "Cy"]


# --- Other ways to read ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["fetchXml", "fetchxml", "savedQuery", "userQuery", "$apply", "$search"])
def test_other_queries__are_refused_by_name(environment: httpx.Client, name: str) -> None:
    answer = environment.get("contacts", params={name: "<fetch><entity name='contact'/></fetch>"})
    message = f"The emulator has no query option {name}."
    assert (answer.status_code, answer.json()["error"]["message"]) == (501, message)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("", "sql"),
        ("WhoAmI", "$select"),
        ("RetrieveVersion()", "sql"),
        ("EntityDefinitions", "$top"),
        ("EntityDefinitions(LogicalName='contact')", "$filter"),
        ("EntityDefinitions(LogicalName='contact')/Attributes", "$orderby"),
        ("EntityDefinitions(LogicalName='contact')/Attributes(LogicalName='firstname')", "sql"),
        ("EntityDefinitions(LogicalName='contact')/Keys", "fetchXml"),
        (f"contacts({ADA})", "sql"),
        (f"contacts({ADA})", "$filter"),
    ],
)
def test_options__that_an_address_does_not_have_are_refused_by_name(
    environment: httpx.Client, path: str, name: str
) -> None:
    answer = environment.get(path, params={name: "SELECT name FROM account"})
    message = f"The emulator has no query option {name} of /api/data/v9.2/{path}."
    assert (answer.status_code, answer.json()["error"]["message"]) == (501, message)


def test_other_parameters__are_refused_as_dataverse_does(environment: httpx.Client) -> None:
    answer = environment.get("contacts?colour=red")
    message = "The query parameter colour is not supported."
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, message)


def test_one_row__unless_it_is_unchanged(environment: httpx.Client) -> None:
    address = f"contacts({ADA})?$select=firstname"
    first = environment.get(address)
    etag = first.headers["ETag"]
    assert etag == first.json()["@odata.etag"]
    unchanged = environment.get(address, headers={"If-None-Match": f'W/"1", {etag}'})
    assert (unchanged.status_code, unchanged.content, unchanged.headers["ETag"]) == (304, b"", etag)
    for other in ("null", 'W/"1"'):
        assert environment.get(address, headers={"If-None-Match": other}).json()["firstname"] == "Ada"
    environment.patch(f"contacts({ADA})", json={"firstname": "Adele"})
    assert environment.get(address, headers={"If-None-Match": etag}).json()["firstname"] == "Adele"


def test_one_row__with_others_is_always_read(environment: httpx.Client) -> None:
    address = f"contacts({ADA})?$select=firstname&$expand=parentcustomerid_account($select=name)"
    etag = environment.get(address).headers["ETag"]
    assert environment.get(address, headers={"If-None-Match": etag}).status_code == 200
