"""What `dynsync rehearse run` and `dynsync rehearse compare` say: lines for people, figures for programs.

Where it is used: `cli.rehearse_commands`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.text import Text

from dynsync_lib import kit
from dynsync_lib.cli import console
from dynsync_lib.listing import one_or_many

_JSON: Final = "--json names all"
_MOST_CHAINS: Final = 5
"""Misses that both chains are printed of; each shows another rule in doubt."""


def print_ran(ran: kit.Ran, rehearsal: Path) -> None:
    """Lines for people: what the sync wrote, and what comes next."""
    if not ran.is_new:
        console.out.print("The sync had run before; nothing was written now. It wrote:")
    for done, counts in (("created", ran.created), ("changed", ran.updated)):
        for kind, count in sorted(counts.items()):
            console.out.print(f"{count:>9,}  {kind} {done}")
    console.out.print(f"{ran.associated:>9,}  {one_or_many(ran.associated, 'association', 'associations')}")
    for code, count in sorted(ran.refused.items()):
        console.out.print(f"Refused: {count:,} ({code})")
    console.out.print(f"\nNext: dynsync rehearse compare {rehearsal}")


def compared_figures(comparison: kit.Comparison) -> dict[str, Any]:
    """How right the predictions were, as one JSON object."""
    misses = {(miss.system, miss.object, miss.record_id): miss for miss in comparison.misses}
    missed = []
    for row in comparison.figures["missed"]:
        miss = misses.get((row["system"], row["object"], row["record_id"]))
        chains = {} if miss is None else {"predicted_because": miss.predicted_because, "found": miss.instead}
        missed.append({**row, **chains, **({"original_id": miss.original_id} if miss is not None else {})})
    return {
        **comparison.figures,
        "missed": missed,
        "disturbed": list(comparison.disturbed),
        "not_standing": list(comparison.not_standing),
        "receipt": str(comparison.verification.folder),
    }


def print_comparison(comparison: kit.Comparison) -> None:
    """Lines for people: hits of each outcome, the rules in doubt, and of a miss of each both chains."""
    figures = comparison.figures
    accuracy, judged = figures["accuracy"], figures["hits"] + figures["misses"]
    for outcome, counted in figures["by_outcome"].items():
        console.out.print(f"{counted['hits']:>9,}  of {counted['predicted']:,} {outcome}")
    said = (
        "nothing can be judged"
        if accuracy is None
        else f"{figures['hits']:,} of {judged:,} as predicted ({accuracy:.2%})"
    )
    console.out.print(f"\nAccuracy: {said}; {figures['records'] - judged:,} not settled.")
    for sentence in figures["not_checked"]:
        console.out.print(Text(sentence, style="yellow"))
    _print_misses(comparison)
    console.print_first([_say_disturbed(row) for row in comparison.disturbed], _JSON)
    names = [f"{row['system']} {row['object']} look-alike {row['look_alike_id']}" for row in comparison.not_standing]
    console.print_first([f"Not in the portals: {name}." for name in names], _JSON)
    console.out.print(f"\nReceipt:  {comparison.verification.folder}")


def _say_disturbed(row: Mapping[str, str | None]) -> str:
    by = f" because of {row['by']}" if row["by"] else ""
    return (
        f"Disturbed: {row['system']} {row['object']} {row['record_id']} was planned as {row['planned']}, and in these "
        f"portals it is {row['now']}{by}."
    )


def _print_misses(comparison: kit.Comparison) -> None:
    """How many misses put each rule in doubt, and the first miss of each with both its chains."""
    figures = comparison.figures
    if not figures["misses"]:
        return
    if not figures["drift"] and all(row["actual"] == "untouched" for row in figures["missed"]):
        console.out.print("Nothing was written since the seeding: has the sync run?")
    rules = Counter(row["rule_id"] for row in figures["missed"])
    for rule_id, count in rules.most_common():
        console.out.print(f"{count:>9,}  {one_or_many(count, 'puts', 'put')} rule {rule_id} in doubt")
    first = list({miss.rule_id: miss for miss in reversed(comparison.misses)}.values())[::-1]
    for miss in first[:_MOST_CHAINS]:
        _print_miss(miss)
    others = figures["misses"] - len(first[:_MOST_CHAINS])
    if others:
        console.out.print()
    console.print_rest(others, "--json gives the chains of the first hundred, the receipt names all")


def _print_miss(miss: kit.Miss) -> None:
    console.out.print(
        f"\n{miss.system} {miss.object} {miss.record_id} (look-alike of {miss.original_id}): "
        f"{miss.predicted} predicted, {miss.actual} found"
    )
    for sentence in miss.predicted_because:
        console.out.print(f"  predicted: {sentence}")
    for sentence in miss.instead:
        console.out.print(f"  found:     {sentence}")
    console.out.print(f"  in doubt:  rule {miss.rule_id}. {miss.rule}")
    for id_, question in miss.questions.items():
        console.out.print(f"  in doubt:  open question {id_}. {question}")
