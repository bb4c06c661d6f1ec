"""`dynsync calibrate`: what nobody knows, settled in two test portals.

Where it is used: `cli.commands`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from dynsync_lib import kit
from dynsync_lib.cli import console
from dynsync_lib.cli.arguments import Json

_DONE: Final = ("read_back", "compared")


def calibrate(
    rehearsal: Annotated[Path, typer.Argument(help="Folder of a rehearsal.")],
    *,
    as_json: Json = False,
) -> None:
    """Settle the open questions with crafted records: plan the runs, and read the answers of those that were run.

    Each run is a rehearsal of its own: seed it, run it or wait for the real sync, compare it, clean it, and call this
    again.

    Example: dynsync calibrate out/rehearsal
    """
    calibrated = kit.calibrate(rehearsal)
    if as_json:
        parts = {"runs": calibrated.runs(), "questions": calibrated.questions()}
        console.print_json({"rehearsal": str(rehearsal), **parts, "assumptions": calibrated.assumptions()})
        return
    for row in calibrated.questions():
        _print_question(row)
    if calibrated.assumptions():
        console.out.print("\n[assumptions]")
    for line in calibrated.assumptions():
        console.out.print(line)
    for run in calibrated.runs():
        if run["step"] not in _DONE:
            _print_run(run)


def _print_question(row: Mapping[str, Any]) -> None:
    answer = "cannot tell" if row["choice"] is None else " or ".join((row["choice"], *row["also"]))
    console.out.print(f"{row['moves']:>9,}  {row['question']}: {answer}. {row['why']}")


def _print_run(run: Mapping[str, Any]) -> None:
    console.out.print(f"\nRun {run['run']}: {run['says']}")
    console.out.print(f"  settles {', '.join(run['questions'])}")
    for words in (*(f"{lack['words']}. {lack['how']}" for lack in run["lacking"]), *run["needs"]):
        console.out.print(f"  needs   {words}")
    console.out.print(f"  next    dynsync rehearse seed {run['folder']}")
