"""A forecast and what is read from it: `forecast`, `replay`, `recipes`, `explain`, `audit`, `report`.

Where it is used: `cli.commands`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from dynsync_lib import kit
from dynsync_lib.cli import arguments, console, forecast_words
from dynsync_lib.cli.arguments import (
    USUAL_SETTINGS,
    Bindings,
    CsvTables,
    FailOn,
    ForecastFolder,
    ForecastSnapshot,
    Json,
    MaskingLevel,
    RecordsMasking,
    Set,
    SettingsFile,
    SnapshotFolder,
    open_forecast,
)
from dynsync_lib.cli.finding_records import print_counts, print_records
from dynsync_lib.errors import UsageError

_ONE_THREAD: Final = ("OPENBLAS_NUM_THREADS", "1")
"""NumPy, which pyarrow imports, starts a thread a core for products of matrices; the kit multiplies none."""


def forecast(
    snapshot: SnapshotFolder,
    settings: SettingsFile = USUAL_SETTINGS,
    out: Annotated[Path, typer.Option(help="Folder for the tables.")] = Path("out/forecast"),
    engine: Annotated[str, typer.Option(help="Where the tables are computed: duckdb, polars, spark, auto.")] = "auto",
    choices: Set = None,
    fail_on: FailOn = "",
    bindings: Bindings = None,
    beside: Annotated[
        list[Path] | None, typer.Option(help="Snapshot of a further Dynamics environment; may be repeated.")
    ] = None,
    *,
    csv: CsvTables = False,
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
        verdict = forecast_words.verdict_figures(written)
        console.print_json({**tables, **six.as_dict(), "not_checked": list(six.not_checked), **verdict})
    else:
        forecast_words.print_figures(written)
        forecast_words.print_uncovered(written)
        console.out.print(f"\nTables:   {out}")
        console.out.print(f"Next:     dynsync audit --forecast {out}, then dynsync report --forecast {out}\n")
        forecast_words.print_verdict(written)
    arguments.exit_on(written, fail_on)


def replay(
    before: Annotated[Path, typer.Argument(help="The earlier snapshot.")],
    after: Annotated[Path, typer.Argument(help="A later snapshot of the same portals.")],
    settings: SettingsFile = USUAL_SETTINGS,
    out: Annotated[Path, typer.Option(help="Folder for the tables.")] = Path("out/replay"),
    choices: Set = None,
    bindings: Annotated[
        Path | None, typer.Option(help="Pairs at the earlier moment; default: those of its forecast.")
    ] = None,
    *,
    csv: CsvTables = False,
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
        forecast_words.print_replay(written.info)
        console.out.print(f"\nTables:   {out}")


def recipes(
    snapshot: SnapshotFolder,
    settings: SettingsFile = USUAL_SETTINGS,
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


def explain(
    key: Annotated[str, typer.Argument(help="A record id or GUID, an e-mail address, a company's or person's name.")],
    folder: ForecastFolder = None,
    snapshot: ForecastSnapshot = None,
    *,
    masking: RecordsMasking = None,
    masked: Annotated[bool, typer.Option("--masked", help="The same as --masking pseudonym.")] = False,
    as_json: Json = False,
) -> None:
    """Print the chain of one record: scope, filter, key, rivals, outcome, fields, links, each with rule and source.

    The outcome names the step and line of docs/semantics.md that decided it, such as (step 5, line 9b). People are
    shown unless --masking says otherwise: who asks for one knows the address. As numbers alone (counts) there is no
    chain, since it is about one record.

    Example: dynsync explain ada@example.com --forecast out/demo/forecast
    """
    meant = "pseudonym" if masked else None
    level = arguments.read_flagged_masking(
        masking, default="none", flag="--masked", flag_means=meant, lists_records=True
    )
    opened = open_forecast(folder)
    chains = kit.explain(opened.masked(level), key, snapshot=snapshot)
    if not chains:
        raise UsageError(
            f"No record of {opened.folder} has that id, address or name.",
            next_step="Try its id from the outcomes table.",
        )
    if as_json:
        console.print_json({"records": [kit.as_dict(chain) for chain in chains]})
        return
    for chain in chains:
        forecast_words.print_chain(chain)


def audit(
    folder: ForecastFolder = None,
    fail_on: FailOn = "",
    records: Annotated[
        str | None,
        typer.Option(
            help="List what is behind a finding (G42), or: collisions, near_names, lost_associations, overwrites, "
            "manual_invoices."
        ),
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="With --records: the CSV file to write them to.")] = None,
    snapshot: ForecastSnapshot = None,
    masking: MaskingLevel = None,
    *,
    as_json: Json = False,
) -> None:
    """Print go, conditions or no-go and the findings, worst first, or the records behind one of them.

    Neither shows anybody's address, name or value. With --masking counts no record is listed, and of fewer than five
    people it is said only that they are fewer.

    Example: dynsync audit --forecast out/demo/forecast --records G42 --csv out/consent.csv
    """
    arguments.refuse_severity(fail_on)
    counts_only = arguments.read_masking(masking, default="pseudonym") == "counts"
    opened = open_forecast(folder)
    opened.refuse_changed_tables()
    if records is not None:
        if counts_only:
            print_counts(opened, records, csv=csv, snapshot=snapshot, as_json=as_json)
        else:
            print_records(opened, records, csv=csv, snapshot=snapshot, as_json=as_json)
        arguments.exit_on(opened, fail_on)
        return
    if csv is not None or snapshot is not None:
        raise UsageError("--csv and --snapshot belong to --records.", next_step="Name a finding, such as G42.")
    rows = [kit.suppress_small(row) if counts_only else row for row in kit.findings_by_severity(opened)]
    if as_json:
        console.print_json({**forecast_words.verdict_figures(opened, counts_only=counts_only), "findings": rows})
    else:
        forecast_words.print_verdict(opened)
        forecast_words.print_uncovered(opened, counts_only=counts_only)
        console.print_table(
            ["check", "severity", "finding", "fix"], [forecast_words.finding_cells(row) for row in rows]
        )
    arguments.exit_on(opened, fail_on)


def report(
    folder: ForecastFolder = None,
    out: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("out/report.html"),
    client: Annotated[str, typer.Option(help="Name on the cover.")] = "",
    *,
    masking: MaskingLevel = None,
    unmasked: Annotated[bool, typer.Option("--unmasked", help="The same as --masking none.")] = False,
    verification: Annotated[
        Path | None,
        typer.Option(help="A verification or a compared rehearsal; default: `verification` beside the forecast."),
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(
            help="A dynsync.toml whose section [report] names agency, logo, colour, language; default: the settings "
            "that the forecast was made with, without their logo."
        ),
    ] = None,
    language: Annotated[str, typer.Option(help="en or de; default: as the settings say, else en.")] = "",
) -> None:
    """Write the stakeholder's report: one HTML file that needs no network.

    People are pseudonyms unless --masking says otherwise. With --masking counts no record is in it, and numbers of
    people are rounded to fives.

    Example: dynsync report --forecast out/demo/forecast --out report.html --client "Contoso" --language de
    """
    meant = "none" if unmasked else None
    level = arguments.read_flagged_masking(masking, default="pseudonym", flag="--unmasked", flag_means=meant)
    opened = open_forecast(folder)
    written = kit.report(
        opened,
        out,
        client=client,
        masked=level != "none",
        masking=level,
        verification=verification,
        settings=settings,
        language=language,
    )
    has_code = level in ("partial", "pseudonym")
    forecast_words.print_report(written, opened, has_code=has_code, has_logo=settings is not None)
