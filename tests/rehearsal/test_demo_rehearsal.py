"""A rehearsal in two empty test portals: every prediction holds, and a rule that is broken is named.

Every day two small portals are rehearsed; the demo with `--all`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dynsync_lib import kit
from dynsync_lib.cli.commands import app
from dynsync_lib.emulator.conditions.switches import Fault
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.emulator.witness import entrance, fields, initial_sync
from dynsync_lib.emulator.world.demo_world import World, read_world
from dynsync_lib.errors import AnswerLostError, SafetyError, UsageError
from tests.kit.small_portals import load_portals
from tests.pulls import GENEROUS

SAMPLE = Path("sample_data")
SETTINGS = """
[sync.company]
[sync.contact]
filter_to_dynamics = "lifecyclestage = 'lead'"
"""
SMALL = {
    "h/contacts": "hs_object_id,email,firstname,lifecyclestage\n"
    "1,ann@c.example,Ann,lead\n2,bob@c.example,Bob,lead\n3,cal@c.example,Cal,other\n",
    "h/companies": "hs_object_id,name,domain\n7,Company A,c.example\n",
    "h/links": "contact_id,company_id,is_primary\n2,7,true\n",
    "d/contacts": "contactid,emailaddress1,firstname,_parentcustomerid_value,_parentcustomerid_type\n"
    "d1,ann@c.example,Anna,,\nd2,dora@c.example,Dora,a1,account\nd3,dora@c.example,Dora,,\n",
    "d/accounts": "accountid,name\na1,Company B\n",
}
"""An update, creations both ways with their companies, one excluded by the filter, one shadowed."""
KEPT = ("hubspot/properties", "dynamics/columns", "hubspot/owners", "dynamics/users")


def empty_portals() -> World:
    """The demo's portals with their fields and people, and without a record."""
    world = read_world(SAMPLE)
    return replace(world, tables={name: rows if name in KEPT else [] for name, rows in world.tables.items()})


@pytest.fixture(scope="module")
def serving() -> Iterator[Emulator]:
    with Emulator(empty_portals(), limits=GENEROUS) as emulator:
        yield emulator


@pytest.fixture(scope="module", params=["small", pytest.param("demo", marks=pytest.mark.long)])
def planned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rehearsal, planned: of the small portals or of the demo."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    if request.param == "demo":
        snapshot = kit.load(SAMPLE / "hubspot", SAMPLE / "dynamics", folder / "snapshot")
        shutil.copy(SAMPLE / "dynsync.toml", folder)
    else:
        snapshot = load_portals(folder, SMALL)
        (folder / "dynsync.toml").write_text(SETTINGS, encoding="utf-8")
    kit.plan_rehearsal(snapshot, folder / "dynsync.toml", folder / "rehearsal", key=bytes(32))
    return folder / "rehearsal"


@pytest.fixture
def rehearsal(serving: Emulator, planned: Path, tmp_path: Path) -> Path:
    """The rehearsal after seeding."""
    serving.conditions.reset()
    serving.reseed()
    folder = tmp_path / "rehearsal"
    shutil.copytree(planned, folder)
    kit.seed_rehearsal(folder, addresses=serving.addresses)
    return folder


def synced(emulator: Emulator, rehearsal: Path) -> kit.Comparison:
    """The comparison after the witness has been at work."""
    kit.run_rehearsal(rehearsal, addresses=emulator.addresses)
    return kit.compare_rehearsal(rehearsal, addresses=emulator.addresses)


def is_small(rehearsal: Path) -> bool:
    """Whether it is the rehearsal of the small portals."""
    return (rehearsal / "settings.toml").read_text(encoding="utf-8").count("[sync.") == SETTINGS.count("[sync.")


def test_every_predicted_outcome_holds__also_after_it_was_read_too_early(serving: Emulator, rehearsal: Path) -> None:
    too_early = kit.compare_rehearsal(rehearsal, addresses=serving.addresses)
    assert too_early.figures["by_outcome"]["create"]["hits"] == 0
    comparison = synced(serving, rehearsal)
    figures = comparison.figures
    assert figures["missed"] == []
    assert comparison.holds
    assert (comparison.disturbed, comparison.not_standing) == ([], [])
    assert figures["by_cause"].keys() <= {"as_predicted", "not_settled"}
    assert figures["by_cause"].get("not_settled", 0) < 10
    outcomes = {"create", "excluded", "shadowed", "update"}
    assert figures["by_outcome"].keys() == (outcomes if is_small(rehearsal) else {*outcomes, "failing", "link"})
    assert figures["records"] == sum(outcome["predicted"] for outcome in figures["by_outcome"].values())
    planned = kit.open_forecast(rehearsal / "planned")
    info = json.loads((rehearsal / "rehearsal.json").read_text(encoding="utf-8"))
    assert planned.info["settings_sha256"] == info["settings_sha256"]
    whole = replace(planned, info={**planned.info, "snapshot_sha256": info["snapshot_sha256"]})
    tested = kit.find_test(whole, rehearsal)
    assert tested is not None
    assert tested.figures["hits"] == figures["hits"]
    with pytest.raises(UsageError, match="is about another forecast"):
        kit.find_test(planned, rehearsal)
    read = (rehearsal / "after" / "manifest.json").read_bytes()
    kit.clean_rehearsal(rehearsal, addresses=serving.addresses)
    assert kit.compare_rehearsal(rehearsal, addresses=serving.addresses).holds
    assert (rehearsal / "after" / "manifest.json").read_bytes() == read


