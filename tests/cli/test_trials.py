"""`dynsync calibrate`, `try-mapping` and `apply-recipe`: what they print, and their exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dynsync_lib.cli.commands import app
from dynsync_lib.emulator.conditions.switches import PortalFacts
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.errors import ProductionPortalError, SnapshotError, UsageError
from tests.emulator.small_world import small_world
from tests.pulls import GENEROUS
from tests.rehearsal.portals import writes

SETTINGS = """
[sync.contact]
default_mappings = false

[[sync.contact.mapping]]
hubspot = "firstname"
dynamics = "firstname"

[[sync.contact.mapping]]
hubspot = "company"
dynamics = "parentcustomerid"
"""


@pytest.fixture(scope="module")
def serving() -> Iterator[Emulator]:
    with Emulator(small_world(), limits=GENEROUS) as emulator:
        yield emulator


@pytest.fixture
def emulator(serving: Emulator, tmp_path: Path) -> Emulator:
    serving.conditions.reset()
    serving.reseed()
    (tmp_path / "emulator.json").write_text(json.dumps(serving.told), encoding="utf-8")
    (tmp_path / "dynsync.toml").write_text(SETTINGS, encoding="utf-8")
    return serving


def run(folder: Path, *words: str) -> Any:
    places = ("--settings", str(folder / "dynsync.toml"), "--emulator", str(folder / "emulator.json"))
    return CliRunner().invoke(app, [*words, *places])


@pytest.mark.usefixtures("emulator")
def test_try_mapping__as_json(tmp_path: Path) -> None:
    tried = run(tmp_path, "try-mapping", "--json")
    figures = json.loads(tried.stdout)
    assert tried.exit_code == 0
    assert (figures["trials"], figures["differences"], figures["left"]) == (12, 0, 0)
    longer = next(row for row in figures["rows"] if (row["system"], row["edge"]) == ("dynamics", "one longer"))
    assert (longer["portal"], longer["forecast"], longer["rule_id"]) == ("refused", "refused", "field.too-long")


@pytest.mark.usefixtures("emulator")
def test_try_mapping__for_people(tmp_path: Path) -> None:
    text = run(tmp_path, "try-mapping").stdout
    assert "  dynamics contact firstname longest: accepted, forecast accepted\n" in text
    assert "  dynamics contact parentcustomerid: not_tried: A lookup cannot sync.\n" in text
    assert "0 of 12 differ from the forecast." in text


@pytest.mark.usefixtures("emulator")
def test_apply_recipe__as_json_and_for_people(tmp_path: Path) -> None:
    applied = run(tmp_path, "apply-recipe", "contact.parentcustomerid", "--json")
    figures = json.loads(applied.stdout)
    assert applied.exit_code == 0
    assert (figures["copied"], figures["text_column_is_new"], figures["refused"]) == (2, True, [])
    assert (figures["before"]["verdict"], figures["after"]["verdict"]) == ("blocked", "ok")
    text = run(tmp_path, "apply-recipe", "contact.parentcustomerid").stdout
    assert "Dynamics column new_parentcustomerid_text: was there\n" in text
    assert "        2  there already\n" in text


@pytest.mark.parametrize("column", ["contact", "contact.", "person.x", ""])
def test_apply_recipe__of_no_column(emulator: Emulator, tmp_path: Path, column: str) -> None:
    assert isinstance(run(tmp_path, "apply-recipe", column).exception, UsageError)
    assert writes(emulator) == []


@pytest.mark.parametrize("words", [("try-mapping",), ("apply-recipe", "contact.parentcustomerid")])
def test_trials__write_nothing_to_a_production_portal(
    emulator: Emulator, tmp_path: Path, words: tuple[str, ...]
) -> None:
    emulator.conditions.portals = PortalFacts(account_type="STANDARD")
    assert isinstance(run(tmp_path, *words).exception, ProductionPortalError)
    assert writes(emulator) == []


def test_calibrate__of_no_rehearsal(tmp_path: Path) -> None:
    failed = CliRunner().invoke(app, ["calibrate", str(tmp_path)])
    assert isinstance(failed.exception, SnapshotError)
