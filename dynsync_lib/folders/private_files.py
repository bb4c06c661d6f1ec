"""Files and folders that nobody else can read, from the first byte, whichever library writes them.

Facts
    * What a process creates is cut down by its umask. While a block of `private_files` is open, it leaves nothing to
      the group and to others: folders are 0700 and files 0600, also those of DuckDB, Arrow and child processes.
    * A umask is that of the whole process. What other threads create in the meantime is private as well.
    * Windows knows no umask; there a folder is as private as the one it stands in.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

PRIVATE: Final = 0o077
"""The umask that leaves everything to the owner and nothing to others."""
_turn: Final = threading.Lock()
_open_blocks: list[int] = []
"""The umask before, once for each block that is open."""


@contextmanager
def private_files() -> Iterator[None]:
    """What is created within the block can be read by its owner only. Blocks of several threads may overlap."""
    with _turn:
        before = os.umask(PRIVATE)
        _open_blocks.append(_open_blocks[0] if _open_blocks else before)
    try:
        yield
    finally:
        with _turn:
            before = _open_blocks.pop()
            if not _open_blocks:
                os.umask(before)
