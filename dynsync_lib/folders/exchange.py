"""A folder that takes another's name, in two renames; and what is put right when the process ended between them.

Facts
    * The earlier folder goes into the temporary folder of its successor, which notes its name first. Whoever removes
      that temporary folder gives it its name back, unless something has the name by then: at the end of the block
      after an error or an interruption, at the next start in the same place after a KILL.

Where it is used: `folders.replaced_folder`, `folders.temporary_folder`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

_OLD: Final = "old"
_NOTE: Final = "exchange.json"


def exchange(new: Path, out: Path, work: Path) -> None:
    """Gives `new` the name `out`. What stood there waits in `work`, a temporary folder beside it, to be removed."""
    if out.exists():
        (work / _NOTE).write_text(json.dumps({"name": out.name}), encoding="utf-8")
        os.replace(out, work / _OLD)
    os.replace(new, out)


def put_back(work: Path) -> None:
    """Gives the folder that waits in `work` its name again, where an exchange was not brought to its end.

    Raises OSError when it cannot be renamed; it still waits then.
    """
    old = work / _OLD
    name = _noted_name(work / _NOTE) if old.is_dir() and not old.is_symlink() else None
    if name is not None and not os.path.lexists(work.parent / name):
        os.replace(old, work.parent / name)


def _noted_name(note: Path) -> str | None:
    """The name that a note holds; None when it holds none, or a path to somewhere else."""
    try:
        name = json.loads(note.read_bytes())["name"] if not note.is_symlink() else None
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return None
    return name if isinstance(name, str) and name not in {"", ".", ".."} and Path(name).name == name else None
