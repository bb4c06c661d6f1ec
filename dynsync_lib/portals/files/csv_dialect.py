"""How a CSV file is written: its encoding and its delimiter, read from its bytes.

Facts
    * The encoding is that of a byte order mark; else UTF-8 where every byte fits; else Windows-1252, in which Excel
      saves in Western Europe.
    * A file that is UTF-8 in some lines and not in others was damaged: it is refused.
    * The delimiter is the one of comma, semicolon and tab that divides the heading into the most cells, and the next
      line into as many.

Where it is used: `portals.files.sheets`.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from dynsync_lib.errors import InputFileError

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES: Final = {
    "utf-8-sig": "UTF-8",
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
}
_SIZE: Final = 1 << 20
_HEAD_SIZE: Final = 1 << 20
_DELIMITERS: Final = (",", ";", "\t")
_DELIMITER_NAMES: Final = {",": "comma", ";": "semicolon", "\t": "tab"}
_DIRECTIVE: Final = "sep="
_SAVE_AS_UTF8: Final = "Save the file as CSV in UTF-8 and try again."


@dataclass(frozen=True, slots=True)
class SheetForm:
    """How a file is written: Python's name of the encoding, the delimiter, and how many lines precede the heading.

    Such a line is Excel's `sep=;`.
    """

    encoding: str
    delimiter: str
    skipped_lines: int = 0

    @property
    def is_guessed(self) -> bool:
        """Whether nothing in the file says its encoding."""
        return self.encoding == "cp1252"

    @property
    def description(self) -> str:
        """Encoding and delimiter, for people: `UTF-8, comma`."""
        return f"{_NAMES.get(self.encoding, 'Windows-1252')}, {_DELIMITER_NAMES[self.delimiter]}"


def find_form(path: Path) -> SheetForm:
    """How a CSV file is written. Reads the whole file; raises InputFileError when its bytes are no readable text."""
    encoding = _find_encoding(path)
    head = _read_head(path, encoding)
    first = head.partition("\n")[0]
    directive = first.strip().strip('"')
    if directive.lower().startswith(_DIRECTIVE) and directive[len(_DIRECTIVE) :] in {*_DELIMITERS, "\\t"}:
        named = directive[len(_DIRECTIVE) :].replace("\\t", "\t")
        return SheetForm(encoding, named, 1)
    return SheetForm(encoding, _find_delimiter(head))


def _read_head(path: Path, encoding: str) -> str:
    try:
        with path.open(encoding=encoding, newline="") as stream:
            return stream.read(_HEAD_SIZE)
    except UnicodeError:
        raise InputFileError(
            f"{path} begins as {_NAMES.get(encoding, encoding)} and cannot be read so.", next_step=_SAVE_AS_UTF8
        ) from None


def _find_encoding(path: Path) -> str:
    with path.open("rb") as stream:
        head = stream.read(4096)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        return _without_mark(path, head)
    fault = _first_fault(path)
    if fault is None:
        return "utf-8"
    offset, has_utf8 = fault
    if has_utf8:
        raise _unreadable(path, offset, "the file is UTF-8 in other places")
    _refuse_undefined(path)
    return "cp1252"


def _without_mark(path: Path, head: bytes) -> str:
    """The encoding of UTF-16 without a mark, which has a zero in every other byte of plain headings."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) * 8 < len(head) * 3:
        raise InputFileError(f"{path} is no text: it holds zero bytes.", next_step=_SAVE_AS_UTF8)
    return "utf-16-le" if odd > even else "utf-16-be"


def _first_fault(path: Path) -> tuple[int, bool] | None:
    """The offset of the first byte that is no UTF-8, and whether other bytes are letters in UTF-8; None without one."""
    offset: int | None = None
    has_utf8 = False
    for start, block in _blocks(path):
        try:
            text = block.decode("utf-8")
        except UnicodeDecodeError as fault:
            offset = start + fault.start if offset is None else offset
            text = block.decode("utf-8", "ignore")
        has_utf8 = has_utf8 or not text.isascii()
    return None if offset is None else (offset, has_utf8)


def _blocks(path: Path) -> Iterator[tuple[int, bytes]]:
    """The file in blocks with their offsets; a block ends with a line, so that no letter is cut in two."""
    start = 0
    with path.open("rb") as stream:
        while block := stream.read(_SIZE) + stream.readline():
            yield start, block
            start += len(block)


def _refuse_undefined(path: Path) -> None:
    for start, block in _blocks(path):
        try:
            block.decode("cp1252")
        except UnicodeDecodeError as fault:
            raise _unreadable(path, start + fault.start, "it is no letter in Windows-1252") from None


def _unreadable(path: Path, offset: int, why: str) -> InputFileError:
    with path.open("rb") as stream:
        before = stream.read(offset)
        byte = stream.read(1)[0]
    line = before.count(b"\n") + 1
    return InputFileError(
        f"{path}, line {line}: byte 0x{byte:02x} cannot be read as UTF-8, and {why}.", next_step=_SAVE_AS_UTF8
    )


def _find_delimiter(head: str) -> str:
    """The delimiter that divides the heading best; the comma when none does."""

    def worth(delimiter: str) -> tuple[bool, bool, int]:
        rows = _first_rows(head, delimiter)
        heading = rows[0] if rows else []
        is_even = len(heading) > 1 and len(rows[-1]) == len(heading)
        cuts_quotes = any('"' in cell for row in rows for cell in row)
        return (not cuts_quotes, is_even, len(heading))

    return max(_DELIMITERS, key=worth)


def _first_rows(head: str, delimiter: str) -> list[list[str]]:
    """The heading and the line after it; empty when they cannot be divided by the delimiter."""
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    try:
        return list(islice((row for row in reader if row), 2))
    except csv.Error:
        return []
