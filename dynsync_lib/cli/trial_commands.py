"""`dynsync calibrate`, `try-mapping` and `apply-recipe`: what nobody knows, settled in two test portals.

Where it is used: `cli.commands`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from dynsync_lib import kit
from dynsync_lib.cli import console
from dynsync_lib.cli.arguments import USUAL_SETTINGS, EmulatorFile, Json, RehearsalFolder, SettingsFile, read_addresses
from dynsync_lib.listing import counted, one_or_many

_PLANNED: Final = "planned"
_DONE: Final = ("read_back", "compared")


def calibrate(
    rehearsal: RehearsalFolder,
    emulator: EmulatorFile = None,
    *,
    seed: Annotated[str, typer.Option(help="Write the records of this run into the test portals.")] = "",
    by_emulator: Annotated[
        bool, typer.Option("--by-emulator", help="Make all runs now, the emulator's witness in the place of the sync.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Settle the open questions with crafted records: plan the runs, and read the answers of those that were run.

    Each run is a rehearsal of its own: seed it with --seed, let the real sync run (`dynsync rehearse wait`), compare
    it, clean it, and call this again. One run after the other: what stands in the portals takes part in the next one.

    Example: dynsync calibrate out/rehearsal
    """
    calibrated = kit.calibrate(rehearsal, seed=seed, by_emulator=by_emulator, addresses=read_addresses(emulator))
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
            _print_run(run, rehearsal)


def _print_question(row: Mapping[str, Any]) -> None:
    answer = "cannot tell" if row["choice"] is None else " or ".join((row["choice"], *row["also"]))
    provided = f" Provided that it was set up: {row['provided']}" if row["provided"] else ""
    console.out.print(f"{row['moves']:>9,}  {row['question']}: {answer}. {row['why']}{provided}")


def _print_run(run: Mapping[str, Any], rehearsal: Path) -> None:
    console.out.print(f"\nRun {run['run']}: {run['says']}")
    console.out.print(f"  settles {', '.join(run['questions'])}")
    for words in (*(f"{lack['words']}. {lack['how']}" for lack in run["lacking"]), *run["needs"]):
        console.out.print(f"  needs   {words}")
    if run["step"] == _PLANNED:
        console.out.print(f"  next    dynsync calibrate {rehearsal} --seed {run['run']}")
        return
    for step in ("wait", "compare", "clean"):
        console.out.print(f"  next    dynsync rehearse {step} {run['folder']}")


def try_mapping(
    settings: SettingsFile = USUAL_SETTINGS, emulator: EmulatorFile = None, *, as_json: Json = False
) -> None:
    """Write edge values of every mapped field into the test portals, read them back, and compare with the forecast.

    The records are removed again. Exit code 1 when a portal does otherwise than the forecast says.

    Example: dynsync try-mapping --settings acme/dynsync.toml --emulator out/emulator.json
    """
    trial = kit.try_mapping(settings, addresses=read_addresses(emulator))
    if as_json:
        figures = {"trials": len(trial.rows), "differences": len(trial.differences), "left": trial.left}
        console.print_json({"settings": str(settings), **figures, "rows": trial.rows})
    else:
        _print_trial(trial)
    if trial.differences or trial.left:
        raise typer.Exit(1)


def _print_trial(trial: kit.MappingTrial) -> None:
    for row in trial.rows:
        mark = "!" if row["differs"] else " "
        said = row["portal"] if row["forecast"] is None else f"{row['portal']}, forecast {row['forecast']}"
        words = f": {row['words']}" if row["words"] else f": {row['read_back']}" if row["portal"] == "changed" else ""
        edge = f" {row['edge']}" if row["edge"] else ""
        console.out.print(f"{mark} {row['system']} {row['object']} {row['field']}{edge}: {said}{words}")
    differ = one_or_many(len(trial.differences), "differs", "differ")
    console.out.print(f"\n{len(trial.differences):,} of {len(trial.rows):,} {differ} from the forecast.")
    if trial.left:
        records = counted(trial.left, "record of the trial is", "records of the trial are")
        console.out.print(f"{records} still there; run the command again to remove what it made.")


def apply_recipe(
    column: Annotated[str, typer.Argument(help="Object and lookup, such as contact.parentcustomerid.")],
    settings: SettingsFile = USUAL_SETTINGS,
    emulator: EmulatorFile = None,
    *,
    as_json: Json = False,
) -> None:
    """Carry a lookup's recipe out in the test portals: text column, property, labels; forecast before and after.

    `dynsync recipes` names the lookups. Rows that Dynamics does not change, such as inactive ones, are named.

    Example: dynsync apply-recipe contact.parentcustomerid --settings acme/dynsync.toml --emulator out/emulator.json
    """
    applied = kit.apply_recipe(column, settings, addresses=read_addresses(emulator))
    if as_json:
        console.print_json({"column": column, **_applied_figures(applied)})
    else:
        _print_applied(applied)


def _applied_figures(applied: kit.AppliedRecipe) -> dict[str, Any]:
    return {
        "text_column": applied.column,
        "text_column_is_new": applied.is_new_column,
        "hubspot_property": applied.recipe.hubspot_property,
        "hubspot_property_is_new": applied.is_new_property,
        "copied": applied.copied,
        "unchanged": applied.unchanged,
        "unlabelled": applied.unlabelled,
        "refused": applied.refused,
        "before": applied.before,
        "after": applied.after,
        "mapping": applied.lines,
    }


def _print_applied(applied: kit.AppliedRecipe) -> None:
    new = {True: "made", False: "was there"}
    console.out.print(f"Dynamics column {applied.column}: {new[applied.is_new_column]}")
    console.out.print(f"HubSpot property {applied.recipe.hubspot_property}: {new[applied.is_new_property]}")
    counts = {"copied": applied.copied, "there already": applied.unchanged, "without a label": applied.unlabelled}
    for words, count in counts.items():
        console.out.print(f"{count:>9,}  {words}")
    refused = [f"Refused: {refusal['record_id']} ({refusal['code']})" for refusal in applied.refused]
    console.print_first(refused, "--json names all")
    for when, row in (("before", applied.before), ("after", applied.after)):
        reason = f" ({row['reason']})" if row["reason"] else ""
        console.out.print(f"{when}: {row['dynamics_field']} to {row['hubspot_field']}: {row['verdict']}{reason}")
    console.out.print(f"\n{applied.lines}")
