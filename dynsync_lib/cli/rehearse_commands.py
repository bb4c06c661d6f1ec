"""`dynsync rehearse`: the initial sync tried out in two test portals.

Each step is a command of its own, can be repeated, and goes on where it was stopped.

Where it is used: `cli.commands`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from dynsync_lib import kit
from dynsync_lib.cli import console
from dynsync_lib.cli.arguments import (
    SYSTEMS,
    USUAL_SETTINGS,
    EmulatorFile,
    Json,
    RehearsalFolder,
    SettingsFile,
    read_addresses,
)
from dynsync_lib.cli.plain_parameters import PlainGroup
from dynsync_lib.cli.rehearsal_receipt import compared_figures, print_comparison, print_ran
from dynsync_lib.cli.rehearsal_wait import print_look, print_settings, print_watched, waited_figures
from dynsync_lib.cli.rehearse_words import cleaned_figures, print_cleaned, print_removal, print_seeded, seeded_figures
from dynsync_lib.errors import UsageError
from dynsync_lib.listing import counted, one_or_many

rehearse = typer.Typer(
    name="rehearse",
    cls=PlainGroup,
    help="Try the initial sync out in two test portals: plan, seed, run or wait, compare, clean.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@rehearse.command()
def plan(
    snapshot: Annotated[Path, typer.Argument(help="Folder of the snapshot to rehearse.")],
    settings: SettingsFile = USUAL_SETTINGS,
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
    whole = counted(len(shown) + len(left), "thing", "things")
    console.out.print(
        f"{len(shown):>9,}  of {whole} that the forecast says {one_or_many(len(shown), 'is', 'are')} shown"
    )
    for system, label in SYSTEMS.items():
        writes = info["writes"][system]
        console.out.print(
            f"{writes['records']:>9,}  {one_or_many(writes['records'], 'look-alike', 'look-alikes')} in {label}, "
            f"{counted(writes['associations'], 'association', 'associations')}, "
            f"about {counted(writes['requests'], 'request', 'requests')}; "
            f"the sync then creates {writes['created_by_sync']:,} there"
        )
    if info["holds_until"] is not None:
        console.out.print(f"\nA filter asks for the last days: rehearse before {info['holds_until']}, or plan again.")
    for title, rows in (("Not shown", left), ("To add in the test portals", info["lacking"])):
        if rows:
            console.out.print(f"\n{title}:")
        for row in rows:
            console.out.print(f"  {row['words']}. {row.get('why') or row['how']}")


@rehearse.command()
def seed(rehearsal: RehearsalFolder, emulator: EmulatorFile = None, *, as_json: Json = False) -> None:
    """Write the look-alikes into both test portals, each once; nothing at all unless both are known to be for tests.

    A seeding that was stopped is completed by running it again. Exit code 1 when a portal refused a look-alike.

    Example: dynsync rehearse seed out/rehearsal --emulator out/emulator.json
    """
    seeded = kit.seed_rehearsal(rehearsal, addresses=read_addresses(emulator))
    if as_json:
        console.print_json({"rehearsal": str(rehearsal), **seeded_figures(seeded)})
    else:
        print_seeded(seeded, rehearsal)
    if seeded.refused:
        raise typer.Exit(1)


@rehearse.command()
def run(
    rehearsal: RehearsalFolder,
    emulator: EmulatorFile = None,
    *,
    by_emulator: Annotated[
        bool, typer.Option("--by-emulator", help="Let the emulator's own sync do it, in this machine's portals.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Do the initial sync in the test portals: by the emulator's own sync, where they are this machine's.

    With real test portals the real sync is what is rehearsed: see `dynsync rehearse wait`.

    Example: dynsync rehearse run out/rehearsal --by-emulator --emulator out/emulator.json
    """
    if not by_emulator:
        raise UsageError(
            "Nothing says who is to do the sync.",
            next_step="Add --by-emulator where the portals are emulated; else run `dynsync rehearse wait`.",
        )
    ran = kit.run_rehearsal(rehearsal, addresses=read_addresses(emulator))
    if as_json:
        console.print_json({"rehearsal": str(rehearsal), **kit.as_dict(ran)})
    else:
        print_ran(ran, rehearsal)


