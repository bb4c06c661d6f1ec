"""Cells under internal names: the API's form stays, what services and tools write becomes it, the rest is said."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from dynsync_lib import kit

NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
GUID = "4a4e1e7f-0000-4000-8000-00000000000"
PROPERTIES = (
    "object,name,label,type,field_type,options\n"
    "contact,renewal,Renewal,date,date,\n"
    "contact,called,Called,datetime,date,\n"
    "contact,agreed,Agreed,bool,booleancheckbox,\n"
    "contact,tier,Tier,enumeration,select,1=Gold;2=Silver;3=Silver\n"
    "contact,topics,Topics,enumeration,checkbox,a1=Ants;b2=Bees\n"
    "contact,points,Points,number,number,\n"
)


class Loaded:
    """A snapshot of some files, and what was said of them."""

    def __init__(self, tmp_path: Path, hubspot: dict[str, str], dynamics: dict[str, str], zone: str | None) -> None:
        for name, files in (("hubspot", hubspot), ("dynamics", dynamics)):
            (tmp_path / name).mkdir()
            for file, text in files.items():
                (tmp_path / name / file).write_text(text, encoding="utf-8")
        out = tmp_path / "out"
        self.snapshot = kit.load(tmp_path / "hubspot", tmp_path / "dynamics", out, taken_at=NOON, time_zone=zone)

    def column(self, table: str, column: str) -> list[Any]:
        rows = pq.read_table(self.snapshot.table_path(table)).to_pylist()
        return [row[column] for row in rows]

    def said(self, table: str) -> list[str]:
        (file,) = [file for file in kit.read_load_report(self.snapshot)["files"] if file["table"] == table]
        return [*file["guessed"], *file["notes"]]


def _load(
    tmp_path: Path, hubspot: dict[str, str] | None = None, dynamics: dict[str, str] | None = None, **options: str
) -> Loaded:
    return Loaded(tmp_path, hubspot or {}, dynamics or {}, options.get("zone"))


def _property(tmp_path: Path, name: str, cells: list[str]) -> tuple[list[Any], list[str]]:
    """What becomes of cells under one property's name, and what is said of them."""
    rows = "".join(f'{number},"{cell}"\n' for number, cell in enumerate(cells, start=1))
    files = {"properties.csv": PROPERTIES, "contacts.csv": f"hs_object_id,{name}\n{rows}"}
    loaded = _load(tmp_path, files, zone="Europe/Berlin")
    return loaded.column("hubspot/contacts", name), loaded.said("hubspot/contacts")


# --- HubSpot -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("renewal", ["2022-05-28", " 2022-05-28", "2022-05-28T00:00:00Z", "0085-03-12"]),
        ("called", ["2026-11-01T09:00:00.123Z", "2026-11-01 09:00:00", "2026-11-01T09:00:00+00:00", "2026-11-01"]),
        ("agreed", ["true", "FALSE", "1", " 0"]),
        ("tier", ["1", " 2 ", "3"]),
        ("topics", ["a1;b2", "b2; a1", ";a1"]),
        ("points", ["1.234", "1234", "-7.50", "+1", ".5"]),
    ],
)
def test_stored__stays_as_it_is(tmp_path: Path, name: str, cells: list[str]) -> None:
    assert _property(tmp_path, name, cells) == (cells, [])


@pytest.mark.parametrize(
    ("name", "cells", "read", "said"),
    [
        (
            "renewal",
            ["1653696000000", "-157766400000", "12345678901.0", "/Date(1653696000000)/", "28.05.2022"],
            ["2022-05-28", "1965-01-01", "1970-05-23", "2022-05-28", "2022-05-28"],
            "renewal: cells that are not as the API prints them (5): read as dates.",
        ),
        (
            "called",
            ["1653730200123", "/Date(1653730200000+0200)/", "11/20/2026 10:00:00 AM", "2026-11-20T10:00:00+02:00"],
            ["2022-05-28T09:30:00Z", "2022-05-28T09:30:00Z", "2026-11-20T10:00:00Z", "2026-11-20T08:00:00Z"],
            "called: cells that are not as the API prints them (4): read as dates and times, in UTC where they name no "
            "zone.",
        ),
        (
            "agreed",
            ["Yes", "Nein", "1.0", "0.0"],
            ["true", "false", "true", "false"],
            "agreed: cells that are not as the API prints them (4): read as yes or no.",
        ),
        ("tier", ["Gold", "1.0"], ["1", "1"], "tier: cells that are not as the API prints them (2): read as labels."),
        (
            "topics",
            ["Ants;Bees", "b2;Ants"],
            ["a1;b2", "b2;a1"],
            "topics: cells that are not as the API prints them (2): read as labels.",
        ),
        (
            "points",
            ["1.234,50", "1,000.5", "€ 12"],
            ["1234.50", "1000.5", "12"],
            "points: cells that are not as the API prints them (3): read as numbers.",
        ),
    ],
)
def test_converted__and_said(tmp_path: Path, name: str, cells: list[str], read: list[str], said: str) -> None:
    values, sentences = _property(tmp_path, name, cells)
    assert values == read
    assert said in sentences


