"""Nothing of the working folder runs: modules and templates of the right name beside the data are not used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import dynsync
from dynsync_lib.emulator.serving import demo_process, portals_apart
from dynsync_lib.report.exporter import DynsyncReportExporter
from dynsync_lib.report.kernel import start_kernel
from dynsync_lib.report.notebook_format import nbformat

v4: Any = nbformat.v4  # states no types
_MODULES = (
    "typer.py",
    "rich/__init__.py",
    "json.py",
    "pickle.py",
    "pathlib.py",
    "uvicorn.py",
    "trustme.py",
    "matplotlib.py",
    "ipykernel_launcher.py",
    "pytest.py",
    "pip/__main__.py",
    "dynsync_lib/__init__.py",
)
_PLANT = "import os, sys\nopen(os.path.join({folder!r}, 'ran'), 'a').write(__name__ + ' ')\n"


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A folder with harmless modules that say so when they are imported."""
    for name in _MODULES:
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(_PLANT.format(folder=str(tmp_path)), encoding="utf-8")
    return tmp_path


def _ran(folder: Path) -> str:
    file = folder / "ran"
    return file.read_text(encoding="utf-8") if file.exists() else "nothing"


@pytest.mark.parametrize("asked", ["rules", "test", "pip"])
def test_bootstrap__runs_nothing_of_the_working_folder(
    planted: Path, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    monkeypatch.setattr(dynsync, "python_of", lambda _: Path(sys.executable))
    monkeypatch.setattr(dynsync, "LOG", planted / "setup.log")
    monkeypatch.chdir(planted)
    if asked == "pip":
        dynsync.pip(["--version"])
    else:
        call = dynsync.command([asked, "--help"])
        assert subprocess.run(call, cwd=planted, capture_output=True, check=False).returncode == 0
    assert _ran(planted) == "nothing"


def test_main__leaves_the_working_folder_out_without_the_flag(planted: Path) -> None:
    for name in ("json.py", "pickle.py", "pathlib.py", "dynsync_lib/__init__.py"):  # `python -m` itself reads these
        (planted / name).unlink()
    (planted / "dynsync_lib").rmdir()
    call = [sys.executable, "-m", "dynsync_lib.cli", "rules", "--json"]
    assert subprocess.run(call, cwd=planted, capture_output=True, check=False).returncode == 0
    assert _ran(planted) == "nothing"


@pytest.mark.parametrize("call", [demo_process._CALL, portals_apart._CALL])
def test_emulator__imports_nothing_of_the_working_folder(planted: Path, call: tuple[str, ...]) -> None:
    subprocess.run(call, cwd=planted, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert _ran(planted) == "nothing"


def test_kernel__imports_nothing_of_its_folder(planted: Path) -> None:
    cell = v4.new_code_cell("import sys, json, matplotlib\nprint('' in sys.path, matplotlib.__file__ is not None)")
    notebook = v4.new_notebook(cells=[cell])
    with start_kernel(planted, imports=["typer"]) as kernel:
        kernel.run(notebook, timeout_s=60)
    assert notebook.cells[0].outputs[0].text == "False True\n"
    assert _ran(planted) == "nothing"


def test_kernel__is_this_python_whatever_jupyters_folders_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = tmp_path / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(
        '{"argv": ["not-there", "{connection_file}"], "display_name": "x", "language": "python"}', encoding="utf-8"
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    notebook = v4.new_notebook(cells=[v4.new_code_cell("import sys\nprint(sys.executable)")])
    with start_kernel(tmp_path) as kernel:
        kernel.run(notebook, timeout_s=60)
    assert notebook.cells[0].outputs[0].text == f"{sys.executable}\n"


@pytest.mark.parametrize("where", ["", "nbconvert/templates"])
def test_exporter__uses_no_template_beside_the_data_or_of_jupyters_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    for name in ("dynsync_report", "base"):
        folder = tmp_path / where / name
        folder.mkdir(parents=True)
        (folder / "index.html.j2").write_text("planted", encoding="utf-8")
        (folder / "conf.json").write_text('{"preprocessors": {"1": {"type": "os.getcwd"}}}', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    make_exporter: Any = DynsyncReportExporter  # nbconvert's own `__init__` states no types
    text, _ = make_exporter().from_notebook_node(v4.new_notebook(cells=[v4.new_markdown_cell("# Words")]))
    assert "planted" not in text
    assert "<h1" in text
