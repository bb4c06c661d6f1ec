"""`dynsync lab` as a process, and notebooks in it, for whatever looks at them in a browser."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dynsync_lib import kit
from dynsync_lib.processes import python_call

ADDRESS = re.compile(rb"http://127\.0\.0\.1:\d+/lab\?token=\w+")
STARTS_WITHIN_S = 120.0
TAKEN_AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
"""When the demo's files were exported, so that whatever shows them changes only with what it shows."""
_ROOT = Path(__file__).parents[2]
_SAMPLES = _ROOT / "sample_data"
_KERNEL_READY = """async () => {
  const panel = jupyterapp.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  const kernel = panel.sessionContext.session.kernel;
  await kernel.info;
  const isReady = () => kernel.connectionStatus === 'connected' && kernel.status === 'idle';
  while (!isReady()) await new Promise((then) => setTimeout(then, 50));
}"""
"""Waits for the kernel of the notebook that is open. An idle kernel may not be connected yet, and then runs nothing."""
_RUN_ALL = "() => { jupyterapp.commands.execute('notebook:run-all-cells'); }"
_USE_THEME = "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})"


def make_demo(folder: Path, *notebooks: str) -> Path:
    """A folder with these notebooks, and the demo's snapshot and settings where they look for them."""
    demo = folder / "out" / "demo"
    demo.mkdir(parents=True)
    kit.load(_SAMPLES / "hubspot", _SAMPLES / "dynamics", demo / "snapshot", taken_at=TAKEN_AT)
    shutil.copy(_SAMPLES / "dynsync.toml", demo / "dynsync.toml")
    (folder / "notebooks").mkdir()
    for name in notebooks:
        shutil.copy(_ROOT / "notebooks" / f"{name}.ipynb", folder / "notebooks")
    return folder


@contextmanager
def running_lab(folder: Path, *, obeys_scripts: bool = False) -> Iterator[str]:
    """JupyterLab in a folder of notebooks; gives its address with the key to it.

    With `obeys_scripts` its application can be reached from the page, as `open_notebook` and `run_all` need it.
    """
    call = python_call("dynsync_lib.cli", "lab", str(folder), "--no-browser")
    with tempfile.TemporaryDirectory() as config:
        settings = {"LabApp": {"expose_app_in_browser": obeys_scripts}}
        Path(config, "jupyter_lab_config.json").write_text(json.dumps(settings), encoding="utf-8")
        with subprocess.Popen(
            call,
            cwd=folder,
            env={**os.environ, "JUPYTER_CONFIG_DIR": config},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process:
            late = threading.Timer(STARTS_WITHIN_S, process.kill)
            late.start()
            try:
                address = _address(process)
                late.cancel()  # it has started, however long it is looked at
                yield address
            finally:
                late.cancel()
                process.terminate()


def _address(process: "subprocess.Popen[bytes]") -> str:
    """The address that it prints, after which nobody need read what else it says."""
    assert process.stderr is not None
    for line in process.stderr:
        if address := ADDRESS.search(line):
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return address.group().decode()
    raise AssertionError("JupyterLab said no address.")


def open_notebook(page: Any, address: str, path: str) -> None:
    """Shows a notebook of the running lab, seen from its folder, and waits until its kernel can be used."""
    page.goto(address.replace("/lab?", f"/lab/tree/{path}?reset&"))
    page.wait_for_selector(".jp-NotebookPanel .jp-Notebook")
    page.evaluate(_KERNEL_READY)


def run_all(page: Any) -> None:
    """Begins to run all cells of the notebook that is open."""
    page.evaluate(_RUN_ALL)


def use_theme(page: Any, theme: str) -> None:
    """Shows everything in the theme "light" or "dark"."""
    page.evaluate(_USE_THEME, f"JupyterLab {theme.capitalize()}")
    page.wait_for_function(
        "dark => (document.body.dataset.jpThemeLight === 'false') === dark", arg=theme.lower() == "dark"
    )
    page.locator("#jupyterlab-splash").wait_for(state="detached")
