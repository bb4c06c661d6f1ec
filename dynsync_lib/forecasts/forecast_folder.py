"""A forecast's folder: rows and counts of its tables, or whole tables as pandas frames, masked when asked.

Facts
    * The kit's own pages read rows and counts (`forecasts.table_reader`); a whole table is loaded only when somebody
      asks for it, and kept.
    * Masked, a forecast shows no address, name or value of a person; groups and counts stay what they are.

Where it is used: `kit`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dynsync_lib.core.masking import Mask, Masking
from dynsync_lib.core.tables import FORECAST_TABLES
from dynsync_lib.errors import SnapshotError, UsageError
from dynsync_lib.folders.own_folder import Content, FolderKind, is_digest, listed_names
from dynsync_lib.folders.temporary_folder import bring_back
from dynsync_lib.forecasts.forecast_check import FORECAST_FILE, checked_table, read_info, refuse_missing_tables
from dynsync_lib.forecasts.masked_info import masked_info
from dynsync_lib.forecasts.masking_secret import masking_secret
from dynsync_lib.forecasts.table_reader import MASKED_KEYS, MASKED_VALUES, Choices, Row, TableReader

if TYPE_CHECKING:
    import pandas as pd


def _names_of_forecast(content: Content) -> re.Pattern[str] | None:
    """The files that a `forecast.json` names; None when it is not that of a forecast."""
    rows, digests = content.get("rows"), (content.get("snapshot_sha256"), content.get("settings_sha256"))
    if not (isinstance(rows, dict) and rows.keys() <= FORECAST_TABLES.keys() and all(map(is_digest, digests))):
        return None
    return listed_names(content, [f"{name}.parquet" for name in FORECAST_TABLES])


_OPEN: Final = "Open it without masking it first."
_SHOW_RECORDS: Final = (Masking.NONE, Masking.PARTIAL, Masking.PSEUDONYM)
"""The levels of masking at which records are shown at all."""
FORECAST_FOLDER: Final = FolderKind("a forecast", FORECAST_FILE, _names_of_forecast)


@dataclass(frozen=True, slots=True)
class Forecast:
    """One forecast. `info` is `forecast.json`; its tables, with columns and meaning, are `core.tables.FORECAST_TABLES`.

    `rows`, `counts`, `count_groups`, `shared_keys`, `shared_key_sizes`, `problem_sets` and `head` read what they are
    asked for and nothing else. `table`, and the properties named after the tables, load a whole table as a pandas frame
    and keep it.
    """

    folder: Path
    info: Mapping[str, Any]
    masking: Masking = Masking.NONE

    @property
    def is_masked(self) -> bool:
        """Whether people are out of sight."""
        return self.masking is not Masking.NONE

    def rows(
        self, table: str, *, where: Mapping[str, str] | None = None, order: Sequence[str] = (), limit: int | None = None
    ) -> list[Row]:
        """The rows of a table, as dictionaries by column; null is None.

        `where` are values that the columns must have; `order` are columns to sort by (`-name` falling, null last),
        without them the rows come as stored; `limit` is the most rows that come out.
        """
        return self._reader.rows(table, where or {}, order, limit)

    def counts(self, table: str, by: Sequence[str]) -> list[Row]:
        """How many rows of each combination of `by` there are: its columns and `count`, sorted by them, None last."""
        return self._reader.counts(table, by)

    def count_groups(
        self, table: str, by: Sequence[str], *, where: Choices | None = None, without: Choices | None = None
    ) -> int:
        """How many combinations of `by` there are among the rows that have one of the values of `where` in each of its
        columns, and none of those of `without`.
        """
        return self._reader.count_groups(table, by, where or {}, without or {})

    def shared_keys(self, limit: int) -> list[Row]:
        """The largest groups of records that share a key. See `TableReader.shared_keys`."""
        return self._reader.shared_keys(limit)

    def shared_key_sizes(self) -> list[Row]:
        """How many groups share a key, by their size. See `TableReader.shared_key_sizes`."""
        return self._reader.shared_key_sizes()

    def problem_sets(self) -> list[Row]:
        """How many records have which problems together. See `TableReader.problem_sets`."""
        return self._reader.problem_sets()

    def head(self, table: str, rows: int = 10, **where: str) -> pd.DataFrame:
        """The first rows of a table that have these values, as a frame; nothing else of the table is loaded."""
        import pandas as pd

        return pd.DataFrame(self.rows(table, where=where, limit=rows), columns=FORECAST_TABLES[table].column_names)

    @property
    def _reader(self) -> TableReader:
        return TableReader(self.table_path, mask=self.mask if self.is_masked else None)

    @property
    def mask(self) -> Mask:
        """What may be shown of people. Reads the outcomes once."""
        if self.is_masked:
            self.table_path("outcomes")
        return mask_of(self.folder, self.masking)

    def table_path(self, name: str) -> Path:
        """The Parquet file of a table, once it was compared with its hash (see `forecasts.forecast_check`).

        Raises SnapshotError when it was changed or is damaged.
        """
        return checked_table(self.folder, name, self.info.get("sha256") or {})

    def refuse_changed_tables(self) -> None:
        """Raises SnapshotError when any table was changed or is damaged, also one that nobody reads now.

        Whoever judges a forecast by some tables asks it first: their numbers are those of the others. It reads the
        bytes of all tables once, a second for some gigabytes.
        """
        for name in FORECAST_TABLES:
            self.table_path(name)

    def table(self, name: str) -> pd.DataFrame:
        """A whole table as a pandas frame, rows as stored; people's keys and values masked when the forecast is.

        It takes the memory of the whole table: of ten million outcomes several gigabytes.
        """
        path = self.table_path(name)
        if not self.is_masked:
            return read_table(path)
        return _masked(path, path.stat().st_mtime, name, self.mask).copy(deep=False)

    def masked(self, level: str = Masking.PSEUDONYM) -> Forecast:
        """The same forecast without the addresses, names and values of people, at a level of `core.masking`.

        `partial` shows the first character of a key, name or value and the domain of an address, `none` all of it;
        `counts` shows no record and is refused here. As pseudonyms, match keys of contacts and leads are stand-ins that
        nobody can take back from a masked page, their values are told as filled or empty, and filters show values of
        choices, numbers and dates only. It leaves: ids of records, companies with their fields, names and domains,
        names of deals and invoices, fields, rules, counts, dates, and the settings; and so a person's name where it is
        that of a company, deal or invoice.

        Raises UsageError when there is no such level, and when the forecast is masked otherwise already.
        """
        masking = records_masking(level)
        if masking is self.masking:
            return self
        if self.is_masked:
            raise UsageError(f"A forecast that is masked ({self.masking}) is not masked otherwise.", next_step=_OPEN)
        return replace(self, masking=masking, info=masked_info(self.info, masking))

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
        """One row per pair of a company and an account that may be one firm and will not match."""
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


def read_masking(level: str) -> Masking:
    """The level of masking of that name: none, partial, pseudonym or counts. Raises UsageError when there is none.

    >>> kit.read_masking("partial").value
    'partial'
    """
    return _read_level(level, tuple(Masking))


def records_masking(level: str) -> Masking:
    """The level of masking of that name, for what shows records: none, partial or pseudonym.

    Raises UsageError when there is none of that name, and for `counts`, at which no record is shown.

    >>> kit.records_masking("partial").value
    'partial'
    """
    if level == Masking.COUNTS:
        raise no_records("what you asked for shows records")
    return _read_level(level, _SHOW_RECORDS)


def no_records(why: str) -> UsageError:
    """What is said where records are asked for at the level `counts`; `why` they are needed ends the sentence."""
    return UsageError(
        f"Masking at `counts` hides every record, and {why}.",
        next_step=f"Name one of {', '.join(_SHOW_RECORDS)}, or run `dynsync audit --masking counts` for numbers.",
    )


def _read_level(level: str, allowed: Sequence[Masking]) -> Masking:
    if level not in tuple(allowed):
        raise UsageError(f"`{level}` is no level of masking.", next_step=f"Name one of {', '.join(allowed)}.")
    return Masking(level)


def mask_of(folder: Path, masking: Masking) -> Mask:
    """What may be shown of the people of a forecast at a level; the outcomes are read only where that needs them."""
    return Mask(masking, "" if masking in {Masking.NONE, Masking.PARTIAL} else masking_secret(folder))


def open_forecast(folder: str | Path) -> Forecast:
    """The forecast in a folder; its tables are read when they are asked for.

    Raises SnapshotError when it is none, or lacks something that this kit needs to read it.

    >>> kit.open_forecast("out/demo/forecast").info["rows"]["changes"]
    1143
    """
    path = Path(folder)
    bring_back(path)
    file = path / FORECAST_FILE
    if not file.is_file():
        raise SnapshotError(
            f"{path} is no forecast: it has no {FORECAST_FILE}.", next_step="Make one with `dynsync forecast`."
        )
    info = read_info(path)
    refuse_missing_tables(path)
    return Forecast(path, info)


def is_missing(value: object) -> bool:
    """Whether a cell of a frame is null, in any of pandas' ways."""
    import pandas as pd

    return value is None or value is pd.NA or (isinstance(value, float) and value != value)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame as plain dictionaries; null is None.

    >>> kit.records(kit.open_forecast("out/demo/forecast").summary)[0]
    {'system': 'dynamics', 'object': 'company', 'outcome': 'create', 'reason': None, 'count': 178}
    """
    return [
        {str(name): None if is_missing(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def read_rows(path: Path) -> list[Row]:
    """All rows of a small Parquet file as plain dictionaries; null is None."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:  # `read_table` imports pandas, a third of a second
        rows: list[Row] = file.read().to_pylist()
    return rows


@cache
def _read_cached(path: Path, stamp: float) -> pd.DataFrame:
    import pandas as pd  # slow to import, and most commands load no frame

    del stamp
    return pd.read_parquet(path)


def read_table(path: Path) -> pd.DataFrame:
    """The Parquet file as a frame, read once as long as it does not change."""
    return _read_cached(path, path.stat().st_mtime).copy(deep=False)


@cache
def _masked(path: Path, stamp: float, name: str, mask: Mask) -> pd.DataFrame:
    frame = _read_cached(path, stamp)
    masked = frame.copy()
    for column in MASKED_KEYS.get(name, ()):
        masked[column] = list(map(mask.key, frame["object"], _optional(frame[column])))
    for column in MASKED_VALUES.get(name, ()):
        masked[column] = list(map(mask.value, frame["object"], _optional(frame[column])))
    return masked


def _optional(column: pd.Series[Any]) -> list[str | None]:
    return [None if is_missing(value) else str(value) for value in column]


def write_info(folder: Path, info: Mapping[str, Any]) -> None:
    """Writes what is known of a forecast beside its tables."""
    text = json.dumps(info, indent=2, ensure_ascii=False) + "\n"
    (folder / FORECAST_FILE).write_text(text, encoding="utf-8")
