"""Plans of the demo world and of small portals: what they show, hide, keep and refuse."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from dynsync_lib import kit
from dynsync_lib.cli.commands import app
from dynsync_lib.errors import DynsyncError, UsageError
from dynsync_lib.rehearsal.lacking import needs_of, still_lacking
from dynsync_lib.rehearsal.planning import covered_items, sample_search
from dynsync_lib.rehearsal.planning.unwritable import NAMELESS, TWICE
from dynsync_lib.rehearsal.rehearsal_folder import Rehearsal, Step, open_rehearsal
from dynsync_lib.snapshot.snapshot import Snapshot, open_snapshot
from tests.everyday import one_of_each
from tests.kit.small_portals import load_portals

ROOT = Path(__file__).resolve().parents[2]
KEY = bytes(range(32))
PEOPLE = ["Wilhelmina", "Quackenbush", "wilhelmina@quackenbush.example", "Quackenbush Holding", "Quackenbushallee 7"]
SMALL = {
    "h/contacts": "hs_object_id,email,firstname,lastname,phone,createdate\n"
    "1,wilhelmina@quackenbush.example,Wilhelmina,Quackenbush,+49 30 7654321,2024-05-01T00:00:00Z\n"
    "2,bob@other.example,Bob,Other,,2024-05-02T00:00:00Z\n"
    "9,,Nobody,Noaddress,,2024-05-02T00:00:00Z\n",
    "h/companies": "hs_object_id,name,domain,address\n7,Quackenbush Holding,quackenbush.example,Quackenbushallee 7\n",
    "h/links": "contact_id,company_id,is_primary\n1,7,true\n",
    "d/contacts": "contactid,emailaddress1,firstname,lastname,statecode,createdon\n"
    "11111111-1111-4111-8111-000000000002,WILHELMINA@quackenbush.example,Willa,Quackenbush,0,2023-01-01T00:00:00Z\n"
    "11111111-1111-4111-8111-000000000001,wilhelmina@quackenbush.example,Minna,Quackenbush,0,2023-01-02T00:00:00Z\n"
    "11111111-1111-4111-8111-000000000003,not an address,Carl,Third,0,2023-01-02T00:00:00Z\n",
    "d/accounts": "accountid,name\n22222222-2222-4222-8222-000000000001,quackenbush  holding\n",
}
SETTINGS = "[sync.company]\n[sync.contact]\n"


@pytest.fixture(scope="module")
def small_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small snapshot, settings and their plan `r`, which no test changes."""
    folder = tmp_path_factory.mktemp("small")
    load_portals(folder, SMALL)
    (folder / "dynsync.toml").write_text(SETTINGS, encoding="utf-8")
    plan(folder)
    return folder


@pytest.fixture
def planned(small_once: Path, tmp_path: Path) -> Rehearsal:
    """The small plan in a copy of its folder."""
    shutil.copytree(small_once, tmp_path, dirs_exist_ok=True)
    return open_rehearsal(tmp_path / "r")


@pytest.fixture
def small(planned: Rehearsal) -> Path:
    """A folder with a small snapshot and settings."""
    shutil.rmtree(planned.folder)
    return planned.folder.parent


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Rehearsal, kit.Forecast]:
    """The demo world, its plan, and its whole forecast."""
    folder, sample = tmp_path_factory.mktemp("plan"), ROOT / "sample_data"
    snapshot = kit.load(sample / "hubspot", sample / "dynamics", folder / "s")
    forecast = kit.forecast(snapshot, sample / "dynsync.toml", folder / "f")
    kit.plan_rehearsal(snapshot, sample / "dynsync.toml", folder / "r", forecast=folder / "f", key=KEY)
    return snapshot, open_rehearsal(folder / "r"), forecast


@pytest.fixture(params=["small", pytest.param("demo", marks=pytest.mark.long)])
def world(request: pytest.FixtureRequest) -> tuple[Snapshot, Rehearsal, kit.Forecast]:
    """A world, its plan, and its whole forecast."""
    if request.param == "demo":
        of_demo: tuple[Snapshot, Rehearsal, kit.Forecast] = request.getfixturevalue("demo")
        return of_demo
    folder: Path = request.getfixturevalue("small_once")
    if not (folder / "f").exists():
        kit.forecast(folder / "s", folder / "dynsync.toml", folder / "f")
    return open_snapshot(folder / "s"), open_rehearsal(folder / "r"), kit.open_forecast(folder / "f")


