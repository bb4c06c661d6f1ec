"""Exported files: what is read, what is refused, and where the fault stands."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.errors import InputFileError
from dynsync_lib.portals.files.load_files import load_files
from dynsync_lib.snapshot.snapshot import Snapshot

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
KEYS = KeyMaker(frozenset({"com", "org", "example"}))
STANDARD: dict[str, list[dict[str, Any]]] = {
    "properties": [
        {"object": "contact", "name": "hs_object_id", "label": "Record ID", "type": "number"},
        {"object": "contact", "name": "email", "label": "Email", "type": "string"},
        {
            "object": "contact",
            "name": "interests",
            "label": "Interests",
            "type": "enumeration",
            "options": [{"value": "a1", "label": "Ants"}, {"value": "b2", "label": "Bees"}],
        },
    ],
    "columns": [
        {"object": "contact", "name": "contactid", "label": "Contact", "type": "Uniqueidentifier"},
        {"object": "contact", "name": "emailaddress1", "label": "Email", "type": "String"},
        {"object": "contact", "name": "modifiedon", "label": "Modified On", "type": "DateTime"},
    ],
}
GUID = "4A4E1E7F-0000-4000-8000-00000000000A"


def _load(tmp_path: Path, hubspot: dict[str, str | bytes], dynamics: dict[str, str | bytes] | None = None) -> Snapshot:
    folders: dict[str, Path | None] = {}
    for name, files in (("hubspot", hubspot), ("dynamics", dynamics)):
        if files is not None:
            (tmp_path / name).mkdir(exist_ok=True)
        for file, text in (files or {}).items():
            (tmp_path / name / file).write_bytes(text if isinstance(text, bytes) else text.encode())
        folders[name] = tmp_path / name if files is not None else None
    return load_files(
        folders["hubspot"],
        folders["dynamics"],
        tmp_path / "out",
        key_maker=KEYS,
        standard_schema=STANDARD,
        taken_at=NOON,
    )


def _rows(snapshot: Snapshot, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(snapshot.table_path(name)).to_pylist()
    return rows


def _fault(tmp_path: Path, files: dict[str, str | bytes]) -> str:
    with pytest.raises(InputFileError) as error:
        _load(tmp_path, files)
    assert error.value.next_step
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.part").exists()
    return str(error.value).replace(f"{tmp_path}/", "")


def test_load_files__internal_names_in_file_order_and_ranked_by_id(tmp_path: Path) -> None:
    snapshot = _load(tmp_path, {"contacts.csv": "hs_object_id,email,own\n9,B@Y.org,x\n2,,\n"})
    assert _rows(snapshot, "hubspot/contacts") == [
        {
            "id": "9",
            "api_rank": 1,
            "file_rank": 0,
            "email_key": "b@y.org",
            "email_key_exact": "B@Y.org",
            "email_valid": True,
            "secondary_email_keys": [],
            "secondary_email_keys_exact": [],
            "hs_object_id": "9",
            "email": "B@Y.org",
            "own": "x",
        },
        {
            "id": "2",
            "api_rank": 0,
            "file_rank": 1,
            "email_key": None,
            "email_key_exact": None,
            "email_valid": None,
            "secondary_email_keys": [],
            "secondary_email_keys_exact": [],
            "hs_object_id": "2",
            "email": None,
            "own": None,
        },
    ]


def test_load_files__dynamics_rows_rank_as_sql_server_sorts_guids(tmp_path: Path) -> None:
    """The two ids that Microsoft's own page prints in its paging cookies, and one that is no GUID."""
    lines = [
        "bb55f942-161f-eb11-a813-000d3a1b1f2c",
        "own-key",
        "d5026a4d-d01c-ed11-b83e-000d3a572421",
        "aaaaaaaa-0000-0000-0000-000000000001",
    ]
    text = "contactid\n" + "".join(f"{line}\n" for line in lines)
    snapshot = _load(tmp_path, {}, {"contacts.csv": text})
    ranks = {row["id"]: (row["api_rank"], row["file_rank"]) for row in _rows(snapshot, "dynamics/contacts")}
    assert ranks == {lines[3]: (0, 3), lines[0]: (1, 0), lines[2]: (2, 2), "own-key": (3, 1)}


