"""`dynsync worklist`: a forecast as a workbook to work through, and what people marked in it, read back.

Where it is used: `cli.commands`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from dynsync_lib import kit
from dynsync_lib.cli import console
from dynsync_lib.cli.arguments import (
    ForecastFolder,
    ForecastSnapshot,
    Json,
    MaskingLevel,
    open_forecast,
    read_flagged_masking,
)
from dynsync_lib.cli.stopping import StoppableGroup
from dynsync_lib.errors import WorklistError
from dynsync_lib.listing import counted

worklist = typer.Typer(name="worklist", cls=StoppableGroup, invoke_without_command=True, rich_markup_mode=None)
_MARKED: Final = ("accept", "fix", "ignore", "note_only", "unmarked")


@worklist.callback()
def write(
    context: typer.Context,
    folder: ForecastFolder = None,
    out: Annotated[Path, typer.Option(help="The Excel file to write.")] = Path("out/worklist.xlsx"),
    snapshot: ForecastSnapshot = None,
    *,
    masking: MaskingLevel = None,
    names: Annotated[bool, typer.Option("--names", help="The same as --masking none: name people.")] = False,
    rank: Annotated[
        bool, typer.Option("--rank", help="Say the place of each row among the fixes that clear most, as `fixes` does.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write a forecast as an Excel workbook: a sheet a decision, a row a thing to do, with cells to mark.

    People are pseudonyms unless --masking says otherwise; the first sheet says so. With --masking counts no record is
    listed: mappings, options and findings can be marked, and of the other sheets there are numbers alone.
    `dynsync worklist import` reads the marks back.

    Example: dynsync worklist --forecast out/monday --out worklist.xlsx --names
    """
    if context.invoked_subcommand is not None:
        return
    meant = "none" if names else None
    level = read_flagged_masking(masking, default="pseudonym", flag="--names", flag_means=meant)
    written = kit.worklist(open_forecast(folder), out, masking=level, snapshot=snapshot, ranked=rank)
    if as_json:
        figures = {name: value for name, value in kit.as_dict(written).items() if name != "path"}
        console.print_json({"worklist": str(out), **figures})
        return
    for sheet, count in written.rows.items():
        shown = "not known" if count is None else f"{count:,}" if isinstance(count, int) else count
        least = "at least " if count is not None and sheet in written.incomplete else ""
        console.out.print(f"{least + shown:>15}  {sheet.replace('_', ' ')}")
    console.out.print(f"\nAbout {counted(round(written.hours), 'hour', 'hours')} of work, by our estimate.")
    if written.fixes:
        console.out.print(written.fixes)
    for sentence in written.not_checked:
        console.say(sentence)
    if not written.has_records:
        console.out.print("The snapshot was not found: names, owners, deals and invoices are not known.")
    console.out.print(f"\nWorklist: {out}")
    of_forecast = "" if folder is None else f" --forecast {folder}"
    rows = "mark the rows of mappings, options and findings, its only sheets" if level == "counts" else "mark its rows"
    console.out.print(f"Next:     {rows}, then `dynsync worklist import {out}{of_forecast}`.")