@pytest.mark.parametrize(
    ("name", "cell", "read", "what"),
    [
        ("renewal", "soon", "soon", "no dates"),
        ("renewal", "2022-13-28", "2022-13-28", "no dates"),
        ("renewal", "1653696000", "1653696000", "no dates"),
        ("called", "202205281030", "202205281030", "neither dates nor times"),
        ("agreed", "perhaps", "perhaps", "neither yes nor no"),
        ("tier", "Bronze", "Bronze", "no options that the kit knows"),
        ("tier", "Silver", "Silver", "no options that the kit knows"),
        ("topics", "Ants;Wasps", "a1;Wasps", "no options that the kit knows"),
        ("points", "1.5E+6", "1.5E+6", "no numbers"),
    ],
)
def test_not_understood__stays_and_is_counted(tmp_path: Path, name: str, cell: str, read: str, what: str) -> None:
    values, sentences = _property(tmp_path, name, ["", cell])
    assert values == [None, read]
    assert sentences == [f"{name}: cells that are {what} (1, the first on line 3) stay as they are."]


def test_ids__with_point_zero(tmp_path: Path) -> None:
    loaded = _load(
        tmp_path,
        {
            "contacts.csv": "hs_object_id,email,hubspot_owner_id\n101.0,a@b.example,71.0\n102,,\n",
            "companies.csv": "hs_object_id,name\n201.0,Company A\n",
            "owners.csv": "id,email\n71.0,x@b.example\n",
            "links.csv": "contact_id,company_id,is_primary\n101.0,201.0,true\n",
        },
    )
    assert loaded.column("hubspot/contacts", "id") == ["101", "102"]
    assert loaded.column("hubspot/contacts", "hubspot_owner_id") == ["71", None]
    assert loaded.column("hubspot/owners", "id") == ["71"]
    (link,) = pq.read_table(loaded.snapshot.table_path("hubspot/links")).to_pylist()
    assert (link["from_id"], link["to_id"]) == ("101", "201")


@pytest.mark.parametrize(
    ("cell", "owner"),
    [
        ("Ann A (Deactivated User)", "72"),
        ("Ann A", "71"),
        ("Bob B (Deaktivierter Benutzer)", "73"),
        ("Bob B", "73"),
        ("Cy C (Deactivated User)", "74"),
        ("74.0", "74"),
    ],
)
@pytest.mark.parametrize("heading", ["hubspot_owner_id", "Contact owner"])
def test_owners__that_left(tmp_path: Path, heading: str, cell: str, owner: str) -> None:
    owners = "id,firstName,lastName,email,archived\n71,Ann,A,,false\n72,Ann,A,,true\n73,Bob,B,,True\n74,Cy,C,,false\n"
    loaded = _load(tmp_path, {"owners.csv": owners, "contacts.csv": f"hs_object_id,{heading}\n1,{cell}\n"})
    assert loaded.column("hubspot/contacts", "hubspot_owner_id") == [owner]


@pytest.mark.parametrize("heading", ["dealstage", "Deal Stage"])
@pytest.mark.parametrize(
    ("cell", "stage"),
    [
        ("closedwon", "closedwon"),
        ("Closed Won", "closedwon"),
        ("Closed won (Sales Pipeline)", "closedwon"),
        ("Termin vereinbart", "appointmentscheduled"),
        ("4711", "4711"),
    ],
)
def test_stages__by_label_or_id(tmp_path: Path, heading: str, cell: str, stage: str) -> None:
    loaded = _load(tmp_path, {"deals.csv": f"hs_object_id,{heading}\n1,{cell}\n"})
    assert loaded.column("hubspot/deals", "dealstage") == [stage]


