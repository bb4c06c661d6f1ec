"""Two forecasts' folders beside each other: what the sync does otherwise, and which findings are gone or new.

Facts
    * Records are the same ones by their ids, so that forecasts of two snapshots of the same portals can be compared;
      what cannot be told apart by that is said in `notes`.

Where it is used: `kit.diff_forecasts`, `forecasts.snapshot_difference`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dynsync_lib.core.comparison.finding_changes import FINDING_CHANGES, Found, Moves, compare_findings
from dynsync_lib.core.comparison.side_by_side import NOT_THERE
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.engine import Engine, open_engine_for
from dynsync_lib.forecasts.compared_mappings import ComparedMappings, compared_in_each, mappings_of_rows
from dynsync_lib.forecasts.difference import Difference, Row, Tables, as_frame, measure_difference
from dynsync_lib.forecasts.forecast_check import scan_table
from dynsync_lib.forecasts.forecast_folder import Forecast

if TYPE_CHECKING:
    import pandas as pd

_COMPARED: Final = ("outcomes", "changes", "links")


@dataclass(frozen=True, slots=True)
class ForecastDifference:
    """Two forecasts. `sync`: what the sync does otherwise. `finding_rows`: rows of FINDING_CHANGES.

    `notes` are sentences that whoever reads the figures should know; `mappings` are those of both forecasts.
    """

    sync: Difference
    finding_rows: Sequence[Row]
    notes: Sequence[str]
    mappings: ComparedMappings

    @property
    def is_any(self) -> bool:
        """Whether anything differs, findings too."""
        return self.sync.is_any or any(map(is_moved, self.finding_rows))

    @property
    def figures(self) -> dict[str, Any]:
        """Plain values: `same`, `notes`, those of `Difference.figures` and of `ComparedMappings`, and `findings`."""
        rest = {**self.mappings.figures, "findings": list(self.finding_rows)}
        return {"same": not self.is_any, "notes": list(self.notes), **self.sync.figures, **rest}

    @property
    def findings(self) -> pd.DataFrame:
        """One row per finding of either forecast, with its count before and after."""
        return as_frame(self.finding_rows, FINDING_CHANGES.column_names)


def compare_forecasts(
    before: Forecast, after: Forecast, *, rulebook: Rulebook, work: Path, moves: Moves | None = None
) -> ForecastDifference:
    """The difference of two forecasts; `work` is a folder for what is kept meanwhile.

    `moves`, where they were counted, say which records are gone from findings and new in them.
    """
    rows = sum(max(side.info["rows"].values(), default=0) for side in (before, after))
    with open_engine_for(rows, work=work) as engine:
        marketing = {
            name: side.info["marketing"]["sync_as_marketing"] for name, side in (("before", before), ("after", after))
        }
        sync = measure_difference(engine, _tables(engine, before), _tables(engine, after), marketing=marketing)
    findings = compare_findings(_findings(before), _findings(after), rulebook.checks, moves or {})
    mappings = compared_in_each(*(mappings_of_rows(side.rows("mapping")) for side in (before, after)))
    return ForecastDifference(sync, findings, list(_notes(before, after, sync)), mappings)


def _findings(forecast: Forecast) -> Found:
    return Found(forecast.rows("findings"), list(forecast.info["objects"]))


def is_moved(finding: Row) -> bool:
    """Whether a finding concerns more, fewer or other records than before."""
    return bool(finding["before"] != finding["after"] or finding["gone"] or finding["new"])


def _tables(engine: Engine, forecast: Forecast) -> Tables:
    hashes = forecast.info.get("sha256") or {}
    return {name: scan_table(engine.scan, forecast.folder, name, hashes) for name in _COMPARED}


def _notes(before: Forecast, after: Forecast, sync: Difference) -> Iterator[str]:
    first, second = before.info, after.info
    if first["snapshot_sha256"] != second["snapshot_sha256"]:
        outcomes = sync.transitions["outcomes"]
        gone, new = (sum(row["count"] for row in outcomes if row[at] == NOT_THERE) for at in ("after", "before"))
        yield (
            f"The forecasts are of different snapshots ({first['taken_at']} and {second['taken_at']}): records are "
            f"compared by their ids; {gone:,} are in the first alone, {new:,} in the second alone."
        )
    if first["settings_sha256"] != second["settings_sha256"]:
        yield "The forecasts were made with different settings."
    for key, what in (("rulebook_version", "rulebooks"), ("kit_version", "versions of the kit")):
        if first[key] != second[key]:
            yield f"The forecasts were made by different {what}, {first[key]} and {second[key]}, which may differ, too."
