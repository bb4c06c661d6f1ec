"""Paths that a library reads as they are, whatever stands in them.

Facts
    * DuckDB takes `*`, `?` and `[` in a path for a pattern: a snapshot named `acme [1]` would silently be read from the
      folder `acme 1`.
    * In DuckDB a character in square brackets stands for itself, in Spark one behind a backslash. Spark does not decode
      the `%20` of a file's URI.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import duckdb

_PATTERN: Final = re.compile(r"([*?\[])")
_SPARK_PATTERN: Final = re.compile(r"([\\*?\[\]{}])")


def read_literally(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    """The Parquet file of exactly this path as a relation.

    Raises `duckdb.IOException` when there is none.
    """
    return connection.read_parquet(literal_path(path))


def literal_path(path: Path) -> str:
    """The path as a text in which DuckDB finds no pattern, no address of another machine and no home folder.

    >>> literal_path(Path("/data/acme [1]/q?.parquet"))
    '/data/acme [[]1]/q[?].parquet'
    """
    return _PATTERN.sub(r"[\1]", str(path.absolute()))


def spark_path(path: Path) -> str:
    """The path as a text in which Spark finds no pattern and no other file system, for reading.

    >>> spark_path(Path("/data/acme [1]/q?.parquet"))
    'file:/data/acme \\\\[1\\\\]/q\\\\?.parquet'
    """
    return _SPARK_PATTERN.sub(r"\\\1", f"file:{path.absolute()}")
