"""What the kit wrote below a folder that holds customers' data, with the moment of that data.

Facts
    * Folders are known by their marks, worklists by their first sheet, decisions by their first line. Links are not
      followed, and folders whose names begin with a dot are left out.
    * What lies in a folder of the kit belongs to it and is not listed again.

Where it is used: `retention.purge`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from dynsync_lib.errors import UsageError
from dynsync_lib.folders.own_folder import FolderKind, content_of, why_foreign
from dynsync_lib.folders.replaced_file import refuse_foreign_file
from dynsync_lib.moments import moment_of
from dynsync_lib.retention.kinds import FOLDERS, SNAPSHOT_FOLDER, digests_in, moment_in
from dynsync_lib.small_files import SmallFileError, read_json
from dynsync_lib.snapshot.snapshot import sha256_of
from dynsync_lib.worklist.decisions import DECISIONS_FILE
from dynsync_lib.worklist.origin import Origin, read_origin

WORKLIST: Final = "a worklist"
_DECISIONS: Final = ".decisions.json"
_ORDER: Final = (DECISIONS_FILE.what, WORKLIST, *(kind.what for kind in FOLDERS))
"""In which order things are listed and removed: those first whose date may be that of a later one."""


@dataclass(frozen=True, slots=True)
class FoundData:
    """One folder or file of the kit with customers' data.

    `kind` is what it is in words, such as "a forecast"; `folder_kind` is that of a folder, None for a file. `data_of`
    is the moment of the data, None when nobody knows it. `stays` says why it may not be removed, None when it may.
    """

    kind: str
    path: Path
    data_of: datetime | None
    folder_kind: FolderKind | None = None
    stays: str | None = None


def find_data(root: Path) -> list[FoundData]:
    """All that is found below `root`, or `root` itself, by kind and path. It reads marks and names, no rows."""
    marked = list(_marked_folders(root))
    moments = _moments_by_digest(marked)
    folders = [_of_folder(path, kind, content, moments) for path, kind, content in marked]
    inside = {path for path, _, _ in marked}
    files = [_of_file(path) for folder in _plain_folders(root, inside) for path in sorted(folder.iterdir())]
    everything = [*folders, *(file for file in files if file is not None)]
    return sorted(everything, key=lambda data: (_ORDER.index(data.kind), data.path))


_Marked = tuple[Path, FolderKind, Mapping[str, Any]]


def _marked_folders(root: Path) -> Iterator[_Marked]:
    """The folders that bear a mark of the kit, outermost ones alone, with what the mark says."""
    for folder, below, _ in os.walk(root):
        path = Path(folder)
        below[:] = sorted(name for name in below if not name.startswith("."))
        marked = next(((kind, content) for kind in FOLDERS if (content := content_of(path, kind)) is not None), None)
        if marked is not None:
            below.clear()
            yield path, *marked


def _plain_folders(root: Path, marked: set[Path]) -> Iterator[Path]:
    """The folders that are none of the kit's."""
    for folder, below, _ in os.walk(root):
        path = Path(folder)
        below[:] = sorted(name for name in below if not name.startswith(".") and path / name not in marked)
        if path not in marked:
            yield path


def _moments_by_digest(marked: list[_Marked]) -> dict[str, str]:
    """By the digest of a snapshot the moment that it, or what was made of it, says."""
    moments: dict[str, str] = {}
    for path, kind, content in marked:
        said = moment_in(content)
        if said is not None:
            own = [sha256_of(path / kind.mark)] if kind is SNAPSHOT_FOLDER else digests_in(content)
            moments.update(dict.fromkeys(own, said))
    return moments


def _of_folder(path: Path, kind: FolderKind, content: Mapping[str, Any], moments: Mapping[str, str]) -> FoundData:
    said = moment_in(content) or next((moments[digest] for digest in digests_in(content) if digest in moments), None)
    return FoundData(kind.what, path, _moment(said), kind, why_foreign(path, kind))


def _of_file(path: Path) -> FoundData | None:
    """A worklist or a file of decisions; None for anything else."""
    if path.is_symlink() or not path.is_file():
        return None
    if path.name.endswith(_DECISIONS):
        return _of_decisions(path)
    if path.suffix.lower() != ".xlsx":
        return None
    origin = read_origin(path)
    return None if origin is None else FoundData(WORKLIST, path, _moment(origin.data_of), stays=_why_kept(origin))


def _why_kept(origin: Origin) -> str | None:
    """Why a worklist is more than the kit wrote; None when it is not."""
    others = ", ".join(origin.other_sheets)
    return f"It has sheets that are none of a worklist: {others}." if others else None


def _of_decisions(path: Path) -> FoundData | None:
    try:
        refuse_foreign_file(path, DECISIONS_FILE)
        content = read_json(path)
    except (UsageError, SmallFileError):
        return None
    return FoundData(DECISIONS_FILE.what, path, _moment(content.get("taken_at")))


def _moment(text: object) -> datetime | None:
    """A moment out of a mark; None when it says none that can be read."""
    return moment_of(text) if isinstance(text, str) else None