def test_stages__of_the_portal_itself(tmp_path: Path) -> None:
    properties = (
        'object,name,label,type,options\ndeal,dealstage,Deal Stage,enumeration,"11=Won (A);12=Won (B);13=Lost"\n'
    )
    deals = "hs_object_id,dealstage\n1,Won (B)\n2,Lost (A)\n3,Closed Won\n"
    loaded = _load(tmp_path, {"properties.csv": properties, "deals.csv": deals})
    assert loaded.column("hubspot/deals", "dealstage") == ["12", "13", "Closed Won"]


@pytest.mark.parametrize(
    ("stage", "pipeline", "read"),
    [
        ("Closed Won (Renewals)", "", "Closed Won (Renewals)"),
        ("Closed Won", "Renewals", "Closed Won"),
        ("Closed Won (Renewals)", "4711", "Closed Won (Renewals)"),
        ("Closed Won", "Sales Pipeline", "closedwon"),
        ("Closed Won", "default", "closedwon"),
        ("Gewonnen (Vertriebspipeline)", "Vertriebspipeline", "closedwon"),
        ("4712", "Renewals", "4712"),
    ],
)
@pytest.mark.parametrize("heading", ["dealstage", "Deal Stage"])
def test_stages__of_another_pipeline_are_not_those_of_the_default_one(
    tmp_path: Path, heading: str, stage: str, pipeline: str, read: str
) -> None:
    loaded = _load(tmp_path, {"deals.csv": f"hs_object_id,{heading},Pipeline\n1,{stage},{pipeline}\n"})
    assert loaded.column("hubspot/deals", "dealstage") == [read]
    is_left = f"{heading}: cells that are no options that the kit knows (1, the first on line 2) stay as they are."
    assert (is_left in loaded.said("hubspot/deals")) == (read != "closedwon")


# --- Dynamics ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cell", "code"), [("Active", "0"), ("Inaktiv", "1"), ("1.0", "1"), ("0", "0")])
def test_statecode__labels(tmp_path: Path, cell: str, code: str) -> None:
    loaded = _load(tmp_path, None, {"contacts.csv": f"contactid,statecode\n{GUID}a,{cell}\n"})
    assert loaded.column("dynamics/contacts", "statecode") == [code]


def test_statecode__labels_that_the_metadata_leaves_out(tmp_path: Path) -> None:
    columns = "object,name,label,type\ncontact,contactid,Id,Uniqueidentifier\ncontact,statecode,Status,State\n"
    files = {"columns.csv": columns, "contacts.csv": f"contactid,statecode\n{GUID}a,Inactive\n"}
    assert _load(tmp_path, None, files).column("dynamics/contacts", "statecode") == ["1"]


ACCOUNTS = f"accountid,name\n{GUID}1,Company A\n{GUID}2,Company B\n{GUID}3,Company B\n"


def _parent(tmp_path: Path, headings: str, row: str) -> tuple[Any, Any, list[str]]:
    files = {"accounts.csv": ACCOUNTS, "contacts.csv": f"contactid,{headings}\n{GUID}a,{row}\n"}
    loaded = _load(tmp_path, None, files)
    (value,) = loaded.column("dynamics/contacts", "_parentcustomerid_value")
    (type_,) = loaded.column("dynamics/contacts", "_parentcustomerid_type")
    return value, type_, loaded.said("dynamics/contacts")


ANNOTATION = "_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"


