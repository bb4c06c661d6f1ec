"""Findings about what the kit has no object for: custom tables, and limits on associations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dynsync_lib import kit
from dynsync_lib.kit import forecasts
from tests.kit.small_portals import load_portals
from tests.rulebook_texts import shipped_rulebook

COLUMNS = (
    "object,name,label,type,targets\n"
    "contact,contactid,Contact,Uniqueidentifier,\n"
    "contact,emailaddress1,Email,String,\n"
    "contact,new_regionid,Region,Lookup,new_region\n"
    "contact,new_placeid,Place,Lookup,new_place;account\n"
    "contact,msdyn_segmentid,Segment,Lookup,msdyn_segment\n"
    "account,accountid,Account,Uniqueidentifier,\n"
    "account,name,Name,String,\n"
    "account,new_regionid,Region,Lookup,new_region\n"
)
FILES = {
    "h/contacts": "hs_object_id,email\n1,ann@example.com\n",
    "h/companies": "hs_object_id,name\n7,Bolt\n",
    "d/contacts": "contactid,emailaddress1,_parentcustomerid_value,_parentcustomerid_type\n"
    "D1,a@c.example,A1,account\nD2,b@c.example,A1,account\nD3,c@c.example,A1,account\nD4,d@c.example,A2,account\n",
    "d/accounts": "accountid,name\nA1,Acme\nA2,Bolt\n",
}
SETTINGS = "[sync.contact]\n[sync.company]\n"


def _findings(folder: Path, files: dict[str, str], check: str) -> list[str]:
    (folder / "dynsync.toml").write_text(SETTINGS, encoding="utf-8")
    forecast = kit.forecast(load_portals(folder, files), folder / "dynsync.toml", folder / "f")
    return [row["sentence"] for row in forecast.rows("findings") if row["check_id"] == check]


def test_custom_tables__are_named_by_the_lookups_that_point_to_them(tmp_path: Path) -> None:
    assert _findings(tmp_path, {**FILES, "d/columns": COLUMNS}, "G56") == [
        "2 custom tables of Dynamics stand behind lookups; Data Sync can sync such tables and keeps none of their "
        "associations. By column: new_place (contact new_placeid), new_region (contact new_regionid, "
        "company new_regionid)."
    ]


def test_custom_tables__without_metadata_nobody_knows_of_any(tmp_path: Path) -> None:
    assert _findings(tmp_path, FILES, "G56") == [
        "Whether lookups point to custom tables is not known: the columns of Dynamics were not delivered."
    ]


def test_custom_tables__where_lookups_point_to_none(tmp_path: Path) -> None:
    columns = "".join(line for line in COLUMNS.splitlines(keepends=True) if "new_" not in line)
    assert _findings(tmp_path, {**FILES, "d/columns": columns}, "G56") == []


@pytest.mark.parametrize(("limit", "said"), [(3, []), (2, ["1 association is"]), (1, ["2 associations are"])])
def test_association_limit__counts_what_is_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, said: list[str]
) -> None:
    shipped = shipped_rulebook()
    limits = {**shipped.limits, "hubspot": {**shipped.limits["hubspot"], "record_associations": {"value": limit}}}
    above = " above what HubSpot allows for one record and object type; those that it has already come on top."
    monkeypatch.setattr(forecasts, "rulebook", lambda: replace(shipped, limits=limits))
    assert _findings(tmp_path, FILES, "G52") == [text + above for text in said]
