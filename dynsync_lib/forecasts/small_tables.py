"""Rows and counts of small files in Python, where opening a database would take longer than the answer.

Facts
    * DuckDB takes a tenth of a second to be imported and opened, as long as a quarter of a small forecast. Whoever
      wrote one has imported pyarrow already.
    * Only files with exactly the columns of this kit are read here: others may lack some, or have other types.
    * Order is DuckDB's: texts by their characters' numbers, null last.

Where it is used: `forecasts.table_reader`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from dynsync_lib.core.tables import FORECAST_TABLES

MOST_ROWS: Final = 20_000
"""A file with more rows is not small."""
_CACHED: Final = 64
_TYPES: Final[Mapping[str, str]] = {"text": "string", "integer": "int64", "number": "double", "flag": "bool"}
"""How Arrow names the types of columns."""


@lru_cache(maxsize=_CACHED)
def is_small(path: Path, stamp: float, table: str) -> bool:
    """Whether the file has few rows and exactly the table's columns; `stamp` is when it was last changed."""
    import pyarrow.parquet as pq  # the pages that show no forecast do without

    del stamp
    with pq.ParquetFile(path) as file:
        here = [(column.name, str(column.type)) for column in file.schema_arrow]
        is_ours = here == [(column.name, _TYPES.get(column.type)) for column in FORECAST_TABLES[table].columns]
        return bool(is_ours and file.metadata.num_rows <= MOST_ROWS)


def find_rows(
    path: Path, table: str, where: Mapping[str, str], order: Sequence[str], limit: int | None
) -> list[dict[str, Any]]:
    """The rows that have these texts, as stored or by `order`, in which `-name` sorts falling; at most `limit`."""
    rows = _read(path, FORECAST_TABLES[table].column_names)
    rows = [row for row in rows if all(row[name] == text for name, text in where.items())]
    for name in reversed(order):
        rows = _sorted(rows, name.removeprefix("-"), is_falling=name.startswith("-"))
    return rows[:limit]


def count_rows(path: Path, by: Sequence[str]) -> list[dict[str, Any]]:
    """How many rows of each combination of `by` there are: its columns and `count`, sorted by them, null last."""
    counted = Counter(tuple(row[name] for name in by) for row in _read(path, by))
    groups = sorted(counted, key=lambda group: [(value is None, 0 if value is None else value) for value in group])
    return [{**dict(zip(by, group, strict=True)), "count": counted[group]} for group in groups]


def count_groups(
    path: Path, by: Sequence[str], where: Mapping[str, Sequence[str]], without: Mapping[str, Sequence[str]]
) -> int:
    """How many combinations of `by` there are among the rows with texts of `where` and none of `without`."""
    rows = _read(path, list(dict.fromkeys((*by, *where, *without))))
    kept = (
        row
        for row in rows
        if all(row[name] in texts for name, texts in where.items())
        and not any(row[name] in texts for name, texts in without.items())
    )
    return len({tuple(row[name] for name in by) for row in kept})


def _read(path: Path, names: Sequence[str]) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        rows: list[dict[str, Any]] = file.read(columns=list(names)).to_pylist()
    return rows


def _sorted(rows: Sequence[dict[str, Any]], name: str, *, is_falling: bool) -> list[dict[str, Any]]:
    """The rows by a column, null last; those that tie stay in their order."""
    valued = [row for row in rows if row[name] is not None]
    valued.sort(key=itemgetter(name), reverse=is_falling)
    return [*valued, *(row for row in rows if row[name] is None)]
