"""A command imports what it needs: pandas only where a frame is shown, pydantic only where a number or moment is asked
for, and next to nothing for a page of help."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from dynsync_lib.emulator.serving.emulator import Emulator
from tests.pulls import small_portals

ROOT = Path(__file__).parents[2]
FILES = {
    "h/contacts.csv": "hs_object_id,email,firstname\n1,ada@example.com,Ada\n2,,Bob\n",
    "later/contacts.csv": "hs_object_id,email,firstname\n1,ada@example.com,Ada B.\n2,,Bob\n",
    "d/contacts.csv": "contactid,emailaddress1,firstname\nA-1,ADA@example.com,Ada M.\nA-2,cy@example.com,Cy\n",
    "bindings.csv": "object,hubspot_id,dynamics_id\ncontact,1,A-2\n",
    "dynsync.toml": "[sync.contact]\nenabled = true\n",
}
"""A folder's files, by name: contacts on both sides, HubSpot's also as they are later, earlier pairs, settings."""
PROBE = """
import json, sys
from pathlib import Path
from dynsync_lib.cli import commands

def call(words):
    sys.argv = ["dynsync", *words]
    try:
        commands.main()
    except SystemExit as end:
        return end.code or 0
    return 0

imported, ends = set(), {}
for line in sys.argv[1:]:
    code = call(line.split())
    now = {name.partition(".")[0] for name in sys.modules}
    ends[line] = {"code": code, "modules": sorted(now - imported)}
    imported = now
Path("imported.json").write_text(json.dumps(ends))
"""
"""Runs commands one after the other, and writes of each its exit code and the packages that none before it imported."""
PREPARING = ["load --hubspot h --dynamics d --out s", "forecast s --out f"]
WITHOUT_PANDAS = [
    "init new",
    "check --settings-only",
    "check s --settings-only",
    "load --hubspot later --dynamics d --out s2",
    "load --hubspot h --dynamics d --out s3 --json",
    "forecast s --out f2",
    "forecast s --out f3 --json --csv --bindings bindings.csv",
    "sign-out",
    "replay s s2 --out r --csv",
    "explain ada@example.com --forecast f",
    "explain ada@example.com --forecast f --json",
    "audit --forecast f",
    "audit --forecast f --json",
    "rules",
    "rules --numbers",
    "rules --json",
    "recipes s",
    "recipes s --json",
]
WITHOUT_PYDANTIC = ["forecast s --out f4", "audit --forecast f", "explain ada@example.com --forecast f"]
HELP = ["--help", "forecast --help", "sign-out --help"]
HEAVY = {"pandas", "pyarrow", "polars", "duckdb", "narwhals", "httpx", "openpyxl", "matplotlib", "jinja2", "numpy"}
Ends = Mapping[str, set[str]]
"""The packages that a command was the first of its process to import, by command."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tables and settings, to run commands in."""
    folder = tmp_path_factory.mktemp("small")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _run(folder: Path, *commands: str, code: str = PROBE) -> Ends:
    """The commands one after the other in one process, which costs less than a process for each."""
    called = [sys.executable, "-c", code, *commands]
    subprocess.run(called, cwd=folder, env={"PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    ends = json.loads((folder / "imported.json").read_text(encoding="utf-8"))
    assert {command: end["code"] for command, end in ends.items()} == dict.fromkeys(commands, 0)
    return {command: set(end["modules"]) for command, end in ends.items()}


@pytest.fixture(scope="module")
def without_pandas(folder: Path) -> Ends:
    """The commands that show no frame; then there are a snapshot `s` and a forecast `f`."""
    return _run(folder, *PREPARING, *WITHOUT_PANDAS)


@pytest.fixture(scope="module")
def without_pydantic(folder: Path, without_pandas: Ends) -> Ends:
    """The commands that take texts and paths."""
    assert without_pandas
    return _run(folder, *WITHOUT_PYDANTIC)


@pytest.fixture(scope="module")
def helped(folder: Path) -> Ends:
    """The commands that print a page of help."""
    return _run(folder, *HELP)


@pytest.mark.parametrize("command", [*PREPARING, *WITHOUT_PANDAS])
def test_commands__that_show_no_frame_do_without_pandas(without_pandas: Ends, command: str) -> None:
    assert "pandas" not in without_pandas[command]


@pytest.mark.parametrize("command", WITHOUT_PYDANTIC)
def test_commands__that_take_texts_and_paths_do_without_pydantic(without_pydantic: Ends, command: str) -> None:
    assert "pydantic" not in without_pydantic[command]


def test_commands__that_ask_portals_do_without_pandas(folder: Path) -> None:
    with Emulator(small_portals()) as emulator:
        (folder / "emulator.json").write_text(json.dumps(emulator.addresses), encoding="utf-8")
        ends = _run(folder, "check --emulator emulator.json", "pull --emulator emulator.json --out p")
    assert "pandas" not in set().union(*ends.values())


def test_commands__the_probe_sees_pandas(folder: Path, without_pandas: Ends) -> None:
    assert without_pandas
    shown = "from dynsync_lib import kit; kit.open_forecast('f').outcomes.empty"
    ends = _run(folder, "first", "second", code=PROBE.replace("commands.main()", f"if words == ['second']: {shown}"))
    assert {command: "pandas" in modules for command, modules in ends.items()} == {"first": False, "second": True}


def test_forecast__of_few_records_does_without_duckdb_and_templates(without_pydantic: Ends) -> None:
    assert without_pydantic["forecast s --out f4"] & {"duckdb", "jinja2"} == set()


@pytest.mark.parametrize("command", HELP)
def test_help__imports_nothing_heavy(helped: Ends, command: str) -> None:
    assert HEAVY & helped[command] == set()
