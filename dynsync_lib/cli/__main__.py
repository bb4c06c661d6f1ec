"""The `dynsync` command as a program, also as `python -m dynsync_lib.cli`."""

from __future__ import annotations

import os
import sys

_KIT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
if not sys.flags.safe_path and os.path.realpath(sys.path[0]) != _KIT:
    del sys.path[0]  # `python -m` looks for modules in the working folder, where customers' files are


def run() -> None:
    """Runs the command and ends the process with its exit code, also when it was stopped.

    Python ends itself by SIGINT when Ctrl-C came while it ran a text as code, as for a dataclass, though the
    interruption was dealt with; so a stopped process ends here.
    """
    from dynsync_lib.processes import stop_signal, stops_as_interrupts  # only now is the path the kit's

    try:
        with stops_as_interrupts():  # first of all: what the command needs takes a while to import
            from dynsync_lib.cli.commands import main

            main()
    except SystemExit as end:
        if not isinstance(end.code, int) or end.code <= 128:
            raise
        _end(end.code)
    except (Exception, KeyboardInterrupt) as fault:  # some libraries make errors of their own of an interruption
        if stop_signal() is None and not isinstance(fault, KeyboardInterrupt):
            raise
        sys.stderr.write("Stopped. Nothing was changed; run the command again.\n")
        _end(128 + (stop_signal() or 2))


def _end(code: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    run()
