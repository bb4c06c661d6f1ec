"""The law of rehearsals: what a look-alike becomes in its sample is what its original becomes in the whole forecast."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from dynsync_lib.core.keys import guid_sql_key
from dynsync_lib.core.model import System
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.forecasts.write_forecast import write_forecast
from dynsync_lib.rehearsal.planning.plan_folder import PlanTask, plan_rehearsal
from dynsync_lib.rehearsal.rehearsal_folder import Rehearsal, open_rehearsal
from tests.fresh_seeds import seeds
from tests.laws.small_worlds import SEEDS, seeded_world
from tests.laws.test_witness_law import ENGAGEMENTS, PROOF
from tests.laws.world_snapshots import write_world
from tests.opinions import ask_witness, settings_of
from tests.rulebook_texts import shipped_rulebook
from tests.verification.after_sync import world_of

KEY = b"a key of thirty-two bytes, always"
GROUPS = 4
SOAK_WORLDS, SOAK_GROUPS = int(os.environ.get("DYNSYNC_REHEARSAL_WORLDS", "60")), 12
Name = tuple[str, str, str]


@pytest.mark.long
@settings(PROOF, max_examples=max(1, ENGAGEMENTS // 2))
@given(seed=SEEDS)
def test_look_alikes_come_out_as_their_originals(seed: int) -> None:
    hold_law(seed, GROUPS)


@pytest.mark.soak
@pytest.mark.parametrize("seed", seeds(SOAK_WORLDS))
def test_look_alikes_come_out_as_their_originals__soak(seed: int) -> None:
    hold_law(seed, SOAK_GROUPS)


def hold_law(seed: int, groups: int) -> None:
    """Plans a rehearsal of a small world; core and witness must say of every look-alike what was said of its original.

    The world is forecast once more here, and compared by what stands in the folders.
    """
    world, book = seeded_world(seed, groups), shipped_rulebook()
    settings = settings_of(world, book)
    with tempfile.TemporaryDirectory() as folder:
        snapshot = write_world(world, Path(folder, "snapshot"))
        whole = write_forecast(snapshot, settings, Path(folder, "whole"), rulebook=book)
        plan_rehearsal(PlanTask(snapshot, settings, b"", book, KEY), Path(folder, "plan"), None)
        plan = open_rehearsal(Path(folder, "plan"))
        assert plan.look_alikes().taken_at == snapshot.taken_at
        new = {(row["system"], row["record_id"]): row["look_alike_id"] for row in plan.sample()}
        said, planned = outcomes_of(whole), outcomes_of(plan.planned())
        assert len(planned) == len(plan.sample())
        for row in plan.sample():
            original = said[row["system"], row["object"], row["record_id"]]
            assert planned[row["system"], row["object"], row["look_alike_id"]] == renamed(original, row["system"], new)
        witnessed = ask_witness(world_of(plan.look_alikes(), settings)).outcomes
        assert {name: tuple(row) for name, row in witnessed.items()} == planned
        assert_order_is_kept(plan, {table: [str(row["id"]) for row in rows] for table, rows in world.tables.items()})
        items = [item["id"] for item in (*plan.info["covered"], *plan.info["not_covered"])]
        assert len(items) == len(set(items))
        assert {f"outcome/{'/'.join(v or '-' for v in (*name[:2], *row[:3]))}" for name, row in said.items()} <= {
            *items
        }


def outcomes_of(forecast: Forecast) -> dict[Name, tuple[Any, ...]]:
    """Outcome, reason, rule, counterpart and winner by system, object and id."""
    columns = ("outcome", "reason", "rule_id", "counterpart_id", "winner_id")
    return {
        (row["system"], row["object"], row["record_id"]): tuple(row[name] for name in columns)
        for row in forecast.rows("outcomes")
    }


def renamed(row: tuple[Any, ...], system: str, new: Mapping[tuple[str, str], str]) -> tuple[Any, ...]:
    """An original's outcome as its look-alike's: counterpart and winner are look-alikes."""
    outcome, reason, rule, counterpart, winner = row
    other = System(system).other.value
    return (
        outcome,
        reason,
        rule,
        None if counterpart is None else new[other, counterpart],
        None if winner is None else new[system, winner],
    )


def assert_order_is_kept(plan: Rehearsal, order: Mapping[str, list[str]]) -> None:
    """GUIDs sort as SQL Server sorts them in the order of their originals; ids of HubSpot in the order of creation."""
    if plan.planned().info["assumptions"]["first_record_order"] != "api_order":
        return
    words = {"hubspot": {"company": "companies"}, "dynamics": {"company": "accounts", "deal": "opportunities"}}
    by_table: dict[str, list[tuple[Any, int]]] = {}
    for row in plan.sample():
        table = f"{row['system']}/{words[row['system']].get(row['object'], row['object'] + 's')}"
        new = row["look_alike_id"]
        turn = int(new) if row["system"] == "hubspot" else guid_sql_key(new)
        by_table.setdefault(table, []).append((turn, order[table].index(row["record_id"])))
        assert row["system"] == "hubspot" or new.replace("-", "").startswith(plan.tag)
    for turns in by_table.values():
        assert [place for _, place in sorted(turns)] == sorted(place for _, place in turns)