@pytest.mark.long
def test_rule_changed__the_filter_is_not_asked(
    serving: Emulator, rehearsal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entrance, "read_filter", lambda *_, **__: lambda _: True)
    comparison = synced(serving, rehearsal)
    assert not comparison.holds
    assert {row["rule_id"] for row in comparison.figures["missed"] if row["predicted"] == "excluded"} == {
        "record.filter"
    }
    miss = next(miss for miss in comparison.misses if miss.rule_id == "record.filter")
    assert miss.actual == "create"
    assert miss.instead[0] == "A counterpart is there now that was not."
    assert any("filter" in sentence for sentence in miss.predicted_because)


@pytest.mark.long
def test_rule_changed__the_other_side_wins(serving: Emulator, rehearsal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "_two_way_target", lambda blanks, job: blanks[0] if blanks else job.own.conflict_winner)
    comparison = synced(serving, rehearsal)
    assert {row["rule_id"] for row in comparison.figures["missed"]} == {"field.conflict-winner"}
    miss = comparison.misses[0]
    assert any("was to be" in sentence for sentence in miss.instead)


@pytest.mark.long
def test_rule_changed__no_company_comes_along(
    serving: Emulator, rehearsal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(initial_sync, "_carry", lambda *_: None)
    rules = {row["rule_id"] for row in synced(serving, rehearsal).figures["missed"]}
    assert rules == {"link.both-synced"} | (set() if is_small(rehearsal) else {"link.invoice-contact-auto"})


@pytest.mark.long
def test_run__twice_writes_once(serving: Emulator, rehearsal: Path) -> None:
    first = kit.run_rehearsal(rehearsal, addresses=serving.addresses)
    again = kit.run_rehearsal(rehearsal, addresses=serving.addresses)
    assert first.is_new
    assert not again.is_new
    assert (again.created, again.updated, again.associated) == (first.created, first.updated, first.associated)


@pytest.mark.long
def test_run__goes_on_after_a_lost_answer_of_dynamics(serving: Emulator, rehearsal: Path) -> None:
    """The batch is sent again: its rows have GUIDs of their own, so none is there twice."""
    serving.conditions.add_faults(
        [Fault(portal="dynamics", method="POST", path="*CreateMultiple", cut=True, skip=1, times=1)]
    )
    with pytest.raises(AnswerLostError):
        kit.run_rehearsal(rehearsal, addresses=serving.addresses)
    kit.run_rehearsal(rehearsal, addresses=serving.addresses)
    comparison = kit.compare_rehearsal(rehearsal, addresses=serving.addresses)
    assert comparison.figures["missed"] == []


def test_run__a_lost_answer_of_hubspot_ends_it(serving: Emulator, rehearsal: Path) -> None:
    serving.conditions.add_faults(
        [Fault(portal="hubspot", method="POST", path="*/batch/create", cut=True, skip=1, times=1)]
    )
    for _ in range(2):
        with pytest.raises(SafetyError, match="nobody knows which are there"):
            kit.run_rehearsal(rehearsal, addresses=serving.addresses)


def test_run__only_where_portals_are_emulated(rehearsal: Path) -> None:
    elsewhere = dict.fromkeys(("authority", "tenant_id", "client_id", "client_secret", "ca_file"), "x")
    addresses = {
        "hubspot": {"url": "https://api.hubapi.com", "token": "t"},
        "dynamics": {**elsewhere, "tls_url": "https://contoso.crm4.dynamics.com"},
    }
    with pytest.raises(UsageError, match="Only portals that this machine emulates are run by the emulator"):
        kit.run_rehearsal(rehearsal, addresses=addresses)


def test_run__not_before_seeding(planned: Path, serving: Emulator) -> None:
    with pytest.raises(UsageError, match="is not seeded"):
        kit.run_rehearsal(planned, addresses=serving.addresses)
    with pytest.raises(UsageError, match="is not seeded"):
        kit.compare_rehearsal(planned, addresses=serving.addresses)


@pytest.mark.long
def test_commands__run_and_compare(serving: Emulator, rehearsal: Path, tmp_path: Path) -> None:
    file = tmp_path / "emulator.json"
    file.write_text(json.dumps(serving.addresses), encoding="utf-8")
    where = [str(rehearsal), "--emulator", str(file), "--json"]
    assert isinstance(CliRunner().invoke(app, ["rehearse", "run", *where]).exception, UsageError)
    ran = CliRunner().invoke(app, ["rehearse", "run", *where, "--by-emulator"])
    assert (ran.exit_code, json.loads(ran.stdout)["associated"] > 0) == (0, True)
    compared = CliRunner().invoke(app, ["rehearse", "compare", *where])
    assert compared.exit_code == 0
    figures = json.loads(compared.stdout)
    assert {"records", "hits", "misses", "accuracy", "by_outcome", "missed"} <= figures.keys()
    assert (figures["misses"], figures["missed"], figures["accuracy"]) == (0, [], 1.0)