@pytest.mark.parametrize(
    ("headings", "row"),
    [
        ("parentcustomerid,parentcustomerid_entitytype,parentcustomeridname", f"{GUID}1,account,Company A"),
        ("parentcustomerid,parentcustomeridtype", f"{{{GUID.upper()}1}},1"),
        ("parentcustomerid,parentcustomeridtype", f"{GUID}1,Account"),
        (f"_parentcustomerid_value,{ANNOTATION}", f"{GUID}1,account"),
        ("_parentcustomerid_value,_parentcustomerid_type", f"{GUID.replace('-', '')}1,account"),
        ("_parentcustomerid_value", f"{GUID}1"),
        ("parentcustomerid", f"{GUID}1"),
        ("parentcustomerid", f"{GUID}a"),
    ],
)
def test_lookups__as_services_write_them(tmp_path: Path, headings: str, row: str) -> None:
    value = GUID + ("a" if row.endswith("a") else "1")
    assert _parent(tmp_path, headings, row) == (value, "contact" if row.endswith("a") else "account", [])


@pytest.mark.parametrize("headings", ["parentcustomerid", "parentcustomeridname"])
def test_lookups__names_under_internal_names(tmp_path: Path, headings: str) -> None:
    said = f"{headings} holds names, not ids: found 1."
    assert _parent(tmp_path, headings, "Company A") == (f"{GUID}1", "account", [said])


def test_lookups__names_that_nobody_or_several_have(tmp_path: Path) -> None:
    (tmp_path / "several").mkdir()
    said = "parentcustomerid holds names, not ids: found 0, name several 1."
    assert _parent(tmp_path / "several", "parentcustomerid", "Company B") == (None, None, [said])
    said = (
        "parentcustomerid holds names, not ids: found 0, name no record that was exported 1 "
        "(dynamics/contacts exported without names)."
    )
    assert _parent(tmp_path, "parentcustomerid", "Company C") == (None, None, [said])


@pytest.mark.parametrize(
    ("headings", "names", "value", "says"),
    [
        (
            "firstname,lastname",
            "Ann,A",
            f"{GUID}b",
            [
                "parentcustomerid holds names, not ids: found 1.",
                "parentcustomerid: dynamics/contacts has no Full Name; first and last name, in this order, were taken "
                "for it.",
            ],
        ),
        ("fullname,lastname", "Ann A,A", f"{GUID}b", ["parentcustomerid holds names, not ids: found 1."]),
        (
            "jobtitle,lastname",
            "CEO,A",
            None,
            [
                "parentcustomerid holds names, not ids: found 0, name no record that was exported 1 "
                "(dynamics/contacts exported without names)."
            ],
        ),
    ],
)
def test_lookups__contacts_without_full_name(
    tmp_path: Path, headings: str, names: str, value: str | None, says: list[str]
) -> None:
    contacts = f"contactid,parentcustomerid,{headings}\n{GUID}b,,{names}\n{GUID}a,Ann A,,\n"
    loaded = _load(tmp_path, None, {"accounts.csv": ACCOUNTS, "contacts.csv": contacts})
    assert loaded.column("dynamics/contacts", "_parentcustomerid_value") == [None, value]
    assert loaded.said("dynamics/contacts") == says


def test_lookups__ids_of_records_that_were_not_exported(tmp_path: Path) -> None:
    value, type_, (said,) = _parent(tmp_path, "parentcustomerid", f"{GUID}9")
    assert (value, type_) == (f"{GUID}9", None)
    assert said.startswith("parentcustomerid: ids of records that were not exported (1), and nothing says of which")


def test_lookups__owners_of_synapse(tmp_path: Path) -> None:
    files = {"contacts.csv": f"contactid,ownerid,ownerid_entitytype\n{GUID}a,{GUID}7,team\n"}
    loaded = _load(tmp_path, None, files)
    assert loaded.column("dynamics/contacts", "_ownerid_value") == [f"{GUID}7"]
    assert loaded.column("dynamics/contacts", "_ownerid_type") == ["team"]


