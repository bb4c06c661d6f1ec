"""A file that replaces an earlier one of its kind, whole or not at all.

Facts
    * It is written beside its target, private, and then takes its name; a link is never followed.
    * Only a file that bears the kind's mark in its first bytes is replaced.

Where it is used: whatever writes a file that people named.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dynsync_lib.errors import UsageError
from dynsync_lib.folders.temporary_folder import temporary_folder

_HEAD_BYTES: Final = 4_096


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file that the kit writes: its name in words, how it begins, and the mark that follows soon after.

    `keeps_mode`: who may read an earlier file may read the one that replaces it.
    """

    what: str
    start: str
    mark: str
    keeps_mode: bool = False


def refuse_foreign_file(file: Path, kind: FileKind) -> None:
    """Raises UsageError unless the file is not there or an earlier one of the kind."""
    if not os.path.lexists(file):
        return
    if file.is_symlink() or not file.is_file():
        what = "a link" if file.is_symlink() else "a folder" if file.is_dir() else "no file that can be replaced"
        raise UsageError(f"{file} is {what}.", next_step="Name a file that is not there.")
    with file.open("rb") as stream:
        head = stream.read(_HEAD_BYTES).decode("utf-8", errors="replace")
    if not head.startswith(kind.start) or kind.mark not in head:
        raise UsageError(
            f"{file} exists already and is not {kind.what}.", next_step="Name a file that is not there, or move it."
        )


def replace_file(file: Path, text: str, kind: FileKind) -> None:
    """Writes the text to the file in UTF-8. Raises UsageError when that is not ours."""
    refuse_foreign_file(file, kind)
    file.parent.mkdir(parents=True, exist_ok=True)
    with temporary_folder(beside=file.parent) as work:
        fresh = work / file.name
        fresh.write_text(text, encoding="utf-8", newline="\n")
        refuse_foreign_file(file, kind)
        if kind.keeps_mode and file.exists():
            shutil.copymode(file, fresh)
        os.replace(fresh, file)
