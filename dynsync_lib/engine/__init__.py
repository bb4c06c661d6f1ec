"""Where the tables live: one small interface over DuckDB, Polars and Spark; the core sees lazy frames only.

Facts
    * DuckDB is enough for every size on one machine: between stages a frame is kept as Parquet in the work folder, so
      memory does not grow with the portal. Spark, an optional extra, is the way out.
    * Small portals are left to Polars, in memory: twice as quick at a hundred thousand contacts a side, where it takes
      1.1 GB and DuckDB 0.4 GB, and several times at a few thousand. With forty mappings and 3.6 million changes it took
      3.0 GB at the most that counts as small, DuckDB 2.6 GB.
    * DuckDB and Spark are described to through Narwhals, Polars without it: an engine that is open says which
      (`core.frames`). Whoever opens two at once speaks to the one that was opened last.
    * An engine's library is imported when the engine is opened: each takes a quarter of a second.
    * All engines write through `parquet_files`, which orders every row: the same rows give the same bytes on each.

Not modelled
    * A Spark cluster is never set up here; a session that is active already (a notebook on one) is used as it is, and
      then the work folder must be on a disk that all its machines see.

Where it is used: `kit`, the laws, the benchmarks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, Protocol

from dynsync_lib.core.frames import Frame
from dynsync_lib.core.tables import Column, Table
from dynsync_lib.engine.spark_needs import refuse_spark_without_its_needs
from dynsync_lib.errors import UsageError

__all__ = ["AUTO", "ENGINES", "SMALL_PORTAL_ROWS", "Engine", "open_engine", "open_engine_for", "refuse_engine"]

AUTO: Final = "auto"
"""Whichever engine suits the size of the portals."""
ENGINES: Final = ("duckdb", "polars", "spark")
SMALL_PORTAL_ROWS: Final = 250_000
"""Up to so many records, both sides together, portals count as small."""


class Engine(Protocol):
    """What the kit needs of a place that holds tables."""

    def scan(self, path: Path) -> Frame:
        """The Parquet file as a lazy frame."""
        ...

    def from_rows(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> Frame:
        """A few rows in memory as a lazy frame; a missing value is null."""
        ...

    def keep(self, frame: Frame, name: str) -> Frame:
        """The frame computed once; what comes back reads the result."""
        ...

    def write(self, frame: Frame, table: Table, path: Path) -> int:
        """Writes the frame as the table, sorted, always with the same bytes; the number of rows comes out."""
        ...

    def rows(self, frame: Frame) -> list[dict[str, Any]]:
        """All rows, in no order: for summaries and tests."""
        ...


def refuse_engine(name: str) -> None:
    """Raises UsageError when there is no engine of that name, or what it needs is not installed."""
    if name not in (AUTO, *ENGINES):
        raise UsageError(f"There is no engine `{name}`.", next_step=f"Use one of: {', '.join((AUTO, *ENGINES))}.")
    if name == "spark":
        refuse_spark_without_its_needs()


def open_engine(
    name: str = AUTO, *, work: Path | None, memory_gb: float = 2.4
) -> AbstractContextManager[Engine, bool | None]:
    """The engine of that name, or for `auto` Polars without a `work` folder and DuckDB with one; a context manager.

    `work` is a folder for what is kept between stages; None keeps it in memory, as Polars always does.

    Raises UsageError when there is no engine of that name, or what it needs is not installed.
    """
    refuse_engine(name)
    if name == "polars" or (name == AUTO and work is None):
        from dynsync_lib.engine.polars_engine import PolarsEngine

        return PolarsEngine()
    if name in (AUTO, "duckdb"):
        from dynsync_lib.engine.duckdb_engine import DuckDbEngine

        return DuckDbEngine(work, memory_gb=memory_gb)
    from dynsync_lib.engine.spark_engine import SparkEngine

    return SparkEngine(work, memory_gb=memory_gb)


def open_engine_for(records: int, *, work: Path, name: str = AUTO) -> AbstractContextManager[Engine, bool | None]:
    """The engine for portals of so many records, both sides together; a context manager.

    What it keeps between stages is in memory up to `SMALL_PORTAL_ROWS`, beyond that in a folder under `work`, which is
    made. `auto` is Polars in the first case, DuckDB in the second. Raises UsageError as `open_engine` does.
    """
    return open_engine(name, work=work / "stages" if records > SMALL_PORTAL_ROWS else None)
