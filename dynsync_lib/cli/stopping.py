"""What a command says when it is stopped: one line with what was kept, and how to go on.

Facts
    * The exit code is 128 and the signal's number: 130 for Ctrl-C, 143 for TERM, 129 for HUP.
    * Some libraries make errors of their own of an interruption; after a signal any error counts as one.

Where it is used: `cli.commands`.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import typer
from typer.core import TyperCommand

from dynsync_lib.cli.plain_parameters import PlainGroup
from dynsync_lib.processes import stop_signal

_AS_BEFORE: Final = "Stopped. {out} is as it was before; run the command again to make it."
_SENTENCES: Final[Mapping[str, str]] = {
    "demo": _AS_BEFORE,
    "load": _AS_BEFORE,
    "forecast": _AS_BEFORE,
    "replay": _AS_BEFORE,
    "report": _AS_BEFORE,
    "plan": _AS_BEFORE,
    "worklist": _AS_BEFORE,
    "go-live": _AS_BEFORE,
    "suggest": _AS_BEFORE,
    "seed": "Stopped. The test portals may hold look-alikes; run the same command again to go on from there.",
    "run": "Stopped. The test portals may hold a part of the sync; run the same command again to go on from there.",
    "clean": "Stopped. A part may be removed already; run the same command again to go on from there.",
    "calibrate": "Stopped. The test portals may hold records of a run; run the same command again to go on from there.",
    "try-mapping": "Stopped. The test portals may hold records of the trial; run the command again to remove them.",
    "apply-recipe": "Stopped. A part of the labels may be written; run the same command again to go on from there.",
    "purge": "Stopped. A part may be removed already; run the same command again to go on from there.",
    "init": "Stopped. No answer was written; run `dynsync init {folder} --ask` to be asked again.",
    "emulator": "Stopped. What was written to both portals is gone; run the command again to serve them anew.",
    "lab": "Stopped. Notebooks are as they were last saved; run the command again to go on.",
}
"""What is said of commands that change something, by their names."""
_ONLY_WITH: Final[Mapping[str, tuple[str, ...]]] = {
    "calibrate": ("seed", "by_emulator"),
    "purge": ("yes",),
    "init": ("ask",),
}
"""The options without which a command changes nothing that a stop could leave half done."""
_NOTHING_CHANGED: Final = "Stopped. Nothing was changed; run the command again."


class Stopped(Exception):  # noqa: N818 - no error: somebody wished it
    """The command was told to stop; the text is the line for whoever did."""

    @property
    def exit_code(self) -> int:
        """128 and the number of the signal."""
        return 128 + (stop_signal() or signal.SIGINT)


class StoppableCommand(TyperCommand):
    """A command that raises Stopped when it is interrupted."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command; see click."""
        with _says_what_was_kept(ctx):
            return super().invoke(ctx)


class StoppableGroup(PlainGroup):
    """A group that does something without a command of its own, and raises Stopped when that is interrupted."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the group or one of its commands; see click."""
        with _says_what_was_kept(ctx):
            return super().invoke(ctx)


def stoppable(app: typer.Typer) -> None:
    """Makes every command of the app, and of the apps in it, one that can be stopped.

    An app that does something without a command is a `StoppableGroup` of its own accord.
    """
    for command in app.registered_commands:
        command.cls = StoppableCommand
    for group in app.registered_groups:
        if group.typer_instance is not None:
            stoppable(group.typer_instance)


def stopped_early() -> Stopped:
    """What is raised when a process is stopped before or after its command."""
    return Stopped(_NOTHING_CHANGED)


@contextmanager
def _says_what_was_kept(ctx: Any) -> Iterator[None]:
    """A block that raises Stopped, with the line of the command, when it is interrupted."""
    try:
        yield
    except (typer.Exit, Stopped):
        raise
    except (Exception, KeyboardInterrupt) as fault:
        if stop_signal() is None and not isinstance(fault, KeyboardInterrupt):
            raise
        raise Stopped(_sentence(str(ctx.info_name), ctx.params)) from None


def _sentence(command: str, parameters: Mapping[str, Any]) -> str:
    out, state = parameters.get("out"), parameters.get("state")
    if command == "emulator" and state is not None:
        return f"Stopped. What was written to the portals is kept in {state}; run the same command again to go on."
    if command == "pull" and isinstance(out, Path):
        pages = out.with_name(f"{out.name}.part")
        if pages.is_dir():
            return f"Stopped. What was read is kept in {pages}; run the same command again to go on from there."
    if command in _ONLY_WITH and not any(parameters.get(option) for option in _ONLY_WITH[command]):
        return _NOTHING_CHANGED
    return _SENTENCES.get(command, _NOTHING_CHANGED).format(out=out, folder=parameters.get("folder"))
