"""Tables in Spark, kept between stages as Parquet or, for small portals, in memory.

Facts
    * The final sort is Spark's; its part files, read in their order, are written by the same writer as DuckDB's rows.

Not modelled
    * Python code on Spark's workers: every expression of the core is Spark's own.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame

from dynsync_lib.arrow_tables import arrow_rows
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.tables import Column, Table
from dynsync_lib.engine.literal_paths import spark_path
from dynsync_lib.engine.parquet_files import ROWS_PER_GROUP, as_written, write_parquet
from dynsync_lib.engine.spark_session import open_session
from dynsync_lib.engine.spoken_engine import SpokenEngine
from dynsync_lib.folders.temporary_folder import temporary_folder


class SparkEngine(SpokenEngine):
    """Tables in Spark, kept as Parquet in `work` or, without it, in memory."""

    def __init__(self, work: Path | None, *, memory_gb: float = 3.0) -> None:
        super().__init__()
        self._closing = contextlib.ExitStack()
        self._names = itertools.count()
        self._is_small = work is None
        if work is None:
            work = self._closing.enter_context(temporary_folder())
        self._work = work.absolute()
        self._work.mkdir(parents=True, exist_ok=True)
        self._session = self._closing.enter_context(
            open_session(self._work, memory_gb=memory_gb, is_small=self._is_small)
        )

    def close(self) -> None:
        """Ends the session, where it was begun here, and removes what was kept."""
        self._closing.close()

    def scan(self, path: Path) -> Frame:
        """The Parquet file as a lazy frame."""
        return _lazy(self._session.read.parquet(spark_path(path)))

    def from_rows(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> Frame:
        """A few rows in memory as a lazy frame; a missing value is null."""
        return _lazy(self._session.createDataFrame(arrow_rows(rows, columns)))

    def keep(self, frame: Frame, name: str) -> Frame:
        """The frame computed once; what comes back reads the result."""
        native: DataFrame = frame.to_native()
        if self._is_small:
            return _lazy(self._session.createDataFrame(native.toArrow()))
        folder = self._store(native, name)
        return _lazy(self._session.read.schema(native.schema).parquet(spark_path(folder)))

    def write(self, frame: Frame, table: Table, path: Path) -> int:
        """Writes the frame as the table, sorted, always with the same bytes; the number of rows comes out."""
        folder = self._store(as_written(frame, table).to_native(), f"sorted/{table.name}")
        return write_parquet(_batches(folder), table, path)

    def rows(self, frame: Frame) -> list[dict[str, Any]]:
        """All rows, in no order: for summaries and tests."""
        table: pa.Table = frame.to_native().toArrow()
        return list(table.to_pylist())

    def _store(self, frame: DataFrame, name: str) -> Path:
        folder = self._work / f"{name.replace('/', '_')}_{next(self._names)}"
        frame.write.parquet(f"file:{folder}")
        return folder


def _batches(folder: Path) -> Iterator[pa.RecordBatch]:
    """The rows of all part files, in the order of their numbers, which is that of the rows."""
    for part in sorted(folder.glob("part-*")):
        with pq.ParquetFile(part) as file:
            yield from file.iter_batches(batch_size=ROWS_PER_GROUP)


def _lazy(frame: DataFrame) -> Frame:
    lazy: Frame = nw.from_native(frame)
    return lazy
