"""`python -m dynsync_lib.cli`: the `dynsync` command where no script of that name is installed."""

from __future__ import annotations

import os
import sys

_KIT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
if not sys.flags.safe_path and os.path.realpath(sys.path[0]) != _KIT:
    del sys.path[0]  # `python -m` looks for modules in the working folder, where customers' files are

from dynsync_lib.cli.commands import main  # noqa: E402 - only now is the path the kit's

if __name__ == "__main__":
    main()
