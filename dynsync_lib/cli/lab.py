"""JupyterLab for the kit's notebooks: on this machine only, asking nobody for news, gone with the command.

Facts
    * Its launcher has a card for each notebook of the folder: a small extension that lies beside this file.
    * Keys of its server and kernels lie in a temporary folder.
    * It imports nothing of the folder in which it is started, and its kernels nothing of that of their notebook.

Where it is used: `cli.start_commands`. `cli.own_notebooks` says which folder.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

from dynsync_lib.folders.temporary_folder import TemporaryFolder
from dynsync_lib.processes import python_call

_QUIET: Final = (
    "--ServerApp.ip=127.0.0.1",
    "--LabApp.extension_manager=readonly",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=None",
    f"--LabServerApp.extra_labextensions_path={Path(__file__).with_name('jupyter') / 'labextensions'}",
)
_SETTINGS: Final = Path(__file__).with_name("jupyter")
"""What JupyterLab starts from, unless somebody chose otherwise: it does not ask whether to fetch news."""
_END_S: Final = 20.0
"""How long it may take to end its kernels."""


def run_lab(folder: Path, *, port: int | None = None, opens_browser: bool = True) -> int:
    """Runs JupyterLab in a folder of notebooks until it ends; its exit code comes out.

    Without a `port` it takes 8888 or the next one that is free. The address is printed, with the key to it.
    """
    options = [*_QUIET, *_as_root(), f"--notebook-dir={folder}"]
    if port is not None:
        options += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not opens_browser:
        options.append("--no-browser")
    command = python_call("dynsync_lib.cli.lab_process", *options)
    with TemporaryFolder() as runtime:
        process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, env=_environment(runtime), start_new_session=True
        )
        try:
            return process.wait()
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a process that ends with its standard input, in order if it can."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _environment(runtime: Path) -> dict[str, str]:
    """The environment, in which JupyterLab finds the kit's settings behind those of whoever set a path."""
    paths = [os.environ.get("JUPYTER_CONFIG_PATH"), str(_SETTINGS)]
    return {
        **os.environ,
        "JUPYTER_CONFIG_PATH": os.pathsep.join(path for path in paths if path),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "PYTHONSAFEPATH": "1",
    }


def _as_root() -> list[str]:
    """What JupyterLab asks of root, who is the only user of many containers."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return ["--allow-root"] if is_root else []
