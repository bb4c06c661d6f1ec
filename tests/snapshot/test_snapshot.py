"""The snapshot folder: written once, whole or not there, checked when opened."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.errors import SnapshotError
from dynsync_lib.snapshot.snapshot import TABLE_NAMES, Snapshot, open_snapshot
from dynsync_lib.snapshot.writer import SnapshotWriter, rows_per_group

BEGUN = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)
ENDED = datetime(2026, 11, 23, 9, 5, 30, tzinfo=UTC)


def _write(out: Path, rows: list[dict[str, object]]) -> Snapshot:
    with SnapshotWriter(out, source="files", started_at=BEGUN) as writer:
        writer.write("hubspot/deals", rows, vendor_columns=["hs_object_id", "amount"], server_rows=3)
        writer.write_json("hubspot/account.json", {"portalId": 424242, "accountType": "SANDBOX"})
        return writer.finish(finished_at=ENDED, facts={"standard_schema": {"hubspot": True}})


def _rows(count: int) -> list[dict[str, object]]:
    return [{"id": str(n), "api_rank": n, "hs_object_id": str(n), "amount": f"{n}.50"} for n in range(count)]


def test_finish__every_table_is_there(tmp_path: Path) -> None:
    snapshot = _write(tmp_path / "monday", _rows(2))
    assert sorted(snapshot.manifest["tables"]) == sorted(TABLE_NAMES)
    for name in TABLE_NAMES:
        assert pq.read_schema(snapshot.table_path(name)).names == list(snapshot.columns(name))
    assert snapshot.rows("hubspot/deals") == 2
    assert snapshot.manifest["tables"]["hubspot/deals"]["server_rows"] == 3
    assert not snapshot.is_provided("dynamics/leads")
    assert snapshot.columns("dynamics/leads") == tuple(c.name for c in RECORD_TABLES["dynamics/leads"].structure)


def test_finish__manifest_names_portal_and_times(tmp_path: Path) -> None:
    snapshot = _write(tmp_path / "monday", [])
    assert snapshot.manifest["started_at"] == "2026-11-23T09:00:00Z"
    assert snapshot.taken_at == ENDED
    assert snapshot.manifest["portals"] == {
        "hubspot": {"id": "424242", "type": "SANDBOX"},
        "dynamics": {"id": None, "type": None},
    }
    assert snapshot.manifest["caller"] == {"dynamics": None}


@pytest.mark.parametrize(
    ("amount", "untrimmed"),
    [
        ("7", []),
        ("", []),
        (None, []),
        ("7 \t8", []),
        ("7\u200b8", []),
        (" 7", ["amount"]),
        ("7\n", ["amount"]),
        (" ", ["amount"]),
        ("\u00a07", ["amount"]),
        ("7\u3000", ["amount"]),
        ("\ufeff7", ["amount"]),
        ("7\u200b", ["amount"]),
    ],
)
def test_finish__tells_columns_with_outer_white_space(tmp_path: Path, amount: str | None, untrimmed: list[str]) -> None:
    rows = [{"id": str(n), "api_rank": n, "hs_object_id": str(n), "amount": "7"} for n in range(3)]
    snapshot = _write(tmp_path / "monday", [*rows, {"id": "3", "api_rank": 3, "hs_object_id": "3", "amount": amount}])
    assert snapshot.manifest["tables"]["hubspot/deals"]["untrimmed"] == untrimmed
    assert {"amount", "hs_object_id"} - snapshot.trimmed_columns("hubspot/deals") == set(untrimmed)


def test_finish__white_space_in_the_first_group_is_not_forgotten(tmp_path: Path) -> None:
    rows = [{"id": "0", "api_rank": 0, "hs_object_id": "0", "amount": " 1"}, *_rows(70_000)]
    assert _write(tmp_path / "monday", rows).manifest["tables"]["hubspot/deals"]["untrimmed"] == ["amount"]


def test_trimmed_columns__nothing_is_known_of_an_older_snapshot(tmp_path: Path) -> None:
    snapshot = _write(tmp_path / "monday", _rows(2))
    manifest = json.loads((snapshot.path / "manifest.json").read_text(encoding="utf-8"))
    del manifest["tables"]["hubspot/deals"]["untrimmed"]
    (snapshot.path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert open_snapshot(snapshot.path).trimmed_columns("hubspot/deals") == frozenset()


def test_finish__same_rows_same_bytes(tmp_path: Path) -> None:
    first, second = _write(tmp_path / "a", _rows(5)), _write(tmp_path / "b", _rows(5))
    assert first.manifest_sha256 == second.manifest_sha256


def test_finish__folder_is_private(tmp_path: Path) -> None:
    snapshot = _write(tmp_path / "monday", [])
    assert stat.S_IMODE(snapshot.path.stat().st_mode) == 0o700


def test_write__owner_id_is_one_column(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path / "s", source="files", started_at=BEGUN) as writer:
        writer.write("hubspot/owners", [{"id": "7", "api_rank": 0}], vendor_columns=["id", "firstName"])
        snapshot = writer.finish(finished_at=ENDED, facts={})
    assert snapshot.columns("hubspot/owners").count("id") == 1


def test_writer__without_finish_nothing_is_left(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path / "s", source="files", started_at=BEGUN) as writer:
        writer.write("hubspot/deals", _rows(1), vendor_columns=["hs_object_id"])
    assert list(tmp_path.iterdir()) == []


_KILLED = """
import os, pathlib, signal, sys
from tests.snapshot import test_snapshot as tests
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "before":
    rename = os.replace
    os.replace = lambda source, target: die() if pathlib.Path(target).name == "s" else rename(source, target)