@pytest.mark.parametrize("heading", ["Record ID", "record id", "Record ID - Contact", "hs_object_id"])
def test_load_files__labels_of_hubspot(tmp_path: Path, heading: str) -> None:
    snapshot = _load(tmp_path, {"contacts.csv": f"{heading},Email,Interests\n1,a@b.com,Bees;Ants\n2,,Wasps\n"})
    rows = _rows(snapshot, "hubspot/contacts")
    assert [row["interests"] for row in rows] == ["b2;a1", "Wasps"]
    assert rows[0]["hs_object_id"] == "1"
    assert rows[0]["email_key"] == "a@b.com"


def test_load_files__labels_of_dynamics(tmp_path: Path) -> None:
    text = f"(Do Not Modify) Contact,(Do Not Modify) Modified On,Modified On,Email\n{GUID},a,b,x@y.org\n"
    snapshot = _load(tmp_path, {"contacts.csv": "hs_object_id\n"}, {"contacts.csv": text})
    (row,) = _rows(snapshot, "dynamics/contacts")
    assert row["id"] == row["contactid"] == GUID.lower()
    assert (row["modifiedon"], row["(Do Not Modify) Modified On"]) == ("b", "a")
    assert row["emailaddress1"] == "x@y.org"


def test_load_files__metadata_files_name_the_labels(tmp_path: Path) -> None:
    files = {
        "contacts.csv": "Nummer,Kanal\n1,Messe\n",
        "properties.csv": (
            "object,name,label,type,options,read_only\n"
            "contact,hs_object_id,Nummer,number,,true\n"
            'contact,channel,Kanal,enumeration,"[{""value"": ""fair"", ""label"": ""Messe""}]",\n'
        ),
    }
    snapshot = _load(tmp_path, dict(files))
    assert _rows(snapshot, "hubspot/contacts")[0]["channel"] == "fair"
    assert [(row["name"], row["read_only"]) for row in _rows(snapshot, "hubspot/properties")] == [
        ("channel", None),
        ("hs_object_id", True),
    ]
    assert snapshot.manifest["standard_schema"] == {"hubspot": False, "dynamics": True}


def test_load_files__lookup_guids_lower_case(tmp_path: Path) -> None:
    text = f"contactid,_parentcustomerid_value,_parentcustomerid_type\n{{{GUID}}},{GUID},account\n"
    (row,) = _rows(_load(tmp_path, {"contacts.csv": "hs_object_id\n"}, {"contacts.csv": text}), "dynamics/contacts")
    assert row["id"] == row["_parentcustomerid_value"] == GUID.lower()
    assert row["_parentcustomerid_type"] == "account"


def test_load_files__one_side_only(tmp_path: Path) -> None:
    snapshot = _load(tmp_path, {"contacts.csv": "hs_object_id\n1\n"})
    assert snapshot.is_provided("hubspot/contacts")
    assert not snapshot.is_provided("hubspot/companies")
    assert not snapshot.is_provided("dynamics/contacts")


def test_load_files__links(tmp_path: Path) -> None:
    text = (
        "contact_id,company_id,is_primary,from_object,from_id,to_object,to_id,label\n"
        "1, 2 ,TRUE,,,,,\n"
        ",,false,deal,5,contact,404,Decision maker\n"
    )
    snapshot = _load(tmp_path, {"contacts.csv": "hs_object_id\n1\n", "links.csv": text})
    names = ("from_object", "from_id", "to_object", "to_id", "label", "is_primary")
    assert [tuple(row[name] for name in names) for row in _rows(snapshot, "hubspot/links")] == [
        ("contact", "1", "company", "2", None, True),
        ("deal", "5", "contact", "404", "Decision maker", False),
    ]


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_load_files__byte_order_mark(tmp_path: Path, bom: bytes) -> None:
    snapshot = _load(tmp_path, {"contacts.csv": bom + "hs_object_id,city\n1,Köln\n".encode()})
    assert _rows(snapshot, "hubspot/contacts")[0]["city"] == "Köln"


def test_load_files__semicolons(tmp_path: Path) -> None:
    snapshot = _load(tmp_path, {"contacts.csv": "\ufeffhs_object_id;city\n1;Köln, Mitte\n"})
    assert _rows(snapshot, "hubspot/contacts")[0]["city"] == "Köln, Mitte"


