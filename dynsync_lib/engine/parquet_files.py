"""One way to write a table as Parquet, whichever engine made the rows.

Facts
    * Row groups have a fixed number of rows, so the same rows in the same order give the same bytes.
    * Engines sort by a table's order alone, which hardly ever leaves two rows alike; those that are, the writer puts in
      the order of their other columns. Sorting by every column costs an engine a third more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dynsync_lib.arrow_tables import all_true, arrow_schema, empty_table
from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.tables import Table

ROWS_PER_GROUP: Final = 131_072
_HARDLY_REPEATED: Final = frozenset(
    {"record_id", "counterpart_id", "winner_id", "match_key", "hubspot_id", "dynamics_id", "from_id", "to_id"}
)
"""Columns for which a dictionary of values is work in vain."""


def key_of(table: Table) -> tuple[tuple[str, ...], str | None]:
    """The first column of the order with hardly a value twice, None when it has none, and the columns before it."""
    key = next((name for name in table.order if name in _HARDLY_REPEATED), None)
    return table.order[: table.order.index(key)] if key is not None else table.order, key


def column_type(word: str) -> Any:
    """The type of a column of the kit's tables, as the open engine has it, by the word of `core.tables`."""
    types = {"text": nw.String, "integer": nw.Int64, "number": nw.Float64, "flag": nw.Boolean}
    return types[word]


def as_written(frame: Frame, table: Table, *, alike: Collection[str] = ()) -> Frame:
    """The frame with the table's columns and types, sorted by its order; rows that tie stand in any order.

    Columns of the order in which all rows are `alike` need not be sorted by.
    """
    typed = frame.select(*(nw.col(column.name).cast(column_type(column.type)) for column in table.columns))
    return typed.sort(*(name for name in table.order if name not in alike), nulls_last=False)


def write_parquet(batches: Iterable[pa.RecordBatch], table: Table, path: Path) -> int:
    """Writes the rows, which come in the table's order, as the table; their number comes out.

    Rows that tie are put in the order of their other columns. Statistics are those of the order, by which readers find
    their row groups; smallest and largest values of the rest lead nowhere.
    """
    rows, schema = 0, arrow_schema(table.columns)
    repeated = [name for name in table.column_names if name not in _HARDLY_REPEATED]
    order = list(table.order)
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=repeated, write_statistics=order) as writer:
        for group in _groups(_without_ties(batches, table), schema):
            writer.write_table(group, row_group_size=ROWS_PER_GROUP)
            rows += group.num_rows
    return rows


def _groups(parts: Iterable[pa.Table], schema: pa.Schema) -> Iterator[pa.Table]:
    """The same rows in tables of exactly `ROWS_PER_GROUP` rows; the parts have any size."""
    waiting = empty_table(schema)
    for part in parts:
        waiting = pa.concat_tables([waiting, part])
        while waiting.num_rows >= ROWS_PER_GROUP:
            yield waiting.slice(0, ROWS_PER_GROUP).combine_chunks()
            waiting = waiting.slice(ROWS_PER_GROUP)
    if waiting.num_rows:
        yield waiting.combine_chunks()


def _without_ties(batches: Iterable[pa.RecordBatch], table: Table) -> Iterator[pa.Table]:
    """The same rows, those that tie sorted; the ties of the last row wait, since the next batch may hold more."""
    schema = arrow_schema(table.columns)
    waiting = empty_table(schema)
    for batch in batches:
        rows = pa.concat_tables([waiting, pa.Table.from_batches([batch]).cast(schema)])
        ties = _ties(rows, table.order)
        settled = _last_run(ties)
        waiting = rows.slice(settled)
        yield _sorted(rows.slice(0, settled), ties.slice(0, max(settled - 1, 0)), table)
    yield _sorted(waiting, _ties(waiting, table.order), table)


def _ties(rows: pa.Table, order: Sequence[str]) -> pa.Array:
    """For every row but the first, whether it has the order of the row before it."""
    alike = all_true(max(rows.num_rows - 1, 0))
    for name in sorted(order, key=_HARDLY_REPEATED.__contains__, reverse=True):
        if not pc.any(alike).as_py():
            break
        values = rows.column(name).combine_chunks()
        before, after = values.slice(0, len(alike)), values.slice(1)
        same = pc.equal(before, after)
        if values.null_count:
            both = pc.and_(before.is_valid(), after.is_valid())
            neither = pc.and_(before.is_null(), after.is_null())
            same = pc.or_(neither, pc.and_kleene(both, same))
        alike = pc.and_(alike, same)
    return alike


def _last_run(ties: pa.Array) -> int:
    """Where the run of ties begins that the last row belongs to."""
    position = len(ties)
    while position > 0 and ties[position - 1].as_py():
        position -= 1
    return position


def _sorted(rows: pa.Table, ties: pa.Array, table: Table) -> pa.Table:
    """The rows by every column, nulls first, where any of them tie; as they are otherwise."""
    if not pc.any(ties).as_py():
        return rows
    others = [name for name in table.column_names if name not in table.order]
    keys = {}
    for name in (*table.order, *others):
        keys[f"is given {name}"] = pc.is_valid(rows.column(name))
        keys[name] = rows.column(name)
    return rows.take(pc.sort_indices(pa.table(keys), sort_keys=[(name, "ascending") for name in keys]))
