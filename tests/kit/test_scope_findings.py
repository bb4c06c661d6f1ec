"""Findings about what filters ask, and about work that only records in scope leave."""

from __future__ import annotations

from pathlib import Path

from dynsync_lib import kit
from tests.kit.small_portals import load_portals


def found(folder: Path, files: dict[str, str], settings: str) -> dict[str, str]:
    (folder / "dynsync.toml").write_text(settings, encoding="utf-8")
    told = kit.forecast(load_portals(folder, files), folder / "dynsync.toml", folder / "f")
    return {row["check_id"]: row["sentence"] for row in kit.records(told.findings)}


def test_filter__of_a_column_that_the_file_lacks_is_told(tmp_path: Path) -> None:
    files = {
        "h/contacts": "hs_object_id,email\n1,ann@c.example\n",
        "d/contacts": "contactid,emailaddress1,_ownerid_value\nD1,bo@c.example,U1\n",
    }
    asked = "description is unknown or description = 'x' or ownerid is known"
    told = found(tmp_path, files, f'[sync.contact]\nfilter_to_hubspot = "{asked}"\n')
    asks = "1 field that a filter or the enrolment criterion asks is not in the snapshot"
    assert told["G31"] == f"{asks}; it counts as blank for every record."


def test_invoices__by_hand_are_those_in_scope(tmp_path: Path) -> None:
    files = {
        "h/companies": "hs_object_id,name\n7,Bolt\n",
        "d/accounts": "accountid,name\nA1,Acme\n",
        "d/invoices": "invoiceid,name,_customerid_value,_customerid_type\nI1,in,A1,account\nI2,out,A1,account\n",
    }
    told = found(tmp_path, files, "[sync.company]\n[sync.invoice]\nfilter_to_hubspot = \"name = 'in'\"\n")
    assert told["G45"] == "1 invoice must be associated with its company by hand."