@worklist.command(name="import")
def import_(
    workbooks: Annotated[list[Path], typer.Argument(help="The worklist, filled in, or several copies of it.")],
    folder: ForecastFolder = None,
    fixes: Annotated[
        Path | None,
        typer.Option(help="Folder for files that both CRMs import, of rows marked fix whose value is known."),
    ] = None,
    snapshot: ForecastSnapshot = None,
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the marks of an earlier import even by a workbook without marks.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read back what people marked in a worklist, into a file beside the forecast.

    Where anything cannot be used, all of it is named by sheet and cell, and nothing is kept. Name all copies that
    several people marked, and their marks are put together; a row that two of them marked otherwise is named in both.
    The file replaces that of an earlier import, and what it held is counted.

    Example: dynsync worklist import worklist.xlsx --forecast out/monday
    """
    try:
        imported = kit.import_worklist(
            workbooks, open_forecast(folder), fixes=fixes, snapshot=snapshot, replace=replace
        )
    except WorklistError as error:
        if as_json:
            console.print_json({"decisions": None, "not_understood": [kit.as_dict(fault) for fault in error.faults]})
        raise
    if as_json:
        numbers = {"by_mark": imported.by_mark, "emptied_addresses": imported.emptied_addresses}
        console.print_json({**kit.as_dict(imported), **numbers, "not_understood": []})
        return
    _print_imported(imported, fixes)


def _print_imported(imported: kit.ImportedWorklist, fixes: Path | None) -> None:
    """Lines for people: the marks by sheet, what was replaced, and where everything is now."""
    rows = [{"sheet": sheet, **counts} for sheet, counts in imported.by_sheet.items()]
    console.print_rows(["sheet", *_MARKED], rows)
    for title in imported.other_sheets:
        console.out.print(f"{title}: no sheet of a worklist; left alone.")
    for name, count in imported.fixes.items():
        console.out.print(f"{count:>9,}  {name}")
    if imported.emptied_addresses:
        console.say(f"Rows that empty an e-mail address, so that the record stays out: {imported.emptied_addresses:,}.")
    console.out.print(f"\nDecisions: {imported.decisions}")
    if imported.replaced_decisions:
        console.out.print(f"Replaced:  an earlier import (marks and notes: {imported.replaced_decisions:,})")
    if imported.dropped_decisions:
        console.say(
            f"Of these rows {imported.dropped_decisions:,} are marked no more. To keep the marks of several people, "
            "name all their workbooks in one import."
        )
    if imported.replaced_fixes:
        console.out.print(f"Replaced:  earlier files of fixes (rows: {imported.replaced_fixes:,})")
    if fixes is not None:
        console.out.print(f"Fixes:     {fixes}, which names people" if imported.fixes else "Fixes:     none are known")


@worklist.command(name="fixes")
def fixes_(
    folder: ForecastFolder = None,
    share: Annotated[float, typer.Option(help="The part of the risk that is to go, above 0, up to 1.")] = 0.9,
    snapshot: ForecastSnapshot = None,
    csv: Annotated[Path | None, typer.Option(help="CSV file of all changes, with links that open records.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Say which few changes of records take most of the collision risk away, the best first.

    At risk are records that lose their key or fail, companies and accounts with names that are alike, and associations
    that are lost with such records. The sync is decided again after the changes, so the share is no guess.

    Example: dynsync worklist fixes --forecast out/monday --share 0.8 --csv fixes.csv
    """
    smallest = kit.fix_set(open_forecast(folder), share=share, snapshot=snapshot)
    if csv is not None:
        smallest.write_csv(csv)
    if as_json:
        console.print_json(
            {
                "sentence": smallest.sentence,
                "not_checked": list(smallest.not_checked),
                "by_kind": smallest.by_kind,
                "steps": smallest.steps(),
                "changes": smallest.rows(),
                **({} if csv is None else {"csv": str(csv)}),
            }
        )
        return
    _print_fixes(smallest, csv)


def _print_fixes(smallest: kit.Fixes, csv: Path | None) -> None:
    """Lines for people: what the changes clear, by kind and step, and the best of them."""
    console.out.print(smallest.sentence)
    for sentence in smallest.not_checked:
        console.say(sentence)
    rows = smallest.rows()[: smallest.fix_set.size]
    if smallest.by_kind:
        console.print_rows(["kind", "at_risk", "gone", "left"], smallest.by_kind)
    if rows:
        console.out.print()
        console.print_rows(["changes", "gone", "share"], smallest.steps())
        console.out.print()
        console.print_rows(
            ["rank", "system", "object", "record_id", "change", "beside_id", "gain"], rows[: console.MOST_LINES]
        )
    if csv is not None:
        console.out.print(f"\nCSV:      {csv}")
    else:
        console.print_rest(len(rows) - console.MOST_LINES, "--csv FILE writes all")
