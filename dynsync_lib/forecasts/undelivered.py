"""Which tables of a snapshot are missing, so that what is decided without them is not checked.

Where it is used: `forecasts.settings_difference`, `scenarios.scenarios`.
"""

from __future__ import annotations

from collections.abc import Iterator

from dynsync_lib.core.model import System
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.tables import record_table
from dynsync_lib.snapshot.snapshot import Snapshot


def say_undelivered(snapshot: Snapshot, *settings: Settings) -> Iterator[str]:
    """A sentence for each record table that the snapshot lacks, of objects that are on in any of the settings."""
    wanted = dict.fromkeys(
        record_table(object_, system).name
        for checked in settings
        for object_, sync in checked.sync.items()
        if sync.enabled
        for system in System
    )
    for name in wanted:
        if not snapshot.is_provided(name):
            yield f"Not checked: {name} was not delivered, and whatever has its counterpart there counts as created."