@rehearse.command()
def wait(
    rehearsal: RehearsalFolder,
    emulator: EmulatorFile = None,
    every: Annotated[float, typer.Option(min=0, help="Seconds between two looks.")] = 60.0,
    looks: Annotated[int, typer.Option(min=2, help="So many looks in a row must see the same.")] = 3,
    at_most: Annotated[float, typer.Option(min=0, help="Hours to watch at most; 0: print the settings only.")] = 6.0,
    *,
    as_json: Json = False,
) -> None:
    """Print the settings to make in HubSpot, field by field, then watch both portals until the sync is at rest.

    Nothing is written. Exit code 1 when the time is over before the sync is at rest.

    Example: dynsync rehearse wait out/rehearsal
    """
    settings = kit.rehearsal_settings(rehearsal)
    if not as_json:
        print_settings(settings)
    watched = None
    if at_most:
        watch = kit.Watch(interval_s=every, still_looks=looks, longest_s=at_most * 3600)
        look = None if as_json else print_look
        watched = kit.wait_for_sync(rehearsal, addresses=read_addresses(emulator), watch=watch, look=look)
    if as_json:
        console.print_json(waited_figures(rehearsal, settings, watched))
    elif watched is not None:
        print_watched(watched, rehearsal)
    if watched is not None and not watched.is_at_rest:
        raise typer.Exit(1)


@rehearse.command()
def compare(
    rehearsal: RehearsalFolder,
    emulator: EmulatorFile = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the receipt; default: in the rehearsal's.")] = None,
    *,
    xlsx: Annotated[Path | None, typer.Option(help="Excel file of the receipt.")] = None,
    as_json: Json = False,
) -> None:
    """Read both test portals and say, record by record, which predictions held.

    Exit code 0 when every prediction that can be judged holds, 1 when some do not. Of each miss: why it was predicted,
    what is there instead, the rule and the open question in doubt.

    Example: dynsync rehearse compare out/rehearsal --emulator out/emulator.json
    """
    comparison = kit.compare_rehearsal(rehearsal, out, addresses=read_addresses(emulator))
    if xlsx is not None:
        comparison.verification.write_workbook(xlsx)
    if as_json:
        console.print_json(compared_figures(comparison))
    else:
        print_comparison(comparison)
    if not comparison.holds:
        raise typer.Exit(1)


@rehearse.command()
def clean(
    rehearsal: RehearsalFolder,
    emulator: EmulatorFile = None,
    *,
    by_tag: Annotated[
        bool, typer.Option("--by-tag", help="Ask no journal: look by the tag, and only show it without --yes.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Remove it without a question.")] = False,
    as_json: Json = False,
) -> None:
    """Remove what a rehearsal and its sync made in the test portals, and prove that all else is as it was.

    First it shows what goes. By the journal it is then removed, after a question on a terminal; by the tag alone only
    with --yes.

    Example: dynsync rehearse clean out/rehearsal --emulator out/emulator.json --yes
    """
    addresses = read_addresses(emulator)
    removal = kit.removal_of_rehearsal(rehearsal, addresses=addresses, by_tag=by_tag)
    if not as_json:
        print_removal(removal)
    if not (yes or (not by_tag and _agrees(as_json=as_json))):
        if as_json:
            console.print_json({"rehearsal": str(rehearsal), "removed": False, **cleaned_figures(removal, None)})
        else:
            console.out.print("Nothing was removed. Add --yes to remove it.")
        return
    cleaned = kit.clean_rehearsal(rehearsal, addresses=addresses, by_tag=by_tag)
    if as_json:
        console.print_json({"rehearsal": str(rehearsal), "removed": True, **cleaned_figures(cleaned.removal, cleaned)})
    else:
        print_cleaned(cleaned)


def _agrees(*, as_json: bool) -> bool:
    """Whether a person says yes; a program that runs the command has said so already."""
    return as_json or not sys.stdin.isatty() or typer.confirm("Remove them?")
