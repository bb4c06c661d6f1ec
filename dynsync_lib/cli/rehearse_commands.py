"""`dynsync rehearse`: the initial sync tried out in two test portals.

Each step is a command of its own, can be repeated, and goes on where it was stopped.

Where it is used: `cli.commands`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from dynsync_lib import kit
from dynsync_lib.cli import console
from dynsync_lib.cli.arguments import Json, SettingsFile
from dynsync_lib.cli.plain_parameters import PlainGroup

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
    forecast: Annotated[
        Path | None, typer.Option("--forecast", help="The snapshot's forecast under these settings; default: made now.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Choose the smallest sample that shows every outcome, and make look-alikes of it. No portal is asked.

    Says what the sample shows and what it cannot, how many writes it takes, and what the test portals lack.

    Example: dynsync rehearse plan snapshots/monday --settings acme/dynsync.toml --out out/rehearsal
    """
    planned = kit.plan_rehearsal(snapshot, settings, out, forecast=forecast)
    if as_json:
        console.print_json({"rehearsal": str(out), **planned.info})
        return
    _print_plan(planned.info)
    console.out.print(f"\nRehearsal: {out}")
    console.out.print(f"Next:      dynsync rehearse seed {out}")


def _print_plan(info: Mapping[str, Any]) -> None:
    shown, left = info["covered"], info["not_covered"]
    console.out.print(f"{len(shown):>9,}  of {len(shown) + len(left):,} things that the forecast says are shown")
    for system, label in (("hubspot", "HubSpot"), ("dynamics", "Dynamics")):
        writes = info["writes"][system]
        console.out.print(
            f"{writes['records']:>9,}  look-alikes in {label}, {writes['associations']:,} associations, "
            f"about {writes['requests']:,} requests; the sync then creates {writes['created_by_sync']:,} there"
        )
    for title, rows in (("Not shown", left), ("To add in the test portals", info["lacking"])):
        if rows:
            console.out.print(f"\n{title}:")
        for row in rows:
            console.out.print(f"  {row['words']}. {row.get('why') or row['how']}")
