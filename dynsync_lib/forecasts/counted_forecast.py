"""A forecast as numbers alone, for pages at the level `counts`, on which no record is shown.

Facts
    * Numbers of people are rounded to fives (`core.masking.round_to_fives`), totals as well: neither a number nor what
      is missing between a total and its parts says how few people somebody is one of. Sums of small groups come out too
      high, since one to four are told as five. Those of companies, deals and
      invoices stay exact.
    * Tables whose rows are records are counted and never given.
    * Sentences about people, such as those of mappings, count exactly from five on, and say below that it is fewer.

Where it is used: `kit.small_counts`, `worklist.rows`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core.masking import FEWER, PEOPLE, Masking, may_be_people, round_to_fives
from dynsync_lib.core.tables import FORECAST_TABLES, RECORD_TABLES
from dynsync_lib.forecasts.forecast_folder import Forecast, no_records
from dynsync_lib.forecasts.masked_info import masked_info
from dynsync_lib.forecasts.table_reader import Choices, Row

_OBJECTS: Final = ("object", "from_object", "to_object")
"""Columns that say what kind of records a row is about."""
_RECORDS: Final[Mapping[str, Sequence[str]]] = {
    "outcomes": ("record_id", "counterpart_id", "winner_id", "match_key"),
    "changes": ("hubspot_id", "dynamics_id", "old_value", "new_value"),
    "links": ("from_id", "to_id"),
    "collisions": ("record_id", "match_key"),
    "near_names": ("hubspot_id", "hubspot_name", "dynamics_id", "dynamics_name"),
}
"""Tables whose rows are records, with the columns that tell which."""
_ONE: Final = re.compile(r"(?<![\w.,])1 ((?:more )?record)(?!s)")
_FEW: Final = re.compile(r"(?<![\w.,])[1-4](?= (?:more )?(?:records|texts|rows|of \d))")


@dataclass(frozen=True, slots=True)
class CountedForecast:
    """What the report reads of a forecast (`report.forecast_tables`), without records and without small numbers.

    `forecast` is the whole one. `tell_finding` makes of a row of `findings` what may be told of it.
    """

    forecast: Forecast
    tell_finding: Callable[[Row], Row]

    @property
    def info(self) -> Mapping[str, Any]:
        """`forecast.json` as of a masked forecast, with the records of people rounded."""
        info = masked_info(self.forecast.info, Masking.COUNTS)
        loaded = info.get("loaded") or {}
        files = [_told_file(file) for file in loaded.get("files", ())]
        records = {name: _told_of_table(name, count) for name, count in (info.get("records") or {}).items()}
        return {**info, "records": records, "loaded": {**loaded, "files": files} if loaded else loaded}

    def rows(
        self, table: str, *, where: Mapping[str, str] | None = None, order: Sequence[str] = (), limit: int | None = None
    ) -> list[Row]:
        """The rows of a table that holds no records, as `Forecast.rows`, with numbers that may be told.

        Raises UsageError for a table of records.
        """
        _refuse(table, _RECORDS.get(table, ()))
        tell = {"findings": self.tell_finding, "summary": _told, "mapping": _told_mapping, "sensitivity": _told_moves}
        return [tell[table](row) for row in self.forecast.rows(table, where=where, order=order, limit=limit)]

    def counts(self, table: str, by: Sequence[str]) -> list[Row]:
        """How many rows of each combination of `by` there are, as `Forecast.counts`, rounded where they are of people.

        Raises UsageError for a column that tells records.
        """
        _refuse(table, set(by).intersection(_RECORDS.get(table, ())))
        return [
            {**row, "count": round_to_fives(row["count"])} if _is_of_people(table, row) else row
            for row in self.forecast.counts(table, by)
        ]

    def count_groups(
        self, table: str, by: Sequence[str], *, where: Choices | None = None, without: Choices | None = None
    ) -> int:
        """How many combinations of `by` there are, as `Forecast.count_groups`, rounded where they may be of people."""
        number = self.forecast.count_groups(table, by, where=where, without=without)
        asked = [object_ for column in _OBJECTS for object_ in (where or {}).get(column, ())]
        may_be = any(map(may_be_people, asked)) if asked else _is_of_people(table, {})
        return round_to_fives(number) if may_be else number

    def shared_keys(self, limit: int) -> list[Row]:
        """Raises UsageError: each group is of records."""
        del limit
        _refuse("collisions", _RECORDS["collisions"])
        return []

    def shared_key_sizes(self) -> list[Row]:
        """How many groups share a key, by their size, as `Forecast.shared_key_sizes`; groups of people rounded."""
        return [_told(row) for row in self.forecast.shared_key_sizes()]

    def problem_sets(self) -> list[Row]:
        """How many records have which problems together, as `Forecast.problem_sets`, rounded."""
        return [{**row, "count": round_to_fives(row["count"])} for row in self.forecast.problem_sets()]


def _refuse(table: str, columns: Iterable[str]) -> None:
    if list(columns):
        raise no_records(f"the table `{table}` holds records")


def _is_of_people(table: str, row: Row) -> bool:
    """Whether a group of rows may be of people: its objects say so, or are not named though the table has them."""
    named = [row[column] for column in _OBJECTS if column in row]
    if named:
        return any(object_ in PEOPLE for object_ in named)
    return any(column in FORECAST_TABLES[table].column_names for column in _OBJECTS)


def _told(row: Row) -> Row:
    """A row with `object` and `count`."""
    is_rounded = row["count"] is not None and may_be_people(row["object"])
    return {**row, "count": round_to_fives(row["count"])} if is_rounded else row


def _told_of_table(table: str, count: int) -> int:
    """How many records a table has, as it may be told."""
    is_of_people = table in RECORD_TABLES and RECORD_TABLES[table].object in PEOPLE
    return round_to_fives(count) if is_of_people else count


def _told_file(file: Row) -> Row:
    """What was loaded from a file, as it may be told."""
    object_ = RECORD_TABLES[file["table"]].object if file["table"] in RECORD_TABLES else None
    said = {name: [hide_few(object_, sentence) for sentence in file[name]] for name in ("guessed", "notes")}
    return {**file, **said, "rows": _told_of_table(file["table"], file["rows"])}


def _told_mapping(row: Row) -> Row:
    if row["object"] not in PEOPLE:
        return row
    count = row["rows_affected"]
    sentences = {name: hide_few(row["object"], row[name]) for name in ("reason", "workaround")}
    return {**row, "rows_affected": None if count is None else round_to_fives(count), **sentences}


def hide_few(object_: str | None, sentences: str | None) -> str | None:
    """Sentences about records of an object, in which fewer than five people are told as that; None stays None."""
    if sentences is None or not may_be_people(object_):
        return sentences
    return _FEW.sub(FEWER, _ONE.sub(r"1 \1s", sentences))


def _told_moves(row: Row) -> Row:
    """What another choice moves: people rounded, and the sum of what is told."""
    if not row["by_object"]:
        return row
    parts = [part.partition("=") for part in row["by_object"].split(";")]
    rounded = {object_: round_to_fives(int(count)) if object_ in PEOPLE else int(count) for object_, _, count in parts}
    by_object = ";".join(f"{object_}={count}" for object_, count in rounded.items())
    return {**row, "outcomes_changed": sum(rounded.values()), "by_object": by_object}
