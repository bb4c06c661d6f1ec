"""Answers about a Dataverse column of each type, to the byte: rows, filters, orders, writes and metadata.

The expected answers are in `answers/column_types.json`, by request. They say what the emulator does; they were written
down before its column types became one table. A new type gets a column in `_COLUMNS`, values in `_ADA` and `_WRITTEN`,
a filter and a cast; then `python -m tests.emulator.test_column_types` writes the answers again, and their difference is
read like any other change: what was there stays as it was.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

import dynsync_lib
from dynsync_lib.core.tables import COLUMNS, RECORD_TABLES
from dynsync_lib.emulator.dataverse.column_types import COLUMN_TYPES
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.emulator.world.demo_world import World
from dynsync_lib.emulator.world.metadata import column_rows, read_data
from tests.emulator.clients import environment_client
from tests.emulator.conftest import NOON
from tests.emulator.small_world import ADA, BOB, CREATED, CY, FIRM

_FILE = Path(__file__).parent / "answers/column_types.json"
ANSWERS: dict[str, list[Any]] = json.loads(_FILE.read_text(encoding="utf-8"))
USER = "00000000-0000-4000-8000-0000000000e1"
_CHOICES = '[{"value": "1", "label": "One"}, {"value": "2", "label": "Two"}]'
_FLAG = '[{"value": "1", "label": "On"}, {"value": "0", "label": "Off"}]'
_COLUMNS: tuple[dict[str, str], ...] = (
    {"name": "x_bigint", "type": "BigInt"},
    {"name": "x_calendar", "type": "CalendarRules"},
    {"name": "x_choice", "type": "Picklist", "options": _CHOICES},
    {"name": "x_customer", "type": "Customer", "targets": "account;contact"},
    {"name": "x_day", "type": "DateTime", "format": "DateOnly", "behavior": "DateOnly"},
    {"name": "x_decimal", "type": "Decimal", "min_value": "0", "max_value": "9.5"},
    {"name": "x_double", "type": "Double"},
    {"name": "x_entity", "type": "EntityName"},
    {"name": "x_flag", "type": "Boolean", "options": _FLAG},
    {"name": "x_flag_plain", "type": "Boolean"},
    {"name": "x_free_choice", "type": "Picklist"},
    {"name": "x_guid", "type": "Uniqueidentifier"},
    {"name": "x_image", "type": "Virtual", "format": "ImageType"},
    {"name": "x_integer", "type": "Integer", "min_value": "-5", "max_value": "9000"},
    {"name": "x_integer_duration", "type": "Integer", "format": "Duration"},
    {"name": "x_lookup", "type": "Lookup", "targets": "account"},
    {"name": "x_managed", "type": "ManagedProperty"},
    {"name": "x_memo", "type": "Memo", "length": "20", "format": "TextArea"},
    {"name": "x_moment", "type": "DateTime", "format": "DateAndTime", "behavior": "UserLocal"},
    {"name": "x_money", "type": "Money", "max_value": "1000000000"},
    {"name": "x_owner", "type": "Owner", "targets": "systemuser;team"},
    {"name": "x_party", "type": "PartyList"},
    {"name": "x_read_only", "type": "Decimal", "read_only": "true"},
    {"name": "x_several", "type": "Virtual", "format": "MultiSelectPicklistType", "options": _CHOICES},
    {"name": "x_several_named", "type": "MultiSelectPicklist", "options": _CHOICES},
    {
        "name": "x_state",
        "type": "State",
        "options": '[{"value": "0", "label": "Open"}, {"value": "1", "label": "Shut"}]',
    },
    {"name": "x_status", "type": "Status", "options": _CHOICES},
    {"name": "x_text", "type": "String", "length": "10", "format": "Email", "required": "ApplicationRequired"},
)
_EMPTY: dict[str, Any] = dict.fromkeys(COLUMNS.column_names)
_STANDARD = (
    *("contactid", "fullname", "lastname", "accountid", "name", "leadid", "subject", "opportunityid"),
    *("statecode", "statuscode", "createdon", "modifiedon", "transactioncurrencyid"),
)
_NAMES = tuple(
    f"_{column['name']}_value" if column["type"] in ("Customer", "Lookup", "Owner") else column["name"]
    for column in _COLUMNS
)
_ADA = {
    "x_bigint": "9007199254740993",
    "x_calendar": "rules",
    "x_choice": "1",
    "_x_customer_value": FIRM,
    "_x_customer_type": "account",
    "x_day": "1990-02-03",
    "x_decimal": "1.50",
    "x_double": "100.0",
    "x_entity": "account",
    "x_flag": "true",
    "x_flag_plain": "false",
    "x_free_choice": "7",
    "x_guid": FIRM,
    "x_integer": "1250",
    "x_integer_duration": "90",
    "_x_lookup_value": FIRM,
    "x_managed": "yes",
    "x_memo": "Line",
    "x_moment": "2024-02-01T13:05:00Z",
    "x_money": "1234567.8",
    "_x_owner_value": USER,
    "_x_owner_type": "systemuser",
    "x_party": "everybody",
    "x_read_only": "2",
    "x_several": "1,2",
    "x_several_named": "2, 3",
    "x_state": "0",
    "x_status": "2",
    "x_text": "Ada",
}
_BOB = {
    "x_bigint": "many",
    "x_choice": "3",
    "_x_customer_value": ADA,
    "_x_customer_type": "contact",
    "x_day": "never",
    "x_decimal": "much",
    "x_double": "-007",
    "x_flag": "0",
    "x_flag_plain": "1",
    "x_integer": "1.5",
    "x_money": "a lot",
    "x_moment": "soon",
    "x_several": "9",
    "x_text": "",
}
_WRITTEN: dict[str, tuple[Any, ...]] = {
    "x_bigint": (5, "5", True, 2_147_483_648),
    "x_calendar": ("new", 5),
    "x_choice": (2, 3, "2", None),
    "_x_customer_value": (FIRM,),
    "x_day": ("2020-01-31T10:00:00Z", "x", 5),
    "x_decimal": (1.25, 3, 10, -0.5, "1", False),
    "x_double": (1.0, "1"),
    "x_entity": ("contact", 1),
    "x_flag": (False, "false", 0),
    "x_free_choice": (8, "8"),
    "x_guid": (ADA, 1),
    "x_image": ("x",),
    "x_integer": (9000, 9001, -6, 1.5),
    "x_managed": ("no", 1),
    "x_memo": ("short", "longer than twenty characters", 1),
    "x_moment": ("2020-01-31T10:00:00Z", "x", 5),
    "x_money": (12.5, "12.5"),
    "x_party": ("x",),
    "x_read_only": (1, "1"),
    "x_several": ("2,1,2", "4", "", 1, ",".join(["1"] * 151), ",".join(map(str, range(151)))),
    "x_state": (1, 4),
    "x_status": (1, 4),
    "x_text": ("Bea", "much too long", 5, None),
    "x_unknown": (1,),
    "x_customer_account@odata.bind": (f"/accounts({FIRM})", f"/contacts({FIRM})", "nowhere", None),
    "x_customer_contact@odata.bind": (f"/contacts({BOB})",),
    "x_lookup@odata.bind": (f"/accounts({FIRM})", f"accounts({BOB})"),
    "x_owner@odata.bind": (f"/systemusers({USER})", "/teams(" + USER + ")"),
}
_FILTERS = (
    "x_bigint gt 5",
    "x_choice eq 1",
    f"_x_customer_value eq {FIRM}",
    "x_day lt 2000-01-01",
    "x_decimal ge 1.5",
    "x_double eq 100",
    "x_entity eq 'ACCOUNT'",
    "x_flag eq true",
    "x_flag_plain ne true",
    f"x_guid eq {FIRM}",
    "x_integer gt 1000",
    "x_memo eq 'line'",
    "x_moment gt 2024-01-01T00:00:00Z",
    "x_money gt 1000",
    "contains(x_several,'1')",
    "x_state eq 0",
    "x_status eq 2",
    "startswith(x_text,'a')",
    "x_image eq 'x'",
    "x_party eq 'x'",
    *(
        f"Microsoft.Dynamics.CRM.In(PropertyName='{name}',PropertyValues=['{value}'])"
        for name, value in {**_ADA, "x_flag_plain": "true"}.items()
        if not name.endswith("_type") and name != "x_party"
    ),
)
_CASTS = (
    *("BigInt", "Boolean", "CalendarRules", "Customer", "DateTime", "Decimal", "Double", "EntityName", "Integer"),
    *("Lookup", "ManagedProperty", "Memo", "Money", "MultiSelectPicklist", "Owner", "PartyList", "Picklist", "State"),
    *("Status", "String", "Uniqueidentifier", "Virtual", "Colour"),
)
_ATTRIBUTES = "EntityDefinitions(LogicalName='{}')/Attributes"
_CREATED: tuple[dict[str, Any], ...] = (
    {"@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata", "SchemaName": "new_Text", "MaxLength": 4_000},
    {"@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata", "SchemaName": "new_Text", "MaxLength": 4_001},
    {"@odata.type": "#Microsoft.Dynamics.CRM.MemoAttributeMetadata", "SchemaName": "new_Memo", "MaxLength": 1_048_576},
    {"@odata.type": "Microsoft.Dynamics.CRM.MemoAttributeMetadata", "SchemaName": "new_Memo", "MaxLength": 1_048_577},
    {"@odata.type": "Microsoft.Dynamics.CRM.IntegerAttributeMetadata", "SchemaName": "new_Number"},
    {"SchemaName": "new_Number"},
)


def _world(*more: dict[str, Any]) -> World:
    """Three contacts with a column of each type: Ada's values are right, some of Bob's are not, Cy has none.

    `more` are further rows of `core.tables.COLUMNS`.
    """
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in RECORD_TABLES}
    own = {"createdon": CREATED, "modifiedon": CREATED, "statecode": "0"}
    tables["dynamics/contacts"] = [
        {"contactid": ADA, "fullname": "Ada Ames", **own, **_ADA},
        {"contactid": BOB, "fullname": "Bob Bo", **own, **_BOB},
        {"contactid": CY, "fullname": "Cy Coe", **own},
    ]
    tables["dynamics/accounts"] = [{"accountid": FIRM, "name": "Firm", **own}]
    tables["dynamics/users"] = [{"systemuserid": USER, "fullname": "Rik Rep", "isdisabled": "false", **own}]
    columns = [{**_EMPTY, "object": "contact", "label": f"Label of {column['name']}", **column} for column in _COLUMNS]
    tables[COLUMNS.name] = [*(row for row in column_rows() if row["name"] in _STANDARD), *columns, *more]
    portals = read_data("portals.toml")
    return World(tables, portals["account"], portals["organization"])


@pytest.fixture(scope="module")
def _small() -> Iterator[Emulator]:
    with Emulator(_world()) as running:
        yield running


_WITH_OPTIONS = ("Picklist", "State", "Status", "Boolean", "MultiSelectPicklist")


def _requests() -> dict[str, tuple[str, str, Any]]:
    """Every request by its name in the file of answers: method, address, body."""
    row = f"contacts({ADA})"
    requests: dict[str, tuple[str, str, Any]] = {
        "rows": ("GET", f"contacts?$select={','.join(_select())}", None),
        "expand": (
            "GET",
            f"{row}?$select=contactid&$expand=x_customer_account,x_customer_contact,x_lookup,x_owner",
            None,
        ),
    }
    for table in ("systemusers", "organizations", "transactioncurrencies"):
        requests[table] = ("GET", table, None)
    for name in _NAMES:
        requests[f"select {name}"] = ("GET", f"contacts?$select={name}", None)
        requests[f"order {name}"] = ("GET", f"contacts?$select=contactid&$orderby={name} desc", None)
    for text in _FILTERS:
        requests[f"filter {text}"] = ("GET", f"contacts?$select=contactid&$filter={quote(text)}", None)
    for name, values in _WRITTEN.items():
        for value in values:
            text = json.dumps(value)
            requests[f"patch {name} {text[:40]} {len(text)}"] = ("PATCH", row, {name: value})
            requests[f"post {name} {text[:40]} {len(text)}"] = ("POST", "contacts", {"lastname": "New", name: value})
    for table in ("account", "contact", "lead", "opportunity", "systemuser", "organization", "transactioncurrency"):
        requests[f"attributes of {table}"] = ("GET", _ATTRIBUTES.format(table), None)
    for cast in _CASTS:
        where = f"{_ATTRIBUTES.format('contact')}/Microsoft.Dynamics.CRM.{cast}AttributeMetadata"
        expanded = "?$expand=OptionSet" if cast in _WITH_OPTIONS else ""
        requests[f"attributes as {cast}"] = ("GET", f"{where}{expanded}", None)
    for table in ("account", "lead", "opportunity"):
        for cast in ("State", "Status"):
            where = f"{_ATTRIBUTES.format(table)}/Microsoft.Dynamics.CRM.{cast}AttributeMetadata?$expand=OptionSet"
            requests[f"attributes of {table} as {cast}"] = ("GET", where, None)
    for body in _CREATED:
        requests[f"make {json.dumps(body)}"] = ("POST", _ATTRIBUTES.format("contact"), body)
    return requests


def _select() -> list[str]:
    return ["fullname", *(name for name in _NAMES if name not in ("x_image", "x_party"))]


def _answer(environment: httpx.Client, request: tuple[str, str, Any]) -> list[Any]:
    """Status and text of an answer; after a write that was taken, the text is that of all columns as they are then."""
    method, address, body = request
    headers = {"Prefer": 'odata.include-annotations="*"'}
    answer = environment.request(method, address, json=body, headers=headers)
    text = answer.text
    if method != "GET" and answer.status_code == 204 and "contacts(" in answer.headers["OData-EntityId"]:
        row = answer.headers["OData-EntityId"].rpartition("/")[2]
        name = next(name for name in body if name != "lastname")
        known = f"_{name.partition('@')[0].removesuffix('_account').removesuffix('_contact')}_value"
        shown = known if "@" in name else name
        text = environment.get(f"{row}?$select={shown}").text if shown in _select() else ""
    return [answer.status_code, text.replace(str(environment.base_url).partition("/api")[0], "ORIGIN")]


@pytest.mark.parametrize("name", [*_requests()])
def test_answers_about_columns_of_each_type(environment: httpx.Client, name: str) -> None:
    assert _answer(environment, _requests()[name]) == ANSWERS[name]


def test_no_answer_is_left_over() -> None:
    assert set(ANSWERS) == set(_requests())


@pytest.fixture
def strange() -> Iterator[httpx.Client]:
    """An environment whose leads have a column of a type that nobody knows."""
    colour = {**_EMPTY, "object": "lead", "name": "x_colour", "type": "Colour"}
    with Emulator(_world(colour)) as running, environment_client(running) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("GET", "leads", None),
        ("GET", "leads?$select=x_colour", None),
        ("GET", "leads?$filter=x_colour eq 1", None),
        ("POST", "leads", {"subject": "New"}),
        ("GET", _ATTRIBUTES.format("lead"), None),
        ("GET", f"{_ATTRIBUTES.format('lead')}(LogicalName='x_colour')", None),
    ],
)
def test_unknown_column_type__is_answered_501_by_name(
    strange: httpx.Client, method: str, address: str, body: Any
) -> None:
    answer = strange.request(method, address, json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (501, "0x80060888")
    assert error["message"] == "The emulator has no columns of type Colour (lead.x_colour)."
    assert strange.get("contacts").status_code == 200


def test_every_type_that_the_kit_knows_has_a_row() -> None:
    rules = tomllib.loads((resources.files(dynsync_lib) / "rules/field_types.toml").read_text(encoding="utf-8"))
    named = {name for block in rules["dynamics"] for name in block["types"]}
    assert named | {row["type"] for row in column_rows()} <= set(COLUMN_TYPES)


def write_answers() -> None:
    """Writes down what the emulator answers now, every request asked of the untouched world."""
    answers = {}
    with Emulator(_world()) as running:
        for name, request in _requests().items():
            running.conditions.reset()
            running.reseed()
            running.conditions.clock.stop(NOON.timestamp())
            with environment_client(running) as environment:
                answers[name] = _answer(environment, request)
    _FILE.write_text(json.dumps(answers, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_answers()
