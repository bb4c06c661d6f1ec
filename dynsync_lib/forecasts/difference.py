"""What the sync does otherwise in a second forecast than in a first one, counted and listed.

Facts
    * Rows that differ are listed up to `MOST_ROWS` of each table, in order; counts are always of all of them.

Where it is used: `forecasts.forecast_difference`, `forecasts.settings_difference` and `scenarios.decided`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dynsync_lib.core.comparison.effects import EFFECTS, count_effects
from dynsync_lib.core.comparison.side_by_side import (
    DIFFERING_CHANGES,
    DIFFERING_LINKS,
    DIFFERING_RECORDS,
    SideBySide,
    compare_changes,
    compare_links,
    compare_outcomes,
)
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.situation import Keep, Situation
from dynsync_lib.core.sync.initial_sync import Decision
from dynsync_lib.core.tables import Table
from dynsync_lib.engine import Engine
from dynsync_lib.forecasts.csv_files import replace_list

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
Tables = Mapping[str, Frame]
"""The tables outcomes, changes and links of a forecast, by name."""
MOST_ROWS: Final = 100_000
"""The most differing rows of one table that are listed."""
MOST_PRINTED: Final = 100
"""The most differing records among plain figures."""
_COMPARED: Final[Mapping[str, tuple[Table, Callable[[Frame, Frame, Keep], SideBySide]]]] = {
    "outcomes": (DIFFERING_RECORDS, compare_outcomes),
    "changes": (DIFFERING_CHANGES, compare_changes),
    "links": (DIFFERING_LINKS, compare_links),
}
_MOVES: Final = ("system", "object", "before", "before_reason", "after", "after_reason", "count")


@dataclass(frozen=True, slots=True)
class Difference:
    """What the sync does otherwise: as rows, and as frames.

    `effect_rows`: rows of `core.comparison.effects.EFFECTS`. `transitions`, per table (`outcomes`, `changes`, `links`):
    how many rows went from which value to which, differing ones alone. `differing`, per table: the rows that differ,
    with the columns of `core.comparison.side_by_side`, at most MOST_ROWS. `counts`: how many differ, per table.
    """

    effect_rows: Sequence[Row]
    transitions: Mapping[str, Sequence[Row]]
    differing: Mapping[str, Sequence[Row]]
    counts: Mapping[str, int]

    @property
    def is_any(self) -> bool:
        """Whether anything differs: an outcome, a written value, an association, or who becomes marketing."""
        moves = ("additional", "no_longer", "otherwise")
        return any(self.counts.values()) or any(row[name] != 0 for row in self.effect_rows for name in moves)

    @property
    def figures(self) -> dict[str, Any]:
        """Plain values: `counts`, `effects`, the transitions of each table, and the first `records` that differ."""
        return {
            "counts": dict(self.counts),
            "effects": list(self.effect_rows),
            **{name: list(rows) for name, rows in self.transitions.items()},
            "records": list(self.differing["outcomes"][:MOST_PRINTED]),
        }

    def write_csv(self, out: Path) -> None:
        """Writes `records` as a CSV file, private, whose cells begin no formula; an earlier list there is replaced.

        Raises UsageError when there is anything else.
        """
        rows = (list(row.values()) for row in self.differing["outcomes"])
        replace_list(out, "a list of records that differ", DIFFERING_RECORDS.column_names, rows)

    @property
    def effects(self) -> pd.DataFrame:
        """What is additionally created, overwritten or left out, and what no longer; one row per effect and place."""
        return as_frame(self.effect_rows, EFFECTS.column_names)

    @property
    def outcomes(self) -> pd.DataFrame:
        """How many records went from which outcome and reason to which; one row per system, object and way."""
        return as_frame(self.transitions["outcomes"], _MOVES)

    @property
    def records(self) -> pd.DataFrame:
        """One row per record whose outcome differs, or its reason, counterpart or winner."""
        return as_frame(self.differing["outcomes"], DIFFERING_RECORDS.column_names)

    @property
    def changes(self) -> pd.DataFrame:
        """One row per value that is written on one side alone, or otherwise."""
        return as_frame(self.differing["changes"], DIFFERING_CHANGES.column_names)

    @property
    def links(self) -> pd.DataFrame:
        """One row per association with another status."""
        return as_frame(self.differing["links"], DIFFERING_LINKS.column_names)


def keep_decision(situation: Situation, decision: Decision) -> Tables:
    """What the sync decides, without forecasting the rest: kept in the engine, as it is read several times."""
    frames = {"outcomes": decision.outcomes, "changes": decision.changes, "links": decision.links}
    return {name: situation.keep(frame, f"decided_{name}") for name, frame in frames.items()}


def measure_difference(
    engine: Engine, before: Tables, after: Tables, *, marketing: Mapping[str, bool | None]
) -> Difference:
    """The difference of two sets of tables, whose frames are the engine's.

    `marketing`: see `count_effects`. Computes: each table is grouped once, and differing rows are read.
    """
    sides = {name: compare(before[name], after[name], engine.keep) for name, (_, compare) in _COMPARED.items()}
    transitions = {name: _in_order(engine.rows(side.transitions)) for name, side in sides.items()}
    changed = {name: [row for row in rows if not row["is_same"]] for name, rows in transitions.items()}
    return Difference(
        count_effects(*transitions.values(), marketing=marketing),
        {name: [_without_flag(row) for row in rows] for name, rows in changed.items()},
        {name: _first_rows(engine, side) for name, side in sides.items()},
        {name: sum(row["count"] for row in rows) for name, rows in changed.items()},
    )


def as_frame(rows: Sequence[Row], columns: Sequence[str]) -> pd.DataFrame:
    """The rows as a frame with these columns; null is None, and whole numbers stay whole."""
    import pandas as pd  # slow to import, and a command prints no frame

    values = {name: [row[name] for row in rows] for name in columns}
    return pd.DataFrame({name: pd.Series(cells, dtype=_dtype(cells)) for name, cells in values.items()})


def _dtype(cells: Sequence[Any]) -> str:
    return "Int64" if any(isinstance(cell, int) and not isinstance(cell, bool) for cell in cells) else "object"


def _first_rows(engine: Engine, side: SideBySide) -> list[Row]:
    order = side.table.order
    return _in_order(engine.rows(side.differing.sort(*order).head(MOST_ROWS)), order)


def _in_order(rows: Sequence[Row], by: Sequence[str] = ()) -> list[Row]:
    """The rows by these columns, or by all but their count; null first."""
    names = by or [name for name in (rows[0] if rows else ()) if name != "count"]
    return sorted(rows, key=lambda row: [(row[name] is not None, row[name]) for name in names])


def _without_flag(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "is_same"}
