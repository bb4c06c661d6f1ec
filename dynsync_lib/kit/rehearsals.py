"""Rehearsals of the initial sync in two test portals, from the plan to the clean-up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dynsync_lib.errors import UsageError

if TYPE_CHECKING:
    from dynsync_lib.rehearsal.rehearsal_folder import Rehearsal
    from dynsync_lib.snapshot.snapshot import Snapshot


def plan_rehearsal(
    snapshot: str | Path | Snapshot, settings: str | Path, out: str | Path, *, key: bytes | None = None
) -> Rehearsal:
    """A rehearsal of a snapshot under settings, planned in the folder `out`; no portal is asked.

    `key` is what pseudonyms are made with; None: that of an earlier plan in `out`, else a new one. The same snapshot,
    settings and key give the same bytes. An earlier plan is replaced unless something of it may stand in a portal.

    Raises SettingsError, SnapshotError or UsageError before anything is written.
    """
    del snapshot, settings, out, key
    raise UsageError("Rehearsals cannot be planned yet.")
