"""`python -m dynsync_lib.emulator.world DIR` writes the demo world into a folder."""

from __future__ import annotations

import sys

from dynsync_lib.emulator.world.demo_world import main

if __name__ == "__main__":
    main(sys.argv[1:])
