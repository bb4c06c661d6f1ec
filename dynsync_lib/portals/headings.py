"""What the columns of an exported file are: internal names, or the labels of the CRMs' own exports.

Facts
    * Under a label, choices stand as labels; they become internal values again where the metadata knows them.
    * Dynamics writes `(Do Not Modify) Contact` over the id, and `(Do Not Modify) Modified On` next to `Modified On`.
    * HubSpot writes `Record ID`, newer exports `Record ID - Contact`, over the id.
    * A heading that nobody knows stays as it is.

Where it is used: `portals.exports`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dynsync_lib.core.catalogue import Field
from dynsync_lib.core.model import RecordTable, System
from dynsync_lib.errors import InputFileError
from dynsync_lib.portals.sheets import Line

_DO_NOT_MODIFY: Final = "(do not modify) "
_ID_LABELS: Final[Mapping[str, tuple[str, ...]]] = {
    "hubspot/contacts": ("record id", "record id - contact"),
    "hubspot/companies": ("record id", "record id - company"),
    "hubspot/deals": ("record id", "record id - deal"),
    "hubspot/invoices": ("record id", "record id - invoice"),
    "dynamics/contacts": ("(do not modify) contact",),
    "dynamics/accounts": ("(do not modify) account",),
    "dynamics/leads": ("(do not modify) lead",),
    "dynamics/opportunities": ("(do not modify) opportunity",),
    "dynamics/invoices": ("(do not modify) invoice",),
    "dynamics/users": ("(do not modify) user",),
}


@dataclass(frozen=True, slots=True)
class Headings:
    """The columns of one file, in order: `names` are internal; `choices` turn labels into values, by column place."""

    table: RecordTable
    names: tuple[str, ...]
    choices: Mapping[int, Mapping[str, str]]

    @property
    def id_place(self) -> int:
        """Where the record id stands."""
        return self.names.index(self.table.id_field)

    @property
    def guid_places(self) -> tuple[int, ...]:
        """Where GUIDs stand: the id and every lookup of a Dynamics table; nowhere in HubSpot's."""
        if self.table.system is System.HUBSPOT:
            return ()
        lookups = (i for i, name in enumerate(self.names) if name.startswith("_") and name.endswith("_value"))
        return (self.id_place, *lookups)


def read_headings(table: RecordTable, fields: Sequence[Field], heading: Line, path: Path) -> Headings:
    """The headings of a file of `table`, whose fields the metadata or the standard schema names.

    Raises InputFileError when the id column is missing, two columns mean the same field, or a name is the kit's own.
    """
    cells = [str(cell) for cell in heading.cells]
    meanings = [_meaning(cell, cells, table, fields) for cell in cells]
    names = tuple(name for name, _ in meanings)
    _refuse(table, names, path)
    return Headings(table, names, {place: labels for place, (_, labels) in enumerate(meanings) if labels})


def choice_values(cell: str | None, labels: Mapping[str, str]) -> str | None:
    """The value of a cell that holds a label, or several separated by `;`; what is no label stays as it is."""
    if cell is None or cell in labels or ";" not in cell:
        return labels.get(cell or "", cell)
    return ";".join(labels.get(part.strip(), part.strip()) for part in cell.split(";"))


def _meaning(
    cell: str, cells: Sequence[str], table: RecordTable, fields: Sequence[Field]
) -> tuple[str, Mapping[str, str]]:
    names = {field.name for field in fields} | {table.id_field}
    if cell in names or _is_lookup(cell):
        return cell, {}
    label = cell.casefold()
    if table.id_field not in cells and label in _ID_LABELS.get(table.name, ()):
        return table.id_field, {}
    field = _labelled(label, fields) or _labelled(_plain(label, cells), fields)
    if field is None or field.name in cells:
        return cell, {}
    return field.name, {option.label: option.value for option in field.options}


def _is_lookup(cell: str) -> bool:
    return cell.startswith("_") and cell.endswith(("_value", "_type"))


def _plain(label: str, cells: Sequence[str]) -> str:
    """The label without `(Do Not Modify)`, unless a column of that label stands in the file as well."""
    plain = label.removeprefix(_DO_NOT_MODIFY)
    return label if plain in {cell.casefold() for cell in cells} else plain


def _labelled(label: str, fields: Sequence[Field]) -> Field | None:
    return next((field for field in fields if field.label.casefold() == label), None)


def _refuse(table: RecordTable, names: Sequence[str], path: Path) -> None:
    if table.id_field not in names:
        raise InputFileError(
            f"{path}, line 1: the id column {table.id_field} is missing.",
            next_step="Export the table again with its record id.",
        )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputFileError(f"{path}, line 1: two columns mean {twice}.", next_step="Delete one of them.")
    taken = {column.name for column in table.structure} - {"id"}
    for name in names:
        if name in taken:
            raise InputFileError(
                f"{path}, line 1: the kit keeps the column name {name} for itself.", next_step="Rename the column."
            )
