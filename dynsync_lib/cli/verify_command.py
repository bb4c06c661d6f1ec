"""`dynsync verify`: how right a forecast was, after the sync.

Where it is used: `cli.commands`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from dynsync_lib import kit
from dynsync_lib.cli import console
from dynsync_lib.cli.arguments import Json
from dynsync_lib.errors import UsageError

_CAUSES: Final[Mapping[str, str]] = {
    "as_predicted": "as predicted",
    "rule_in_doubt": "missed: a rule is in doubt",
    "assumption_in_doubt": "missed: an open question is in doubt",
    "changed_by_people": "changed by people in the meantime; no miss",
    "not_settled": "not settled: nobody can tell; no hit",
}

_NOTHING_CHANGED: Final = (
    "Nothing that both snapshots hold changed in between (records, mapped values, associations): was the sync on?"
)


def verify(
    before: Annotated[Path, typer.Argument(help="The snapshot from before the initial sync.")],
    after: Annotated[Path, typer.Argument(help="A snapshot of the same portals from after it.")],
    forecast: Annotated[Path, typer.Option("--forecast", help="Folder of the forecast of the first snapshot.")],
    out: Annotated[Path | None, typer.Option(help="Folder for the receipt; default: figures only.")] = None,
    *,
    xlsx: Annotated[
        Path | None, typer.Option(help="Excel file of the receipt, with what to watch in the first 48 hours.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say how right a forecast was: for every record what was predicted beside what became of it.

    Exit code 0 when every prediction that can be judged holds, 1 when some do not.

    Example: dynsync verify snapshots/monday snapshots/tuesday --forecast out/monday --out out/verification
    """
    if xlsx is not None and out is None:
        raise UsageError("An Excel file is made of a receipt that is kept.", next_step="Name its folder with --out.")
    verified = kit.verify(before, after, forecast, out)
    if xlsx is not None:
        verified.write_workbook(xlsx)
    if as_json:
        console.print_json(verified.figures)
    else:
        _print_figures(verified.figures)
        if out is not None:
            console.out.print(f"\nReceipt:  {out}")
    if verified.figures["misses"]:
        raise typer.Exit(1)


def _print_figures(figures: Mapping[str, Any]) -> None:
    for cause, words in _CAUSES.items():
        console.out.print(f"{figures['by_cause'].get(cause, 0):>9,}  {words}")
    accuracy = figures["accuracy"]
    said = "nothing can be judged" if accuracy is None else f"{accuracy:.2%} of {figures['hits'] + figures['misses']:,}"
    if figures["nothing_changed"]:
        console.out.print(f"\n{_NOTHING_CHANGED}")
        said = f"not tested by the sync ({said}, with nothing changed)"
    console.out.print(f"\nAccuracy: {said}")
    for sentence in figures["not_checked"]:
        console.out.print(Text(sentence, style="yellow"))
    for outcome, counted in figures["by_outcome"].items():
        console.out.print(f"{counted['hits']:>9,}  of {counted['predicted']:,} {outcome}")
    for table, count in figures["drift"].items():
        console.out.print(f"{count:>9,}  new in {table}")
    missed = [_say_miss(miss) for miss in figures["missed"]]
    console.print_first(missed, "the receipt names all", total=figures["misses"])


def _say_miss(miss: Mapping[str, Any]) -> str:
    doubts = ", ".join([miss["rule_id"], *miss["assumptions"]])
    where = f"{miss['system']} {miss['object']} {miss['record_id']}"
    return f"{where}: {miss['predicted']} predicted, {miss['actual']} found ({doubts})"
