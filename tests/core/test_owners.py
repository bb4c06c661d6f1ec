"""Owners: who is whose partner, and what becomes of an owner who has none."""

from __future__ import annotations

from dataclasses import replace

from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.model import Object, System, Verdict
from tests.core.field_pairs import Portals, Row, sync

H, D, CONTACT = System.HUBSPOT, System.DYNAMICS, Object.CONTACT
OWNER = Field(H, CONTACT, "hubspot_owner_id", "Owner", "enumeration", "select")
NOTE = Field(H, CONTACT, "owner_name", "Owner name", "string", "text")
OWNERID = Field(D, CONTACT, "ownerid", "Owner", "Owner", targets=("systemuser", "team"))
OWNERS: list[Row] = [
    {"id": "1", "email": "gone@firm.example", "archived": "true"},
    {"id": "2", "email": "Ann@firm.example", "archived": "false"},
    {"id": "3", "email": "ann@firm.example", "archived": "false"},
    {"id": "4", "email": "ann@firm.example", "archived": "true"},
    {"id": "5", "email": None, "archived": "false"},
]
USERS: list[Row] = [
    {"id": "u1", "internalemailaddress": "ann@firm.example", "fullname": "Ann Old", "isdisabled": "true"},
    {"id": "u2", "internalemailaddress": " ANN@firm.example", "fullname": " Ann ", "isdisabled": "false"},
    {"id": "u3", "internalemailaddress": "gone@firm.example", "fullname": None, "isdisabled": "false"},
    {"id": "u4", "internalemailaddress": None, "fullname": "No Address", "isdisabled": "false"},
]
PAIR = ("h1", "d1")


def owned(hubspot: str | None, dynamics: str | None, type_: str = "systemuser", mode: str = "by_email") -> Portals:
    name = "hubspot_owner_id" if mode == "by_email" else "owner_name"
    return Portals(
        [OWNER, NOTE, OWNERID],
        sync(f"{name} <-> ownerid"),
        hubspot=[{"id": "h1", name: hubspot}],
        dynamics=[{"id": "d1", "_ownerid_value": dynamics, "_ownerid_type": type_}],
        owners=OWNERS,
        users=USERS,
        assumptions={"owner_mode": mode},
    )


def test_owners_of_one_address_are_equal_archived_or_disabled_too() -> None:
    assert owned("4", "u1").changes(PAIR) == []


def test_owner_is_the_first_of_the_address_who_is_still_there() -> None:
    assert owned(None, "u1").changes(PAIR) == ["fill hubspot hubspot_owner_id: '2'"]
    assert owned("3", None).changes(PAIR) == ["fill dynamics ownerid: 'u2'"]


def test_without_a_column_of_types_every_owner_is_a_user() -> None:
    written = {"by_email": "fill hubspot hubspot_owner_id: '2'", "text_only": "fill hubspot owner_name: 'Ann'"}
    for mode, expected in written.items():
        portals = owned(None, "u2", mode=mode)
        rows = [{name: value for name, value in row.items() if name != "_ownerid_type"} for row in portals.dynamics]
        assert replace(portals, dynamics=rows).changes(PAIR) == [expected]


def test_owner_overwrites_another() -> None:
    assert owned("5", "u2").changes(PAIR) == ["overwrite hubspot hubspot_owner_id: '5' to '2'"]


def test_owner_who_is_not_found_is_told_and_does_not_land() -> None:
    assert owned(None, "u3").changes(PAIR) == ["fill hubspot hubspot_owner_id: 'u3' [owner_unresolved]"]
    assert owned(None, "u4").changes(PAIR) == ["fill hubspot hubspot_owner_id: 'u4' [owner_unresolved]"]
    assert owned("99", None).changes(PAIR) == ["fill dynamics ownerid: '99' [owner_unresolved]"]


def test_team_is_nobody() -> None:
    told = ["overwrite hubspot hubspot_owner_id: '2' to 'u2' [owner_unresolved]"]
    assert owned("2", "u2", type_="team").changes(PAIR) == told


def test_owner_becomes_text_when_the_assumption_says_so() -> None:
    assert owned(None, "u2", mode="text_only").changes(PAIR) == ["fill hubspot owner_name: 'Ann'"]
    assert owned("Ann ", "u2", mode="text_only").changes(PAIR) == []
    assert owned(None, "u3", mode="text_only").changes(PAIR) == ["fill hubspot owner_name: 'u3' [owner_unresolved]"]
    assert owned("Ann", None, mode="text_only").changes(PAIR) == []


def test_owner_and_text_are_blocked_by_email() -> None:
    portals = owned("2", "u2")
    portals.sync = sync("owner_name <-> ownerid")
    portals.hubspot = [{"id": "h1", "owner_name": "Ann"}]
    [judged] = portals.judged()
    assert (judged.judged.verdict, judged.judged.rule_id) == (Verdict.BLOCKED, "field.owner-by-email")
