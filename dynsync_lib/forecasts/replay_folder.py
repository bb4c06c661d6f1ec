"""A replay's folder: what would have travelled between two snapshots, and which pairs have escaped their filter.

Facts
    * `changes` has the columns of the forecast, `escapes` those of `core.replay.ESCAPES`; `replay.json` says of what.
    * The folder appears when it is whole; an earlier replay in its place is replaced, anything else refused.

Where it is used: `kit`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.model import System
from dynsync_lib.core.replay import ESCAPES, replay_snapshots
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.tables import CHANGES, Table
from dynsync_lib.engine import Engine
from dynsync_lib.errors import SnapshotError, UsageError
from dynsync_lib.folders.own_folder import Content, FolderKind, content_of, is_digest, listed_names
from dynsync_lib.folders.replaced_folder import replaced_folder
from dynsync_lib.forecasts.compared_mappings import compared_in_each, mappings_of
from dynsync_lib.forecasts.csv_files import write_csv
from dynsync_lib.forecasts.earlier_bindings import read_bindings
from dynsync_lib.forecasts.forecast_folder import read_table
from dynsync_lib.forecasts.open_snapshot import open_situation, open_tables
from dynsync_lib.shapes import Named, misshapen
from dynsync_lib.snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd

REPLAY_FILE: Final = "replay.json"
_TABLES: Final[Mapping[str, Table]] = {"changes": CHANGES, "escapes": ESCAPES}


def _names_of_replay(content: Content) -> re.Pattern[str] | None:
    """The files that a `replay.json` names; None when it is not that of a replay."""
    snapshots = [content.get("before"), content.get("after")]
    digests = [said.get("snapshot_sha256") if isinstance(said, dict) else None for said in snapshots]
    if not all(map(is_digest, [*digests, content.get("settings_sha256")])):
        return None
    return listed_names(content, [f"{name}.parquet" for name in _TABLES])


_SHAPE: Final = {"counts": Named(int)}
REPLAY_FOLDER: Final = FolderKind("a replay", REPLAY_FILE, _names_of_replay)


@dataclass(frozen=True, slots=True)
class Replay:
    """One replay. `info` is `replay.json`; its `counts` say how many rows of `changes` bear which note.

    `mappings_not_compared` names, of `mappings` in all, those of which one of the snapshots lacks a column.
    """

    folder: Path
    info: Mapping[str, Any]

    @property
    def changes(self) -> pd.DataFrame:
        """One row per field of a pair that would have travelled, or was held back; the note says why."""
        return read_table(self.folder / "changes.parquet")

    @property
    def escapes(self) -> pd.DataFrame:
        """One row per pair that a filter would no longer let in."""
        return read_table(self.folder / "escapes.parquet")


def open_replay(folder: Path) -> Replay:
    """The replay in a folder; its tables are read when they are asked for. Raises SnapshotError when it is none."""
    info = content_of(folder, REPLAY_FOLDER)
    if info is None or misshapen(info, _SHAPE) is not None:
        raise SnapshotError(f"{folder} is no replay.", next_step="Make one with `dynsync replay`.")
    return Replay(folder, info)


def write_replay(
    before: Snapshot,
    after: Snapshot,
    out: Path,
    *,
    settings: Settings,
    rulebook: Rulebook,
    bindings: Path,
    csv: bool = False,
) -> Replay:
    """The replay of two snapshots of the same portals, in `out`. `bindings` is read by `earlier_bindings`.

    Raises UsageError when the snapshots are in the wrong order or of other portals, `bindings` is none, or `out` holds
    something else.
    """
    _refuse_wrong_order(before, after)
    refuse_other_portals(before, after)
    with replaced_folder(out, REPLAY_FOLDER) as folder:
        with open_tables(before, after, work=folder.work) as engine:
            earlier = open_situation(engine, before, settings, rulebook)
            later = open_situation(engine, after, settings, rulebook)
            earlier_run = read_bindings(engine, bindings, folder.work / "earlier")
            pairs = engine.keep(earlier_run.pairs, "replayed_bindings")
            mappings = compared_in_each(mappings_of(earlier), mappings_of(later))
            tables = replay_snapshots(earlier, replace(later, catalogue=earlier.catalogue), pairs)
            counts = _write_tables(engine, tables, folder.new)
        for name in _TABLES if csv else ():
            write_csv(folder.new / f"{name}.parquet", folder.new / f"{name}.csv")
        info = {**_info(before, after, settings, counts), **mappings.figures, "notes": earlier_run.notes}
        info["files"] = sorted([*(path.name for path in folder.new.iterdir()), REPLAY_FILE])
        (folder.new / REPLAY_FILE).write_text(json.dumps(info, indent=2) + "\n", encoding="utf-8")
    return Replay(out, info)


def refuse_one_snapshot(before: Snapshot, after: Snapshot) -> None:
    """Raises UsageError when both are one snapshot, or one is a copy of the other."""
    if before.manifest_sha256 == after.manifest_sha256:
        raise UsageError(
            f"{before.path} and {after.path} are the same snapshot, so that nothing was synced in between.",
            next_step="Name as the second one a snapshot that was taken after the sync.",
        )


def _refuse_wrong_order(before: Snapshot, after: Snapshot) -> None:
    if before.taken_at > after.taken_at:
        is_known = before.is_taken_at_known and after.is_taken_at_known
        more = "" if is_known else " Of exported files say when they are of: load them again with --taken-at."
        raise UsageError(
            f"{before.path} was taken after {after.path}.",
            next_step=f"Name the earlier snapshot first, then the later.{more}",
        )


def refuse_other_portals(before: Snapshot, after: Snapshot) -> None:
    """Where both snapshots say which portals they are of; exported files need not."""
    for system in System:
        ids = [snapshot.manifest["portals"][system.value]["id"] for snapshot in (before, after)]
        if None not in ids and ids[0] != ids[1]:
            portals = f"{system.label} portals, {ids[0]} and {ids[1]}"
            raise UsageError(
                f"{before.path} and {after.path} are of different {portals}.",
                next_step="Name two snapshots of the same portals.",
            )


def _write_tables(engine: Engine, tables: Mapping[str, Frame], folder: Path) -> dict[str, int]:
    """Writes the tables; out come the number of `escapes` and the rows of `changes` by note."""
    paths = {name: folder / f"{name}.parquet" for name in tables}
    rows = {name: engine.write(frame, _TABLES[name], paths[name]) for name, frame in tables.items()}
    by_note = engine.rows(engine.scan(paths["changes"]).group_by("note").agg(count=nw.len()))
    notes = {str(row["note"]): row["count"] for row in sorted(by_note, key=lambda row: row["note"])}
    return {"escapes": rows["escapes"]} | notes


def _info(before: Snapshot, after: Snapshot, settings: Settings, counts: Mapping[str, int]) -> dict[str, Any]:
    return {
        "before": _facts_of(before),
        "after": _facts_of(after),
        "settings_sha256": settings.digest,
        "counts": dict(counts),
    }


def _facts_of(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "taken_at": snapshot.manifest["finished_at"],
        "taken_at_known": snapshot.is_taken_at_known,
        "snapshot_sha256": snapshot.manifest_sha256,
    }
