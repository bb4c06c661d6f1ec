"""The receipt of the sample portals that the witness has synced, as ruled and with one rule changed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib import kit
from dynsync_lib.core.model import Object, System
from dynsync_lib.emulator.witness import entrance, fields
from dynsync_lib.emulator.witness.witness_store import MemoryStore
from dynsync_lib.errors import UsageError
from tests.kit.small_portals import load_portals
from tests.verification.after_sync import Edit, change, sync_by_witness, write_snapshot

SETTINGS = """
[sync.contact]
conflict_winner = "dynamics"
filter_to_hubspot = "statecode = 0"
[sync.company]
[sync.deal]
[sync.deal.stages]
open = "1"
"""
FILES = {
    "h/contacts": "hs_object_id,email,firstname,lastname,jobtitle,city,lastmodifieddate,hs_updated_by_user_id\n"
    "1,ann@c.example,Ann,Ash,Boss,,2026-11-01T00:00:00Z,\n"
    "2,bob@c.example,Bob,Birch,,Bonn,2026-11-01T00:00:00Z,\n"
    "3,cid@c.example,Cid,Cedar,,,2026-11-01T00:00:00Z,\n"
    "4,,Nobody,Known,,,2026-11-01T00:00:00Z,\n",
    "h/companies": "hs_object_id,name,city\n11,Company A,Bonn\n12,Company B,\n",
    "h/deals": "hs_object_id,dealname,dealstage\n21,First deal,open\n22,Second deal,closed\n",
    "d/contacts": "contactid,emailaddress1,firstname,lastname,jobtitle,address1_city,statecode,modifiedon,"
    "_modifiedby_value\n"
    "d1,ann@c.example,Ann,Ash,Chief,,0,2026-11-01T00:00:00Z,u1\n"
    "d2,bob@c.example,Bob,Birch,,Bonn,0,2026-11-01T00:00:00Z,u1\n"
    "d3,dan@c.example,Dan,Dogwood,,Kiel,0,2026-11-01T00:00:00Z,u1\n"
    "d4,dan@c.example,Eve,Elm,,Ulm,0,2026-11-01T00:00:00Z,u1\n"
    "d5,fay@c.example,Fay,Fir,,,1,2026-11-01T00:00:00Z,u1\n",
    "d/opportunities": "opportunityid,name,statuscode\no1,Third deal,9\n",
    "d/accounts": "accountid,name,address1_city\na1,Company A,Bonn\na3,Company C,\n",
}
AS_RULED = {
    "dynamics company a1": "link as_predicted",
    "dynamics company a3": "create as_predicted",
    "dynamics deal o1": "excluded as_predicted",
    "dynamics contact d1": "update as_predicted",
    "dynamics contact d2": "link as_predicted",
    "dynamics contact d3": "create as_predicted",
    "dynamics contact d4": "shadowed as_predicted",
    "dynamics contact d5": "excluded as_predicted",
    "hubspot company 11": "link as_predicted",
    "hubspot company 12": "create as_predicted",
    "hubspot contact 1": "update as_predicted",
    "hubspot contact 2": "link as_predicted",
    "hubspot contact 3": "create as_predicted",
    "hubspot contact 4": "excluded as_predicted",
    "hubspot deal 21": "create as_predicted",
    "hubspot deal 22": "excluded as_predicted",
}
"""What is found and why, by record."""


@pytest.fixture(scope="module")
def _forecast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("portals")
    load_portals(folder, FILES)
    (folder / "dynsync.toml").write_text(SETTINGS, encoding="utf-8")
    kit.forecast(folder / "s", folder / "dynsync.toml", folder / "f")
    return folder


@pytest.fixture
def portals(tmp_path: Path, _forecast: Path) -> Path:
    """A folder of the test's own with the snapshot `s`, settings and the forecast `f`."""
    return shutil.copytree(_forecast, tmp_path, dirs_exist_ok=True)


def verified(portals: Path, *, edit: Edit | None = None) -> kit.Verification:
    """The verification after the witness, and then perhaps people, have been at work."""
    before = kit.open_snapshot(portals / "s")
    sync_by_witness(before, kit.read_settings(portals / "dynsync.toml", snapshot=before), portals / "t", edit=edit)
    return kit.verify(portals / "s", portals / "t", portals / "f", portals / "v")


def lines(verification: kit.Verification) -> dict[str, str]:
    """`create as_predicted` by `dynamics contact d3`."""
    rows = kit.records(verification.receipt)
    return {f"{row['system']} {row['object']} {row['record_id']}": f"{row['actual']} {row['cause']}" for row in rows}


def unlike_ruled(verification: kit.Verification) -> dict[str, str]:
    """The lines that are not those of a sync by the rules."""
    return {record: line for record, line in lines(verification).items() if AS_RULED[record] != line}


def doubted(verification: kit.Verification) -> dict[str, str]:
    """The rule that is in doubt, by the record that was missed."""
    return {f"{row['system']} {row['record_id']}": row["rule_id"] for row in verification.figures["missed"]}


def test_every_prediction_holds(portals: Path) -> None:
    verification = verified(portals)
    assert lines(verification) == AS_RULED
    figures = verification.figures
    assert (figures["records"], figures["hits"], figures["misses"], figures["accuracy"]) == (16, 16, 0, 1.0)
    assert figures["by_outcome"]["create"] == {"predicted": 5, "hits": 5}
    assert figures["missed"] == []
    assert figures["drift"] == {
        "hubspot/contacts": 1,
        "hubspot/companies": 1,
        "dynamics/contacts": 1,
        "dynamics/accounts": 1,
        "dynamics/opportunities": 1,
    }


