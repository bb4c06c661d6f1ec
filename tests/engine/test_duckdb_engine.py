"""DuckDB: a table too large for one sort is written in parts, with the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from dynsync_lib.core.tables import LINKS
from dynsync_lib.engine import duckdb_engine
from dynsync_lib.engine.duckdb_connection import open_duckdb
from dynsync_lib.engine.duckdb_engine import DuckDbEngine

_ROWS: Final = [
    {
        "from_system": system,
        "from_object": object_,
        "from_id": str(number * 7919 % 1_000),
        "to_object": "company",
        "to_id": str(number % 3),
        "status": "synced",
        "rule_id": "link.both-synced",
    }
    for system in ("hubspot", "dynamics")
    for object_ in ("deal", "contact")
    for number in range(500 if object_ == "contact" else 10)
]


def _written(work: Path, rows: list[dict[str, Any]], *, in_memory: bool = False) -> bytes:
    work.mkdir()
    with DuckDbEngine(None if in_memory else work) as engine:
        frame = engine.keep(engine.from_rows(rows, LINKS.columns), "links")
        assert engine.write(frame, LINKS, work / "links.parquet") == len(rows)
    return (work / "links.parquet").read_bytes()


def test_write__in_a_folder_gives_the_bytes_of_one_sort_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_engine, "_SORTED_AT_ONCE", 0)
    in_memory = _written(tmp_path / "memory", _ROWS, in_memory=True)

    assert _written(tmp_path / "folder", _ROWS) == in_memory


@pytest.mark.parametrize("rows_per_sort", [100, *(pytest.param(rows, marks=pytest.mark.long) for rows in (3, 7, 499))])
def test_write__parts_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_per_sort: int) -> None:
    whole = _written(tmp_path / "whole", _ROWS)
    monkeypatch.setattr(duckdb_engine, "_SORTED_AT_ONCE", 0)
    monkeypatch.setattr(duckdb_engine, "ROWS_PER_SORT", rows_per_sort)
    monkeypatch.setattr(duckdb_engine, "_SAMPLED_PER_PART", 5)

    assert _written(tmp_path / "parts", _ROWS) == whole


def test_keep__in_a_folder_with_a_quote_in_its_name(tmp_path: Path) -> None:
    with DuckDbEngine(tmp_path / "O'Hara's work") as engine:
        kept = engine.keep(engine.from_rows(_ROWS, LINKS.columns), "links")
        assert sorted(row["from_id"] for row in engine.rows(kept)) == sorted(str(row["from_id"]) for row in _ROWS)


def test_write__no_row_is_written_with_parts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb_engine, "_SORTED_AT_ONCE", -1)
    monkeypatch.setattr(duckdb_engine, "ROWS_PER_SORT", 1)

    assert _written(tmp_path / "none", [])[:4] == b"PAR1"


def test_open_duckdb__loads_no_extension_from_outside() -> None:
    names = ("autoinstall_known_extensions", "autoload_known_extensions", "allow_community_extensions")
    with open_duckdb("64MB", None) as connection:
        asked = ", ".join(f"current_setting('{name}')" for name in names)
        assert connection.execute(f"SELECT {asked}").fetchone() == (False, False, False)
        used = "SELECT extension_name FROM duckdb_extensions() WHERE loaded AND install_mode != 'STATICALLY_LINKED'"
        assert connection.execute(used).fetchall() == []
