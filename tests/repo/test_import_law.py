"""Who may know whom: every file is held to the law, and planted violations are caught."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.repo.checks import purity_complaints
from tests.repo.import_law import PACKAGE, module_name, violations

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / PACKAGE).rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_keeps_the_import_law(path: Path) -> None:
    name = module_name(path, ROOT)
    if name:
        assert violations(name, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("core.matching", "import duckdb"),
        ("core.matching", "import os"),
        ("core.matching", "from pathlib import Path"),
        ("core.matching", "from dynsync_lib import engine"),
        ("core.model", "from dynsync_lib.core.keys import trim"),
        ("emulator.sync_engine", "from dynsync_lib.core.matching import match_records"),
        ("emulator.sync_engine", "def f():\n    from dynsync_lib.core import keys"),
        ("portals.pull", "from dynsync_lib.core.forecast import build_forecast"),
        ("portals.pull", "from dynsync_lib.report import charts"),
        ("report.views", "from dynsync_lib.core.rulebook import Rulebook"),
        ("widgets.progress", "from dynsync_lib import kit"),
        ("cli", "from dynsync_lib.engine import open_engine"),
        ("engine", "from dynsync_lib.core.forecast import build_forecast"),
        ("core.matching", "from . import keys"),
    ],
)
def test_a_planted_violation_is_caught(name: str, source: str) -> None:
    assert violations(name, source) != []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("core.forecast", "from dynsync_lib.core.matching import match_records\nimport narwhals"),
        ("emulator.world", "from dynsync_lib.core.model import Object"),
        ("cli", "from dynsync_lib import kit\nfrom dynsync_lib.errors import UsageError"),
    ],
)
def test_what_is_allowed_passes(name: str, source: str) -> None:
    assert violations(name, source) == []


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
    import json

    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        tree = ast.parse(code)
        imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        assert [ast.unparse(node) for node in imported] == ["from dynsync_lib import kit"], path
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)], path
