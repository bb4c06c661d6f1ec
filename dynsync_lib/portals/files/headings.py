"""Which field each column of an exported file is, by its heading: an internal name, or a label of a CRM's export.

Facts
    * Cells under labels are converted, and those under internal names that have not the API's form.
    * The heading of the id is `(Do Not Modify) Contact` in exports of Dynamics, which may also have
      `(Do Not Modify) Modified On` beside `Modified On`.
    * The heading of the id is `Record ID`, in newer exports `Record ID - Contact`, in exports of HubSpot.
    * A lookup under a label holds the name of the record it points to, not its id; `lookup_headings` knows the others.
    * A column whose heading is unknown is stored under that heading.

Where it is used: `portals.files.load_files`, `portals.files.file_rows`, `portals.files.association_columns`,
`portals.files.load_report`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.model import System
from dynsync_lib.core.tables import RecordTable
from dynsync_lib.errors import InputFileError
from dynsync_lib.portals.files.export_words import ExportWords, Language, plain_word
from dynsync_lib.portals.files.lookup_headings import lookup_headings
from dynsync_lib.portals.files.sheets import Line
from dynsync_lib.portals.files.stored_values import ValueKind
from dynsync_lib.portals.metadata_rows import LOOKUP_TYPES

How = Literal["internal", "label", "words", "associations", "unknown"]
"""How a heading was recognised: an internal name, a label of the metadata, or a word of `export_words.toml`."""
_OWNER: Final = "hubspot_owner_id"
_VERBATIM: Final = frozenset({"hs_object_id", "hs_additional_emails", "hs_additional_domains"})
_KINDS: Final[Mapping[str, ValueKind]] = {
    **dict.fromkeys(("number", "Integer", "BigInt", "Decimal", "Double", "Money"), "number"),
    **dict.fromkeys(("date",), "date"),
    **dict.fromkeys(("datetime", "DateTime"), "datetime"),
    **dict.fromkeys(("bool", "Boolean"), "yes_no"),
    **dict.fromkeys(("enumeration", "Picklist", "State", "Status", "MultiSelectPicklist", "Virtual"), "option"),
}


@dataclass(frozen=True, slots=True)
class Heading:
    """One column of a file.

    `position` is its number (from 0), `text` its heading, `name` its internal name, `how` how the heading was
    recognised. `field` is None for an unknown heading; `language` is that of a word of `export_words.toml`, else None.
    """

    position: int
    text: str
    name: str
    how: How
    field: Field | None = None
    language: Language | None = None

    @property
    def kind(self) -> ValueKind | None:
        """What its cells are converted to; None when they are not: texts, and ids."""
        if self.field is None or self.is_verbatim or self.points_to or self.field.type in LOOKUP_TYPES:
            return None
        if self.field.type == "DateTime" and (self.field.behavior == "DateOnly" or self.field.format == "DateOnly"):
            return "date"
        return _KINDS.get(self.field.type)

    @property
    def is_internal(self) -> bool:
        """Whether the heading is an internal name, under which cells may have the API's form already."""
        return self.how == "internal"

    @property
    def is_verbatim(self) -> bool:
        """Whether its cells are ids, addresses or domains, which are never converted."""
        return self.field is not None and (self.field.type == "Uniqueidentifier" or self.name in _VERBATIM)

    @property
    def is_hubspot(self) -> bool:
        """Whether the field is HubSpot's."""
        return self.field is not None and self.field.system is System.HUBSPOT

    @property
    def points_to(self) -> tuple[str, ...]:
        """The tables of the records that its cells point to: of a lookup or an owner; else empty."""
        if self.field is None or self.name.endswith("_type"):
            return ()
        if self.field.system is System.HUBSPOT:
            return ("owners",) if self.field.name == _OWNER else ()
        return self.field.targets if self.field.type in LOOKUP_TYPES else ()


