"""The chains of the records a key means, from a forecast's folder and its snapshot, shown as text or as a ladder.

Facts
    * `forecast.json` says where the snapshot lay, seen from the forecast; it is used only when its hash is the same.
    * A masked forecast tells nobody's address, name or value here either.

Where it is used: `kit.explain`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from dynsync_lib.core.explain.chain import Evidence, Explanation, explain_record
from dynsync_lib.core.fields.catalogue import Catalogue
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.tables import FORECAST_TABLES, RECORD_TABLES
from dynsync_lib.engine import Engine, open_engine_for
from dynsync_lib.errors import SnapshotError, UsageError
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.snapshot.snapshot import Snapshot, open_snapshot


@dataclass(frozen=True, slots=True)
class Explained(Sequence[Explanation]):
    """The chains of every record that `key` means; in a notebook one ladder for each."""

    key: str
    chains: tuple[Explanation, ...]

    def __len__(self) -> int:
        return len(self.chains)

    def __iter__(self) -> Iterator[Explanation]:
        return iter(self.chains)

    @overload
    def __getitem__(self, place: int) -> Explanation: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Explanation]: ...
    def __getitem__(self, place: int | slice) -> Explanation | Sequence[Explanation]:
        return self.chains[place]

    def _repr_html_(self) -> str:
        from dynsync_lib.report.ladder import ladders  # whoever computes a forecast need not wait for what draws

        return ladders(self.chains)._repr_html_()

    def __repr__(self) -> str:
        lines = [f"{one.system} {one.object} {one.record_id}: {one.outcome}" for one in self.chains]
        return "\n".join(lines) or "No record has that id, address or name."


def explain(
    told: Forecast,
    key: str,
    *,
    rulebook: Rulebook,
    catalogue_of: Callable[[Snapshot], Catalogue],
    snapshot: str | Path | None = None,
) -> Explained:
    """The chains of the records that the key means; none when it means nobody.

    Without `snapshot` it is looked for where the forecast found it; without one at all the forecast alone speaks.
    Raises UsageError when the snapshot named is not the one that was forecast.
    """
    found = _known_snapshot(told) if snapshot is None else _named_snapshot(told, snapshot)
    records = sum(told.info["records"].values())
    with tempfile.TemporaryDirectory(prefix="dynsync-") as work, open_engine_for(records, work=Path(work)) as engine:
        evidence = Evidence(
            tables={name: engine.scan(told.folder / f"{name}.parquet") for name in FORECAST_TABLES},
            info=told.info,
            rulebook=rulebook,
            records=_records(engine, found) if found else {},
            catalogue=catalogue_of(found) if found else None,
            taken_at=found.taken_at if found else None,
            hides_people=told.is_masked,
        )
        return Explained(key, explain_record(evidence, key))


def _records(engine: Engine, snapshot: Snapshot) -> dict[str, Any]:
    names = [name for name, table in RECORD_TABLES.items() if table.object is not None]
    return {name: engine.scan(snapshot.table_path(name)) for name in names}


def _known_snapshot(told: Forecast) -> Snapshot | None:
    """The snapshot that was forecast, if it is still there and the same."""
    place = told.info.get("snapshot")
    try:
        found = open_snapshot(told.folder / place) if place else None
    except (SnapshotError, OSError):
        return None
    return found if found is not None and found.manifest_sha256 == told.info["snapshot_sha256"] else None


def _named_snapshot(told: Forecast, path: str | Path) -> Snapshot:
    found = open_snapshot(path)
    if found.manifest_sha256 != told.info["snapshot_sha256"]:
        raise UsageError(
            f"{path} is not the snapshot that {told.folder} was made of.",
            next_step="Name that one, or leave --snapshot out.",
        )
    return found
