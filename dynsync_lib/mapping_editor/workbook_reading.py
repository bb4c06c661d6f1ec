"""A workbook of mappings read back: every cell is checked, and a file with a fault or of other portals is refused.

Facts
    * An object that has no row in the sheet of mappings is left alone; for the others the sheet says all mappings.
    * Files without portals' ids, made from exported tables, are told apart by nothing but their fields.
    * Options are read by value or label, of rows that name both; a mapping without such a row pairs by label.

Where it is used: `mapping_editor.editor`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from openpyxl.utils import get_column_letter

from dynsync_lib.core.fields.catalogue import Catalogue, Field
from dynsync_lib.core.model import Direction, Object, System, nearest
from dynsync_lib.core.settings import FieldMapping
from dynsync_lib.errors import InputFileError
from dynsync_lib.mapping_editor.mapping_workbook import (
    ABOUT,
    MAPPING_COLUMNS,
    MAPPINGS,
    OPTION_COLUMNS,
    OPTIONS,
    PORTALS,
)
from dynsync_lib.portals.files.sheets import SheetFile, open_files

_EXPORT_AGAIN: Final = "Export the mappings again and edit that file."
_CORRECT: Final = "Correct the cell and load the file again; nothing was changed."


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a sheet: its number in the file and its cells by heading, None for empty ones."""

    sheet: str
    number: int
    columns: Sequence[str]
    cells: Mapping[str, str | None]

    def cell_name(self, column: str) -> str:
        """The sheet and the cell, as Excel names it: `sheet Mappings, cell B7`."""
        return f"sheet {self.sheet}, cell {get_column_letter(self.columns.index(column) + 1)}{self.number}"


def read_workbook(path: Path, catalogue: Catalogue, portals: Mapping[System, str]) -> dict[Object, list[FieldMapping]]:
    """The mappings of each object that the workbook names.

    Raises InputFileError, with sheet and cell, at the first fault; when the file is no workbook of mappings, or one of
    other portals than `portals`.
    """
    if path.suffix.lower() != ".xlsx" or not path.is_file():
        what = "is not there" if not path.exists() else "is no XLSX workbook"
        raise InputFileError(f"{path} {what}.", next_step=_EXPORT_AGAIN)
    sheets = {file.title or "": file for file in open_files(path)}
    _refuse_other_portals(path, sheets, portals)
    mappings: dict[Object, list[FieldMapping]] = {}
    seen: set[tuple[Object, System, str]] = set()
    options = _read_options(path, sheets)
    for row in _rows(path, sheets, MAPPINGS, MAPPING_COLUMNS):
        object_, mapping = _read_mapping(row, catalogue, seen, path)
        own = options.get((object_.value, *mapping.names), {})
        mappings.setdefault(object_, []).append(FieldMapping(*mapping.names, mapping.direction, own))
    if not mappings:
        raise InputFileError(f"{path}, sheet {MAPPINGS} names no mapping.", next_step=_EXPORT_AGAIN)
    return mappings


def _refuse_other_portals(path: Path, sheets: Mapping[str, SheetFile], portals: Mapping[System, str]) -> None:
    ids = {row.cells["What"]: row.cells["Id"] for row in _rows(path, sheets, ABOUT, ("What", "Id"))}
    for system, what in PORTALS.items():
        theirs, ours = (ids.get(what) or "(unknown)", portals[system] or "(unknown)")
        if theirs != ours:
            raise InputFileError(
                f"{path} is of the {what} {theirs}, and this snapshot of {ours}.",
                next_step="Load a file that was exported from a snapshot of the same portals; nothing was changed.",
            )


def _rows(path: Path, sheets: Mapping[str, SheetFile], name: str, wanted: Collection[str]) -> Iterator[_Row]:
    if name not in sheets:
        raise InputFileError(f"{path} has no sheet {name}.", next_step=_EXPORT_AGAIN)
    lines = sheets[name].lines()
    columns = [str(cell) for cell in next(lines).cells]
    for column in wanted:
        if column not in columns:
            raise InputFileError(f"{path}, sheet {name} has no column {column}.", next_step=_EXPORT_AGAIN)
    for line in lines:
        yield _Row(name, line.number, columns, dict(zip(columns, map(_plain, line.cells), strict=True)))


def _plain(cell: str | None) -> str | None:
    """A cell as it was before it was made harmless to spreadsheets, without outer blanks."""
    return None if cell is None else cell.strip().removeprefix("'") or None


def _read_mapping(
    row: _Row, catalogue: Catalogue, seen: set[tuple[Object, System, str]], path: Path
) -> tuple[Object, FieldMapping]:
    object_ = Object(_choice(row, "Object", list(Object), path))
    direction = Direction(_choice(row, "Direction", list(Direction), path))
    names = {}
    for system, column in ((System.HUBSPOT, "HubSpot field"), (System.DYNAMICS, "Dynamics field")):
        field = _field(row, column, catalogue, (system, object_), path)
        if (object_, system, field.name) in seen:
            raise _fault(path, row, column, f"`{field.name}` is mapped twice; a field may be in one mapping only.")
        seen.add((object_, system, field.name))
        names[system] = row.cells[column] or ""
    return object_, FieldMapping(names[System.HUBSPOT], names[System.DYNAMICS], direction)


def _choice(row: _Row, column: str, choices: Sequence[str], path: Path) -> str:
    value = row.cells[column] or ""
    if value not in choices:
        allowed = ", ".join(choices)
        raise _fault(path, row, column, f"`{value}` is none of {allowed}.{nearest(value, choices)}")
    return value


def _field(row: _Row, column: str, catalogue: Catalogue, owner: tuple[System, Object], path: Path) -> Field:
    name = row.cells[column] or ""
    field = catalogue.find(*owner, name) if name else None
    if field is None:
        system, object_ = owner
        thing = "property" if system is System.HUBSPOT else "column"
        near = nearest(name, catalogue.names(system, object_)) if name else ""
        says = f"`{name}` is no {object_} {thing} of {system.label}.{near}" if name else "The cell is empty."
        raise _fault(path, row, column, says)
    return field


def _read_options(path: Path, sheets: Mapping[str, SheetFile]) -> dict[tuple[str | None, ...], dict[str, str]]:
    """The pairs of options that both sides of a row name, by object and the two fields."""
    pairs: dict[tuple[str | None, ...], dict[str, str]] = {}
    for row in _rows(path, sheets, OPTIONS, OPTION_COLUMNS):
        ours, theirs = row.cells["HubSpot option"], row.cells["Dynamics option"]
        if ours is not None and theirs is not None:
            known = pairs.setdefault(tuple(row.cells[column] for column in OPTION_COLUMNS[:3]), {})
            if ours in known:
                raise _fault(path, row, "HubSpot option", f"`{ours}` is paired twice.")
            known[ours] = theirs
    return pairs


def _fault(path: Path, row: _Row, column: str, says: str) -> InputFileError:
    return InputFileError(f"{path}, {row.cell_name(column)}: {says}", next_step=_CORRECT)
