"""Pulls in processes that kill themselves: run as a script by the tests.

    python -m tests.portals.pull_process ADDRESSES OUT MOMENT:NUMBER ...

For each moment a process begins the pull of an emulator into OUT, or goes on with it, and takes SIGKILL when that
moment comes for the NUMBER-th time. A last process is not killed. Prints how each one ended, one a line.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dynsync_lib.portals.pull.pull_portals import PullOptions, pull_portals
from dynsync_lib.portals.pull.work_folder import Job, WorkFolder
from dynsync_lib.portals.sign_in.access import emulator_connections
from dynsync_lib.snapshot.writer import TableWriter
from tests.pulls import KEYS, NOON, FakeTime

MOMENTS = ("page", "before page", "half page", "before journal", "after journal", "table", "rename")
"""After a page was kept, before its file is written, within it, around its entry in the journal; while a table of the
snapshot is written; when the snapshot, or the journal, takes its name."""


class Killer:
    """Counts the moments of one kind, and kills this process at the one that was named."""

    def __init__(self, moment: str, number: int) -> None:
        self.moment, self._left = moment, number

    def count(self, moment: str) -> bool:
        """Whether this is the moment."""
        self._left -= moment == self.moment
        return moment == self.moment and self._left == 0

    def maybe(self, moment: str) -> None:
        if self.count(moment):
            os.kill(os.getpid(), signal.SIGKILL)


def _arm(killer: Killer) -> None:
    """Puts the killer into the places where a pull writes."""
    save, write_page, flush, rename = WorkFolder._save, Job._write_page, TableWriter._flush, os.replace

    def write(self: Job, rows: Any) -> None:
        killer.maybe("before page")
        write_page(self, rows)
        if killer.count("half page"):
            path = self._page_path(self.pages_read)
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            os.kill(os.getpid(), signal.SIGKILL)

    _around(WorkFolder, "_save", save, killer, before="before journal", after="after journal")
    _around(TableWriter, "_flush", flush, killer, before="table", after="table")
    _around(os, "replace", rename, killer, before="rename", after="rename")
    Job._write_page = write  # type: ignore[method-assign]


def _around(owner: Any, name: str, original: Callable[..., Any], killer: Killer, *, before: str, after: str) -> None:
    def call(*arguments: Any) -> Any:
        killer.maybe(before)
        result = original(*arguments)
        killer.maybe(after)
        return result

    setattr(owner, name, call)


def _pull(addresses: dict[str, dict[str, str]], out: Path, killer: Killer) -> None:
    _arm(killer)
    pull_portals(
        emulator_connections(addresses),
        out,
        key_maker=KEYS,
        clock=lambda: NOON,
        options=PullOptions(windows=2),
        progress=lambda *_: killer.maybe("page"),
        pace=FakeTime().pace(tries=6),
    )


def _run(addresses: dict[str, dict[str, str]], out: Path, killer: Killer) -> str:
    """How a process of its own ended: done, killed, or its exit code."""
    process = os.fork()
    if process == 0:
        try:
            _pull(addresses, out, killer)
            os._exit(0)
        except BaseException as fault:  # noqa: BLE001 - the parent tells it
            sys.stderr.write(f"{type(fault).__name__}: {fault}\n")
            os._exit(9)
    _, status = os.waitpid(process, 0)
    if os.WIFSIGNALED(status):
        return "killed" if os.WTERMSIG(status) == signal.SIGKILL else f"signal {os.WTERMSIG(status)}"
    return {0: "done"}.get(os.WEXITSTATUS(status), f"exit {os.WEXITSTATUS(status)}")


def main(file: str, out: str, *moments: str) -> None:
    """Runs one process for each moment until one is done, and a last one."""
    addresses = json.loads(Path(file).read_text(encoding="utf-8"))
    for spec in (*moments, "never:1"):
        moment, _, number = spec.partition(":")
        end = _run(addresses, Path(out), Killer(moment, int(number)))
        sys.stdout.write(f"{end}\n")
        sys.stdout.flush()
        if end == "done" or (Path(out) / "manifest.json").is_file():
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
