"""The demo world: the same bytes from the same seed, in the order of the APIs, readable again."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dynsync_lib.core.keys import guid_sql_key
from dynsync_lib.core.tables import COLUMNS, PROPERTIES, RECORD_TABLES
from dynsync_lib.emulator.world.demo_world import World, build_world, main, read_world, write_world
from dynsync_lib.emulator.world.world_contents import TABLE_NAMES
from dynsync_lib.errors import InputFileError

SAMPLE_DATA = Path(__file__).parents[2] / "sample_data"


@pytest.fixture(scope="module")
def world() -> World:
    return build_world()


@pytest.fixture(scope="module")
def small() -> World:
    return build_world(scale=0)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_write_world__makes_sample_data_to_the_byte(world: World, tmp_path: Path) -> None:
    write_world(world, tmp_path)
    shipped = {name: text for name, text in bytes_of(SAMPLE_DATA).items() if name != "README.md"}
    assert bytes_of(tmp_path) == shipped, "run: python -m dynsync_lib.emulator.world sample_data"


def test_main__writes_the_same_bytes_under_another_hash_seed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dynsync_lib.emulator.world", str(tmp_path)]
    subprocess.run(command, check=True, env={"PYTHONHASHSEED": "4711", "PYTHONUTF8": "0"}, timeout=60)
    assert bytes_of(tmp_path)["truth.toml"] == (SAMPLE_DATA / "truth.toml").read_bytes()
    assert bytes_of(tmp_path)["dynamics/contacts.csv"] == (SAMPLE_DATA / "dynamics/contacts.csv").read_bytes()


@pytest.mark.parametrize("arguments", [[], ["one", "two"]])
def test_main__wants_one_folder(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="Name one folder"):
        main(arguments)


def test_read_world__reads_what_was_written(small: World, tmp_path: Path) -> None:
    write_world(small, tmp_path)
    assert read_world(tmp_path) == small


def test_read_world__reads_sample_data(world: World) -> None:
    assert read_world(SAMPLE_DATA) == world


def test_read_world__files_that_are_not_there_are_empty(tmp_path: Path) -> None:
    (tmp_path / "hubspot").mkdir()
    (tmp_path / "hubspot/contacts.csv").write_text("hs_object_id,email\n7,ada@p01.example\n8,\n", encoding="utf-8-sig")
    world = read_world(tmp_path)
    assert world.tables["hubspot/contacts"] == [
        {"hs_object_id": "7", "email": "ada@p01.example"},
        {"hs_object_id": "8", "email": None},
    ]
    assert world.tables["dynamics/contacts"] == []
    assert (world.truth, world.settings) == ((), "")
    assert world.account["accountType"] == "DEVELOPER_TEST"
    assert world.organization["Detail"]["OrganizationType"] == "CustomerTest"


def test_read_world__a_folder_without_tables(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="holds no world"):
        read_world(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("hubspot/contacts.csv", b"hs_object_id,email\n1,\xff\n", "no CSV file in UTF-8"),
        ("hubspot/contacts.csv", b'hs_object_id,email\n1,"a\n', "no CSV file in UTF-8"),
        ("hubspot/account.json", b"{", "no JSON"),
        ("truth.toml", b"[[case]]\nid = 'P01'\n", "no list of cases"),
        ("truth.toml", b"[[case]", "no list of cases"),
        ("dynsync.toml", b"\xff", "no text in UTF-8"),
    ],
)
def test_read_world__a_damaged_file(small: World, tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    write_world(small, tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputFileError, match=sentence):
        read_world(tmp_path)


def test_build_world__another_seed_is_another_crowd_around_the_same_cases(small: World) -> None:
    other = build_world(seed=1, scale=0)
    assert other.tables["dynamics/users"] != small.tables["dynamics/users"]
    assert [(case.id, case.says) for case in other.truth] == [(case.id, case.says) for case in small.truth]


def test_build_world__has_the_sizes_of_the_brief(world: World) -> None:
    sizes = {name: len(rows) for name, rows in world.tables.items()}
    assert {name: sizes[name] for name in RECORD_TABLES} == {
        "hubspot/contacts": 1200,
        "hubspot/companies": 260,
        "hubspot/deals": 120,
        "hubspot/invoices": 1,
        "hubspot/owners": 12,
        "dynamics/contacts": 1500,
        "dynamics/accounts": 340,
        "dynamics/leads": 180,
        "dynamics/opportunities": 120,
        "dynamics/invoices": 150,
        "dynamics/users": 12,
    }
    assert set(world.tables) == set(TABLE_NAMES)


def test_build_world__grows_with_its_scale() -> None:
    tables = build_world(scale=2).tables
    assert (len(tables["hubspot/contacts"]), len(tables["dynamics/contacts"])) == (2400, 3000)
    assert len(tables["dynamics/users"]) == 12


def test_build_world__six_in_ten_people_are_known_to_both(world: World) -> None:
    ours = {row["email"] for row in world.tables["hubspot/contacts"] if row["email"]}
    theirs = {row["emailaddress1"] for row in world.tables["dynamics/contacts"] if row["emailaddress1"]}
    assert 0.5 < len(ours & theirs) / len(ours) < 0.7


def test_build_world__names_come_from_several_alphabets(world: World) -> None:
    names = "".join(row["firstname"] or "" for row in world.tables["dynamics/contacts"])
    for letters in ("[ß-ÿ]", "[ğışŞİ]", "[ąćęłńśźż]", "[а-я]", "[α-ω]", "[ا-ي]", "[一-鿿]", "[ぁ-ん]"):
        assert re.search(letters, names), letters


def test_build_world__rows_stand_in_api_order(world: World) -> None:
    for name, table in RECORD_TABLES.items():
        ids = [str(row[table.id_field]) for row in world.tables[name]]
        keys = [int(id_) for id_ in ids] if name.startswith("hubspot/") else [guid_sql_key(id_) for id_ in ids]
        assert keys == sorted(keys), name


def test_build_world__ids_and_times_look_as_the_vendors_print_them(world: World) -> None:
    hubspot, dynamics = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    guid = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-b[0-9a-f]{3}-[0-9a-f]{12}"
    for name, table in RECORD_TABLES.items():
        ours = name.startswith("hubspot/")
        for row in world.tables[name]:
            assert re.fullmatch(r"[1-9]\d*" if ours else guid, str(row[table.id_field]))
            for column in (table.created_field, table.modified_field):
                assert re.fullmatch(hubspot if ours else dynamics, str(row[column])), (name, column)


def test_build_world__every_row_has_every_column(world: World) -> None:
    for name, rows in world.tables.items():
        assert {frozenset(row) for row in rows} == {frozenset(rows[0])}, name


def test_build_world__no_cell_is_an_empty_text(world: World) -> None:
    assert not [name for name, rows in world.tables.items() for row in rows if "" in row.values()]


def test_build_world__metadata_has_the_columns_of_the_model(world: World) -> None:
    assert tuple(world.tables[PROPERTIES.name][0]) == PROPERTIES.column_names
    assert tuple(world.tables[COLUMNS.name][0]) == COLUMNS.column_names


def test_build_world__links_say_primary_labels_and_deals(world: World) -> None:
    links = world.tables["hubspot/links"]
    assert {(row["from_object"], row["to_object"]) for row in links} == {
        ("contact", "company"),
        ("deal", "company"),
        ("deal", "contact"),
    }
    assert {row["label"] for row in links} == {None, "Board member", "Consultant", "Reseller"}
    primaries = [row["from_id"] for row in links if row["is_primary"] == "true"]
    assert len(primaries) == len(set(primaries))
    for row in links:
        between = (row["from_object"], row["to_object"]) == ("contact", "company")
        assert (row["contact_id"], row["company_id"]) == ((row["from_id"], row["to_id"]) if between else (None, None))


def test_build_world__settings_count_the_marketing_contacts(world: World) -> None:
    marketing = sum(row["hs_marketable_status"] == "true" for row in world.tables["hubspot/contacts"])
    assert f"marketing_contacts = {marketing}\nmarketing_tier = 1000\n" in world.settings
    assert 800 < marketing < 1000


def test_sample_data__is_utf_8_with_plain_line_ends(world: World) -> None:
    del world
    for name, content in bytes_of(SAMPLE_DATA).items():
        content.decode("utf-8")
        assert b"\r" not in content, name
        assert not content.startswith(b"\xef\xbb\xbf"), name
    account = json.loads((SAMPLE_DATA / "hubspot/account.json").read_text(encoding="utf-8"))
    assert account["accountType"] == "DEVELOPER_TEST"
