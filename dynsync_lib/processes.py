"""How the kit starts another Python: with the kit's modules, and with none of the folder where it is started.

Facts
    * `python -m` looks for modules in the working folder first, where customers' files are; `-P` leaves it out.

Where it is used: `emulator.serving`, `report.kernel`, `cli`.
"""

from __future__ import annotations

import sys


def python_call(module: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs a module of this Python as a program, whatever stands in the working folder.

    >>> python_call("dynsync_lib.cli", "rules")[1:]
    ('-P', '-m', 'dynsync_lib.cli', 'rules')
    """
    return (sys.executable, "-P", "-m", module, *arguments)
