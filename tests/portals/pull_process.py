"""A pull in a process of its own that kills itself: run as a script by the tests.

    python -m tests.portals.pull_process PLAN MOMENT:NUMBER

PLAN is a JSON file of `Plan`. The process begins the pull, or goes on with it, and takes SIGKILL when the moment comes
for the NUMBER-th time. If it comes to an end before, it prints that as the JSON of an `End`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

from dynsync_lib.core.settings import SignInKind
from dynsync_lib.errors import DynsyncError
from dynsync_lib.portals.http.caller import PortalCaller
from dynsync_lib.portals.http.transport import Guard
from dynsync_lib.portals.pull.pull_portals import PullOptions, pull_portals
from dynsync_lib.portals.pull.work_folder import Job, WorkFolder
from dynsync_lib.portals.sign_in.access import emulator_connections
from dynsync_lib.portals.sign_in.connections import PortalConnections
from dynsync_lib.portals.sign_in.sign_in_http import PatientClient
from dynsync_lib.portals.sign_in.token_store import TokenStore
from dynsync_lib.snapshot.writer import TableWriter
from tests.pulls import KEYS, NOON, FakeTime

ROOT = Path(__file__).parents[2]
MOMENTS = (
    *("page", "before page", "half page", "before journal", "after journal", "table", "rename"),
    *("request", "answer"),
)
"""After a page was kept, before its file is written, within it, around its entry in the journal; while a table of the
snapshot is written; when the snapshot, or the journal, takes its name; before a request and after its answer."""
TRIES = 6


@dataclass(frozen=True, slots=True)
class Plan:
    """One pull: the addresses of an emulator, the snapshot to make, and how to sign in.

    `token_folder` is where the tokens of the sign-in are stored between processes; None: nowhere.
    """

    addresses: Mapping[str, Mapping[str, str]]
    out: str
    sign_in: str = "client_secret"
    is_authority_known: bool = True
    token_folder: str | None = None
    windows: int = 2


@dataclass(frozen=True, slots=True)
class End:
    """How a pull ended: the exit code of the command (-9: killed), and how often a person was asked to sign in.

    `kind`, `sentence` and `next_step` are those of the error; empty when the snapshot is whole. A killed one says no
    more than that.
    """

    exit_code: int
    kind: str = ""
    sentence: str = ""
    next_step: str = ""
    asked: int = 0


def run_pull(plan: Plan, *, progress: Callable[[], None] = lambda: None) -> End:
    """A pull as planned, in this process, that never really waits; `progress` is called after each page."""
    asked: list[str] = []
    try:
        pull_portals(
            _connections(plan, asked.append),
            Path(plan.out),
            key_maker=KEYS,
            clock=lambda: NOON,
            options=PullOptions(windows=plan.windows),
            progress=lambda *_: progress(),
            pace=FakeTime().pace(tries=TRIES),
        )
    except DynsyncError as fault:
        return End(fault.exit_code, type(fault).__name__, str(fault), fault.next_step, len(asked))
    return End(0, asked=len(asked))


def run_killed_pull(plan: Plan, folder: Path, moment: str) -> End:
    """The same in a process of its own, which is killed at a moment such as `page:3` unless it ends before."""
    file = folder / "plan.json"
    file.write_text(json.dumps(asdict(plan)), encoding="utf-8")
    call = [sys.executable, "-m", "tests.portals.pull_process", str(file), moment]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == -signal.SIGKILL:
        return End(-signal.SIGKILL)
    if done.returncode or done.stderr:
        raise AssertionError(f"the process of {moment} ended with {done.returncode}: {done.stderr}")
    return End(**json.loads(done.stdout))


def _connections(plan: Plan, tell_person: Callable[[str], None]) -> PortalConnections:
    known = emulator_connections(plan.addresses)
    return replace(
        known,
        sign_in=cast(SignInKind, plan.sign_in),
        authority=known.authority if plan.is_authority_known else None,
        tenant_id=known.tenant_id if plan.is_authority_known else None,
        token_store=TokenStore(Path(plan.token_folder), about=("pull",)) if plan.token_folder else None,
        tell_person=tell_person,
    )


class _Killer:
    """Counts the moments of one kind, and kills this process at the one that was named."""

    def __init__(self, moment: str, number: int) -> None:
        self._moment, self._left = moment, number

    def count(self, moment: str) -> bool:
        """Whether this is the moment."""
        self._left -= moment == self._moment
        return moment == self._moment and self._left == 0

    def maybe(self, moment: str) -> None:
        if self.count(moment):
            os.kill(os.getpid(), signal.SIGKILL)


def _arm(killer: _Killer) -> None:
    """Puts the killer into the places where a pull sends and writes."""
    write_page = Job._write_page

    def write(self: Job, rows: Any) -> None:
        killer.maybe("before page")
        write_page(self, rows)
        if killer.count("half page"):
            path = self._page_path(self.pages_read)
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            os.kill(os.getpid(), signal.SIGKILL)

    _around(WorkFolder, "_save", killer, before="before journal", after="after journal")
    _around(TableWriter, "_flush", killer, before="table", after="table")
    _around(os, "replace", killer, before="rename", after="rename")
    _around(Guard, "check", killer, before="request", after="")
    _around(PortalCaller, "_note", killer, before="answer", after="")
    _around(PatientClient, "_refuse_passing", killer, before="answer", after="")
    Job._write_page = write  # type: ignore[method-assign]


def _around(owner: Any, name: str, killer: _Killer, *, before: str, after: str) -> None:
    original = getattr(owner, name)

    def call(*arguments: Any) -> Any:
        killer.maybe(before)
        result = original(*arguments)
        killer.maybe(after)
        return result

    setattr(owner, name, call)


def main(file: str, spec: str) -> None:
    """Runs the pull of a plan until its moment comes, and prints how it ended if it does not come."""
    moment, _, number = spec.partition(":")
    killer = _Killer(moment, int(number))
    _arm(killer)
    plan = Plan(**json.loads(Path(file).read_text(encoding="utf-8")))
    end = run_pull(plan, progress=lambda: killer.maybe("page"))
    sys.stdout.write(json.dumps(asdict(end)))


if __name__ == "__main__":
    main(*sys.argv[1:])
