"""What was made of exported files: recognised, guessed, kept as plain text. Stands beside the snapshot's manifest.

Facts
    * It holds headings, counts and line numbers; never a cell, which could be somebody's name or address.

Where it is used: `portals.files.load_files`, `kit`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from dynsync_lib.portals.files.headings import Heading
from dynsync_lib.snapshot.snapshot import Snapshot

LOAD_REPORT_FILE: Final = "load_report.json"


@dataclass(slots=True)
class FileReport:
    """One file. `recognised` pairs headings with internal names, `guessed` and `notes` are sentences.

    `unknown` are headings that nobody knows: they are kept as plain text, and no rule looks at them.
    """

    file: str
    table: str
    form: str
    rows: int = 0
    recognised: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def take_headings(self, columns: Sequence[Heading]) -> None:
        """Notes what each column is."""
        for column in columns:
            if column.how == "unknown":
                self.unknown.append(column.text)
            else:
                self.recognised[column.text] = column.name


@dataclass(slots=True)
class LoadReport:
    """All files of one load; `notes` are about no single file."""

    files: list[FileReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> Mapping[str, Any]:
        """For `load_report.json`."""
        return asdict(self)


def read_load_report(snapshot: Snapshot) -> dict[str, Any]:
    """What was recognised, guessed and kept as plain text when files were loaded; empty for a snapshot of APIs."""
    file = snapshot.path / LOAD_REPORT_FILE
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return told
