"""`dynsync suggest`: the CSV file, what is printed, and files that are not replaced."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dynsync_lib.cli.commands import app
from dynsync_lib.errors import SnapshotError, UsageError
from tests.kit.small_portals import load_portals

HEADS = "object,name,label,type,field_type\n", "object,name,label,type\n"
IDS = (
    "".join(f"{name},hs_object_id,Record ID,number,number\n" for name in ("contact", "company", "deal", "invoice")),
    "".join(
        f"{name},{id_},Id,Uniqueidentifier\n"
        for name, id_ in (
            *(("contact", "contactid"), ("company", "accountid"), ("lead", "leadid"), ("deal", "opportunityid")),
            ("invoice", "invoiceid"),
        )
    ),
)
FILES = {
    "h/properties": (
        HEADS[0]
        + IDS[0]
        + "contact,email,Email,string,text\ncontact,tax,Tax number,string,text\ncontact,zebra,Zebra,string,text\n"
    ),
    "d/columns": (
        HEADS[1]
        + IDS[1]
        + "contact,emailaddress1,Email,String\ncontact,new_steuernummer,Steuernummer,String\n"
        + "contact,new_vat,USt-IdNr.,String\n"
    ),
}
ROWS = [
    {
        "object": "contact",
        "hubspot_field": "email",
        "dynamics_field": "emailaddress1",
        "rank": 1,
        "score": 0.95,
        "reason": "Both CRMs have this field out of the box: email address.",
    },
    {
        "object": "contact",
        "hubspot_field": "tax",
        "dynamics_field": "new_steuernummer",
        "rank": 1,
        "score": 0.97,
        "reason": "Tax number and Steuernummer mean the same.",
    },
]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fields alone, not one record."""
    folder = tmp_path_factory.mktemp("suggest")
    load_portals(folder, FILES)
    return folder / "s"


def test_suggest__writes_a_file_and_says_the_same_as_json(snapshot: Path, tmp_path: Path) -> None:
    file = tmp_path / "new" / "pairs.csv"
    run = CliRunner().invoke(app, ["suggest", str(snapshot), "--out", str(file), "--json"], catch_exceptions=False)
    assert (run.exit_code, json.loads(run.stdout)) == (0, {"suggestions": ROWS, "file": str(file)})
    with file.open(encoding="utf-8", newline="") as stream:
        written = list(csv.DictReader(stream))
    assert written == [{name: str(value) for name, value in row.items()} for row in ROWS]


def test_suggest__prints_the_best_of_each_property_and_replaces_its_own_file(snapshot: Path, tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    runs = [CliRunner().invoke(app, ["suggest", str(snapshot), "--out", str(file)]) for _ in range(2)]
    assert [run.exit_code for run in runs] == [0, 0]
    assert "Properties with a suggestion: 2 of contact" in runs[1].stdout
    assert "Tax number and Steuernummer mean the same." in runs[1].stdout


def test_suggest__replaces_no_other_file(snapshot: Path, tmp_path: Path) -> None:
    other = tmp_path / "budget.csv"
    other.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="exists already and is not a file of suggestions"):
        CliRunner().invoke(app, ["suggest", str(snapshot), "--out", str(other)], catch_exceptions=False)
    assert other.read_text(encoding="utf-8") == "mine"


def test_suggest__says_that_there_is_no_snapshot(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError):
        CliRunner().invoke(app, ["suggest", str(tmp_path / "none")], catch_exceptions=False)
