"""How things look on a terminal, and as JSON.

Where it is used: `cli.commands` and the modules of commands.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from dynsync_lib import kit
from dynsync_lib.listing import some_of
from dynsync_lib.messages import hide_everywhere, hide_secrets, show_controls


class _Screen(Console):
    """A terminal that shows customers' texts as texts: no markup, no control character, no secret in use."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The pieces of what is printed."""
        shown = hide_secrets(renderable) if isinstance(renderable, str) else renderable
        for piece in super().render(shown, options):
            plain = piece.text if piece.control else show_controls(hide_secrets(piece.text))
            yield Segment(plain, piece.style, piece.control)


out = _Screen(soft_wrap=True)
err = _Screen(stderr=True, soft_wrap=True)
MOST_LINES: Final = 20
"""What is printed of a list that --json or a file has whole."""
_MOST_NAMES: Final = 12
_COUNTS: Final = (
    "rows",
    "records",
    "before",
    "after",
    "gone",
    "new",
    "changed",
    "additional",
    "no longer",
    "otherwise",
)
"""Headings of columns that hold numbers."""
_CHAIN_WIDTH: Final = 100
"""How wide the sentences of a chain are where no terminal says otherwise, in characters."""
_STEP_BEGINNING, _STEP_END = 700, 200
"""What is printed of the sentence of a step that is longer than both, in characters."""
_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "ok": ("ok", "green"),
    "warning": ("warning", "yellow"),
    "fault": ("fault", "bold red"),
    "not_checked": ("not checked", "dim"),
}
_VERDICT_STYLES: Final[Mapping[str, str]] = {
    "go": "bold green",
    "go_with_conditions": "bold yellow",
    "no_go": "bold red",
    "not_assessed": "dim",
}
_REPLAYED: Final[Mapping[str, str]] = {
    "one_side_changed": "values that travel: one side has changed",
    "both_changed": "conflicts: both sides have changed, and differ",
    "value_skipped": "values skipped, without a partner on the other side",
    "owner_unresolved": "owners not found on the other side",
    "lifecycle_ignored": "lifecycle stages that would go backward, and stay",
    "escapes": "escaped pairs: the filters would no longer let them in",
}


_CONTROL: Final = re.compile(r"[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What `json.dumps` leaves as it is, and a terminal obeys."""


def _plain(text: str) -> Text:
    """A cell of a table, whose width is counted before it is shown."""
    return Text(show_controls(hide_secrets(text)))


def say(sentence: str) -> None:
    """One line for a person."""
    out.print(sentence)


def print_first(lines: Sequence[str], rest: str, *, total: int | None = None) -> None:
    """The first twenty lines; where there are more, or `total` is larger, how many more, and in `rest` where they are.

    Such as "... and 5 more; --json names all."
    """
    for line in lines[:MOST_LINES]:
        out.print(line)
    print_rest((len(lines) if total is None else total) - MOST_LINES, rest)


def print_rest(more: int, rest: str) -> None:
    """How many more there are than were printed, and where they are; nothing where there are none."""
    if more > 0:
        out.print(f"... and {more:,} more; {rest}.")


def print_json(value: Mapping[str, Any]) -> None:
    """One JSON object on standard output."""
    text = json.dumps(hide_everywhere(value), indent=2, ensure_ascii=False, default=str)
    print(_CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text))


def print_replay(info: Mapping[str, Any]) -> None:
    """What a replay counted, in words, and where nobody knows of when its data is."""
    counts: Mapping[str, int] = info["counts"]
    for side in ("before", "after"):
        if not info[side]["taken_at_known"]:
            day = str(info[side]["taken_at"])[:10]
            out.print(Text(f"Of when the data {side} is, is not known: filters count from {day}.", style="yellow"))
    for name, words in _REPLAYED.items():
        if name in counts:
            out.print(f"{counts[name]:>9,}  {words}")


