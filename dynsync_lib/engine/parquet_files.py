"""One way to write a table as Parquet, whichever engine made the rows.

Facts
    * Row groups have a fixed number of rows, so the same rows in the same order give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import narwhals.stable.v2 as nw
import pyarrow as pa
import pyarrow.parquet as pq

from dynsync_lib.core.model import Column, Table

ROWS_PER_GROUP: Final = 131_072
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


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """The columns as Arrow types."""
    return pa.schema([(column.name, _ARROW_TYPES[column.type]) for column in columns])


def arrow_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> pa.Table:
    """A few rows as an Arrow table; a missing value is null."""
    values = {column.name: [row.get(column.name) for row in rows] for column in columns}
    return pa.table(values, schema=arrow_schema(columns))


def as_written(frame: nw.LazyFrame[Any], table: Table) -> nw.LazyFrame[Any]:
    """The frame with the table's columns and types, sorted by its order and then by every other column."""
    others = [name for name in table.column_names if name not in table.order]
    typed = frame.select(*(nw.col(column.name).cast(_NARWHALS_TYPES[column.type]) for column in table.columns))
    return typed.sort(*table.order, *others, nulls_last=False)


def write_parquet(batches: Iterable[pa.RecordBatch], table: Table, path: Path) -> int:
    """Writes the rows, whose order is kept, as the table; their number comes out."""
    rows, schema = 0, arrow_schema(table.columns)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in _groups(batches, schema):
            writer.write_table(group, row_group_size=ROWS_PER_GROUP)
            rows += group.num_rows
    return rows


def _groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """The same rows in tables of exactly `ROWS_PER_GROUP` rows; the engine's batches have any size."""
    waiting = schema.empty_table()
    for batch in batches:
        waiting = pa.concat_tables([waiting, pa.Table.from_batches([batch]).cast(schema)])
        while waiting.num_rows >= ROWS_PER_GROUP:
            yield waiting.slice(0, ROWS_PER_GROUP).combine_chunks()
            waiting = waiting.slice(ROWS_PER_GROUP)
    if waiting.num_rows:
        yield waiting.combine_chunks()
