"""`dynsync diff` and `dynsync settings-diff`: two forecasts, two snapshots or two settings beside each other.

Where it is used: `cli.commands`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from dynsync_lib import kit
from dynsync_lib.cli import console
from dynsync_lib.cli.arguments import USUAL_SETTINGS, Bindings, Json
from dynsync_lib.errors import UsageError
from dynsync_lib.listing import counted, counted_of, one_or_many

RecordsFile = Annotated[
    Path | None, typer.Option("--csv", help="CSV file of the records whose outcome differs, 100,000 at most.")
]
_FILES: Final[Mapping[str, str]] = {"forecast.json": "forecast", "manifest.json": "snapshot"}
"""By the file that marks it, what a folder is."""
_MOVES: Final[Mapping[str, str]] = {
    "additional": "additional",
    "no longer": "no_longer",
    "otherwise": "otherwise",
}
_MOST_COLUMNS: Final = 20
_NOT_COUNTED: Final = (
    "Which records are gone from a finding or new in it is counted between snapshots: "
    "dynsync diff SNAPSHOT SNAPSHOT --settings FILE."
)


def settings_diff(
    before: Annotated[Path, typer.Argument(help="The settings as they are.")],
    after: Annotated[Path, typer.Argument(help="The settings as they are to be.")],
    snapshot: Annotated[
        Path | None, typer.Option(help="A snapshot, to see what saving the second settings would do.")
    ] = None,
    bindings: Bindings = None,
    csv: RecordsFile = None,
    *,
    as_json: Json = False,
) -> None:
    """Say what differs between two settings and, with a snapshot, what this Save would additionally do.

    Exit code 0 when the result is the same: what the sync would do or, without a snapshot, every setting; 1 when it
    differs, 2 for wrong use or settings.

    Example: dynsync settings-diff acme/dynsync.toml acme/proposed.toml --snapshot snapshots/monday
    """
    if bindings is not None and snapshot is None:
        raise UsageError("Pairs of an earlier run are those of a snapshot.", next_step="Name it with --snapshot.")
    if csv is not None and snapshot is None:
        raise UsageError("Records that differ are those of a snapshot.", next_step="Name it with --snapshot.")
    compared = kit.diff_settings(before, after, snapshot=snapshot, bindings=bindings)
    written = _write_records(compared.sync, csv)
    figures = compared.figures
    if as_json:
        console.print_json({**figures, **written})
    else:
        for change in figures["settings"]:
            console.out.print(f"{change['sentence']}{_say_affected(change['affects'])}")
        if not figures["settings"]:
            console.out.print("The settings say the same.")
        _print_notes(figures["notes"])
        if figures["sync"] is not None:
            _print_sync(figures["sync"], figures)
        _print_written(written)
    _exit(is_same=figures["same"])


def diff(
    before: Annotated[Path, typer.Argument(help="Folder of a forecast or of a snapshot.")],
    after: Annotated[Path, typer.Argument(help="Another folder of the same kind.")],
    settings: Annotated[
        Path | None,
        typer.Option(help="For snapshots: settings to ask findings under; default dynsync.toml where there is one."),
    ] = None,
    csv: RecordsFile = None,
    *,
    as_json: Json = False,
) -> None:
    """Say what differs between two forecasts, or between two snapshots: did cleaning work?

    Of forecasts: records from which outcome to which, what is additionally created, overwritten and left out, and the
    findings before and after. Of snapshots: records gone, new and changed and, under settings, the same of forecasts.

    Exit code 0 when nothing differs, 1 when something does or only one snapshot holds a table or column, 2 for wrong
    use.

    Example: dynsync diff snapshots/monday snapshots/friday --settings acme/dynsync.toml
    """
    kind = _kind_of_both(before, after)
    if kind == "forecast" and settings is not None:
        raise UsageError("Forecasts were made with settings of their own.", next_step="Leave out --settings.")
    used = settings or (USUAL_SETTINGS if USUAL_SETTINGS.is_file() else None)
    if kind == "snapshot" and used is None and csv is not None:
        raise UsageError("What the sync does is asked under settings.", next_step="Name them with --settings.")
    compared = kit.diff_forecasts(before, after) if kind == "forecast" else kit.diff_snapshots(before, after, used)
    written = _write_records(compared.sync, csv)
    figures = compared.figures
    if as_json:
        console.print_json({"kind": f"{kind}s", **figures, **written})
    else:
        (_print_forecasts if kind == "forecast" else _print_snapshots)(figures)
        _print_written(written)
    _exit(is_same=figures["same"])


def _write_records(sync: kit.Difference | None, csv: Path | None) -> dict[str, str]:
    """Writes the records that differ, where that was asked for; for JSON, where they are."""
    if csv is None or sync is None:
        return {}
    sync.write_csv(csv)
    return {"csv": str(csv)}


def _kind_of_both(before: Path, after: Path) -> str:
    """What both folders are, forecast or snapshot. Raises UsageError when one is neither, or they differ."""
    kinds = {folder: _kind_of(folder) for folder in (before, after)}
    if len(set(kinds.values())) > 1:
        raise UsageError(
            f"{before} is a {kinds[before]}, and {after} is a {kinds[after]}.",
            next_step="Name two forecasts, or two snapshots.",
        )
    return kinds[before]


def _kind_of(folder: Path) -> str:
    kind = next((kind for file, kind in _FILES.items() if (folder / file).is_file()), None)
    if kind is None:
        raise UsageError(
            f"{folder} is neither a forecast nor a snapshot: it has no {' and no '.join(_FILES)}.",
            next_step="Name the folder that `dynsync forecast`, `dynsync pull` or `dynsync load` wrote.",
        )
    return kind


def _exit(*, is_same: bool) -> None:
    if not is_same:
        raise typer.Exit(1)


def _say_affected(affects: str) -> str:
    return "" if affects == "sync" else f" (This changes nothing in the sync: it is for {affects}.)"


def _print_notes(notes: Iterable[str]) -> None:
    for note in notes:
        console.out.print(note)


def _print_written(written: Mapping[str, str]) -> None:
    """Where the records were written, if they were."""
    for file in written.values():
        console.out.print(f"\nCSV:      {file}")


def _print_forecasts(figures: Mapping[str, Any]) -> None:
    _print_notes(figures["notes"])
    _print_sync(figures, figures)
    _print_findings(figures["findings"])


def _print_sync(figures: Mapping[str, Any], compared: Mapping[str, Any]) -> None:
    """What the sync does otherwise: outcomes from which to which, then effects that move; and what was not compared."""
    missing = len(compared["mappings_not_compared"])
    if not any(figures["counts"].values()) and not _moving(figures["effects"]):
        of_all = counted_of(missing, compared["mappings"], "mapping", "mappings")
        rest = f", of what was compared: {of_all} not" if missing else ""
        console.out.print(f"The sync does the same with every record{rest}.")
    else:
        _print_moves(figures)
    for sentence in compared["not_checked"]:
        console.out.print(Text(sentence, style="yellow"))


def _print_moves(figures: Mapping[str, Any]) -> None:
    counts = figures["counts"]
    console.out.print(
        f"\n{counted(counts['outcomes'], 'record', 'records')}, "
        f"{counted(counts['changes'], 'written value', 'written values')} and "
        f"{counted(counts['links'], 'association', 'associations')} differ."
    )
    console.print_table(
        ["system", "object", "from", "to", "records"],
        [
            [row["system"], row["object"], _outcome(row, "before"), _outcome_after(row), f"{row['count']:,}"]
            for row in figures["outcomes"]
        ],
    )
    console.out.print()
    console.print_table(
        ["effect", "system", "object", "before", "after", *_MOVES],
        [
            [row["effect"], row["system"], row["object"]]
            + [_count(row[name]) for name in ("before", "after", *_MOVES.values())]
            for row in _moving(figures["effects"])
        ],
    )


def _moving(effects: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What moves, and what may move: of that nobody knows how many."""
    return [row for row in effects if any(row[name] != 0 for name in _MOVES.values())]


