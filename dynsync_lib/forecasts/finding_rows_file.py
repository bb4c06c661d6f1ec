"""The records behind many findings at once, as one file, where a list of each in memory would be too much.

Beside them the options that a side lacks, which no table of the forecast names.

Facts
    * The rows are made as `forecasts.finding_records` makes those of one finding: by the conditions that counted them.
    * There are as many rows as the findings count, or there is no file: no list is better than a wrong one.
    * Rows that are no records, such as mappings and filters, are among them, without a `record_id`.

Where it is used: `kit.worklists`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.advice.missing_options import MISSING_OPTIONS, find_missing_options
from dynsync_lib.core.audit.finding_rows import is_listed, rows_of_checks, with_counterparts
from dynsync_lib.core.audit.findings import is_finding_of
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.record_rows import RECORD_KEY, ROW_COLUMNS
from dynsync_lib.core.rulebook import Check, Rulebook
from dynsync_lib.core.situation import stack
from dynsync_lib.core.tables import Column, Table
from dynsync_lib.engine import Engine
from dynsync_lib.errors import UsageError
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.forecasts.forecast_snapshot import situation_of_forecast
from dynsync_lib.forecasts.opened_forecast import open_forecast_tables
from dynsync_lib.forecasts.table_reader import Row
from dynsync_lib.snapshot.snapshot import Snapshot

NOT_FOUND_AGAIN: Final = (
    "they cannot all be found again, since the forecast is of another version of the kit, or pairs of an earlier run "
    "or a further snapshot that it was made with are gone"
)
AGAIN: Final = "Make the forecast again, then the worklist."
_OF_FINDING: Final = ("check_id", "severity", "rule_id", "sentence", "fix")
_FINDING: Final = ("check_id", "rule_id", "sentence")
"""What tells the rows of one finding from those of another."""
FINDING_ROWS: Final = Table(
    "finding_rows",
    "one row behind a finding",
    (*(Column(name, "text", "as in findings") for name in _OF_FINDING), *ROW_COLUMNS),
    ("check_id", "rule_id", *RECORD_KEY, "counterpart_id", "detail"),
)


def write_finding_rows(
    forecast: Forecast,
    snapshot: Snapshot,
    out: Path,
    options_out: Path,
    *,
    rulebook: Rulebook,
    without: Collection[str],
) -> bool:
    """Writes the rows behind the findings as a Parquet file of `FINDING_ROWS`, and one of `MISSING_OPTIONS`.

    Findings whose check or rule is among `without` are left out, and so are those whose number is made of the settings'
    figures alone. False, and no rows, when what the findings count cannot all be found again: the forecast is of
    another version of the kit, or pairs of an earlier run or a further snapshot are gone. Computes the conditions of
    these findings, over the snapshot's records.
    """
    with open_forecast_tables(forecast) as forecasted:
        tables, engine = forecasted.tables, forecasted.engine
        try:
            situation = situation_of_forecast(engine, forecast, snapshot, rulebook, work=forecasted.work / "earlier")
        except UsageError:
            return False
        wanted = [
            row
            for row in forecast.rows("findings")
            if row["count"] and not {row["check_id"], row["rule_id"]} & set(without)
        ]
        checks = [_check_of(row, rulebook) for row in wanted]
        listed = [(row, check) for row, check in zip(wanted, checks, strict=True) if check and is_listed(check)]
        behind = rows_of_checks(situation, tables, [check for _, check in listed])
        frames = [_with_finding(row, frame) for (row, _), parts in zip(listed, behind, strict=True) for frame in parts]
        frames = frames or [_with_finding(dict.fromkeys(_OF_FINDING, ""), engine.from_rows([], ROW_COLUMNS))]
        rows = with_counterparts(stack(frames), tables).select(*FINDING_ROWS.column_names)
        engine.write(rows, FINDING_ROWS, out)
        if None in checks or _counts(engine, out) != _counts_of(row for row, _ in listed):
            out.unlink()
            return False
        options = engine.from_rows(find_missing_options(situation), MISSING_OPTIONS.columns)
        engine.write(options, MISSING_OPTIONS, options_out)
    return True


def _check_of(row: Row, rulebook: Rulebook) -> Check | None:
    return next((check for check in rulebook.checks if is_finding_of(row, check)), None)


def _counts(engine: Engine, file: Path) -> Counter[tuple[str, ...]]:
    """How many rows of each finding the file holds."""
    grouped = engine.scan(file).group_by(*_FINDING).agg(count=nw.len().cast(nw.Int64))
    return Counter({tuple(row[name] for name in _FINDING): row["count"] for row in engine.rows(grouped)})


def _counts_of(findings: Iterable[Row]) -> Counter[tuple[str, ...]]:
    """How many rows each finding counts."""
    counts: Counter[tuple[str, ...]] = Counter()
    for row in findings:
        counts[tuple(str(row[name] or "") for name in _FINDING)] += row["count"]
    return counts


def _with_finding(row: Row, frame: Frame) -> Frame:
    """The rows of one finding, with what it says."""
    return frame.with_columns(**{name: nw.lit(str(row[name] or "")) for name in _OF_FINDING})
