"""The register of decisions to sign, D1 to D18, each with what the forecast knows about it.

Source: `report/decisions.toml`; product research section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from dynsync_lib.listing import counted
from dynsync_lib.report.figures import count_numbers
from dynsync_lib.report.forecast_tables import ForecastTables, undelivered_sides, undelivered_tables
from dynsync_lib.report.pieces import Piece, render
from dynsync_lib.report.shipped_texts import read_shipped
from dynsync_lib.report.words import list_tables, system_word

_HEADS: Final = ("No.", "Decision", "What the forecast says", "Advice", "Decided", "Name, date")


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision to sign.

    `says` is a template of numbers, empty when the forecast knows nothing; `not_checked` says what is open. The numbers
    rest on both systems, but with `whatever_is_missing`; on the tables of `needs`, where these sync; and on those of
    `counts`, whether they sync or not.
    """

    id: str
    topic: str
    question: str
    advice: str
    says: str = ""
    not_checked: str = ""
    needs: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    whatever_is_missing: bool = False

    def tell(self, numbers: Mapping[str, int]) -> str:
        """What the forecast knows, with the numbers in place; empty when it knows nothing."""
        return self.says.format_map({name: _Count(number) for name, number in numbers.items()})

    def say_missing(self, forecast: ForecastTables) -> str:
        """Why the numbers say nothing, such as "Dynamics leads were not delivered."; empty where they are known."""
        missing = [name for name in undelivered_tables(forecast) if name in self.needs]
        missing += [name for name in self.counts if name in (forecast.info.get("not_provided") or ())]
        if missing:
            return f"{list_tables(missing)} were not delivered."
        sides = [] if self.whatever_is_missing or not self.says else undelivered_sides(forecast)
        return f"no record of {' or '.join(map(system_word, sides))} was delivered." if sides else ""


class _Count(int):
    """A number in the text of a decision: `{count:record|records}` writes it with the word of one or of several."""

    def __format__(self, words: str) -> str:
        single, _, many = words.partition("|")
        return counted(int(self), single, many) if many else f"{int(self):,}"


@cache
def read_decisions() -> tuple[Decision, ...]:
    """The shipped decisions, in order."""
    entries = read_shipped("decisions.toml")["decision"]
    return tuple(
        Decision(**{**entry, "needs": tuple(entry.get("needs", ())), "counts": tuple(entry.get("counts", ()))})
        for entry in entries
    )


def decisions_table(forecast: ForecastTables) -> Piece:
    """The register: question, what the forecast says, advice, and room for decision, name and date.

    >>> kit.decisions_table(kit.open_forecast("out/demo/forecast"))
    18 decisions to sign
    """
    numbers = count_numbers(forecast)
    entries = [
        (decision, "" if missing else decision.tell(numbers), missing)
        for decision in read_decisions()
        for missing in [decision.say_missing(forecast)]
    ]
    return Piece(render("decisions", heads=_HEADS, entries=entries), f"{len(entries)} decisions to sign")
