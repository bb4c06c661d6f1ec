"""From a snapshot and settings to the folder of a forecast.

Facts
    * The folder appears when it is whole; an earlier forecast in its place is replaced, anything else refused.

Where it is used: `kit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dynsync_lib.core.forecast import build_forecast
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.tables import BINDINGS, FORECAST_TABLES
from dynsync_lib.engine import AUTO, Engine, refuse_engine
from dynsync_lib.folders.replaced_folder import replaced_folder
from dynsync_lib.forecasts.csv_files import write_csv
from dynsync_lib.forecasts.forecast_check import FORECAST_FILE
from dynsync_lib.forecasts.forecast_folder import FORECAST_FOLDER, Forecast, write_info
from dynsync_lib.forecasts.forecast_info import describe_forecast, describe_sources
from dynsync_lib.forecasts.open_snapshot import open_situation, open_tables
from dynsync_lib.snapshot.snapshot import Snapshot, sha256_of


def write_forecast(
    snapshot: Snapshot,
    settings: Settings,
    out: Path,
    *,
    rulebook: Rulebook,
    engine: str = AUTO,
    bindings: Path | None = None,
    beside: Sequence[Snapshot] = (),
    csv: bool = False,
) -> Forecast:
    """The forecast of a snapshot under settings, written to `out`. Parameters, errors, cost: see `kit.forecast`."""
    refuse_engine(engine)
    with replaced_folder(out, FORECAST_FOLDER) as folder:
        with open_tables(snapshot, *beside, work=folder.work, engine=engine) as opened:
            situation = open_situation(opened, snapshot, settings, rulebook, beside=beside)
            earlier = None
            if bindings is not None:
                from dynsync_lib.forecasts.earlier_bindings import read_bindings  # hardly anybody waits for it

                earlier = read_bindings(opened, bindings, folder.work / "earlier")
                situation = replace(situation, tables={**situation.tables, BINDINGS.name: earlier.pairs})
            rows = _write_tables(opened, situation, folder.new, csv=csv)
        info = describe_forecast(snapshot, situation, rows, folder=out)
        info |= describe_sources(bindings, beside, folder=out, earlier=earlier)
        info["sha256"] = {name: sha256_of(folder.new / f"{name}.parquet") for name in FORECAST_TABLES}
        info["files"] = sorted([*(path.name for path in folder.new.iterdir()), FORECAST_FILE])
        write_info(folder.new, info)
    return Forecast(out, info)


def _write_tables(engine: Engine, situation: Situation, folder: Path, *, csv: bool) -> dict[str, int]:
    """Writes every table when it is finished; what is made of it reads the file. The rows of each come out."""
    rows = {}

    def write_table(frame: Frame, name: str) -> Frame:
        path = folder / f"{name}.parquet"
        rows[name] = engine.write(frame, FORECAST_TABLES[name], path)
        if csv:
            write_csv(path, path.with_suffix(".csv"))
        return engine.scan(path)

    build_forecast(situation, write_table)
    return {name: rows[name] for name in FORECAST_TABLES}
