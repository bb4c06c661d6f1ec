"""A private folder of a random name for what is needed on the way; what a killed process left is removed later.

Facts
    * A folder bears a mark with its own name and number, which a copy of it does not fit. The mark is locked as long as
      its process lives. Whoever makes the next folder in the same place removes those whose mark nobody holds.
    * A folder that had to leave its name for another, which never took it, gets it back first (`folders.exchange`).
    * Where a disk knows no locks, nothing of others is removed.
    * An error of the operating system about a path in the folder names the place that was asked for instead: nobody
      who reads it knows the random name.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal

from dynsync_lib.folders.exchange import put_back
from dynsync_lib.folders.private_files import private_files

PREFIX: Final = "dynsync-"
MARK: Final = "dynsync-temporary.json"
_MADE_BY: Final = "dynsync kit"
_held: Final[set[str]] = set()
"""The marks that this process holds: some disks would let it lock them twice."""


class TemporaryFolder:
    """An empty private folder at `path`, there from the start until `close`; also a context manager.

    `beside` is the folder in which it is made; None means the machine's folder for such things.
    """

    def __init__(self, beside: Path | None = None) -> None:
        parent = beside if beside is not None else Path(tempfile.gettempdir())
        remove_left_folders(parent)
        self._parent = parent
        with private_files():
            self.path = _make_folder(parent)
            self._mark: int | None = None
            try:
                self._mark = _make_mark(self.path)
            except BaseException:
                self.close()
                raise

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        if isinstance(error, OSError):
            self._name_place(error)
        self.close()
        return False

    def _name_place(self, error: OSError) -> None:
        """Puts the target of a rename, else the parent, in the place of a path within this folder."""
        if error.filename is not None and Path(os.fsdecode(error.filename)).is_relative_to(self.path):
            error.filename, error.filename2 = error.filename2 or str(self._parent), None

    def close(self) -> None:
        """Removes the folder with all that is in it."""
        mark, self._mark = self._mark, None
        try:
            put_back(self.path)
            _empty(self.path)
        finally:
            if mark is not None:
                os.close(mark)
                _held.discard(str(self.path / MARK))
        shutil.rmtree(self.path, ignore_errors=True)


@contextmanager
def temporary_folder(beside: Path | None = None) -> Iterator[Path]:
    """A `TemporaryFolder` for a block, in which everything that is created anywhere is private."""
    with private_files(), TemporaryFolder(beside) as path:
        yield path


def remove_left_folders(parent: Path) -> None:
    """Removes the temporary folders in `parent` whose process has ended without removing them."""
    with suppress(OSError):
        left = [entry for entry in os.scandir(parent) if entry.name.startswith(PREFIX)]
        for entry in left:
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    _remove_left(Path(entry.path))


def bring_back(path: Path) -> None:
    """Where nothing has the path, puts right what a killed process left of the folder that had it, or of one above."""
    if not os.path.lexists(path):
        remove_left_folders(next(parent for parent in path.absolute().parents if parent.is_dir()))


def _remove_left(folder: Path) -> None:
    file = folder / MARK
    if str(file) in _held or not stat.S_ISREG(file.lstat().st_mode):
        return
    mark = os.open(file, os.O_RDWR)
    try:
        if _lock(mark) and _read_mark(mark) == _content(folder):
            put_back(folder)
            _empty(folder)
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(mark)


def _make_folder(parent: Path) -> Path:
    """A new folder of a random name. Raises OSError that names the parent."""
    try:
        return Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    except FileNotFoundError:
        if not parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(parent)) from None
        raise PermissionError(errno.EACCES, "no folder can be made in it", str(parent)) from None  # such as /proc
    except OSError as error:
        error.filename = str(parent)
        raise


def _make_mark(folder: Path) -> int:
    """The open mark of a folder. It says nothing until it is locked."""
    file = folder / MARK
    mark = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    _held.add(str(file))
    if _lock(mark):
        os.write(mark, json.dumps(_content(folder)).encode())
    return mark


def _read_mark(mark: int) -> Any:
    try:
        return json.loads(os.read(mark, 1_000))
    except (ValueError, RecursionError):
        return None


def _content(folder: Path) -> dict[str, Any]:
    return {"made_by": _MADE_BY, "folder": folder.name, "number": folder.stat().st_ino}


def _empty(folder: Path) -> None:
    """Removes all but the mark, which goes last: what cannot be removed now still bears it next time."""
    for entry in list(os.scandir(folder)) if folder.is_dir() else ():
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        elif entry.name != MARK:
            with suppress(OSError):
                os.unlink(entry.path)


def _lock(mark: int) -> bool:
    """Whether this process holds the mark now."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(mark, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
