"""What is said of a file whose headings are those of no table that the kit reads.

Facts
    * A custom table of Dynamics has a prefix in its name (`new_project`), and its id is named after it
      (`new_projectid`). An export of a view begins with `(Do Not Modify) Project`, which may be any other table.
    * HubSpot's export of users names them by user id; records name their owners by owner id, which is another number
      and stands in no export. The owners API gives both.
    * Data Sync can sync custom tables of Dynamics and keeps no associations of them (1.6, 6.8; F5).

Not modelled
    * What such a sync does with the records: they are counted, and the file is left alone.

Where it is used: `portals.files.folder_files`. Source: rule record.further-objects.
"""

from __future__ import annotations

import re
from typing import Final

from dynsync_lib.core.model import System
from dynsync_lib.errors import InputFileError
from dynsync_lib.listing import counted
from dynsync_lib.portals.files.export_words import ExportWords, plain_word
from dynsync_lib.portals.files.headings import HOW_TO_GET_OWNERS
from dynsync_lib.portals.files.load_report import LeftAlone
from dynsync_lib.portals.files.recognition import AHEAD_OF_ID, headings_of, lists_users
from dynsync_lib.portals.files.sheets import SheetFile

_CUSTOM_ID: Final = re.compile(r"([a-z][a-z0-9]+_[a-z0-9_]+)id")
_OF_CUSTOM_TABLES: Final = (
    "Data Sync can sync custom tables, without their associations (1.6, 6.8); the forecast says nothing of them."
)
_USERS: Final = (
    "lists users by their user id, and records name their owners by another number, the owner id",
    HOW_TO_GET_OWNERS,
)


def leave_unknown(file: SheetFile, system: System, words: ExportWords) -> LeftAlone:
    """A file that is left alone, as its headings are those of no table.

    Counts the lines of what looks like another table of Dynamics.
    """
    name, headings = f"{system}/{file.short_name}", headings_of(file)
    custom = _of_other_table(file, headings, words) if system is System.DYNAMICS and headings else None
    if custom is not None:
        return LeftAlone(name, custom, _OF_CUSTOM_TABLES, holds_other_table=True)
    return LeftAlone(name, *_of_no_table(headings, system, words))


def _of_other_table(file: SheetFile, headings: list[str], words: ExportWords) -> str | None:
    """How many records of which other table of Dynamics a file holds; None where it looks like none."""
    custom, labelled = _custom_table(headings), _labelled_table(headings[0], words)
    if custom is not None:
        return f"holds {_count(file)} of {custom}, a custom table"
    return None if labelled is None else f"holds {_count(file)} of {labelled}, a table that the kit does not know"


def _of_no_table(headings: list[str], system: System, words: ExportWords) -> tuple[str, str]:
    """Why headings are those of no table, to follow the file's name, and what to do."""
    if not headings:
        return "is empty", "Export the table again, with its headings."
    if system is System.HUBSPOT and lists_users(headings, words):
        return _USERS
    return (
        f"has headings of no table of {system.label} that the kit reads (it begins with {headings[0]})",
        "If it holds one, export it with the record id, or name the file contacts.csv after its table.",
    )


def _custom_table(headings: list[str]) -> str | None:
    """The custom table whose id is the first column of its own; None when that is no such id."""
    own = [heading.strip().lower() for heading in headings]
    first = next((heading for heading in own if heading not in AHEAD_OF_ID), "")
    found_id = _CUSTOM_ID.fullmatch(first)
    return found_id[1] if found_id else None


def _labelled_table(heading: str, words: ExportWords) -> str | None:
    """The table that an export of a view names in the heading of its id; None for other headings."""
    return heading.partition(")")[2].strip() if plain_word(heading).startswith(words.do_not_modify) else None


def _count(file: SheetFile) -> str:
    """`3 records`; `records` alone when the file cannot be read to its end."""
    try:
        count = sum(1 for _ in file.rows()) - 1
    except InputFileError:
        return "records"
    return counted(count, "record", "records")
