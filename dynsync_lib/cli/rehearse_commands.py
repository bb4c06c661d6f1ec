"""`dynsync rehearse`: the initial sync tried out in two test portals.

Each step is a command of its own, can be repeated, and goes on where it was stopped.

Where it is used: `cli.commands`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dynsync_lib.cli import console
from dynsync_lib.cli.arguments import Json, SettingsFile
from dynsync_lib.cli.plain_parameters import PlainGroup
from dynsync_lib.kit.rehearsals import plan_rehearsal

rehearse = typer.Typer(
    name="rehearse",
    cls=PlainGroup,
    help="Try the initial sync out in two test portals: plan, seed, run or wait, compare, clean.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
RehearsalFolder = Annotated[Path, typer.Argument(help="Folder of a rehearsal.")]


@rehearse.command()
def plan(
    snapshot: Annotated[Path, typer.Argument(help="Folder of the snapshot to rehearse.")],
    settings: SettingsFile = Path("dynsync.toml"),
    out: Annotated[Path, typer.Option(help="Folder for the rehearsal.")] = Path("out/rehearsal"),
    *,
    as_json: Json = False,
) -> None:
    """Choose the smallest sample that shows every outcome, and make look-alikes of it. No portal is asked.

    Example: dynsync rehearse plan snapshots/monday --settings acme/dynsync.toml --out out/rehearsal
    """
    planned = plan_rehearsal(snapshot, settings, out)
    if as_json:
        console.print_json({"rehearsal": str(out), **planned.info})
