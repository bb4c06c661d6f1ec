"""The writer of tables: fixed row groups, and one order for rows that tie, however the batches are cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dynsync_lib.arrow_tables import arrow_rows
from dynsync_lib.core.tables import Column, Table
from dynsync_lib.engine.parquet_files import ROWS_PER_GROUP, write_parquet

_TABLE: Final = Table(
    "made_up",
    "one row",
    (
        Column("note", "text", "anything"),
        Column("key", "text", "first of the order"),
        Column("place", "integer", "second of the order"),
        Column("flag", "flag", "anything"),
        Column("share", "number", "anything"),
    ),
    ("key", "place"),
)
_TIED: Final[list[dict[str, Any]]] = [
    {"key": None, "place": 1, "note": "b"},
    {"key": None, "place": 1, "note": None},
    {"key": "a", "place": 1, "note": "only"},
    {"key": "a", "place": 2, "note": "z", "flag": True, "share": 0.5},
    {"key": "a", "place": 2, "note": "z", "flag": False, "share": 0.75},
    {"key": "a", "place": 2, "note": "z", "flag": False, "share": 0.25},
    {"key": "b", "place": 2, "note": "y"},
    {"key": "b", "place": 2, "note": "x"},
]
"""Sorted by key and place, as an engine delivers them; nothing else is."""
_SETTLED: Final = [
    (None, None, 1, None, None),
    ("b", None, 1, None, None),
    ("only", "a", 1, None, None),
    ("z", "a", 2, False, 0.25),
    ("z", "a", 2, False, 0.75),
    ("z", "a", 2, True, 0.5),
    ("x", "b", 2, None, None),
    ("y", "b", 2, None, None),
]


def _written(path: Path) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in pq.read_table(path).to_pylist()]


@pytest.mark.parametrize("rows_per_batch", [1, 2, 3, 5, 8])
def test_write_parquet__rows_that_tie_have_one_order_however_batches_are_cut(
    tmp_path: Path, rows_per_batch: int
) -> None:
    batches = arrow_rows(_TIED, _TABLE.columns).to_batches(rows_per_batch)

    assert write_parquet(batches, _TABLE, tmp_path / "made_up.parquet") == 8
    assert _written(tmp_path / "made_up.parquet") == _SETTLED


def test_write_parquet__the_same_bytes_however_batches_are_cut(tmp_path: Path) -> None:
    rows = arrow_rows([{"key": f"{n:07}", "place": n % 3} for n in range(ROWS_PER_GROUP + 5)], _TABLE.columns)
    files = [tmp_path / f"{size}.parquet" for size in (1_000, 50_000, ROWS_PER_GROUP + 5)]
    for file in files:
        write_parquet(rows.to_batches(int(file.stem)), _TABLE, file)

    assert len({file.read_bytes() for file in files}) == 1
    metadata = pq.ParquetFile(files[0]).metadata
    assert [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)] == [ROWS_PER_GROUP, 5]


def test_write_parquet__no_rows_are_a_table_without_rows(tmp_path: Path) -> None:
    assert write_parquet(iter(()), _TABLE, tmp_path / "none.parquet") == 0
    assert pq.read_table(tmp_path / "none.parquet").schema.types == [
        pa.string(),
        pa.string(),
        pa.int64(),
        pa.bool_(),
        pa.float64(),
    ]
