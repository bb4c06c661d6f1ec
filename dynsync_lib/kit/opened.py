"""What a kit function was given for a snapshot or a forecast, opened: its folder, or what was opened before.

Where it is used: `kit`.
"""

from __future__ import annotations

from pathlib import Path

from dynsync_lib.forecasts.counted_forecast import CountedForecast
from dynsync_lib.forecasts.forecast_folder import Forecast, no_records, open_forecast
from dynsync_lib.snapshot.snapshot import Snapshot, open_snapshot

AnySnapshot = str | Path | Snapshot
"""A snapshot's folder, or the snapshot."""
AnyForecast = str | Path | Forecast
"""A forecast's folder, or the forecast, masked or not."""


def opened_snapshot(snapshot: AnySnapshot) -> Snapshot:
    """The snapshot. Raises SnapshotError when the folder holds none."""
    return snapshot if isinstance(snapshot, Snapshot) else open_snapshot(snapshot)


def opened_forecast(forecast: AnyForecast | CountedForecast) -> Forecast:
    """The forecast. Raises SnapshotError when the folder holds none, and UsageError for one that shows no records."""
    if isinstance(forecast, CountedForecast):
        raise no_records("what you asked for shows records")
    return forecast if isinstance(forecast, Forecast) else open_forecast(forecast)
