"""The first 48 hours: what Sync Health should show, and beyond which number the sync is switched off.

Facts
    * Sync Health lists records as in sync, excluded and failing; the forecast counts them by the same words. Shadowed
      records, which it does not list, are counted apart, so that each number can be held against a list.
    * The stop rule is that of decision D16: more than 2 % failing, or 5 % more created than forecast.
"""

from __future__ import annotations

import math
from typing import Final

from dynsync_lib.core.model import HEALTH, Health, Outcome, System
from dynsync_lib.listing import counted
from dynsync_lib.report.charts import Bar, read_bars
from dynsync_lib.report.figures import count_numbers
from dynsync_lib.report.forecast_tables import ForecastTables, count_outcomes, undelivered_tables
from dynsync_lib.report.pieces import Piece
from dynsync_lib.report.tables import Grid, Head, show_table

_FAILING_SHARE: Final = 0.02
_CREATED_SHARE: Final = 1.05


def watch_plan(forecast: ForecastTables) -> Piece:
    """What Sync Health should show once the first sync is through, and where to stop; a sentence without records.

    >>> kit.watch_plan(kit.open_forecast("out/demo/forecast"))
    Switch off when more than 1,230 records are created in HubSpot, 457 in Dynamics, or 77 fail
    """
    bars = read_bars(count_outcomes(forecast))
    heads = [
        Head("Records"),
        Head("In sync", "number"),
        Head("of these created", "number"),
        Head("Excluded", "number"),
        Head("Failing", "number"),
        Head("In no list", "number"),
    ]
    rows = [[bar.label, *_row(bar)] for bar in bars]
    note = (
        "Look after 1, 4, 24 and 48 hours. In no list: shadowed records, which Sync Health does not show. Records that "
        "people create or change meanwhile move these numbers."
    )
    return show_table(Grid(say_stop(forecast), heads, rows, unit="kinds", note=note, empty="There are no records."))


def _row(bar: Bar) -> list[int]:
    health = {word: sum(count for outcome, count in bar.counts if HEALTH[Outcome(outcome)] is word) for word in Health}
    counts = dict(bar.counts)
    shadowed = counts[Outcome.SHADOWED]
    excluded = health[Health.EXCLUDED] - shadowed
    return [health[Health.IN_SYNC], counts[Outcome.CREATE], excluded, health[Health.FAILING], shadowed]


def say_stop(forecast: ForecastTables) -> str:
    """Beyond which numbers the sync is switched off, as a sentence without its full stop."""
    if undelivered_tables(forecast):
        return "Switch off when more than 2 % fail: nobody knows how many are created, since records were not delivered"
    numbers = count_numbers(forecast)
    in_hubspot, in_dynamics = (
        math.floor(numbers[f"created_in_{system}"] * _CREATED_SHARE) for system in (System.HUBSPOT, System.DYNAMICS)
    )
    failing = math.floor(numbers["records"] * _FAILING_SHARE)
    return (
        f"Switch off when more than {counted(in_hubspot, 'record is', 'records are')} created in HubSpot, "
        f"{in_dynamics:,} in Dynamics, or "
        f"{failing:,} fail"
    )
