"""The `dynsync` command: reads arguments, calls the kit, prints. It decides nothing.

Exit codes: 0 done, 1 findings of the severity named with --fail-on, 2 wrong use or settings, 3 portal unreachable,
128 and the number of the signal when stopped (130 for Ctrl-C).
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from dynsync_lib import kit
from dynsync_lib.cli import arguments, console
from dynsync_lib.cli.arguments import EmulatorFile, FailOn, ForecastFolder, Json, Set, SettingsFile, open_forecast
from dynsync_lib.cli.failures import print_failure
from dynsync_lib.cli.lab import run_lab
from dynsync_lib.cli.plain_parameters import PlainGroup
from dynsync_lib.cli.rehearse_commands import rehearse
from dynsync_lib.cli.stopping import Stopped, stoppable, stopped_early
from dynsync_lib.cli.trial_commands import apply_recipe, calibrate, try_mapping
from dynsync_lib.cli.verify_command import verify
from dynsync_lib.errors import UsageError
from dynsync_lib.processes import stop_signal, stops_as_interrupts

app = typer.Typer(
    name="dynsync",
    cls=PlainGroup,
    help="Says before go-live, record by record and both ways, what HubSpot Data Sync with Dynamics 365 will do.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_ONE_THREAD: Final = ("OPENBLAS_NUM_THREADS", "1")
"""NumPy, which pyarrow imports, starts a thread a core for products of matrices; the kit multiplies none."""


@app.callback()
def _common(debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False) -> None:
    if debug:
        os.environ["DYNSYNC_DEBUG"] = "1"


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Where snapshot, forecast and report go.")] = Path("out/demo"),
    *,
    as_json: Json = False,
) -> None:
    """Run the whole kit on two emulated portals and leave a report.

    Example: dynsync demo
    """
    forecast = kit.demo(out, progress=None if as_json else console.say)
    report = out / "report.html"
    if as_json:
        console.print_json(
            {"report": str(report), "forecast": str(forecast.folder), **kit.six_figures(forecast).as_dict()}
        )
        return
    console.print_figures(forecast)
    console.out.print(f"\nReport:   {report}")
    console.out.print(f"Tables:   {forecast.folder}")
    console.out.print("Open the report in a browser, then try `python dynsync.py lab` and notebook 00_start_here.")


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Folder of the engagement, or a .toml file of another name.")],
    example: Annotated[
        str | None, typer.Option(help=f"A ready example instead: {', '.join(kit.SETTINGS_EXAMPLES)}.")
    ] = None,
) -> None:
    """Write a commented dynsync.toml: every key at its default, or a ready example.

    Example: dynsync init acme --example mql-to-dynamics
    """
    file = folder if folder.suffix == ".toml" else folder / "dynsync.toml"
    text = kit.settings_template(example)
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("x", encoding="utf-8") as stream:  # a link is not followed
            stream.write(text)
    except FileExistsError:
        raise UsageError(f"{file} exists already.", next_step="Edit it, or name another folder.") from None
    console.out.print(f"Wrote {file}. Next: edit it, then `dynsync check --settings {file}`.")


@app.command()
def check(
    settings: SettingsFile = Path("dynsync.toml"),
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
        console.print_check(report)
    raise typer.Exit(report.exit_code)


@app.command()
def load(
    hubspot: Annotated[Path | None, typer.Option(help="Folder of files exported from HubSpot.")] = None,
    dynamics: Annotated[Path | None, typer.Option(help="Folder of files exported from Dynamics.")] = None,
    out: Annotated[Path, typer.Option(help="The snapshot to write.")] = Path("snapshots/files"),
    taken_at: Annotated[
        datetime | None, typer.Option(help="When they were exported (UTC); default: as their names say.")
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
    moment = taken_at.replace(tzinfo=UTC) if taken_at is not None else None
    columns = arguments.read_columns(column, settings)
    snapshot = kit.load(hubspot, dynamics, out, taken_at=moment, time_zone=time_zone, columns=columns)
    if not as_json:
        console.print_load_report(kit.read_load_report(snapshot))
    console.print_snapshot(snapshot, as_json=as_json)


@app.command()
def pull(
    settings: SettingsFile = Path("dynsync.toml"),
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
    console.print_snapshot(snapshot, as_json=as_json)


@app.command(name="sign-out")
def sign_out(settings: SettingsFile = Path("dynsync.toml")) -> None:
    """Forget the sign-in to Dynamics that is remembered for these settings.

    Example: dynsync sign-out --settings acme/dynsync.toml
    """
    console.out.print("Signed out." if kit.sign_out(settings) else "Nobody was signed in.")


@app.command()
def forecast(
    snapshot: Annotated[Path, typer.Argument(help="Folder of a snapshot.")],
    settings: SettingsFile = Path("dynsync.toml"),
    out: Annotated[Path, typer.Option(help="Folder for the tables.")] = Path("out/forecast"),
    engine: Annotated[str, typer.Option(help="Where the tables are computed: duckdb, polars, spark, auto.")] = "auto",
    choices: Set = None,
    fail_on: FailOn = "",
    bindings: Annotated[
        Path | None, typer.Option(help="Pairs of an earlier run: a forecast's folder, or a CSV or Parquet file.")
    ] = None,
    beside: Annotated[
        list[Path] | None, typer.Option(help="Snapshot of a further Dynamics environment; may be repeated.")
    ] = None,
    *,
    csv: Annotated[bool, typer.Option("--csv", help="Write CSV files beside the Parquet files.")] = False,
    as_json: Json = False,
) -> None:
    """Say what the initial sync would do with every record of a snapshot.

    Example: dynsync forecast snapshots/monday --settings acme/dynsync.toml --out out/monday --set company_dup=all_bind
    """
    arguments.refuse_severity(fail_on)
    os.environ.setdefault(*_ONE_THREAD)
    written = kit.forecast(
        snapshot,
        settings,
        out,
        engine=engine,
        assumptions=arguments.read_assumptions(choices),
        bindings=bindings,
        beside=beside or (),
        csv=csv,
    )
    if as_json:
        six = kit.six_figures(written)
        tables = {"forecast": str(out), "rows": written.info["rows"]}
        console.print_json({**tables, **six.as_dict(), "not_checked": list(six.not_checked)})
    else:
        console.print_figures(written)
        console.out.print(f"\nTables:   {out}")
        console.out.print(f"Next:     dynsync report --forecast {out}")
    arguments.exit_on(written, fail_on)


@app.command()
def replay(
    before: Annotated[Path, typer.Argument(help="The earlier snapshot.")],
    after: Annotated[Path, typer.Argument(help="A later snapshot of the same portals.")],
    settings: SettingsFile = Path("dynsync.toml"),
    out: Annotated[Path, typer.Option(help="Folder for the tables.")] = Path("out/replay"),
    choices: Set = None,
    bindings: Annotated[
        Path | None, typer.Option(help="Pairs at the earlier moment; default: those of its forecast.")
    ] = None,
    *,
    csv: Annotated[bool, typer.Option("--csv", help="Write CSV files beside the Parquet files.")] = False,
    as_json: Json = False,
) -> None:
    """Say what would have travelled between two snapshots, and which pairs have escaped their filter.

    Example: dynsync replay snapshots/march snapshots/april --settings acme/dynsync.toml
    """
    written = kit.replay(
        before, after, settings, out, bindings=bindings, assumptions=arguments.read_assumptions(choices), csv=csv
    )
    if as_json:
        console.print_json({"replay": str(out), **written.info})
    else:
        console.print_replay(written.info)
        console.out.print(f"\nTables:   {out}")


app.command()(verify)
app.command()(calibrate)
app.command("try-mapping")(try_mapping)
app.command("apply-recipe")(apply_recipe)
app.add_typer(rehearse)


@app.command()
def recipes(
    snapshot: Annotated[Path, typer.Argument(help="Folder of a snapshot.")],
    settings: SettingsFile = Path("dynsync.toml"),
    *,
    as_json: Json = False,
) -> None:
    """Say for each lookup column, which cannot sync, what text column to put in its place.

    Example: dynsync recipes snapshots/monday --settings acme/dynsync.toml
    """
    from dynsync_lib.kit.forecasts import find_lookup_recipes
    from dynsync_lib.kit.tables import recipe_row

    rows = [recipe_row(recipe) for recipe in find_lookup_recipes(snapshot, settings)]
    if as_json:
        console.print_json({"recipes": rows})
    else:
        console.print_rows(["object", "column", "recipe"], rows)


@app.command()
def explain(
    key: Annotated[str, typer.Argument(help="A record id or GUID, an e-mail address, a company's or person's name.")],
    folder: ForecastFolder = None,
    snapshot: Annotated[
        Path | None, typer.Option(help="The snapshot that was forecast; default: where the forecast found it.")
    ] = None,
    *,
    masked: Annotated[bool, typer.Option("--masked", help="Show nobody's address, name and values.")] = False,
    as_json: Json = False,
) -> None:
    """Print the chain of one record: scope, filter, key, rivals, outcome, fields, links, each with rule and source.

    The outcome names the step and line of docs/semantics.md that decided it, such as (step 5, line 9b).

    Example: dynsync explain ada@example.com --forecast out/demo/forecast
    """
    opened = open_forecast(folder)
    chains = kit.explain(opened.masked() if masked else opened, key, snapshot=snapshot)
    if not chains:
        raise UsageError(
            f"No record of {opened.folder} has that id, address or name.",
            next_step="Try its id from the outcomes table.",
        )
    if as_json:
        console.print_json({"records": [kit.as_dict(chain) for chain in chains]})
        return
    for chain in chains:
        console.print_chain(chain)


@app.command()
def audit(folder: ForecastFolder = None, fail_on: FailOn = "", *, as_json: Json = False) -> None:
    """Print the findings of a forecast.

    Example: dynsync audit --forecast out/demo/forecast --fail-on blocker
    """
    arguments.refuse_severity(fail_on)
    opened = open_forecast(folder)
    rows = opened.rows("findings")
    if as_json:
        console.print_json({"findings": rows})
    else:
        console.print_table(["check", "severity", "finding", "fix"], [console.finding_cells(row) for row in rows])
    arguments.exit_on(opened, fail_on)


@app.command()
def report(
    folder: ForecastFolder = None,
    out: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("out/report.html"),
    client: Annotated[str, typer.Option(help="Name on the cover.")] = "",
    *,
    unmasked: Annotated[bool, typer.Option("--unmasked", help="Show people's addresses and values.")] = False,
    verification: Annotated[
        Path | None,
        typer.Option(help="A verification or a compared rehearsal; default: `verification` beside the forecast."),
    ] = None,
) -> None:
    """Write the stakeholder's report: one HTML file that needs no network.

    Example: dynsync report --forecast out/demo/forecast --out report.html --client "Contoso"
    """
    written = kit.report(open_forecast(folder), out, client=client, masked=not unmasked, verification=verification)
    console.out.print(f"Report:   {written}")


@app.command()
def rules(
    *,
    numbers: Annotated[bool, typer.Option("--numbers", help="List the numbered statements of the research.")] = False,
    as_json: Json = False,
) -> None:
    """List every rule with its state, confidence and sources, and every assumption with its choices.

    Example: dynsync rules --numbers
    """
    from dynsync_lib.kit.tables import assumption_rows, research_rows, rule_rows

    listed, knobs, statements = (rows_of(kit.rulebook()) for rows_of in (rule_rows, assumption_rows, research_rows))
    if as_json:
        console.print_json({"rules": listed, "assumptions": knobs, "research": statements})
        return
    if numbers:
        console.print_rows(["number", "state", "confidence", "sources", "rules", "why"], statements)
        return
    console.print_rows(["id", "status", "confidence", "sources", "says"], listed)
    console.out.print("\nAssumptions: set them under [assumptions], or with --set name=choice.")
    console.print_rows(["id", "choices", "default", "question"], knobs)


@app.command()
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
    emulated = kit.emulate(
        world, **ports, clock=clock, state=state, has_limits=not no_limits, has_records=not no_records
    )
    with emulated as running:
        try:
            console.print_addresses(running.addresses if as_json else running.told, as_json=as_json)
            running.wait()
        except KeyboardInterrupt:  # TERM, which ends a server in order, may come before anybody waits for it
            if stop_signal() != signal.SIGTERM:
                raise
        else:
            if stop_signal() is not None:
                raise KeyboardInterrupt


@app.command()
def lab(
    folder: Annotated[Path, typer.Argument(help="Folder of notebooks.")] = Path("notebooks"),
) -> None:
    """Open JupyterLab in the notebooks.

    Example: dynsync lab
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder.", next_step="Run the command in the kit's own folder.")
    raise typer.Exit(run_lab(folder))


stoppable(app)


def main() -> None:
    """Runs the command; an error is one red sentence and a next step, never a traceback (unless --debug)."""
    atexit.register(gc.freeze)  # a process that ends need not look for what could be freed: half a second of the demo
    try:
        with stops_as_interrupts():
            app(prog_name="dynsync")
    except (Stopped, KeyboardInterrupt) as fault:
        stopped = fault if isinstance(fault, Stopped) else stopped_early()
        console.err.print(str(stopped))
        raise SystemExit(stopped.exit_code) from None
    except Exception as error:  # noqa: BLE001 - whatever it is, it is said in a sentence
        raise SystemExit(print_failure(error)) from None
