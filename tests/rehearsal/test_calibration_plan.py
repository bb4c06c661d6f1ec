"""A plan of open questions in a rehearsal's folder, and its answers out of two snapshots of the test portals."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.model import System
from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.emulator.witness.initial_sync import run_initial_sync
from dynsync_lib.emulator.witness.witness_store import MemoryStore
from dynsync_lib.engine.polars_engine import PolarsEngine
from dynsync_lib.errors import SnapshotError
from dynsync_lib.rehearsal.calibration.calibrated import Calibrated
from dynsync_lib.rehearsal.calibration.calibration_plan import Calibration, plan_calibration, read_calibration
from dynsync_lib.rehearsal.calibration.crafted_world import craft_world
from dynsync_lib.rehearsal.calibration.foreseen import Foreseer, open_foreseer
from dynsync_lib.rehearsal.calibration.packs import Packs, shipped_packs
from dynsync_lib.rehearsal.calibration.run_folders import settings_text, write_run
from dynsync_lib.rehearsal.calibration.snapshot_state import shared_person
from dynsync_lib.rehearsal.rehearsal_folder import Rehearsal, Step, open_rehearsal
from dynsync_lib.snapshot.snapshot import open_snapshot
from dynsync_lib.snapshot.writer import SnapshotWriter
from tests.opinions import SmallWorld, plan_of
from tests.rulebook_texts import shipped_rulebook

BOOK, TAG, KEY = shipped_rulebook(), "0123456789abcdef", bytes(32)
MOMENT = datetime(2026, 11, 30, tzinfo=UTC)
SHIPPED = shipped_packs()
ONE_WAY = next(run for run in SHIPPED.runs if run.id == "one_way")
OF_OWNERS = replace(ONE_WAY, id="owners", packs=(SHIPPED.runs[0].pack("owner_mode"),))
PACKS = Packs((ONE_WAY, OF_OWNERS), SHIPPED.unsettled)
PORTALS = '[hubspot]\ntoken_env = "MY_TOKEN"\nmarketing_criterion = "tier = 1"\n\n[sync.deal]\n'


@pytest.fixture(scope="module")
def foreseer() -> Iterator[Foreseer]:
    with PolarsEngine() as engine:
        yield open_foreseer(engine, BOOK, ONE_WAY, tag=TAG)


@pytest.fixture(scope="module")
def planned_once(tmp_path_factory: pytest.TempPathFactory, foreseer: Foreseer) -> Path:
    """A rehearsal of nothing in particular: it has a key, settings, a forecast, and a plan of the questions."""
    folder = tmp_path_factory.mktemp("planned") / "rehearsal"
    write_run(foreseer, list(ONE_WAY.packs), folder, portals=PORTALS, key=KEY, moment=MOMENT)
    plan_calibration(open_rehearsal(folder), BOOK, PACKS)
    return folder


@pytest.fixture
def calibration(planned_once: Path, tmp_path: Path) -> Calibration:
    """The plan in a copy of the rehearsal."""
    return plan_calibration(open_rehearsal(shutil.copytree(planned_once, tmp_path / "rehearsal")), BOOK, PACKS)


@pytest.fixture
def rehearsal(planned_once: Path, tmp_path: Path) -> Rehearsal:
    """A copy of the rehearsal without the plan."""
    ignored = shutil.ignore_patterns("calibration")
    return open_rehearsal(shutil.copytree(planned_once, tmp_path / "rehearsal", ignore=ignored))


def write_state(store: MemoryStore, folder: Path, tag: str) -> None:
    """A store as a snapshot of the test portals, in which HubSpot's records bear the tag."""
    keys = KeyMaker(BOOK.top_level_domains)
    with SnapshotWriter(folder, source="emulator", started_at=MOMENT) as writer:
        for name, table in RECORD_TABLES.items():
            if table.object is None:
                continue
            rows = []
            for record in store.records(table.system, table.object):
                mark = {"dynsync_rehearsal": f"{tag}-{record.record_id}"} if table.system is System.HUBSPOT else {}
                values = {**record.values, **mark, table.id_field: record.record_id}
                own_id = record.record_id if table.system is System.DYNAMICS else f"9{record.record_id}"
                ranks = {"id": own_id, "api_rank": record.rank, "file_rank": None}
                rows.append({**values, **ranks, **keys.finish(table, values)})
            columns = [
                name for name in (rows[0] if rows else {}) if name not in {column.name for column in table.structure}
            ]
            writer.write(name, rows, vendor_columns=columns)
        writer.finish(finished_at=MOMENT, facts={})


def sync_run(calibration: Calibration, foreseer: Foreseer, choice: str) -> None:
    """Both snapshots of the one-way run, before and after the witness's sync under a choice."""
    tag = calibration.info["runs"][0]["tag"]
    world = craft_world(ONE_WAY.packs, foreseer.catalogue, tag=tag)
    store = world.store(foreseer.catalogue)
    folder = open_rehearsal(calibration.run_folder("one_way"))
    write_state(store, folder.before_path, tag)
    fields = tuple(foreseer.catalogue.fields.values())
    choices = {"oneway_winner": choice}
    run_initial_sync(store, plan_of(SmallWorld({}, fields, foreseer.settings.sync, assumptions=choices)))
    write_state(store, folder.after_path, tag)