@pytest.mark.soak
def test_sample_portals__no_prediction_fails(tmp_path: Path) -> None:
    shutil.copytree("sample_data", tmp_path / "sample")
    sample = tmp_path / "sample"
    before = kit.load(sample / "hubspot", sample / "dynamics", tmp_path / "s")
    settings = kit.read_settings(sample / "dynsync.toml", snapshot=before)
    kit.forecast(before, settings, tmp_path / "f")
    sync_by_witness(before, settings, tmp_path / "t")
    figures = kit.verify(tmp_path / "s", tmp_path / "t", tmp_path / "f").figures
    assert figures["missed"] == []
    assert figures["by_cause"].keys() == {"as_predicted", "not_settled"}
    assert figures["by_cause"]["not_settled"] < 50


def test_rule_changed__the_other_side_wins(portals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "_two_way_target", lambda blanks, job: blanks[0] if blanks else job.own.conflict_winner)
    verification = verified(portals)
    assert unlike_ruled(verification) == {
        "dynamics contact d1": "update rule_in_doubt",
        "hubspot contact 1": "update rule_in_doubt",
    }
    assert doubted(verification) == {"dynamics d1": "field.conflict-winner", "hubspot 1": "field.conflict-winner"}


@pytest.mark.long
def test_rule_changed__the_last_record_of_an_address_is_the_first(
    portals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranked = entrance.ranked
    monkeypatch.setattr(entrance, "ranked", lambda job, system: ranked(job, system)[::-1])
    verification = verified(portals)
    assert doubted(verification) == {"dynamics d3": "record.create", "dynamics d4": "contact.first-per-email"}
    assert unlike_ruled(verification).keys() == {"dynamics contact d3", "dynamics contact d4"}


@pytest.mark.long
def test_rule_changed__the_filter_is_not_asked(portals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entrance, "read_filter", lambda *_, **__: lambda _: True)
    assert doubted(verified(portals)) == {"dynamics d5": "record.filter"}


def _edited(values: Mapping[str, str | None]) -> Edit:
    return lambda store: change(store, System.DYNAMICS, Object.CONTACT, "d2", values)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"modifiedon": "2026-11-23T10:00:00Z", "_modifiedby_value": "u7"}, "update changed_by_people"),
        ({}, "update rule_in_doubt"),
    ],
)
def test_people__a_changed_record_is_no_miss(portals: Path, values: Mapping[str, str], said: str) -> None:
    changed = unlike_ruled(verified(portals, edit=_edited({"jobtitle": "Painter", **values})))
    assert changed == {"dynamics contact d2": said, "hubspot contact 2": said}


def test_people__a_field_that_does_not_sync_is_nobodys_business(portals: Path) -> None:
    edit = _edited({"modifiedon": "2026-11-23T10:00:00Z", "_modifiedby_value": "u7"})
    assert unlike_ruled(verified(portals, edit=edit)) == {}


def test_people__a_record_that_is_gone(portals: Path) -> None:
    def remove(store: MemoryStore) -> None:
        del store.tables[(System.DYNAMICS, Object.CONTACT)]["d2"]

    assert unlike_ruled(verified(portals, edit=remove)) == {
        "dynamics contact d2": "gone changed_by_people",
        "hubspot contact 2": "gone changed_by_people",
    }


def test_twins__of_records_that_agree_in_everything_nobody_can_tell(tmp_path: Path) -> None:
    twins = FILES["d/contacts"].replace("d4,dan@c.example,Eve,Elm,,Ulm", "d4,dan@c.example,Dan,Dogwood,,Kiel")
    load_portals(tmp_path, {**FILES, "d/contacts": twins})
    (tmp_path / "dynsync.toml").write_text(SETTINGS, encoding="utf-8")
    kit.forecast(tmp_path / "s", tmp_path / "dynsync.toml", tmp_path / "f")
    assert unlike_ruled(verified(tmp_path)) == {
        "dynamics contact d3": "None not_settled",
        "dynamics contact d4": "None not_settled",
    }


def _refusal(*arguments: Any) -> str:
    with pytest.raises(UsageError) as refused:
        kit.verify(*arguments)
    return str(refused.value)


def test_bad_input__a_sentence_each(portals: Path) -> None:
    before = kit.open_snapshot(portals / "s")
    earlier = write_snapshot(before, MemoryStore(), portals / "e", taken_at=before.taken_at - timedelta(days=1))
    elsewhere = {"hubspot": "77", "dynamics": None}
    here = write_snapshot(before, MemoryStore(), portals / "p", taken_at=before.taken_at, portals={"hubspot": "42"})
    there = write_snapshot(before, MemoryStore(), portals / "o", taken_at=before.taken_at, portals=elsewhere)
    assert _refusal(before.path, earlier.path, portals / "f") == f"{earlier.path} was taken before {before.path}."
    assert _refusal(here.path, there.path, portals / "f") == (
        f"{here.path} and {there.path} are of different HubSpot portals, 42 and 77."
    )
    assert _refusal(here.path, before.path, portals / "f") == (
        f"The forecast in {portals / 'f'} is not of the snapshot {here.path}."
    )
    (portals / "v").mkdir()
    (portals / "v" / "notes.txt").write_text("mine", encoding="utf-8")
    refused = _refusal(before.path, here.path, portals / "f", portals / "v")
    assert refused == f"{portals / 'v'} holds something else than a verification."
    assert [path.name for path in (portals / "v").iterdir()] == ["notes.txt"]
