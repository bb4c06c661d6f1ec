"""Rows and counts of a forecast's tables, read without loading the tables: memory does not grow with the portal.

Facts
    * DuckDB reads the columns that are asked for and gives back what was counted; nothing else reaches Python. Files of
      few rows are read without it (`forecasts.small_tables`), unless people are masked.
    * A column that an older file lacks is all null. Rows come in the order asked for, null last.
    * Masked, keys and values of people are replaced before anything is grouped, as `core.masking` replaces them.

Where it is used: `forecasts.forecast_folder`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dynsync_lib.core.masking import ADDRESS, CUT, DIGITS, FILLED, PEOPLE, SHORTEST_TEXT, Mask, Masking
from dynsync_lib.core.tables import FORECAST_TABLES, HELD_BACK, Column
from dynsync_lib.folders.temporary_folder import temporary_folder
from dynsync_lib.forecasts import small_tables

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Row = dict[str, Any]
Choices = Mapping[str, Sequence[str]]
"""Values by column."""

MASKED_KEYS: Final[Mapping[str, Sequence[str]]] = {"outcomes": ("match_key",), "collisions": ("match_key",)}
"""Columns that hold a match key, by table."""
MASKED_VALUES: Final[Mapping[str, Sequence[str]]] = {"changes": ("old_value", "new_value")}
"""Columns that hold a record's value, by table."""
_MEMORY: Final = "512MB"
_CACHED: Final = 256
_IS_PERSON: Final = f"object IN ({', '.join(repr(person) for person in PEOPLE)})"
_SQL_TYPES: Final = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
    "texts": "VARCHAR[]",
}
_GROUP: Final = ("system", "object", "match_key")
_SHARED_KEYS: Final = f"""
    WITH largest AS (
        SELECT {", ".join(_GROUP)}, count(*) AS count FROM stored GROUP BY ALL
        ORDER BY count DESC, {", ".join(f"{name} NULLS LAST" for name in _GROUP)} LIMIT {{limit:d}}
    )
    SELECT {", ".join(f"largest.{name}" for name in _GROUP)}, any_value(largest.count) AS count,
        min_by(record_id, position) FILTER (is_winner) AS winner_id,
        min_by(record_id, position, 3) FILTER (is_winner IS NOT TRUE) AS first_losers,
        count(*) FILTER (is_winner IS NOT TRUE) AS losers,
        list(DISTINCT differs_in) FILTER (differs_in IS NOT NULL) AS differs_in
    FROM stored JOIN largest
    ON {" AND ".join(f"stored.{name} IS NOT DISTINCT FROM largest.{name}" for name in _GROUP)}
    GROUP BY {", ".join(f"largest.{name}" for name in _GROUP)}
    ORDER BY count DESC, {", ".join(f"largest.{name} NULLS LAST" for name in _GROUP)}
"""  # noqa: S608 - made of this module's own names

_SIZES: Final = f"""
    SELECT system, object, size, count(*) AS count
    FROM (SELECT {", ".join(_GROUP)}, count(*) AS size FROM stored GROUP BY ALL)
    GROUP BY ALL ORDER BY system, object, size
"""  # noqa: S608 - made of this module's own names
_PROBLEM_TABLES: Final = ("outcomes", "changes", "links", "near_names")
_PROBLEM_SETS: Final = f"""
    WITH problems AS (
        SELECT system, object, record_id, outcome AS problem FROM outcomes WHERE outcome IN ('shadowed', 'failing')
        UNION ALL SELECT system, object, record_id, 'kept_out' FROM outcomes
            WHERE reason IN ('no_email', 'no_match_key', 'stage_unmapped')
        UNION ALL SELECT target_system, object, if(target_system = 'hubspot', hubspot_id, dynamics_id), 'overwritten'
            FROM changes WHERE kind = 'overwrite' AND (note IS NULL OR note NOT IN ({", ".join(map(repr, HELD_BACK))}))
        UNION ALL SELECT from_system, from_object, from_id, 'association_lost' FROM links
            WHERE status IN ('dropped_non_primary', 'parent_is_contact', 'target_not_synced')
            AND (from_system, from_object, from_id) IN
                (SELECT (system, object, record_id) FROM outcomes WHERE health = 'in_sync')
        UNION ALL SELECT 'hubspot', 'company', hubspot_id, 'near_name' FROM near_names
        UNION ALL SELECT 'dynamics', 'company', dynamics_id, 'near_name' FROM near_names
    ), records AS (
        SELECT list_sort(list(DISTINCT problem)) AS problems FROM problems
        GROUP BY system, if(system = 'hubspot' AND object = 'lead', 'contact', object), record_id
    )
    SELECT problems, count(*) AS count FROM records GROUP BY problems ORDER BY count DESC, len(problems), problems
"""  # noqa: S608 - made of this module's own names
"""HubSpot's contacts of leads are contacts there, too."""


