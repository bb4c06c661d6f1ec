"""Rehearsals of the initial sync in two test portals, from the plan to the clean-up."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dynsync_lib.errors import UsageError
from dynsync_lib.kit.rulebooks import read_settings, rulebook
from dynsync_lib.snapshot.snapshot import Snapshot, open_snapshot

if TYPE_CHECKING:
    from dynsync_lib.rehearsal.rehearsal_folder import Rehearsal

_KEY_BYTES: Final = 32


def plan_rehearsal(
    snapshot: str | Path | Snapshot,
    settings: str | Path,
    out: str | Path,
    *,
    forecast: str | Path | None = None,
    key: bytes | None = None,
) -> Rehearsal:
    """A rehearsal of a snapshot under settings, planned in the folder `out`; no portal is asked.

    `forecast` is the folder of a forecast of that snapshot under these settings; None: one is made on the way, which
    takes most of the time. `key` is what pseudonyms are made with, at least 16 bytes; None: that of an earlier plan in
    `out`, else a new one. The same snapshot, settings and key give the same bytes. An earlier plan is replaced unless
    something of it may stand in a portal.

    Raises SettingsError, SnapshotError or UsageError before anything is written.

    >>> plan = kit.plan_rehearsal("out/demo/snapshot", "out/demo/dynsync.toml", "out/rehearsal", key=bytes(32))
    >>> len(plan.info["not_covered"]) < len(plan.info["covered"])
    True
    """
    from dynsync_lib.forecasts.forecast_folder import open_forecast
    from dynsync_lib.rehearsal.planning import PlanTask, plan_rehearsal
    from dynsync_lib.rehearsal.rehearsal_folder import kept_key

    if key is not None and len(key) < 16:
        raise UsageError(f"A key of {len(key)} bytes is too short.", next_step="Give 16 bytes or more, or none.")
    opened = snapshot if isinstance(snapshot, Snapshot) else open_snapshot(snapshot)
    checked = read_settings(settings, snapshot=opened)
    task = PlanTask(
        opened,
        checked,
        Path(settings).read_bytes(),
        rulebook(),
        key or kept_key(Path(out)) or secrets.token_bytes(_KEY_BYTES),
    )
    return plan_rehearsal(task, Path(out), open_forecast(forecast) if forecast is not None else None)
