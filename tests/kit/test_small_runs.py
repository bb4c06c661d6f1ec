"""A command imports what it needs: pandas only where a frame is shown, pydantic only where a number or moment is asked
for, and next to nothing for a page of help."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dynsync_lib.emulator.serving.emulator import Emulator
from tests.pulls import small_portals

ROOT = Path(__file__).parents[2]
FILES = {
    "h/contacts.csv": "hs_object_id,email,firstname\n1,ada@example.com,Ada\n2,,Bob\n",
    "d/contacts.csv": "contactid,emailaddress1,firstname\nA-1,ADA@example.com,Ada M.\nA-2,cy@example.com,Cy\n",
    "bindings.csv": "object,hubspot_id,dynamics_id\ncontact,1,A-2\n",
    "dynsync.toml": "[sync.contact]\nenabled = true\n",
}
"""A folder's files, by name: contacts on both sides, pairs of an earlier run, settings."""
PROBE = """
import json, sys
from dynsync_lib.cli import commands
sys.argv = ["dynsync", *sys.argv[1:]]
try:
    commands.main()
except SystemExit as end:
    code = end.code
with open("imported.json", "w") as file:
    json.dump({"code": code or 0, "modules": sorted({name.partition(".")[0] for name in sys.modules})}, file)
"""
WITHOUT_PANDAS = [
    "init new",
    "check --settings-only",
    "check s --settings-only",
    "load --hubspot h --dynamics d --out s2",
    "load --hubspot h --dynamics d --out s3 --json",
    "forecast s --out f2",
    "forecast s --out f3 --json --csv --bindings bindings.csv",
    "sign-out",
    "replay s s --out r --csv",
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
HEAVY = {"pandas", "pyarrow", "polars", "duckdb", "narwhals", "httpx", "openpyxl", "matplotlib", "jinja2", "numpy"}
Imported = Callable[..., set[str]]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """The packages a command has imported when it ends, in a folder with a snapshot `s` and a forecast `f`."""
    folder = tmp_path_factory.mktemp("small")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")

    def run(*arguments: str, code: str = PROBE) -> set[str]:
        called = [sys.executable, "-c", code, *arguments]
        subprocess.run(called, cwd=folder, env={"PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
        end = json.loads((folder / "imported.json").read_text(encoding="utf-8"))
        assert end["code"] == 0
        return set(end["modules"])

    run("load", "--hubspot", "h", "--dynamics", "d", "--out", "s")
    run("forecast", "s", "--out", "f")
    return run


@pytest.mark.parametrize("command", WITHOUT_PANDAS)
def test_commands__that_show_no_frame_do_without_pandas(imported: Imported, command: str) -> None:
    assert "pandas" not in imported(*command.split())


@pytest.mark.parametrize(
    "command", ["forecast s --out f4", "audit --forecast f", "explain ada@example.com --forecast f"]
)
def test_commands__that_take_texts_and_paths_do_without_pydantic(imported: Imported, command: str) -> None:
    assert "pydantic" not in imported(*command.split())


def test_commands__that_ask_portals_do_without_pandas(imported: Imported, tmp_path: Path) -> None:
    addresses = tmp_path / "emulator.json"
    with Emulator(small_portals()) as emulator:
        addresses.write_text(json.dumps(emulator.addresses), encoding="utf-8")
        assert "pandas" not in imported("check", "--emulator", str(addresses))
        assert "pandas" not in imported("pull", "--emulator", str(addresses), "--out", "p")


def test_commands__the_probe_sees_pandas(imported: Imported) -> None:
    shown = "from dynsync_lib import kit; code = kit.open_forecast('f').outcomes.empty"
    assert "pandas" in imported(code=PROBE.replace("commands.main()", shown))


def test_forecast__of_few_records_does_without_duckdb_and_templates(imported: Imported) -> None:
    assert imported("forecast", "s", "--out", "f4") & {"duckdb", "jinja2"} == set()


@pytest.mark.parametrize("command", ["--help", "forecast --help", "sign-out --help"])
def test_help__imports_nothing_heavy(imported: Imported, command: str) -> None:
    assert HEAVY & imported(*command.split()) == set()