class TableReader:
    """Reads the tables of one forecast, whose files `path_of` names. `mask` masks people; None shows them."""

    def __init__(self, path_of: Callable[[str], Path], *, mask: Mask | None) -> None:
        self._path = path_of
        self._mask = mask

    def rows(
        self, table: str, where: Mapping[str, str], order: Sequence[str] = (), limit: int | None = None
    ) -> list[Row]:
        """The rows that have these values, as stored or by `order`, in which `-name` sorts falling."""
        if self._is_small(table) and _are_texts(table, where):
            return small_tables.find_rows(self._path(table), table, where, order, limit)
        asked = " AND ".join(f"{name} = {_quoted(str(value))}" for name, value in where.items()) or "true"
        sort = f"ORDER BY {', '.join(map(_sorted, order))}" if order else ""
        cut = "" if limit is None else f"LIMIT {limit:d}"
        return self._select(table, f"SELECT * FROM stored WHERE {asked} {sort} {cut}")  # noqa: S608 - own names

    def counts(self, table: str, by: Sequence[str]) -> list[Row]:
        """How many rows of each combination of `by` there are: its columns and `count`, sorted by its columns."""
        if self._is_small(table):
            return small_tables.count_rows(self._path(table), by)
        names = ", ".join(by)
        sort = ", ".join(map(_sorted, by))
        return self._select(table, f"SELECT {names}, count(*) AS count FROM stored GROUP BY ALL ORDER BY {sort}")  # noqa: S608

    def count_groups(self, table: str, by: Sequence[str], where: Choices, without: Choices) -> int:
        """How many combinations of `by` there are among the rows with values of `where` and none of `without`."""
        if self._is_small(table):
            return small_tables.count_groups(self._path(table), by, where, without)
        asked = [f"{name} IN ({_listed(values)})" for name, values in where.items()]
        asked += [f"({name} IS NULL OR {name} NOT IN ({_listed(values)}))" for name, values in without.items()]
        groups = f"SELECT DISTINCT {', '.join(by)} FROM stored WHERE {' AND '.join(asked) or 'true'}"  # noqa: S608 - own names
        return int(self._select(table, f"SELECT count(*) AS count FROM ({groups})")[0]["count"])  # noqa: S608

    def shared_keys(self, limit: int) -> list[Row]:
        """The largest groups of `collisions`, the largest first: system, object, match_key, count, winner_id,
        first_losers (at most three ids), losers (their number), differs_in (the distinct texts of that column).
        """
        return self._select("collisions", _SHARED_KEYS.format(limit=limit))

    def shared_key_sizes(self) -> list[Row]:
        """How many groups of `collisions` have how many records: system, object, size and `count`, sorted by these."""
        return self._select("collisions", _SIZES)

    def problem_sets(self) -> list[Row]:
        """How many records have each set of problems: `problems`, sorted and distinct, and `count`.

        The most frequent set comes first. A record without a problem is in none. Problems: shadowed, failing,
        kept_out (no key or no mapped stage), overwritten (a value of it), association_lost (though the record itself
        syncs), near_name.
        """
        return self._select_of({name: name for name in _PROBLEM_TABLES}, _PROBLEM_SETS)

    def _is_small(self, table: str) -> bool:
        """Whether a table is read without DuckDB: nobody is masked, rows are few, columns are those of this kit."""
        path = self._path(table)
        return self._mask is None and small_tables.is_small(path, path.stat().st_mtime, table)

    def _select(self, table: str, query: str) -> list[Row]:
        return self._select_of({"stored": table}, query)

    def _select_of(self, views: Mapping[str, str], query: str) -> list[Row]:
        """What a query gives over views of whole tables, by their names in it."""
        paths = {name: self._path(table) for name, table in views.items()}
        files = tuple((name, table, paths[name], paths[name].stat().st_mtime) for name, table in views.items())
        return [dict(row) for row in _select(files, self._mask, query)]