def plan(folder: Path, out: str = "r", *, settings: str = "dynsync.toml", key: bytes | None = KEY) -> Rehearsal:
    return kit.plan_rehearsal(folder / "s", folder / settings, folder / out, key=key)


# --- What is shown -------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_demo__every_outcome_reason_and_rule_is_shown(demo: tuple[Snapshot, Rehearsal, kit.Forecast]) -> None:
    _, rehearsal, forecast = demo
    shown = {item["id"] for item in rehearsal.info["covered"]}
    columns = ("system", "object", "outcome", "reason", "rule_id")
    outcomes = {"/".join(row[name] or "-" for name in columns) for row in forecast.counts("outcomes", columns)}
    assert {id_ for id_ in outcomes if f"outcome/{id_}" not in shown} == {
        "hubspot/contact/shadowed/-/contact.first-per-email"  # two contacts with one address, which no portal holds
    }
    for row in forecast.counts("links", ["from_system", "from_object", "to_object", "status", "rule_id"]):
        assert "link/" + "/".join(list(row.values())[:5]) in shown
    assert len(rehearsal.info["not_covered"]) <= 8
    assert all(item["why"].endswith(".") for item in rehearsal.info["not_covered"])
    assert len(rehearsal.sample()) < 220


def test_each_look_alike_becomes_what_its_original_becomes(world: tuple[Snapshot, Rehearsal, kit.Forecast]) -> None:
    _, rehearsal, forecast = world
    whole = {(row["system"], row["object"], row["record_id"]): row for row in forecast.rows("outcomes")}
    planned = {(row["system"], row["object"], row["record_id"]): row for row in rehearsal.planned().rows("outcomes")}
    told = ("outcome", "reason", "rule_id")
    for row in rehearsal.sample():
        original = whole[row["system"], row["object"], row["record_id"]]
        look_alike = planned[row["system"], row["object"], row["look_alike_id"]]
        assert [original[name] for name in told] == [look_alike[name] for name in told] == [row[name] for name in told]


@pytest.mark.long
def test_demo__no_text_of_the_portals_is_in_the_folder(demo: tuple[Snapshot, Rehearsal, kit.Forecast]) -> None:
    snapshot, rehearsal, _ = demo
    personal = {
        text.strip().lower()
        for name, columns in {
            "hubspot/contacts": ("email", "firstname", "lastname", "phone", "mobilephone", "address"),
            "hubspot/companies": ("name", "domain", "phone"),
            "hubspot/owners": ("email",),
            "dynamics/contacts": ("emailaddress1", "firstname", "lastname", "fullname", "telephone1"),
            "dynamics/accounts": ("name", "websiteurl", "telephone1"),
            "dynamics/leads": ("emailaddress1", "lastname", "companyname", "subject"),
            "dynamics/users": ("internalemailaddress", "fullname"),
        }.items()
        for column in set(columns) & set(snapshot.columns(name))
        for text in pq.ParquetFile(snapshot.table_path(name)).read().column(column).to_pylist()
        if text and len(text.strip()) >= 6
    }
    assert len(personal) > 2_000
    everything = "\n".join(texts_in(rehearsal.folder))
    assert [text for text in personal if text in everything] == []


def texts_in(folder: Path) -> Iterator[str]:
    """All texts of a rehearsal's folder in lower case, but the portals' metadata."""
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".parquet" and path.stem not in ("properties", "columns"):
            for row in pq.ParquetFile(path).read().to_pylist():
                yield from (str(value).lower() for value in row.values())
        elif path.is_file() and path.suffix != ".parquet":
            yield path.read_text(encoding="utf-8").lower()


