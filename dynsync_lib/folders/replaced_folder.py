"""A folder that is made beside its target and takes the target's name when it is whole.

Facts
    * Until then whatever stands there stays as it is, after an error or an interruption as well, and after a KILL it is
      put right at the next start (`folders.exchange`).
    * Only a folder of the same kind is replaced, and only while it holds nothing else (`folders.own_folder`).
    * All that is written meanwhile is private (`folders.private_files`).

Where it is used: whatever writes a folder that people named.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dynsync_lib.folders.exchange import exchange
from dynsync_lib.folders.own_folder import FolderKind, refuse_foreign
from dynsync_lib.folders.temporary_folder import temporary_folder


@dataclass(frozen=True, slots=True)
class FolderInWork:
    """`new` is the empty folder to fill; `work` is one for whatever is needed on the way, and is gone at the end."""

    new: Path
    work: Path


@contextmanager
def replaced_folder(out: Path, kind: FolderKind) -> Iterator[FolderInWork]:
    """A folder to fill, which replaces `out` when the block ends without an error. Both are on the same disk.

    Raises UsageError, at the start and again at the end, when `out` is not an earlier folder of the kind.
    """
    refuse_foreign(out, kind)
    out.parent.mkdir(parents=True, exist_ok=True)
    with temporary_folder(beside=out.parent) as work:
        new = work / "new"
        new.mkdir()
        yield FolderInWork(new, work)
        refuse_foreign(out, kind)
        exchange(new, out, work)