def test_load_files__long_cell(tmp_path: Path) -> None:
    snapshot = _load(tmp_path, {"contacts.csv": f"hs_object_id,note\n1,{'x' * 500_000}\n"})
    assert len(_rows(snapshot, "hubspot/contacts")[0]["note"]) == 500_000


def test_load_files__line_ends_in_cells(tmp_path: Path) -> None:
    text = 'hs_object_id,note\r\n1,"two\r\nlines"\r\n\r\n2,"three\n\nlines"\r\n2,again\r\n'
    assert _fault(tmp_path, {"contacts.csv": text}) == (
        "hubspot/contacts.csv, line 8: the id 2 stands on line 5 already."
    )


def test_load_files__line_ends_survive(tmp_path: Path) -> None:
    snapshot = _load(tmp_path, {"contacts.csv": 'hs_object_id,note\n1,"two\nlines"\n'})
    assert _rows(snapshot, "hubspot/contacts")[0]["note"] == "two\nlines"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "hubspot/contacts.csv is empty."),
        ("\n\n", "hubspot/contacts.csv is empty."),
        ("email\nx@y.org\n", "hubspot/contacts.csv, line 1: the id column hs_object_id is missing."),
        ("hs_object_id,email,email\n1,2,3\n", "hubspot/contacts.csv, line 1: two columns are called email."),
        ("hs_object_id,\n1,2\n", "hubspot/contacts.csv, line 1: column 2 has no heading."),
        ("hs_object_id,Email,EMAIL\n1,2,3\n", "hubspot/contacts.csv, line 1: two columns mean email."),
        (
            "hs_object_id,api_rank\n1,2\n",
            "hubspot/contacts.csv, line 1: the kit keeps the column name api_rank for itself.",
        ),
        ("hs_object_id,a\n1,2\n\n3\n", "hubspot/contacts.csv, line 4: 1 cells where the heading has 2."),
        ("hs_object_id,a\n1,2,3\n", "hubspot/contacts.csv, line 2: 3 cells where the heading has 2."),
        ("hs_object_id,a\n1,2\n ,3\n", "hubspot/contacts.csv, line 3: hs_object_id is empty."),
        ("hs_object_id\n7\n8\n 7\n", "hubspot/contacts.csv, line 4: the id 7 stands on line 2 already."),
        (
            "hs_object_id,c\n1,Köln\n2,".encode() + "Köln\n".encode("latin-1"),
            "hubspot/contacts.csv, line 3: byte 0xf6 cannot be read as UTF-8, and the file is UTF-8 in other places.",
        ),
        (
            b"hs_object_id,c\n1,x\n2,\x81\n",
            "hubspot/contacts.csv, line 3: byte 0x81 cannot be read as UTF-8, and it is no letter in Windows-1252.",
        ),
        (b"PK\x03\x04\x00\x01\x02", "hubspot/contacts.csv is no text: it holds zero bytes."),
        (b"\xfe\xff\x00h", "hubspot/contacts.csv, line 1: the id column hs_object_id is missing."),
        (
            "hs_object_id\n1.2E+11\n",
            "hubspot/contacts.csv, line 2: hs_object_id is 1.2E+11, shortened by a spreadsheet.",
        ),
        ('hs_object_id\n"1\n', "hubspot/contacts.csv, line 2: this is no CSV: unexpected end of data."),
    ],
)
def test_load_files__faulty_contacts(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    assert _fault(tmp_path, {"contacts.csv": text}) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("contact_id,company_id\n1,2\n", "hubspot/links.csv, line 1: the column is_primary is missing."),
        ("company_id,is_primary\n1,true\n", "hubspot/links.csv, line 1: the column contact_id is missing."),
        ("contact_id,company_id,is_primary\n1,2,yes\n", "hubspot/links.csv, line 2: is_primary is 'yes'."),
        ("contact_id,company_id,is_primary\n1,2,\n", "hubspot/links.csv, line 2: is_primary is empty."),
        (
            "contact_id,company_id,is_primary\n1,,true\n",
            "hubspot/links.csv, line 2: an end of the association is empty.",
        ),
    ],
)
def test_load_files__faulty_links(tmp_path: Path, text: str, sentence: str) -> None:
    assert _fault(tmp_path, {"contacts.csv": "hs_object_id\n1\n", "links.csv": text}) == sentence


