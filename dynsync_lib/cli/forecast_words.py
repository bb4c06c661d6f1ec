"""What forecasts, reports, replays and chains of records say on a terminal, and parts of it as JSON.

Where it is used: `cli.forecast_commands`, `cli.start_commands`.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.text import Text

from dynsync_lib import kit
from dynsync_lib.cli import console
from dynsync_lib.listing import one_or_many

_CHAIN_WIDTH: Final = 100
"""How wide the sentences of a chain are where no terminal says otherwise, in characters."""
_STEP_BEGINNING, _STEP_END = 700, 200
"""What is printed of the sentence of a step that is longer than both, in characters."""
_VERDICT_STYLES: Final[Mapping[str, str]] = {
    "go": "bold green",
    "go_with_conditions": "bold yellow",
    "no_go": "bold red",
    "not_assessed": "dim",
}
_REPLAYED: Final[Mapping[str, tuple[str, str]]] = {
    "one_side_changed": (
        "value that travels: one side has changed",
        "values that travel: one side has changed",
    ),
    "both_changed": (
        "conflict: both sides have changed, and differ",
        "conflicts: both sides have changed, and differ",
    ),
    "value_skipped": (
        "value skipped, without a partner on the other side",
        "values skipped, without a partner on the other side",
    ),
    "owner_unresolved": ("owner not found on the other side", "owners not found on the other side"),
    "lifecycle_ignored": (
        "lifecycle stage that would go backward, and stays",
        "lifecycle stages that would go backward, and stay",
    ),
    "escapes": (
        "escaped pair: the filters would no longer let it in",
        "escaped pairs: the filters would no longer let them in",
    ),
}
"""What a replay counts, in words for one and for several."""


def print_replay(info: Mapping[str, Any]) -> None:
    """What a replay counted, in words, where nobody knows of when its data is, and what of the pairs was not read."""
    counts: Mapping[str, int] = info["counts"]
    for side in ("before", "after"):
        if not info[side]["taken_at_known"]:
            day = str(info[side]["taken_at"])[:10]
            console.out.print(
                Text(f"Of when the data {side} is, is not known: filters count from {day}.", style="yellow")
            )
    for sentence in info.get("notes", ()):
        console.out.print(Text(sentence, style="yellow"))
    for name, words in _REPLAYED.items():
        if name in counts:
            console.out.print(f"{counts[name]:>9,}  {one_or_many(counts[name], *words)}")
    for sentence in info["not_checked"]:
        console.out.print(Text(sentence, style="yellow"))


def print_report(report: Path, forecast: kit.Forecast, *, has_code: bool = True, has_logo: bool = False) -> None:
    """Where the report is, the code with which it finds people by their address, where it hides and lists them, and
    that it lacks the logo which the forecast's settings name.
    """
    console.out.print(f"Report:   {report}")
    if has_code:
        console.out.print(
            f"Code:     {kit.finder_code(forecast)}  (finds people in it by their address; hand it over apart)"
        )
    wishes = (forecast.info.get("settings") or {}).get("report") or {}
    if wishes.get("logo") and not has_logo:
        sentence = "The logo that the settings name is not in it: name the settings with --settings."
        console.out.print(Text(sentence, style="yellow"))


def print_figures(forecast: kit.Forecast) -> None:
    """The six figures of a forecast, under the matched records where they are written, and what was not checked."""
    six = kit.six_figures(forecast)
    for figure in six.figures:
        console.out.print(f"{figure.value:>9,}  {figure.label}")
        if figure.key == "updated":
            console.out.print(Text(f"{'':>11}{figure.sentence}", style="dim"))
    for sentence in six.not_checked:
        console.out.print(Text(sentence, style="yellow"))
    for sentence in forecast.info.get("settings_notes", ()):
        console.out.print(Text(sentence, style="dim"))


def print_verdict(forecast: kit.Forecast) -> None:
    """Go, conditions or no-go, in one line."""
    light = kit.traffic_light(forecast)
    console.out.print(Text(f"{light.word}. {light.sentence}", style=_VERDICT_STYLES[light.level]))


def print_uncovered(forecast: kit.Forecast, *, counts_only: bool = False) -> None:
    """The loaded records that no sync covers; nothing where all are covered. `counts_only` tells no small counts."""
    for sentence in _uncovered(forecast, counts_only=counts_only).sentences():
        console.out.print(Text(sentence, style="yellow"))


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


def finding_cells(row: Mapping[str, Any]) -> list[str]:
    """One finding as cells."""
    return [str(row["check_id"]), str(row["severity"]), str(row["sentence"]), str(row["fix"])]


def print_chain(chain: kit.Explanation) -> None:
    """The chain of one record, its steps aligned, with rule, sources and confidence under each."""
    console.out.print(Text(f"{chain.system} {chain.object} {chain.record_id}: {chain.outcome}", style="bold"))
    width = max(40, console.out.width - 16) if sys.stdout.isatty() else _CHAIN_WIDTH
    for step in chain.steps:
        for number, line in enumerate(textwrap.wrap(_without_middle(step.says), width)):
            console.out.print(Text(f"  {step.about if number == 0 else '':<12}{line}"))
        sources = f"{step.source} ({step.confidence})" if step.confidence else step.source
        basis = [part for part in (step.rule_id, sources) if part]
        if basis:
            console.out.print(Text(f"  {'':<12}{' · '.join(basis)}", style="dim"))
    console.out.print()


def _without_middle(says: str) -> str:
    """The beginning and the end of a sentence that repeats a whole cell, and how much is missing."""
    left_out = len(says) - _STEP_BEGINNING - _STEP_END
    if left_out <= 0:
        return says
    return f"{says[:_STEP_BEGINNING]} [{left_out:,} characters left out; --json shows all] {says[-_STEP_END:]}"
