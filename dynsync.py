"""Starts the kit on a machine that has nothing but Python: standard library only.

    python dynsync.py demo      runs the demo            python dynsync.py lab     opens JupyterLab
    python dynsync.py test      runs the tests           python dynsync.py ...     any command of `dynsync`

On first use it makes `.venv` beside this file from requirements.lock; later only when one of the two changed.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
OLDEST, NEWEST = (3, 11), (3, 13)
VENV = ROOT / ".venv"
STAMP = VENV / "dynsync-stamp.txt"
LOG = ROOT / "out" / "setup.log"
_NO_NETWORK = (
    "Could not find a version",
    "NewConnectionError",
    "Temporary failure",
    "getaddrinfo",
    "ReadTimeout",
    "ProxyError",
)


class SetupError(Exception):
    """The machine cannot run the kit; the text is one sentence and what to do."""


def main(arguments: Sequence[str]) -> int:
    """Prepares the environment, runs the command in it, and gives back its exit code."""
    try:
        check_python(sys.version_info[:2])
        prepare()
    except SetupError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped while setting up; run the command again to go on.", file=sys.stderr)
        return 130
    return run(command(arguments))


def run(call: Sequence[str]) -> int:
    """Runs a command to its end, in the place of this process where the system can, so that nothing outlives it."""
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(call[0], list(call))  # noqa: S606 - no shell is wanted
    with subprocess.Popen(call) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # which reaches both; the command says so and ends
                continue


def check_python(version: tuple[int, ...]) -> None:
    """Raises SetupError for a Python that the kit does not support."""
    if not OLDEST <= tuple(version) <= NEWEST:
        raise SetupError(
            f"This is Python {version[0]}.{version[1]}; the kit needs 3.11, 3.12 or 3.13. "
            "Install one of them from python.org and run the command again with it."
        )


def prepare() -> None:
    """Makes `.venv` when it is missing or older than what it is made of."""
    wanted = fingerprint()
    if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == wanted and python_of(VENV).exists():
        return
    print("Setting up .venv (once; one to three minutes) ...", flush=True)
    make_venv()
    install()
    STAMP.write_text(wanted, encoding="utf-8")


def fingerprint() -> str:
    """What `.venv` is made of: the lock, the project file and this Python."""
    digest = hashlib.sha256(sys.version.encode())
    for name in ("requirements.lock", "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def make_venv() -> None:
    """An empty `.venv` with pip. Raises SetupError where Python came without ensurepip."""
    try:
        venv.EnvBuilder(clear=True, with_pip=True).create(VENV)
    except (subprocess.CalledProcessError, ModuleNotFoundError) as error:
        raise SetupError(
            "This Python has no ensurepip, so no virtual environment can be made. "
            f"On Debian or Ubuntu run `sudo apt install python3-venv` (or python{sys.version_info[0]}."
            f"{sys.version_info[1]}-venv), then try again."
        ) from error
    except OSError as error:
        raise SetupError(
            f"The folder {VENV} cannot be written: {error.strerror}. Move the kit to a folder of yours."
        ) from error


def install() -> None:
    """Installs the packages that the lock names, nothing else, and the kit itself. Raises SetupError when that fails.

    What is built here is built with the lock's setuptools, not with whatever is newest.
    """
    lock = str(ROOT / "requirements.lock")
    pip(["install", "--no-deps", "--only-binary", ":all:", "--constraint", lock, "setuptools"])
    built_here = ["install", "--no-deps", "--no-build-isolation", "--use-pep517"]
    pip([*built_here, "--requirement", lock])
    pip([*built_here, "--editable", str(ROOT)])


def pip(arguments: Sequence[str]) -> None:
    """Runs pip in `.venv`; what it says goes to out/setup.log."""
    call = [str(python_of(VENV)), "-P", "-m", "pip", "--disable-pip-version-check", "--retries", "2", "--timeout", "20"]
    run = subprocess.run([*call, *arguments], capture_output=True, text=True, check=False)
    LOG.parent.mkdir(parents=True, exist_ok=True)
    LOG.write_text(run.stdout + run.stderr, encoding="utf-8")
    if run.returncode == 0:
        return
    if any(sign in run.stderr + run.stdout for sign in _NO_NETWORK):
        raise SetupError(
            "The packages could not be downloaded. Check the network (behind a proxy set HTTPS_PROXY, with an own "
            f"package index set PIP_INDEX_URL) and run the command again; details are in {LOG}."
        )
    raise SetupError(f"The packages could not be installed; the reason stands at the end of {LOG}.")


def python_of(folder: Path) -> Path:
    """The interpreter of a virtual environment."""
    return folder / "Scripts" / "python.exe" if os.name == "nt" else folder / "bin" / "python"


def command(arguments: Sequence[str]) -> list[str]:
    """The call that runs the arguments in `.venv`; `-P`: no module of the folder where it is run."""
    python = [str(python_of(VENV)), "-P"]
    if arguments[:1] == ["test"]:
        return [
            *python,
            "-m",
            "pytest",
            "--rootdir",
            str(ROOT),
            "-c",
            str(ROOT / "pyproject.toml"),
            *(arguments[1:] or [str(ROOT / "tests")]),
        ]
    return [*python, "-m", "dynsync_lib.cli", *(arguments or ["--help"])]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
