"""Which file of a folder holds which table: headings, parts of one export, copies, sheets, and what is left alone."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsync_lib import kit
from dynsync_lib.errors import InputFileError
from dynsync_lib.portals.files.file_names import FileName, read_name
from dynsync_lib.snapshot.snapshot import Snapshot

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
GUID = "4a4e1e7f-0000-4000-8000-00000000000"
PEOPLE = "Record ID,First Name,Last Name,Email,Company Name\n1,Ada,A,a@x.example,Alpha\n"
COMPANIES = "Record ID,Company name,Company Domain Name\n5,Alpha,alpha.example\n"
DEALS = "Record ID,Deal Name,Deal Stage,Amount\n9,One,Won,5\n"
Sheets = dict[str, list[list[Any]]]
Files = dict[str, "str | bytes | Sheets"]


def _load(tmp_path: Path, hubspot: Files | None = None, dynamics: Files | None = None) -> Snapshot:
    folders: dict[str, Path | None] = {"hubspot": None, "dynamics": None}
    for system, files in (("hubspot", hubspot), ("dynamics", dynamics)):
        if files is not None:
            folders[system] = tmp_path / system
            (tmp_path / system).mkdir()
            for name, content in files.items():
                _write(tmp_path / system / name, content)
    return kit.load(folders["hubspot"], folders["dynamics"], tmp_path / "out", taken_at=NOON)


def _write(path: Path, content: str | bytes | Sheets) -> None:
    if isinstance(content, dict):
        book = openpyxl.Workbook()
        book.remove(book.worksheets[0])
        for title, rows in content.items():
            sheet = book.create_sheet(title.removeprefix("hidden:"))
            sheet.sheet_state = "hidden" if title.startswith("hidden:") else "visible"
            for row in rows:
                sheet.append(row)
        book.save(path)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def _ids(snapshot: Snapshot, table: str) -> list[str]:
    return [str(record_id) for record_id in pq.read_table(snapshot.table_path(table)).column("id").to_pylist()]


def _tables(snapshot: Snapshot) -> dict[str, list[str]]:
    """The ids of each record table that was there."""
    names = [*(f"hubspot/{name}" for name in ("contacts", "companies", "deals", "invoices", "owners"))]
    names += [f"dynamics/{name}" for name in ("contacts", "accounts", "leads", "opportunities", "invoices", "users")]
    return {name: _ids(snapshot, name) for name in names if snapshot.is_provided(name)}


def _left_alone(snapshot: Snapshot) -> dict[str, str]:
    """Why files were left alone, by their names."""
    return {file["file"]: file["why"] for file in kit.read_load_report(snapshot)["left_alone"]}


def _fault(tmp_path: Path, hubspot: Files | None = None, dynamics: Files | None = None) -> InputFileError:
    with pytest.raises(InputFileError) as error:
        _load(tmp_path, hubspot, dynamics)
    assert not (tmp_path / "out").exists()
    return error.value


# --- Recognised by headings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "tables"),
    [
        ("all-contacts-2026-04-20.csv", PEOPLE, {"hubspot/contacts": ["1"]}),
        ("hubspot-crm-exports-all-acme-schools-2025-07-15.csv", COMPANIES, {"hubspot/companies": ["5"]}),
        ("hubspot-crm-exports-contacts-at-target-companies-2026-11-20.csv", PEOPLE, {"hubspot/contacts": ["1"]}),
        ("hubspot-crm-exports-companies-of-my-contacts.csv", COMPANIES, {"hubspot/companies": ["5"]}),
        ("hubspot-crm-exports-deals-of-key-companies-2026-11-20.csv", DEALS, {"hubspot/deals": ["9"]}),
        ("Export.csv", "Datensatz-ID;Vorname;E-Mail\n1;Ada;a@x.example\n", {"hubspot/contacts": ["1"]}),
        ("data.csv", "hs_object_id,dealname,dealstage\n9,One,won\n", {"hubspot/deals": ["9"]}),
        ("rechnungen final.csv", "Record ID,Number,Due date\n3,R1,2026-01-01\n", {"hubspot/invoices": ["3"]}),
        ("people of us.csv", "id,email,firstName,lastName\n7,a@x.example,A,B\n", {"hubspot/owners": ["7"]}),
    ],
)
def test_recognised__hubspot_by_headings(tmp_path: Path, name: str, text: str, tables: dict[str, list[str]]) -> None:
    assert _tables(_load(tmp_path, {name: text})) == tables


@pytest.mark.parametrize(
    ("name", "text", "table"),
    [
        ("My book 26-Feb-26 1-28-48 PM.csv", "(Do Not Modify) Account,Account Name\n{},Alpha\n", "dynamics/accounts"),
        ("Kunden 23.11.2026 09-00-00.csv", "(Nicht ändern) Kontakt;E-Mail\n{};a@x.example\n", "dynamics/contacts"),
        ("Pipeline.csv", "(Do Not Modify) Opportunity,Topic\n{},One\n", "dynamics/opportunities"),
        ("leads_and_contacts.csv", "leadid,subject,emailaddress1\n{},x,a@x.example\n", "dynamics/leads"),
        ("dump.csv", "contactid,accountid,fullname,_parentcustomerid_value\n{},,Ada,\n", "dynamics/contacts"),
        ("Benutzerliste.csv", "(Nicht ändern) Benutzer;internalemailaddress\n{};a@x.example\n", "dynamics/users"),
    ],
)
def test_recognised__dynamics_by_headings(tmp_path: Path, name: str, text: str, table: str) -> None:
    assert _tables(_load(tmp_path, None, {name: text.format(f"{GUID}1")})) == {table: [f"{GUID}1"]}


def test_recognised__links_and_metadata_by_headings(tmp_path: Path) -> None:
    files: Files = {
        "contacts.csv": "hs_object_id,email\n1,a@x.example\n",
        "associations.csv": "contact_id,company_id,is_primary\n1,5,true\n",
        "field list.csv": "Object,Internal name,Label,Type\ncontact,own,Eigenes,string\n",
    }
    snapshot = _load(tmp_path, files)
    assert snapshot.rows("hubspot/links") == 1
    assert snapshot.is_provided("hubspot/properties")
    assert _left_alone(snapshot) == {}


def test_recognised__where_headings_fit_several_the_name_decides(tmp_path: Path) -> None:
    assert _tables(_load(tmp_path, {"my deals.csv": "Record ID\n9\n"})) == {"hubspot/deals": ["9"]}


def test_asked__a_name_that_fits_several_tables_and_headings_that_tell_nothing(tmp_path: Path) -> None:
    fault = _fault(tmp_path, {"contacts at companies.csv": "Record ID\n1\n"})
    assert "contacts at companies.csv could hold companies or contacts: its name says both." in str(fault)
    assert fault.next_step.startswith("Name it companies.csv or contacts.csv")


@pytest.mark.parametrize(
    ("system", "text"),
    [
        ("hubspot", "Record ID,Ticket name,Pipeline,Ticket status,Create Date,Close date\n1,x,y,New,,\n"),
        ("hubspot", "Record ID,Name,Unit price,SKU\n1,Chair,5,X\n"),
        ("hubspot", "hs_object_id,name,price\n1,Chair,5\n"),
        ("hubspot", "Record ID\n1\n"),
        ("dynamics", f"incidentid,title,contactid,accountid,createdon,ownerid\n{GUID}1,x,{GUID}2,{GUID}3,,\n"),
        ("dynamics", f"quoteid,name,accountid,contactid,opportunityid\n{GUID}1,x,{GUID}2,{GUID}3,\n"),
        ("dynamics", f"(Do Not Modify) Event,Email,First Name\n{GUID}1,a@x.example,Ada\n"),
    ],
)
def test_left_alone__tables_that_the_sync_does_not_know(tmp_path: Path, system: str, text: str) -> None:
    known: Files = {"contacts.csv": PEOPLE if system == "hubspot" else f"contactid,emailaddress1\n{GUID}9,\n"}
    files: Files = {**known, "Export.csv": text}
    snapshot = _load(tmp_path, **{system: files})
    assert list(_tables(snapshot)) == [f"{system}/contacts"]
    assert list(_left_alone(snapshot)) == [f"{system}/Export.csv"]


def test_asked__a_name_that_no_heading_bears_out(tmp_path: Path) -> None:
    fault = _fault(tmp_path, {"tickets of companies.csv": "Record ID,Ticket name\n1,x\n"})
    assert str(fault).endswith("companies.csv has companies in its name, and no heading says that it holds them.")


def test_asked__a_name_against_headings_that_hardly_decide(tmp_path: Path) -> None:
    fault = _fault(tmp_path, {"all-contacts.csv": "Record ID,Company name,City\n5,Alpha,Ulm\n"})
    assert str(fault).endswith("all-contacts.csv could hold companies or contacts: its name and headings say both.")


def test_asked__the_name_of_one_table_and_the_headings_of_another(tmp_path: Path) -> None:
    fault = _fault(tmp_path, {"contacts.csv": COMPANIES})
    assert str(fault).endswith("contacts.csv has the name of one table and the headings of another.")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hubspot-crm-exports-all-contacts-2026-11-23.csv", "Email\na@x.example\n"),
        ("people.csv", "First Name,Last Name,Email\nAda,A,a@x.example\n"),
    ],
)
def test_asked__people_without_a_record_id(tmp_path: Path, name: str, text: str) -> None:
    fault = _fault(tmp_path, {"companies.csv": COMPANIES, name: text})
    assert str(fault).endswith(f"{name}, line 1: the id column hs_object_id is missing.")


# --- Parts of one export -------------------------------------------------------------------------------------------


def _person(record_id: str) -> str:
    return f"Record ID,First Name,Email\n{record_id},Ada,a{record_id}@x.example\n"


@pytest.mark.parametrize(
    "names",
    [
        ["hubspot-crm-exports-all-contacts-2026-04-20-1.csv", "hubspot-crm-exports-all-contacts-2026-04-20-2.csv"],
        ["hubspot-crm-exports-all-contacts-2026-04-20.csv", "hubspot-crm-exports-all-contacts-2026-04-20-1.csv"],
        ["all-contacts-1.csv", "all-contacts-2.csv"],
        ["contacts.csv", "contacts-2.csv"],
        ["contacts-1.csv", "contacts-2.csv"],
        ["Contacts part 1.csv", "Contacts part 2.csv"],
        ["Kontakte_Teil1.csv", "Kontakte_Teil2.csv"],
        ["all-contacts-9.csv", "all-contacts-10.csv", *(f"all-contacts-{number}.csv" for number in range(1, 9))],
    ],
)
def test_parts__are_read_together_in_the_order_of_their_numbers(tmp_path: Path, names: Sequence[str]) -> None:
    files: Files = {name: _person(str(number)) for number, name in enumerate(names)}
    snapshot = _load(tmp_path, files)
    ordered = sorted(names, key=lambda name: read_name(name.removesuffix(".csv")).number or 0)
    assert _ids(snapshot, "hubspot/contacts") == [str(names.index(name)) for name in ordered]
    report = kit.read_load_report(snapshot)
    assert [(file["file"], file["rows"]) for file in report["files"]] == [(f"hubspot/{name}", 1) for name in ordered]
    assert report["files"][0]["guessed"] == [f"Read as {len(names)} parts of one export of contacts."]


@pytest.mark.parametrize(
    ("numbers", "missing"), [([1, 3], 2), ([2, 3], 1), ([0, 3], 2), ([1, 2, 4], 3), ([0, 1, 3], 2), ([5, 6], 1)]
)
def test_parts__one_that_is_missing_stops_the_load(tmp_path: Path, numbers: list[int], missing: int) -> None:
    names = [f"all-contacts-{number}.csv" if number else "all-contacts.csv" for number in numbers]
    fault = _fault(tmp_path, {name: _person(str(number)) for number, name in enumerate(names)})
    assert str(fault).endswith(f"holds {len(numbers)} parts of contacts, and part {missing} is missing.")


def test_parts__the_same_record_twice_is_no_part(tmp_path: Path) -> None:
    fault = _fault(tmp_path, {"all-contacts-1.csv": _person("1"), "all-contacts-2.csv": _person("1")})
    folder = tmp_path / "hubspot"
    assert str(fault) == (
        f"{folder}/all-contacts-2.csv, line 2: the id 1 stands already in {folder}/all-contacts-1.csv, line 2."
    )
    assert fault.next_step == "These are no parts of one export: move the older one out of the folder."


def test_parts__other_headings_are_refused(tmp_path: Path) -> None:
    fault = _fault(tmp_path, {"all-contacts-1.csv": _person("1"), "all-contacts-2.csv": PEOPLE})
    assert "all-contacts-2.csv has other headings than " in str(fault)


def test_parts__what_one_part_tells_counts_for_the_other(tmp_path: Path) -> None:
    head = "Record ID,Deal Name,Close Date\n"
    files: Files = {"deals-1.csv": f"{head}1,x,01/02/2026\n", "deals-2.csv": f"{head}2,y,25/12/2025\n3,z,soon\n"}
    snapshot = _load(tmp_path, files)
    dates = pq.read_table(snapshot.table_path("hubspot/deals")).column("closedate").to_pylist()
    assert dates == ["2026-02-01", "2025-12-25", "soon"]
    assert kit.read_load_report(snapshot)["files"][0]["notes"] == [
        "Close Date: cells that are neither dates nor times (1, the first on deals-2.csv, line 3) stay as they are."
    ]


def test_parts__a_lone_number_is_told(tmp_path: Path) -> None:
    snapshot = _load(tmp_path, {"hubspot-crm-exports-clientes-2026-04-25-2.csv": PEOPLE})
    assert kit.read_load_report(snapshot)["files"][0]["guessed"] == [
        "Its headings say that it holds contacts.",
        "Its name ends in 2 and no other part is there: taken for the whole export.",
    ]


@pytest.mark.parametrize(
    "names",
    [
        ["all-contacts-2026-04-20.csv", "all-contacts-2026-04-21.csv"],
        ["hubspot-crm-exports-all-contacts-2026-04-20.csv", "hubspot-crm-exports-my-contacts-2026-04-20.csv"],
        ["Active Contacts 11-23-2026 9-00-00 AM.csv", "Active Contacts 11-23-2026 9-05-00 AM.csv"],
        ["contacts.csv", "contacts (1).csv"],
        ["all-contacts (1).csv", "all-contacts (2).csv"],
    ],
)
def test_parts__two_exports_of_one_table_are_asked_about(tmp_path: Path, names: list[str]) -> None:
    fault = _fault(tmp_path, {name: _person(str(number)) for number, name in enumerate(names)})
    assert str(fault) == f"{tmp_path}/hubspot holds both {names[0]} and {names[1]}, and each could be contacts."
    assert "are read together" in fault.next_step


def test_copies__of_the_same_bytes_are_left_alone_and_named(tmp_path: Path) -> None:
    snapshot = _load(tmp_path, {"all-contacts (1).csv": PEOPLE, "all-contacts.csv": PEOPLE})
    assert _tables(snapshot) == {"hubspot/contacts": ["1"]}
    assert _left_alone(snapshot) == {"hubspot/all-contacts (1).csv": "holds the same as all-contacts.csv"}


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("all-contacts", FileName("all-contacts", None, is_copy=False)),
        ("All-Contacts-2", FileName("all-contacts", 2, is_copy=False)),
        ("all-contacts-2026-04-20", FileName("all-contacts-2026-04-20", None, is_copy=False)),
        ("all-contacts-2026-04-20-3", FileName("all-contacts-2026-04-20", 3, is_copy=False)),
        ("all-contacts-2026-04-20 (1)", FileName("all-contacts-2026-04-20", None, is_copy=True)),
        ("contacts - Kopie", FileName("contacts", None, is_copy=True)),
        ("active contacts 26-feb-26 1-28-48 pm", FileName("active contacts 26-feb-26 1-28-48 pm", None, is_copy=False)),
        ("kontakte 23.11.2026 09-00-00", FileName("kontakte 23.11.2026 09-00-00", None, is_copy=False)),
        ("contacts 2026", FileName("contacts 2026", None, is_copy=False)),
    ],
)
def test_names__series_number_and_copy(stem: str, name: FileName) -> None:
    assert read_name(stem) == name


# --- Workbooks -----------------------------------------------------------------------------------------------------

ACCOUNT: list[list[Any]] = [["(Do Not Modify) Account", "Account Name"], [f"{GUID}1", "Alpha"]]
CONTACT: list[list[Any]] = [["(Do Not Modify) Contact", "Email"], [f"{GUID}2", "a@x.example"]]
BOTH = {"dynamics/accounts": [f"{GUID}1"], "dynamics/contacts": [f"{GUID}2"]}


@pytest.mark.parametrize(
    ("name", "sheets", "tables", "left_alone"),
    [
        ("Accounts 1-2-2026 1-28-48 PM.xlsx", {"A": ACCOUNT, "hidden:hiddenSheet": [["x"]]}, ["accounts"], []),
        ("Accounts 1-2-2026 1-28-48 PM.xlsx", {"hidden:hiddenSheet": [["x"]], "A": ACCOUNT}, ["accounts"], []),
        ("accounts.xlsx", {"Notes": [["Read me"]], "Data": ACCOUNT}, ["accounts"], ["accounts.xlsx, sheet Notes"]),
        ("accounts.xlsx", {"Empty": [], "Data": ACCOUNT}, ["accounts"], []),
        ("all.xlsx", {"People": CONTACT, "Firms": ACCOUNT}, ["accounts", "contacts"], []),
        ("all.xlsx", {"Firms": ACCOUNT, "hidden:Old": CONTACT}, ["accounts"], ["all.xlsx, sheet Old"]),
    ],
)
def test_workbook__sheets_by_their_headings(
    tmp_path: Path, name: str, sheets: Sheets, tables: list[str], left_alone: list[str]
) -> None:
    snapshot = _load(tmp_path, None, {name: sheets})
    assert _tables(snapshot) == {f"dynamics/{table}": BOTH[f"dynamics/{table}"] for table in tables}
    assert sorted(_left_alone(snapshot)) == [f"dynamics/{file}" for file in left_alone]


# --- Left alone, and named -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "why", "step"),
    [
        ("old.xls", "is neither CSV nor XLSX", "Export the table again as XLSX or CSV."),
        ("backup.zip", "is neither CSV nor XLSX", "Unpack it first."),
        ("answer.json", "is neither CSV nor XLSX", "Save it as CSV, one line for each record."),
        ("notes.pdf", "is neither CSV nor XLSX", "If it holds records, save it as CSV or XLSX."),
        ("~$contacts.xlsx", "is the lock of a workbook that is open", "Close the workbook."),
        ("empty.csv", "is empty", "Export the table again, with its headings."),
        (
            "tickets.csv",
            "has headings of no table of HubSpot that the kit reads (it begins with Ticket ID)",
            "If it holds one, export it with the record id, or name the file contacts.csv after its table.",
        ),
        ("contacts-old.csv", "holds contacts, and contacts.csv is read instead", None),
    ],
)
def test_left_alone__every_other_file_with_its_next_step(tmp_path: Path, name: str, why: str, step: str | None) -> None:
    contents: Files = {"empty.csv": "", "tickets.csv": "Ticket ID,Name\n1,x\n", "contacts-old.csv": PEOPLE}
    snapshot = _load(tmp_path, {"contacts.csv": PEOPLE, name: contents.get(name, "x")})
    (entry,) = kit.read_load_report(snapshot)["left_alone"]
    step = step or "Parts of one export are read as contacts-1 and contacts-2."
    assert entry == {"file": f"hubspot/{name}", "why": why, "next_step": step, "holds_other_table": False}


@pytest.mark.parametrize(
    "users",
    [
        "User ID,First name,Last name,Email\n5,Ann,A,ann@x.example\n",
        "Vorname,Nachname,E-Mail,Benutzer-ID\nAnn,A,ann@x.example,5\n",
    ],
)
def test_left_alone__users_of_hubspot_are_no_contacts_and_no_owners(tmp_path: Path, users: str) -> None:
    snapshot = _load(tmp_path, {"all-contacts.csv": PEOPLE, "users-export.csv": users})
    assert list(_tables(snapshot)) == ["hubspot/contacts"]
    (entry,) = kit.read_load_report(snapshot)["left_alone"]
    assert entry == {
        "file": "hubspot/users-export.csv",
        "why": "lists users by their user id, and records name their owners by another number, the owner id",
        "next_step": "Save what the owners API answers (GET /crm/v3/owners) as owners.csv, with the columns id, email, "
        "firstName, lastName.",
        "holds_other_table": False,
    }


def test_refused__users_of_hubspot_as_owners(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="the id column id is missing") as fault:
        _load(tmp_path, {"contacts.csv": PEOPLE, "owners.csv": "User ID,Email\n5,ann@x.example\n"})
    assert str(fault.value.next_step).startswith("Save what the owners API answers (GET /crm/v3/owners) as owners.csv")


def test_recognised__users_of_hubspot_with_owner_ids_are_owners(tmp_path: Path) -> None:
    users = "Owner ID,User ID,First name,Last name,Email,Seat\n71,5,Ann,A,ann@x.example,Core\n"
    contacts = "Record ID,Email,Contact owner\n1,a@x.example,Ann A\n"
    snapshot = _load(tmp_path, {"users-export.csv": users, "contacts.csv": contacts})
    (owner,) = pq.read_table(snapshot.table_path("hubspot/owners")).to_pylist()
    (contact,) = pq.read_table(snapshot.table_path("hubspot/contacts")).to_pylist()
    named = {name: owner[name] for name in ("id", "userId", "firstName", "lastName", "email", "email_key", "Seat")}
    assert named == {
        "id": "71",
        "userId": "5",
        "firstName": "Ann",
        "lastName": "A",
        "email": "ann@x.example",
        "email_key": "ann@x.example",
        "Seat": "Core",
    }
    assert contact["hubspot_owner_id"] == "71"
    reports = {file["table"]: file["unknown"] for file in kit.read_load_report(snapshot)["files"]}
    assert reports["hubspot/owners"] == ["Seat"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            f"new_projectid,new_name,_new_contactid_value\n{GUID}1,a,\n{GUID}2,b,\n",
            "holds 2 records of new_project, a custom table",
        ),
        (f"@odata.etag,cr4f2_Visitid,statecode\nW/1,{GUID}1,0\n", "holds 1 record of cr4f2_visit, a custom table"),
        (
            f"(Do Not Modify) Project,(Do Not Modify) Row Checksum,Name\n{GUID}1,x,a\n",
            "holds 1 record of Project, a table that the kit does not know",
        ),
        (f"(Nicht ändern) Projekt,Name\n{GUID}1,a\n", "holds 1 record of Projekt, a table that the kit does not know"),
    ],
)
def test_left_alone__other_tables_by_name_and_count(tmp_path: Path, text: str, why: str) -> None:
    snapshot = _load(tmp_path, dynamics={"contacts.csv": f"contactid,emailaddress1\n{GUID}9,\n", "Export.csv": text})
    (entry,) = kit.read_load_report(snapshot)["left_alone"]
    assert (entry["file"], entry["why"], entry["holds_other_table"]) == ("dynamics/Export.csv", why, True)
    assert entry["next_step"] == (
        "Data Sync can sync custom tables, without their associations (1.6, 6.8); the forecast says nothing of them."
    )


def test_left_alone__a_folder_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "hubspot" / "more").mkdir(parents=True)
    (tmp_path / "hubspot" / "contacts.csv").write_text(PEOPLE, encoding="utf-8")
    assert _left_alone(kit.load(tmp_path / "hubspot", None, tmp_path / "out", taken_at=NOON)) == {
        "hubspot/more": "is a folder"
    }


def test_left_alone__but_not_when_it_is_all_that_there_is_of_a_table(tmp_path: Path) -> None:
    fault = _fault(tmp_path, {"companies.csv": COMPANIES, "hubspot-crm-exports-all-contacts-2026-04-20.zip": b"PK"})
    assert str(fault).endswith("hubspot-crm-exports-all-contacts-2026-04-20.zip is neither CSV nor XLSX.")
    assert fault.next_step == "Unpack it first."


@pytest.mark.parametrize("name", ["contacts.xls", "properties.json", "deals.txt"])
def test_left_alone__but_not_under_the_name_of_a_table_that_is_not_there(tmp_path: Path, name: str) -> None:
    fault = _fault(tmp_path, {"companies.csv": COMPANIES, name: "x"})
    assert str(fault) == f"{tmp_path}/hubspot/{name} is neither CSV nor XLSX."


@pytest.mark.parametrize("name", ["contacts.xls", "contacts.zip", "hubspot-crm-exports-all-contacts-2026-04-20.zip"])
def test_left_alone__beside_the_table_under_another_name(tmp_path: Path, name: str) -> None:
    snapshot = _load(tmp_path, {"all-contacts-2026-04-20.csv": PEOPLE, name: "x"})
    assert _left_alone(snapshot) == {f"hubspot/{name}": "is neither CSV nor XLSX"}


def test_left_alone__named_when_nothing_is_known(tmp_path: Path) -> None:
    fault = _fault(tmp_path, {"tickets.csv": "Ticket ID\n1\n"})
    assert str(fault) == f"{tmp_path}/hubspot holds no file of hubspot that the kit knows."
    assert "Now: tickets.csv has headings of no table of HubSpot" in fault.next_step


# --- Laws ----------------------------------------------------------------------------------------------------------

POOL: Files = {
    "contacts.csv": PEOPLE,
    "all-contacts (1).csv": PEOPLE,
    "all-contacts-1.csv": _person("11"),
    "all-contacts-2.csv": _person("12"),
    "hubspot-crm-exports-all-acme-schools-2025-07-15.csv": COMPANIES,
    "companies.csv": COMPANIES,
    "book.xlsx": {"People": [["Record ID", "Deal Name", "Amount"], ["9", "One", 5]], "Other": [["x", "y"]]},
    "notes.txt": "x",
    "old.zip": "x",
    "unknown.csv": "a,b\n1,2\n",
    "empty.csv": "",
    "broken.csv": b"\x00\x01",
}


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(sorted(POOL)), unique=True, min_size=1))
def test_law__every_file_is_read_or_named(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            snapshot = _load(Path(folder), {name: POOL[name] for name in names})
        except InputFileError:
            return
        report = kit.read_load_report(snapshot)
        mentioned = {entry["file"].partition(", sheet")[0] for entry in (*report["files"], *report["left_alone"])}
        assert mentioned == {f"hubspot/{name}" for name in names}


@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.permutations(["People", "Firms", "hidden:hiddenSheet"]), st.permutations(["1", "2", "3"]))
def test_law__any_order_of_sheets_and_files_gives_the_same_bytes(titles: list[str], parts: list[str]) -> None:
    pages = {"People": CONTACT, "Firms": ACCOUNT, "hidden:hiddenSheet": [["x"]]}
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        orders = [(one, list(pages), ["1", "2", "3"]), (other, titles, parts)]
        hashes = [
            _load(
                Path(folder),
                {f"all-contacts-{part}.csv": _person(part) for part in numbers},
                {"book.xlsx": {title: pages[title] for title in order}},
            ).manifest_sha256
            for folder, order, numbers in orders
        ]
    assert hashes[0] == hashes[1]


# --- Names of services, and files of the other system --------------------------------------------------------------


def test_recognised__a_service_names_a_file_after_its_table(tmp_path: Path) -> None:
    accounts = f"Id,SinkCreatedOn,statecode,name,accountid,IsDelete\n{GUID}1,2026-11-20,0,Alpha,{GUID}1,False\n"
    loaded = _load(tmp_path, None, {"account.csv": accounts})
    assert _tables(loaded) == {"dynamics/accounts": [f"{GUID}1"]}


@pytest.mark.parametrize(
    ("headings", "words"),
    [
        ("(Do Not Modify) User,Full Name,Primary Email,Status", ("Enabled", "Disabled", "Perhaps")),
        ("(Nicht ändern) Benutzer,Vollständiger Name,Primäre E-Mail,Status", ("Aktiviert", "Deaktiviert", "Perhaps")),
        ("systemuserid,fullname,internalemailaddress,isdisabled", ("0", "True", "Perhaps")),
        ("systemuserid,fullname,internalemailaddress,IsDisabled", ("No", "Yes", "Perhaps")),
    ],
)
def test_recognised__users_that_are_disabled(tmp_path: Path, headings: str, words: tuple[str, ...]) -> None:
    lines = [f"{GUID}{number},P {number},p{number}@x.example,{word}" for number, word in enumerate(words)]
    loaded = _load(tmp_path, None, {"Users.csv": "\n".join([headings, *lines])})
    users = pq.read_table(loaded.table_path("dynamics/users")).to_pylist()
    assert [user["isdisabled"].lower() for user in users[:2]] in (["false", "true"], ["0", "true"])
    assert users[2]["isdisabled"] == "Perhaps"
    (report,) = kit.read_load_report(loaded)["files"]
    heading = headings.rpartition(",")[2]
    says = f"{heading}: cells that are neither yes nor no (1, the first on line 4) stay as they are."
    assert (report["notes"], report["unknown"]) == ([says], [])


def test_recognised__users_by_the_labels_of_dynamics(tmp_path: Path) -> None:
    users = f"(Do Not Modify) User,Full Name,Primary Email,Business Unit\n{GUID}1,Pat Owner,pat@x.example,A\n"
    contacts = f"(Do Not Modify) Contact,Email,Owner\n{GUID}2,ann@x.example,Pat Owner\n"
    loaded = _load(tmp_path, None, {"Enabled Users.csv": users, "contacts.csv": contacts})
    (user,) = pq.read_table(loaded.table_path("dynamics/users")).to_pylist()
    assert (user["internalemailaddress"], user["fullname"]) == ("pat@x.example", "Pat Owner")
    (contact,) = pq.read_table(loaded.table_path("dynamics/contacts")).to_pylist()
    assert contact["_ownerid_value"] == f"{GUID}1"


@pytest.mark.parametrize(
    ("side", "text", "other"),
    [
        ("hubspot", f"(Do Not Modify) Contact,Email\n{GUID}1,a@x.example\n", "Dynamics"),
        ("hubspot", f"contactid,emailaddress1\n{GUID}1,a@x.example\n", "Dynamics"),
        ("dynamics", "Record ID,Email\n1,a@x.example\n", "HubSpot"),
    ],
)
def test_refused__a_file_of_the_other_system(tmp_path: Path, side: str, text: str, other: str) -> None:
    files: Files = {"contacts.csv": text}
    fault = _fault(tmp_path, files if side == "hubspot" else None, files if side == "dynamics" else None)
    assert fault.next_step == f"It looks like a file of {other}: put it into that folder."


def test_rows__of_empty_cells_are_none(tmp_path: Path) -> None:
    contacts = "Record ID;Email;First Name\n1;a@x.example;Ada\n;;\n2;b@x.example;\n;;\n"
    loaded = _load(tmp_path, {"contacts.csv": contacts})
    assert _ids(loaded, "hubspot/contacts") == ["1", "2"]
