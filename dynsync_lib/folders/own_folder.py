"""Whether a folder is the kit's own, so that it may be replaced or removed.

Facts
    * A folder is ours when it bears the mark of its kind with content that fits, and holds nothing else than what that
      content names. Files of which it says the `digests` must be as they were written. An empty folder is anybody's; a
      link, and a folder with a link in it, is never ours.
    * Operating systems leave files of their own in folders that somebody looked at; these do not count.

Where it is used: whatever replaces a folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dynsync_lib.errors import UsageError

Content = Mapping[str, Any]
_LEFT_BY_SYSTEMS: Final = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_LONGEST_MARK: Final = 64_000_000
"""Bytes; the journal of a pull of ten million records has some."""


@dataclass(frozen=True, slots=True)
class FolderKind:
    """A kind of folder that the kit writes.

    `what` is its name in words, such as "a forecast", `mark` the file (JSON) by which it is known. `names` gives, for
    the content of a mark, a pattern of the paths that such a folder may hold beside it, those of folders ending in `/`;
    None when the content is not that of such a mark.
    """

    what: str
    mark: str
    names: Callable[[Content], re.Pattern[str] | None]


def refuse_foreign(folder: Path, *kinds: FolderKind) -> None:
    """Raises UsageError unless the folder is not there, is empty, or is ours and of one of the kinds."""
    reasons = [why_foreign(folder, kind) for kind in kinds]
    if all(reasons):
        raise UsageError(
            str(min(reasons, key=_says_little)), next_step="Name an empty folder or one that is not there, or move it."
        )


def is_own(folder: Path, *kinds: FolderKind) -> bool:
    """Whether the folder may be replaced by one of the kinds: it is not there, empty, or ours."""
    return not all(why_foreign(folder, kind) for kind in kinds)


def remove_own(folder: Path, *kinds: FolderKind) -> None:
    """Removes a folder of one of the kinds; nothing happens when it is not there. Raises as `refuse_foreign`.

    The mark goes last, so that what an interruption leaves is still known as ours.
    """
    refuse_foreign(folder, *kinds)
    if not folder.is_dir():
        return
    marks = {kind.mark for kind in kinds}
    for path in [path for path in folder.iterdir() if path.name not in marks]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.rmtree(folder)


def content_of(folder: Path, kind: FolderKind) -> Content | None:
    """What the mark of the kind says in a folder; None when the folder is a link, or bears no such mark."""
    content = None if folder.is_symlink() else _read_mark(folder / kind.mark)
    return content if content is not None and kind.names(content) is not None else None


def is_digest(value: object) -> bool:
    """Whether a value of a mark is a SHA-256 in hexadecimal digits."""
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def listed_names(content: Content, otherwise: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern of the names that the mark lists under `files`; of `otherwise` when it has no such
    list. None when the list is no list of names.
    """
    names = content.get("files", list(otherwise))
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None
    return re.compile("|".join(map(re.escape, names)))


def _says_little(reason: str | None) -> bool:
    return reason is not None and "something else" in reason


def why_foreign(folder: Path, kind: FolderKind) -> str | None:
    """What speaks against replacing the folder, as a sentence; None when nothing does."""
    if folder.is_symlink():
        return f"{folder} is a link, and links are not followed for writing."
    if not folder.exists():
        return None
    if not folder.is_dir():
        return f"{folder} is a file and holds something else than {kind.what}."
    paths = list(_paths_in(folder))
    if not paths:
        return None
    content = _read_mark(folder / kind.mark)
    named = kind.names(content) if content is not None else None
    if content is None or named is None:
        return f"{folder} holds something else than {kind.what}."
    foreign = next((path for path in paths if path != kind.mark and not named.fullmatch(path)), None)
    if foreign is not None:
        return f"{folder} holds {foreign.removesuffix('@')}, which is no part of {kind.what}."
    changed = next((path for path in paths if _is_changed(folder / path, content.get("digests"), path)), None)
    return None if changed is None else f"{folder / changed} was changed after the kit wrote it."


def _is_changed(file: Path, digests: object, path: str) -> bool:
    """Whether the mark says what a file was like, and it is not like that any more."""
    digest = digests.get(path) if isinstance(digests, dict) else None
    return digest is not None and hashlib.sha256(file.read_bytes()).hexdigest() != digest


def _paths_in(folder: Path, before: str = "") -> Iterator[str]:
    """The paths of all that is in a folder, as seen from it; those of folders end in `/`, those of links in `@`."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_symlink():
            yield f"{before}{entry.name}@"
        elif entry.is_dir(follow_symlinks=False):
            yield f"{before}{entry.name}/"
            yield from _paths_in(Path(entry.path), f"{before}{entry.name}/")
        elif not entry.is_file(follow_symlinks=False):
            yield f"{before}{entry.name}@"
        elif entry.name not in _LEFT_BY_SYSTEMS:
            yield f"{before}{entry.name}"


def _read_mark(file: Path) -> Content | None:
    """The JSON object in a file; None when it is a link, or holds none."""
    try:
        if file.is_symlink() or not file.is_file() or file.stat().st_size > _LONGEST_MARK:
            return None
        content = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
