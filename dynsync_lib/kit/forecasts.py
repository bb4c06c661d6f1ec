"""Forecasts of a snapshot, what they say of one record, and what two snapshots say."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dynsync_lib.core.advice.lookup_recipes import find_recipes
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.situation import Situation
from dynsync_lib.engine import AUTO, Engine
from dynsync_lib.forecasts import explanations
from dynsync_lib.forecasts.explanations import Explained
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.forecasts.open_snapshot import open_situation, open_tables, read_catalogue
from dynsync_lib.forecasts.replay_folder import Replay, write_replay
from dynsync_lib.forecasts.write_forecast import write_forecast
from dynsync_lib.kit import tables
from dynsync_lib.kit.rulebooks import read_settings, rulebook
from dynsync_lib.snapshot.snapshot import Snapshot, open_snapshot

if TYPE_CHECKING:
    import pandas as pd


def forecast(
    snapshot: Path | Snapshot,
    settings: Path | Settings,
    out: Path,
    *,
    engine: str = AUTO,
    assumptions: Mapping[str, str] | None = None,
    bindings: Path | None = None,
    beside: Sequence[Path] = (),
    csv: bool = False,
) -> Forecast:
    """The forecast of a snapshot under settings, written to `out` as Parquet (and CSV when asked).

    `engine` is where the tables are computed: auto, duckdb, polars or spark; `auto` picks by the size of the portals.
    `assumptions` win over those of the settings file. `bindings` goes on from an earlier run: the folder of a forecast,
    or a file of pairs. `beside` are snapshots of further Dynamics environments of the same portal. Whatever stood in
    `out` as an earlier forecast is replaced when this one is whole. Raises SettingsError, SnapshotError or UsageError
    before anything is written.
    """
    opened = open_snapshot(snapshot) if isinstance(snapshot, Path) else snapshot
    if isinstance(settings, Path):
        settings = read_settings(settings, snapshot=opened, overrides=assumptions)
    elif assumptions:
        settings = replace(settings, assumptions={**settings.assumptions, **assumptions})
    others = [open_snapshot(one) for one in beside]
    return write_forecast(
        opened, settings, out, rulebook=rulebook(), engine=engine, bindings=bindings, beside=others, csv=csv
    )


def lookup_recipes(snapshot: Path, settings: Path) -> pd.DataFrame:
    """What text column to put in the place of each lookup, which cannot sync; one row per lookup of an enabled object.

    Columns: see `kit.tables.recipe_table`. Raises SettingsError or SnapshotError.
    """
    opened = open_snapshot(snapshot)
    checked = read_settings(settings, snapshot=opened)
    objects = [object_ for object_, sync in checked.sync.items() if sync.enabled]
    with (
        tempfile.TemporaryDirectory(prefix="dynsync-") as work,
        open_tables(opened, work=Path(work)) as engine,
    ):
        return tables.recipe_table(find_recipes(prepare_situation(engine, opened, checked), objects))


def prepare_situation(engine: Engine, snapshot: Snapshot, settings: Settings) -> Situation:
    """Everything the core may look at, with the snapshot's tables in an engine: for whoever wants single stages."""
    return open_situation(engine, snapshot, settings, rulebook())


def replay(
    before: Path,
    after: Path,
    settings: Path,
    out: Path,
    *,
    bindings: Path | None = None,
    assumptions: Mapping[str, str] | None = None,
    csv: bool = False,
) -> Replay:
    """What would have travelled between two snapshots once the sync was on, and which pairs have escaped their filter.

    The pairs are those of `bindings` (a forecast, or a file) or, without it, of a forecast of the earlier snapshot.
    """
    earlier, later = open_snapshot(before), open_snapshot(after)
    checked = read_settings(settings, snapshot=later, overrides=assumptions)
    with tempfile.TemporaryDirectory(prefix="dynsync-") as work:
        pairs = bindings or forecast(earlier, checked, Path(work) / "forecast").folder
        return write_replay(earlier, later, out, settings=checked, rulebook=rulebook(), bindings=pairs, csv=csv)


def explain(told: Forecast, key: str, *, snapshot: Path | None = None) -> Explained:
    """The chain of every record that an id, GUID, e-mail address or name means.

    See `forecasts.explanations.explain`.
    """
    return explanations.explain(told, key, rulebook=rulebook(), catalogue_of=read_catalogue, snapshot=snapshot)
