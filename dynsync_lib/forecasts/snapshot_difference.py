"""Two snapshots beside each other: did cleaning work? Records gone, new and changed, and with settings the findings.

Facts
    * Tables that one of the snapshots did not read, and columns that only one of them holds, are named as not compared.
    * With settings both snapshots are forecast with them, the forecasts are compared, and for every finding the records
      that it lost and gained are counted.

Not modelled
    * What changed in between and was changed back.

Where it is used: `kit.diff_snapshots`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dynsync_lib.core.comparison.finding_changes import FINDING_CHANGES
from dynsync_lib.core.comparison.record_tables import CHANGED, KEPT, count_associations, count_changed, name_of_count
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.tables import LINKS_IN, RECORD_TABLES
from dynsync_lib.engine import Engine
from dynsync_lib.forecasts.compared_mappings import ComparedMappings, mappings_of_rows
from dynsync_lib.forecasts.difference import Difference, Row, as_frame
from dynsync_lib.forecasts.finding_moves import Forecasted, count_moves
from dynsync_lib.forecasts.forecast_difference import compare_forecasts, is_moved
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.forecasts.open_snapshot import open_situation, open_tables
from dynsync_lib.forecasts.replay_folder import refuse_other_portals
from dynsync_lib.forecasts.write_forecast import write_forecast
from dynsync_lib.snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd

_TABLE_COLUMNS: Final = ("table", "before", "after", "gone", "new", "changed")
_FIELD_COLUMNS: Final = ("table", "column", "changed")
NO_SETTINGS: Final = "Findings are not compared: they are asked under settings, and none were named."


@dataclass(frozen=True, slots=True)
class SnapshotDifference:
    """Two snapshots. `table_rows`: table, before, after, gone, new, changed (counts of records; null: not compared).

    `column_rows`: table, column, changed (in how many records of both it differs). `finding_rows`: rows of
    FINDING_CHANGES; `sync`: what the sync does otherwise under the same settings; both are None without settings.
    `notes` are sentences to know; `is_partial`: some tables or columns are not compared, as one snapshot lacks them.
    `mappings` are those of the settings, None without; `not_checked` names for each snapshot those nobody compared.
    """

    table_rows: Sequence[Row]
    column_rows: Sequence[Row]
    finding_rows: Sequence[Row] | None
    sync: Difference | None
    notes: Sequence[str]
    is_partial: bool
    mappings: ComparedMappings | None = None
    not_checked: Sequence[str] = ()

    @property
    def is_any(self) -> bool:
        """Whether a record, an association, a finding or what the sync does differs, or not all could be compared."""
        moved = any(row[name] for row in self.table_rows for name in ("gone", "new", "changed"))
        return (
            self.is_partial
            or moved
            or (self.sync is not None and self.sync.is_any)
            or any(map(is_moved, self.finding_rows or ()))
        )

    @property
    def figures(self) -> dict[str, Any]:
        """Plain values: `same`, `notes`, `tables`, `columns`, `not_checked`.

        Null without settings: `findings`, `sync`, `mappings` and `mappings_not_compared`.
        """
        nothing_compared = {"mappings": None, "mappings_not_compared": None}
        return {
            "same": not self.is_any,
            "notes": list(self.notes),
            "tables": list(self.table_rows),
            "columns": list(self.column_rows),
            "findings": None if self.finding_rows is None else list(self.finding_rows),
            "sync": None if self.sync is None else self.sync.figures,
            **(nothing_compared if self.mappings is None else self.mappings.figures),
            "not_checked": list(self.not_checked),
        }

    @property
    def findings(self) -> pd.DataFrame:
        """One row per finding of either snapshot: its count before and after, gone and new; empty without settings."""
        return as_frame(self.finding_rows or (), FINDING_CHANGES.column_names)

    @property
    def tables(self) -> pd.DataFrame:
        """One row per table that either snapshot read: records before and after, gone, new and changed."""
        return as_frame(self.table_rows, _TABLE_COLUMNS)

    @property
    def columns(self) -> pd.DataFrame:
        """One row per column in which records of both snapshots differ."""
        return as_frame(self.column_rows, _FIELD_COLUMNS)


def compare_snapshots(
    before: Snapshot, after: Snapshot, *, settings: Settings | None, rulebook: Rulebook, work: Path
) -> SnapshotDifference:
    """The difference of two snapshots. Parameters, errors, cost: see `kit.diff_snapshots`."""
    refuse_other_portals(before, after)
    notes = list(_say_moments(before, after))
    with open_tables(before, after, work=work) as engine:
        counted = list(_compare_tables(engine, before, after))
    lacking = [note for table in counted for note in table.notes]
    notes += lacking
    rows, columns = [table.row for table in counted], [row for table in counted for row in table.columns]
    if settings is None:
        return SnapshotDifference(rows, columns, None, None, [*notes, NO_SETTINGS], bool(lacking))
    first, second = (
        write_forecast(snapshot, settings, work / name, rulebook=rulebook)
        for name, snapshot in (("before", before), ("after", after))
    )
    with open_tables(before, after, work=work) as engine:
        earlier = Forecasted(first, open_situation(engine, before, settings, rulebook))
        later = Forecasted(second, open_situation(engine, after, settings, rulebook))
        moves = count_moves(engine, earlier, later, rulebook.checks)
    compared = compare_forecasts(first, second, rulebook=rulebook, work=work, moves=moves)
    unchecked = [*_say_uncompared(before, first), *_say_uncompared(after, second)]
    return SnapshotDifference(
        rows, columns, compared.finding_rows, compared.sync, notes, bool(lacking), compared.mappings, unchecked
    )


@dataclass(frozen=True, slots=True)
class _CountedTable:
    row: Row
    columns: Sequence[Row]
    notes: Sequence[str]


def _compare_tables(engine: Engine, before: Snapshot, after: Snapshot) -> Iterator[_CountedTable]:
    """Every table that one of the snapshots holds, associations last."""
    for name in RECORD_TABLES:
        if _is_read(name, before, after):
            yield _compare_table(engine, before, after, name)
    if _is_read(LINKS_IN.name, before, after):
        yield _compare_links(engine, before, after)


def _say_uncompared(snapshot: Snapshot, forecast: Forecast) -> list[str]:
    """Which mappings nobody compared in a snapshot."""
    return mappings_of_rows(forecast.rows("mapping")).sentences(f" in {snapshot.path}")


def _is_read(name: str, *snapshots: Snapshot) -> bool:
    return any(snapshot.is_provided(name) for snapshot in snapshots)


def _compare_table(engine: Engine, before: Snapshot, after: Snapshot, name: str) -> _CountedTable:
    lacking = [snapshot for snapshot in (before, after) if not snapshot.is_provided(name)]
    if lacking:
        return _not_compared(before, after, name, lacking[0])
    own = {column.name for column in RECORD_TABLES[name].structure}
    columns = [column for column in after.columns(name) if column in before.columns(name) and column not in own]
    first, second = (engine.scan(snapshot.table_path(name)) for snapshot in (before, after))
    (counts,) = engine.rows(count_changed(first, second, columns))
    changed = {column: counts[name_of_count(column)] or 0 for column in columns}
    rows = [{"table": name, "column": column, "changed": count} for column, count in changed.items() if count]
    return _CountedTable(_row(before, after, name, counts), rows, list(_say_other_columns(before, after, name, own)))


def _compare_links(engine: Engine, before: Snapshot, after: Snapshot) -> _CountedTable:
    lacking = [snapshot for snapshot in (before, after) if not snapshot.is_provided(LINKS_IN.name)]
    if lacking:
        return _not_compared(before, after, LINKS_IN.name, lacking[0])
    first, second = (engine.scan(snapshot.table_path(LINKS_IN.name)) for snapshot in (before, after))
    (counts,) = engine.rows(count_associations(first, second))
    return _CountedTable(_row(before, after, LINKS_IN.name, counts), (), ())


def _row(before: Snapshot, after: Snapshot, name: str, counts: Row) -> Row:
    rows, kept = (before.rows(name), after.rows(name)), counts[KEPT]
    moved = {"gone": rows[0] - kept, "new": rows[1] - kept, "changed": counts[CHANGED] or 0}
    return {"table": name, "before": rows[0], "after": rows[1], **moved}


def _not_compared(before: Snapshot, after: Snapshot, name: str, lacking: Snapshot) -> _CountedTable:
    """A table that one of the snapshots did not read."""
    rows = {
        side: snapshot.rows(name) if snapshot.is_provided(name) else None
        for side, snapshot in (("before", before), ("after", after))
    }
    unknown: Row = dict.fromkeys(("gone", "new", "changed"))
    note = f"{name} is not compared: {lacking.path} does not hold it."
    return _CountedTable({"table": name, **rows, **unknown}, (), (note,))


def _say_other_columns(before: Snapshot, after: Snapshot, name: str, own: set[str]) -> Iterator[str]:
    for snapshot, other in ((before, after), (after, before)):
        only = [column for column in snapshot.columns(name) if column not in other.columns(name) and column not in own]
        if only:
            yield f"Of {name} {', '.join(only)} is not compared: {other.path} does not hold it."


def _say_moments(before: Snapshot, after: Snapshot) -> Iterator[str]:
    for snapshot in (before, after):
        if not snapshot.is_taken_at_known:
            yield f"Of when the data of {snapshot.path} is, is not known: filters count from the day it was loaded."
    if before.taken_at > after.taken_at:
        yield f"{before.path} was taken after {after.path}: what is called gone is what came in between."
