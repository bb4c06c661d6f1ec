"""The records behind many findings at once, as one file, where a list of each in memory would be too much.

Facts
    * The rows are made as `forecasts.finding_records` makes those of one finding: by the conditions that counted them.
    * Rows that are no records, such as mappings and filters, are left out.

Where it is used: `kit.worklists`.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core.audit.finding_rows import is_listed, rows_of_checks
from dynsync_lib.core.audit.findings import is_finding_of
from dynsync_lib.core.record_rows import ROW_COLUMNS
from dynsync_lib.core.rulebook import Check, Rulebook
from dynsync_lib.core.situation import Frame, stack
from dynsync_lib.core.tables import FORECAST_TABLES, Column, Table
from dynsync_lib.engine import open_engine_for
from dynsync_lib.errors import UsageError
from dynsync_lib.folders.temporary_folder import temporary_folder
from dynsync_lib.forecasts.forecast_check import scan_table
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.forecasts.forecast_snapshot import situation_of_forecast
from dynsync_lib.forecasts.table_reader import Row
from dynsync_lib.snapshot.snapshot import Snapshot

_OF_FINDING: Final = ("check_id", "severity", "rule_id", "sentence", "fix")
_KEY: Final = ("system", "object", "record_id")
FINDING_ROWS: Final = Table(
    "finding_rows",
    "one record behind a finding",
    (*(Column(name, "text", "as in findings") for name in _OF_FINDING), *ROW_COLUMNS),
    ("check_id", "rule_id", *_KEY, "counterpart_id", "detail"),
)


def write_finding_rows(
    forecast: Forecast, snapshot: Snapshot, out: Path, *, rulebook: Rulebook, without: Collection[str]
) -> bool:
    """Writes the records behind the findings as a Parquet file of `FINDING_ROWS`.

    Findings whose check or rule is among `without` are left out.
    False, and no file, when the forecast is of a version of the kit whose findings cannot be listed again. Computes the
    conditions of these findings, over the snapshot's records.
    """
    records, hashes = sum(forecast.info.get("records", {}).values()), forecast.info.get("sha256") or {}
    with temporary_folder() as work, open_engine_for(records, work=work) as engine:
        tables = {name: scan_table(engine.scan, forecast.folder, name, hashes) for name in FORECAST_TABLES}
        try:
            situation = situation_of_forecast(engine, forecast, snapshot, rulebook, work=work / "earlier")
        except UsageError:
            return False
        listed = [
            (row, check)
            for row in forecast.rows("findings")
            if row["count"] and not {row["check_id"], row["rule_id"]} & set(without)
            for check in [_check_of(row, rulebook)]
            if check is not None
        ]
        behind = rows_of_checks(situation, tables, [check for _, check in listed])
        frames = [_with_finding(row, frame) for (row, _), parts in zip(listed, behind, strict=True) for frame in parts]
        frames = frames or [_with_finding(dict.fromkeys(_OF_FINDING, ""), engine.from_rows([], ROW_COLUMNS))]
        known = tables["outcomes"].select(*_KEY, known_id="counterpart_id")
        rows = stack(frames).filter(~nw.col("record_id").is_null()).join(known, on=list(_KEY), how="left")
        rows = rows.with_columns(counterpart_id=nw.coalesce("counterpart_id", "known_id"))
        engine.write(rows.select(*FINDING_ROWS.column_names), FINDING_ROWS, out)
    return True


def _check_of(row: Row, rulebook: Rulebook) -> Check | None:
    return next((check for check in rulebook.checks if is_finding_of(row, check) and is_listed(check)), None)


def _with_finding(row: Row, frame: Frame) -> Frame:
    """The rows of one finding, with what it says."""
    return frame.with_columns(**{name: nw.lit(str(row[name] or "")) for name in _OF_FINDING})
