"""The chains of the records a key means, from a forecast's folder and its snapshot, shown as text or as a ladder.

Facts
    * `forecast.json` says where the snapshot lay, seen from the forecast; it is used only when its hash is the same.
    * A masked forecast tells nobody's address, name or value here either.

Where it is used: `kit.explain`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from dynsync_lib.core.explain.chain import Evidence, Explanation, explain_record
from dynsync_lib.core.fields.catalogue import Catalogue
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.tables import RECORD_TABLES, UNRESOLVED_LOOKUPS
from dynsync_lib.engine import Engine
from dynsync_lib.forecasts.forecast_check import read_info
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.forecasts.forecast_snapshot import snapshot_of_forecast
from dynsync_lib.forecasts.opened_forecast import open_forecast_tables
from dynsync_lib.snapshot.snapshot import Snapshot


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
    def __getitem__(self, index: int) -> Explanation: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Explanation]: ...
    def __getitem__(self, index: int | slice) -> Explanation | Sequence[Explanation]:
        return self.chains[index]

    def _repr_html_(self) -> str:
        from dynsync_lib.report.ladder import ladders  # whoever computes a forecast need not wait for what draws

        return ladders(self.chains)._repr_html_()

    def __repr__(self) -> str:
        lines = [f"{chain.system} {chain.object} {chain.record_id}: {chain.outcome}" for chain in self.chains]
        return "\n".join(lines) or "No record has that id, address or name."


def explain(
    forecast: Forecast,
    key: str,
    *,
    rulebook: Rulebook,
    catalogue_of: Callable[[Snapshot], Catalogue],
    snapshot: str | Path | None = None,
) -> Explained:
    """The chains of the records that the key means; none when it means nobody.

    Without `snapshot` it is looked for where the forecast found it; without any the forecast alone speaks.
    Raises UsageError when the snapshot named is not the one that was forecast.
    """
    opened = snapshot_of_forecast(forecast, snapshot)
    with open_forecast_tables(forecast) as forecasted:
        evidence = Evidence(
            tables=forecasted.tables,
            info=read_info(forecast.folder) if forecast.is_masked else forecast.info,
            rulebook=rulebook,
            records=_records(forecasted.engine, opened) if opened else {},
            catalogue=catalogue_of(opened) if opened else None,
            taken_at=opened.taken_at if opened else None,
            mask=forecast.mask,
            unresolved=_unresolved(forecasted.engine, opened) if opened else None,
        )
        return Explained(key, explain_record(evidence, key))


def _records(engine: Engine, snapshot: Snapshot) -> dict[str, Any]:
    names = [name for name, table in RECORD_TABLES.items() if table.object is not None]
    return {name: engine.scan(snapshot.table_path(name)) for name in names}


def _unresolved(engine: Engine, snapshot: Snapshot) -> Any:
    """The snapshot's names that mean no single record; None when it has none."""
    name = UNRESOLVED_LOOKUPS.name
    return engine.scan(snapshot.table_path(name)) if snapshot.has_table(name) else None
