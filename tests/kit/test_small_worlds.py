"""Worlds of a few lines of CSV, judged from outside: what a reader of the rules expects, through load and forecast."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from dynsync_lib import kit
from tests.kit.small_portals import load_portals

CONTACT = "[sync.contact]\n"


def forecast(folder: Path, files: Mapping[str, str], settings: str, *choices: str) -> dict[str, list[dict[str, str]]]:
    """The tables of a forecast as its CSV files hold them; `choices` are `assumption=choice`."""
    snapshot = load_portals(folder, files)
    (folder / "dynsync.toml").write_text(settings, encoding="utf-8")
    assumptions = dict(choice.split("=") for choice in choices)
    kit.forecast(snapshot, folder / "dynsync.toml", folder / "f", assumptions=assumptions, csv=True)
    tables = {}
    for path in (folder / "f").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            tables[path.stem] = list(csv.DictReader(file))
    return tables


def outcomes(tables: Mapping[str, list[dict[str, str]]]) -> dict[str, str]:
    """`d1: shadowed > d2`, `1: excluded/filter`: outcome, reason and whom a record lost to."""
    return {
        row["record_id"]: row["outcome"]
        + (f"/{row['reason']}" if row["reason"] else "")
        + (f" > {row['winner_id']}" if row["winner_id"] else "")
        for row in tables["outcomes"]
    }


def test_white_space__is_found_whether_the_manifest_tells_of_it_or_not(tmp_path: Path) -> None:
    files = {
        "h/contacts": 'hs_object_id,email,firstname,phone\n1,a@example.com," Ann",1\n2,b@example.com,Bea,\n',
        "d/contacts": "contactid,emailaddress1,firstname,telephone1,statecode\n"
        'd1,a@example.com,Ann,1,0\nd2,b@example.com,"Bea\u00a0"," ",0 \nd3,c@example.com,Cem,3,1\n',
    }
    settings = CONTACT + "filter_to_hubspot = 'statecode = 0'\n"
    told = forecast(tmp_path, files, settings)
    assert outcomes(told) == {"1": "link", "2": "link", "d1": "link", "d2": "link", "d3": "excluded/filter"}
    manifest = tmp_path / "s" / "manifest.json"
    known = json.loads(manifest.read_text(encoding="utf-8"))
    assert known["tables"]["hubspot/contacts"]["untrimmed"] == ["firstname"]
    assert known["tables"]["dynamics/contacts"]["untrimmed"] == ["firstname", "statecode", "telephone1"]
    for table in known["tables"].values():
        del table["untrimmed"]
    manifest.write_text(json.dumps(known), encoding="utf-8")
    kit.forecast(tmp_path / "s", tmp_path / "dynsync.toml", tmp_path / "silent")
    for one in (tmp_path / "f").glob("*.parquet"):
        assert one.read_bytes() == (tmp_path / "silent" / one.name).read_bytes(), one.name


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ("before_claim", {"d1": "excluded/filter", "d2": "create", "d3": "shadowed > d2"}),
        ("after_claim", {"d1": "excluded/filter", "d2": "shadowed > d1", "d3": "shadowed > d1"}),
    ],
)
def test_filter_stage__who_claims_the_address(tmp_path: Path, stage: str, expected: dict[str, str]) -> None:
    files = {
        "h/contacts": "hs_object_id,email\n",
        "d/contacts": "contactid,emailaddress1,statecode\nd1,a@example.com,1\nd2,A@example.com,0\nd3,a@example.com,0\n",
    }
    settings = CONTACT + "filter_to_hubspot = 'statecode = 0'\n"
    assert outcomes(forecast(tmp_path, files, settings, f"filter_stage={stage}")) == expected


def test_collisions__capital_letters_of_an_address_are_no_difference(tmp_path: Path) -> None:
    rows = "d1,a@example.com,Ann\nd2,A@example.com,Bea\nd3,A@Example.com,Ann\n"
    files = {"h/contacts": "hs_object_id,email\n", "d/contacts": "contactid,emailaddress1,firstname\n" + rows}
    told = forecast(tmp_path, files, CONTACT)["collisions"]
    assert [(row["record_id"], row["position"], row["is_winner"], row["differs_in"]) for row in told] == [
        ("d1", "1", "true", ""),
        ("d2", "2", "false", "firstname"),
        ("d3", "3", "false", ""),
    ]


def test_secondary_addresses__primary_beats_secondary_although_it_comes_later(tmp_path: Path) -> None:
    files = {
        "h/contacts": "hs_object_id,email,hs_additional_emails\n1,a@example.com,b@example.com;c@example.com\n",
        "d/contacts": "contactid,emailaddress1\nd1,b@example.com\nd2,a@example.com\n",
    }
    assert outcomes(forecast(tmp_path, files, CONTACT)) == {"1": "link", "d1": "shadowed > d2", "d2": "link"}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("first_wins", {"1": "link", "2": "shadowed > 1", "a1": "link", "a2": "shadowed > a1"}),
        ("rest_created", {"1": "link", "2": "create", "a1": "link", "a2": "create"}),
        ("all_bind", {"1": "link", "2": "link", "a1": "link", "a2": "link"}),
    ],
)
def test_company_dup__two_and_two(tmp_path: Path, choice: str, expected: dict[str, str]) -> None:
    files = {"h/companies": "hs_object_id,name\n1,Acme\n2,Acme\n", "d/accounts": "accountid,name\na1,Acme\na2,Acme\n"}
    assert outcomes(forecast(tmp_path, files, "[sync.company]\n", f"company_dup={choice}")) == expected


def test_refused_update__the_source_fails_and_the_other_way_flows(tmp_path: Path) -> None:
    files = {
        "h/contacts": f"hs_object_id,email,firstname,jobtitle\n1,a@example.com,{'x' * 51},CTO\n",
        "d/contacts": "contactid,emailaddress1,firstname,jobtitle\nd1,a@example.com,,CEO\n",
    }
    tables = forecast(tmp_path, files, CONTACT)
    assert outcomes(tables) == {"1": "failing/too_long", "d1": "update"}
    (change,) = tables["changes"]
    assert (change["target_field"], change["kind"], change["old_value"], change["new_value"]) == (
        *("jobtitle", "overwrite"),
        *("CTO", "CEO"),
    )


def test_columns_a_file_left_out__limits_hold_for_new_records(tmp_path: Path) -> None:
    files = {
        "h/contacts": f"hs_object_id,email,department\n1,a@example.com,{'x' * 101}\n2,b@example.com,{'x' * 100}\n",
        "d/contacts": "contactid,emailaddress1\n",
    }
    settings = CONTACT + "[[sync.contact.mapping]]\nhubspot = 'department'\ndynamics = 'department'\n"
    assert outcomes(forecast(tmp_path, files, settings)) == {"1": "failing/too_long", "2": "create"}


def test_short_list_of_columns__standard_fields_stay(tmp_path: Path) -> None:
    files = {
        "h/properties": "object,name,type,field_type,options\ncontact,tier,enumeration,select,g=Gold;s=Silver\n",
        "d/columns": "object,name,type,options\ncontact,new_tier,Picklist,1=Silver;2=Gold\n",
        "h/contacts": "hs_object_id,email,firstname,tier\n1,a@example.com,,g\n",
        "d/contacts": "contactid,emailaddress1,firstname,new_tier\nd1,a@example.com,Ann,\n",
    }
    settings = CONTACT + "[[sync.contact.mapping]]\nhubspot = 'tier'\ndynamics = 'new_tier'\n"
    told = forecast(tmp_path, files, settings)["changes"]
    assert {(row["target_field"], row["kind"], row["new_value"]) for row in told} == {
        ("firstname", "fill", "Ann"),
        ("new_tier", "fill", "2"),
    }


def test_links__of_contacts_and_opportunities(tmp_path: Path) -> None:
    files = {
        "h/contacts": "hs_object_id,email\n1,h@example.com\n",
        "h/companies": "hs_object_id,name\n7,Bolt\n8,Cord\n",
        "h/links": "contact_id,company_id,is_primary\n1,7,true\n1,8,false\n",
        "d/accounts": "accountid,name\na1,Acme\na2,\n",
        "d/contacts": "contactid,emailaddress1,_parentcustomerid_value,_parentcustomerid_type\n"
        "d1,a@example.com,a1,account\nd2,b@example.com,d1,contact\nd3,a@example.com,a1,account\nd4,c@example.com,a2,account\n",
        "d/opportunities": "opportunityid,name,statuscode,_customerid_value,_customerid_type\no1,Big,1,{A1},account\n",
    }
    settings = "[sync.contact]\n[sync.company]\n[sync.deal]\n[sync.deal.stages]\nappointmentscheduled = '1'\n"
    told = forecast(tmp_path, files, settings)["links"]
    assert {(row["from_id"], row["to_id"]): row["status"] for row in told} == {
        ("1", "7"): "synced",
        ("1", "8"): "dropped_non_primary",
        ("d1", "a1"): "synced",
        ("d2", "d1"): "parent_is_contact",
        ("d3", "a1"): "target_not_synced",
        ("d4", "a2"): "target_not_synced",
        ("o1", "a1"): "synced",
    }
