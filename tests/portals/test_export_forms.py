"""Exports as the two CRMs give them: encodings, delimiters, languages, numbers, dates, names, associations."""

from __future__ import annotations

import codecs
import csv
import io
import re
import tomllib
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from dynsync_lib import kit
from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.model import Object, System
from dynsync_lib.errors import InputFileError, UsageError
from dynsync_lib.snapshot.snapshot import Snapshot

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
GUID = "4a4e1e7f-0000-4000-8000-00000000000"
Files = dict[str, "str | bytes | list[list[Any]]"]


class Loaded:
    """A snapshot of some files, and what was said of them."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.report = kit.read_load_report(snapshot)

    def rows(self, name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.read_table(self.snapshot.table_path(name)).to_pylist()
        return rows

    def column(self, name: str, column: str) -> list[Any]:
        return [row[column] for row in self.rows(name)]

    def file(self, name: str) -> dict[str, Any]:
        (report,) = [file for file in self.report["files"] if file["table"] == name]
        return dict(report)


def _load(tmp_path: Path, hubspot: Files | None = None, dynamics: Files | None = None, **options: Any) -> Loaded:
    folders: dict[str, Path | None] = {}
    for name, files in (("hubspot", hubspot), ("dynamics", dynamics)):
        folder = tmp_path / name
        for file, content in (files or {}).items():
            folder.mkdir(exist_ok=True)
            _write(folder / file, content)
        folders[name] = folder if files is not None else None
    return Loaded(kit.load(folders["hubspot"], folders["dynamics"], tmp_path / "out", taken_at=NOON, **options))


def _write(path: Path, content: str | bytes | list[list[Any]]) -> None:
    if isinstance(content, list):
        book = openpyxl.Workbook()
        assert book.active is not None
        for row in content:
            book.active.append(row)
        book.save(path)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


# --- Encodings and delimiters ------------------------------------------------------------------------------------

TEXT = "Record ID,City\r\n1,Köln – Süd €\r\n2,\r\n"


@pytest.mark.parametrize(
    ("raw", "form", "is_guessed"),
    [
        (TEXT.encode(), "UTF-8, comma", False),
        (codecs.BOM_UTF8 + TEXT.encode(), "UTF-8, comma", False),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "UTF-16, comma", False),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "UTF-16, comma", False),
        (TEXT.encode("utf-16-le"), "UTF-16, comma", False),
        (TEXT.encode("utf-16-be"), "UTF-16, comma", False),
        (TEXT.encode("cp1252"), "Windows-1252, comma", True),
        (TEXT.replace(",", ";").encode(), "UTF-8, semicolon", False),
        (TEXT.replace(",", "\t").encode("utf-16"), "UTF-16, tab", False),
        (b"sep=;\r\n" + TEXT.replace(",", ";").encode("cp1252"), "Windows-1252, semicolon", True),
    ],
)
def test_form__found_out_from_the_bytes(tmp_path: Path, raw: bytes, form: str, *, is_guessed: bool) -> None:
    loaded = _load(tmp_path, {"contacts.csv": raw})
    assert loaded.column("hubspot/contacts", "city") == ["Köln – Süd €", None]
    report = loaded.file("hubspot/contacts")
    assert report["form"] == form
    assert any("read as Windows-1252" in sentence for sentence in report["guessed"]) is is_guessed


def test_form__letters_that_begin_beyond_the_first_block(tmp_path: Path) -> None:
    text = "hs_object_id,note\n1," + "x" * (1 << 20) + "\n2,Köln\n"
    assert _load(tmp_path, {"contacts.csv": text}).rows("hubspot/contacts")[1]["note"] == "Köln"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('hs_object_id;"Name, Vorname"\n1;"Doe, Jo"\n', ["hs_object_id", "Name, Vorname"]),
        ("hs_object_id;Name, Vorname;x\n1;Doe, Jo;2\n", ["hs_object_id", "Name, Vorname", "x"]),
        ("hs_object_id,a;b\n1,2;3\n", ["hs_object_id", "a;b"]),
        ("hs_object_id\n1\n", ["hs_object_id"]),
    ],
)
def test_form__delimiters_within_headings(tmp_path: Path, text: str, names: list[str]) -> None:
    columns = _load(tmp_path, {"contacts.csv": text}).snapshot.columns("hubspot/contacts")
    assert list(columns)[-len(names) :] == names


@pytest.mark.parametrize("name", ["Contacts.CSV", "CONTACTS.csv"])
def test_form__file_names_in_any_case(tmp_path: Path, name: str) -> None:
    assert len(_load(tmp_path, {name: "hs_object_id\n1\n"}).rows("hubspot/contacts")) == 1


@pytest.mark.parametrize(
    ("hubspot", "dynamics"),
    [
        ("hubspot-crm-exports-all-contacts-2026-11-23.csv", "Active Contacts 11-23-2026 9-00-00 AM.csv"),
        ("hubspot-crm-exports-alle-kontakte-2026-11-23-1.csv", "Aktive Kontakte 23.11.2026 09-00-00.csv"),
        ("HubSpot-CRM-exports-my_contacts.CSV", "Meine Kontakte 2026-11-23 09-00-00.csv"),
    ],
)
def test_form__names_that_the_crms_give_their_files(tmp_path: Path, hubspot: str, dynamics: str) -> None:
    loaded = _load(tmp_path, {hubspot: "Record ID\n1\n"}, {dynamics: f"(Do Not Modify) Contact\n{GUID}1\n"})
    assert [len(loaded.rows(f"{system}/contacts")) for system in ("hubspot", "dynamics")] == [1, 1]
    assert loaded.file("hubspot/contacts")["file"] == f"hubspot/{hubspot}"
    assert loaded.file("dynamics/contacts")["guessed"] == ["Its name says that it holds contacts."]


def test_form__other_files_are_left_alone(tmp_path: Path) -> None:
    files: Files = {"contacts.csv": "hs_object_id\n1\n", "contacts-old.csv": "x\n", "companies backup.csv": "x\n"}
    files["hubspot-crm-exports-all-contacts.csv"] = "x\n"
    loaded = _load(tmp_path, files)
    assert loaded.column("hubspot/contacts", "id") == ["1"]
    assert not loaded.snapshot.is_provided("hubspot/companies")


def test_form__two_files_that_could_be_one_table(tmp_path: Path) -> None:
    names = ("hubspot-crm-exports-all-contacts.csv", "hubspot-crm-exports-my-contacts.csv")
    with pytest.raises(InputFileError) as error:
        _load(tmp_path, dict.fromkeys(names, "hs_object_id\n1\n"))
    assert str(error.value) == f"{tmp_path}/hubspot holds both {names[0]} and {names[1]}, and each could be contacts."
    assert error.value.next_step == (
        "Name them contacts-1 and contacts-2 if they are parts of one export: parts are read together. "
        "If one is older, or holds only some records of the other, move it out of the folder."
    )


# --- German exports ----------------------------------------------------------------------------------------------


def test_german__hubspot(tmp_path: Path) -> None:
    text = (
        "Datensatz-ID;Vorname;Nachname;E-Mail;Lifecycle-Phase;Marketingkontakt-Status;Erstellungsdatum;Eigenes\n"
        "7;Ada;Ä;a@b.example;Kunde;Marketingkontakt;05.02.2026 09:30;x\n"
        "8;Bo;B;;Abonnent;Nein;13.01.2026;y\n"
    )
    loaded = _load(tmp_path, {"contacts.csv": text}, time_zone="Europe/Berlin")
    first, second = loaded.rows("hubspot/contacts")
    names = ("id", "firstname", "lastname", "email", "lifecyclestage", "hs_marketable_status", "createdate", "Eigenes")
    assert [first[name] for name in names] == [
        *("7", "Ada", "Ä", "a@b.example", "customer", "true", "2026-02-05T08:30:00Z", "x")
    ]
    assert [second[name] for name in names] == ["8", "Bo", "B", None, "subscriber", "false", "2026-01-13", "y"]
    report = loaded.file("hubspot/contacts")
    assert report["unknown"] == ["Eigenes"]
    assert report["recognised"]["Lifecycle-Phase"] == "lifecyclestage"
    assert report["guessed"] == ["Times without a zone (1): read as Europe/Berlin."]


def test_german__dynamics_with_lookups(tmp_path: Path) -> None:
    accounts = (
        "(Nicht ändern) Firma;(Nicht ändern) Zeilenprüfsumme;(Nicht ändern) Geändert am;Firmenname;Jahresumsatz;"
        "Anzahl der Mitarbeiter\n"
        f"{GUID}1;abc=;01.02.2026 10:00;Alpha GmbH;1.234.567,50 €;1.234\n"
        f"{GUID}2;abd=;;Beta AG;12,5;12\n"
        f"{GUID}3;abe=;;Beta AG;unbekannt;\n"
    )
    contacts = (
        "(Nicht ändern) Kontakt;Vollständiger Name;E-Mail;Firmenname;Besitzer;Status;E-Mails nicht zulassen\n"
        f"{GUID}A;Ada Ä;a@b.example;Alpha GmbH;Uwe U;Aktiv;Zulassen\n"
        f"{GUID}B;Bo B;;Beta AG;;Inaktiv;Nicht zulassen\n"
        f"{GUID}C;Cy C;;Gamma KG;;Aktiv;\n"
        f"{GUID}D;Di D;;Ada Ä;;Ruhend;Ja\n"
    )
    loaded = _load(tmp_path, None, {"accounts.csv": accounts, "contacts.csv": contacts})
    assert loaded.column("dynamics/accounts", "revenue") == ["1234567.50", "12.5", "unbekannt"]
    assert loaded.column("dynamics/accounts", "numberofemployees") == ["1234", "12", None]
    assert loaded.column("dynamics/accounts", "modifiedon") == ["2026-02-01T10:00:00Z", None, None]
    report = loaded.file("dynamics/accounts")
    assert report["unknown"] == ["(Nicht ändern) Zeilenprüfsumme"]
    assert "Jahresumsatz: cells that are no numbers (1, the first on line 4) stay as they are." in report["notes"]
    assert (
        "Numbers such as 1.234 (1): read with a decimal comma; of the file 2 can mean nothing else."
        in report["guessed"]
    )
    assert loaded.column("dynamics/contacts", "_parentcustomerid_value") == [f"{GUID}1", None, None, f"{GUID}a"]
    assert loaded.column("dynamics/contacts", "_parentcustomerid_type") == ["account", None, None, "contact"]
    assert loaded.column("dynamics/contacts", "parentcustomeridname") == ["Alpha GmbH", "Beta AG", "Gamma KG", "Ada Ä"]
    assert loaded.column("dynamics/contacts", "statecode") == ["0", "1", "0", "Ruhend"]
    assert loaded.column("dynamics/contacts", "donotemail") == ["false", "true", None, "true"]
    report = loaded.file("dynamics/contacts")
    assert ("Firmenname holds names, not ids: found 2, name no record that was exported 1, name several 1.") in report[
        "guessed"
    ]
    assert (
        "Besitzer holds names, not ids: found 0, name no record that was exported 1 (dynamics/users not there)."
    ) in report["guessed"]
    assert (
        "Status: cells that are no options that the kit knows (1, the first on line 5) stay as they are."
        in report["notes"]
    )


def test_workbook__dynamics_export(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["(Do Not Modify) Contact", "(Do Not Modify) Row Checksum", "(Do Not Modify) Modified On", "Full Name"],
        [f"{GUID}A", "x=", datetime(2026, 3, 1, 10, 30), "Ada"],  # noqa: DTZ001 - as cells are
        [f"{GUID}B", "y=", None, "Bo"],
    ]
    more: list[list[Any]] = [["Credit Limit", "Birthday"], [1.234, datetime(2000, 2, 3)], [1e-07, None]]  # noqa: DTZ001
    whole = [row + extra for row, extra in zip(rows, more, strict=True)]
    loaded = _load(tmp_path, None, {"contacts.xlsx": whole})
    first, second = loaded.rows("dynamics/contacts")
    names = ("id", "modifiedon", "fullname", "creditlimit", "birthdate")
    assert [first[name] for name in names] == [f"{GUID}a", "2026-03-01T10:30:00Z", "Ada", "1.234", "2000-02-03"]
    assert [second[name] for name in names] == [f"{GUID}b", None, "Bo", "0.0000001", None]
    report = loaded.file("dynamics/contacts")
    assert report["form"] == "XLSX"
    assert report["guessed"] == ["Times without a zone (1): read as UTC."]


# --- Numbers and dates that mean two things ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dates", "read", "guess"),
    [
        (
            ["01/02/2026", "13/02/2026"],
            ["2026-02-01", "2026-02-13"],
            "day, month, year; of the file 1 can mean nothing else.",
        ),
        (
            ["01/02/2026", "02/13/2026"],
            ["2026-01-02", "2026-02-13"],
            "month, day, year; of the file 1 can mean nothing else.",
        ),
        (["01/02/2026"], ["2026-01-02"], "month, day, year; nothing in the file tells."),
        (["13/02/2026", "3/3/2026"], ["2026-02-13", "2026-03-03"], None),
        (["2026-02-01", "2026/2/1", "1.2.2026"], ["2026-02-01"] * 3, None),
        (["31/02/2026", "soon"], ["31/02/2026", "soon"], None),
    ],
)
def test_dates__decided_by_the_file(tmp_path: Path, dates: list[str], read: list[str], guess: str | None) -> None:
    text = "Record ID,Close Date\n" + "".join(f"{number},{date}\n" for number, date in enumerate(dates))
    loaded = _load(tmp_path, {"deals.csv": text})
    assert loaded.column("hubspot/deals", "closedate") == read
    guessed = loaded.file("hubspot/deals")["guessed"]
    assert guessed == ([f"Dates such as 01/02/2026 (1): read as {guess}"] if guess else [])


def test_dates__evidence_of_one_column_counts_for_another(tmp_path: Path) -> None:
    text = "Record ID,Create Date,Close Date\n1,25/12/2025,01/02/2026\n"
    assert _load(tmp_path, {"deals.csv": text}).column("hubspot/deals", "closedate") == ["2026-02-01"]


@pytest.mark.parametrize(
    ("numbers", "read"),
    [
        (["1.234", "1.234,50"], ["1234", "1234.50"]),
        (["1,234", "1,234.50"], ["1234", "1234.50"]),
        (["1.234"], ["1.234"]),
        (["12.50", "-7", "$1,000.00", "1'000.5"], ["12.50", "-7", "1000.00", "1000.5"]),
        (["12 pcs", "1.2.3", "n/a"], ["12 pcs", "1.2.3", "n/a"]),
    ],
)
def test_numbers__decided_by_the_file(tmp_path: Path, numbers: list[str], read: list[str]) -> None:
    text = "Record ID,Amount\n" + "".join(f'{row},"{number}"\n' for row, number in enumerate(numbers))
    assert _load(tmp_path, {"deals.csv": text}).column("hubspot/deals", "amount") == read


def test_times__in_the_zone_of_the_account(tmp_path: Path) -> None:
    files: Files = {"deals.csv": "Record ID,Close Date\n1,2026-07-01 09:30\n"}
    files["account.json"] = '{"portalId": 1, "timeZone": "Europe/Berlin"}'
    loaded = _load(tmp_path, files)
    assert loaded.column("hubspot/deals", "closedate") == ["2026-07-01T07:30:00Z"]


def test_times__unknown_zone(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'Berlin' is no time zone"):
        _load(tmp_path, {"deals.csv": "hs_object_id\n1\n"}, time_zone="Berlin")
    assert not (tmp_path / "out").exists()


# --- Owners and associations -------------------------------------------------------------------------------------


def test_owners__by_name(tmp_path: Path) -> None:
    owners = "id,firstName,lastName,email\n71,Ann,A,ann@x.example\n72,Bob,B,bob@x.example\n73,Bob,B,b2@x.example\n"
    contacts = "Record ID,Contact owner\n1,Ann A\n2,Bob B\n3,72\n4,bob@x.example\n5,\n"
    loaded = _load(tmp_path, {"owners.csv": owners, "contacts.csv": contacts})
    assert loaded.column("hubspot/contacts", "hubspot_owner_id") == ["71", "Bob B", "72", "72", None]
    assert loaded.file("hubspot/contacts")["guessed"] == [
        "Contact owner holds names, not ids: found 2, name several 1."
    ]


def _links(loaded: Loaded) -> list[tuple[Any, ...]]:
    names = ("from_object", "from_id", "to_object", "to_id", "label", "is_primary")
    return [tuple(row[name] for name in names) for row in loaded.rows("hubspot/links")]


def test_associations__ids_with_a_primary_column(tmp_path: Path) -> None:
    contacts = (
        "Record ID,Associated Company IDs,Primary Associated Company ID,Associated Company IDs (Decision maker)\n"
        "1,5;6,6,5\n2,5,,\n3,,,\n"
    )
    loaded = _load(tmp_path, {"contacts.csv": contacts})
    assert _links(loaded) == [
        ("contact", "1", "company", "6", None, True),
        ("contact", "1", "company", "5", None, False),
        ("contact", "1", "company", "5", "Decision maker", False),
        ("contact", "2", "company", "5", None, False),
    ]
    assert loaded.snapshot.is_provided("hubspot/links")
    report = loaded.file("hubspot/contacts")
    assert report["guessed"] == []
    assert report["unknown"] == []


def test_associations__that_companies_name(tmp_path: Path) -> None:
    companies = "Record ID,Company name,Associated Contact IDs,Associated Contact IDs (CEO)\n5,A,1;2,2\n6,B,1,\n7,C,,\n"
    loaded = _load(tmp_path, {"contacts.csv": "Record ID,Email\n1,a@b.example\n", "companies.csv": companies})
    assert _links(loaded) == [
        ("contact", "1", "company", "5", None, True),
        ("contact", "1", "company", "6", None, False),
        ("contact", "2", "company", "5", None, True),
        ("contact", "2", "company", "5", "CEO", False),
    ]
    assert loaded.file("hubspot/companies")["guessed"] == [
        "Records with several companies, none of them marked primary (1): the first is taken."
    ]


def test_associations__that_companies_and_contacts_name(tmp_path: Path) -> None:
    companies = "Record ID,Company name,Associated Contact IDs\n5,A,1;2\n"
    contacts = "Record ID,Email,Associated Company IDs\n1,a@b.example,5\n2,b@b.example,\n"
    loaded = _load(tmp_path, {"contacts.csv": contacts, "companies.csv": companies})
    assert _links(loaded) == [("contact", "1", "company", "5", None, True)]
    assert loaded.file("hubspot/companies")["notes"] == [
        "Associated Contact IDs: left alone, as the contacts name their companies themselves."
    ]


def test_associations__without_a_primary_column(tmp_path: Path) -> None:
    deals = "Record ID,Associated Company IDs,Associated Contact IDs\n9,5,1;2\n10,6; 7,\n"
    loaded = _load(tmp_path, {"contacts.csv": "hs_object_id\n1\n", "deals.csv": deals})
    assert _links(loaded) == [
        ("deal", "9", "company", "5", None, True),
        ("deal", "9", "contact", "1", None, False),
        ("deal", "9", "contact", "2", None, False),
        ("deal", "10", "company", "6", None, True),
        ("deal", "10", "company", "7", None, False),
    ]
    assert loaded.file("hubspot/deals")["guessed"] == [
        "Records with several companies, none of them marked primary (1): the first is taken."
    ]


def test_associations__by_name(tmp_path: Path) -> None:
    companies = "Record ID,Company name\n5,Alpha GmbH\n6,Beta AG\n7,Beta AG\n"
    contacts = "Record ID,Associated Company\n1,Alpha GmbH\n2,Beta AG\n3,Gamma KG\n4,\n"
    loaded = _load(tmp_path, {"companies.csv": companies, "contacts.csv": contacts})
    assert _links(loaded) == [("contact", "1", "company", "5", None, True)]
    assert loaded.file("hubspot/contacts")["guessed"] == [
        "Associated companies whose name no single company has (2): left out."
    ]


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("Associated Company (Primary)", "Alpha GmbH"),
        ("Associated Company (primary company)", "Alpha GmbH"),
        ("Associated Companies (Primär)", "Alpha GmbH"),
        ("Primary Associated Company", "Alpha GmbH"),
        ("Primary company name", "Alpha GmbH"),
        ("Associated Company Primary", "Alpha GmbH"),
        ("Associated Company IDs (Primary)", "5"),
        ("Associated Company ID (Primary)", "5"),
        ("Primary Associated Company ID", "5"),
        ("Primary Associated Company", "5"),
        ("associatedcompanyid", "5"),
    ],
)
def test_associations__headings_of_the_primary_company(tmp_path: Path, heading: str, cell: str) -> None:
    companies = "Record ID,Company name\n5,Alpha GmbH\n6,Beta AG\n"
    contacts = f"Record ID,Email,Associated Company IDs,{heading}\n1,a@b.example,6;5,{cell}\n2,c@b.example,6,\n"
    loaded = _load(tmp_path, {"companies.csv": companies, "contacts.csv": contacts})
    assert sorted(_links(loaded)) == [
        ("contact", "1", "company", "5", None, True),
        ("contact", "1", "company", "6", None, False),
        ("contact", "2", "company", "6", None, False),
    ]
    assert loaded.file("hubspot/contacts")["guessed"] == []


def test_associations__the_primary_company_of_a_deal_by_its_property(tmp_path: Path) -> None:
    deals = "Record ID,Deal Name,hs_primary_associated_company\n9,One,5\n"
    loaded = _load(tmp_path, {"deals.csv": deals})
    assert _links(loaded) == [("deal", "9", "company", "5", None, True)]


def test_associations__a_company_whose_name_holds_a_semicolon(tmp_path: Path) -> None:
    companies = "Record ID,Company name\n5,Alpha; Beta\n"
    contacts = "Record ID,Email,Associated Company (Primary)\n1,a@b.example,Alpha; Beta\n"
    loaded = _load(tmp_path, {"companies.csv": companies, "contacts.csv": contacts})
    assert _links(loaded) == [("contact", "1", "company", "5", None, True)]


def test_associations__a_links_file_is_the_truth(tmp_path: Path) -> None:
    files: Files = {"contacts.csv": "Record ID,Associated Company IDs\n1,5\n"}
    files["links.csv"] = "contact_id,company_id,is_primary\n1,6,true\n"
    assert _links(_load(tmp_path, files)) == [("contact", "1", "company", "6", None, True)]


def test_associations__none_without_columns(tmp_path: Path) -> None:
    loaded = _load(tmp_path, {"contacts.csv": "Record ID,Email\n1,a@b.example\n"})
    assert not loaded.snapshot.is_provided("hubspot/links")


# --- Options, size, report ---------------------------------------------------------------------------------------


def test_options__in_any_case_and_as_stored(tmp_path: Path) -> None:
    text = "Record ID,Lifecycle Stage\n1,marketing qualified lead\n2,customer\n3,Alumni\n4,Lead\n"
    loaded = _load(tmp_path, {"contacts.csv": text})
    assert loaded.column("hubspot/contacts", "lifecyclestage") == [
        *("marketingqualifiedlead", "customer", "Alumni", "lead")
    ]


def test_options__that_nobody_knows_are_said(tmp_path: Path) -> None:
    report = _load(tmp_path, {"deals.csv": "Record ID,Currency\n1,Euro\n"}).file("hubspot/deals")
    assert report["notes"] == ["Currency: its options are not known, so labels stay as they are."]


def test_thousands_of_columns(tmp_path: Path) -> None:
    names = [f"Column {number}" for number in range(2_500)]
    text = ",".join(["Record ID", "Email", *names]) + "\n" + ",".join(["1", "a@b.example", *["x"] * 2_500]) + "\n"
    loaded = _load(tmp_path, {"contacts.csv": text})
    assert loaded.rows("hubspot/contacts")[0]["Column 2499"] == "x"
    assert len(loaded.file("hubspot/contacts")["unknown"]) == 2_500


def test_report__holds_no_cell(tmp_path: Path) -> None:
    text = "Record ID,Email,Create Date\n1,secret@person.example,Secretdate\n"
    loaded = _load(tmp_path, {"contacts.csv": text})
    text = (loaded.snapshot.path / "load_report.json").read_text(encoding="utf-8")
    assert "secret" not in text.lower()
    assert "Create Date: cells that are neither dates nor times (1, the first on line 2) stay as they are." in text
    assert loaded.report["notes"] == [
        "hubspot/properties is not there: what hubspot has out of the box says what fields are and mean."
    ]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"contacts.csv": "Datensatz-ID;E-Mail\n1;a\n1;b\n"}, "line 3: the id 1 stands on line 2 already."),
        ({"contacts.csv": "E-Mail;Vorname\na;b\n"}, "line 1: the id column hs_object_id is missing."),
        ({"contacts.csv": "Datensatz-ID;E-Mail;Email\n1;a;b\n"}, "line 1: two columns mean email."),
        ({"contacts.csv": "sep=;\nDatensatz-ID;E-Mail\n1;a;b\n"}, "line 3: 3 cells where the heading has 2."),
    ],
)
def test_faults__one_sentence_and_nothing_left(tmp_path: Path, files: Files, says: str) -> None:
    with pytest.raises(InputFileError) as error:
        _load(tmp_path, files)
    assert str(error.value) == f"{tmp_path}/hubspot/contacts.csv, {says}"
    assert error.value.next_step
    assert [path.name for path in tmp_path.iterdir()] == ["hubspot"]


# --- The demo world as a German would export it --------------------------------------------------------------------

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
NUMBERS = frozenset({"number", "Integer", "BigInt", "Decimal", "Double", "Money"})


@pytest.mark.parametrize(
    ("system", "table", "object_", "metadata"),
    [
        (System.HUBSPOT, "contacts", Object.CONTACT, "properties.csv"),
        (System.HUBSPOT, "companies", Object.COMPANY, "properties.csv"),
        (System.DYNAMICS, "contacts", Object.CONTACT, "columns.csv"),
        (System.DYNAMICS, "accounts", Object.COMPANY, "columns.csv"),
    ],
)
def test_demo_world__german_labels_give_the_same_table(
    tmp_path: Path, system: System, table: str, object_: Object, metadata: str
) -> None:
    metadata_text = (SAMPLE / system / metadata).read_text(encoding="utf-8")
    with (SAMPLE / system / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        rows = [[_without_ms(cell) for cell in row] for row in csv.reader(stream)][:400]
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    exported: Files = {metadata: metadata_text, f"{table}.csv": _csv(rows)}
    plain = _load(tmp_path / "one", **{str(system): exported})
    catalogue = kit.read_catalogue(plain.snapshot)
    fields = [catalogue.find(system, object_, name) for name in rows[0]]
    german = [[_german_heading(name, field) for name, field in zip(rows[0], fields, strict=True)]]
    german += [[_german_cell(cell, field) for cell, field in zip(row, fields, strict=True)] for row in rows[1:]]
    files: Files = {metadata: metadata_text, f"{table}.csv": _csv(german, delimiter=";").encode("utf-16")}
    loaded = _load(tmp_path / "two", **{str(system): files})
    assert loaded.rows(f"{system}/{table}") == plain.rows(f"{system}/{table}")
    assert len(plain.rows(f"{system}/{table}")) == len(rows) - 1 > 200


def _without_ms(cell: str) -> str:
    return re.sub(r"(T\d\d:\d\d:\d\d)\.\d+Z", r"\1Z", cell)


def _csv(rows: list[list[str]], *, delimiter: str = ",") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


def _german_heading(name: str, field: Field | None) -> str:
    if name == "hs_object_id":
        return "Datensatz-ID"
    return name if field is None or name.startswith("_") else field.label


def _german_cell(cell: str, field: Field | None) -> str:
    if field is None or field.name in {"hs_object_id", "hs_additional_emails", "hubspot_owner_id"}:
        return cell
    if field.type in NUMBERS and re.fullmatch(r"-?\d+(\.\d+)?", cell):
        whole, point, rest = cell.partition(".")
        return re.sub(r"(?<=\d)(?=(\d{3})+$)", ".", whole) + ("," + rest if point else "")
    moment = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d:\d\d:\d\d)Z)?", cell)
    if field.type in {"date", "datetime", "DateTime"} and moment is not None:
        return f"{moment[3]}.{moment[2]}.{moment[1]}" + (f" {moment[4]}" if moment[4] else "")
    if field.type in {"bool", "Boolean"}:
        return {"true": "Ja", "false": "Nein"}.get(cell, cell)
    labels = {option.value: option.label for option in field.options}
    return ";".join(labels.get(part, part) for part in cell.split(";")) if labels else cell


@pytest.mark.parametrize(
    ("name", "next_step"),
    [
        ("contacts.xls", "Export the table again as XLSX or CSV."),
        ("Contacts.ZIP", "Unpack it first."),
        ("contacts.txt", "If it is CSV, give it the ending .csv."),
    ],
)
def test_form__endings_that_are_not_read(tmp_path: Path, name: str, next_step: str) -> None:
    with pytest.raises(InputFileError) as error:
        _load(tmp_path, {name: "hs_object_id\n1\n"})
    assert str(error.value) == f"{tmp_path}/hubspot/{name} is neither CSV nor XLSX."
    assert error.value.next_step == next_step


def test_form__another_ending_beside_the_right_one(tmp_path: Path) -> None:
    loaded = _load(tmp_path, {"contacts.csv": "hs_object_id\n1\n", "contacts.zip": "x"})
    assert loaded.column("hubspot/contacts", "id") == ["1"]


def test_workbook__damaged(tmp_path: Path) -> None:
    book: list[list[Any]] = [["Record ID", "City"], *([str(number), "x" * 50] for number in range(3_000))]
    (tmp_path / "hubspot").mkdir()
    path = tmp_path / "hubspot" / "contacts.xlsx"
    _write(path, book)
    with zipfile.ZipFile(path) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"][:60_000]
    with zipfile.ZipFile(path, "w") as damaged:
        for name, content in parts.items():
            damaged.writestr(name, content)
    with pytest.raises(InputFileError, match=r"contacts\.xlsx is damaged after line \d+\."):
        _load(tmp_path, {})
    assert [path.name for path in tmp_path.iterdir()] == ["hubspot"]


_NO_GERMAN_WORD = {"hs_object_id", "governmentid"}
"""The id, whose headings stand under `ids`; and a column whose German label the kit does not know."""


@pytest.mark.parametrize(("system", "kind"), [("hubspot", "properties"), ("dynamics", "columns")])
def test_words__every_standard_field_has_a_german_heading(system: str, kind: str) -> None:
    rules = Path(kit.__file__).parents[1] / "rules"
    german = tomllib.loads((rules / "export_words.toml").read_text(encoding="utf-8"))["german"][system]
    schema = tomllib.loads((rules / "standard_schema.toml").read_text(encoding="utf-8"))[kind]
    missing = [
        f"{object_}.{name}"
        for object_, fields in schema.items()
        for name, field in fields.items()
        if field["type"] != "Uniqueidentifier" and name not in german[object_] and name not in _NO_GERMAN_WORD
    ]
    assert missing == []
