"""Three opinions on the demo world: what was written by hand, what the core forecasts, what the witness does."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import astuple
from typing import Any

import pytest

from dynsync_lib.core.advice.near_names import find_near_names
from dynsync_lib.core.fields.catalogue import build_catalogue
from dynsync_lib.core.settings_file.reader import parse_settings
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.sync.initial_sync import decide_sync
from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.emulator.world.demo_world import World, build_world
from dynsync_lib.emulator.world.truth import Case, ExpectedChange, ExpectedLink, ExpectedRecord
from dynsync_lib.engine.polars_engine import PolarsEngine
from tests.opinions import Answer, SmallWorld, ask_core, ask_witness, frames_of, settings_of
from tests.rulebook_texts import shipped_rulebook

PLANTED = build_world(scale=0)


def as_small_world(world: World) -> SmallWorld:
    """The demo world under its own settings, as the two opinions want it."""
    catalogue = build_catalogue(world.tables["hubspot/properties"], world.tables["dynamics/columns"])
    settings = parse_settings(world.settings, file="dynsync.toml", rulebook=shipped_rulebook(), catalogue=catalogue)
    tables = {
        name: [{**row, "id": row[table.id_field]} for row in world.tables[name]]
        for name, table in RECORD_TABLES.items()
        if table.object is not None
    }
    links = [
        {name: row[name] for name in ("from_object", "from_id", "to_object", "to_id", "label")}
        | {"is_primary": row["is_primary"] == "true"}
        for row in world.tables["hubspot/links"]
    ]
    sync = {object_: object_sync for object_, object_sync in settings.sync.items() if object_sync.enabled}
    return SmallWorld(tables, tuple(catalogue.fields.values()), sync, links, settings.assumptions)


@pytest.fixture(scope="module", params=["core", "witness"])
def answer(request: pytest.FixtureRequest) -> Answer:
    world = as_small_world(PLANTED)
    if request.param == "witness":
        return ask_witness(world)
    with PolarsEngine() as engine:
        return ask_core(world, engine, shipped_rulebook())


@pytest.fixture(scope="module")
def near_names() -> set[tuple[str, str, str]]:
    world = as_small_world(PLANTED)
    with PolarsEngine() as engine:
        frames, settings = frames_of(world, engine), settings_of(world, shipped_rulebook())
        catalogue, taken_at = world.catalogue(), world.taken_at
        situation = Situation(frames, settings, shipped_rulebook(), catalogue, taken_at, engine.keep, engine.from_rows)
        rows = engine.rows(find_near_names(situation, decide_sync(situation).outcomes))
    return {(row["hubspot_id"], row["dynamics_id"], row["reason"]) for row in rows}


def outcomes_of(answer: Answer, case: Case) -> list[ExpectedRecord]:
    records = []
    for expected in case.records:
        identity = (expected.system, expected.object, expected.record_id)
        outcome, reason, _, counterpart, winner = answer.outcomes[identity]
        records.append(ExpectedRecord(*identity, str(outcome), reason, winner, counterpart))
    return records


def changes_of(answer: Answer, case: Case) -> set[ExpectedChange]:
    ids = {expected.record_id for expected in case.records}
    return {
        ExpectedChange(object_, ours, theirs, target, field, kind, new, note)
        for object_, ours, theirs, target, field, _, kind, _, new, note in answer.changes
        if ours in ids or theirs in ids
    }


def links_of(answer: Answer, case: Case) -> set[ExpectedLink]:
    places = {(expected.system, expected.object, expected.record_id) for expected in case.records}
    return {ExpectedLink(*row[:6]) for row in answer.links if row[:3] in places}


@pytest.mark.parametrize("case", PLANTED.truth, ids=lambda case: case.id)
def test_planted_case__outcomes_changes_and_links_are_as_written(answer: Answer, case: Case) -> None:
    assert outcomes_of(answer, case) == list(case.records), case.says
    assert changes_of(answer, case) == set(case.changes), case.says
    assert links_of(answer, case) == set(case.links), case.says


def near_cases() -> Iterator[Any]:
    for case in PLANTED.truth:
        if case.near_names:
            yield pytest.param(case, id=case.id)


@pytest.mark.parametrize("case", list(near_cases()))
def test_planted_case__near_names_are_pointed_out(near_names: set[tuple[str, str, str]], case: Case) -> None:
    assert {astuple(expected) for expected in case.near_names} <= near_names, case.says


def test_demo_world__core_and_witness_agree_on_a_crowd() -> None:
    world = as_small_world(build_world(scale=0.25))
    with PolarsEngine() as engine:
        core = ask_core(world, engine, shipped_rulebook()).lines()
    difference = list(difflib.unified_diff(ask_witness(world).lines(), core, "witness", "core", lineterm="", n=0))
    assert difference == []
