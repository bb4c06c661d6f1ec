"""Finds the file of a folder that holds a table: by the kit's name for it, else by the name of a CRM's export.

Facts
    * HubSpot names its files `hubspot-crm-exports-` and the view, Dynamics the view and the time of the export. The
      customer names the view: where the name holds the table's in English or German the file is taken, as a guess. Any
      other file is ignored.

Where it is used: `portals.files.load_files`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from dynsync_lib.errors import InputFileError
from dynsync_lib.portals.files.export_words import ExportWords
from dynsync_lib.portals.files.sheets import find_sheet

_VIEWS: Final = (
    re.compile(r"hubspot-crm-exports-(?P<view>.+)", re.IGNORECASE),
    re.compile(r"(?P<view>.+) \d{1,4}[-.]\d{1,2}[-.]\d{1,4} \d{1,2}-\d{2}-\d{2}(?: [AP]M)?", re.IGNORECASE),
)
_ENDINGS: Final = frozenset({".csv", ".xlsx"})


def find_export(folder: Path, table: str, words: ExportWords) -> Path | None:
    """The file of a folder that holds a table such as `hubspot/contacts`; None when there is none.

    Raises InputFileError when several files could hold it.
    """
    name = table.partition("/")[2]
    exact = find_sheet(folder, name)
    if exact is not None:
        return exact
    fitting = [path for path in sorted(folder.iterdir()) if _fits(path, words.file_words(table))]
    if len(fitting) > 1:
        raise InputFileError(
            f"{folder} holds both {fitting[0].name} and {fitting[1].name}, and each could be {name}.",
            next_step=f"Name the right one {name}{fitting[0].suffix}.",
        )
    return fitting[0] if fitting else None


def _fits(path: Path, words: frozenset[str]) -> bool:
    if path.suffix.lower() not in _ENDINGS or not path.is_file():
        return False
    name = next((match for pattern in _VIEWS if (match := pattern.fullmatch(path.stem))), None)
    return name is not None and not words.isdisjoint(re.findall(r"[^\W\d_]+", name["view"].casefold()))
