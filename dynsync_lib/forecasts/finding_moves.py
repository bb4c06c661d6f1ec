"""Per audit rule, how many records its finding lost and gained between two forecasts of two snapshots.

Facts
    * The records behind a finding are found by the conditions that counted them (`core.audit.finding_rows`); what is no
      record, such as a mapping, is known by its words.
    * A record that a finding counts several times, such as one of which several values are overwritten, is one record.

Where it is used: `forecasts.snapshot_difference`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.audit.finding_rows import is_listed, rows_of_checks
from dynsync_lib.core.comparison.finding_changes import Moves
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.rulebook import Check
from dynsync_lib.core.situation import Situation, stack
from dynsync_lib.core.tables import FORECAST_TABLES
from dynsync_lib.engine import Engine
from dynsync_lib.forecasts.forecast_folder import Forecast

_RECORD: Final = ("check", "system", "object", "record")


@dataclass(frozen=True, slots=True)
class Forecasted:
    """A forecast, with what it looked at in an engine."""

    forecast: Forecast
    situation: Situation


def count_moves(engine: Engine, before: Forecasted, after: Forecasted, checks: Sequence[Check]) -> Moves:
    """By the place of a check among `checks`: records that are gone from its finding, and new ones; zeros where none.

    Checks whose number is made of the settings' figures alone have no records, and no entry. Computes: every finding is
    counted again on both sides.
    """
    numbers = [number for number, check in enumerate(checks) if is_listed(check)]
    listed = [checks[number] for number in numbers]
    sides = [*_rows(engine, before, listed, was=1, stays=0), *_rows(engine, after, listed, was=0, stays=1)]
    moves = dict.fromkeys(numbers, (0, 0))
    if not sides:
        return moves
    records = stack(sides).group_by(*_RECORD).agg(nw.col("was").max(), nw.col("stays").max())
    counted = records.group_by("check").agg(
        gone=((nw.col("was") == 1) & (nw.col("stays") == 0)).cast(nw.Int64).sum().cast(nw.Int64),
        new=((nw.col("was") == 0) & (nw.col("stays") == 1)).cast(nw.Int64).sum().cast(nw.Int64),
    )
    return {**moves, **{numbers[row["check"]]: (row["gone"], row["new"]) for row in engine.rows(counted)}}


def _rows(engine: Engine, side: Forecasted, checks: Sequence[Check], *, was: int, stays: int) -> Iterator[Frame]:
    """check, system, object, record, was, stays of every row behind a finding of one side."""
    tables = {name: engine.scan(side.forecast.table_path(name)) for name in FORECAST_TABLES}
    for number, frames in enumerate(rows_of_checks(side.situation, tables, checks)):
        for frame in frames:
            marks = {"check": nw.lit(number), "was": nw.lit(was), "stays": nw.lit(stays)}
            record = nw.coalesce("record_id", "detail")
            yield frame.with_columns(record=record, **marks).select(*_RECORD, "was", "stays")