@dataclass(frozen=True, slots=True)
class Headings:
    """The columns of one file of `table`, in their order."""

    table: RecordTable
    columns: tuple[Heading, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The internal names of all columns, in their order."""
        return tuple(column.name for column in self.columns)

    @property
    def id_position(self) -> int:
        """The position of the record id (from 0)."""
        return self.names.index(self.table.id_field)

    @property
    def guid_positions(self) -> tuple[int, ...]:
        """The positions of GUIDs: of the id and lookups that no metadata names; none for HubSpot."""
        if self.table.system is System.HUBSPOT:
            return ()
        names = enumerate(self.names)
        lookups = (position for position, name in names if name.startswith("_") and name.endswith("_value"))
        return (self.id_position, *(position for position in lookups if self.columns[position].field is None))

    @property
    def is_german(self) -> bool:
        """Whether more headings are German words than are English words or labels of the metadata."""
        counts = Counter(column.language or "own" for column in self.columns if column.how in {"label", "words"})
        return counts["german"] > counts["own"] + counts["english"]


def read_headings(
    table: RecordTable, fields: Sequence[Field], heading: Line, path: Path, words: ExportWords
) -> Headings:
    """The headings of the file at `path`, which holds `table`. `fields` are the fields that the table can have.

    Raises InputFileError when the id column is missing, two columns mean the same field, or a column has the name of
    one of the kit's own.
    """
    cells = [str(cell) for cell in heading.cells]
    reader = _Reader(table, cells, fields, words)
    columns = tuple(reader.heading_at(position, cell) for position, cell in enumerate(cells))
    headings = Headings(table, columns)
    _refuse(headings, path, heading.number)
    return headings


class _Reader:
    """Recognises headings by dictionaries made once, so that a file of thousands of columns is read at once."""

    def __init__(self, table: RecordTable, cells: Sequence[str], fields: Iterable[Field], words: ExportWords) -> None:
        self._table, self._words, self._fields = table, words, list(fields)
        self._cells, self._plain_cells = set(cells), {plain_word(cell) for cell in cells}
        self._id_headings = words.id_headings(table.name)
        self._by_name = {field.name: field for field in self._fields}
        self._lookups = lookup_headings(self._fields, self._cells)
        self._by_label: dict[str, Field] = {}
        self._by_word: dict[str, tuple[Field, Language]] = {}
        for field in self._fields:
            self._by_label.setdefault(plain_word(field.label), field)
            for word, language in words.field_headings(field).items():
                self._by_word.setdefault(word, (field, language))

    def heading_at(self, position: int, cell: str) -> Heading:
        """The column under one heading; owners and users have no metadata, so their headings are internal names."""
        if cell in self._lookups:
            name, field, holds_names = self._lookups[cell]
            return Heading(position, cell, name, "label" if holds_names else "internal", field)
        if cell in self._by_name or cell == self._table.id_field or _is_lookup(cell):
            return Heading(position, cell, cell, "internal", self._by_name.get(cell))
        plain = plain_word(cell)
        if plain in self._id_headings and self._table.id_field not in self._cells:
            return Heading(position, cell, self._table.id_field, "label", self._id_field())
        match = self._field(plain) or self._field(self._without_notice(plain))
        if match is not None and match[0].name not in self._cells:
            return self._of_field(position, cell, *match)
        if self._table.object is None:
            return Heading(position, cell, cell, "internal")
        return Heading(position, cell, cell, "associations" if self._is_associated(cell) else "unknown")

    def _is_associated(self, cell: str) -> bool:
        """Whether the column names associated records, by its heading or as a property."""
        by_property = self._words.association_property(str(self._table.object), cell)
        return self._table.system is System.HUBSPOT and (by_property or self._words.association_of(cell)) is not None

    def _id_field(self) -> Field | None:
        return self._by_name.get(self._table.id_field)

    def _field(self, plain: str) -> tuple[Field, Language | None] | None:
        if plain in self._by_label:
            return self._by_label[plain], None
        return self._by_word.get(plain)

    def _of_field(self, position: int, cell: str, field: Field, language: Language | None) -> Heading:
        column = Heading(position, cell, field.name, "label" if language is None else "words", field, language)
        if column.points_to and field.system is System.DYNAMICS:
            return Heading(position, cell, f"{field.name}name", column.how, field, language)
        return column

    def _without_notice(self, plain: str) -> str:
        """The label without `(Do Not Modify)`, unless the file has a column of that label as well."""
        for notice in self._words.do_not_modify:
            bare = plain.removeprefix(notice)
            if bare != plain and bare not in self._plain_cells:
                return bare
        return plain


def _is_lookup(cell: str) -> bool:
    return cell.startswith("_") and cell.endswith(("_value", "_type"))


def _refuse(headings: Headings, path: Path, line: int) -> None:
    where, id_field = f"{path}, line {line}", headings.table.id_field
    counts = Counter(headings.names)
    if id_field not in counts:
        raise InputFileError(
            f"{where}: the id column {id_field} is missing.", next_step="Export the table again with its record id."
        )
    twice = next((name for name in headings.names if counts[name] > 1), None)
    if twice is not None:
        raise InputFileError(f"{where}: two columns mean {twice}.", next_step="Delete one of them.")
    taken = {column.name for column in headings.table.structure} - {"id"}
    for name in headings.names:
        if name in taken:
            raise InputFileError(
                f"{where}: the kit keeps the column name {name} for itself.", next_step="Rename the column."
            )
