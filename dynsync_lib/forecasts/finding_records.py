"""The records behind a finding of a forecast, or behind one of its tables, with an address that opens each.

Facts
    * Nothing of it is written at forecast time: rows are made out of the forecast's tables and the snapshot when
      somebody asks, by the conditions that counted them (`core.audit.finding_rows`).
    * There are as many rows as the finding counts. Where they cannot all be found again, since something that the
      forecast looked at is gone, no list is better than a wrong one.

Where it is used: `kit.records_of`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.audit.binding_checks import MEASURES as BINDING_MEASURES
from dynsync_lib.core.audit.finding_rows import (
    LISTS,
    asks_records,
    is_listed,
    rows_of_checks,
    rows_of_list,
    with_counterparts,
)
from dynsync_lib.core.audit.findings import is_finding_of
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.model import nearest
from dynsync_lib.core.record_rows import COLUMNS, RECORD_KEY
from dynsync_lib.core.rulebook import Check, Rulebook
from dynsync_lib.core.situation import Situation, stack
from dynsync_lib.errors import SnapshotError, UsageError
from dynsync_lib.forecasts.csv_files import replace_list
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.forecasts.forecast_snapshot import needed_snapshot, situation_of_forecast, snapshot_of_forecast
from dynsync_lib.forecasts.opened_forecast import OpenedForecast, open_forecast_tables
from dynsync_lib.forecasts.table_reader import Row
from dynsync_lib.record_urls import urls_of_portals

RECORD_COLUMNS: Final = ("check_id", "system", "object", "record_id", "counterpart_id", "url", "detail")
_AGAIN: Final = "Make the forecast again with `dynsync forecast`."


@dataclass(frozen=True, slots=True)
class FindingRecords:
    """The rows behind a finding.

    `columns` has a list of texts, null being None, for each of `RECORD_COLUMNS`; the rows come in the order of the
    findings, then by system, object, ids and detail. `findings` are the rows of the table `findings` that they belong
    to, none for a list beside findings. `notes` are sentences about what is not among the rows;
    `not_checked` are those about what a list beside findings rests on and nobody checked.
    """

    columns: Mapping[str, list[str | None]]
    findings: Sequence[Row]
    notes: Sequence[str]
    not_checked: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.columns["detail"])

    def rows(self, limit: int | None = None) -> list[Row]:
        """The first rows, as dictionaries by column; all of them without a limit."""
        return [dict(zip(RECORD_COLUMNS, cells, strict=True)) for cells in islice(self._cells(), limit)]

    def write_csv(self, out: Path) -> None:
        """Writes the rows as a CSV file, private, whose cells begin no formula; an earlier list there is replaced.

        Raises UsageError when there is anything else.
        """
        replace_list(out, "a list of records", RECORD_COLUMNS, self._cells())

    def _cells(self) -> Iterator[tuple[str | None, ...]]:
        return zip(*(self.columns[name] for name in RECORD_COLUMNS), strict=True)


def find_records(
    forecast: Forecast,
    finding: str | Mapping[str, Any],
    *,
    rulebook: Rulebook,
    snapshot: str | Path | None = None,
) -> FindingRecords:
    """The rows behind a finding or a list. Parameters, errors and cost: see `kit.records_of`."""
    if isinstance(finding, str) and finding in LISTS:
        with open_forecast_tables(forecast) as forecasted:
            columns = _computed(forecasted, [(finding, rows_of_list(forecasted.tables, finding))])
        return FindingRecords(_with_urls(forecast, columns), (), _notes(forecast, columns))
    rows = _findings(forecast, finding, rulebook)
    checks = [_check_of(row, forecast, rulebook) for row in rows]
    with open_forecast_tables(forecast) as forecasted:
        situation = _situation(forecasted, forecast, rulebook, checks, snapshot=snapshot)
        frames = rows_of_checks(situation, forecasted.tables, checks)
        columns = _computed(forecasted, [(check.id, parts) for check, parts in zip(checks, frames, strict=True)])
    unlisted = [row for row, check in zip(rows, checks, strict=True) if row["count"] and not is_listed(check)]
    _refuse_other_numbers(forecast, rows, columns, unlisted)
    notes = [f"{row['sentence']} Which they are, nobody knows: the number is made of the settings." for row in unlisted]
    notes += [row["sentence"] for row in rows if row["count"] is None]
    return FindingRecords(_with_urls(forecast, columns), rows, (*notes, *_notes(forecast, columns)))


# --- Which finding -----------------------------------------------------------------------------------------------


def _findings(forecast: Forecast, finding: str | Mapping[str, Any], rulebook: Rulebook) -> list[Row]:
    """The rows of the table `findings` that are meant. Raises UsageError when there is none."""
    findings = forecast.rows("findings")
    if isinstance(finding, str):
        meant = [row for row in findings if row["check_id"] == finding]
        if not meant:
            raise _no_finding(forecast, finding, findings, rulebook)
        return meant
    wanted = {name: _plain(finding.get(name)) for name in ("check_id", "system", "object", "rule_id", "sentence")}
    meant = [row for row in findings if {name: row[name] for name in wanted} == wanted]
    if not meant:
        raise UsageError(f"That row is no finding of {forecast.folder}.", next_step="Take one of its table `findings`.")
    return meant


def _needs_bindings(check_id: str, rulebook: Rulebook) -> bool:
    """Whether all that an audit rule asks is about the pairs of an earlier run."""
    measures = [check.measure for check in rulebook.checks if check.id == check_id]
    return bool(measures) and all(measure in BINDING_MEASURES for measure in measures)


def _plain(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _no_finding(forecast: Forecast, finding: str, findings: Sequence[Row], rulebook: Rulebook) -> UsageError:
    """Why there is no finding of that id."""
    here = ", ".join(dict.fromkeys(row["check_id"] for row in findings))
    unasked = {check.id: check.why for check in rulebook.unasked_checks}
    asked = {check.id for check in rulebook.checks}
    if _needs_bindings(finding, rulebook) and not forecast.info.get("bindings"):
        return UsageError(
            f"{finding} is about pairs of an earlier run, and {forecast.folder} knows none, so it was not checked.",
            next_step="Forecast with --bindings.",
        )
    if finding in asked:
        return UsageError(
            f"{finding} found nothing in {forecast.folder}.", next_step=f"Its findings are {here or 'none'}."
        )
    if finding in unasked:
        return UsageError(f"{finding} is not asked of a forecast. {unasked[finding]}")
    near = nearest(finding, sorted({*asked, *unasked, *LISTS}))
    step = f"Its findings are {here or 'none'}; the lists beside them are {', '.join(LISTS)}."
    return UsageError(f"`{finding}` is no audit rule.{near}", next_step=step)


def _check_of(row: Row, forecast: Forecast, rulebook: Rulebook) -> Check:
    """The audit rule that a finding comes from. Raises UsageError when this version of the kit has it no more."""
    check = next((check for check in rulebook.checks if is_finding_of(row, check)), None)
    if check is None:
        raise UsageError(f"{forecast.folder} has the finding {row['check_id']} of another version.", next_step=_AGAIN)
    return check


# --- Its rows ----------------------------------------------------------------------------------------------------


def _situation(
    forecasted: OpenedForecast,
    forecast: Forecast,
    rulebook: Rulebook,
    checks: Sequence[Check],
    *,
    snapshot: str | Path | None,
) -> Situation | None:
    """What the forecast looked at; None when none of the checks asks more than the forecast's tables.

    Raises UsageError when the snapshot, or what else the forecast looked at, is not where it was.
    """
    if not any(map(asks_records, checks)):
        snapshot_of_forecast(forecast, snapshot)  # another one that is named is refused, though nobody needs it
        return None
    opened = needed_snapshot(forecast, snapshot)
    return situation_of_forecast(forecasted.engine, forecast, opened, rulebook, work=forecasted.work / "earlier")


def _computed(forecasted: OpenedForecast, parts: Sequence[tuple[str, Sequence[Frame]]]) -> dict[str, list[str | None]]:
    """The rows of all frames, in the order of the parts, with the counterpart that the forecast knows."""
    numbered = [
        frame.with_columns(part=nw.lit(number), check_id=nw.lit(name))
        for number, (name, frames) in enumerate(parts)
        for frame in frames
    ]
    if not numbered:
        return {name: [] for name in (*COLUMNS, "check_id")}
    rows = with_counterparts(stack(numbered), forecasted.tables)
    computed = rows.sort("part", *COLUMNS, nulls_last=True).collect()
    return {name: computed.get_column(name).to_list() for name in (*COLUMNS, "check_id")}


def _refuse_other_numbers(
    forecast: Forecast, rows: Sequence[Row], columns: Mapping[str, list[str | None]], unlisted: Sequence[Row]
) -> None:
    """Raises SnapshotError when there are not as many rows as the findings count."""
    wanted = sum(row["count"] or 0 for row in rows) - sum(row["count"] for row in unlisted)
    number = len(columns["detail"])
    if number != wanted:
        raise SnapshotError(
            f"{rows[0]['check_id']} counts {wanted:,} in {forecast.folder}, and {number:,} are found again: "
            "the forecast is of another version of the kit.",
            next_step=_AGAIN,
        )


def _with_urls(forecast: Forecast, columns: Mapping[str, list[str | None]]) -> dict[str, list[str | None]]:
    """The columns of `RECORD_COLUMNS`."""
    urls = urls_of_portals(forecast.info.get("portals") or {})
    keys = zip(*(columns[name] for name in RECORD_KEY), strict=True)
    return {name: [urls.url_of(*key) for key in keys] if name == "url" else columns[name] for name in RECORD_COLUMNS}


def _notes(forecast: Forecast, columns: Mapping[str, list[str | None]]) -> list[str]:
    """What links there are not."""
    urls, listed = urls_of_portals(forecast.info.get("portals") or {}), set(columns["system"])
    return [f"No links into {system.label}: {why}." for system, why in urls.lacking.items() if system in listed]
