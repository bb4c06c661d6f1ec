"""Who made a record and who changed it last comes with a pull, and no forecast looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib import kit
from dynsync_lib.core.needed_fields import needed_fields
from dynsync_lib.core.tables import CREATED_BY, MODIFIED_BY
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.emulator.world.metadata import column_rows, property_rows
from tests.emulator.clients import environment_client
from tests.emulator.small_world import ADA, BOB, small_world
from tests.pulls import GENEROUS, pull, rows_of

SETTINGS = "[sync.contact]\n[sync.company]\n"
PERSON = "00000000-0000-4000-8000-0000000000e1"
WHO = {name for by in (CREATED_BY, MODIFIED_BY) for name in by.values()}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Small portals in which a person made and changed all contacts, and the portals say so."""
    world = small_world()
    tables: dict[str, list[dict[str, Any]]] = {name: [dict(row) for row in rows] for name, rows in world.tables.items()}
    for contact in tables["hubspot/contacts"]:
        contact |= {"hs_created_by_user_id": "11", "hs_updated_by_user_id": "12"}
    for contact in tables["dynamics/contacts"]:
        contact |= {"_createdby_value": PERSON, "_createdby_type": "systemuser"}
        contact |= {"_modifiedby_value": PERSON, "_modifiedby_type": "systemuser"}
    fact = {"object": "contact", "read_only": "true"}
    tables["hubspot/properties"] += [
        {**property_rows()[0], **fact, "name": name, "type": "number"}
        for name in ("hs_created_by_user_id", "hs_updated_by_user_id")
    ]
    tables["dynamics/columns"] += [
        {**column_rows()[0], **fact, "name": name, "type": "Lookup", "targets": "systemuser"}
        for name in ("createdby", "modifiedby")
    ]
    with Emulator(replace(world, tables=tables), limits=GENEROUS) as running:
        running.conditions.clock.stop(datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp())
        yield running


def test_pull__says_who_made_and_who_changed_a_record(emulator: Emulator, tmp_path: Path) -> None:
    with environment_client(emulator) as environment:
        assert environment.patch(f"contacts({BOB})", json={"jobtitle": "Painter"}).status_code == 204
        caller = environment.get("WhoAmI").json()["UserId"]
    (tmp_path / "dynsync.toml").write_text(SETTINGS, encoding="utf-8")
    asked = needed_fields(kit.read_settings(tmp_path / "dynsync.toml"), kit.rulebook())
    snapshot = pull(emulator, tmp_path / "s", fields={name: sorted(fields) for name, fields in asked.items()})
    hubspot, dynamics = rows_of(snapshot, "hubspot/contacts"), rows_of(snapshot, "dynamics/contacts")
    assert {(row["hs_created_by_user_id"], row["hs_updated_by_user_id"]) for row in hubspot} == {("11", "12")}
    by = {row["id"]: (row["_createdby_value"], row["_modifiedby_value"], row["modifiedon"]) for row in dynamics}
    assert by[ADA] == (PERSON, PERSON, "2024-02-01T09:30:00Z")
    assert by[BOB] == (PERSON, caller, "2026-11-24T12:00:00Z")


def test_forecast__is_the_same_without_them(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "dynsync.toml").write_text(SETTINGS, encoding="utf-8")
    asked = needed_fields(kit.read_settings(tmp_path / "dynsync.toml"), kit.rulebook())
    tables = []
    for name, left_out in (("with", set[str]()), ("without", WHO)):
        fields = {table: sorted({*names} - left_out) for table, names in asked.items()}
        pull(emulator, tmp_path / name, fields=fields)
        kit.forecast(tmp_path / name, tmp_path / "dynsync.toml", tmp_path / f"{name} forecast")
        tables.append({file.name: file.read_bytes() for file in (tmp_path / f"{name} forecast").glob("*.parquet")})
    assert "_modifiedby_value" in kit.open_snapshot(tmp_path / "with").columns("dynamics/contacts")
    assert "_modifiedby_value" not in kit.open_snapshot(tmp_path / "without").columns("dynamics/contacts")
    assert len(tables[0]) == 9
    assert tables[0] == tables[1]
