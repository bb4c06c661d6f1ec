"""Worlds that are read from their folder while they are served."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.emulator.world.csv_rows import CsvRows
from dynsync_lib.emulator.world.demo_world import read_world
from dynsync_lib.emulator.world.world_folder import open_world
from dynsync_lib.errors import InputFileError
from tests.emulator.clients import environment_client, portal_client

SAMPLE = Path(__file__).parents[2] / "sample_data"


def test_open_world__has_the_rows_of_read_world() -> None:
    opened, read = open_world(SAMPLE), read_world(SAMPLE)
    assert {name: list(rows) for name, rows in opened.tables.items()} == read.tables
    assert (opened.account, opened.organization) == (read.account, read.organization)


def _write(folder: Path, name: str, text: str) -> None:
    path = folder / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_open_world__bare_files_are_served(tmp_path: Path) -> None:
    _write(tmp_path, "hubspot/contacts", "hs_object_id,email,extra\n2,b@x.example,\n1,A@x.example,one\n")
    _write(tmp_path, "hubspot/links", "contact_id,company_id,is_primary\n1,9,true\n")
    _write(tmp_path, "dynamics/contacts", f"contactid,lastname\n{'0' * 8}-0000-4000-8000-{'0' * 12},Ames\n")
    with Emulator(open_world(tmp_path)) as emulator, portal_client(emulator) as portal:
        listed = portal.get("/crm/v3/objects/contacts", params={"properties": "extra"}).json()["results"]
        twin = portal.post("/crm/v3/objects/contacts", json={"properties": {"email": "a@x.example"}})
        with environment_client(emulator) as environment:
            assert environment.get("contacts?$select=lastname").json()["value"][0]["lastname"] == "Ames"
    assert [(record["id"], record["properties"]["extra"]) for record in listed] == [("1", "one"), ("2", None)]
    assert twin.json()["message"] == "Contact already exists. Existing ID: 1"


def test_open_world__folders_without_a_table(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="holds no world"):
        open_world(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hs_object_id\n1\n1\n", "holds two records of one hs_object_id"),
        ("hs_object_id\nx\n", "'x' is no number"),
        ('hs_object_id\n"1', "is no CSV file in UTF-8"),
    ],
)
def test_serving__says_what_is_wrong_with_a_world(tmp_path: Path, text: str, says: str) -> None:
    _write(tmp_path, "hubspot/contacts", text)
    with pytest.raises(InputFileError, match=says), Emulator(open_world(tmp_path)):
        pass


def test_rows__are_read_anew_each_time(tmp_path: Path) -> None:
    _write(tmp_path, "hubspot/contacts", "a,b\n1,\n")
    rows = CsvRows(tmp_path / "hubspot/contacts.csv")
    assert (rows.columns, list(rows), list(rows)) == (["a", "b"], [{"a": "1", "b": None}], [{"a": "1", "b": None}])
