"""A stopped command says one line, ends with the signal's code, and leaves nothing but what it says."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer

from dynsync_lib import kit, processes
from dynsync_lib.cli import commands
from dynsync_lib.cli.stopping import StoppableCommand, StoppableGroup
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.processes import python_call, run_until_stopped, stop_signal, stops_as_interrupts
from tests.cli.test_cli import Run, loaded, run  # noqa: F401 - fixtures, for pytest
from tests.everyday import one_of_each
from tests.pulls import GENEROUS, small_portals

ROOT = Path(__file__).parents[2]
_STOPS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


def _stopping(number: int) -> Callable[..., Any]:
    def call(*_: object, **__: object) -> None:
        signal.raise_signal(number)

    return call


def _said_when_stopped(
    run: Run,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    function: str,
) -> str:
    """What a command says that Ctrl-C stops in this function of the kit; it ends with 130."""
    capsys.readouterr()
    monkeypatch.setattr(kit, function, _stopping(signal.SIGINT), raising=False)
    assert run(*command) == 130
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "line", "number"),
    one_of_each(
        [
            (*case, number)
            for number in _STOPS
            for case in [
                (("demo", "--out", "d"), "Stopped. d is as it was before; run the command again to make it.\n"),
                (
                    ("load", "--hubspot", "h", "--out", "x"),
                    "Stopped. x is as it was before; run the command again to make it.\n",
                ),
                (
                    ("forecast", "s", "--out", "f"),
                    "Stopped. f is as it was before; run the command again to make it.\n",
                ),
                (
                    ("replay", "s", "s", "--out", "f"),
                    "Stopped. f is as it was before; run the command again to make it.\n",
                ),
                (
                    ("worklist", "--out", "w.xlsx"),
                    "Stopped. w.xlsx is as it was before; run the command again to make it.\n",
                ),
                (("pull", "--out", "x"), "Stopped. Nothing was changed; run the command again.\n"),
                (("check",), "Stopped. Nothing was changed; run the command again.\n"),
            ]
        ],
        lambda command, *_: command,
    ),
)
def test_stopped__one_line_and_the_code_of_the_signal(
    loaded: Run,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: int,
    command: tuple[str, ...],
    line: str,
) -> None:
    capsys.readouterr()
    monkeypatch.setattr(kit, command[0], _stopping(number), raising=False)
    for earlier in ("read_settings", "open_forecast"):
        monkeypatch.setattr(kit, earlier, lambda *_, **__: None, raising=False)
    assert loaded(*command) == _STOPS[signal.Signals(number)]
    assert capsys.readouterr().err == line


@pytest.mark.parametrize(
    ("command", "function", "line"),
    [
        (("rehearse", "seed", "r"), "seed_rehearsal", "The test portals may hold look-alikes;"),
        (
            ("rehearse", "run", "r", "--by-emulator"),
            "run_rehearsal",
            "The test portals may hold a part of the sync;",
        ),
        (("rehearse", "clean", "r", "--yes"), "removal_of_rehearsal", "A part may be removed already;"),
        (("calibrate", "r", "--seed", "one_way"), "calibrate", "The test portals may hold records of a run;"),
        (("apply-recipe", "contact.parentcustomerid"), "apply_recipe", "A part of the labels may be written;"),
        (("purge", ".", "--yes"), "purge", "A part may be removed already;"),
    ],
)
def test_stopped__says_what_may_be_half_done(
    loaded: Run,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    function: str,
    line: str,
) -> None:
    said = _said_when_stopped(loaded, monkeypatch, capsys, command, function)
    assert said == f"Stopped. {line} run the same command again to go on from there.\n"


@pytest.mark.parametrize(
    ("command", "function", "line"),
    [
        (("calibrate", "r"), "calibrate", "Nothing was changed; run the command again."),
        (("purge", "."), "purge", "Nothing was changed; run the command again."),
        (("init", "d"), "check_answers", "Nothing was changed; run the command again."),
        (
            ("init", "d", "--ask"),
            "check_answers",
            "No answer was written; run `dynsync init d --ask` to be asked again.",
        ),
        (
            ("try-mapping",),
            "try_mapping",
            "The test portals may hold records of the trial; run the command again to remove them.",
        ),
    ],
)
def test_stopped__says_what_else_there_is_to_know(
    loaded: Run,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    function: str,
    line: str,
) -> None:
    said = _said_when_stopped(loaded, monkeypatch, capsys, command, function)
    assert said == f"Stopped. {line}\n"


def _working(group: typer.Typer) -> Iterator[tuple[str | None, Any]]:
    """The name and class of every command, and of every group that does something without one."""
    for command in group.registered_commands:
        yield command.name or command.callback.__name__ if command.callback else None, command.cls
    if group.info.invoke_without_command is True:
        yield group.info.name, group.info.cls
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from _working(inner.typer_instance)


def test_stoppable__whatever_works() -> None:
    classes = dict(_working(commands.app))
    assert {"demo", "worklist", "fixes"} <= classes.keys()
    assert {name for name, kind in classes.items() if not issubclass(kind, StoppableCommand | StoppableGroup)} == set()


def test_stopped__a_command_of_a_group_says_it_once(
    loaded: Run,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    capsys.readouterr()
    monkeypatch.setattr(kit, "open_forecast", _stopping(signal.SIGINT), raising=False)
    assert loaded("worklist", "import", "w.xlsx") == 130
    assert capsys.readouterr().err == "Stopped. Nothing was changed; run the command again.\n"


def test_stopped__an_error_that_a_library_made_of_it_counts_as_one(
    loaded: Run,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def call(*_: object, **__: object) -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        except KeyboardInterrupt:
            raise RuntimeError("Query interrupted") from None

    monkeypatch.setattr(kit, "forecast", call, raising=False)
    assert loaded("forecast", "s") == 143


def test_pull__says_where_its_pages_are(
    loaded: Run,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    (tmp_path / "x.part").mkdir()
    monkeypatch.setattr(kit, "pull", _stopping(signal.SIGINT), raising=False)
    capsys.readouterr()
    assert loaded("pull", "--out", "x") == 130
    assert capsys.readouterr().err == (
        "Stopped. What was read is kept in x.part; run the same command again to go on from there.\n"
    )


def test_stops_as_interrupts__gives_the_handlers_back_and_does_not_disturb_the_tidying_up() -> None:
    before = signal.getsignal(signal.SIGTERM)
    tidied = []
    with stops_as_interrupts():
        try:
            signal.raise_signal(signal.SIGTERM)
        except KeyboardInterrupt:
            signal.raise_signal(signal.SIGINT)
            tidied.append(stop_signal())
    assert tidied == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("number", _STOPS)
def test_run_until_stopped__cancels_between_two_steps_of_the_loop(number: int) -> None:
    cancelled_at: list[str] = []

    async def job() -> None:
        task = asyncio.current_task()
        assert task is not None
        signal.raise_signal(number)
        cancelled_at.append("in the midst of a step" if task.cancelling() else "after the step")
        await asyncio.sleep(60)

    with stops_as_interrupts(), pytest.raises(KeyboardInterrupt):
        run_until_stopped(job())
    assert cancelled_at == ["after the step"]


def test_run_until_stopped__raises_when_it_is_stopped_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def job() -> None:
        with suppress(asyncio.CancelledError):
            signal.raise_signal(signal.SIGTERM)
            await asyncio.sleep(60)
        signal.raise_signal(signal.SIGTERM)
        pytest.fail("The second signal was lost.")

    monkeypatch.setattr(processes, "_TIDYING_S", 0.0)
    with stops_as_interrupts(), pytest.raises(KeyboardInterrupt):
        run_until_stopped(job())


def test_run_until_stopped__gives_back_what_the_job_returns() -> None:
    async def job() -> int:
        return 3

    with stops_as_interrupts():
        assert run_until_stopped(job()) == 3
    assert run_until_stopped(job()) == 3


def test_stops_as_interrupts__ignores_what_it_was_started_to_ignore() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stops_as_interrupts():
            signal.raise_signal(signal.SIGHUP)
            assert stop_signal() is None
    finally:
        signal.signal(signal.SIGHUP, before)


@contextmanager
def _emulator(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A running `dynsync emulator` whose temporary folders are in `folder`."""
    call = python_call("dynsync_lib.cli", "emulator", "--json")
    environment = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(call, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            json.loads(process.stdout.readline())
            yield process
        finally:
            process.kill()


def _children(parent: int) -> set[int]:
    file = Path(f"/proc/{parent}/task/{parent}/children")
    if not file.exists():
        pytest.skip("this system does not list the children of a process")
    return {int(number) for number in file.read_text(encoding="ascii").split()}


def _wait_for_end(processes: set[int]) -> None:
    """Returns when none of them runs any more; fails after a minute."""
    for process in processes:
        try:
            ended = os.pidfd_open(process)
        except ProcessLookupError:
            continue
        with os.fdopen(ended, "rb", buffering=0):
            assert select.select([ended], [], [], 60)[0], "a server outlived its parent"


@pytest.mark.parametrize("number", one_of_each([*_STOPS, signal.SIGKILL], lambda number: number in _STOPS))
def test_emulator__leaves_no_folder_and_no_server(tmp_path: Path, number: int) -> None:
    with _emulator(tmp_path) as process:
        children = _children(process.pid)
        assert len(children) == 2
        assert list(tmp_path.iterdir()) != []
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
        assert process.returncode == {**_STOPS, signal.SIGTERM: 0}.get(signal.Signals(number), -number)
    _wait_for_end(children)
    if number == signal.SIGKILL:
        with _emulator(tmp_path) as next_one:  # which tidies up
            next_one.send_signal(signal.SIGTERM)
            next_one.communicate(timeout=60)
    elif number != signal.SIGTERM:  # by which a server is ended in order
        assert said == "Stopped. What was written to both portals is gone; run the command again to serve them anew.\n"
    assert list(tmp_path.iterdir()) == []


_EARLY = """
import builtins, signal, sys
from dynsync_lib.cli import __main__ as program
load, fault = builtins.__import__, sys.argv.pop()
def interrupted(name, *arguments, **named):
    if name == "dynsync_lib.cli.commands":
        try:
            signal.raise_signal(int(sys.argv.pop()))
        except KeyboardInterrupt:
            raise getattr(builtins, fault) from None
    return load(name, *arguments, **named)
builtins.__import__ = interrupted
program.run()
"""


@pytest.mark.parametrize(
    ("number", "fault"),
    one_of_each(product(_STOPS, ["KeyboardInterrupt", "ImportError"]), lambda _, fault: fault),
)
def test_stopped__before_the_command_is_there(tmp_path: Path, number: int, fault: str) -> None:
    call = [sys.executable, "-P", "-c", _EARLY, "rules", str(int(number)), fault]
    ended = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.stderr == "Stopped. Nothing was changed; run the command again.\n"
    assert ended.returncode == _STOPS[signal.Signals(number)]


def _ends(process: subprocess.Popen[str], *, within_s: float) -> bool:
    try:
        process.wait(within_s)
    except subprocess.TimeoutExpired:
        return False
    return True


def test_main__is_a_program(tmp_path: Path) -> None:
    call = [sys.executable, "-m", "dynsync_lib.cli", "no-such-command"]
    ended = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert commands.app.registered_commands


@pytest.mark.parametrize("number", [signal.SIGTERM])
def test_pull__keeps_its_pages_and_goes_on(tmp_path: Path, number: int) -> None:
    (tmp_path / "dynsync.toml").write_text("[sync.contact]\n", encoding="utf-8")
    call = python_call("dynsync_lib.cli", "pull", "--emulator", "emulator.json", "--out", "s")
    with Emulator(small_portals(), limits=GENEROUS) as emulator:
        (tmp_path / "emulator.json").write_text(json.dumps(emulator.addresses), encoding="utf-8")
        second_page = {"method": "GET", "path": "/crm/v3/objects/contacts", "skip": 1}
        busy = {"status": 503, "headers": {"retry-after": "60"}}
        url = f"{emulator.addresses['hubspot']['url']}/__emu"
        httpx.post(f"{url}/faults", json={"portal": "hubspot", **second_page, **busy}).raise_for_status()
        with subprocess.Popen(call, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            page = tmp_path / "s.part" / "pages" / "hubspot" / "contacts" / "000000.json.zst"
            while not page.exists() and not _ends(process, within_s=0.02):
                pass
            process.send_signal(number)
            _, said = process.communicate(timeout=60)
        assert said == "Stopped. What was read is kept in s.part; run the same command again to go on from there.\n"
        assert process.returncode == _STOPS[signal.Signals(number)]
        assert sorted(path.name for path in tmp_path.iterdir()) == ["dynsync.toml", "emulator.json", "s.part"]
        assert oct(page.stat().st_mode & 0o777) == "0o600"
        httpx.delete(f"{url}/faults")
        assert subprocess.run(call, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dynsync.toml", "emulator.json", "s"]
