"""Who may know whom: every file is held to the law, and planted violations are caught."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from tests.repo.checks import purity_complaints
from tests.repo.import_law import (
    ALLOWED,
    MOST_FLOORS_IN_CORE,
    PACKAGE,
    ROOTS,
    arrows_of,
    circle_in,
    floors_of,
    line_of,
    module_name,
    notebook_complaints,
    unused_complaints,
    violations,
)

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / PACKAGE).rglob("*.py"))
PLANTED = (
    ("errors", "from dynsync_lib.core.model import Object"),
    ("listing", "from dynsync_lib.core.model import Object"),
    ("core.model", "from dynsync_lib.core.tables import COLUMNS"),
    ("core.tables", "from dynsync_lib.core.keys import trim"),
    ("core.settings", "from dynsync_lib.core.rulebook import Rulebook"),
    ("core.rulebook", "from dynsync_lib.core.fields.catalogue import Catalogue"),
    ("core.rulebook_reading", "from dynsync_lib.core.keys import trim"),
    ("core.keys", "from dynsync_lib.core.typed_values import trimmed"),
    ("core.masking", "from dynsync_lib.core.situation import Situation"),
    ("core.typed_values", "from dynsync_lib.core.rulebook import Rulebook"),
    ("core.conditions", "from dynsync_lib.core.keys import trim"),
    ("core.filter_tree", "from dynsync_lib.core.model import System"),
    ("core.lines", "from dynsync_lib.core.model import Outcome"),
    ("core.lookup_names", "from dynsync_lib.core.model import System"),
    ("core.questions", "from dynsync_lib.core.settings import Settings"),
    ("core.record_rows", "from dynsync_lib.core.situation import Frame"),
    ("core.counting", "from dynsync_lib.core.filters.grammar import parse_filter"),
    ("core.fields.mappings", "from dynsync_lib.core.situation import Situation"),
    ("core.filters.expressions", "from dynsync_lib.core.matching.sides import prepare_side"),
    ("core.settings_file.reader", "from dynsync_lib.core.needed_fields import needed_fields"),
    ("core.needed_fields", "from dynsync_lib.core.settings_file.reader import parse_settings"),
    ("core.situation", "from dynsync_lib.core.filters.expressions import filter_expression"),
    ("core.job", "from dynsync_lib.core.matching.sides import prepare_side"),
    ("core.matching.pairs", "from dynsync_lib.core.writing.refusals import required_fields"),
    ("core.writing.refusals", "from dynsync_lib.core.filters.expressions import filter_expression"),
    ("core.sync.initial_sync", "from dynsync_lib.core.advice.collisions import collisions"),
    ("core.advice.near_names", "from dynsync_lib.core.sync.initial_sync import decide_sync"),
    ("core.suggestions.suggest", "from dynsync_lib.core.advice.mapping_table import mapping_rows"),
    ("core.sensitivity.moved_records", "from dynsync_lib.core.audit.measures import rows_in"),
    ("core.audit.findings", "from dynsync_lib.core.sensitivity.moved_records import measure_sensitivity"),
    ("core.profile.agreement", "from dynsync_lib.core.sync.initial_sync import decide_sync"),
    ("core.fix_set.risks", "from dynsync_lib.core.advice.near_names import find_near_names"),
    ("core.explain.chain", "from dynsync_lib.core.sync.initial_sync import decide_sync"),
    ("core.explain.entry_steps", "from dynsync_lib.core.matching.pairs import match_records"),
    ("core.explain.refusal_steps", "from dynsync_lib.core.writing.writes import written"),
    ("core.comparison.effects", "from dynsync_lib.core.sync.initial_sync import decide_sync"),
    ("core.replay", "from dynsync_lib.forecasts.csv_files import write_csv"),
    ("core.forecast", "from dynsync_lib.engine import open_engine"),
    ("core.matching.pairs", "import duckdb"),
    ("core.matching.pairs", "import narwhals.stable.v2 as nw"),
    ("core.narwhals_words", "import polars"),
    ("core.frames", "from dynsync_lib.core.model import Object"),
    ("core.matching.pairs", "import os"),
    ("core.matching.pairs", "from pathlib import Path"),
    ("core.matching.pairs", "from . import sides"),
    ("messages", "from dynsync_lib.errors import DynsyncError\nfrom dynsync_lib.core.keys import trim"),
    ("small_files", "from dynsync_lib.core.keys import trim"),
    ("shapes", "from dynsync_lib.core.keys import trim"),
    ("moments", "from dynsync_lib.core.keys import trim"),
    ("record_urls", "from dynsync_lib.core.tables import OUTCOMES"),
    ("folders.own_folder", "from dynsync_lib.snapshot.snapshot import Snapshot"),
    ("processes", "from dynsync_lib.core.keys import trim"),
    ("workbooks.new", "from dynsync_lib.forecasts.csv_files import write_csv"),
    ("arrow_tables", "from dynsync_lib.engine.polars_engine import PolarsEngine"),
    ("engine.duckdb_engine", "from dynsync_lib.core.forecast import build_forecast"),
    ("mapping_editor.editor", "from dynsync_lib.kit.settings_files import change_settings"),
    ("settings_changes.changes", "from dynsync_lib.kit.rulebooks import rulebook"),
    ("snapshot.snapshot", "from dynsync_lib.core.settings import Settings"),
    ("go_live.sheets", "from dynsync_lib.kit.forecasts import forecast"),
    ("retention.search", "from dynsync_lib.core.keys import trim"),
    ("worklist.rows", "from dynsync_lib.kit.forecasts import forecast"),
    ("verification.receipt", "from dynsync_lib.kit.forecasts import forecast"),
    ("rehearsal.planning.proof", "from dynsync_lib.portals.rows import TextRow"),
    ("rehearsal.rehearsal_folder", "from dynsync_lib.kit.forecasts import forecast"),
    ("portals.rows", "from dynsync_lib.core.tables import COLUMNS"),
    ("portals.pages", "from dynsync_lib.portals.http.caller import Caller"),
    ("portals.metadata_rows", "from dynsync_lib.portals.pages import Page"),
    ("portals.http.transport", "from dynsync_lib.portals.sign_in.token_store import TokenStore"),
    ("portals.sign_in.auth", "from dynsync_lib.portals.dataverse.reader import Dataverse"),
    ("portals.hubspot.reader", "from dynsync_lib.portals.dataverse.rows import Row"),
    ("portals.dataverse.reader", "from dynsync_lib.portals.hubspot.rows import Row"),
    ("portals.pull.pull_portals", "from dynsync_lib.core.forecast import build_forecast"),
    ("portals.pull.pull_portals", "from dynsync_lib.portals.check.lines import CheckReport"),
    ("portals.files.load_files", "from dynsync_lib.portals.http.transport import Transport"),
    ("portals.files.load_files", "from dynsync_lib.portals.sign_in.credentials import Credentials"),
    ("portals.check.dynamics", "from dynsync_lib.portals.files.sheets import Sheet"),
    ("emulator.calls", "from dynsync_lib.emulator.routing import Route"),
    ("emulator.json_texts", "from dynsync_lib.emulator.calls import Call"),
    ("emulator.times", "from dynsync_lib.emulator.store.database import fold"),
    ("emulator.routing", "from dynsync_lib.emulator.conditions.switches import Conditions"),
    ("emulator.witness.pairs", "from dynsync_lib.core.matching.pairs import match_records"),
    ("emulator.witness.pairs", "def f():\n    from dynsync_lib.core import keys"),
    ("emulator.witness.pairs", "from dynsync_lib.emulator.store.records import Store"),
    ("emulator.world.crowd", "from dynsync_lib.emulator.witness.plan import SyncPlan"),
    ("emulator.store.records", "from dynsync_lib.emulator.hubspot.names import Kind"),
    ("emulator.conditions.limits", "from dynsync_lib.emulator.store.records import Store"),
    ("emulator.entra.tokens", "from dynsync_lib.emulator.dataverse.environment import Environment"),
    ("emulator.hubspot.search", "from dynsync_lib.emulator.dataverse.query import Query"),
    ("emulator.hubspot.search", "from dynsync_lib.emulator.entra.tokens import Tokens"),
    ("emulator.dataverse.query", "from dynsync_lib.emulator.hubspot.search import Search"),
    ("emulator.serving.emulator", "from dynsync_lib.emulator.witness.decisions import Decision"),
    ("rehearsal.calibration.reading", "from dynsync_lib.rehearsal.cleaning import Cleaned"),
    ("rehearsal.lookup_copy.apply_recipe", "from dynsync_lib.verification.evidence import Evidence"),
    ("rehearsal.mapping_trial.trials", "from dynsync_lib.forecasts.forecast_folder import Forecast"),
    ("rehearsal.gate", "from dynsync_lib.rehearsal.writing.written import Written"),
    ("rehearsal.writing.hubspot", "from dynsync_lib.forecasts.forecast_folder import Forecast"),
    ("report.views", "from dynsync_lib.core.rulebook import Rulebook"),
    ("widgets.progress", "from dynsync_lib import kit"),
    ("scenarios.decided", "from dynsync_lib.report.pieces import Piece"),
    ("forecasts.explanations", "from dynsync_lib.report.charts import outcome_bars"),
    ("forecasts.write_forecast", "from dynsync_lib.portals.pull.pull_portals import pull_portals"),
    ("kit.pages", "from dynsync_lib.cli.commands import app"),
    ("cli.commands", "from dynsync_lib.engine import open_engine"),
    ("core", "from dynsync_lib.core.model import Object"),
    ("", "from dynsync_lib.kit import forecast"),
)


def test_every_file_keeps_the_import_law() -> None:
    faults = {str(path): violations(module_name(path, ROOT), path.read_text(encoding="utf-8")) for path in FILES}
    assert {path: found for path, found in faults.items() if found} == {}


@pytest.mark.parametrize(("name", "source"), PLANTED)
def test_a_planted_violation_is_caught(name: str, source: str) -> None:
    assert violations(name, source) != []


def test_every_line_of_the_law_has_a_planted_violation() -> None:
    assert {line_of(name) for name, _ in PLANTED if name not in ROOTS} == set(ALLOWED)


def test_every_name_of_the_law_exists() -> None:
    modules = {module_name(path, ROOT) for path in FILES}
    assert {*ALLOWED, *(name for names in ALLOWED.values() for name in names)} <= modules


def test_a_package_that_the_law_does_not_know_is_refused() -> None:
    with pytest.raises(KeyError, match=r"the import law says nothing about core\.corridors"):
        violations("core.corridors", "")


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("core.forecast", "from dynsync_lib.core.matching.pairs import match_records\nimport rapidfuzz"),
        ("core.narwhals_words", "from narwhals.stable.v2 import col"),
        ("core.matching.pairs", "from dynsync_lib.core.matching import sides"),
        ("emulator.world.crowd", "from dynsync_lib.core.model import Object"),
        ("cli.commands", "from dynsync_lib import kit\nfrom dynsync_lib.errors import UsageError"),
    ],
)
def test_what_is_allowed_passes(name: str, source: str) -> None:
    assert violations(name, source) == []


# --- Circles and floors ------------------------------------------------------------------------------------------


@cache
def _sources() -> dict[str, str]:
    return {module_name(path, ROOT): path.read_text(encoding="utf-8") for path in FILES}


@cache
def _arrows() -> dict[str, set[str]]:
    return arrows_of(_sources())


def test_modules_are_used_where_they_say() -> None:
    assert unused_complaints(_sources()) == []


def test_a_planted_use_is_found() -> None:
    used = '"""Keys.\n\nWhere it is used: `kit.keys`, `core.rows`, `core`, `kit.load`. `core.model` makes them.\n"""'
    sources = {"core.keys": used, "core.rows": "", "core.model": "", "kit.keys": "from dynsync_lib.core import keys"}
    assert unused_complaints(sources) == ["core.keys is not used in core.rows", "core.keys is not used in core"]


def _inside_core(arrows: dict[str, set[str]]) -> dict[str, set[str]]:
    return {line: targets for line, targets in arrows.items() if line.startswith("core.")}


def test_no_packages_import_each_other() -> None:
    assert circle_in(_arrows()) == []


def test_a_planted_circle_is_found() -> None:
    arrows = arrows_of(
        {
            "core.fields.mappings": "from dynsync_lib.core.situation import Situation",
            "core.situation": "def f():\n    from dynsync_lib.core.matching import sides",
            "core.matching.sides": "from dynsync_lib.core.fields.catalogue import Field",
        }
    )
    assert circle_in(arrows) == ["core.fields", "core.situation", "core.matching", "core.fields"]


def test_core_has_few_floors() -> None:
    assert max(floors_of(_inside_core(_arrows())).values()) <= MOST_FLOORS_IN_CORE


def test_floors_are_counted_from_the_ground() -> None:
    stairs = {f"core.step_{number}": {f"core.step_{number - 1}"} for number in range(2, 14)} | {
        "core.step_1": set[str]()
    }
    assert floors_of({"core.model": set(), "core.tables": {"core.model"}, "core.keys": {"core.model"}}) == {
        "core.model": 1,
        "core.tables": 2,
        "core.keys": 2,
    }
    assert max(floors_of(stairs).values()) == 13
    assert max(floors_of(stairs).values()) > MOST_FLOORS_IN_CORE


def test_core_opens_nothing() -> None:
    assert _opening(ROOT / PACKAGE / "core") == []


def test_a_planted_call_is_caught_in_a_package_inside_core(tmp_path: Path) -> None:
    (tmp_path / "matching").mkdir()
    (tmp_path / "matching" / "pairs.py").write_text("def f():\n    open('x')\n    print('y')\n", encoding="utf-8")
    assert _opening(tmp_path) == ["matching/pairs.py calls open", "matching/pairs.py calls print"]


def _opening(folder: Path) -> list[str]:
    """What files below a folder open or print, folders inside it included."""
    return [
        complaint
        for path in sorted(folder.rglob("*.py"))
        for complaint in purity_complaints(str(path.relative_to(folder)), path.read_text(encoding="utf-8"))
    ]


def test_notebooks_know_the_kit_only() -> None:
    for path in (*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / PACKAGE).rglob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        assert notebook_complaints(code) == [], path


def test_what_notebooks_may_not_do_is_caught() -> None:
    assert notebook_complaints("from dynsync_lib import kit\nkit.rules()") == []
    assert notebook_complaints("from dynsync_lib import kit\nimport pandas as pd") == ["import pandas as pd"]
    assert notebook_complaints("from dynsync_lib.core import model") == ["from dynsync_lib.core import model"]
    assert notebook_complaints("from dynsync_lib import kit\ndef f():\n    pass") == ["def f"]
