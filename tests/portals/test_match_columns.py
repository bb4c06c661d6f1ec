"""The column by which records are matched: found under a customised heading that the user names, or asked for."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from dynsync_lib import kit
from dynsync_lib.cli import commands
from dynsync_lib.errors import InputFileError, SettingsError
from dynsync_lib.snapshot.snapshot import Snapshot

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
GUID = "4a4e1e7f-0000-4000-8000-00000000000"
CONTACTS = (
    f"(Do Not Modify) Contact,(Do Not Modify) Row Checksum,Full Name,Email 1,Email 2\n{GUID}1,x,Ada,a@x.example,\n"
)
ACCOUNTS = f"(Do Not Modify) Account,(Do Not Modify) Row Checksum,Comapny Name,City\n{GUID}2,x,Alpha,Ulm\n"


def _load(tmp_path: Path, *, columns: dict[str, str] | None = None, **files: Any) -> Snapshot:
    """A load of files by `system_table`, such as `dynamics_contacts`."""
    folders: dict[str, Path | None] = {"hubspot": None, "dynamics": None}
    for name, text in files.items():
        system, _, table = name.partition("_")
        folders[system] = tmp_path / system
        (tmp_path / system).mkdir(exist_ok=True)
        (tmp_path / system / f"{table}.csv").write_text(text, encoding="utf-8")
    return kit.load(folders["hubspot"], folders["dynamics"], tmp_path / "out", taken_at=NOON, columns=columns)


def _column(snapshot: Snapshot, table: str, column: str) -> list[Any]:
    return list(pq.read_table(snapshot.table_path(table)).column(column).to_pylist())


@pytest.mark.parametrize(
    ("name", "text", "column", "suggested"),
    [
        ("dynamics_contacts", CONTACTS, "emailaddress1", "Email 1"),
        ("dynamics_accounts", ACCOUNTS, "name", "Comapny Name"),
        ("dynamics_leads", f"(Do Not Modify) Lead,Topic,Mail\n{GUID}3,x,a@x.example\n", "emailaddress1", "Mail"),
        ("hubspot_contacts", "Record ID,First Name,Work e-mail\n1,Ada,a@x.example\n", "email", "Work e-mail"),
        ("hubspot_companies", "Record ID,Firma,Company Domain Name\n5,Alpha,x.example\n", "name", "Firma"),
        ("hubspot_contacts", "Record ID,First Name,Contact point\n1,Ada,a@x.example\n", "email", "Contact point"),
        ("hubspot_contacts", "hs_object_id,firstname,work_email\n1,Ada,a@x.example\n", "email", "work_email"),
        (
            "dynamics_users",
            f"(Do Not Modify) User,Mail address\n{GUID}4,a@x.example\n",
            "internalemailaddress",
            "Mail address",
        ),
    ],
)
def test_asked__for_the_heading_of_the_match_column(
    tmp_path: Path, name: str, text: str, column: str, suggested: str
) -> None:
    with pytest.raises(InputFileError) as error:
        _load(tmp_path, columns=None, **{name: text})
    assert f"no column is known as {column}, by which " in str(error.value)
    assert error.value.next_step.startswith(f'Name its heading: --column {column}="{suggested}" ')
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["emailaddress1", "dynamics/contacts.emailaddress1"])
def test_named__by_the_user(tmp_path: Path, name: str) -> None:
    snapshot = _load(tmp_path, columns={name: "email  1"}, dynamics_contacts=CONTACTS)
    assert _column(snapshot, "dynamics/contacts", "email_key") == ["a@x.example"]
    assert kit.read_load_report(snapshot)["files"][0]["recognised"]["Email 1"] == "emailaddress1"


def test_named__wins_over_a_heading_that_is_known(tmp_path: Path) -> None:
    text = f"(Do Not Modify) Contact,Email,Private\n{GUID}1,old@x.example,a@x.example\n"
    snapshot = _load(tmp_path, columns={"emailaddress1": "Private"}, dynamics_contacts=text)
    assert _column(snapshot, "dynamics/contacts", "email_key") == ["a@x.example"]
    assert _column(snapshot, "dynamics/contacts", "Email") == ["old@x.example"]


def test_named__one_heading_for_each_table(tmp_path: Path) -> None:
    leads = f"(Do Not Modify) Lead,Topic,Mail\n{GUID}3,x,b@x.example\n"
    columns = {"emailaddress1": "Email 1", "dynamics/leads.emailaddress1": "Mail"}
    snapshot = _load(tmp_path, columns=columns, dynamics_contacts=CONTACTS, dynamics_leads=leads)
    assert _column(snapshot, "dynamics/contacts", "email_key") == ["a@x.example"]
    assert _column(snapshot, "dynamics/leads", "email_key") == ["b@x.example"]


def test_named__cells_become_what_the_api_prints(tmp_path: Path) -> None:
    text = f"(Do Not Modify) Contact,Email,Limit,Customer of\n{GUID}1,a@x.example,1.234 €,Alpha\n"
    accounts = f"(Do Not Modify) Account,Account Name\n{GUID}2,Alpha\n"
    columns = {"creditlimit": "Limit", "parentcustomerid": "Customer of"}
    snapshot = _load(tmp_path, columns=columns, dynamics_contacts=text, dynamics_accounts=accounts)
    assert _column(snapshot, "dynamics/contacts", "_parentcustomerid_value") == [f"{GUID}2"]
    assert _column(snapshot, "dynamics/contacts", "creditlimit") == ["1.234"]


def test_named__a_column_of_ones_own_and_a_renamed_table(tmp_path: Path) -> None:
    text = f"(Do Not Modify) Person,Email,Segment\n{GUID}1,a@x.example,Gold\n"
    columns = {"contactid": "(Do Not Modify) Person", "dynamics/contacts.new_segment": "Segment"}
    snapshot = _load(tmp_path, columns=columns, dynamics_contacts=text)
    assert _column(snapshot, "dynamics/contacts", "id") == [f"{GUID}1"]
    assert _column(snapshot, "dynamics/contacts", "new_segment") == ["Gold"]


@pytest.mark.parametrize(
    "columns",
    [
        {"emailaddress1": "Emial 1"},
        {"emailaddress1": "Email 1", "emialaddress2": "Email 2"},
        {"emailaddress1": "Email 1", "new_segment": "Email 2"},
        {"emailaddress1": "Email 1", "dynamics/leads.emailaddress2": "Email 2"},
    ],
)
def test_named__but_in_no_file(tmp_path: Path, columns: dict[str, str]) -> None:
    with pytest.raises(InputFileError):
        _load(tmp_path, columns=columns, dynamics_contacts=CONTACTS)
    assert not (tmp_path / "out").exists()


def test_named__a_column_that_there_is_not(tmp_path: Path) -> None:
    with pytest.raises(InputFileError) as error:
        _load(tmp_path, columns={"emailaddress1": "Email 1", "bogus": "Email 2"}, dynamics_contacts=CONTACTS)
    assert str(error.value) == (
        "dynamics/contacts has the heading 'Email 2', and knows no column bogus that it could be."
    )
    assert error.value.next_step == (
        "Write the internal name of the column, such as emailaddress1; before the name of a column that only you have "
        "stands its table: dynamics/contacts.new_segment."
    )


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"emailaddress1": ""}, CONTACTS),
        ({"dynamics/contacts.emailaddress1": ""}, CONTACTS),
        (None, f"contactid,firstname\n{GUID}1,Ada\n"),
        (None, f"(Do Not Modify) Contact,First Name\n{GUID}1,Ada\n"),
    ],
)
def test_not_there__is_told(tmp_path: Path, columns: dict[str, str] | None, text: str) -> None:
    snapshot = _load(tmp_path, columns=columns, dynamics_contacts=text)
    assert kit.read_load_report(snapshot)["files"][0]["lacks"] == ["emailaddress1"]


@pytest.mark.parametrize("text", ["hs_object_id,email\n1,\n", "Record ID,Email\n1,\n", "Datensatz-ID;E-Mail\n1;\n"])
def test_there__nothing_is_said(tmp_path: Path, text: str) -> None:
    assert kit.read_load_report(_load(tmp_path, hubspot_contacts=text))["files"][0]["lacks"] == []


# --- Headings that are there twice -----------------------------------------------------------------------------------


def test_twice__nobody_reads_it(tmp_path: Path) -> None:
    text = "Record ID,Email,Notes,Notes,Notes (2)\n1,a@x.example,one,two,three\n"
    snapshot = _load(tmp_path, hubspot_contacts=text)
    names = ("Notes", "Notes (3)", "Notes (2)")
    assert [_column(snapshot, "hubspot/contacts", name) for name in names] == [["one"], ["two"], ["three"]]


def test_twice__where_the_kit_reads_it(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="line 1: two columns are called Email") as error:
        _load(tmp_path, hubspot_contacts="Record ID,Email,Email\n1,a@x.example,b@x.example\n")
    assert error.value.next_step == "Give the column that is not meant another heading."


# --- Command line and settings ---------------------------------------------------------------------------------------


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["dynsync", *arguments])
    with pytest.raises(SystemExit) as ended:
        commands.main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 2),
        (["--column", "emailaddress1=Email 1"], 0),
        (["--column", "emailaddress1"], 2),
        (["--settings", "dynsync.toml"], 0),
        (["--settings", "dynsync.toml", "--column", "emailaddress1=Email 2"], 0),
    ],
)
def test_command__columns_from_options_and_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "contacts.csv").write_text(CONTACTS, encoding="utf-8")
    (tmp_path / "dynsync.toml").write_text('[files.columns]\nemailaddress1 = "Email 1"\n', encoding="utf-8")
    load = ["load", "--dynamics", "d", "--out", "s", "--taken-at", "2026-11-23"]
    assert _run(monkeypatch, *load, *arguments) == code
    if code == 0:
        address = None if "--column" in arguments and "Email 2" in arguments[-1] else "a@x.example"
        assert _column(kit.open_snapshot("s"), "dynamics/contacts", "emailaddress1") == [address]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23", "2026-11-23T00:00:00Z"),
        ("2026-11-23T09:00:00", "2026-11-23T09:00:00Z"),
        ("2026-11-23T09:00:00+02:00", "2026-11-23T07:00:00Z"),
    ],
)
def test_command__when_files_were_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, moment: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "contacts.csv").write_text("contactid,emailaddress1\n", encoding="utf-8")
    assert _run(monkeypatch, "load", "--dynamics", "d", "--out", "s", "--taken-at", text) == 0
    assert f"{kit.open_snapshot('s').taken_at:%Y-%m-%dT%H:%M:%SZ}" == moment


def test_command__a_moment_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _run(monkeypatch, "load", "--dynamics", "d", "--out", "s", "--taken-at", "yesterday") == 2
    assert capsys.readouterr().err.split("\n")[:2] == [
        "--taken-at 'yesterday' is no moment.",
        "Write a day, or a day and a time in UTC: --taken-at 2026-11-23T09:00:00.",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[files]\ncolums = { email = "Mail" }\n', "`colums` in [files] is no setting. Did you mean `columns`?"),
        ("[files.columns]\nemail = 1.5\n", "`email` in `columns` is 1.5; it must be text in quotes."),
        ("[files]\ncolumns = 3\n", "`columns` must be a section, written as [files.columns]."),
    ],
)
def test_settings__faults(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "dynsync.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        kit.read_settings(tmp_path / "dynsync.toml")
    assert says in str(error.value)
