"""Mappings as an Excel workbook that people edit and hand back: mappings, options, every field, and whose they are.

Facts
    * The sheets Mappings and Options are read back; Fields and About are for people, and About says which portals.
    * What cells hold is safe to open, and the same mappings give the same bytes (`workbooks.new`).

Where it is used: `mapping_editor.editor`; `mapping_editor.workbook_reading` reads it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dynsync_lib.core.model import Direction, Object, System
from dynsync_lib.errors import InputFileError, UsageError
from dynsync_lib.folders.temporary_folder import temporary_folder
from dynsync_lib.mapping_editor.field_rows import FieldRow, kind_words
from dynsync_lib.mapping_editor.snapshot_fields import OptionPair
from dynsync_lib.portals.files.sheets import open_files
from dynsync_lib.workbooks.new import NewSheet, new_workbook

MAPPINGS: Final = "Mappings"
OPTIONS: Final = "Options"
ABOUT: Final = "About"
MAPPING_COLUMNS: Final = ("Object", "HubSpot field", "Dynamics field", "Direction")
"""What is read back of the sheet of mappings; the other columns are for people."""
OPTION_COLUMNS: Final = ("Object", "HubSpot field", "Dynamics field", "HubSpot option", "Dynamics option")
PORTALS: Final[Mapping[System, str]] = {System.HUBSPOT: "HubSpot portal", System.DYNAMICS: "Dynamics organization"}
_SAID: Final = ("HubSpot label", "Dynamics label", "Verdict", "Why", "What instead", "Comes from")
_COUNTED: Final = ("HubSpot label", "HubSpot records", "Dynamics label", "Dynamics records")
_FIELDS: Final = ("Object", "System", "Field", "Label", "Type", "Records", "Filled", "Mapped", "Can be mapped", "Why")
_WIDTHS: Final = {"Object": 10, "Direction": 14, "Verdict": 14, "Why": 60, "What instead": 60, "Records": 10}
_USUAL_WIDTH: Final = 24


@dataclass(frozen=True, slots=True)
class MappingSheets:
    """What a workbook holds: the portals' ids, the rows of each object, and the options of each mapped choice."""

    portals: Mapping[System, str]
    rows: Mapping[Object, Sequence[FieldRow]]
    options: Mapping[tuple[Object, str, str], Sequence[OptionPair]]


def write_workbook(path: Path, sheets: MappingSheets) -> None:
    """Writes the workbook `path`; an earlier one of mappings is replaced when the new one is whole.

    Raises UsageError when something else is there, or no folder to write to.
    """
    if path.suffix.lower() != ".xlsx":
        raise UsageError(f"{path} does not end in .xlsx.", next_step="Name a workbook, such as mappings.xlsx.")
    if not path.parent.is_dir():
        raise UsageError(f"The folder {path.parent} is not there.", next_step="Name one that is.")
    if os.path.lexists(path) and not _is_ours(path):
        raise UsageError(f"{path} exists already and is no workbook of mappings.", next_step="Name another file.")
    with temporary_folder(beside=path.parent) as work:
        _write_sheets(work / "mappings.xlsx", sheets)
        os.replace(work / "mappings.xlsx", path)


def _is_ours(path: Path) -> bool:
    try:
        titles = (
            {file.title for file in open_files(path)} if path.suffix == ".xlsx" and not path.is_symlink() else set()
        )
    except (InputFileError, OSError):
        return False
    return {MAPPINGS, ABOUT} <= titles


def _write_sheets(path: Path, sheets: MappingSheets) -> None:
    with new_workbook(path, "Field mappings") as book:
        mappings = [_mapping_cells(object_, row) for object_, row in _all(sheets) if row.is_mapped]
        sheet = _write(book, MAPPINGS, (*MAPPING_COLUMNS, *_SAID), mappings)
        allowed = {"validate": "list", "source": [str(direction) for direction in Direction]}
        sheet.data_validation(1, 3, 10_000, 3, allowed)
        _write(book, OPTIONS, (*OPTION_COLUMNS, *_COUNTED), _option_cells(sheets))
        _write(
            book, "Fields", _FIELDS, [cells for object_, row in _all(sheets) for cells in _field_cells(object_, row)]
        )
        _write(book, ABOUT, ("What", "Id"), [(what, sheets.portals[system]) for system, what in PORTALS.items()])


def _all(sheets: MappingSheets) -> Iterable[tuple[Object, FieldRow]]:
    return [(object_, row) for object_, rows in sheets.rows.items() for row in rows]


def _mapping_cells(object_: Object, row: FieldRow) -> Sequence[object]:
    labels = [side.field.label for side in row.sides]
    origin = row.mapping and row.mapping.origin
    return (object_, *row.names, row.direction, *labels, row.verdict, row.reason, row.instead, origin)


def _option_cells(sheets: MappingSheets) -> list[Sequence[object]]:
    return [
        (
            *(*key, pair.hubspot, pair.dynamics),
            *(pair.hubspot_label, pair.hubspot_records, pair.dynamics_label, pair.dynamics_records),
        )
        for key, pairs in sheets.options.items()
        for pair in pairs
    ]


def _field_cells(object_: Object, row: FieldRow) -> list[Sequence[object]]:
    way = "no" if row.allowed is None else row.allowed.value
    return [
        (
            *(object_, side.field.system.label, side.field.name, side.field.label, kind_words(side)),
            *(side.records, side.filled, "yes" if row.is_mapped else "no", way, row.reason),
        )
        for side in row.sides
    ]


def _write(book: Any, name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Any:
    widths = [(column, _WIDTHS.get(column, _USUAL_WIDTH)) for column in columns]
    sheet = NewSheet(book, name, widths, heading=book.add_format({"bold": True}))
    for row in rows:
        sheet.add(row)
    sheet.sheet.autofilter(0, 0, sheet.rows, len(columns) - 1)
    return sheet.sheet
