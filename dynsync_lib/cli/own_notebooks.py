"""Where the kit's notebooks are: in its own folder, or copied into the working folder from the installed package.

Where it is used: `cli.start_commands`.
"""

from __future__ import annotations

import importlib.metadata
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from dynsync_lib.errors import UsageError

_PACKAGE: Final = "dynsync-kit"
_SHIPPED: Final = "share/dynsync/notebooks"
_FOLDER: Final = Path("notebooks")


def own_notebooks(say: Callable[[str], object]) -> Path:
    """The folder of the kit's notebooks.

    That is `notebooks` of the kit's own folder, where it was cloned; else `notebooks` of the working folder, into which
    those that are not there yet are copied from the installed package, and said. Nothing is replaced. Raises UsageError
    where the package was installed without them.
    """
    cloned = Path(__file__).resolve().parents[2] / "notebooks"
    if cloned.is_dir():
        return cloned
    new = [file for file in shipped_notebooks() if not (_FOLDER / file.name).exists()]
    if not new and not _FOLDER.is_dir():
        raise UsageError(
            "notebooks is no folder, and the kit was installed without notebooks.",
            next_step="Run the command in the kit's own folder, or name a folder of notebooks.",
        )
    _FOLDER.mkdir(exist_ok=True)
    for file in new:
        shutil.copyfile(file, _FOLDER / file.name)
    if new:
        say(f"Copied {len(new)} notebook{'s' if len(new) > 1 else ''} into {_FOLDER}.")
    return _FOLDER


def shipped_notebooks() -> list[Path]:
    """The notebooks that the installed package brought, by name; empty where it brought none."""
    try:
        files = importlib.metadata.files(_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    return sorted(Path(str(file.locate())).resolve() for file in files if _SHIPPED in file.as_posix())
