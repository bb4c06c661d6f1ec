"""A forecast's tables in an engine, for whoever asks more of them than rows and counts.

Where it is used: `forecasts.explanations`, `forecasts.field_profiles`, `forecasts.finding_records`,
`forecasts.finding_rows_file`, `forecasts.fix_sets`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dynsync_lib.core.frames import Frame
from dynsync_lib.core.tables import FORECAST_TABLES
from dynsync_lib.engine import Engine, open_engine_for
from dynsync_lib.folders.temporary_folder import temporary_folder
from dynsync_lib.forecasts.forecast_check import scan_table
from dynsync_lib.forecasts.forecast_folder import Forecast


@dataclass(frozen=True, slots=True)
class OpenedForecast:
    """The frames of `FORECAST_TABLES` by name, the engine that they live in, and a folder for what is kept."""

    tables: Mapping[str, Frame]
    engine: Engine
    work: Path


@contextmanager
def open_forecast_tables(forecast: Forecast) -> Iterator[OpenedForecast]:
    """All tables of a forecast, until the block ends; the engine is chosen by the size of the portals.

    Each is compared with its hash first, which reads its bytes once; columns that an earlier version of the kit did not
    write are all null. Raises SnapshotError for a table that was changed or is damaged.
    """
    records, hashes = sum(forecast.info.get("records", {}).values()), forecast.info.get("sha256") or {}
    with temporary_folder() as work, open_engine_for(records, work=work) as engine:
        tables = {name: scan_table(engine.scan, forecast.folder, name, hashes) for name in FORECAST_TABLES}
        yield OpenedForecast(tables, engine, work)
