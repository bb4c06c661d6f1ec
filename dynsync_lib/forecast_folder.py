"""A forecast's folder: its tables as pandas frames, masked when asked.

Facts
    * A table is read when it is first asked for, and kept.
    * Masked, a forecast shows no address, name or value of a person; groups and counts stay what they are.

Where it is used: `kit`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import pandas as pd

from dynsync_lib.core.masking import mask_column, mask_values
from dynsync_lib.errors import SnapshotError, UsageError

FORECAST_FILE: Final = "forecast.json"


@dataclass(frozen=True, slots=True)
class Forecast:
    """One forecast. `info` is `forecast.json`; the tables are pandas frames, read when first asked for."""

    folder: Path
    info: Mapping[str, Any]
    is_masked: bool = False

    def table(self, name: str) -> pd.DataFrame:
        """A table of `model.FORECAST_TABLES` by name; people's keys and values masked when the forecast is."""
        path = self.folder / f"{name}.parquet"
        if not self.is_masked:
            return read_table(path)
        return _masked(path, path.stat().st_mtime, name, str(self.info["snapshot_sha256"])).copy(deep=False)

    def masked(self) -> Forecast:
        """The same forecast without the addresses, names and values of people."""
        return replace(self, is_masked=True, info={**self.info, "masked": True})

    @property
    def outcomes(self) -> pd.DataFrame:
        """One row per input record."""
        return self.table("outcomes")

    @property
    def changes(self) -> pd.DataFrame:
        """One row per field of a matched pair that would be written."""
        return self.table("changes")

    @property
    def links(self) -> pd.DataFrame:
        """One row per association of an input record."""
        return self.table("links")

    @property
    def collisions(self) -> pd.DataFrame:
        """One row per record of a group that shares a key."""
        return self.table("collisions")

    @property
    def near_names(self) -> pd.DataFrame:
        """One row per pair of companies whose names are alike and not equal."""
        return self.table("near_names")

    @property
    def mapping(self) -> pd.DataFrame:
        """One row per field mapping."""
        return self.table("mapping")

    @property
    def findings(self) -> pd.DataFrame:
        """One row per audit rule that has something to say."""
        return self.table("findings")

    @property
    def summary(self) -> pd.DataFrame:
        """One row per system, object, outcome and reason."""
        return self.table("summary")

    @property
    def sensitivity(self) -> pd.DataFrame:
        """One row per other choice of an assumption."""
        return self.table("sensitivity")


def open_forecast(folder: Path | str) -> Forecast:
    """The forecast in a folder. Raises SnapshotError when it is none."""
    path = Path(folder)
    file = path / FORECAST_FILE
    if not file.is_file():
        raise SnapshotError(
            f"{path} is no forecast: it has no {FORECAST_FILE}.", next_step="Make one with `dynsync forecast`."
        )
    return Forecast(path, json.loads(file.read_text(encoding="utf-8")))


def refuse_foreign_folder(out: Path, file: str = FORECAST_FILE, *, what: str = "a forecast") -> None:
    """Raises UsageError when the folder is neither empty nor holds `file`, which marks what may be replaced."""
    if out.exists() and not (out / file).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(
            f"{out} holds something else than {what}.",
            next_step="Name an empty folder or one that is not there.",
        )


def is_missing(value: object) -> bool:
    """Whether a cell of a frame is null, in any of pandas' ways."""
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame as plain dictionaries; null is None."""
    return [
        {str(name): None if is_missing(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


@cache
def _read_cached(path: Path, stamp: float) -> pd.DataFrame:
    del stamp
    return pd.read_parquet(path)


def read_table(path: Path) -> pd.DataFrame:
    """The Parquet file as a frame, read once as long as it does not change."""
    return _read_cached(path, path.stat().st_mtime).copy(deep=False)


_MASKED_KEYS: Final[Mapping[str, Collection[str]]] = {"outcomes": ("match_key",), "collisions": ("match_key",)}
_MASKED_VALUES: Final[Mapping[str, Collection[str]]] = {"changes": ("old_value", "new_value")}


@cache
def _masked(path: Path, stamp: float, name: str, salt: str) -> pd.DataFrame:
    frame = _read_cached(path, stamp)
    masked = frame.copy()
    for column in _MASKED_KEYS.get(name, ()):
        masked[column] = mask_column(frame["object"], _optional(frame[column]), salt=salt)
    for column in _MASKED_VALUES.get(name, ()):
        masked[column] = mask_values(frame["object"], _optional(frame[column]))
    return masked


def _optional(column: pd.Series[Any]) -> list[str | None]:
    return [None if is_missing(value) else str(value) for value in column]


def write_info(folder: Path, info: Mapping[str, Any]) -> None:
    """Writes what is known of a forecast beside its tables."""
    text = json.dumps(info, indent=2, ensure_ascii=False) + "\n"
    (folder / FORECAST_FILE).write_text(text, encoding="utf-8")
