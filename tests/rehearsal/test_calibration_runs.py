"""A run of open questions in two emulated test portals: seeded, synced by the witness, read back, cleaned."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.model import System
from dynsync_lib.core.settings_file.reader import parse_settings
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.engine.polars_engine import PolarsEngine
from dynsync_lib.errors import UsageError
from dynsync_lib.rehearsal.calibration.calibration_plan import (
    Calibration,
    later_packs,
    plan_calibration,
    read_calibration,
)
from dynsync_lib.rehearsal.calibration.foreseen import open_foreseer
from dynsync_lib.rehearsal.calibration.later_writes import write_later
from dynsync_lib.rehearsal.calibration.packs import Packs, shipped_packs
from dynsync_lib.rehearsal.calibration.reading import Answer
from dynsync_lib.rehearsal.calibration.run_folders import write_run
from dynsync_lib.rehearsal.portal_steps import PortalSteps
from dynsync_lib.rehearsal.rehearsal_folder import Rehearsal, open_rehearsal
from dynsync_lib.rehearsal.sync_steps import read_back, run_by_emulator
from tests.emulator.small_world import small_world
from tests.pulls import GENEROUS, FakeTime, connections
from tests.rehearsal.portals import with_portals
from tests.rulebook_texts import shipped_rulebook

BOOK, SHIPPED = shipped_rulebook(), shipped_packs()
NOW = datetime(2026, 11, 30, tzinfo=UTC)
ONE_WAY = next(run for run in SHIPPED.runs if run.id == "one_way")
ORDER = replace(SHIPPED.runs[0], packs=(SHIPPED.runs[0].pack("first_record_order"),))
_CHOICES = next(run for run in SHIPPED.runs if run.id == "choices")
_OWNERS = """
[[sync.contact.mapping]]
hubspot = "hubspot_owner_id"
dynamics = "ownerid"
"""
CHOICES = replace(
    _CHOICES,
    settings=f"{_CHOICES.settings}{_OWNERS}",
    packs=(*_CHOICES.packs, SHIPPED.runs[0].pack("owner_mode")),
)
"""The run of choices, and the question about owners of another one."""
RIK = "00000000-0000-4000-8000-0000000000f1"
PACKS = Packs((ONE_WAY, ORDER), {})


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    """A rehearsal of nothing in particular."""
    folder = tmp_path_factory.mktemp("calibrated") / "rehearsal"
    with PolarsEngine() as engine:
        foreseer = open_foreseer(engine, BOOK, ONE_WAY, tag="0123456789abcdef")
        write_run(foreseer, list(ONE_WAY.packs), folder, portals="", key=bytes(32), moment=NOW)
    return open_rehearsal(folder)


@pytest.fixture(scope="module")
def calibration(parent: Rehearsal) -> Calibration:
    return plan_calibration(parent, BOOK, PACKS)


@pytest.fixture(scope="module")
def portals_with_choices() -> Iterator[Emulator]:
    """Portals in which an administrator made the fields of the run of choices and invited one person to both."""
    world = small_world()
    tables = {name: list(rows) for name, rows in world.tables.items()}
    for own in CHOICES.fields:
        is_hubspot = own.system is System.HUBSPOT
        rows, form = (
            (tables["hubspot/properties"], "field_type") if is_hubspot else (tables["dynamics/columns"], "format")
        )
        options = json.dumps([{"value": option.value, "label": option.label} for option in own.options])
        facts = {"object": own.object.value, "name": own.name, "label": own.label, "type": own.type, "options": options}
        pattern = next(row for row in rows if (row["object"], row["name"]) == (own.object.value, "firstname"))
        rows.append({**pattern, **facts, form: own.format})
    user = {"systemuserid": RIK, "internalemailaddress": "rik@contoso.example", "fullname": "Rik Rep"}
    tables["dynamics/users"].append({**user, "isdisabled": "false"})
    with Emulator(replace(world, tables=tables), limits=GENEROUS) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def with_choices(
    parent: Rehearsal, portals_with_choices: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Calibration:
    """The plan of that run: of a rehearsal whose portals were read, so that the person is known."""
    folder = tmp_path_factory.mktemp("choices") / "rehearsal"
    rehearsal = open_rehearsal(shutil.copytree(parent.folder, folder, ignore=shutil.ignore_patterns("calibration")))
    steps_of(portals_with_choices, rehearsal).read_portals(rehearsal.before_path)
    return plan_calibration(rehearsal, BOOK, Packs((CHOICES,), {}))


def steps_of(emulator: Emulator, run: Rehearsal) -> PortalSteps:
    settings = parse_settings(run.settings_path.read_text(encoding="utf-8"), file="settings.toml", rulebook=BOOK)
    keys = KeyMaker(BOOK.top_level_domains)
    return PortalSteps(connections(emulator), settings, BOOK, keys, lambda: NOW, FakeTime().pace())


def carry_out(
    emulator: Emulator, calibration: Calibration, run_id: str, packs: Packs = PACKS, **choices: str
) -> dict[str, Answer]:
    """Seeds, syncs under these choices, reads back and cleans a run; the answers of the plan."""
    run = open_rehearsal(calibration.run_folder(run_id))
    steps = steps_of(emulator, run)
    steps.seed(run)
    later, world = later_packs(calibration, run_id, BOOK, packs)

    async def pass_time(seconds: float) -> None:
        emulator.conditions.clock.advance(seconds)

    if later:
        assert with_portals(emulator, lambda portals: write_later(portals, later, world, pass_time)) == 3
        shutil.rmtree(run.before_path)
        steps.read_portals(run.before_path)
    settings = replace(steps.settings, assumptions={**steps.settings.assumptions, **choices})
    run_by_emulator(steps, run, settings)
    read_back(steps, run)
    cleaned = steps.clean(run, by_tag=False)
    assert cleaned.removal.count > 0
    return {answer.question: answer for answer in read_calibration(calibration, BOOK, packs)}


def test_run__is_not_begun_beside_another(emulator: Emulator, calibration: Calibration) -> None:
    run = open_rehearsal(calibration.run_folder("one_way"))
    steps = steps_of(emulator, run)
    steps.seed(run)
    with pytest.raises(UsageError, match="The run one_way still stands in the test portals"):
        calibration.refuse_beside_another("two_way")
    calibration.refuse_beside_another("one_way")
    steps.clean(run, by_tag=False)
    calibration.refuse_beside_another("two_way")
    with pytest.raises(UsageError, match="There is no run nowhere"):
        calibration.refuse_beside_another("nowhere")


@pytest.mark.long
def test_run__answers_over_http_with_the_portals_own_ids(emulator: Emulator, calibration: Calibration) -> None:
    answer = carry_out(emulator, calibration, "one_way")["oneway_winner"]
    assert answer.choice == "direction_wins"
    assert answer.evidence[0].records[0] not in ("1", "h1")
    assert answer.evidence[0].is_there == "Dee"


def test_order_of_first_records__is_told_when_records_differ_in_age(
    emulator: Emulator, calibration: Calibration
) -> None:
    answer = carry_out(emulator, calibration, "two_way")["first_record_order"]
    assert (answer.choice, answer.also) == ("api_order", ("file_order", "guid_sql"))
    assert set(answer.evidence[0].left_by.values()) == {"Ada", "Ben", "Cy", "Dee"}


@pytest.mark.long
def test_choices_and_owners__are_answered_with_fields_that_were_made_by_hand(
    portals_with_choices: Emulator, with_choices: Calibration
) -> None:
    assert with_choices.info["person"] == {"owner_id": "7", "user_id": RIK, "address": "rik@contoso.example"}
    lacking = open_rehearsal(with_choices.run_folder("choices")).info["lacking"]
    assert {row["kind"] for row in lacking} == {"property", "column"}  # nobody is asked to invite who is there
    assert "rik@" not in json.dumps(lacking)
    chosen = {"multiselect": "true", "owner_mode": "text_only"}
    answers = carry_out(portals_with_choices, with_choices, "choices", Packs((CHOICES,), {}), **chosen)
    defaults = {"option_pairing": "label_ci", "lifecycle_backward": "ignored"}
    assert {name: answers[name].choice for name in (*chosen, *defaults)} == {**chosen, **defaults}
    assert answers["option_pairing"].evidence[0].is_there == "2"
