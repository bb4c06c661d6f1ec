"""`dynsync go-live`: what a team needs on the day of the go-live, as a folder.

Where it is used: `cli.commands`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dynsync_lib import kit
from dynsync_lib.cli import console
from dynsync_lib.cli.arguments import (
    SYSTEMS,
    ForecastFolder,
    ForecastSnapshot,
    Json,
    MaskingLevel,
    open_forecast,
    read_masking,
)
from dynsync_lib.listing import counted


def go_live(
    folder: ForecastFolder = None,
    out: Annotated[Path, typer.Option(help="Folder for the pack.")] = Path("out/go_live"),
    masking: MaskingLevel = None,
    replay: Annotated[
        Path | None, typer.Option(help="Folder of a replay, whose numbers say what happened after the first sync.")
    ] = None,
    snapshot: ForecastSnapshot = None,
    *,
    as_json: Json = False,
) -> None:
    """Write the go-live pack: checklist, first 48 hours, automations to pause, rights, rollback sheet, drill.

    People are pseudonyms unless --masking says otherwise. To be able to put values back, write it with --masking none,
    and keep it as you keep the CRMs. What nobody told the kit says `not checked`.

    Example: dynsync go-live --forecast out/monday --out acme/go_live --masking none
    """
    level = read_masking(masking, default="pseudonym")
    pack = kit.go_live_pack(open_forecast(folder), out, masking=level, replay=replay, snapshot=snapshot)
    if as_json:
        console.print_json({**kit.as_dict(pack), "folder": str(out)})
        return
    for system in pack.would_enter:
        console.out.print(f"{pack.say_entering(system):>15}  records would enter automations in {SYSTEMS[system]}")
    for title, rows in pack.rows.items():
        shown = "not known" if rows is None else f"{rows:,}"
        console.out.print(f"{shown:>15}  {title}{', incomplete' if title in pack.incomplete else ''}")
    for sentence in pack.unchecked:
        console.say(sentence)
    console.out.print(f"\nNot checked: {counted(pack.not_checked, 'row', 'rows')}, which nobody told the kit.")
    console.out.print(f"Go-live pack: {out}")
