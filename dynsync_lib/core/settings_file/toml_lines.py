"""On which line of a TOML text a key stands, since the standard parser does not say.

Facts
    * A path such as ("sync", "contact", "mapping", "1", "hubspot") counts array tables from 0.
    * A key that is not found has the line of its nearest parent; a text without it has line 1.

Not modelled
    * Keys inside multi-line strings; inline tables (their keys have the line of the table).
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from typing import Final

HEADER: Final = re.compile(r"\s*(\[\[|\[)(?P<name>[^\]]+)\]")
"""A line that begins a section: `[name]`, or `[[name]]` for one of several."""
_PART: Final = r"""(?:[A-Za-z0-9_-]++|"[^"]*+"|'[^']*+')"""
_KEY: Final = re.compile(rf"""\s*+(?P<name>{_PART}(?:\s*+\.\s*+{_PART})*+)\s*+=""")


class TomlLines:
    """The lines of the keys and sections of one text."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str, ...], int] = {}
        section: tuple[str, ...] = ()
        counts: Counter[tuple[str, ...]] = Counter()
        for number, line in enumerate(text.splitlines(), start=1):
            header = HEADER.match(line)
            if header is not None:
                section = _section(parts_of(header["name"]), is_array=header[1] == "[[", counts=counts)
                self._lines.setdefault(section, number)
            elif key := _KEY.match(line):
                self._lines.setdefault((*section, *parts_of(key["name"])), number)

    def line_of(self, path: tuple[str, ...]) -> int:
        """The line of a key or section, or of its nearest parent; lines count from 1."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return 1


def _section(parts: tuple[str, ...], *, is_array: bool, counts: Counter[tuple[str, ...]]) -> tuple[str, ...]:
    if not is_array:
        return parts
    counts[parts] += 1
    return (*parts, str(counts[parts] - 1))


def parts_of(name: str) -> tuple[str, ...]:
    """The parts of a dotted name as it stands in a text, without quotes, such as ("sync", "contact")."""
    try:
        nested = tomllib.loads(f"{name.strip()} = 0")
    except (ValueError, RecursionError):
        return (name.strip(),)
    parts: list[str] = []
    while isinstance(nested, dict):
        key = next(iter(nested))
        parts.append(key)
        nested = nested[key]
    return tuple(parts)