def test_plan__names_every_question_and_writes_a_rehearsal_for_each_run(calibration: Calibration) -> None:
    rows = {row["question"]: row for row in calibration.info["questions"]}
    assert set(rows) == set(BOOK.assumptions)
    assert rows["oneway_winner"]["leaves"] == {"direction_wins": ["Dee", "Ulm"], "keep_target": ["Hal", "Ulm"]}
    moves = [row["moves"] for row in calibration.info["questions"]]
    assert moves == sorted(moves, reverse=True)
    assert rows["owner_mode"]["run"] is None
    assert "nobody is known who is an owner in the HubSpot test portal" in rows["owner_mode"]["why"]
    assert [row["run"] for row in calibration.info["runs"]] == ["one_way", "owners"]
    run = open_rehearsal(calibration.run_folder("one_way"))
    assert run.step is Step.PLANNED
    assert run.info["records"]["hubspot/contacts"] == run.info["records"]["dynamics/contacts"] == 1
    assert run.tag not in (
        open_rehearsal(calibration.folder.parent).tag,
        open_rehearsal(calibration.run_folder("owners")).tag,
    )
    assert {row["record_id"] for row in run.sample()} == {"oneway_winner/h1", "oneway_winner/d1"}


def test_plan__stays_as_it_is(rehearsal: Rehearsal) -> None:
    first = plan_calibration(rehearsal, BOOK, PACKS)
    assert plan_calibration(rehearsal, BOOK, Packs((), {})).info == json.loads(json.dumps(first.info))


def test_settings_of_a_run__hold_where_the_portals_are_and_nothing_of_the_customer() -> None:
    text = settings_text("[sync.contact]\n", PORTALS)
    assert text == '[hubspot]\ntoken_env = "MY_TOKEN"\n\n[sync.contact]\n'


@pytest.mark.parametrize("choice", ["direction_wins", "keep_target"])
def test_read__gives_the_choice_back_with_what_is_there(
    calibration: Calibration, foreseer: Foreseer, choice: str
) -> None:
    sync_run(calibration, foreseer, choice)
    calibrated = Calibrated(calibration, tuple(read_calibration(calibration, BOOK, PACKS)))
    row = next(row for row in calibrated.questions() if row["question"] == "oneway_winner")
    assert (row["question"], row["choice"], row["line"]) == ("oneway_winner", choice, f'oneway_winner = "{choice}"')
    assert row["evidence"][0]["records"] == ("91",)
    assert row["evidence"][0]["left_by"] == {"direction_wins": "Dee", "keep_target": "Hal"}
    assert calibrated.assumptions() == [f'oneway_winner = "{choice}"']
    assert [run["step"] for run in calibrated.runs()] == ["read_back", "planned"]


def test_read__names_what_was_not_tried_and_why(calibration: Calibration) -> None:
    answers = {answer.question: answer for answer in read_calibration(calibration, BOOK, PACKS)}
    assert all(answer.choice is None for answer in answers.values())
    assert answers["oneway_winner"].why == "Not tried yet: the run one_way is planned."
    assert answers["process_first"].why.startswith("Whichever side is processed first")


@pytest.mark.parametrize("labels", [("Red", "Blue"), ("1", "2")])
def test_read__cannot_tell_where_options_are_others_than_planned(rehearsal: Rehearsal, labels: tuple[str, str]) -> None:
    choices = next(run for run in SHIPPED.runs if run.id == "choices")
    packs = Packs((replace(choices, packs=(choices.pack("option_pairing"),)),), SHIPPED.unsettled)
    calibration = plan_calibration(rehearsal, BOOK, packs)
    run = open_rehearsal(calibration.run_folder("choices"))
    options = [{"value": str(number), "label": label} for number, label in enumerate(labels, 1)]
    own = {"object": "contact", "name": "dynsync_choice", "type": "enumeration", "options": json.dumps(options)}
    with SnapshotWriter(run.before_path, source="emulator", started_at=MOMENT) as writer:
        writer.write("hubspot/properties", [{**own, "label": "Choice", "field_type": "select"}])
        writer.finish(finished_at=MOMENT, facts={})
    answers = {answer.question: answer.why for answer in read_calibration(calibration, BOOK, packs)}
    missing = "dynsync_several" if labels == ("Red", "Blue") else "dynsync_choice with exactly the options 1 = Red"
    assert answers["option_pairing"].startswith("Cannot tell: the test portals did not have what the run needs.")
    assert missing in answers["option_pairing"]


def test_a_plan_that_was_changed__is_refused(calibration: Calibration) -> None:
    file = calibration.folder / "calibration.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"moves": 0', '"moves": "two"'), encoding="utf-8")
    with pytest.raises(SnapshotError, match="cannot be used: `questions"):
        plan_calibration(open_rehearsal(calibration.folder.parent), BOOK, PACKS)


def test_shared_person__is_active_in_both(tmp_path: Path) -> None:
    owners = [("1", "a@firm.example", "true"), ("2", "B@firm.example", "false"), ("3", "c@firm.example", None)]
    users = [("u1", "a@firm.example", "false"), ("u2", "c@firm.example", "true"), ("u3", "b@firm.example", None)]
    keys = KeyMaker(BOOK.top_level_domains)
    with SnapshotWriter(tmp_path / "s", source="emulator", started_at=MOMENT) as writer:
        for name, people in (("hubspot/owners", owners), ("dynamics/users", users)):
            columns = ("email", "archived") if name == "hubspot/owners" else ("internalemailaddress", "isdisabled")
            rows = []
            for rank, (id_, *values) in enumerate(people):
                row = dict(zip(columns, values, strict=True))
                rows.append({**row, "id": id_, "api_rank": rank, **keys.finish(RECORD_TABLES[name], row)})
            writer.write(name, rows, vendor_columns=columns)
        writer.finish(finished_at=MOMENT, facts={})
    person = shared_person(open_snapshot(tmp_path / "s"))
    assert person is not None
    assert (person.owner_id, person.user_id, person.address) == ("2", "u3", "b@firm.example")
