"""`python -m dynsync_lib.cli`: the `dynsync` command where no script of that name is installed."""

from __future__ import annotations

from dynsync_lib.cli.commands import main

if __name__ == "__main__":
    main()
