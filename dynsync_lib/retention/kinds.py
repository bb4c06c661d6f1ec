"""The kinds of folders and files with customers' data that the kit knows again by a mark, and of when that data is.

Facts
    * Which folder is ours is said where such folders are written (`folders.own_folder`); only a snapshot, which nothing
      ever replaces, gets its kind here.
    * The date is that of the snapshot: what says it itself is believed; else it is that of the snapshot or forecast
      with the digest that the mark names, if that was found as well.

Not modelled
    * CSV lists, reports and copies under other forms: they bear no date, and are never removed.

Where it is used: `retention.search`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dynsync_lib.folders.own_folder import Content, FolderKind, is_digest
from dynsync_lib.folders.unfinished_folder import MADE_BY, UNFINISHED_FILE
from dynsync_lib.forecasts.forecast_folder import FORECAST_FOLDER
from dynsync_lib.forecasts.replay_folder import REPLAY_FOLDER
from dynsync_lib.go_live.pack import GO_LIVE_FOLDER
from dynsync_lib.rehearsal.rehearsal_folder import REHEARSAL_FOLDER
from dynsync_lib.snapshot.snapshot_check import manifest_fault
from dynsync_lib.snapshot.writer import SNAPSHOT_NAMES
from dynsync_lib.verification.verify_folder import VERIFICATION_FOLDER
from dynsync_lib.worklist.fix_files import FIXES_FOLDER

_SNAPSHOT: Final = re.compile(SNAPSHOT_NAMES)
_MOMENTS: Final = ("taken_at", "finished_at")
_DIGESTS: Final = ("snapshot_sha256", "before_sha256")


def _names_of_snapshot(content: Content) -> re.Pattern[str] | None:
    """What a snapshot may hold; None when the content is no manifest of one."""
    return _SNAPSHOT if manifest_fault(content) is None else None


SNAPSHOT_FOLDER: Final = FolderKind("a snapshot", "manifest.json", _names_of_snapshot)
_ANYTHING: Final = re.compile(".*", re.DOTALL)


def _names_of_unfinished(content: Content) -> re.Pattern[str] | None:
    return _ANYTHING if content.get("made_by") == MADE_BY and "unfinished" in content else None


UNFINISHED_FOLDER: Final = FolderKind("an unfinished pull or snapshot", UNFINISHED_FILE, _names_of_unfinished)
"""Has no date, so that it is named and never removed."""
FOLDERS: Final = (
    UNFINISHED_FOLDER,
    FIXES_FOLDER,
    GO_LIVE_FOLDER,
    VERIFICATION_FOLDER,
    REPLAY_FOLDER,
    REHEARSAL_FOLDER,
    FORECAST_FOLDER,
    SNAPSHOT_FOLDER,
)
"""Kinds of folders, those first whose date may be that of a later one."""


def moment_in(content: Content) -> str | None:
    """The moment of the data as the mark says it; None when it does not."""
    after = content.get("after")
    said = after if isinstance(after, dict) else content
    return next((str(said[name]) for name in _MOMENTS if isinstance(said.get(name), str)), None)


def digests_in(content: Content) -> Iterator[str]:
    """The digests of snapshots that the mark names."""
    yield from (str(content[name]) for name in _DIGESTS if is_digest(content.get(name)))
