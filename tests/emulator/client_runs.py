"""Clients that run in a process of their own: those for Node, and those for Python that need packages of their own.

A script of such a client prints one JSON line: null or the error for each operation it tried.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

from dynsync_lib.emulator.serving.emulator import Emulator

_HERE: Final = Path(__file__).parent
NODE_FOLDER: Final = _HERE / "node"
PYTHON_FOLDER: Final = _HERE / "python_clients"
_OWN_PYTHON: Final = _HERE.parents[1] / ".venv-clients" / "bin" / "python"
_LONGEST_S: Final = 120
Results = Mapping[str, str | None]


class ClientError(Exception):
    """What an operation of a client ended with."""


def run_node_client(client: str, script: str, emulator: Emulator) -> Results:
    """The results of a script of tests/emulator/node; skips, by name, where Node or the client is missing."""
    node = shutil.which("node")
    if node is None or not (NODE_FOLDER / "node_modules" / client).is_dir():
        pytest.skip(f"{client}: needs Node, and npm install in tests/emulator/node")
    return _run([node, str(NODE_FOLDER / script)], emulator)


def run_python_client(client: str, script: str, emulator: Emulator) -> Results:
    """The results of a script of tests/emulator/python_clients; skips, by name, where its environment is missing."""
    python = os.environ.get("DYNSYNC_CLIENTS_PYTHON", str(_OWN_PYTHON))
    if not Path(python).exists():
        pytest.skip(f"{client}: needs .venv-clients, made of tests/emulator/python_clients/requirements.txt")
    return _run([python, str(PYTHON_FOLDER / script)], emulator)


def attempt_of(results: Results, operation: str) -> Callable[[], None]:
    """What an operation did in its process, as a call that raises what it ended with."""

    def attempt() -> None:
        error = results[operation]
        if error is not None:
            raise ClientError(error)

    return attempt


def _run(command: list[str], emulator: Emulator) -> Results:
    addresses = emulator.addresses
    trust = {"NODE_EXTRA_CA_CERTS": addresses["dynamics"]["ca_file"]}
    ran = subprocess.run(
        [*command, json.dumps(addresses)],
        env={**os.environ, **trust, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        timeout=_LONGEST_S,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    results: dict[str, str | None] = json.loads(ran.stdout.splitlines()[-1])
    return results
