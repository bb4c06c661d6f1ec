"""The snapshot that a forecast was made of, and the settings that it was made under, found again.

Facts
    * `forecast.json` says where the snapshot lay, seen from the forecast; it is used only when its hash is the same.
    * It also holds what the settings file said, and where the pairs of an earlier run and further snapshots lay.

Where it is used: `forecasts.explanations`, `forecasts.finding_records`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings_file.reader import read_document
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.tables import BINDINGS
from dynsync_lib.engine import Engine
from dynsync_lib.errors import SettingsError, SnapshotError, UsageError
from dynsync_lib.forecasts.earlier_bindings import read_bindings
from dynsync_lib.forecasts.forecast_check import FORECAST_FILE, read_info
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.forecasts.forecast_info import bindings_file
from dynsync_lib.forecasts.open_snapshot import open_situation, read_catalogue
from dynsync_lib.snapshot.snapshot import Snapshot, open_snapshot, sha256_of

_AGAIN = "Make the forecast again with `dynsync forecast`."


def snapshot_of_forecast(forecast: Forecast, named: str | Path | None) -> Snapshot | None:
    """The snapshot that was forecast: the one `named`, or without a name the one where the forecast found it.

    None when nothing is named and it is not there any more, or is not the same. Raises UsageError when the one named is
    not the one that was forecast, and SnapshotError when it is none.
    """
    return _known(forecast) if named is None else _named(forecast, named)


def needed_snapshot(forecast: Forecast, named: str | Path | None) -> Snapshot:
    """The snapshot that was forecast, for what cannot do without. Raises UsageError when it is not there, too."""
    opened = snapshot_of_forecast(forecast, named)
    if opened is None:
        raise UsageError(_say_lost(forecast), next_step="Name it with --snapshot, or make the forecast again.")
    return opened


def _say_lost(forecast: Forecast) -> str:
    """That nothing stands where the snapshot was that was forecast, or something else does."""
    path = forecast.info.get("snapshot")
    if path is None:
        return f"{forecast.folder} does not say where the snapshot is that it was made of, which is needed here."
    snapshot = Path(os.path.normpath(forecast.folder / path))
    state = "is not the same any more" if snapshot.exists() else "is not there"
    return f"{forecast.folder} was made of the snapshot {snapshot}, which is needed here and {state}."


def situation_of_forecast(
    engine: Engine, forecast: Forecast, snapshot: Snapshot, rulebook: Rulebook, *, work: Path
) -> Situation:
    """What the forecast looked at, with the snapshot's tables in an engine; `work` is a folder for what is kept.

    Raises UsageError when the forecast is of a version of the kit that did not keep its settings, when the rules do not
    know them any more, and when pairs of an earlier run or a further snapshot that it was made with are not where they
    were: what is asked of less than the forecast looked at would be another answer.
    """
    info = read_info(forecast.folder)
    document = info.get("settings")
    if document is None:
        raise UsageError(f"{forecast.folder} does not hold the settings it was made under.", next_step=_AGAIN)
    try:
        settings = read_document(
            document,
            file=FORECAST_FILE,
            rulebook=rulebook,
            catalogue=read_catalogue(snapshot),
            overrides=info.get("assumptions"),
        )
    except SettingsError as fault:
        raise UsageError(f"{forecast.folder} was made under other rules: {fault}", next_step=_AGAIN) from fault
    beside = [_further_snapshot(forecast, source) for source in info.get("beside") or []]
    situation = open_situation(engine, snapshot, settings, rulebook, beside=beside)
    if not info.get("bindings"):
        return situation
    bindings = _same_bindings(forecast, info["bindings"])
    return replace(situation, tables={**situation.tables, BINDINGS.name: read_bindings(engine, bindings, work).pairs})


def _known(forecast: Forecast) -> Snapshot | None:
    """The snapshot that was forecast, if it is still there and the same."""
    source = {"path": forecast.info.get("snapshot"), "sha256": forecast.info.get("snapshot_sha256")}
    return _same_snapshot(forecast, source)


def _named(forecast: Forecast, path: str | Path) -> Snapshot:
    opened = open_snapshot(path)
    if opened.manifest_sha256 != forecast.info.get("snapshot_sha256"):
        raise UsageError(
            f"{path} is not the snapshot that {forecast.folder} was made of.",
            next_step="Name that one, or leave --snapshot out.",
        )
    return opened


def _same_snapshot(forecast: Forecast, source: Mapping[str, Any]) -> Snapshot | None:
    """The snapshot of a `path`, seen from the forecast, and a `sha256`; None when it is not there or another one."""
    try:
        opened = open_snapshot(forecast.folder / source["path"]) if source["path"] else None
    except (SnapshotError, OSError):
        return None
    return opened if opened is not None and opened.manifest_sha256 == source["sha256"] else None


def _further_snapshot(forecast: Forecast, source: Mapping[str, Any]) -> Snapshot:
    opened = _same_snapshot(forecast, source)
    if opened is None:
        raise _lost(forecast, "a further snapshot", source["path"])
    return opened


def _same_bindings(forecast: Forecast, source: Mapping[str, Any]) -> Path:
    """The pairs of an earlier run."""
    path = forecast.folder / (source["path"] or "")
    file = bindings_file(path)
    if source["path"] is None or not file.is_file() or sha256_of(file) != source["sha256"]:
        raise _lost(forecast, "pairs of an earlier run", source["path"])
    return path


def _lost(forecast: Forecast, what: str, path: str | None) -> UsageError:
    where = f" ({os.path.normpath(forecast.folder / path)})" if path else ""
    return UsageError(
        f"{forecast.folder} was made with {what}{where}, not there any more or changed.",
        next_step="Put it back as it was, or make the forecast again.",
    )
