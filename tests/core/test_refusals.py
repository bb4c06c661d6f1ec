"""Why a target refuses a record: every reason of step 7, for records that are there and for new ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.model import Object, System
from tests.core.field_pairs import Portals, Row, options, sync

H, D, CONTACT = System.HUBSPOT, System.DYNAMICS, Object.CONTACT
FIELDS = [
    Field(H, CONTACT, "email", "Email", "string", "text"),
    Field(H, CONTACT, "firstname", "First", "string", "text"),
    Field(H, CONTACT, "lastname", "Last", "string", "text"),
    Field(H, CONTACT, "score", "Score", "number", "number"),
    Field(D, CONTACT, "emailaddress1", "Email", "String", "Email", length=100),
    Field(D, CONTACT, "emailaddress2", "Email 2", "String", "Email", length=100),
    Field(D, CONTACT, "firstname", "First", "String", "Text", length=5, required="Recommended"),
    Field(D, CONTACT, "lastname", "Last", "String", "Text", required="ApplicationRequired"),
    Field(D, CONTACT, "number", "Number", "Integer", required="SystemRequired", min_value=0, max_value=9),
    Field(D, CONTACT, "statecode", "State", "State", required="SystemRequired", options=options("0=Active")),
    Field(D, CONTACT, "ownerid", "Owner", "Owner", required="SystemRequired", targets=("systemuser", "team")),
    Field(D, CONTACT, "agreed", "Agreed", "Boolean", required="SystemRequired"),
    Field(D, CONTACT, "parentid", "Parent", "Lookup", required="SystemRequired", targets=("account",)),
    Field(D, CONTACT, "createdon", "Created", "DateTime", required="SystemRequired", read_only=True),
    Field(D, CONTACT, "rowid", "Row", "Uniqueidentifier", required="SystemRequired"),
]
MAPPINGS = ("email <-> emailaddress1", "firstname <-> firstname", "lastname <-> lastname", "score <-> number")
PAIR = ("h1", "d1")
FULL = {"email": "a@firm.example", "firstname": "Ann", "lastname": "Ash", "score": "5"}


def portals(hubspot: Mapping[str, str | None], dynamics: Mapping[str, str | None], **told: Any) -> Portals:
    names = ("emailaddress1", "emailaddress2", "firstname", "lastname", "number", "statecode")
    return Portals(
        FIELDS,
        told.pop("sync", sync(*MAPPINGS)),
        hubspot=[{"id": "h1", **dict.fromkeys(FULL), **hubspot}],
        dynamics=[{"id": "d1", **dict.fromkeys(names), **dynamics}],
        assumptions=told,
    )


def test_pair__a_user_without_the_privilege_writes_nothing() -> None:
    forbidden = sync(*MAPPINGS, sync_user_may_write=False)
    assert portals(FULL, {}, sync=forbidden).refusals(PAIR) == ["dynamics refuses: privilege (record.privilege)"]
    assert portals({}, {"firstname": "Ann"}, sync=forbidden).refusals(PAIR) == []
    assert portals(FULL, {}, sync=forbidden).refused_creates(H) == {"h1": "privilege (record.privilege)"}
    unmapped = Portals([], sync(sync_user_may_write=False), hubspot=[{"id": "h1"}])
    assert unmapped.refused_creates(H) == {"h1": "privilege (record.privilege)"}


def test_pair__an_inactive_row_is_read_only() -> None:
    inactive = portals(FULL, {"statecode": "1"})
    assert inactive.refusals(PAIR) == ["dynamics refuses: inactive_readonly (record.inactive-readonly)"]
    assert portals({}, {"statecode": "1", "lastname": "Ash"}).refusals(PAIR) == []


def test_pair__an_address_that_is_not_valid() -> None:
    bad = portals({"email": "a@firm.example"}, {"emailaddress1": "b@@firm.example"})
    assert bad.refusals(PAIR) == ["hubspot refuses: invalid_email (contact.invalid-email)"]
    assert bad.changes(PAIR) == []


def test_pair__too_long_and_out_of_range() -> None:
    long = portals({**FULL, "firstname": "Maximilian"}, {})
    assert long.refusals(PAIR) == ["dynamics refuses: too_long (field.too-long)"]
    wide = portals({"score": "10"}, {})
    assert wide.refusals(PAIR) == ["dynamics refuses: range (field.range)"]
    assert wide.changes(PAIR) == []


def test_pair__what_is_required_is_asked_of_new_records_only() -> None:
    assert portals({"firstname": "Ann"}, {}, app_required="fail").refusals(PAIR) == []


def test_pair__skip_field_leaves_the_bad_value_out() -> None:
    mixed = portals({"firstname": "Maximilian", "score": "11", "lastname": "Ash"}, {}, invalid_value="skip_field")
    assert mixed.refusals(PAIR) == []
    assert mixed.changes(PAIR) == [
        "fill dynamics firstname: 'Maximilian' [value_skipped]",
        "fill dynamics lastname: 'Ash'",
        "fill dynamics number: '11' [value_skipped]",
    ]
    address = portals({"email": "a@firm.example"}, {"emailaddress1": "b@@firm.example"}, invalid_value="skip_field")
    told = ["overwrite hubspot email: 'a@firm.example' to 'b@@firm.example' [value_skipped]"]
    assert (address.changes(PAIR), address.refusals(PAIR)) == (told, [])


def test_pair__skip_field_does_not_wake_an_inactive_row() -> None:
    asleep = portals({"score": "11"}, {"statecode": "1"}, invalid_value="skip_field")
    assert asleep.refusals(PAIR) == []


@pytest.mark.parametrize(
    ("record", "assumptions", "refused"),
    [
        (FULL, {}, None),
        ({**FULL, "score": None}, {}, "required (field.required)"),
        ({**FULL, "score": " "}, {}, "required (field.required)"),
        ({**FULL, "lastname": None}, {}, None),
        ({**FULL, "lastname": None}, {"app_required": "fail"}, "required (field.required)"),
        ({**FULL, "firstname": None}, {"app_required": "fail"}, None),
        ({**FULL, "firstname": "Maximilian"}, {}, "too_long (field.too-long)"),
        ({**FULL, "firstname": "Maximilian"}, {"invalid_value": "skip_field"}, None),
        ({**FULL, "score": "10"}, {}, "range (field.range)"),
        ({**FULL, "score": "10"}, {"invalid_value": "skip_field"}, "required (field.required)"),
        ({**FULL, "firstname": "Maximilian", "score": None}, {}, "required (field.required)"),
    ],
)
def test_create_in_dynamics(
    record: Mapping[str, str | None], assumptions: Mapping[str, str], refused: str | None
) -> None:
    told = portals(record, {}, **assumptions).refused_creates(H)
    assert told == ({} if refused is None else {"h1": refused})


def test_create_in_dynamics__a_required_column_nobody_maps_fails_everything() -> None:
    unmapped = portals(FULL, {}, sync=sync("email <-> emailaddress1", "score <- number"))
    assert unmapped.refused_creates(H) == {"h1": "required (field.required)"}
    assert portals(FULL, {}, sync=sync()).refused_creates(H) == {"h1": "required (field.required)"}


@pytest.mark.parametrize(
    ("record", "refused"),
    [
        ({"emailaddress1": "a@firm.example"}, None),
        ({"emailaddress1": "a@firm"}, "invalid_email (contact.invalid-email)"),
        ({"lastname": "Ash"}, None),
        ({"number": "5"}, "no_identity (contact.no-identity)"),
        ({"lastname": "\u00a0"}, "no_identity (contact.no-identity)"),
    ],
)
def test_create_in_hubspot(record: Mapping[str, str | None], refused: str | None) -> None:
    assert portals({}, record).refused_creates(D) == ({} if refused is None else {"d1": refused})


def test_create_in_hubspot__the_address_that_would_be_written_counts_too() -> None:
    second = sync("email <-> emailaddress2", *MAPPINGS[1:])
    record = {"emailaddress1": "a@firm.example", "emailaddress2": "b@", "lastname": "Ash"}
    assert portals({}, record, sync=second).refused_creates(D) == {"d1": "invalid_email (contact.invalid-email)"}
    lonely = {"emailaddress2": "b@firm.example"}
    assert portals({}, lonely, sync=second).refused_creates(D) == {}


HUBSPOT: list[Row] = [
    {"id": "h1", "email": "x@firm.example", "hs_additional_emails": "b@firm.example"},
    {"id": "h2", "email": "A@firm.example", "hs_additional_emails": None},
    {"id": "h3", "email": "c@firm.example", "hs_additional_emails": "a@firm.example;b@firm.example"},
]
DYNAMICS: list[Row] = [
    {"id": "d1", "emailaddress1": "a@firm.example", "statecode": "1"},
    {"id": "d2", "emailaddress1": "B@firm.example", "statecode": "0"},
    {"id": "d3", "emailaddress1": "new@firm.example", "statecode": "1"},
    {"id": "d4", "emailaddress1": "NEW@firm.example", "statecode": "0"},
    {"id": "d5", "emailaddress1": None, "statecode": "0"},
    {"id": "d6", "emailaddress1": "c@firm.example", "statecode": "1"},
]


def neighbours(**assumptions: str) -> Portals:
    return Portals(FIELDS, sync(*MAPPINGS), hubspot=HUBSPOT, dynamics=DYNAMICS, assumptions=assumptions)


def test_address_conflicts__primary_addresses_come_first_then_rank() -> None:
    assert neighbours().address_conflicts(D, "d1", "d2", "d3", "d4", "d5") == {
        "d1": "email_conflict (contact.email-conflict) with h2",
        "d2": "email_conflict (contact.email-conflict) with h1",
        "d4": "email_conflict (contact.email-conflict) with None",
    }


def test_address_conflicts__who_fails_otherwise_takes_no_address_away() -> None:
    portals_ = neighbours()
    portals_.failing = ["d3"]
    assert portals_.address_conflicts(D, "d3", "d4") == {}


def test_address_conflicts__dynamics_asks_its_duplicate_rules_only_when_told_to() -> None:
    assert neighbours().address_conflicts(H, "h1", "h2", "h3") == {}
    told = neighbours(dv_dup_rules="true")
    told.hubspot = [*HUBSPOT, {"id": "h4", "email": "new@firm.example", "hs_additional_emails": None}]
    assert told.address_conflicts(H, "h2", "h3", "h4") == {
        "h4": "email_conflict (record.duplicate-rules) with d4",
    }