# --- Headings of the vendors' standard views ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "headings", "names"),
    [
        (
            "opportunities",
            "(Do Not Modify) Opportunity,Topic,Potential Customer,Est. Close Date,Est. Revenue,Account",
            "opportunityid name customeridname estimatedclosedate estimatedvalue parentaccountidname",
        ),
        (
            "opportunities",
            "(Nicht ändern) Verkaufschance,Thema,Potenzieller Kunde,Gesch. Abschlussdatum,Gesch. Umsatz,Firma",
            "opportunityid name customeridname estimatedclosedate estimatedvalue parentaccountidname",
        ),
        (
            "leads",
            "(Do Not Modify) Lead,Name,Topic,Status Reason,Created On,Company Name,Mobile Phone",
            "leadid fullname subject statuscode createdon companyname mobilephone",
        ),
        (
            "leads",
            "(Nicht ändern) Lead,Name,Thema,Statusgrund,Erstellt am,Firmenname,Mobiltelefon",
            "leadid fullname subject statuscode createdon companyname mobilephone",
        ),
        (
            "accounts",
            "(Do Not Modify) Account,Account Name,Main Phone,Address 1: City,Primary Contact,Status",
            "accountid name telephone1 address1_city primarycontactidname statecode",
        ),
        (
            "invoices",
            "(Do Not Modify) Invoice,Name,Customer,Total Amount,Status Reason,Owner",
            "invoiceid name customeridname totalamount statuscode owneridname",
        ),
    ],
)
def test_views__headings_are_known(tmp_path: Path, table: str, headings: str, names: str) -> None:
    cells = ",".join([f"{GUID}a", *[""] * headings.count(",")])
    loaded = _load(tmp_path, None, {f"{table}.csv": f"{headings}\n{cells}\n"})
    (file,) = kit.read_load_report(loaded.snapshot)["files"]
    assert file["unknown"] == []
    assert set(file["recognised"].values()) == set(names.split())


@pytest.mark.parametrize("heading", ["Potential Customer", "Potenzieller Kunde"])
def test_views__potential_customer_is_the_customer(tmp_path: Path, heading: str) -> None:
    deals = f"opportunityid,{heading}\n{GUID}a,Company A\n"
    loaded = _load(tmp_path, None, {"accounts.csv": ACCOUNTS, "opportunities.csv": deals})
    assert loaded.column("dynamics/opportunities", "_customerid_value") == [f"{GUID}1"]
    assert loaded.column("dynamics/opportunities", "_customerid_type") == ["account"]


# --- Rows of the recycling bin ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "mark"),
    [("archived", "true"), ("Archived", "TRUE"), ("archivedAt", "2026-01-01T00:00:00Z"), ("_fivetran_deleted", "1")],
)
def test_removed__hubspot(tmp_path: Path, heading: str, mark: str) -> None:
    contacts = (
        f"hs_object_id,email,{heading},Associated Company IDs\n"
        f"101,a@b.example,{mark},201\n102,c@d.example,,201\n103,e@f.example,,202\n"
    )
    companies = f"hs_object_id,name,{heading}\n201,Company A,\n202,Company B,{mark}\n"
    loaded = _load(tmp_path, {"contacts.csv": contacts, "companies.csv": companies})
    assert loaded.column("hubspot/contacts", "id") == ["102", "103"]
    assert loaded.column("hubspot/contacts", "api_rank") == [0, 1]
    assert loaded.column("hubspot/archived_contacts", "id") == ["101"]
    assert loaded.column("hubspot/archived_companies", "id") == ["202"]
    assert loaded.column("hubspot/links", "from_id") == ["102", "103"]
    assert "Rows of the recycling bin (1): kept apart, no forecast counts them." in loaded.said("hubspot/contacts")


def test_removed__dynamics(tmp_path: Path) -> None:
    rows = f"{GUID}1,Company A,True\n{GUID}2,Company B,False\n"
    loaded = _load(tmp_path, None, {"accounts.csv": f"accountid,name,IsDelete\n{rows}"})
    assert loaded.column("dynamics/accounts", "id") == [f"{GUID}2"]


def test_removed__names_of_lookups(tmp_path: Path) -> None:
    accounts = f"accountid,name,IsDelete\n{GUID}1,Company A,true\n{GUID}2,Company A,false\n"
    contacts = f"contactid,parentcustomerid\n{GUID}a,Company A\n"
    loaded = _load(tmp_path, None, {"accounts.csv": accounts, "contacts.csv": contacts})
    assert loaded.column("dynamics/contacts", "_parentcustomerid_value") == [f"{GUID}2"]


def test_removed__a_property_of_that_name_is_a_property(tmp_path: Path) -> None:
    properties = "object,name,label,type\ncontact,archived,Archived by us,bool\n"
    files = {"properties.csv": properties, "contacts.csv": "hs_object_id,archived\n101,true\n"}
    assert _load(tmp_path, files).column("hubspot/contacts", "archived") == ["true"]
