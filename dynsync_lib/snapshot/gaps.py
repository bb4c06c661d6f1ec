"""What a snapshot lacks, or does not know to be whole: each with the table it is about, a sentence and a next step.

Facts
    * A table that was not read is a gap, and so is one of which nobody knows whether all of it came: exported files do
      not say how many records the system holds.

Where it is used: `kit.snapshots`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from dynsync_lib.core.model import Object
from dynsync_lib.core.tables import COLUMNS, LINKS_IN, PROPERTIES, RECORD_TABLES
from dynsync_lib.listing import some_of
from dynsync_lib.snapshot.snapshot import Snapshot

GapState = Literal["missing", "guessed", "not_checked"]
_READ_AGAIN: Final = "Deliver it, too, even where it is empty, or switch its sync off in the settings."
_MOST_HEADINGS: Final = 5


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap. `about` is a table such as `hubspot/deals`, a file, or empty; `next_step` may be empty.

    `missing`: something was not read; `guessed`: it was, on a guess; `not_checked`: nobody knows whether all came.
    """

    state: GapState
    about: str
    says: str
    next_step: str = ""


def find_gaps(snapshot: Snapshot) -> list[Gap]:
    """The gaps of a snapshot: tables, associations, fields, its moment, and what its files were read on."""
    return [
        *_gaps_of_tables(snapshot),
        *_gaps_of_associations(snapshot),
        *_gaps_of_fields(snapshot),
        *_gaps_of_moment(snapshot),
        *_gaps_of_files(snapshot.load_report),
    ]


def _gaps_of_tables(snapshot: Snapshot) -> Iterator[Gap]:
    is_from_files = snapshot.manifest["source"] == "files"
    for name in RECORD_TABLES:
        table = snapshot.manifest["tables"][name]
        if not table["provided"]:
            yield Gap("missing", name, table["note"] or "The table was not delivered.", _READ_AGAIN)
        elif table["note"]:
            yield Gap("guessed", name, table["note"], "Pull again, and see whether it is the same.")
        elif table["server_rows"] is None and not is_from_files:
            yield Gap(
                "not_checked", name, "The portal does not say how many there are, so whether all came is not known."
            )
    if is_from_files:
        says = "Files do not say how many records a system holds, so whether all of them are here is not known."
        yield Gap("not_checked", "", says, "Hold the numbers above against those that the CRMs show.")


def _gaps_of_associations(snapshot: Snapshot) -> Iterator[Gap]:
    if not snapshot.is_provided(LINKS_IN.name):
        yield Gap(
            "missing", LINKS_IN.name, "Associations of HubSpot were not delivered.", "Deliver links.csv, or pull."
        )
        return
    lacking = [object_.value for object_ in (Object.CONTACT, Object.DEAL) if object_ not in snapshot.associations_of]
    if lacking:
        says = f"Associations of {' and '.join(lacking)} records of HubSpot were not delivered."
        yield Gap("missing", LINKS_IN.name, says, "Deliver them in links.csv, or pull.")


def _gaps_of_fields(snapshot: Snapshot) -> Iterator[Gap]:
    """Sides without a list of fields; of exported files the report of their loading says it."""
    for name in (PROPERTIES.name, COLUMNS.name):
        if not snapshot.is_provided(name) and not snapshot.load_report:
            says = "The list of fields was not delivered; the standard fields stand in for it."
            yield Gap("guessed", name, says, "Deliver the list of fields, or pull over the API.")


def _gaps_of_moment(snapshot: Snapshot) -> Iterator[Gap]:
    if not snapshot.is_taken_at_known and not snapshot.load_report.get("dates"):
        yield Gap("guessed", "", "When the data is of is not known; the time of loading stands in for it.")


def _gaps_of_files(report: Mapping[str, Any]) -> Iterator[Gap]:
    """What was said when exported files were loaded; nothing of a snapshot of APIs."""
    for sentence in report.get("dates", ()):
        yield Gap("guessed", "", sentence)
    for sentence in report.get("notes", ()):
        yield Gap("guessed", "", sentence)
    for file in report.get("files", ()):
        for sentence in (*file["guessed"], *file["notes"]):
            yield Gap("guessed", file["file"], sentence)
        for column in file["lacks"]:
            says = f"It has no {column}, by which its records are matched."
            yield Gap("missing", file["file"], says, "Export the column, too, or name its heading with --column.")
        if file["unknown"]:
            step = "What stands below them is kept as plain text; name them with --column."
            yield Gap("guessed", file["file"], _say_unknown(file["unknown"]), step)
    for left in report.get("left_alone", ()):
        yield Gap("missing", left["file"], f"{left['file']} {left['why']}: left alone.", left["next_step"])


def _say_unknown(headings: Sequence[str]) -> str:
    number = "1 heading is" if len(headings) == 1 else f"{len(headings):,} headings are"
    return f"{number} not known: {some_of(headings, _MOST_HEADINGS)}."
