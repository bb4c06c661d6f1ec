"""The report of a load of exported files: what was recognised, guessed and stored as plain text.

Facts
    * It is a file beside the snapshot's manifest. It holds headings, counts and line numbers; never a cell, which could
      be a person's name or address.

Where it is used: `portals.files.load_files`, `portals.files.metadata_files`, `kit`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from dynsync_lib.portals.files.headings import Heading
from dynsync_lib.snapshot.snapshot import Snapshot


@dataclass(slots=True)
class FileReport:
    """The report on one file.

    `file` is its name, `table` the table it holds, `form` how it is written, `rows` how many rows it has. `recognised`
    has the internal name by heading; `unknown` are the other headings, whose columns are stored as plain text and read
    by no rule. `guessed` and `notes` are sentences. `lacks` names the column by which its records are matched, when the
    file does not hold it. `exported` is when it was exported, as its name says; None when that says nothing.
    """

    file: str
    table: str
    form: str
    rows: int = 0
    exported: str | None = None
    recognised: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lacks: list[str] = field(default_factory=list)

    def take_headings(self, columns: Sequence[Heading]) -> None:
        """Adds each column to `recognised` or `unknown`."""
        for column in columns:
            if column.how == "unknown":
                self.unknown.append(column.text)
            else:
                self.recognised[column.text] = column.name


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A file, or a sheet of one, that was not read: why, to follow its name in a sentence, and what to do.

    `holds_other_table`: its records are of a table that the kit does not read.
    """

    file: str
    why: str
    next_step: str
    holds_other_table: bool = False


@dataclass(slots=True)
class LoadReport:
    """The report on one load; `notes` are sentences about no single file, `left_alone` the files that were not read.

    `dates` are sentences about when the data is of.
    """

    files: list[FileReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left_alone: list[LeftAlone] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)

    def as_dict(self) -> Mapping[str, Any]:
        """The content of `load_report.json`."""
        return asdict(self)


def read_load_report(snapshot: Snapshot) -> dict[str, Any]:
    """What was recognised, guessed and kept as plain text when files were loaded; empty for a snapshot of APIs.

    `files` has an entry for each file: file, table, form, rows, recognised (headings to internal names), unknown
    (headings), guessed and notes (sentences), lacks (the match column, when it is not there), exported (when, by
    its name; None when that says nothing); `notes` are sentences about no single file; `dates` sentences about when the
    data is of; `left_alone` has an entry for each file that was not read: file, why, next_step.

    >>> kit.read_load_report(kit.open_snapshot("out/demo/snapshot"))
    {}
    """
    return snapshot.load_report
