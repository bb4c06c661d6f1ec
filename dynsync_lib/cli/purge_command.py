"""`dynsync purge`: customers' data past its date, listed, and removed when that is asked for.

Where it is used: `cli.commands`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from dynsync_lib import kit
from dynsync_lib.cli import console
from dynsync_lib.cli.arguments import USUAL_SETTINGS, Json, SettingsFile
from dynsync_lib.listing import counted

_STATES: Final[Mapping[str, str]] = {
    "due": "past its date",
    "later": "may stay",
    "not_known": "date not known",
    "stays": "past its date, stays",
    "removed": "removed",
    "not_removed": "not removed",
}
_COLUMNS: Final = ("state", "kind", "path", "data_of", "until", "why")


def purge(
    folder: Annotated[Path, typer.Argument(help="The engagement's folder.")] = Path(),
    settings: SettingsFile = USUAL_SETTINGS,
    days: Annotated[
        int | None, typer.Option(help="Days after its snapshot for which data is kept; default: as the settings say.")
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Remove what is past its date; without it, it is listed.")] = False,
    as_json: Json = False,
) -> None:
    """List what the kit wrote that holds customers' data and is past its date; with --yes, remove it.

    Removed are snapshots, forecasts, replays, verifications, rehearsals, worklists, their decisions, files of fixes and
    go-live packs that bear the kit's mark, and nothing else. CSV lists and reports bear no date: look after them
    yourself. Exit code 1 when something could not be removed.

    Example: dynsync purge acme --settings acme/dynsync.toml --yes
    """
    purged = kit.purge(folder, days=days, settings=settings, yes=yes)
    rows = [_row(row) for row in purged.rows]
    if as_json:
        counts = {state: purged.count(state) for state in _STATES}
        console.print_json({"folder": str(folder), "days": purged.days, **counts, "rows": rows})
    else:
        _print(purged, rows)
    if purged.count("not_removed"):
        raise typer.Exit(1)


def _row(row: kit.PurgeRow) -> dict[str, Any]:
    """A row of the list as plain values; moments are text in UTC."""
    moments = {name: moment and moment.isoformat() for name, moment in (("data_of", row.data_of), ("until", row.until))}
    kind = row.kind.removeprefix("the ").removeprefix("an ").removeprefix("a ")
    return {"kind": kind, "path": str(row.path), **moments, "state": row.state, "why": row.why}


def _print(purged: kit.Purge, rows: list[dict[str, Any]]) -> None:
    if not rows:
        console.out.print(f"Nothing below {purged.folder} bears the kit's mark and holds customers' data.")
        return
    shown = [{**row, "state": _STATES[row["state"]], **_days(row)} for row in rows]
    console.print_rows(list(_COLUMNS), shown)
    days = counted(purged.days, "day", "days")
    console.out.print(f"\nData is kept for {days} after its snapshot. CSV lists and reports bear no date.")
    if purged.count("due"):
        console.out.print("Next:     the same command with --yes removes what is past its date.")


def _days(row: Mapping[str, Any]) -> dict[str, str]:
    """The days of a row's moments."""
    return {name: row[name][:10] if row[name] else "not known" for name in ("data_of", "until")}
