"""A lookup's recipe carried out in two emulated test portals."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dynsync_lib.core.model import Direction, Object
from dynsync_lib.core.settings_file.reader import parse_settings
from dynsync_lib.emulator.conditions.switches import PortalFacts
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.errors import ProductionPortalError, UsageError
from dynsync_lib.rehearsal.lookup_copy.apply_recipe import AppliedRecipe, apply_recipe
from dynsync_lib.rehearsal.lookup_copy.fields_to_make import with_copy
from dynsync_lib.rehearsal.portal_steps import PortalSteps
from tests.emulator.small_world import BOB
from tests.pulls import KEYS, FakeTime, connections
from tests.rehearsal.portals import with_portals, writes
from tests.rulebook_texts import shipped_rulebook

SETTINGS = """
[sync.contact]
direction = "to_hubspot"

[[sync.contact.mapping]]
hubspot = "company"
dynamics = "parentcustomerid"
"""
PARENT = "parentcustomerid"
NOW = datetime(2026, 11, 30, tzinfo=UTC)


def applied(emulator: Emulator, work: Path, column: str = PARENT, text: str = SETTINGS) -> AppliedRecipe:
    book = shipped_rulebook()
    settings = parse_settings(text, file="dynsync.toml", rulebook=book)
    steps = PortalSteps(connections(emulator), settings, book, KEYS, lambda: NOW, FakeTime().pace())
    work.mkdir(exist_ok=True)
    return apply_recipe(steps, Object.CONTACT, column, work)


def test_recipe__makes_both_fields_copies_labels_and_shows_the_verdict_change(
    emulator: Emulator, tmp_path: Path
) -> None:
    first = applied(emulator, tmp_path / "first")
    assert (first.column, first.is_new_column, first.is_new_property) == ("new_parentcustomerid_text", True, True)
    assert (first.copied, first.unchanged, first.unlabelled, first.refused) == (2, 0, 0, [])
    assert (first.before["hubspot_field"], first.before["verdict"]) == ("company", "blocked")
    assert first.before["rule_id"] == "field.lookup-blocked"
    assert (first.after["verdict"], first.after["allowed_directions"]) == ("ok", "to_hubspot")
    assert first.lines == (
        '[[sync.contact.mapping]]\nhubspot = "dynamics_parentcustomerid"\n'
        'dynamics = "new_parentcustomerid_text"\ndirection = "to_hubspot"\n'
    )
    again = applied(emulator, tmp_path / "again")
    assert (again.is_new_column, again.is_new_property) == (False, False)
    assert (again.copied, again.unchanged) == (0, 2)


def test_recipe__names_rows_that_dynamics_does_not_change(emulator: Emulator, tmp_path: Path) -> None:
    with_portals(emulator, lambda portals: portals.dynamics.writer.update(Object.CONTACT, {BOB: {"statecode": "1"}}))
    done = applied(emulator, tmp_path)
    assert [row["record_id"] for row in done.refused] == [BOB]
    assert done.copied == 1


def test_recipe__of_what_is_no_lookup_is_refused_and_nothing_written(emulator: Emulator, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"contact\.jobtitle is no lookup column of the test portal"):
        applied(emulator, tmp_path, "jobtitle")
    with pytest.raises(UsageError, match="contact is not in the sync"):
        applied(emulator, tmp_path / "off", text="[sync.company]\n")
    assert writes(emulator) == []


def test_recipe__writes_nothing_to_a_production_portal(emulator: Emulator, tmp_path: Path) -> None:
    emulator.conditions.portals = PortalFacts(organization_type="Customer")
    with pytest.raises(ProductionPortalError):
        applied(emulator, tmp_path)
    assert writes(emulator) == []


def test_settings_with_the_copy__map_it_one_way_in_place_of_the_lookup(emulator: Emulator, tmp_path: Path) -> None:
    recipe = applied(emulator, tmp_path).recipe
    settings = parse_settings(SETTINGS, file="dynsync.toml", rulebook=shipped_rulebook())
    mappings = with_copy(settings, recipe).sync[Object.CONTACT].mappings
    assert PARENT not in {mapping.dynamics for mapping in mappings}
    assert [mapping.direction for mapping in mappings if mapping.dynamics == recipe.text_column] == [
        Direction.TO_HUBSPOT
    ]
