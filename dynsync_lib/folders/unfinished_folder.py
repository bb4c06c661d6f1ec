"""A folder that bears, from its first moment, the mark of what is being made in it.

Facts
    * It is made under a random name and renamed, so that a folder of its name without a mark is never ours.

Where it is used: `snapshot.writer`, `portals.pull.work_folder`.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Final

from dynsync_lib.folders.own_folder import Content, FolderKind
from dynsync_lib.folders.temporary_folder import temporary_folder

UNFINISHED_FILE: Final = "unfinished.json"
"""The mark of all unfinished folders."""
MADE_BY: Final = "dynsync kit"
"""What every mark says under `made_by`."""


def unfinished_kind(thing: str, names: str) -> FolderKind:
    """The kind of folder in which a thing, such as "snapshot", is made; `names` is a pattern of what it may hold."""
    pattern = re.compile(names)

    def names_in(content: Content) -> re.Pattern[str] | None:
        return pattern if dict(content) == _content(thing) else None

    return FolderKind(f"an unfinished {thing}", UNFINISHED_FILE, names_in)


def make_unfinished(folder: Path, thing: str) -> None:
    """Makes the folder, private and empty but for its mark. It must not be there, or be empty."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with temporary_folder(beside=folder.parent) as work:
        new = work / "new"
        new.mkdir()
        (new / UNFINISHED_FILE).write_text(json.dumps(_content(thing)) + "\n", encoding="utf-8")
        if folder.exists():
            folder.rmdir()
        os.replace(new, folder)


def _content(thing: str) -> Content:
    return {"made_by": MADE_BY, "unfinished": thing}
