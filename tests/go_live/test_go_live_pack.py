"""The go-live pack: what each sheet says, what is not checked, and that nobody shows where nobody should."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from dynsync_lib import kit
from dynsync_lib.cli.commands import app
from dynsync_lib.core.masking import Masking
from dynsync_lib.errors import SnapshotError, UsageError
from dynsync_lib.go_live.enrolments import count_enrolments
from dynsync_lib.go_live.sheets import SHEETS, Material
from dynsync_lib.go_live.texts import read_texts
from tests.kit.small_portals import load_portals
from tests.rulebook_texts import shipped_rulebook
from tests.worklist.small_worklist import C1, SETTINGS, small_forecast

PARTS = ("cannot_undo", "right", "embed", "drill")


@pytest.fixture(scope="module")
def forecast(tmp_path_factory: pytest.TempPathFactory) -> kit.Forecast:
    """The forecast of the small portals."""
    return small_forecast(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def named(forecast: kit.Forecast) -> kit.GoLivePack:
    """Its pack, with people named."""
    return kit.go_live_pack(forecast, forecast.folder.parent / "named", masking="none")


def rows_of(pack: kit.GoLivePack, title: str) -> list[dict[str, Any]]:
    """The rows of a sheet by heading."""
    lines = openpyxl.load_workbook(pack.folder / "go_live.xlsx")[title].iter_rows(values_only=True)
    headings = [str(cell) for cell in next(lines)]
    return [dict(zip(headings, line, strict=True)) for line in lines]


def listed(pack: kit.GoLivePack, name: str) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with (pack.folder / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def made_of(forecast: kit.Forecast, **other: Any) -> Material:
    """What the sheets are made of, without a replay and custom tables unless named."""
    usual = {"masking": Masking.NONE, "replay": None, "custom_tables": None}
    return Material(forecast, **{**usual, **other, "enrolments": count_enrolments(forecast)})


def rows(title: str, material: Material) -> list[tuple[object, ...]]:
    """The rows of a short sheet."""
    return [tuple(row) for sheet in SHEETS if sheet.title == title for row in sheet.rows(material)]


def test_pack__the_rollback_sheet_has_every_created_record_and_every_value_before(
    forecast: kit.Forecast, named: kit.GoLivePack
) -> None:
    created = {row["record_id"] for row in forecast.rows("outcomes", where={"outcome": "create"})}
    assert {row["made_of_id"] for row in listed(named, "created.csv")} == created != set()
    assert {row["created_in"] for row in listed(named, "created.csv")} == {"hubspot", "dynamics"}
    changes = forecast.rows("changes")
    values = listed(named, "values_before.csv")
    assert [row["value_before"] or None for row in values] == [row["old_value"] for row in changes]
    (title,) = (row for row in values if row["field"] == "jobtitle" and row["system"] == "hubspot")
    assert (title["record_id"], title["value_before"], title["value_after"]) == ("1", "Boss", "Chief")
    assert title["how_to_undo"] == "Write the value before."
    *shown, last = rows_of(named, "Values before")
    assert named.rows["Values before"] == len(shown) == len(values)
    assert str(last["system"]).startswith("not checked: What was not delivered or compared is not in it")


def test_pack__counts_the_records_that_would_enter_automations(forecast: kit.Forecast, named: kit.GoLivePack) -> None:
    created = forecast.rows("outcomes", where={"outcome": "create", "system": "dynamics"})
    written = {row["hubspot_id"] for row in forecast.rows("changes", where={"target_system": "hubspot"})}
    known = [row for row in created if row["object"] != "invoice"]  # HubSpot's invoices were not delivered
    assert (len(created), len(known)) == (3, 2)
    assert named.would_enter["hubspot"] == len(known) + len(written)
    (contacts,) = (
        row
        for row in rows_of(named, "Automations to pause")
        if (row["System"], row["Records"]) == ("HubSpot", "contacts")
    )
    numbers = [contacts[name] for name in ("Created", "Updated", "Would enter", "State")]
    assert numbers == [0, "at least 1", "at least 1", "not checked"]  # not all of their columns were delivered


def test_pack__the_first_48_hours_are_the_forecast_by_sync_healths_lists(
    forecast: kit.Forecast, named: kit.GoLivePack
) -> None:
    watched = rows_of(named, "First 48 hours")
    assert sum(row["Number"] or 0 for row in watched) == sum(row["count"] for row in forecast.rows("summary"))
    lists = [row["Sync Health"] for row in watched]
    assert lists == sorted(lists, key=["in_sync", "excluded", "failing", "stop rule", "not checked"].index)
    (stop,) = (row for row in watched if row["Sync Health"] == "stop rule")
    assert "Switch off when more than" in str(stop["Look at"])


def test_pack__what_nobody_told_is_not_checked(named: kit.GoLivePack) -> None:
    assert {row["State"] for row in rows_of(named, "Rights")} == {"not checked"}
    assert {row["State"] for row in rows_of(named, "HubSpot Embed")} == {"not checked"}
    replayed = rows_of(named, "After go-live")[:3]
    assert [row["Number"] for row in replayed] == ["not checked"] * 3
    (table,) = rows_of(named, "Custom tables")
    assert table["Records"] == "not checked"
    assert named.not_checked > 10


@pytest.mark.parametrize("level", ["partial", "pseudonym"])
def test_pack__masked_shows_nobody(forecast: kit.Forecast, tmp_path: Path, level: str) -> None:
    pack = kit.go_live_pack(forecast, tmp_path / "pack", masking=level)
    titles = [row for row in listed(pack, "values_before.csv") if row["field"] == "jobtitle"]
    assert {row["value_before"] for row in titles} == {"(filled)"}
    texts = (pack.folder / "created.csv").read_text(encoding="utf-8")
    assert not any(name in texts for name in ("ada@", "Ada", "Byron", "not an address"))
    assert "no value of a person can be put back" in str(rows_of(pack, "Read me"))


def test_pack__counts_list_no_record_and_no_few_people(forecast: kit.Forecast, tmp_path: Path) -> None:
    pack = kit.go_live_pack(forecast, tmp_path / "pack", masking="counts")
    assert sorted(path.name for path in pack.folder.iterdir()) == ["go_live.json", "go_live.xlsx"]
    (contacts,) = (row for row in rows_of(pack, "Values before") if row["object"] == "contact")
    assert contacts["records"] == 5  # one to four are told as five
    watched = [row["Number"] for row in rows_of(pack, "First 48 hours") if row["Records"] == "contacts"]
    assert set(watched) == {5}
    entering = [row for row in rows_of(pack, "Automations to pause") if row["Records"] in ("contacts", "leads")]
    numbers = {str(row[name]) for row in entering for name in ("Created", "Updated", "Would enter")}
    assert numbers == {"0", "at least 5", "not checked"}
    assert C1 not in str([rows_of(pack, title) for title in ("Created", "Values before")])


def test_pack__replaces_an_earlier_one_and_nothing_else(forecast: kit.Forecast, tmp_path: Path) -> None:
    pack = kit.go_live_pack(forecast, tmp_path / "pack")
    written = {path.name: path.read_bytes() for path in pack.folder.iterdir()}
    kit.go_live_pack(forecast, tmp_path / "pack")
    assert {path.name: path.read_bytes() for path in pack.folder.iterdir()} == written
    (pack.folder / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"holds mine\.txt, which is no part of a go-live pack"):
        kit.go_live_pack(forecast, tmp_path / "pack")
    with pytest.raises(UsageError, match="`all` is no level of masking"):
        kit.go_live_pack(forecast, tmp_path / "other", masking="all")
    with pytest.raises(UsageError, match="A masked forecast is shown at its own level"):
        kit.go_live_pack(forecast.masked(), tmp_path / "other", masking="none")
    with pytest.raises(SnapshotError, match="is no replay"):
        kit.go_live_pack(forecast, tmp_path / "other", replay=tmp_path / "pack")
    assert not (tmp_path / "other").exists()


def test_afterwards__has_the_numbers_of_a_replay(forecast: kit.Forecast, tmp_path: Path) -> None:
    snapshot, settings = forecast.folder.parent / "s", tmp_path / "dynsync.toml"
    settings.write_text(SETTINGS, encoding="utf-8")
    later = shutil.copytree(snapshot, tmp_path / "later")
    manifest = later / "manifest.json"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(re.sub(r'("finished_at": ")\d{4}', r"\g<1>2099", text), encoding="utf-8")
    kit.replay(snapshot, later, settings, tmp_path / "replay", bindings=forecast.folder)
    pack = kit.go_live_pack(forecast, tmp_path / "pack", replay=tmp_path / "replay")
    assert [row["Number"] for row in rows_of(pack, "After go-live")][:3] == [0, 0, 0]


def test_custom_tables__are_listed_with_the_associations_that_are_lost(forecast: kit.Forecast) -> None:
    material = made_of(forecast, custom_tables=["new_region: contact new_regionid, company new_regionid"])
    assert rows("Custom tables", material) == [
        (
            "new_region",
            "contact new_regionid, company new_regionid",
            "not checked",
            "Data Sync can sync it and keeps none of its associations.",
            "All through contact new_regionid, company new_regionid are lost.",
        )
    ]


def test_create_only__names_mapped_fields_that_are_mostly_set_once(
    forecast: kit.Forecast, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No mapping is of a field" in str(rows("Create only", made_of(forecast)))
    mapping = {"object": "contact", "hubspot_field": "hubspot_owner_id", "dynamics_field": "_ownerid_value"}
    asked = kit.Forecast.rows

    def with_owner(self: kit.Forecast, table: str, **how: Any) -> list[dict[str, Any]]:
        return (
            [{**mapping, "allowed_directions": "two_way", "reason": None}]
            if table == "mapping"
            else asked(self, table, **how)
        )

    monkeypatch.setattr(kit.Forecast, "rows", with_owner)
    (owner, *_) = rows("Create only", made_of(forecast))
    assert owner[:6] == ("contacts", "hubspot_owner_id", "_ownerid_value", "two_way", 0, 0)
    assert "routing rule" in str(owner[6])


@pytest.mark.parametrize("part", PARTS)
def test_texts__name_rules_that_there_are(part: Any) -> None:
    rules = shipped_rulebook().rules
    named = [entry["rule_id"] for entry in read_texts(part) if "rule_id" in entry]
    assert [rule_id for rule_id in named if rule_id not in rules] == []
    assert read_texts(part)


def test_command__prints_the_headline_as_json_and_as_a_list(forecast: kit.Forecast, tmp_path: Path) -> None:
    line = ["go-live", "--forecast", str(forecast.folder), "--out", str(tmp_path / "pack")]
    shown = CliRunner().invoke(app, [*line, "--json"])
    told = json.loads(shown.stdout)
    assert (shown.exit_code, set(told)) == (
        0,
        {"folder", "would_enter", "rows", "not_checked", "incomplete", "unchecked"},
    )
    assert "records would enter automations in HubSpot" in CliRunner().invoke(app, line).stdout


def small_pack(folder: Path, **files: str) -> kit.GoLivePack:
    """The pack of a forecast of contacts, of which nothing but these files was delivered."""
    snapshot = load_portals(folder, {f"{system}/contacts": text for system, text in files.items()})
    (folder / "dynsync.toml").write_text("[sync.contact]\n", encoding="utf-8")
    return kit.go_live_pack(kit.forecast(snapshot, folder / "dynsync.toml", folder / "forecast"), folder / "pack")


def test_pack__without_a_side_knows_no_number(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    pack = small_pack(tmp_path, h="hs_object_id,email\n1,a@example.com\n")
    assert pack.would_enter == {"hubspot": None, "dynamics": None}
    assert (pack.rows["Created"], pack.rows["Values before"]) == (1, None)
    assert pack.incomplete == ("hubspot", "dynamics", "Created", "Values before")
    assert {row["Created"] for row in rows_of(pack, "Automations to pause")[:2]} == {"not checked"}
    assert "Incomplete: Created and Values before." in str(rows_of(pack, "Read me"))
    shared = next(row for row in rows_of(pack, "After go-live") if "share an address" in row["What"])
    assert shared["Number"] == "not checked"
    assert "nobody knows how many are created" in str(rows_of(pack, "First 48 hours"))


def test_pack__of_mappings_that_were_not_compared_is_incomplete(tmp_path: Path) -> None:
    delivered = {
        "h": "hs_object_id,email\n1,a@example.com\n2,b@example.com\n",
        "d": f"contactid,emailaddress1\n{C1},a@example.com\n",
    }
    pack = small_pack(tmp_path, **delivered)
    assert pack.would_enter == {"hubspot": None, "dynamics": 1}
    assert (pack.rows["Created"], pack.rows["Values before"]) == (1, None)
    assert pack.incomplete == ("hubspot", "dynamics", "Values before")
    (row,) = (row for row in rows_of(pack, "Automations to pause") if row["System"] == "Dynamics")
    assert (row["Created"], row["Updated"], row["Would enter"]) == (1, "not checked", "at least 1")
    assert "at least 1 in Dynamics" in str(rows_of(pack, "Read me"))
    assert str(rows_of(pack, "Values before")[-1]["system"]).startswith("not checked: ")
    assert pack.unchecked[0].startswith("Not checked: Values of mapped columns")
