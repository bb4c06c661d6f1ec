"""How large the groups of records are that share a key: two, three, or a hundred behind one address.

Facts
    * Only one record of a group keeps the key, so in a group of five four lose it. Who loses it is shadowed, unless a
      filter or a refusal keeps it out before.

Source: the table `collisions` of the forecast.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from dynsync_lib.core.model import Object, System
from dynsync_lib.listing import counted
from dynsync_lib.report.charts import Chart
from dynsync_lib.report.forecast_tables import ForecastTables, Row
from dynsync_lib.report.pieces import Piece, render
from dynsync_lib.report.stacks import Legend, Stack, draw_both
from dynsync_lib.report.tables import Grid, Head, show_table
from dynsync_lib.report.words import object_rank, rank_of, records_word

_CLASSES: Final[Mapping[str, float]] = {
    "2 records": 2,
    "3 records": 3,
    "4 records": 4,
    "5 to 9 records": 9,
    "10 to 99 records": 99,
    "100 records or more": math.inf,
}
"""The bars, with the largest group of each."""
_COLOURS: Final[Mapping[tuple[str, str], str]] = {
    (System.HUBSPOT, Object.COMPANY): "#b3440c",
    (System.HUBSPOT, Object.CONTACT): "#e69f00",
    (System.DYNAMICS, Object.COMPANY): "#0072b2",
    (System.DYNAMICS, Object.CONTACT): "#56b4e9",
    (System.DYNAMICS, Object.LEAD): "#a6dbcb",
}
_OTHER_COLOUR: Final = "#8a929c"


def collision_sizes(forecast: ForecastTables) -> Piece:
    """Groups of records that share a key, by the number of their records; a sentence when there are none.

    >>> kit.collision_sizes(kit.open_forecast("out/demo/forecast"))
    74 groups of records share a key, and 85 records lose it. The largest has 7 records.
    """
    groups = list(forecast.shared_key_sizes())
    title = "How many records share a key"
    if not groups:
        return Piece(render("empty", sentence="No two records of one system share a key."), title)
    kinds = sorted({_kind_of(row) for row in groups}, key=lambda kind: (object_rank(kind[1]), rank_of(kind[0], System)))
    words = {"|".join(kind): records_word(kind[1], kind[0]) for kind in kinds}
    legend = Legend(words, {"|".join(kind): _COLOURS.get(kind, _OTHER_COLOUR) for kind in kinds})
    stacks = list(_stacks(groups, list(words)))
    description = "; ".join(_say(stack, words) for stack in stacks)
    most = max(stack.total for stack in stacks)
    wide, narrow = draw_both(stacks, legend, title, description, full=most)
    return Chart(title, _sentence(groups), wide, _table(groups), narrow=narrow).as_piece()


def _kind_of(row: Row) -> tuple[str, str]:
    return row["system"], row["object"]


def _stacks(groups: Sequence[Row], kinds: Sequence[str]) -> Iterator[Stack]:
    """A bar for each class of sizes that occurs."""
    previous = 0.0
    for name, largest in _CLASSES.items():
        own = [row for row in groups if previous < row["size"] <= largest]
        parts = tuple((kind, sum(row["count"] for row in own if "|".join(_kind_of(row)) == kind)) for kind in kinds)
        if own:
            yield Stack(name, _say_losers(own), parts)
        previous = largest


def _say_losers(groups: Sequence[Row]) -> str:
    return counted(_count_losers(groups), "loses it", "lose it")


def _count_losers(groups: Sequence[Row]) -> int:
    return sum(row["count"] * (row["size"] - 1) for row in groups)


def _say(stack: Stack, words: Mapping[str, str]) -> str:
    parts = ", ".join(f"{words[kind]}: {count:,}" for kind, count in stack.counts if count)
    return f"{stack.name}, {stack.below}, groups by kind {parts}"


def _sentence(groups: Sequence[Row]) -> str:
    total = counted(sum(row["count"] for row in groups), "group of records shares", "groups of records share")
    losers = counted(_count_losers(groups), "record loses it", "records lose it")
    return f"{total} a key, and {losers}. The largest has {max(row['size'] for row in groups):,} records."


def _table(groups: Sequence[Row]) -> Piece:
    heads = [Head("Records"), Head("In a group", "number"), Head("Groups", "number"), Head("Lose the key", "number")]
    rows: list[list[Any]] = [
        [records_word(row["object"], row["system"]), row["size"], row["count"], row["count"] * (row["size"] - 1)]
        for row in groups
    ]
    note = "Who loses its key is shadowed, unless a filter or a refusal keeps it out before."
    return show_table(Grid("Groups of records that share a key", heads, rows, unit="sizes", note=note))
