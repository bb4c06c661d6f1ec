"""`dynsync audit --records`: who is behind a finding, or how many.

Where it is used: `cli.forecast_commands`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from dynsync_lib import kit
from dynsync_lib.cli import console
from dynsync_lib.errors import UsageError

_MOST_LISTED: Final = 100
_NOTHING: Final = "No record is listed."
_COLUMNS: Final = ("system", "object", "record_id", "counterpart_id", "detail")


def print_counts(
    forecast: kit.Forecast, finding: str, *, csv: Path | None, snapshot: Path | None, as_json: bool
) -> None:
    """Prints how many records of each kind are behind a finding or a list; of few people, that they are few.

    Raises UsageError when a CSV file of records is asked for.
    """
    from dynsync_lib.kit.forecasts import find_records_of  # brings the engines, and most commands need none
    from dynsync_lib.kit.small_counts import counts_behind, findings_behind

    if csv is not None:
        raise UsageError("With --masking counts no records are written.", next_step="Leave --csv out.")
    behind = find_records_of(forecast, finding, snapshot=snapshot)
    counts, findings = counts_behind(behind), findings_behind(behind)
    if as_json:
        notes = [row["sentence"] for row in findings if row["count"] is None]
        notes += behind.not_checked
        console.print_json({"finding": finding, "counts": counts, "findings": findings, "notes": notes})
        return
    for row in findings:
        console.say(row["sentence"])
    if counts:
        console.print_rows(["system", "object", "count"], counts)
    else:
        console.say(_NOTHING)
    for sentence in behind.not_checked:
        console.say(sentence)


def print_records(
    forecast: kit.Forecast, finding: str, *, csv: Path | None, snapshot: Path | None, as_json: bool
) -> None:
    """Prints the rows behind a finding or a list, or writes them to a CSV file; what they are stands above them."""
    from dynsync_lib.kit.forecasts import find_records_of  # brings the engines, and most commands need none

    behind = find_records_of(forecast, finding, snapshot=snapshot)
    if csv is not None:
        behind.write_csv(csv)
    notes = [*behind.notes, *behind.not_checked]
    if as_json:
        written = {} if csv is None else {"csv": str(csv)}
        rows = {"records": behind.rows(), "findings": list(behind.findings), "notes": notes}
        console.print_json({"finding": finding, "count": len(behind), **rows, **written})
        return
    for row in behind.findings:
        if row["count"] is not None:
            console.say(row["sentence"])
    if csv is None and not len(behind):
        console.say(_NOTHING)
    elif csv is None:
        console.print_rows(list(_COLUMNS), behind.rows(_MOST_LISTED))
        more = len(behind) - _MOST_LISTED
        rest = f"... and {more:,} more. " if more > 0 else ""
        console.say(f"{rest}--csv FILE writes all of them, with links that open each record.")
    else:
        console.say(f"Rows:     {len(behind):,}\nCSV:      {csv}")
    for sentence in notes:
        console.say(sentence)
