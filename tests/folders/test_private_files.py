"""Private files: overlapping blocks give the umask back when the last one ends."""

from __future__ import annotations

import os
from contextlib import ExitStack

from dynsync_lib.folders.private_files import private_files


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_private_files__overlapping_blocks_give_the_umask_back_at_the_end() -> None:
    before = os.umask(0o022)
    try:
        first, second = ExitStack(), ExitStack()
        first.enter_context(private_files())
        second.enter_context(private_files())
        first.close()
        assert _umask() == 0o077
        second.close()
        assert _umask() == 0o022
    finally:
        os.umask(before)
