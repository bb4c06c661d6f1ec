"""Customers' data that the kit wrote, listed and removed when its time is over.

Where it is used: `kit`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dynsync_lib.errors import UsageError
from dynsync_lib.kit.rulebooks import read_settings

if TYPE_CHECKING:
    from dynsync_lib.retention.purge import Purge

_MOST_DAYS: Final = 36_500


def purge(
    folder: str | Path = ".",
    *,
    days: int | None = None,
    settings: str | Path = "dynsync.toml",
    yes: bool = False,
    now: datetime | None = None,
) -> Purge:
    """What of the kit below a folder holds customers' data, and of it what is older than allowed; removed with `yes`.

    Looked for are snapshots, forecasts, replays, verifications, rehearsals, worklists, their decisions, files of fixes
    and go-live packs. They are kept for `days` after the moment of their snapshot; without `days` the settings say for
    how many (`retention_days` under `[privacy]`). `now` is the moment to judge by, None the machine's. CSV lists and
    reports bear no date and are left alone. It reads marks, names and the first sheets of workbooks.

    Raises UsageError when the folder is not there, or when nobody said for how many days, and SettingsError when the
    settings cannot be used.

    >>> kit.purge("out/demo", days=36_500).count("due")
    0
    """
    from dynsync_lib.retention.purge import purge_folder  # brings what writes workbooks, and most commands write none

    if not Path(folder).is_dir():
        raise UsageError(f"{folder} is no folder.", next_step="Name the folder of the engagement.")
    kept = read_settings(settings).privacy.retention_days if days is None else days
    if kept is None:
        raise UsageError(
            f"{settings} does not say for how many days customers' data is kept.",
            next_step="Write `retention_days` under [privacy], or name --days.",
        )
    if not 0 <= kept <= _MOST_DAYS:
        nearest = "Name 0 or more." if kept < 0 else f"Name {_MOST_DAYS:,} or fewer."
        raise UsageError(f"{kept:,} is no number of days from 0 to {_MOST_DAYS:,}.", next_step=nearest)
    return purge_folder(Path(folder), days=kept, now=now or datetime.now(UTC), removes=yes)
