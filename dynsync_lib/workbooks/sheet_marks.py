"""Whether a sheet of a workbook is protected, and which of its cells are merged, searched in its XML.

Facts
    * A reader of rows sees neither. The parts are searched piece by piece, so memory does not grow with the sheet.

Source: ECMA-376 part 1, 18.3.1.54 (mergeCell), 18.3.1.85 (sheetProtection).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_MERGED: Final = re.compile(rb'<(?:\w+:)?mergeCell [^>]*?\bref="([A-Z0-9:]+)"[^>]*>')
_LOCKED: Final = re.compile(rb'<(?:\w+:)?sheetProtection [^>]*?\bsheet="(?:1|true)"[^>]*>')
_PIECE_BYTES: Final = 1 << 20


def find_merged(path: Path, part: str) -> list[str]:
    """The ranges of merged cells of a sheet, such as B3:B5; `part` is the sheet's file within the workbook."""
    return [match[1].decode() for match in _find(path, part, _MERGED)]


def find_locks(path: Path, part: str) -> bool:
    """Whether the sheet is protected."""
    return next(_find(path, part, _LOCKED), None) is not None


def _find(path: Path, part: str, pattern: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    """The elements that fit; what a piece ends with, after its last whole element, is searched with the next one."""
    with zipfile.ZipFile(path) as book, book.open(part.removeprefix("/")) as stream:
        rest = b""
        while piece := stream.read(_PIECE_BYTES):
            text = rest + piece
            end = text.rfind(b">") + 1
            yield from pattern.finditer(text, 0, end)
            rest = text[end:]
