"""Python values sent through a pipe between two processes of the emulator: a length, then a pickle.

Facts
    * Both ends are the kit's own processes and the pipe is nobody else's, so what comes may be unpickled.

Where it is used: `emulator.serving.portal_process`, `emulator.serving.portals_apart`.
"""

from __future__ import annotations

import pickle
import struct
from typing import Any, BinaryIO, Final

_LENGTH: Final = struct.Struct("!Q")


def write_frame(stream: BinaryIO, value: Any) -> None:
    """Sends one value. Raises OSError or ValueError when the other end is gone."""
    body = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(body)) + body)
    stream.flush()


def read_frame(stream: BinaryIO) -> Any:
    """The next value. Raises EOFError when the other end is gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    body = stream.read(_LENGTH.unpack(head)[0])
    return pickle.loads(body)  # noqa: S301 - see above