def _outcome(row: Mapping[str, Any], side: str) -> str:
    reason = row[f"{side}_reason"]
    return f"{row[side]} ({reason})" if reason else str(row[side])


def _outcome_after(row: Mapping[str, Any]) -> str:
    """The outcome after; where it is the one before, the counterpart or the winner is another record."""
    after = _outcome(row, "after")
    if after != _outcome(row, "before"):
        return after
    return f"{after}, by another winner" if row["after"] == "shadowed" else f"{after}, with another counterpart"


def _print_findings(findings: Sequence[Mapping[str, Any]]) -> None:
    """The findings that differ, how many do not, and how many nobody checked on either side."""
    moved = [row for row in findings if row["before"] != row["after"] or row["gone"] or row["new"]]
    console.out.print()
    if moved:
        console.print_table(
            ["check", "severity", "finding is", "before", "after", "gone", "new", "finding"],
            [
                [
                    *(row["check_id"], row["severity"], row["state"]),
                    *(_count(row[name]) for name in ("before", "after", "gone", "new")),
                    row["sentence"],
                ]
                for row in moved
            ],
        )
        if any(row["gone"] is None and row["not_checked"] is None for row in moved):
            console.out.print(_NOT_COUNTED)
    unchecked = sum(row["before"] is None and row["after"] is None for row in findings)
    same = len(findings) - len(moved) - unchecked
    said = f", {counted(unchecked, 'is', 'are')} checked on neither side" if unchecked else ""
    whole = counted(len(findings), "finding", "findings")
    console.out.print(f"{same:,} of {whole} {one_or_many(same, 'is', 'are')} as before{said}.")
    reasons = [f"{row['check_id']} is not checked: {row['not_checked']}" for row in findings if row["not_checked"]]
    console.print_first(reasons, "--json names all")


def _count(number: int | None) -> str:
    return "not checked" if number is None else f"{number:,}"


def _print_snapshots(figures: Mapping[str, Any]) -> None:
    _print_notes(figures["notes"])
    names = ("before", "after", "gone", "new", "changed")
    rows = [[row["table"], *(_count(row[name]) for name in names)] for row in figures["tables"]]
    console.print_table(["table", *names], rows)
    if figures["columns"]:
        most = sorted(figures["columns"], key=lambda row: -row["changed"])
        console.out.print()
        shown = [[row["table"], row["column"], f"{row['changed']:,}"] for row in most[:_MOST_COLUMNS]]
        console.print_table(["table", "column", "changed"], shown)
        if len(most) > _MOST_COLUMNS:
            console.out.print(
                f"... and {counted(len(most) - _MOST_COLUMNS, 'more column', 'more columns')}; --json names all."
            )
    if figures["sync"] is not None:
        _print_sync(figures["sync"], figures)
        _print_findings(figures["findings"])
