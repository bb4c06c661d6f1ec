"""A seeding or clean-up in a process of its own that kills itself: run as a script by the tests.

    python -m tests.rehearsal.seed_process ADDRESSES REHEARSAL STEP BYTES

ADDRESSES is a JSON file of `Emulator.addresses`. The process takes SIGKILL when it has written so many bytes of its
journal.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from dynsync_lib.kit.rulebooks import key_maker, read_settings, rulebook
from dynsync_lib.portals.sign_in.access import emulator_connections
from dynsync_lib.rehearsal.journal import Journal
from dynsync_lib.rehearsal.portal_steps import PortalSteps
from dynsync_lib.rehearsal.rehearsal_folder import open_rehearsal
from tests.pulls import NOON, FakeTime


def main(addresses: str, folder: str, step: str, bytes_left: int) -> None:
    """Seeds or cleans until the journal holds so many bytes more."""
    left = bytes_left

    def write(journal: Journal, descriptor: int, text: bytes) -> None:
        nonlocal left
        del journal
        os.write(descriptor, text[:left])
        if left <= len(text):
            os.kill(os.getpid(), signal.SIGKILL)
        left -= len(text)

    Journal._write = write  # type: ignore[method-assign,assignment]
    rehearsal = open_rehearsal(folder)
    known = emulator_connections(json.loads(Path(addresses).read_text(encoding="utf-8")))
    settings = read_settings(rehearsal.settings_path)
    steps = PortalSteps(known, settings, rulebook(), key_maker(), lambda: NOON, FakeTime().pace())
    if step == "seed":
        steps.seed(rehearsal)
    else:
        steps.clean(rehearsal, by_tag=False)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
