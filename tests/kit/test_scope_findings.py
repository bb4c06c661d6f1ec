"""Findings about what filters ask, and about work that only records in scope leave."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynsync_lib import kit
from tests.everyday import one_of_each
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


PEOPLE = {
    "h/contacts": "hs_object_id,email,hs_lead_status,lifecyclestage\n1,a@c.example,NEW,lead\n2,b@c.example,,customer\n",
    "d/contacts": "contactid,emailaddress1,statecode,donotbulkemail\nD1,c@c.example,1,false\nD2,d@c.example,1,false\n",
}


@pytest.mark.parametrize(
    ("settings", "closed", "unheld"),
    one_of_each(
        [
            ("filter_to_dynamics = \"hs_lead_status = 'MQL'\"", True, "contact.hs_lead_status = 'MQL'"),
            (
                "filter_to_dynamics = \"lifecyclestage in ('lead', 'Opportunity')\"",
                False,
                "contact.lifecyclestage = 'Opportunity'",
            ),
            (
                "filter_to_dynamics = \"not lifecyclestage = 'evangelist'\"",
                False,
                "contact.lifecyclestage = 'evangelist'",
            ),
            ("filter_to_dynamics = \"email contains '@d.example'\"", True, "contact.email contains …"),
            ("filter_to_dynamics = \"hs_lead_status = 'NEW'\"", False, None),
            ("filter_to_dynamics = \"lifecyclestage = 'lead' and lifecyclestage = 'customer'\"", True, None),
            ('filter_to_hubspot = "statecode = 0"', True, "contact.statecode = '0'"),
            ('filter_to_hubspot = "donotbulkemail != true"', False, None),
            ('filter_to_hubspot = "donotbulkemail = true or statecode = 1"', False, "contact.donotbulkemail = 'true'"),
            ('direction = "to_hubspot"\nfilter_to_dynamics = "hs_lead_status = \'MQL\'"', False, None),
            ('filter_to_hubspot = "createdon within last 9 days"', True, None),
        ],
        lambda _, closed, unheld: (closed, unheld is None),
    ),
)
def test_filter__of_values_that_nobody_has(tmp_path: Path, settings: str, *, closed: bool, unheld: str | None) -> None:
    (tmp_path / "dynsync.toml").write_text(f"[sync.contact]\n{settings}\n", encoding="utf-8")
    forecast = kit.forecast(load_portals(tmp_path, PEOPLE), tmp_path / "dynsync.toml", tmp_path / "f")
    said = [row["sentence"] for row in forecast.rows("findings", where={"check_id": "G62"})]
    closing = "1 filter lets no record pass: nothing enters the sync through it."
    assert (closing in said) is closed
    about_values = [sentence for sentence in said if "held by no record" in sentence]
    assert about_values == (
        [f"1 value that a filter asks is held by no record. By column: {unheld}."] if unheld else []
    )


def test_filter__of_a_side_without_records_closes_nothing(tmp_path: Path) -> None:
    told = found(
        tmp_path,
        {"h/contacts": "hs_object_id,email\n", "d/contacts": "contactid\nD1\n"},
        "[sync.contact]\nfilter_to_dynamics = \"email = 'x'\"\n",
    )
    assert "G62" not in told


def test_invoices__by_hand_are_those_in_scope(tmp_path: Path) -> None:
    files = {
        "h/companies": "hs_object_id,name\n7,Bolt\n",
        "d/accounts": "accountid,name\nA1,Acme\n",
        "d/invoices": "invoiceid,name,_customerid_value,_customerid_type\nI1,in,A1,account\nI2,out,A1,account\n",
    }
    told = found(tmp_path, files, "[sync.company]\n[sync.invoice]\nfilter_to_hubspot = \"name = 'in'\"\n")
    assert told["G45"] == "1 invoice must be associated with its company by hand."
