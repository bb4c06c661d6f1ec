"""What checks, loads, snapshots and emulators say on a terminal.

Where it is used: `cli.portal_commands`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from dynsync_lib import kit
from dynsync_lib.cli import console
from dynsync_lib.listing import counted, some_of

_MOST_NAMES: Final = 12
_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "ok": ("ok", "green"),
    "warning": ("warning", "yellow"),
    "fault": ("fault", "bold red"),
    "not_checked": ("not checked", "dim"),
}


def print_check(report: kit.CheckReport) -> None:
    """What a check found: one row a line, its state in a word and a colour, what to do under it."""
    table = Table(box=None, pad_edge=False, show_header=False, show_edge=False, padding=(0, 2, 0, 0))
    for no_wrap in (True, True, True, False):
        table.add_column(no_wrap=no_wrap, overflow="fold")
    for line in report.lines:
        word, style = _STATES[line.state]
        says = console.plain(line.says)
        if line.next_step and line.state != "ok":
            says.append(f"\n{console.plain(line.next_step)}", style="dim")
        table.add_row(line.portal, line.about, Text(word, style=style), says)
    console.show_table(table)


def print_load_report(report: Mapping[str, Any]) -> None:
    """What was made of each file: one line, and under it what was guessed, noted and not known."""
    for file in report.get("files", ()):
        known = (
            f"{counted(len(file['recognised']), 'column', 'columns')} recognised, {len(file['unknown']):,} not known"
        )
        console.out.print(Text(f"{file['file']}: {counted(file['rows'], 'row', 'rows')} ({file['form']}), {known}"))
        for sentence in file["guessed"]:
            console.out.print(Text(f"  guessed: {sentence}", style="yellow"))
        for sentence in file["notes"]:
            console.out.print(Text(f"  {sentence}"))
        for column in file["lacks"]:
            what = file["table"].partition("/")[2]
            console.out.print(
                Text(f"  no {column}, by which {what} are matched: who matches is not checked", style="yellow")
            )
        if file["unknown"]:
            console.out.print(Text(f"  not known, kept as text: {some_of(file['unknown'], _MOST_NAMES)}", style="dim"))
    for sentence in report.get("notes", ()):
        console.out.print(Text(sentence))
    for sentence in report.get("dates", ()):
        console.out.print(Text(sentence, style="yellow"))
    for file in report.get("left_alone", ()):
        console.out.print(Text(f"{file['file']} {file['why']}: left alone. {file['next_step']}", style="yellow"))
    console.out.print()


def print_snapshot(snapshot: kit.Snapshot, *, as_json: bool) -> None:
    """The tables of a snapshot with their rows."""
    rows = {name: table["rows"] for name, table in snapshot.manifest["tables"].items()}
    if as_json:
        figures = {"snapshot": str(snapshot.path), "rows": rows, "sha256": snapshot.manifest_sha256}
        loaded = kit.read_load_report(snapshot)
        console.print_json({**figures, **({"loaded": loaded} if loaded else {})})
        return
    console.print_table(
        ["table", "rows", ""],
        [[name, f"{count:,}", "" if snapshot.is_provided(name) else "not provided"] for name, count in rows.items()],
    )
    console.out.print(f"\nSnapshot: {snapshot.path}")


def print_addresses(addresses: Mapping[str, Mapping[str, str]], *, as_json: bool) -> None:
    """Where an emulator serves; as JSON in one line, which programs read before it ends."""
    if as_json:
        console.print_as_is(json.dumps(addresses))
        return
    for system, values in addresses.items():
        for name, value in values.items():
            console.print_as_is(
                f"{system + ' ' + name:<24}{value}"
            )  # secrets of an emulator, which people copy from here
    console.out.print("Serving on 127.0.0.1. Press Ctrl+C to stop.")
