"""`dynsync lab` as a process, for tests that look at it in a browser."""

import json
import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dynsync_lib.processes import python_call

ADDRESS = re.compile(rb"http://127\.0\.0\.1:\d+/lab\?token=\w+")
STARTS_WITHIN_S = 120.0
RUN_ALL = """async () => {
  const panel = jupyterapp.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  const kernel = panel.sessionContext.session.kernel;
  await kernel.info;
  const isReady = () => kernel.connectionStatus === 'connected' && kernel.status === 'idle';
  while (!isReady()) await new Promise((then) => setTimeout(then, 50));
  jupyterapp.commands.execute('notebook:run-all-cells');
}"""
"""Runs the notebook that is open. An idle kernel may not be connected yet, and then runs nothing."""


@contextmanager
def running_lab(folder: Path, *, obeys_scripts: bool = False) -> Iterator[str]:
    """JupyterLab in a folder of notebooks; gives its address with the key to it.

    With `obeys_scripts` its application can be reached from the page (`RUN_ALL`).
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
                yield _address(process)
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
