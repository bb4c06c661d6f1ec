"""What has to do with portals and their exports: `check`, `load`, `pull`, `sign-out`, `emulator`.

Where it is used: `cli.commands`.
"""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

from dynsync_lib import kit
from dynsync_lib.cli import arguments, console, portal_words
from dynsync_lib.cli.arguments import USUAL_SETTINGS, EmulatorFile, Json, SettingsFile
from dynsync_lib.processes import stop_signal


def check(
    settings: SettingsFile = USUAL_SETTINGS,
    snapshot: Annotated[Path | None, typer.Argument(help="Check fields and filter values against it, too.")] = None,
    emulator: EmulatorFile = None,
    *,
    settings_only: Annotated[bool, typer.Option("--settings-only", help="Ask no portal.")] = False,
    as_json: Json = False,
) -> None:
    """Look at settings and portals before a pull: what is reachable, held, missing, visible; production or test.

    Settings come first, with every fault; a portal whose secrets are not set is not checked. Nothing is written.

    Example: dynsync check --settings acme/dynsync.toml
    """
    kit.read_settings(settings, snapshot=kit.open_snapshot(snapshot) if snapshot is not None else None)
    if not as_json:
        console.out.print(f"{settings} is right.")
    if settings_only:
        if as_json:
            console.print_json({"settings": str(settings), "lines": []})
        return
    report = kit.check(settings, addresses=arguments.read_addresses(emulator))
    if as_json:
        console.print_json({"settings": str(settings), "lines": [kit.as_dict(line) for line in report.lines]})
    else:
        portal_words.print_check(report)
    raise typer.Exit(report.exit_code)


def load(
    hubspot: Annotated[Path | None, typer.Option(help="Folder of files exported from HubSpot.")] = None,
    dynamics: Annotated[Path | None, typer.Option(help="Folder of files exported from Dynamics.")] = None,
    out: Annotated[Path, typer.Option(help="The snapshot to write.")] = Path("snapshots/files"),
    taken_at: Annotated[
        str | None,
        typer.Option(help="When they were exported (UTC); default: as their names say.", metavar="<datetime>"),
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Zone of times that name none, such as Europe/Berlin; default UTC.")
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option(help='A heading that is not known: emailaddress1="Email 1"; may be repeated.')
    ] = None,
    settings: Annotated[Path | None, typer.Option(help="A dynsync.toml whose [files.columns] to use.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Make a snapshot of exported CSV or XLSX files, and say what was recognised, guessed and not known.

    Example: dynsync load --hubspot exports/hubspot --dynamics exports/dynamics --out snapshots/monday
    """
    moment = arguments.read_moment("--taken-at", taken_at)
    columns = arguments.read_columns(column, settings)
    snapshot = kit.load(hubspot, dynamics, out, taken_at=moment, time_zone=time_zone, columns=columns)
    if not as_json:
        portal_words.print_load_report(kit.read_load_report(snapshot))
    portal_words.print_snapshot(snapshot, as_json=as_json)


def pull(
    settings: SettingsFile = USUAL_SETTINGS,
    out: Annotated[Path, typer.Option(help="The snapshot to write.")] = Path("snapshots/api"),
    emulator: EmulatorFile = None,
    hubspot_version: Annotated[
        str | None, typer.Option(help="v3, 2026-03 or 2026-09; default: that of the settings.")
    ] = None,
    *,
    archived: Annotated[bool, typer.Option("--archived", help="Read HubSpot's archived records as well.")] = False,
    as_json: Json = False,
) -> None:
    """Read both portals over their APIs into a snapshot. Nothing is ever written to them.

    Example: dynsync pull --settings acme/dynsync.toml --out snapshots/monday
    """
    addresses = arguments.read_addresses(emulator)
    progress = None if as_json else console.say
    snapshot = kit.pull(
        settings, out, addresses=addresses, progress=progress, hubspot_version=hubspot_version, archived=archived
    )
    portal_words.print_snapshot(snapshot, as_json=as_json)


def sign_out(settings: SettingsFile = USUAL_SETTINGS) -> None:
    """Forget the sign-in to Dynamics that is remembered for these settings.

    Example: dynsync sign-out --settings acme/dynsync.toml
    """
    console.out.print("Signed out." if kit.sign_out(settings) else "Nobody was signed in.")


def emulator(
    world: arguments.World = None,
    hubspot_port: arguments.HubspotPort = 0,
    dynamics_port: arguments.DynamicsPort = 0,
    clock: arguments.StoppedClock = None,
    state: arguments.StateFolder = None,
    *,
    no_limits: arguments.NoLimits = False,
    no_records: arguments.NoRecords = False,
    as_json: Json = False,
) -> None:
    """Serve both portals and the sign-in on 127.0.0.1 until interrupted.

    With --clock the same requests get the same answers, byte by byte, each time the same world is served.

    Example: dynsync emulator --world sample_data --json
    """
    ports = {"hubspot_port": hubspot_port, "dynamics_port": dynamics_port}
    stopped_at = arguments.read_moment("--clock", clock)
    emulated = kit.emulate(
        world, **ports, clock=stopped_at, state=state, has_limits=not no_limits, has_records=not no_records
    )
    with emulated as running:
        try:
            portal_words.print_addresses(running.addresses if as_json else running.told, as_json=as_json)
            running.wait()
        except KeyboardInterrupt:  # TERM, which ends a server in order, may come before anybody waits for it
            if stop_signal() != signal.SIGTERM:
                raise
        else:
            if stop_signal() is not None:
                raise KeyboardInterrupt