def test_load_files__folder_without_files(tmp_path: Path) -> None:
    assert _fault(tmp_path, {"readme.txt": "hello"}) == "hubspot holds no file of hubspot that the kit knows."


def test_load_files__one_side_without_any_file(tmp_path: Path) -> None:
    for side in ("hubspot", "dynamics"):
        (tmp_path / side).mkdir()
    (tmp_path / "hubspot" / "contacts.csv").write_text("hs_object_id\n1\n", encoding="utf-8")
    snapshot = load_files(
        tmp_path / "hubspot",
        tmp_path / "dynamics",
        tmp_path / "out",
        key_maker=KEYS,
        standard_schema=STANDARD,
        taken_at=NOON,
    )
    rows = {name: snapshot.rows(name) for name in ("hubspot/contacts", "dynamics/contacts")}
    assert rows == {"hubspot/contacts": 1, "dynamics/contacts": 0}


def test_load_files__nothing_on_either_side(tmp_path: Path) -> None:
    (tmp_path / "hubspot").mkdir()
    with pytest.raises(InputFileError, match="There is nothing in"):
        load_files(
            tmp_path / "hubspot", None, tmp_path / "out", key_maker=KEYS, standard_schema=STANDARD, taken_at=NOON
        )


def test_load_files__no_folder(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="is no folder"):
        load_files(tmp_path / "gone", None, tmp_path / "out", key_maker=KEYS, standard_schema=STANDARD, taken_at=NOON)


def test_load_files__both_kinds_of_file(tmp_path: Path) -> None:
    assert _fault(tmp_path, {"contacts.csv": "hs_object_id\n", "contacts.xlsx": b""}) == (
        "hubspot holds both contacts.csv and contacts.xlsx."
    )


def test_load_files__workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["Record ID", "Email", "Score", "Active", "Since", "Last"],
        [12345678901, "a@b.com", 1.5, True, datetime(2026, 3, 1, 10, 30), None],  # noqa: DTZ001 - as cells are
        [2, None, 3.0, False, None, None],
    ):
        sheet.append(row)
    (tmp_path / "hubspot").mkdir()
    book.save(tmp_path / "hubspot" / "contacts.xlsx")
    first, second = _rows(_load(tmp_path, {}), "hubspot/contacts")
    names = ("id", "email", "Score", "Active", "Since", "Last")
    assert [first[name] for name in names] == ["12345678901", "a@b.com", "1.5", "true", "2026-03-01T10:30:00", None]
    assert [second[name] for name in names] == ["2", None, "3", "false", None, None]


def test_load_files__no_workbook(tmp_path: Path) -> None:
    assert _fault(tmp_path, {"contacts.xlsx": b"PK not really"}) == "hubspot/contacts.xlsx is no XLSX workbook."


def test_load_files__account_is_no_json(tmp_path: Path) -> None:
    assert _fault(tmp_path, {"contacts.csv": "hs_object_id\n", "account.json": "{"}) == (
        "hubspot/account.json holds no JSON that can be read."
    )


def test_load_files__same_files_same_bytes(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"contacts.csv": "hs_object_id,email\n1,a@b.com\n"}
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert _load(tmp_path / "a", files).manifest_sha256 == _load(tmp_path / "b", files).manifest_sha256


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ('hs_object_id,a,b,c\n1,x,"y,z\n2,o,p,q\n3,r,s",t\n', "2 whole records"),
        ('hs_object_id,a,b\n1,x,"y\r\n2,o,p"\r\n', "a whole record"),
    ],
)
def test_load_files__quote_that_swallows_records(tmp_path: Path, text: str, records: str) -> None:
    assert _fault(tmp_path, {"contacts.csv": text}) == (
        f"hubspot/contacts.csv, line 2: the quotes of cell 3 hold what looks like {records} of the lines after."
    )


@pytest.mark.parametrize("note", ["one\ntwo", "Hello,\nred, green, blue", "a,b,c,d\ne,f,g,h", "one, two\n\n3, x, y"])
def test_load_files__notes_of_several_lines(tmp_path: Path, note: str) -> None:
    files: dict[str, str | bytes] = {
        "contacts.csv": f'hs_object_id,firstname,lastname,message\n1,x,y,"{note}"\n2,o,p,q\n'
    }
    assert [row["id"] for row in _rows(_load(tmp_path, files), "hubspot/contacts")] == ["1", "2"]
