"""What the report reads: nine pandas frames and the facts about the run.

Facts
    * A frame may be empty, may lack columns, and holds missing values as NaN, NA or None; here all of them are None.
    * Big tables are grouped in pandas before a row reaches Python.

Source: the columns of `core.model.FORECAST_TABLES`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import pandas as pd

from dynsync_lib.core.model import FORECAST_TABLES, System

Row = Mapping[str, Any]


class ForecastFrames(Protocol):
    """A forecast as the report needs it: `info` is `forecast.json`, the rest the tables of the same names."""

    @property
    def info(self) -> Mapping[str, Any]:
        """Versions, hashes, settings in force."""

    @property
    def outcomes(self) -> pd.DataFrame:
        """One row per input record."""

    @property
    def changes(self) -> pd.DataFrame:
        """One row per field that would be written."""

    @property
    def links(self) -> pd.DataFrame:
        """One row per association."""

    @property
    def collisions(self) -> pd.DataFrame:
        """One row per record that shares its key."""

    @property
    def near_names(self) -> pd.DataFrame:
        """One row per pair of companies that are alike by name."""

    @property
    def mapping(self) -> pd.DataFrame:
        """One row per field mapping."""

    @property
    def findings(self) -> pd.DataFrame:
        """One row per audit rule that has something to say."""

    @property
    def summary(self) -> pd.DataFrame:
        """One row per system, object, outcome and reason."""

    @property
    def sensitivity(self) -> pd.DataFrame:
        """One row per other choice of an assumption."""


def read_table(forecast: ForecastFrames, name: str) -> pd.DataFrame:
    """A table with all the columns of its schema, in order; a column that was not there is all missing."""
    frame: pd.DataFrame = getattr(forecast, name)
    return frame.reindex(columns=list(FORECAST_TABLES[name].column_names))


def rows_of(frame: pd.DataFrame) -> list[Row]:
    """The rows of a small frame as dicts, every missing value None."""
    told = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in told.to_dict("records")]


def count_rows(frame: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """How many rows of each combination of `by` there are: the columns of `by` and `count`; a missing value counts."""
    if frame.empty:
        return pd.DataFrame(columns=[*by, "count"])
    return frame.groupby(list(by), dropna=False, sort=True).size().reset_index(name="count")


def count_outcomes(forecast: ForecastFrames) -> list[Row]:
    """The rows of `summary` with whole counts; rows without a count are left out."""
    frame = read_table(forecast, "summary")
    return [{**row, "count": int(row["count"])} for row in rows_of(frame) if row["count"] is not None]


def sum_outcomes(rows: Sequence[Row], **where: str | Sequence[str]) -> int:
    """The records of the summary rows whose columns have the values of `where`."""
    wanted = {name: (value,) if isinstance(value, str) else tuple(value) for name, value in where.items()}
    return sum(row["count"] for row in rows if all(row[name] in values for name, values in wanted.items()))


HELD_BACK: Final = ("value_skipped", "owner_unresolved", "lifecycle_ignored")
"""The notes of changes that are told and do not land."""


def written_changes(forecast: ForecastFrames) -> pd.DataFrame:
    """The changes that land: without choices and owners that have no partner, and stages that would go backward."""
    frame = read_table(forecast, "changes")
    return frame[~is_held_back(frame)]


def is_held_back(changes: pd.DataFrame) -> pd.Series[bool]:
    """Which rows of `changes` are told and do not land."""
    return changes["note"].isin(HELD_BACK)


def is_masked(forecast: ForecastFrames) -> bool:
    """Whether people's addresses, names and values are out of sight."""
    return bool(forecast.info.get("masked", False))


def not_checked_sides(forecast: ForecastFrames) -> tuple[str, ...]:
    """The systems whose fields were not delivered, so that the standard fields stand in for them."""
    standard = forecast.info.get("standard_schema") or {}
    return tuple(system.value for system in System if standard.get(system.value))
