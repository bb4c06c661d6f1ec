"""JupyterLab as a process that ends with the one that started it.

Facts
    * It ends when its standard input is closed, as every process of the kit does: a server never outlives its parent.
    * It has a session of its own, so that Ctrl-C in the terminal reaches the parent alone.

Where it is used: `cli.lab` starts it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading


def _end_with_the_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    from jupyterlab.labapp import main

    sys.exit(main())
