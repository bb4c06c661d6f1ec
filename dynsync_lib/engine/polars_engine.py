"""Tables in memory, in Polars: for small portals, where DuckDB would spend longer on planning than on records.

Facts
    * A forecast of a small portal is hundreds of small questions; Polars plans one in a tenth of DuckDB's time.
    * Everything is in memory, so portals beyond `engine.SMALL_PORTAL_ROWS` are DuckDB's. So is each answer: to stream
      batches through a question, which is Polars's own choice, takes twice its time where there is one batch.
    * Frames are Polars' own, and from opening to closing the core describes them in Polars' words (`core.frames`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Final, cast

import polars as pl

from dynsync_lib.core.frames import Frame
from dynsync_lib.core.tables import Column, Table
from dynsync_lib.engine import polars_words
from dynsync_lib.engine.parquet_files import ROWS_PER_GROUP, as_written, write_parquet
from dynsync_lib.engine.spoken_engine import SpokenEngine

_TYPES: Final[Mapping[str, pl.DataType]] = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "flag": pl.Boolean(),
    "texts": pl.List(pl.String()),
}


class PolarsEngine(SpokenEngine):
    """Tables in Polars, in memory."""

    words: ClassVar[ModuleType | None] = polars_words

    def scan(self, path: Path) -> Frame:
        """The Parquet file, read into memory, as a lazy frame."""
        return _lazy(pl.read_parquet(path.absolute(), glob=False))

    def from_rows(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> Frame:
        """A few rows in memory as a lazy frame; a missing value is null."""
        values = {column.name: [row.get(column.name) for row in rows] for column in columns}
        return _lazy(pl.DataFrame(values, schema={column.name: _TYPES[column.type] for column in columns}))

    def keep(self, frame: Frame, name: str) -> Frame:
        """The frame computed once; what comes back reads the result. The `name` is for engines that keep files."""
        del name
        return _lazy(_computed(frame))

    def write(self, frame: Frame, table: Table, path: Path) -> int:
        """Writes the frame as the table, sorted, always with the same bytes; the number of rows comes out."""
        batches = _computed(as_written(frame, table)).to_arrow().to_batches(ROWS_PER_GROUP)
        return write_parquet(batches, table, path)

    def rows(self, frame: Frame) -> list[dict[str, Any]]:
        """All rows, in no order: for summaries and tests."""
        return _computed(frame).to_dicts()


def _computed(frame: Frame) -> pl.DataFrame:
    return cast(pl.LazyFrame, frame).collect(engine="in-memory")


def _lazy(frame: pl.DataFrame) -> Frame:
    return cast(Frame, frame.lazy())
