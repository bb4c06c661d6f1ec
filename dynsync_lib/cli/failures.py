"""What is printed when a command fails: one red sentence and a next step, and a traceback only where it is asked for.

Where it is used: `cli.commands`.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Mapping
from typing import Final

from rich.text import Text

from dynsync_lib.cli import console
from dynsync_lib.errors import DynsyncError
from dynsync_lib.messages import hide_secrets, say, show_controls

_YOURS: Final = "Name one that you may read and write, or ask for the right to."
_USUAL_ADVICE: Final = "Name a file or folder that can be used."
_ADVICE: Final[Mapping[int, str]] = {
    errno.EACCES: _YOURS,
    errno.EPERM: _YOURS,
    errno.ENOENT: "Check how the name is written.",
    errno.ENOSPC: "Make room on the disk, or name a folder on another one.",
    errno.EROFS: "Name a folder that can be written.",
    errno.ENOTDIR: "Name a folder that is not within a file.",
    errno.EISDIR: "Name a file in that folder.",
    errno.ENAMETOOLONG: "Name a shorter one.",
    errno.EADDRINUSE: "Name a port that is free, or 0 for any.",
}
"""What to do about the operating system's refusals, by their number."""


def print_failure(error: Exception) -> int:
    """Says on standard error what failed and what to do; the exit code comes out."""
    if isinstance(error, DynsyncError):
        sentence, next_step = str(error), error.next_step
    elif isinstance(error, OSError):
        sentence = say(f"{_location(error)} cannot be used: {_cause(error)}.")
        next_step = f"{_ADVICE.get(error.errno or 0, _USUAL_ADVICE)} --debug shows where it was."
    else:
        sentence = f"The kit failed in a way it should not: {type(error).__name__}."
        next_step = "This is our bug; run the command again as `dynsync --debug ...` and send us what it prints."
    console.err.print(Text(sentence, style="red"))
    if next_step:
        console.err.print(Text(next_step))
    if os.environ.get("DYNSYNC_DEBUG"):
        _print_traceback(error)
    return error.exit_code if isinstance(error, DynsyncError) else 2


def _print_traceback(error: BaseException) -> None:
    """Where the error comes from, without the secrets in use and without what other software says.

    A library's message may repeat whatever it was handed: a cell, a name, an address. The kit's own errors say theirs.
    """
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    for earlier in (before, *getattr(error, "exceptions", ())):
        if earlier is not None:
            _print_traceback(earlier)
            sys.stderr.write("which led to\n")
    says = f": {error}" if isinstance(error, DynsyncError) else ""
    for line in [*"".join(traceback.format_tb(error.__traceback__)).splitlines(), f"{type(error).__name__}{says}"]:
        sys.stderr.write(f"{show_controls(hide_secrets(line))}\n")


def _location(error: OSError) -> str:
    if error.filename == os.curdir:
        return "The folder you are in"
    return str(error.filename) if error.filename is not None else "A file or connection"


def _cause(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
