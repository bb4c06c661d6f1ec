"""Small files that a person can hand over (settings, `.env`, JSON), read within bounds.

Facts
    * Only a plain file is read, since a device or a pipe would never end, and of it no more than the bound.
    * JSON that nests too deep, or holds a number of thousands of digits, is refused like any other that cannot be read.
    * A fault is a part of a sentence about the file: `is a folder`, `is no text in UTF-8`.

Where it is used: `snapshot`, `forecasts`, `kit.rulebooks`, `portals.sign_in.access`, `emulator.world`, `cli.arguments`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

MOST_BYTES: Final = 64 << 20
"""The most of a JSON file. A manifest of the widest portals has a few megabytes."""


class SmallFileError(ValueError):
    """A file that cannot be used; the text says what it is, in words that follow its name."""


def read_small(path: Path, *, most_bytes: int = MOST_BYTES) -> bytes:
    """The content of a plain file. Raises SmallFileError when it is none, is too large or cannot be read."""
    try:
        if path.is_dir():
            raise SmallFileError("is a folder")
        if not path.exists():
            raise SmallFileError("is not there")
        if not path.is_file():
            raise SmallFileError("is no plain file")
        with path.open("rb") as stream:
            content = stream.read(most_bytes + 1)
    except (OSError, ValueError) as fault:
        if isinstance(fault, SmallFileError):
            raise
        reason = fault.strerror if isinstance(fault, OSError) and fault.strerror else "it has no such name"
        raise SmallFileError(f"cannot be read: {reason.lower()}") from fault
    if len(content) > most_bytes:
        raise SmallFileError(f"is larger than {most_bytes >> 20} MB")
    return content


def read_small_text(path: Path, *, most_bytes: int = MOST_BYTES) -> str:
    """The text of a plain file in UTF-8, without its mark. Raises SmallFileError as `read_small` does."""
    try:
        return read_small(path, most_bytes=most_bytes).decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise SmallFileError("is no text in UTF-8") from fault


def read_json(path: Path) -> Any:
    """The value of a JSON file. Raises SmallFileError when it cannot be read or holds none."""
    return parse_json(read_small(path))


def parse_json(content: bytes) -> Any:
    """The value of a JSON text. Raises SmallFileError when it holds none, or one that nests too deep."""
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as fault:
        raise SmallFileError("holds no JSON that can be read") from fault
