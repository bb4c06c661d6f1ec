"""Verdicts on mappings and the findings about them, out of files of two small portals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dynsync_lib import kit
from tests.kit.small_portals import load_portals

FILES = {
    "h/properties": "object,name,type,field_type,read_only,options\n"
    "contact,h_text,string,text,,\n"
    "contact,h_fixed,string,text,true,\n"
    "contact,h_flag,bool,booleancheckbox,,\n"
    "contact,h_date,date,date,,\n"
    "contact,h_time,datetime,date,,\n"
    "contact,h_code,enumeration,select,,a=A;b=B\n"
    "contact,h_more,enumeration,select,,a=A;b=B\n",
    "d/columns": "object,name,type,read_only,options\n"
    "contact,d_text,String,,\n"
    "contact,d_number,Integer,,\n"
    "contact,d_fixed,String,true,\n"
    "contact,d_time,DateTime,,\n"
    "contact,donotbulkemail,Boolean,,\n"
    "contact,d_code,Picklist,,1=A;2=Q\n"
    "contact,d_more,Picklist,,1=A;2=Q\n",
    "h/contacts": "hs_object_id,email,h_date,h_time\n1,ann@c.example,,\n",
    "d/contacts": "contactid,emailaddress1,d_code,d_more,d_time\nD1,ann@c.example,2,2,\n",
}


def told(folder: Path, mapping: str, sync: str = "") -> tuple[dict[str, Any], set[str]]:
    """The first mapping's row, and the checks that found anything about mappings."""
    folder = folder / str(len(list(folder.iterdir())))
    folder.mkdir()
    fields = [f"[[sync.contact.mapping]]\n{one}\n" for one in mapping.split(" & ")]
    text = f"[sync.contact]\ndefault_mappings = false\n{sync}\n{''.join(fields)}"
    (folder / "dynsync.toml").write_text(text, encoding="utf-8")
    forecast = kit.forecast(load_portals(folder, FILES), folder / "dynsync.toml", folder / "f")
    found = {
        f"{row['check_id']}={row['count']:.0f}"
        for row in kit.records(forecast.findings)
        if row["severity"] != "not_checked"
    }
    checks = ("G21", "G23", "G24", "G26", "G59")
    return kit.records(forecast.mapping)[0], {one for one in found if one.startswith(checks)}


def pair(hubspot: str, dynamics: str, direction: str = "two_way") -> str:
    return f"hubspot = '{hubspot}'\ndynamics = '{dynamics}'\ndirection = '{direction}'"


@pytest.mark.parametrize(
    ("mapping", "verdict", "found"),
    [
        # what is asked for is what the fields allow: nothing to find
        (pair("h_text", "d_number", "to_hubspot"), ("one_way", "to_hubspot"), set()),
        (pair("h_text", "d_fixed", "to_hubspot"), ("one_way", "to_hubspot"), set()),
        # more is asked for than the fields allow
        (pair("h_text", "d_number"), ("one_way", "to_hubspot"), {"G24=1"}),
        (pair("h_text", "d_number", "to_dynamics"), ("blocked", "none"), {"G24=1"}),
        (pair("h_text", "d_fixed"), ("one_way", "to_hubspot"), {"G23=1"}),
        (pair("h_text", "d_fixed", "to_dynamics"), ("blocked", "none"), {"G23=1"}),
    ],
)
def test_ways__that_fields_do_not_have_are_found(
    tmp_path: Path, mapping: str, verdict: tuple[str, str], found: set[str]
) -> None:
    row, findings = told(tmp_path, mapping)
    assert (row["verdict"], row["allowed_directions"]) == verdict
    assert findings == found


def test_ways__of_the_sync_alone_are_no_finding_and_can_leave_none(tmp_path: Path) -> None:
    row, findings = told(tmp_path, pair("h_text", "d_fixed"), "direction = 'to_hubspot'")
    assert (row["allowed_directions"], findings) == ("to_hubspot", set())
    row, findings = told(tmp_path, pair("h_fixed", "d_text"), "direction = 'to_hubspot'")
    assert (row["verdict"], row["allowed_directions"], findings) == ("blocked", "none", {"G23=1"})
    assert row["reason"] == "The sync flows the one way that the two fields do not allow."


def test_ways__of_mapping_and_sync_that_exclude_each_other_are_blocked(tmp_path: Path) -> None:
    sync = "direction = 'to_hubspot'"
    for hubspot, dynamics in (("h_text", "d_text"), ("h_flag", "donotbulkemail")):
        row, findings = told(tmp_path, pair(hubspot, dynamics, "to_dynamics"), sync)
        assert (row["verdict"], row["allowed_directions"], row["rule_id"]) == ("blocked", "none", "field.direction")
        assert findings == set()


def test_read_only__says_whether_either_field_could_be_written(tmp_path: Path) -> None:
    row, _ = told(tmp_path, pair("h_fixed", "d_fixed"))
    assert row["reason"] == "Neither field can be written."
    row, _ = told(tmp_path, pair("h_fixed", "d_number"))
    assert row["reason"] == "The one way that the types allow ends in a field that is read-only."


@pytest.mark.parametrize(
    ("hubspot", "direction", "verdict", "found"),
    [
        ("h_date", "two_way", "lossy", {"G26=1"}),
        ("h_date", "to_hubspot", "lossy", {"G26=1"}),
        ("h_date", "to_dynamics", "ok", set()),
        ("h_time", "two_way", "ok", set()),
    ],
)
def test_time_of_day__is_lost_on_the_way_into_a_date_only(
    tmp_path: Path, hubspot: str, direction: str, verdict: str, found: set[str]
) -> None:
    row, findings = told(tmp_path, pair(hubspot, "d_time", direction))
    assert (row["verdict"], findings) == (verdict, found)


def test_options__a_record_without_partners_counts_once(tmp_path: Path) -> None:
    mapping = f"{pair('h_code', 'd_code', 'to_hubspot')} & {pair('h_more', 'd_more', 'to_hubspot')}"
    row, findings = told(tmp_path, mapping)
    assert row["rows_affected"] == 1
    assert findings == {"G21=1"}
