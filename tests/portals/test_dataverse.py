"""Reading Dataverse: links used as they come, lookups as two columns, metadata by kind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from dynsync_lib.core.model import Object
from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.errors import AccessError, SafetyError, UnexpectedReplyError
from dynsync_lib.portals.dataverse.reader import DataverseReader, open_client
from dynsync_lib.portals.dataverse.rows import choose_columns
from dynsync_lib.portals.http.transport import Guard, ReadOnlyTransport
from dynsync_lib.portals.pages import Delivery, TableRead
from dynsync_lib.portals.sign_in.auth import BearerAuth
from tests.pulls import FakeTime, answering

CONTACTS = RECORD_TABLES["dynamics/contacts"]
ORIGIN = httpx.URL("https://contoso.crm4.dynamics.com")
BASE = "https://contoso.crm4.dynamics.com/api/data/v9.2/"
GUID = "0A1B2C3D-0000-4000-8000-000000000001"
OWNER = "0A1B2C3D-0000-4000-8000-00000000000B"
SET = {"LogicalName": "contact", "EntitySetName": "contacts", "PrimaryIdAttribute": "contactid"}
NAMES = ("contactid", "_ownerid_type", "_ownerid_value", "creditlimit", "donotemail", "fullname")
LINK = (
    f"{BASE}contacts?$select=contactid,fullname&$skiptoken=%3Ccookie%20pagenumber=%222%22%20pagingcookie=%22%253c"
    "cookie%2520page%253d%25221%2522%253e%22%20istracking=%22False%22%20/%3E"
)


def _read(
    use: Callable[[DataverseReader], Awaitable[Any]], *answers: httpx.Response | Exception, tries: int = 2
) -> tuple[Any, list[httpx.Request]]:
    transport, requests = answering(*answers)
    pace = FakeTime().pace(tries=tries)

    async def read() -> Any:
        guarded = ReadOnlyTransport(Guard("dynamics", ORIGIN), transport)
        async with open_client(ORIGIN, BearerAuth("secret-token"), guarded, pace) as client:
            result = await use(DataverseReader(client, pace))
            return await result.page() if isinstance(result, Delivery) else result

    return asyncio.run(read()), requests


def _json(value: Any) -> httpx.Response:
    return httpx.Response(200, json=value)


def test_read_page__first_page_as_text() -> None:
    text = (
        f'{{"value": [{{"@odata.etag": "W/1", "contactid": "{GUID}", "_ownerid_value": "{OWNER}", '
        '"_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname": "systemuser", '
        f'"creditlimit": 100.00, "donotemail": false, "fullname": null}}], "@odata.nextLink": "{LINK}"}}'
    )
    read = TableRead(CONTACTS, NAMES)
    page, (_, request) = _read(lambda reader: reader.read_page(read, None), _json(SET), httpx.Response(200, text=text))
    assert page.rows == (
        {
            "contactid": GUID.lower(),
            "_ownerid_type": "systemuser",
            "_ownerid_value": OWNER.lower(),
            "creditlimit": "100.00",
            "donotemail": "false",
            "fullname": None,
        },
    )
    assert page.cursor == LINK
    assert str(request.url) == f"{BASE}contacts?$select=contactid,_ownerid_value,creditlimit,donotemail,fullname"
    assert request.headers["Prefer"] == (
        'odata.maxpagesize=5000,odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname"'
    )
    assert request.headers["OData-MaxVersion"] == "4.0"


def test_read_page__link_is_used_as_it_came() -> None:
    read = TableRead(CONTACTS, ("contactid",))
    page, (request,) = _read(lambda reader: reader.read_page(read, LINK), _json({"value": []}))
    assert (page.rows, page.cursor) == ((), None)
    assert request.url.raw_path.decode() == LINK.removeprefix("https://contoso.crm4.dynamics.com")
    assert request.headers["Prefer"].startswith("odata.maxpagesize=5000")


def test_read_page__link_to_another_host_is_refused() -> None:
    read = TableRead(CONTACTS, ("contactid",))
    evil = LINK.replace("contoso.crm4", "fabrikam.crm4")
    with pytest.raises(SafetyError, match="was stopped"):
        _read(lambda reader: reader.read_page(read, evil))


def test_read_page__too_many_columns_are_not_selected() -> None:
    read = TableRead(CONTACTS, ("contactid", *(f"new_column_with_a_long_name_{number:04d}" for number in range(1_000))))
    _, (_, request) = _read(lambda reader: reader.read_page(read, None), _json(SET), _json({"value": []}))
    assert str(request.url) == f"{BASE}contacts"


def test_read_page__address_too_long_after_all() -> None:
    read = TableRead(CONTACTS, ("contactid", "fullname"), condition="createdon ge 2026-01-01T00:00:00Z")
    refused = httpx.Response(414)
    _, (_, first, second) = _read(
        lambda reader: reader.read_page(read, None), _json(SET), refused, _json({"value": []})
    )
    where = "$filter=createdon%20ge%202026-01-01T00:00:00Z"
    assert str(first.url) == f"{BASE}contacts?$select=contactid,fullname&{where}"
    assert str(second.url) == f"{BASE}contacts?{where}"


def test_read_page__fails_again_and_again_until_it_is_small() -> None:
    read = TableRead(CONTACTS, ("contactid",))
    failing: list[httpx.Response | Exception]
    failing = [httpx.Response(504), httpx.ReadTimeout("slow"), httpx.Response(503), httpx.Response(503)]
    _, requests = _read(lambda reader: reader.read_page(read, LINK), *failing, _json({"value": []}), tries=5)
    sizes = [request.headers["Prefer"].partition(",")[0] for request in requests]
    assert sizes == [f"odata.maxpagesize={rows}" for rows in (5_000, 5_000, 1_000, 250, 250)]
    assert len({request.url for request in requests}) == 1


@pytest.mark.parametrize("answer", [{}, [], {"value": {}}, {"value": [{"fullname": "x"}]}])
def test_read_page__unexpected(answer: Any) -> None:
    read = TableRead(CONTACTS, ("contactid",))
    with pytest.raises(UnexpectedReplyError):
        _read(lambda reader: reader.read_page(read, LINK), _json(answer))


def _attribute(name: str, type_: str, **more: Any) -> dict[str, Any]:
    return {
        "LogicalName": name,
        "AttributeType": type_,
        "AttributeTypeName": {"Value": f"{type_}Type"},
        "AttributeOf": None,
        "IsValidForRead": True,
        "IsValidForCreate": True,
        "IsValidForUpdate": True,
        "RequiredLevel": {"Value": "None"},
        "DisplayName": _label(name.upper()),
        **more,
    }


def _label(text: str | None) -> dict[str, Any]:
    return {"LocalizedLabels": [], "UserLocalizedLabel": None if text is None else {"Label": text}}


def _option(value: int, text: str) -> dict[str, Any]:
    return {"Value": value, "Label": _label(text)}


def test_read_columns__by_kind() -> None:
    attributes = [
        _attribute("contactid", "Uniqueidentifier", IsValidForCreate=False, IsValidForUpdate=False),
        _attribute("lastname", "String", RequiredLevel={"Value": "ApplicationRequired"}),
        _attribute("creditlimit", "Money", DisplayName=_label(None)),
        _attribute("ownerid", "Owner"),
        _attribute("owneridname", "String", AttributeOf="ownerid"),
        _attribute("secret", "String", IsValidForRead=False),
        _attribute("leadsourcecode", "Picklist"),
        _attribute("new_interests", "Virtual", AttributeTypeName={"Value": "MultiSelectPicklistType"}),
        _attribute("entityimage", "Virtual", AttributeTypeName={"Value": "ImageType"}),
        _attribute("birthdate", "DateTime"),
    ]
    choices = {"OptionSet": None, "GlobalOptionSet": {"Options": [_option(1, "Golf"), _option(2, "Chess")]}}
    answers = [
        SET,
        {"value": attributes},
        {"value": [{"LogicalName": "lastname", "MaxLength": 50, "FormatName": {"Value": "Text"}}]},
        {"value": [{"LogicalName": "creditlimit", "MinValue": 0.0, "MaxValue": 100000000000.0}]},
        {"value": [{"LogicalName": "leadsourcecode", "OptionSet": {"Options": [_option(1, "Fair")]}}]},
        {"value": [{"LogicalName": "new_interests", **choices}]},
        {"value": [{"LogicalName": "ownerid", "Targets": ["systemuser", "team"]}]},
        {"value": [{"LogicalName": "birthdate", "Format": "DateOnly", "DateTimeBehavior": {"Value": "DateOnly"}}]},
    ]
    (rows, readable), requests = _read(
        lambda reader: reader.read_columns(CONTACTS, Object.CONTACT), *map(_json, answers)
    )
    by_name = {row["name"]: row for row in rows}
    assert list(by_name) == [
        *("contactid", "lastname", "creditlimit", "ownerid", "leadsourcecode", "new_interests", "entityimage"),
        "birthdate",
    ]
    assert by_name["contactid"]["read_only"] is True
    assert by_name["lastname"] == {
        "object": "contact",
        "name": "lastname",
        "label": "LASTNAME",
        "type": "String",
        "read_only": False,
        "required": "ApplicationRequired",
        "length": "50",
        "format": "Text",
    }
    assert (by_name["creditlimit"]["label"], by_name["creditlimit"]["max_value"]) == ("creditlimit", "100000000000.0")
    assert by_name["ownerid"]["targets"] == "systemuser;team"
    assert by_name["leadsourcecode"]["options"] == [{"value": "1", "label": "Fair"}]
    assert by_name["new_interests"]["format"] == "MultiSelectPicklistType"
    assert [option["label"] for option in by_name["new_interests"]["options"]] == ["Golf", "Chess"]
    assert by_name["birthdate"]["behavior"] == "DateOnly"
    assert readable == (
        *("_ownerid_type", "_ownerid_value", "birthdate", "contactid", "creditlimit", "lastname", "leadsourcecode"),
        "new_interests",
    )
    assert requests[2].url.path.endswith("/Attributes/Microsoft.Dynamics.CRM.StringAttributeMetadata")


def test_read_columns__no_such_table() -> None:
    refusal = httpx.Response(404, json={"error": {"code": "0x80060888", "message": "Could not find an entity"}})
    with pytest.raises(AccessError, match="Dynamics has no"):
        _read(lambda reader: reader.read_columns(CONTACTS, Object.CONTACT), refusal)


def test_count__by_table() -> None:
    tables = [CONTACTS, RECORD_TABLES["dynamics/accounts"], RECORD_TABLES["dynamics/leads"]]
    answer = {"EntityRecordCountCollection": {"Count": 2, "Keys": ["account", "contact"], "Values": [19, 3]}}
    counts, (request,) = _read(lambda reader: reader.count(tables), _json(answer))
    assert counts == {"dynamics/contacts": 3, "dynamics/accounts": 19}
    assert request.url.path.endswith("RetrieveTotalRecordCount(EntityNames=@p1)")
    assert request.url.params["@p1"] == '["contact","account","lead"]'


def test_read_organization__ids_not_people() -> None:
    caller = {"@odata.context": "x", "UserId": "u", "BusinessUnitId": "b", "OrganizationId": "o"}
    detail = {"OrganizationId": "o", "OrganizationType": "CustomerTest", "Endpoints": {"Keys": []}}
    organization, _ = _read(lambda reader: reader.read_organization(), _json(caller), _json({"Detail": detail}))
    assert organization == {
        "WhoAmI": {"BusinessUnitId": "b", "UserId": "u", "OrganizationId": "o"},
        "Detail": {"OrganizationId": "o", "OrganizationType": "CustomerTest"},
    }


def test_read_locale() -> None:
    row = {"organizationid": "o", "languagecode": 1031, "basecurrencyid": {"isocurrencycode": "EUR"}}
    locale, (request,) = _read(lambda reader: reader.read_locale(), _json({"value": [row]}))
    assert locale == {"Organization": {"languagecode": "1031", "isocurrencycode": "EUR"}}
    assert str(request.url).startswith(f"{BASE}organizations?$select=languagecode")


@pytest.mark.parametrize("status", [403, 404, 501])
def test_read_locale__unsaid(status: int) -> None:
    locale, _ = _read(lambda reader: reader.read_locale(), httpx.Response(status))
    assert locale == {}


def test_read_organization__something_else() -> None:
    with pytest.raises(UnexpectedReplyError, match="which environment"):
        _read(lambda reader: reader.read_organization(), _json({}), _json({}))


def test_choose_columns() -> None:
    readable = ("contactid", "createdon", "modifiedon", "emailaddress1", "_ownerid_value", "_ownerid_type", "fax")
    assert set(choose_columns(CONTACTS, readable, None)) == set(readable)
    lookups = ("_ownerid_type", "_ownerid_value")
    always = ("createdon", "emailaddress1", "modifiedon")
    for name in ("ownerid", "_ownerid_value", "_ownerid_type"):
        assert choose_columns(CONTACTS, readable, [name, "typo"]) == ("contactid", *lookups, *always)
    assert choose_columns(CONTACTS, readable, []) == ("contactid", *always)
