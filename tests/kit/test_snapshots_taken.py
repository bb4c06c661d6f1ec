"""Snapshots for a notebook: opened, loaded or refused with one call, and what they hold, lack and may not see."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib import kit
from dynsync_lib.errors import InputFileError, SettingsError
from dynsync_lib.kit.connections import Addresses
from dynsync_lib.portals.check.lines import CheckLine, CheckReport
from dynsync_lib.report.sides import show_holdings
from dynsync_lib.snapshot.gaps import find_gaps
from dynsync_lib.snapshot.snapshot import Snapshot
from tests.kit.small_portals import load_portals

FILES = {
    "h/contacts": "hs_object_id,email,Shoe size\n1,ann@c.example,38\n",
    "d/contacts": "contactid,emailaddress1\nd1,ann@c.example\n",
}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return load_portals(tmp_path_factory.mktemp("taken"), FILES)


def test_find_gaps__of_files_name_what_is_missing_and_guessed(snapshot: Snapshot) -> None:
    gaps = [(gap.state, gap.about, gap.says) for gap in find_gaps(snapshot)]
    assert ("missing", "hubspot/deals", "The table was not delivered.") in gaps
    assert ("missing", "hubspot/links", "Associations of HubSpot were not delivered.") in gaps
    assert [about for state, about, said in gaps if "out of the box" in said] == ["", ""]
    assert ("guessed", "hubspot/contacts.csv", "1 heading is not known: Shoe size.") in gaps
    assert [about for state, about, _ in gaps if state == "not_checked"] == [""]


def test_holdings__a_table_that_was_not_delivered_has_no_number(snapshot: Snapshot) -> None:
    piece = kit.holdings(snapshot)
    assert piece.sentence == (
        "2 records, owners and users among them. Taken from exported files, as of 2026-11-23 00:00 UTC. "
        "9 tables were not delivered."
    )
    assert piece.html.count("Not delivered") == 9
    assert ">0 · not delivered</text>" not in piece.html
    assert ">not delivered</text>" in piece.html


def test_holdings__of_nothing_is_a_sentence() -> None:
    row = {"table": "hubspot/contacts", "records": 0, "server_records": 0, "columns": 3}
    assert "no record was read" in show_holdings([row], "Taken.").html


def test_take_snapshot__loads_then_opens_what_is_there(tmp_path: Path, snapshot: Snapshot) -> None:
    said: list[str] = []
    ours, theirs = (snapshot.path.parent / name for name in ("h", "d"))
    first = kit.take_snapshot(
        "none.toml", tmp_path / "s", hubspot_files=ours, dynamics_files=theirs, progress=said.append
    )
    again = kit.take_snapshot("none.toml", tmp_path / "s", progress=said.append)
    assert first.snapshot.manifest_sha256 == again.snapshot.manifest_sha256
    assert said == [
        "Loading the files: every cell is read ...",
        f"{tmp_path / 's'} is there already: it is opened, and no portal is asked. "
        "Name another folder to take a new one.",
    ]
    assert "was not asked" in kit.gaps_table(again).html


def test_take_snapshot__asks_both_portals_before_it_pulls(
    tmp_path: Path, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (
        CheckLine("hubspot", "portal", "ok", "HubSpot answers."),
        CheckLine("dynamics", "leads", "fault", "Leads may not be read.", "Give the user a role that reads them."),
    )

    def pull(settings: str, out: Path, *, addresses: Addresses | None, progress: Any) -> Snapshot:
        assert (settings, out, addresses, progress) == ("mine.toml", tmp_path / "s", None, None)
        return snapshot

    def check(settings: str, *, addresses: Addresses | None) -> CheckReport:
        assert (settings, addresses) == ("mine.toml", None)
        return CheckReport(lines)

    monkeypatch.setattr("dynsync_lib.kit.snapshots.pull", pull)
    monkeypatch.setattr("dynsync_lib.kit.snapshots.check", check)
    piece = kit.gaps_table(kit.take_snapshot("mine.toml", tmp_path / "s"))
    assert piece.sentence.endswith("things to know: 1 refused, 10 missing, 4 guessed, 1 not checked")
    assert piece.html.index("Leads may not be read.") < piece.html.index("Give the user a role")
    assert "Both portals were asked; 1 of their answers is as it should be." in piece.html


@pytest.mark.parametrize(
    ("parameters", "fault", "says"),
    [
        ({}, SettingsError, "none.toml"),
        ({"hubspot_files": "nowhere"}, InputFileError, "nowhere is no folder"),
    ],
)
def test_take_snapshot__wrong_parameters_are_a_sentence(
    parameters: Mapping[str, Any], fault: type[Exception], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(fault, match=says):
        kit.take_snapshot("none.toml", "s", **parameters)
    assert list(tmp_path.iterdir()) == []


def test_errors__are_a_sentence_and_a_next_step_in_a_notebook() -> None:
    error = InputFileError("nowhere is no folder.", next_step="Name the folder that holds the exported files.")
    assert error._render_traceback_() == ["nowhere is no folder.", "Name the folder that holds the exported files."]
    assert SettingsError(["one", "two"])._render_traceback_() == [
        "one",
        "two",
        "Correct the settings file and run again.",
    ]
