"""The journal of a rehearsal: what was intended in the portals, then what they answered, a line each.

Facts
    * A line is on disk before the request is sent, and the answer's line before the next one is. So whatever a kill
      leaves undone or unsaid, the journal names.
    * A kill may cut the last line: it counts as not written and is taken off before anything is added. Any other line
      that cannot be read is a fault.
    * Lines hold ids, counts and hashes; no value of a record.

Where it is used: `rehearsal.seeding`, `rehearsal.cleaning`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dynsync_lib.errors import SnapshotError

_END: Final = b"\n"
_PRIVATE: Final = 0o600


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was intended, and its answer; None as long as there is none.

    `number` counts from 1, `what` is its kind, such as `create`; `facts` are ids and counts.
    """

    number: int
    what: str
    facts: Mapping[str, Any]
    answer: Mapping[str, Any] | None = None


class Journal:
    """The journal in a file, which is made with its first line. Only one process may add to it at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._entries: dict[int, Entry] = {}
        self._whole_bytes = 0
        self._read()

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def of(self, what: str) -> list[Entry]:
        """The entries of one kind, in order."""
        return [entry for entry in self if entry.what == what]

    def intend(self, what: str, **facts: Any) -> Entry:
        """The entry of what is to be done now, on disk."""
        entry = Entry(len(self._entries) + 1, what, facts)
        self._append({"n": entry.number, "what": what, **facts})
        self._entries[entry.number] = entry
        return entry

    def answer(self, entry: Entry, **facts: Any) -> Entry:
        """The entry with its answer, on disk."""
        self._append({"of": entry.number, **facts})
        answered = Entry(entry.number, entry.what, entry.facts, facts)
        self._entries[entry.number] = answered
        return answered

    def note(self, what: str, **facts: Any) -> Entry:
        """An entry that needs no answer, because it says what is, on disk."""
        return self.answer(self.intend(what, **facts))

    def _append(self, line: Mapping[str, Any]) -> None:
        is_new = not self.path.exists()
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT, _PRIVATE)
        try:
            os.ftruncate(descriptor, self._whole_bytes)
            os.lseek(descriptor, self._whole_bytes, os.SEEK_SET)
            text = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + _END
            self._write(descriptor, text)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._whole_bytes += len(text)
        if is_new:
            _sync_folder(self.path.parent)

    def _write(self, descriptor: int, text: bytes) -> None:
        while text:
            text = text[os.write(descriptor, text) :]

    def _read(self) -> None:
        if not self.path.exists():
            return
        *lines, _ = self.path.read_bytes().split(_END)
        self._whole_bytes = sum(len(line) + 1 for line in lines)
        for number, text in enumerate(lines, 1):
            try:
                self._take(json.loads(text))
            except (ValueError, KeyError, TypeError, RecursionError) as fault:
                raise SnapshotError(
                    f"{self.path}, line {number} cannot be read: the journal was changed.",
                    next_step="Remove what the rehearsal made with `dynsync rehearse clean REHEARSAL --by-tag`.",
                ) from fault

    def _take(self, line: dict[str, Any]) -> None:
        if "of" in line:
            entry = self._entries[line.pop("of")]
            self._entries[entry.number] = Entry(entry.number, entry.what, entry.facts, line)
            return
        number, what = int(line.pop("n")), str(line.pop("what"))
        if number != len(self._entries) + 1:
            raise ValueError(number)
        self._entries[number] = Entry(number, what, line)


def _sync_folder(folder: Path) -> None:
    """Puts the name of a new file on disk; Windows cannot, and need not."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
