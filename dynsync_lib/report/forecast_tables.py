"""What the report reads of a forecast: small tables whole, large ones counted or in part, and the facts about the run.

Facts
    * What grows with the portal (outcomes, changes, links, collisions, near names) is counted where it lies; the report
      holds groups and the first rows only, so its memory does not grow with the portal.
    * A missing value is None.

Source: the columns of `core.tables.FORECAST_TABLES`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from dynsync_lib.core.model import Object, Reason, Severity, System
from dynsync_lib.core.tables import HELD_BACK, NOT_COMPARED, record_table
from dynsync_lib.listing import counted_of
from dynsync_lib.report.words import rank_of

RECORDS_HIDDEN: Final = "Records are not shown at this level of masking; their numbers stand in the other tables."
Row = Mapping[str, Any]
Choices = Mapping[str, Sequence[str]]
"""Values by column."""


class ForecastTables(Protocol):
    """A forecast as the report needs it."""

    @property
    def info(self) -> Mapping[str, Any]:
        """`forecast.json`: versions, hashes, settings in force."""

    def rows(
        self, table: str, *, where: Mapping[str, str] | None = None, order: Sequence[str] = (), limit: int | None = None
    ) -> Sequence[Row]:
        """Rows with all columns of the table's schema, as stored or by `order`, in which `-name` sorts falling."""

    def counts(self, table: str, by: Sequence[str]) -> Sequence[Row]:
        """How many rows of each combination of `by` there are: its columns and `count`, sorted by them, None last."""

    def count_groups(
        self, table: str, by: Sequence[str], *, where: Choices | None = None, without: Choices | None = None
    ) -> int:
        """How many combinations of `by` there are among the rows that have one of the values of `where` in each of its
        columns, and none of those of `without`.
        """

    def shared_keys(self, limit: int) -> Sequence[Row]:
        """The largest groups of `collisions`, the largest first: system, object, match_key, count, winner_id,
        first_losers (at most three ids), losers (their number), differs_in (the distinct texts of that column).
        """

    def shared_key_sizes(self) -> Sequence[Row]:
        """How many groups of `collisions` have how many records: system, object, size and `count`, sorted by these."""

    def problem_sets(self) -> Sequence[Row]:
        """How many records have each set of problems: `problems`, sorted texts, and `count`, the most frequent first.

        The problems are the keys of `report.overlaps.PROBLEMS`; a record without one is in none.
        """


def count_outcomes(forecast: ForecastTables) -> list[Row]:
    """The rows of `summary`; rows without a count are left out."""
    return [row for row in forecast.rows("summary") if row["count"] is not None]


def findings_by_severity(forecast: ForecastTables) -> list[Row]:
    """The rows of `findings`, worst first, what could not be checked last; within a severity as stored.

    >>> [row["check_id"] for row in kit.findings_by_severity(kit.open_forecast("out/demo/forecast"))][:3]
    ['G20', 'G42', 'G01']
    """
    return sorted(forecast.rows("findings"), key=lambda row: rank_of(row["severity"], Severity))


def sum_where(rows: Sequence[Row], **where: str | Sequence[str]) -> int:
    """The counts of the rows whose columns have the values of `where`, together."""
    wanted = {name: (value,) if isinstance(value, str) else tuple(value) for name, value in where.items()}
    return sum_counts(row for row in rows if all(row[name] in values for name, values in wanted.items()))


def sum_counts(rows: Iterable[Row]) -> int:
    """The counts of the rows together."""
    return sum(row["count"] for row in rows)


def most_moved(forecast: ForecastTables) -> dict[str, int]:
    """By the open questions that were tried: the most records that one of their other choices moves."""
    most: dict[str, int] = {}
    for row in forecast.rows("sensitivity"):
        most[row["assumption_id"]] = max(most.get(row["assumption_id"], 0), int(row["outcomes_changed"] or 0))
    return most


def is_held_back(change: Row) -> bool:
    """Whether a change, or a group of changes of one note, is told and does not land.

    Choices and owners that have no partner do not, nor do stages that would go backward.
    """
    return change["note"] in HELD_BACK


def is_compared(mapping: Row) -> bool:
    """Whether the values of a mapping were compared: both of its columns were delivered, or nothing flows."""
    return NOT_COMPARED not in (mapping["reason"] or "")


def say_uncompared(missing: int, mappings: int) -> str:
    """What every number of changes leaves out: mappings that were not compared; nothing where all were."""
    return f" Not checked: {counted_of(missing, mappings, 'mapping', 'mappings')} not compared." if missing else ""


def say_uncompared_of(mappings: Sequence[Row]) -> str:
    """The same of the rows of `mapping`."""
    return say_uncompared(sum(not is_compared(row) for row in mappings), len(mappings))


def is_masked(forecast: ForecastTables) -> bool:
    """Whether people's addresses, names and values are out of sight."""
    return bool(forecast.info.get("masked", False))


def hides_records(forecast: ForecastTables) -> bool:
    """Whether it gives numbers alone, so that what shows records is left out."""
    return bool(forecast.info.get("masking") == "counts")


def not_checked_sides(forecast: ForecastTables) -> tuple[str, ...]:
    """The systems whose fields were not delivered, so that the standard fields stand in for them."""
    standard = forecast.info.get("standard_schema") or {}
    return tuple(system.value for system in System if standard.get(system.value))


def undelivered_tables(forecast: ForecastTables) -> list[str]:
    """The record tables of objects that are on and that a side did not deliver, such as `dynamics/contacts`."""
    objects = [Object(name) for name in forecast.info.get("objects") or () if name in set(Object)]
    needed = {record_table(object_, system).name for object_ in objects for system in System}
    return [name for name in forecast.info.get("not_provided") or () if name in needed]


def is_unknown(forecast: ForecastTables, system: System, objects: Collection[Object] = tuple(Object)) -> bool:
    """Whether nobody knows how many records of these objects a system holds: none came, and tables are missing."""
    tables = {record_table(object_, system).name for object_ in objects}
    is_missing = not tables.isdisjoint(forecast.info.get("not_provided") or ())
    return is_missing and not sum_where(count_outcomes(forecast), system=system, object=tuple(objects))


def undelivered_sides(forecast: ForecastTables) -> list[System]:
    """The systems of which no record of what syncs was delivered, because its tables are missing."""
    synced = [row for row in count_outcomes(forecast) if row["reason"] != Reason.OBJECT_OFF]
    missing = {name.partition("/")[0] for name in undelivered_tables(forecast)}
    return [system for system in System if system in missing and not sum_where(synced, system=system)]
