"""dynsync.py: what it says on machines that cannot run the kit, and what it runs on those that can."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import dynsync


@pytest.mark.parametrize("version", [(3, 10), (3, 14), (2, 7)])
def test_check_python__names_the_versions_that_work(version: tuple[int, int]) -> None:
    with pytest.raises(dynsync.SetupError, match=r"the kit needs 3\.11, 3\.12 or 3\.13"):
        dynsync.check_python(version)


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_check_python__accepts(version: tuple[int, int]) -> None:
    dynsync.check_python(version)


@pytest.mark.parametrize("fault", [subprocess.CalledProcessError(1, "ensurepip"), ModuleNotFoundError("ensurepip")])
def test_make_venv__without_ensurepip_names_the_package(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    def fail(*_: Any) -> None:
        raise fault

    monkeypatch.setattr(venv.EnvBuilder, "create", fail)
    with pytest.raises(dynsync.SetupError, match="sudo apt install python3-venv"):
        dynsync.make_venv()


def test_make_venv__in_a_folder_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(venv.EnvBuilder, "create", fail)
    with pytest.raises(dynsync.SetupError, match=r"cannot be written: Permission denied\. Move the kit"):
        dynsync.make_venv()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("NewConnectionError: failed to establish", "could not be downloaded. Check the network"),
        ("ERROR: Could not find a version that satisfies", "could not be downloaded. Check the network"),
        ("error: subprocess-exited-with-error", "could not be installed; the reason stands at the end of"),
    ],
)
def test_pip__tells_a_missing_network_from_a_broken_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, told: str
) -> None:
    monkeypatch.setattr(dynsync, "LOG", tmp_path / "out" / "setup.log")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=1, stdout="", stderr=said))
    with pytest.raises(dynsync.SetupError, match=told):
        dynsync.pip(["install", "x"])
    assert (tmp_path / "out" / "setup.log").read_text(encoding="utf-8") == said


def test_install__installs_what_the_lock_names_only(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(dynsync, "pip", calls.append)
    dynsync.install()
    assert all("--no-deps" in call for call in calls)
    first, *others = calls
    assert first[-3:] == ["--constraint", str(dynsync.ROOT / "requirements.lock"), "setuptools"]
    assert all("--no-build-isolation" in call for call in others)
    locked = (dynsync.ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "\nsetuptools==" in locked


def test_main__says_one_sentence_and_exits_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 1, "final", 0))
    assert dynsync.main(["demo"]) == 2
    assert capsys.readouterr().err.startswith("This is Python 3.9; the kit needs")


def test_prepare__does_nothing_when_the_stamp_fits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stamp = tmp_path / "stamp.txt"
    stamp.write_text(dynsync.fingerprint(), encoding="utf-8")
    monkeypatch.setattr(dynsync, "STAMP", stamp)
    monkeypatch.setattr(dynsync, "python_of", lambda _: Path(sys.executable))
    monkeypatch.setattr(dynsync, "make_venv", lambda: pytest.fail("set up again"))
    dynsync.prepare()


def test_command__runs_tests_lab_and_everything_else() -> None:
    root = dynsync.ROOT
    assert dynsync.command(["test"])[1:4] == ["-P", "-m", "pytest"]
    assert dynsync.command(["test"])[-1] == str(root / "tests")
    assert dynsync.command(["test", "tests/core"])[-1] == "tests/core"
    assert dynsync.command(["lab", "--no-browser"])[1:] == ["-P", "-m", "dynsync_lib.cli", "lab", "--no-browser"]
    assert dynsync.command(["rules", "--json"])[1:] == ["-P", "-m", "dynsync_lib.cli", "rules", "--json"]
    assert dynsync.command([])[1:] == ["-P", "-m", "dynsync_lib.cli", "--help"]


def test_run__leaves_no_process_between(tmp_path: Path) -> None:
    code = "import os, sys, dynsync; print(os.getpid()); dynsync.run([sys.executable, '-c', sys.argv[1]])"
    call = [sys.executable, "-c", code, "import os; print(os.getpid()); raise SystemExit(3)"]
    environment = {**os.environ, "PYTHONPATH": str(dynsync.ROOT)}
    ended = subprocess.run(call, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    outer, inner = ended.stdout.split()
    assert (outer == inner, ended.returncode) == (os.name != "nt", 3)


def test_bootstrap__imports_the_standard_library_only() -> None:
    import ast

    tree = ast.parse((dynsync.ROOT / "dynsync.py").read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= set(sys.stdlib_module_names)
