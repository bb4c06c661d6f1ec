"""Opens DuckDB with the options that the kit needs; what its versions name differently is said here and nowhere else.

Facts
    * 1.5.6 and 2.0.1 take the same options and make the same bytes; `.ci/try-duckdb` compares the newest with the
      locked one.
    * Without a folder to spill to it would make one of the name `.tmp` in the working folder.
    * DuckDB would load an extension from the user's folder, or from the network, when a query seems to need one. All
      that the kit needs is compiled into it, so nothing is loaded.
    * An option given later as a parameter makes DuckDB import pandas, a third of a second.

Where it is used: `engine.duckdb_engine`, `forecasts.table_reader`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import duckdb

_NOTHING_FROM_OUTSIDE: Final = dict.fromkeys(
    ("autoinstall_known_extensions", "autoload_known_extensions", "allow_community_extensions"), "false"
)


def open_duckdb(
    memory: str, spill: Path | None, *, keeps_order: bool = True, knows_files: bool = False
) -> duckdb.DuckDBPyConnection:
    """A connection to a database of its own, to be closed after use.

    `memory` is the most that it uses, as DuckDB writes it (`2.4GB`); what needs more goes to `spill`, or fails where
    that is None. `keeps_order`: rows that nothing sorts stay in their order. `knows_files`: what a Parquet file says of
    itself is read once, so files must not change.
    """
    config: dict[str, Any] = {"memory_limit": memory, "preserve_insertion_order": str(keeps_order).lower()}
    config |= _NOTHING_FROM_OUTSIDE | {"temp_directory": "" if spill is None else str(spill)}
    connection = duckdb.connect(config=config)
    connection.execute(f"SET enable_progress_bar = false; SET parquet_metadata_cache = {str(knows_files).lower()}")
    return connection