def test_plan__looks_like_the_portals(world: tuple[Snapshot, Rehearsal, kit.Forecast]) -> None:
    snapshot, rehearsal, _ = world
    look_alikes = rehearsal.look_alikes()
    assert look_alikes.taken_at == snapshot.taken_at
    assert look_alikes.manifest["portals"]["hubspot"] == {"id": None, "type": None}
    assert [row["id"] for row in rows_of(look_alikes, "hubspot/contacts")][:3] == ["1", "2", "3"][
        : len(rows_of(look_alikes, "hubspot/contacts"))
    ]
    guids = [row["id"] for row in rows_of(look_alikes, "dynamics/contacts")]
    assert all(guid.replace("-", "").startswith(rehearsal.tag) for guid in guids)
    assert [row["guid_sql_key"] for row in rows_of(look_alikes, "dynamics/contacts")] == sorted(
        row["guid_sql_key"] for row in rows_of(look_alikes, "dynamics/contacts")
    )
    assert rehearsal.step is Step.PLANNED


def rows_of(snapshot: Snapshot, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.ParquetFile(snapshot.table_path(name)).read().to_pylist()
    return rows


# --- What is kept and hidden ---------------------------------------------------------------------------------------


def test_planted_people_are_nowhere(small_once: Path) -> None:
    everything = "\n".join(texts_in(small_once / "r"))
    assert [text for text in PEOPLE if text.lower() in everything] == []
    assert "7654321" not in everything
    assert "11111111-1111-4111-8111-000000000002" in everything  # the ids of the originals stand beside the new ones


def test_case_blanks_and_order_are_kept(small_once: Path) -> None:
    rehearsal = open_rehearsal(small_once / "r")
    look_alikes = rehearsal.look_alikes()
    new = {row["record_id"]: row["look_alike_id"] for row in rehearsal.sample()}
    people = {row["id"]: row for row in rows_of(look_alikes, "dynamics/contacts")}
    first, later = (people[new[f"11111111-1111-4111-8111-00000000000{number}"]] for number in (1, 2))
    assert (first["api_rank"], later["api_rank"]) == (0, 1)
    assert first["email_key"] == later["email_key"]
    assert str(later["emailaddress1"]).startswith(str(first["emailaddress1"]).partition("@")[0].upper() + "@")
    assert rows_of(look_alikes, "hubspot/companies")[0]["domain"] == str(first["emailaddress1"]).partition("@")[2]
    assert [row["is_primary"] for row in rows_of(look_alikes, "hubspot/links")] == [True]


@pytest.mark.long
def test_the_same_key_gives_the_same_bytes(planned: Rehearsal) -> None:
    assert bytes_of(plan(planned.folder.parent, "again").folder) == bytes_of(planned.folder)


def test_another_key_gives_other_names(planned: Rehearsal) -> None:
    other = plan(planned.folder.parent, "other", key=bytes(32))
    assert bytes_of(planned.folder).keys() == bytes_of(other.folder).keys()
    assert planned.tag != other.tag
    assert planned.info["records"] == other.info["records"]


def test_a_forecast_that_is_there_already__gives_the_same_plan(planned: Rehearsal) -> None:
    folder = planned.folder.parent
    kit.forecast(folder / "s", folder / "dynsync.toml", folder / "f")
    kit.plan_rehearsal(folder / "s", folder / "dynsync.toml", folder / "a", forecast=folder / "f", key=KEY)
    assert bytes_of(folder / "a") == bytes_of(planned.folder)


def test_a_plan_is_replaced_with_its_own_key(planned: Rehearsal) -> None:
    first = bytes_of(planned.folder)
    assert bytes_of(plan(planned.folder.parent, key=None).folder) == first


def test_a_key_of_its_own__is_private_and_stands_nowhere_else(small: Path) -> None:
    first = bytes_of(plan(small, key=None).folder)
    assert (small / "r" / "secrets.key").stat().st_mode & 0o077 == 0
    assert (small / "r" / "secrets.key").read_text(encoding="ascii").strip() not in "".join(
        text.decode("utf-8", "replace") for name, text in first.items() if name != "secrets.key"
    )


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- What cannot be shown ------------------------------------------------------------------------------------------


def test_a_filter_on_a_time_that_a_portal_sets__is_named(small: Path) -> None:
    text = f'{SETTINGS}filter_to_dynamics = "createdate < 2024-05-03"\n'
    (small / "old.toml").write_text(text, encoding="utf-8")
    left = {item["id"]: item["why"] for item in plan(small, settings="old.toml").info["not_covered"]}
    why = "Its look-alike would be excluded: a filter asks createdate, which a portal sets itself."
    assert left["outcome/hubspot/contact/create/-/record.create"] == why


def test_a_time_of_creation_in_dynamics__is_brought_along(small: Path) -> None:
    text = f'{SETTINGS}filter_to_hubspot = "createdon < 2023-01-02"\n'
    (small / "old.toml").write_text(text, encoding="utf-8")
    shown = {item["id"] for item in plan(small, settings="old.toml").info["covered"]}
    assert "outcome/dynamics/contact/excluded/filter/record.filter" in shown


@pytest.mark.parametrize(
    ("days", "until"),
    one_of_each(
        [(30, "2026-12-20T00:00:00Z"), (5, "2026-11-25T00:00:00Z"), (1, None)], lambda _, until: until is not None
    ),
)
def test_filters_on_the_last_days__say_until_when_the_plan_holds(tmp_path: Path, days: int, until: str | None) -> None:
    people = "d1,a@c.example,2026-11-20\nd3,c@c.example,2020-01-01\n"
    load_portals(
        tmp_path,
        {
            "h/contacts": "hs_object_id,email\n1,z@c.example\n",
            "d/contacts": f"contactid,emailaddress1,birthdate\n{people}",
        },
    )
    text = '[sync.contact]\nfilter_to_hubspot = "birthdate within last {days} days"\n'
    (tmp_path / "dynsync.toml").write_text(text.format(days=days), encoding="utf-8")
    assert plan(tmp_path).info["holds_until"] == until


def test_what_hubspot_would_refuse__is_named(tmp_path: Path) -> None:
    people = "1,a@c.example,Ann\n2,A@c.example,Ann\n3,no address,Bob\n4,,\n5,d@c.example,Dora\n"
    load_portals(
        tmp_path,
        {
            "h/contacts": f"hs_object_id,email,firstname\n{people}",
            "d/contacts": "contactid,emailaddress1\nd1,e@c.example\n",
        },
    )
    (tmp_path / "dynsync.toml").write_text("[sync.contact]\n", encoding="utf-8")
    planned = plan(tmp_path)
    left = {item["id"]: item["why"] for item in planned.info["not_covered"] if item["id"].startswith("outcome/hubspot")}
    assert left == {
        "outcome/hubspot/contact/excluded/no_email/contact.no-email": NAMELESS,
        "outcome/hubspot/contact/shadowed/-/contact.first-per-email": TWICE,
    }
    assert {row["record_id"] for row in planned.sample()} & {"2", "3", "4"} == set()


@pytest.mark.long
def test_what_test_portals_lack__is_said_with_where_to_add_it(demo: tuple[Snapshot, Rehearsal, kit.Forecast]) -> None:
    snapshot, rehearsal, _ = demo
    lacking = {(row["system"], row["object"], row["kind"], row["name"]): row for row in rehearsal.info["lacking"]}
    tier = lacking["dynamics", "contact", "column", "new_customertier"]
    assert tier["how"].startswith("make.powerapps.com > the test environment > Tables > contact > Columns > New column")
    assert ("hubspot", "contact", "property", "email") not in lacking
    needs = needs_of(rehearsal.look_alikes(), kit.rulebook())
    have = dict(needs.addresses)
    catalogue = kit.read_catalogue(snapshot)
    assert still_lacking(needs, catalogue, addresses=have, currencies=needs.currencies) == []


def test_large_portals__more_are_tried_where_the_first_and_the_last_cannot_be_brought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = "".join(f"{number},{name},Person\n" for number, name in enumerate("abcdefg", 1)).replace(
        "b,", "b@c.example,"
    )
    load_portals(
        tmp_path,
        {
            "h/contacts": f"hs_object_id,email,firstname\n{people}",
            "d/contacts": "contactid,emailaddress1\nd1,z@c.example\n",
        },
    )
    (tmp_path / "dynsync.toml").write_text("[sync.contact]\n", encoding="utf-8")
    monkeypatch.setattr(covered_items, "ALL_ARE_CANDIDATES", 0)
    monkeypatch.setattr(sample_search, "ALL_ARE_CANDIDATES", 0)
    planned = plan(tmp_path)
    assert [row["record_id"] for row in planned.sample() if row["system"] == "hubspot"] == ["2"]
    assert "outcome/hubspot/contact/create/-/record.create" in {item["id"] for item in planned.info["covered"]}


# --- What is refused -----------------------------------------------------------------------------------------------


def test_a_plan_whose_look_alikes_may_stand_in_portals__is_not_replaced(planned: Rehearsal) -> None:
    planned.journal_path.write_text("", encoding="utf-8")
    before = bytes_of(planned.folder)
    with pytest.raises(UsageError, match=r"r is a rehearsal that was begun"):
        plan(planned.folder.parent)
    assert bytes_of(planned.folder) == before
    assert planned.step is Step.WRITING


def test_a_rehearsal_that_was_begun__is_given_back_when_it_is_wanted(planned: Rehearsal) -> None:
    folder = planned.folder.parent
    same = (folder / "s", folder / "dynsync.toml", planned.folder)
    planned.journal_path.write_text("", encoding="utf-8")
    before = bytes_of(planned.folder)
    assert kit.plan_rehearsal(*same, keep_begun=True) == planned
    assert bytes_of(planned.folder) == before
    (folder / "dynsync.toml").write_text(f"{SETTINGS}direction = 'to_hubspot'\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"r is a rehearsal of other settings that was begun") as caught:
        kit.plan_rehearsal(*same, keep_begun=True)
    assert "in a notebook in its parameter `folder`" in str(caught.value.next_step)
    (planned.folder / "rehearsal.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match=r"r is a rehearsal that was begun"):
        plan(folder)


def test_a_forecast_of_something_else__is_refused(small: Path) -> None:
    (small / "other.toml").write_text("[sync.contact]\n", encoding="utf-8")
    kit.forecast(small / "s", small / "other.toml", small / "f")
    with pytest.raises(UsageError, match="was made with other settings"):
        kit.plan_rehearsal(small / "s", small / "dynsync.toml", small / "r", forecast=small / "f")
    assert not (small / "r").exists()


@pytest.mark.parametrize(
    ("snapshot", "settings", "out", "said"),
    [
        ("nowhere", "dynsync.toml", "r", "is no snapshot"),
        ("s", "nowhere.toml", "r", "is not there"),
        ("s", "dynsync.toml", "s", "holds something else than a rehearsal"),
    ],
)
def test_bad_input__one_sentence_and_nothing_written(
    small: Path, snapshot: str, settings: str, out: str, said: str
) -> None:
    before = bytes_of(small)
    with pytest.raises(DynsyncError, match=said):
        kit.plan_rehearsal(small / snapshot, small / settings, small / out)
    assert bytes_of(small) == before


def test_a_folder_that_is_no_rehearsal__is_refused(tmp_path: Path) -> None:
    with pytest.raises(DynsyncError, match=r"is no rehearsal: it has no rehearsal\.json"):
        open_rehearsal(tmp_path)
    (tmp_path / "rehearsal.json").write_text('{"version": 99}', encoding="utf-8")
    with pytest.raises(DynsyncError, match="is of version 99, and this kit reads version 1"):
        open_rehearsal(tmp_path)


def test_key__too_short(small: Path) -> None:
    with pytest.raises(UsageError, match="A key of 3 bytes is too short"):
        plan(small, key=b"abc")


# --- The command ---------------------------------------------------------------------------------------------------


def test_command__json_and_words(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call = ["rehearse", "plan", str(small / "s"), "--settings", str(small / "dynsync.toml"), "--out", str(small / "r")]
    result = CliRunner().invoke(app, [*call, "--json"])
    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert told["tag"] == open_rehearsal(small / "r").tag
    assert told["writes"]["hubspot"]["records"] == told["records"]["hubspot/contacts"] + 1
    planned = open_rehearsal(small / "r")
    monkeypatch.setattr(kit, "plan_rehearsal", lambda *_, **__: planned)
    words = CliRunner().invoke(app, call).stdout
    assert "things that the forecast says are shown" in words
    assert f"Next:      dynsync rehearse seed {small / 'r'}" in words.replace("\n", "")
