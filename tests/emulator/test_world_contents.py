"""Folders that hold no world, half of one, or something that only looks like one: refused with one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.emulator.world.demo_world import read_world
from dynsync_lib.emulator.world.world_folder import open_world
from dynsync_lib.errors import InputFileError

GUID = "00000000-0000-4000-8000-000000000001"
CONTACTS = "hs_object_id,email\n1,ada@x.example\n"
ORGANIZATION = {
    "WhoAmI": {"BusinessUnitId": GUID, "UserId": GUID, "OrganizationId": GUID},
    "Detail": {"OrganizationId": GUID, "TenantId": GUID, "OrganizationVersion": "9.2"},
}


def _world(folder: Path, files: dict[str, str]) -> Path:
    for name, text in {"hubspot/contacts.csv": CONTACTS, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def _read_whole(folder: Path) -> None:
    for rows in read_world(folder).tables.values():
        list(rows)
    with Emulator(open_world(folder)):
        pass


def _serve(folder: Path) -> None:
    with Emulator(open_world(folder)):
        pass


WRONG = [
    ("hubspot/tickets.csv", "hs_object_id\n1\n", "tickets.csv is no part of a world"),
    ("dynamics/companies.CSV", "accountid\n", "companies.CSV is no part of a world"),
    ("hubspot/manifest.json", "{}", "manifest.json is no part of a world"),
    ("hubspot/contacts.csv", "Record ID,Email\n1,a\n", "contacts.csv has no column hs_object_id"),
    ("hubspot/contacts.csv", "", "contacts.csv has no column hs_object_id"),
    ("hubspot/contacts.csv", "hs_object_id,email,Email\n1,a,b\n", "has the column 'email' twice"),
    ("hubspot/contacts.csv", "hs_object_id,\n1,\n", "has the column '', which is no name"),
    ("hubspot/contacts.csv", "hs_object_id,@rank\n1,\n", "has the column '@rank', which is no name"),
    ("hubspot/contacts.csv", "hs_object_id,a\x00b\n1,\n", "which is no name"),
    ("hubspot/contacts.csv", "hs_object_id," + ",".join(f"c{n}" for n in range(1_900)), "has 1901 columns"),
    ("hubspot/contacts.csv", "hs_object_id,email\n\n1,a,b\n", "has 3 cells in line 3 and 2 columns"),
    ("hubspot/contacts.csv", "hs_object_id,email\n1," + "x" * 200_000 + "\n", "is no CSV file in UTF-8"),
    ("hubspot/properties.csv", "name,type\nemail,string\n", "properties.csv has no column object"),
    ("hubspot/properties.csv", "object,name\nticket,a\n", "has a field, 'a', of 'ticket'"),
    ("hubspot/properties.csv", "object,name\ncontact,\n", "has a field, empty, of 'contact'"),
    ("hubspot/properties.csv", 'object,name,options\ncontact,a,"[1]"\n', "has options of 'a' that are no JSON list"),
    ("hubspot/properties.csv", f"object,name,options\ncontact,a,{'[' * 9_000}\n", "has options of 'a'"),
    ("dynamics/columns.csv", "object,name,options\ncontact,a,yes\n", "has options of 'a'"),
    ("hubspot/links.csv", "contact,company\n1,2\n", "links.csv has no column contact_id"),
    ("hubspot/links.csv", "from_object,from_id,to_object\n", "links.csv has no column to_id"),
    ("hubspot/links.csv", "from_object,from_id,to_object,to_id\ncontact,1,ticket,2\n", "has 'ticket' as to_object"),
    ("hubspot/account.json", "[]", "account.json cannot be used"),
    ("hubspot/account.json", "null", "account.json cannot be used"),
    ("hubspot/account.json", "{}", "has no `portalId`"),
    ("hubspot/account.json", '{"portalId": true}', "portalId"),
    ("hubspot/account.json", '{"portalId": 1, "utcOffsetMilliseconds": "x"}', "has 'x' as utcOffsetMilliseconds"),
    ("hubspot/account.json", '{"portalId": 1, "timeZone": "../../x"}', "has the time zone '../../x', which is none"),
    ("hubspot/account.json", "[" * 50_000, "account.json "),
    ("hubspot/account.json", '{"portalId": 1, "companyCurrency": ["EUR"]}', "`companyCurrency` is not a text or null"),
    (
        "dynamics/organization.json",
        json.dumps({**ORGANIZATION, "Detail": {**ORGANIZATION["Detail"], "UniqueName": [[]]}}),
        "UniqueName` is not a text or null",
    ),
    ("dynamics/organization.json", "{}", "has no `WhoAmI`"),
    ("dynamics/organization.json", json.dumps({**ORGANIZATION, "Detail": 5}), "`Detail` is no"),
    ("dynamics/organization.json", json.dumps({**ORGANIZATION, "Detail": {}}), "`Detail` has no `OrganizationId`"),
]


@pytest.mark.parametrize("read", [read_world, _serve], ids=["read", "served"])
@pytest.mark.parametrize(("name", "text", "says"), WRONG, ids=[f"{name} {says[:40]}" for name, _, says in WRONG])
def test_wrong_or_foreign_content__is_one_sentence(
    tmp_path: Path, name: str, text: str, says: str, read: Callable[[Path], object]
) -> None:
    with pytest.raises(InputFileError) as error:
        read(_world(tmp_path, {name: text}))
    assert says in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500 + len(str(tmp_path))


@pytest.mark.parametrize("id_", ["1_000", "-5", " 5", "9" * 19, "9" * 5_000, "1.0", ""])
def test_ids__that_a_portal_does_not_write(tmp_path: Path, id_: str) -> None:
    with pytest.raises(InputFileError, match="is no number"):
        _serve(_world(tmp_path, {"hubspot/contacts.csv": f"hs_object_id,email\n{id_},a\n"}))
    with pytest.raises(InputFileError, match="is not a number"):
        _serve(
            _world(
                tmp_path, {"hubspot/contacts.csv": CONTACTS, "hubspot/links.csv": f"contact_id,company_id\n1,{id_}\n"}
            )
        )


@pytest.mark.parametrize("id_", [f"{{{GUID}}}", GUID.replace("-", ""), f"urn:uuid:{GUID}", "1"])
def test_guids__that_a_portal_does_not_write(tmp_path: Path, id_: str) -> None:
    with pytest.raises(InputFileError, match="is no GUID"):
        _serve(_world(tmp_path, {"dynamics/contacts.csv": f"contactid\n{id_}\n"}))


def test_folders__that_are_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "snapshot").mkdir()
    (tmp_path / "snapshot" / "manifest.json").write_text("{}", encoding="utf-8")
    for name, says in (("gone", "is not there"), ("file", "is no folder"), ("snapshot", "holds no world")):
        with pytest.raises(InputFileError, match=says):
            open_world(tmp_path / name)


def test_tables__that_are_no_files(tmp_path: Path) -> None:
    (_world(tmp_path, {}) / "hubspot" / "companies.csv").mkdir()
    with pytest.raises(InputFileError, match=r"companies\.csv is no file"):
        open_world(tmp_path)


def test_files_of_other_kinds__do_not_matter(tmp_path: Path) -> None:
    organization = json.dumps(ORGANIZATION)
    files = {"README.md": "x", "notes.csv": "x", "hubspot/.DS_Store": "", "dynamics/organization.json": organization}
    _read_whole(_world(tmp_path, files))
