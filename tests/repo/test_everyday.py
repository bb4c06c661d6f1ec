"""The everyday run leaves out what is `long`, `--all` adds it, and `.ci/run` asks for all."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ("-p", "tests.fresh_seeds", "-p", "tests.everyday")
TESTS = """
import pytest
from tests.everyday import one_of_each

CASES = [(1, "odd"), (2, "even"), pytest.param(3, "odd", id="three"), (5, "odd")]

@pytest.mark.parametrize(("number", "kind"), one_of_each(CASES, lambda number, kind: kind))
def test_case(number, kind):
    assert number % 2 == (kind == "odd")

@pytest.mark.parametrize("name", one_of_each("aab", str))
def test_name(name):
    assert name

@pytest.mark.soak
def test_soak():
    raise AssertionError
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with a few tests and the options of this repository."""
    options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]
    everyday = options["addopts"].partition(" -m ")[2].strip("'")
    markers = "\n".join(f"    {marker}" for marker in options["markers"])
    pytester.makeini(f"[pytest]\naddopts = -m '{everyday}'\nmarkers =\n{markers}")
    pytester.makepyfile(TESTS)
    return pytester


def ran(project: pytest.Pytester, *options: str) -> list[str]:
    """The tests that ran, by name."""
    result = project.runpytest_inprocess(*PLUGINS, "-v", *options)
    assert result.ret in (0, 1)
    return [line.split("::")[1].split()[0] for line in result.outlines if "%]" in line and "::" in line]


def test_one_of_each_kind_runs_every_day(project: pytest.Pytester) -> None:
    assert ran(project) == ["test_case[1-odd]", "test_case[2-even]", "test_name[a0]", "test_name[b]"]


def test_a_fresh_seed_draws_others_of_each_kind(project: pytest.Pytester) -> None:
    assert ran(project, "--fresh-seeds=1") == ["test_case[2-even]", "test_case[three]", "test_name[a1]", "test_name[b]"]


def test_all_adds_the_others_but_no_soak(project: pytest.Pytester) -> None:
    cases = ["test_case[1-odd]", "test_case[2-even]", "test_case[three]", "test_case[5-odd]"]
    assert ran(project, "--all") == [*cases, "test_name[a0]", "test_name[a1]", "test_name[b]"]
    assert ran(project, "--all", "-m", "soak") == ["test_soak"]


def test_ci_runs_what_every_day_leaves_out() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    calls = [line.split(" dynsync.py test ")[1] for line in lines if " dynsync.py test --all" in line]
    assert calls == ["--all"]  # no path and no -m: all that is not asked for by name
