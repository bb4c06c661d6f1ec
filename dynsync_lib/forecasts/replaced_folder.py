"""A folder that is made beside its target and takes the target's name when it is whole.

Facts
    * Until then whatever stands there stays as it is, and after an error as well.
    * Only a folder of the same kind is replaced: one that holds the file by which the kind is known.

Where it is used: `forecasting`, `replay_folder`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dynsync_lib.errors import UsageError


@dataclass(frozen=True, slots=True)
class FolderInWork:
    """`new` is the empty folder to fill; `work` is one for whatever is needed on the way, and is gone at the end."""

    new: Path
    work: Path


@contextmanager
def replaced_folder(out: Path, *, known_by: str, what: str) -> Iterator[FolderInWork]:
    """A folder to fill, which replaces `out` when the block ends without an error. Both are on the same disk.

    `known_by` is the name of the file that marks an earlier folder of the kind, `what` the kind in words, such as
    "a forecast". Raises UsageError at the start when `out` holds something else.
    """
    _refuse_other_content(out, known_by, what)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dynsync-", dir=out.parent) as work:
        new = Path(work) / "new"
        new.mkdir()
        yield FolderInWork(new, Path(work))
        if out.exists():
            shutil.rmtree(out)
        os.replace(new, out)


def _refuse_other_content(out: Path, known_by: str, what: str) -> None:
    if out.exists() and not (out / known_by).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(
            f"{out} holds something else than {what}.",
            next_step="Name an empty folder or one that is not there.",
        )