def print_report(report: Path, forecast: kit.Forecast, *, has_code: bool = True, has_logo: bool = False) -> None:
    """Where the report is, the code with which it finds people by their address, where it hides and lists them, and
    that it lacks the logo which the forecast's settings name.
    """
    out.print(f"Report:   {report}")
    if has_code:
        out.print(f"Code:     {kit.finder_code(forecast)}  (finds people in it by their address; hand it over apart)")
    wishes = (forecast.info.get("settings") or {}).get("report") or {}
    if wishes.get("logo") and not has_logo:
        sentence = "The logo that the settings name is not in it: name the settings with --settings."
        out.print(Text(sentence, style="yellow"))


def print_figures(forecast: kit.Forecast) -> None:
    """The six figures of a forecast, under the matched records where they are written, and what was not checked."""
    six = kit.six_figures(forecast)
    for figure in six.figures:
        out.print(f"{figure.value:>9,}  {figure.label}")
        if figure.key == "updated":
            out.print(Text(f"{'':>11}{figure.sentence}", style="dim"))
    for sentence in six.not_checked:
        out.print(Text(sentence, style="yellow"))
    for sentence in forecast.info.get("settings_notes", ()):
        out.print(Text(sentence, style="dim"))


def print_verdict(forecast: kit.Forecast) -> None:
    """Go, conditions or no-go, in one line."""
    light = kit.traffic_light(forecast)
    out.print(Text(f"{light.word}. {light.sentence}", style=_VERDICT_STYLES[light.level]))


def print_uncovered(forecast: kit.Forecast, *, counts_only: bool = False) -> None:
    """The loaded records that no sync covers; nothing where all are covered. `counts_only` tells no small counts."""
    for sentence in _uncovered(forecast, counts_only=counts_only).sentences():
        out.print(Text(sentence, style="yellow"))


def _uncovered(forecast: kit.Forecast, *, counts_only: bool) -> kit.Uncovered:
    from dynsync_lib.kit.small_counts import suppress_small_uncovered  # most commands count nothing

    uncovered = kit.uncovered_records(forecast)
    return suppress_small_uncovered(uncovered) if counts_only else uncovered


def verdict_figures(forecast: kit.Forecast, *, counts_only: bool = False) -> dict[str, Any]:
    """The verdict and what no sync covers, for JSON: `light` and `uncovered`. `counts_only` tells no small counts."""
    light, uncovered = kit.traffic_light(forecast), _uncovered(forecast, counts_only=counts_only)
    return {
        "light": {"level": light.level, "word": light.word, "sentence": light.sentence},
        "uncovered": {"objects": list(uncovered.objects), "tables": list(uncovered.tables)},
    }


def print_check(report: kit.CheckReport) -> None:
    """What a check found: one row a line, its state in a word and a colour, what to do under it."""
    table = Table(box=None, pad_edge=False, show_header=False, show_edge=False, padding=(0, 2, 0, 0))
    for no_wrap in (True, True, True, False):
        table.add_column(no_wrap=no_wrap, overflow="fold")
    for line in report.lines:
        word, style = _STATES[line.state]
        says = _plain(line.says)
        if line.next_step and line.state != "ok":
            says.append(f"\n{_plain(line.next_step)}", style="dim")
        table.add_row(line.portal, line.about, Text(word, style=style), says)
    _Screen(width=None if sys.stdout.isatty() else 160).print(table)


