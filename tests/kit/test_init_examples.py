"""The ready examples of `dynsync init`, read against the demo portals and asked for what they promise."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dynsync_lib import kit
from dynsync_lib.core.model import Object
from dynsync_lib.core.sync.initial_sync import decide_sync
from dynsync_lib.engine import open_engine
from dynsync_lib.errors import UsageError
from dynsync_lib.forecasts.open_snapshot import open_situation
from dynsync_lib.snapshot.snapshot import Snapshot

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
TAKEN_AT = datetime(2025, 11, 14, tzinfo=UTC)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder = tmp_path_factory.mktemp("examples")
    return kit.load(SAMPLE / "hubspot", SAMPLE / "dynamics", folder / "s", taken_at=TAKEN_AT)


def rows(name: str) -> dict[str, dict[str, str]]:
    """The rows of a file of the demo, by the value of their first column."""
    with (SAMPLE / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        read = csv.DictReader(stream)
        first = (read.fieldnames or [""])[0]
        return {row[first].lower(): row for row in read}


def created(snapshot: Snapshot, example: str, folder: Path) -> dict[tuple[str, str], set[str]]:
    """The ids that would be created, by (system they come from, object); without the what-ifs of a whole forecast."""
    file = folder / "dynsync.toml"
    file.write_text(kit.settings_template(example), encoding="utf-8")
    settings = kit.read_settings(file, snapshot=snapshot)
    with open_engine(work=None) as engine:
        told = engine.rows(decide_sync(open_situation(engine, snapshot, settings, kit.rulebook())).outcomes)
    new: dict[tuple[str, str], set[str]] = {}
    for row in told:
        if row["outcome"] == "create":
            new.setdefault((row["system"], row["object"]), set()).add(row["record_id"])
    return new


@pytest.mark.parametrize("example", kit.SETTINGS_EXAMPLES)
def test_example__passes_the_check_against_the_demo(snapshot: Snapshot, example: str, tmp_path: Path) -> None:
    text = kit.settings_template(example)
    file = tmp_path / "dynsync.toml"
    file.write_text(text, encoding="utf-8")
    settings = kit.read_settings(file, snapshot=snapshot)
    assert [object_ for object_ in Object if settings.sync[object_].enabled] == [Object.CONTACT, Object.COMPANY]
    assert text.startswith("# dynsync.toml: ")
    assert settings.hubspot.sync_as_marketing is False


def test_mql_to_dynamics__creates_qualified_leads_there_and_nobody_here(snapshot: Snapshot, tmp_path: Path) -> None:
    new = created(snapshot, "mql-to-dynamics", tmp_path)
    assert set(new) == {("hubspot", "contact")}
    people = [one for id_, one in rows("hubspot/contacts").items() if id_ in new["hubspot", "contact"]]
    assert {one["lifecyclestage"] for one in people} == {"marketingqualifiedlead"}


def test_dynamics_upsell__creates_the_chosen_tiers_in_hubspot_only(snapshot: Snapshot, tmp_path: Path) -> None:
    new = created(snapshot, "dynamics-upsell", tmp_path)
    assert set(new) == {("dynamics", "contact"), ("dynamics", "company")}
    people = [one for id_, one in rows("dynamics/contacts").items() if id_ in new["dynamics", "contact"]]
    assert {(one["statecode"], one["new_customertier"]) for one in people} <= {("0", "100000000"), ("0", "100000003")}
    assert people


def test_safe_start__creates_recent_people_who_did_not_opt_out(snapshot: Snapshot, tmp_path: Path) -> None:
    new = created(snapshot, "safe-start", tmp_path)
    assert set(new) == {("dynamics", "contact"), ("hubspot", "contact")}
    ours = [one for id_, one in rows("hubspot/contacts").items() if id_ in new["hubspot", "contact"]]
    theirs = [one for id_, one in rows("dynamics/contacts").items() if id_ in new["dynamics", "contact"]]
    assert all(one["email"] and one["createdate"] >= "2024-11-14" and one["hs_email_optout"] != "true" for one in ours)
    assert all(one["emailaddress1"] and one["createdon"] >= "2024-11-14" for one in theirs)
    assert {one["donotbulkemail"] for one in theirs} | {one["donotemail"] for one in theirs} <= {"", "false"}


def test_settings_template__of_an_unknown_example() -> None:
    with pytest.raises(UsageError, match="There is no example 'mql'"):
        kit.settings_template("mql")
