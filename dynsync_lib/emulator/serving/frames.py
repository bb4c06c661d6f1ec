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
    (length,) = _LENGTH.unpack(_read_all(stream, _LENGTH.size))
    return pickle.loads(_read_all(stream, length))  # noqa: S301 - see above


def _read_all(stream: BinaryIO, length: int) -> bytes:
    body = stream.read(length)
    if len(body) < length:
        raise EOFError
    return body
