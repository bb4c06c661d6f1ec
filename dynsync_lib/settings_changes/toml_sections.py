"""Where the sections of a TOML text stand, line by line, so that lines can be added and taken away between them.

Facts
    * A section's own lines end with its last key and the comments right under it. Comments after a blank line, or right
      above the next section, belong to what follows.
    * Rows of an array of sections count from 0: ("sync", "contact", "mapping", "1").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core.settings_file.toml_lines import HEADER, parts_of
from dynsync_lib.core.settings_file.toml_text import QUOTED

_OPENING: Final = re.compile(r"[\[{]")
_CLOSING: Final = re.compile(r"[\]}]")


@dataclass(frozen=True, slots=True)
class Section:
    """A section's name, and the numbers of its first and its last own line, from 0. `row` is the one it belongs to."""

    path: tuple[str, ...]
    first: int
    last: int
    row: tuple[str, ...] | None = None


def sections_of(text: str) -> tuple[Section, ...]:
    """The sections in the order of the text; without what stands before the first."""
    lines, kinds = text.split("\n"), list(_kinds(text))
    starts = [number for number, kind in enumerate(kinds) if kind == "header"]
    ends = [*starts, len(lines)][1:]
    counts: Counter[tuple[str, ...]] = Counter()
    sections = []
    for start, end in zip(starts, ends, strict=True):
        header = HEADER.match(lines[start])
        path = parts_of(header["name"]) if header is not None else ()
        is_row = header is not None and header[1] == "[["
        if is_row:
            counts[path] += 1
        parent = next((path[:length] for length in range(len(path), 0, -1) if path[:length] in counts), None)
        row = (*parent, str(counts[parent] - 1)) if parent is not None else None
        sections.append(Section(row if is_row and row else path, start, _last_own_line(kinds, start, end), row))
    return tuple(sections)


def _kinds(text: str) -> Iterator[str]:
    """Of each line, what it is: `header`, `key`, `comment` or `blank`."""
    depth = 0
    for line in QUOTED.sub(_mask, text).split("\n"):
        plain = line.strip()
        if depth == 0 and plain[:1] in ("", "#", "["):
            yield {"": "blank", "#": "comment", "[": "header"}[plain[:1]]
            continue
        depth += len(_OPENING.findall(plain)) - len(_CLOSING.findall(plain))
        yield "key"


def _mask(match: re.Match[str]) -> str:
    """A sign that stands for a comment; signs on as many lines for a string."""
    return "#" if match[0].startswith("#") else "q" + "\nq" * match[0].count("\n")


def _last_own_line(kinds: Sequence[str], start: int, end: int) -> int:
    last_key = max(number for number in range(start, end) if number == start or kinds[number] == "key")
    last = last_key
    while last + 1 < end and kinds[last + 1] == "comment":
        last += 1
    is_above_the_next = last + 1 == end and end < len(kinds)
    return last_key if is_above_the_next else last


def without_sections(text: str, sections: Sequence[Section]) -> str:
    """The text without the own lines of these sections, and without one of the two blank lines that then meet."""
    lines = text.split("\n")
    for section in sorted(sections, key=lambda section: -section.first):
        rest = lines[section.last + 1 :]
        before_is_blank = section.first == 0 or not lines[section.first - 1].strip()
        if before_is_blank and rest and not rest[0].strip():
            rest = rest[1:]
        lines = [*lines[: section.first], *rest]
    return "\n".join(lines)


def with_lines_after(text: str, number: int, added: Sequence[str]) -> str:
    """The text with more lines after one of its lines, and with its own kind of line ends."""
    if not text:
        return "\n".join([*added, ""]).lstrip("\n")
    lines = text.split("\n")
    end = "\r" if lines[0].endswith("\r") else ""
    if number + 1 == len(lines) and lines[number]:
        lines[number], added = lines[number] + end, [*added, ""]
    return "\n".join(
        [*lines[: number + 1], *(line + end if line or end else line for line in added), *lines[number + 1 :]]
    )