def print_load_report(report: Mapping[str, Any]) -> None:
    """What was made of each file: one line, and under it what was guessed, noted and not known."""
    for file in report.get("files", ()):
        known = f"{len(file['recognised']):,} columns recognised, {len(file['unknown']):,} not known"
        out.print(Text(f"{file['file']}: {file['rows']:,} rows ({file['form']}), {known}"))
        for sentence in file["guessed"]:
            out.print(Text(f"  guessed: {sentence}", style="yellow"))
        for sentence in file["notes"]:
            out.print(Text(f"  {sentence}"))
        for column in file["lacks"]:
            what = file["table"].partition("/")[2]
            out.print(Text(f"  no {column}, by which {what} are matched: who matches is not checked", style="yellow"))
        if file["unknown"]:
            out.print(Text(f"  not known, kept as text: {some_of(file['unknown'], _MOST_NAMES)}", style="dim"))
    for sentence in report.get("notes", ()):
        out.print(Text(sentence))
    for sentence in report.get("dates", ()):
        out.print(Text(sentence, style="yellow"))
    for file in report.get("left_alone", ()):
        out.print(Text(f"{file['file']} {file['why']}: left alone. {file['next_step']}", style="yellow"))
    out.print()


def print_snapshot(snapshot: kit.Snapshot, *, as_json: bool) -> None:
    """The tables of a snapshot with their rows."""
    rows = {name: table["rows"] for name, table in snapshot.manifest["tables"].items()}
    if as_json:
        figures = {"snapshot": str(snapshot.path), "rows": rows, "sha256": snapshot.manifest_sha256}
        loaded = kit.read_load_report(snapshot)
        print_json({**figures, **({"loaded": loaded} if loaded else {})})
        return
    print_table(
        ["table", "rows", ""],
        [[name, f"{count:,}", "" if snapshot.is_provided(name) else "not provided"] for name, count in rows.items()],
    )
    out.print(f"\nSnapshot: {snapshot.path}")


def print_table(columns: list[str], rows: list[list[str]]) -> None:
    """A table without lines; cells are text, never markup."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", justify="right" if column in _COUNTS else "left")
    for row in rows:
        table.add_row(*(_plain(cell) for cell in row))
    _Screen(width=None if sys.stdout.isatty() else 160).print(table)


def print_rows(columns: list[str], rows: list[dict[str, Any]]) -> None:
    """Rows by column name; null is an empty cell."""
    print_table(columns, [["" if row[name] is None else str(row[name]) for name in columns] for row in rows])


def finding_cells(row: Mapping[str, Any]) -> list[str]:
    """One finding as cells."""
    return [str(row["check_id"]), str(row["severity"]), str(row["sentence"]), str(row["fix"])]


def print_chain(chain: kit.Explanation) -> None:
    """The chain of one record, its steps aligned, with rule, sources and confidence under each."""
    out.print(Text(f"{chain.system} {chain.object} {chain.record_id}: {chain.outcome}", style="bold"))
    width = max(40, out.width - 16) if sys.stdout.isatty() else _CHAIN_WIDTH
    for step in chain.steps:
        for number, line in enumerate(textwrap.wrap(_without_middle(step.says), width)):
            out.print(Text(f"  {step.about if number == 0 else '':<12}{line}"))
        sources = f"{step.source} ({step.confidence})" if step.confidence else step.source
        basis = [part for part in (step.rule_id, sources) if part]
        if basis:
            out.print(Text(f"  {'':<12}{' · '.join(basis)}", style="dim"))
    out.print()


def _without_middle(says: str) -> str:
    """The beginning and the end of a sentence that repeats a whole cell, and how much is missing."""
    left_out = len(says) - _STEP_BEGINNING - _STEP_END
    if left_out <= 0:
        return says
    return f"{says[:_STEP_BEGINNING]} [{left_out:,} characters left out; --json shows all] {says[-_STEP_END:]}"


def print_addresses(addresses: Mapping[str, Mapping[str, str]], *, as_json: bool) -> None:
    """Where an emulator serves; as JSON in one line, which programs read before it ends."""
    if as_json:
        print(json.dumps(addresses), flush=True)
        return
    for system, values in addresses.items():
        for name, value in values.items():
            print(f"{system + ' ' + name:<24}{value}")  # secrets of an emulator, which people copy from here
    out.print("Serving on 127.0.0.1. Press Ctrl+C to stop.")
