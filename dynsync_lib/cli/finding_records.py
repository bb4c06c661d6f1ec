"""`dynsync audit --records`: who is behind a finding.

Where it is used: `cli.forecast_commands`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from dynsync_lib import kit
from dynsync_lib.cli import console

_MOST_LISTED: Final = 100
_COLUMNS: Final = ("system", "object", "record_id", "counterpart_id", "detail")


def print_records(
    forecast: kit.Forecast, finding: str, *, csv: Path | None, snapshot: Path | None, as_json: bool
) -> None:
    """Prints the rows behind a finding or a list, or writes them to a CSV file; what they are stands above them."""
    from dynsync_lib.kit.forecasts import find_records_of  # brings the engines, and most commands need none

    behind = find_records_of(forecast, finding, snapshot=snapshot)
    if csv is not None:
        behind.write_csv(csv)
    if as_json:
        written = {} if csv is None else {"csv": str(csv)}
        rows = {"records": behind.rows(), "findings": list(behind.findings), "notes": list(behind.notes)}
        console.print_json({"finding": finding, "count": len(behind), **rows, **written})
        return
    for row in behind.findings:
        if row["count"] is not None:
            console.say(row["sentence"])
    if csv is None:
        console.print_rows(list(_COLUMNS), behind.rows(_MOST_LISTED))
        more = len(behind) - _MOST_LISTED
        rest = f"... and {more:,} more. " if more > 0 else ""
        console.say(f"{rest}--csv FILE writes all of them, with links that open each record.")
    else:
        console.say(f"Rows:     {len(behind):,}\nCSV:      {csv}")
    for sentence in behind.notes:
        console.say(sentence)
