"""Tables in DuckDB, kept between stages as Parquet or, for small portals, in memory.

Facts
    * A sort of some twenty million wide rows does not fit into 3 GB, spilling or not; a large table is sorted in parts,
      one after the other, each as large as a sort that fits.
    * What is kept is Parquet of version 2, whose encodings take a tenth off a forecast's time, and not compressed,
      which takes off nearly another: a kept frame is read two to ten times. Each core reads row groups of its own, so
      those are small: with the usual 122,880 rows a hundred thousand companies were one core's work.
    * Words are kept as dictionaries, ids are not: given up beyond 200 values, a dictionary of ids no longer makes
      keeping a fifth dearer.
    * DuckDB imports pandas for an Arrow table, a parameter, and each literal that Narwhals hands over. That is a third
      of a second, which only small forecasts would feel, and those are left to Polars.
    * What a Parquet file says of itself is read once; asked anew for every plan, it took a fourteenth of the time.
    * Of 2.4 GB for DuckDB the whole forecast of ten million contacts a side makes 3.9 GB for the process.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import narwhals.stable.v2 as nw
import pyarrow as pa
import pyarrow.parquet as pq

from dynsync_lib.arrow_tables import arrow_rows
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.tables import Column, Table
from dynsync_lib.engine.duckdb_connection import open_duckdb
from dynsync_lib.engine.literal_paths import read_literally
from dynsync_lib.engine.parquet_files import ROWS_PER_GROUP, as_written, key_of, write_parquet
from dynsync_lib.engine.spoken_engine import SpokenEngine
from dynsync_lib.folders.temporary_folder import temporary_folder

ROWS_PER_SORT: Final = 4_000_000
_SORTED_AT_ONCE: Final = ROWS_PER_GROUP
"""So many rows are sorted in one go: a query for each part would take longer than it saves."""
_SAMPLED_PER_PART: Final = 1_000
_KEPT: Final = (
    "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION uncompressed, ROW_GROUP_SIZE 40960, DICTIONARY_SIZE_LIMIT 200"
)


class DuckDbEngine(SpokenEngine):
    """Tables in DuckDB, kept as Parquet in `work` or, without it, in memory."""

    def __init__(self, work: Path | None, *, memory_gb: float = 2.4) -> None:
        super().__init__()
        self._work = work
        self._names = itertools.count()
        if work is not None:
            work.mkdir(parents=True, exist_ok=True)
        self._connection = open_duckdb(f"{memory_gb}GB", work, keeps_order=False, knows_files=True)

    def close(self) -> None:
        """Closes the connection; frames cannot be read any more."""
        self._connection.close()

    def scan(self, path: Path) -> Frame:
        """The Parquet file as a lazy frame."""
        return _lazy(read_literally(self._connection, path))

    def from_rows(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> Frame:
        """A few rows in memory as a lazy frame; a missing value is null."""
        name = f"rows_{next(self._names)}"
        with temporary_folder(beside=self._work) as folder:
            path = folder / "rows.parquet"  # an Arrow table, handed over as it is, makes DuckDB import pandas
            pq.write_table(arrow_rows(rows, columns), path)
            read_literally(self._connection, path).create(name)
        return _lazy(self._connection.table(name))

    def keep(self, frame: Frame, name: str) -> Frame:
        """The frame computed once; what comes back reads the result."""
        relation = frame.to_native()
        unique = f"{name.replace('/', '_')}_{next(self._names)}"
        if self._work is None:
            relation.create(unique)
            return _lazy(self._connection.table(unique))
        path = self._work / f"{unique}.parquet"
        quoted = str(path).replace("'", "''")
        relation.query("kept", f"COPY kept TO '{quoted}' ({_KEPT})")
        return self.scan(path)

    def write(self, frame: Frame, table: Table, path: Path) -> int:
        """Writes the frame as the table, sorted, always with the same bytes; the number of rows comes out."""
        return write_parquet(_ahead(self._batches(frame, table)), table, path)

    def _batches(self, frame: Frame, table: Table) -> Iterator[pa.RecordBatch]:
        """The rows in the table's order: sorted in parts that follow each other in it, none much larger than a sort.

        The parts have one value each of the columns that lead the order, which are words: they need not be compared.
        """
        leading, key = key_of(table)
        if self._work is None or key is None or not leading:
            yield from _sorted(frame, table)
            return
        groups = self.rows(frame.group_by(*leading).agg(rows=nw.len()))
        if sum(group["rows"] for group in groups) <= _SORTED_AT_ONCE:
            yield from _sorted(frame, table)
            return
        for group in sorted(groups, key=lambda group: [group[name] for name in leading]):
            part = frame.filter(*(nw.col(name) == group[name] for name in leading))
            for rows in self._ranges(part, key, rows=group["rows"]):
                yield from _sorted(rows, table, alike=leading)

    def _ranges(self, frame: Frame, key: str, *, rows: int) -> Iterator[Frame]:
        """The frame cut by its key, at the values of a sample; no row has a blank key.

        What is cut is read once for each part, so it is kept first.
        """
        count = -(-rows // ROWS_PER_SORT)
        if count == 1:
            yield frame
            return
        frame = self.keep(frame, "sorted_in_parts")
        keys = frame.select(key).to_native()
        sampled = keys.query("keys", f"FROM keys USING SAMPLE reservoir({count * _SAMPLED_PER_PART} ROWS)")
        values = sorted(value for (value,) in sampled.fetchall())
        bounds = [values[part * len(values) // count] for part in range(1, count)]
        for low, high in zip([None, *bounds], [*bounds, None], strict=True):
            part = frame if low is None else frame.filter(nw.col(key) >= low)
            yield part if high is None else part.filter(nw.col(key) < high)

    def rows(self, frame: Frame) -> list[dict[str, Any]]:
        """All rows, in no order: for summaries and tests."""
        table: pa.Table = frame.to_native().to_arrow_table()
        return list(table.to_pylist())


def _sorted(frame: Frame, table: Table, *, alike: Collection[str] = ()) -> Iterator[pa.RecordBatch]:
    """The rows in the table's order; all are `alike` in those columns of it."""
    yield from as_written(frame, table, alike=alike).to_native().to_arrow_reader(ROWS_PER_GROUP)


def _ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same batches; DuckDB works on the next one while the last is written."""
    with ThreadPoolExecutor(1) as beside:
        coming = beside.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = beside.submit(next, batches, None)
            yield batch


def _lazy(relation: Any) -> Frame:
    frame: Frame = nw.from_native(relation)
    return frame
