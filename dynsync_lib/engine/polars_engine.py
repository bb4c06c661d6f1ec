"""Tables in memory, in Polars: for small portals, where DuckDB would spend longer on planning than on records.

Facts
    * A forecast of a small portal is hundreds of small questions; Polars plans one in a tenth of DuckDB's time.
    * Everything is in memory, so portals beyond `engine.SMALL_PORTAL_ROWS` are DuckDB's. So is each answer: to stream
      batches through a question, which is Polars's own choice, takes twice its time where there is one batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal

import narwhals.stable.v2 as nw
import polars as pl

from dynsync_lib.core.tables import Column, Table
from dynsync_lib.engine.parquet_files import ROWS_PER_GROUP, as_written, write_parquet

_TYPES: Final[Mapping[str, pl.DataType]] = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "flag": pl.Boolean(),
    "texts": pl.List(pl.String()),
}


class PolarsEngine:
    """Tables in Polars, in memory."""

    def __enter__(self) -> PolarsEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        return False

    def scan(self, path: Path) -> nw.LazyFrame[Any]:
        """The Parquet file, read into memory, as a lazy frame."""
        return _lazy(pl.read_parquet(path.absolute(), glob=False))

    def from_rows(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> nw.LazyFrame[Any]:
        """A few rows in memory as a lazy frame; a missing value is null."""
        values = {column.name: [row.get(column.name) for row in rows] for column in columns}
        return _lazy(pl.DataFrame(values, schema={column.name: _TYPES[column.type] for column in columns}))

    def keep(self, frame: nw.LazyFrame[Any], name: str) -> nw.LazyFrame[Any]:
        """The frame computed once; what comes back reads the result. The `name` is for engines that keep files."""
        del name
        return _lazy(_computed(frame))

    def write(self, frame: nw.LazyFrame[Any], table: Table, path: Path) -> int:
        """Writes the frame as the table, sorted, always with the same bytes; the number of rows comes out."""
        batches = _computed(as_written(frame, table)).to_arrow().to_batches(ROWS_PER_GROUP)
        return write_parquet(batches, table, path)

    def rows(self, frame: nw.LazyFrame[Any]) -> list[dict[str, Any]]:
        """All rows, in no order: for summaries and tests."""
        return _computed(frame).to_dicts()


def _computed(frame: nw.LazyFrame[Any]) -> pl.DataFrame:
    native: pl.LazyFrame = frame.to_native()
    return native.collect(engine="in-memory")


def _lazy(frame: pl.DataFrame) -> nw.LazyFrame[Any]:
    lazy: nw.LazyFrame[Any] = nw.from_native(frame.lazy())
    return lazy
