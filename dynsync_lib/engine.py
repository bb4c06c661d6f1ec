"""Where the tables live: one small interface over DuckDB; the core sees lazy Narwhals frames only.

Facts
    * Between stages a frame is kept as Parquet in the work folder, so memory does not grow with the portal.
    * `write` sorts by every column and cuts row groups of fixed size: the same rows give the same bytes.

Not modelled
    * Spark; it comes as a second class behind the same interface.

Where it is used: `kit`, the laws, the benchmarks.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Protocol

import duckdb
import narwhals.stable.v2 as nw
import pyarrow as pa
import pyarrow.parquet as pq

from dynsync_lib.core.model import Column, Table
from dynsync_lib.errors import UsageError

ENGINES: Final = ("duckdb",)
_ROWS_PER_GROUP: Final = 131_072
_ARROW_TYPES: Final = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "flag": pa.bool_(),
    "texts": pa.list_(pa.string()),
}
_NARWHALS_TYPES: Final[Mapping[str, Any]] = {
    "text": nw.String,
    "integer": nw.Int64,
    "number": nw.Float64,
    "flag": nw.Boolean,
}


class Engine(Protocol):
    """What the kit needs of a place that holds tables."""

    def scan(self, path: Path) -> nw.LazyFrame[Any]:
        """The Parquet file as a lazy frame."""
        ...

    def from_rows(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> nw.LazyFrame[Any]:
        """A few rows in memory as a lazy frame; a missing value is null."""
        ...

    def keep(self, frame: nw.LazyFrame[Any], name: str) -> nw.LazyFrame[Any]:
        """The frame computed once; what comes back reads the result."""
        ...

    def write(self, frame: nw.LazyFrame[Any], table: Table, path: Path) -> int:
        """Writes the frame as the table, sorted, always with the same bytes; the number of rows comes out."""
        ...

    def rows(self, frame: nw.LazyFrame[Any]) -> list[dict[str, Any]]:
        """All rows, in no order: for summaries and tests."""
        ...


def refuse_engine(name: str) -> None:
    """Raises UsageError when there is no engine of that name."""
    if name not in ENGINES:
        raise UsageError(f"There is no engine `{name}`.", next_step=f"Use one of: {', '.join(ENGINES)}.")


def open_engine(name: str = "duckdb", *, work: Path | None, memory_gb: float = 3.0) -> DuckDbEngine:
    """The engine of that name; a context manager.

    `work` is a folder for what is kept between stages; None keeps it in memory, which suits small portals.

    Raises UsageError when there is no engine of that name.
    """
    refuse_engine(name)
    return DuckDbEngine(work, memory_gb=memory_gb)


class DuckDbEngine:
    """Tables in DuckDB, kept as Parquet in `work` or, without it, in memory."""

    def __init__(self, work: Path | None, *, memory_gb: float = 3.0) -> None:
        self._work = work
        self._connection = duckdb.connect()
        self._names = itertools.count()
        self._connection.execute(f"SET memory_limit = '{memory_gb}GB'")
        self._connection.execute("SET preserve_insertion_order = false")
        self._connection.execute("SET enable_progress_bar = false")
        if work is not None:
            work.mkdir(parents=True, exist_ok=True)
            self._connection.execute("SET temp_directory = ?", [str(work)])

    def __enter__(self) -> DuckDbEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        self._connection.close()
        return False

    def scan(self, path: Path) -> nw.LazyFrame[Any]:
        """The Parquet file as a lazy frame."""
        return _lazy(self._connection.read_parquet(str(path)))

    def from_rows(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> nw.LazyFrame[Any]:
        """A few rows in memory as a lazy frame; a missing value is null."""
        schema = pa.schema([(column.name, _ARROW_TYPES[column.type]) for column in columns])
        values = {column.name: [row.get(column.name) for row in rows] for column in columns}
        name = f"given_{next(self._names)}"
        self._connection.from_arrow(pa.table(values, schema=schema)).create(name)
        return _lazy(self._connection.table(name))

    def keep(self, frame: nw.LazyFrame[Any], name: str) -> nw.LazyFrame[Any]:
        """The frame computed once; what comes back reads the result."""
        relation = frame.to_native()
        unique = f"{name.replace('/', '_')}_{next(self._names)}"
        if self._work is None:
            relation.create(unique)
            return _lazy(self._connection.table(unique))
        path = self._work / f"{unique}.parquet"
        relation.write_parquet(str(path))
        return self.scan(path)

    def write(self, frame: nw.LazyFrame[Any], table: Table, path: Path) -> int:
        """Writes the frame as the table, sorted, always with the same bytes; the number of rows comes out."""
        others = [name for name in table.column_names if name not in table.order]
        typed = frame.select(*(_typed(column) for column in table.columns))
        ordered = typed.sort(*table.order, *others, nulls_last=False)
        schema = pa.schema([(column.name, _ARROW_TYPES[column.type]) for column in table.columns])
        return _write_parquet(ordered.to_native().to_arrow_reader(_ROWS_PER_GROUP), schema, path)

    def rows(self, frame: nw.LazyFrame[Any]) -> list[dict[str, Any]]:
        """All rows, in no order: for summaries and tests."""
        table: pa.Table = frame.to_native().to_arrow_table()
        return list(table.to_pylist())


def _lazy(relation: Any) -> nw.LazyFrame[Any]:
    frame: nw.LazyFrame[Any] = nw.from_native(relation)
    return frame


def _typed(column: Column) -> nw.Expr:
    return nw.col(column.name).cast(_NARWHALS_TYPES[column.type])


def _write_parquet(batches: Iterable[pa.RecordBatch], schema: pa.Schema, path: Path) -> int:
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in _groups(batches, schema):
            writer.write_table(group, row_group_size=_ROWS_PER_GROUP)
            rows += group.num_rows
    return rows


def _groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """The same rows in tables of exactly `_ROWS_PER_GROUP` rows; the engine's batches have any size."""
    waiting = schema.empty_table()
    for batch in batches:
        waiting = pa.concat_tables([waiting, pa.Table.from_batches([batch]).cast(schema)])
        while waiting.num_rows >= _ROWS_PER_GROUP:
            yield waiting.slice(0, _ROWS_PER_GROUP).combine_chunks()
            waiting = waiting.slice(_ROWS_PER_GROUP)
    if waiting.num_rows:
        yield waiting.combine_chunks()