def _are_texts(table: str, names: Iterable[str]) -> bool:
    types = {column.name: column.type for column in FORECAST_TABLES[table].columns}
    return all(types[name] == "text" for name in names)


def _listed(values: Sequence[str]) -> str:
    return ", ".join(_quoted(value) for value in values)


def _sorted(name: str) -> str:
    return f"{name.removeprefix('-')} {'DESC' if name.startswith('-') else 'ASC'} NULLS LAST"


@lru_cache(maxsize=_CACHED)
def _select(files: tuple[tuple[str, str, Path, float], ...], mask: Mask | None, query: str) -> list[Row]:
    """What a query gives over views of tables with all columns of their schemas; read again when a file changes.

    `files`: the view's name in the query, the table, its file, and when that was last changed.
    """
    with _connected() as connection:
        for view, table, path, _ in files:
            _create_view(connection, view, table, path, mask=mask)
        result = connection.execute(query)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _create_view(connection: DuckDBPyConnection, view: str, table: str, path: Path, *, mask: Mask | None) -> None:
    from dynsync_lib.engine.literal_paths import literal_path, read_literally

    here = set(read_literally(connection, path).columns)
    columns = ", ".join(_shown(table, column, here, mask) for column in FORECAST_TABLES[table].columns)
    file = f"read_parquet({_quoted(literal_path(path))})"
    connection.execute(f"CREATE VIEW {view} AS SELECT {columns} FROM {file}")  # noqa: S608 - own names, a quoted path


def _shown(table: str, column: Column, here: set[str], mask: Mask | None) -> str:
    """One column as it may be shown."""
    name = column.name
    value = f"{name if name in here else 'NULL'}::{_SQL_TYPES[column.type]}"
    is_key, is_value = (name in masked.get(table, ()) for masked in (MASKED_KEYS, MASKED_VALUES))
    shown = value
    if mask is not None and mask.level is Masking.PARTIAL and (is_key or is_value):
        shown = _partly(value)
    elif mask is not None and is_key:
        shown = f"'person-' || left(sha256({_quoted(mask.secret)} || {value}), {DIGITS})"
    elif mask is not None and is_value:
        shown = f"{_quoted(FILLED)} || left({value}, 0)"
    return f"{value} AS {name}" if shown == value else f"CASE WHEN {_IS_PERSON} THEN {shown} ELSE {value} END AS {name}"


def _partly(value: str) -> str:
    """The SQL of `core.masking.mask_partly`."""
    cut, is_address = _quoted(CUT), f"regexp_full_match({value}, {_quoted(ADDRESS)})"
    address = f"left({value}, 1) || {cut} || substr({value}, strpos({value}, '@'))"
    other = f"WHEN length({value}) >= {SHORTEST_TEXT} THEN left({value}, 1) || {cut}"
    return f"(CASE WHEN {is_address} THEN {address} {other} ELSE {_quoted(FILLED)} || left({value}, 0) END)"


def _quoted(text: str) -> str:
    """The text as a literal of DuckDB's SQL, whose parser would stop at a zero character.

    A value handed over as a parameter would make DuckDB import pandas, a third of a second of every command.
    """
    return "'" + text.replace("'", "''").replace("\0", "' || chr(0) || '") + "'"


@contextmanager
def _connected() -> Iterator[DuckDBPyConnection]:
    from dynsync_lib.engine.duckdb_connection import open_duckdb  # the pages that show no forecast do without

    with (
        temporary_folder() as spill,
        open_duckdb(_MEMORY, spill) as connection,
    ):
        yield connection