else:
    pathlib.Path.unlink = die
tests._write(pathlib.Path(sys.argv[1]), [])
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_writer__killed_as_it_ends_leaves_a_whole_snapshot_or_one_that_is_made_again(
    tmp_path: Path, moment: str
) -> None:
    call = [sys.executable, "-c", _KILLED, str(tmp_path / "s"), moment]
    ended = subprocess.run(call, cwd=Path(__file__).parents[2], check=False)
    assert ended.returncode == -signal.SIGKILL
    if moment == "before":
        assert [path.name for path in tmp_path.iterdir()] == ["s.part"]
        _write(tmp_path / "s", [])
    assert [path.name for path in tmp_path.iterdir()] == ["s"]
    assert open_snapshot(tmp_path / "s").rows("hubspot/deals") == 0


def test_writer__target_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "precious.txt").write_text("keep me")
    with pytest.raises(SnapshotError, match="exists already"):
        SnapshotWriter(tmp_path / "s", source="files", started_at=BEGUN)
    assert (tmp_path / "s" / "precious.txt").read_text() == "keep me"


def test_rows_per_group__wide_tables_have_smaller_groups() -> None:
    assert [rows_per_group(columns) for columns in (0, 10, 100, 600, 5_000)] == [65_536, 65_536, 20_000, 3_333, 1_024]


def test_write__many_rows_go_to_disk_in_groups(tmp_path: Path) -> None:
    snapshot = _write(tmp_path / "s", _rows(70_000))
    file = pq.ParquetFile(snapshot.table_path("hubspot/deals"))
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [65_536, 4_464]


def test_open_snapshot__no_manifest(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="no manifest") as error:
        open_snapshot(tmp_path)
    assert "dynsync pull" in error.value.next_step


def test_open_snapshot__other_version(tmp_path: Path) -> None:
    snapshot = _write(tmp_path / "s", [])
    file = snapshot.path / "manifest.json"
    file.write_text(json.dumps({**snapshot.manifest, "schema_version": 99}))
    with pytest.raises(SnapshotError, match="schema version 99"):
        open_snapshot(snapshot.path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}"])
def test_open_snapshot__damaged_manifest(tmp_path: Path, text: str) -> None:
    snapshot = _write(tmp_path / "s", [])
    (snapshot.path / "manifest.json").write_text(text)
    with pytest.raises(SnapshotError, match="cannot be read"):
        open_snapshot(snapshot.path)


def test_open_snapshot__changed_table(tmp_path: Path) -> None:
    snapshot = _write(tmp_path / "s", _rows(2))
    file = snapshot.table_path("hubspot/deals")
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(SnapshotError, match="changed after"):
        open_snapshot(snapshot.path)


def test_open_snapshot__lost_table(tmp_path: Path) -> None:
    snapshot = _write(tmp_path / "s", _rows(2))
    snapshot.table_path("hubspot/deals").unlink()
    with pytest.raises(SnapshotError, match=r"lacks hubspot/deals\.parquet"):
        open_snapshot(snapshot.path)
