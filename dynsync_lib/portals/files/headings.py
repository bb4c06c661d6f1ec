"""Which field each column of an exported file is, by its heading: an internal name, or a label of a CRM's export.

Facts
    * Cells under labels are converted, and those under internal names that have not the API's form.
    * The heading of the id is `(Do Not Modify) Contact` in exports of Dynamics, which may also have
      `(Do Not Modify) Modified On` beside `Modified On`.
    * The heading of the id is `Record ID`, in newer exports `Record ID - Contact`, in exports of HubSpot.
    * A lookup under a label holds the name of the record it points to, not its id; `lookup_headings` knows the others.
    * A column whose heading is unknown is stored under that heading.

Where it is used: `portals.files.load_files`, `portals.files.file_rows`, `portals.files.association_columns`,
`portals.files.load_report`, `portals.files.recognition`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final, Literal

from dynsync_lib.core.fields.catalogue import Field, Option
from dynsync_lib.core.model import System
from dynsync_lib.core.tables import KEY_SOURCE, RecordTable
from dynsync_lib.errors import InputFileError
from dynsync_lib.portals.files.export_words import ExportWords, Language, plain_word
from dynsync_lib.portals.files.lookup_headings import lookup_headings
from dynsync_lib.portals.files.sheets import Line
from dynsync_lib.portals.files.stored_values import ValueKind
from dynsync_lib.portals.metadata_rows import LOOKUP_TYPES

How = Literal["internal", "label", "words", "associations", "removed", "unknown"]
"""How a heading was recognised: an internal name, a label of the metadata, or a word of `export_words.toml`."""
_YES: Final = frozenset({"true", "1", "1.0", "yes", "t", "y"})
_OWNER: Final = "hubspot_owner_id"
_VERBATIM: Final = frozenset({"hs_object_id", "hs_additional_emails", "hs_additional_domains"})
_FLAGS_OF_PEOPLE: Final = frozenset({"archived", "isdisabled"})
"""Yes or no of owners and users, which have no metadata."""
HOW_TO_GET_OWNERS: Final = (
    "Save what the owners API answers (GET /crm/v3/owners) as owners.csv, with the columns id, email, firstName, "
    "lastName."
)
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
        if self.name in _FLAGS_OF_PEOPLE and self.field is None and self.how in {"internal", "label"}:
            return "yes_no"
        if self.field is None or self.is_verbatim or self.points_to or self.field.type in LOOKUP_TYPES:
            return None
        if self.field.type == "DateTime" and (self.field.behavior == "DateOnly" or self.field.format == "DateOnly"):
            return "date"
        return _KINDS.get(self.field.type)

    @property
    def options(self) -> tuple[Option, ...]:
        """The options that its field has; none where no field is known."""
        return self.field.options if self.field is not None else ()

    @property
    def is_internal(self) -> bool:
        """Whether the heading is an internal name, under which cells may have the API's form already."""
        return self.how == "internal"

    @property
    def base_name(self) -> str:
        """The field's name, or the column's where no field is known: `parentcustomerid` for a lookup under a label."""
        return self.field.name if self.field is not None else self.name

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
class OwnHeadings:
    """Headings that the user named, for columns that he or his administrator calls otherwise.

    `by_column` gives the heading by the column's internal name, which may have its table before it
    (`dynamics/accounts.name`); an empty heading says that the files do not hold the column.
    """

    by_column: Mapping[str, str] = field(default_factory=dict)

    def of_table(self, table: RecordTable, known: Collection[str]) -> dict[str, str]:
        """The internal name by each heading, in the form of `plain_word`, that means a column of the table.

        `known` are the columns that the table can have; others are its own only where the table stands before them.
        """
        plain = {heading: name for name, heading in self.by_column.items() if name in known}
        named = {
            heading: name.rpartition(".")[2]
            for name, heading in self.by_column.items()
            if name.rpartition(".")[0] == table.name
        }
        return {plain_word(heading): name for heading, name in {**plain, **named}.items() if heading}

    def is_left_out(self, table: RecordTable, name: str) -> bool:
        """Whether the user said that the files do not hold the column."""
        heading = self.by_column.get(f"{table.name}.{name}", self.by_column.get(name))
        return heading == ""


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
    def removal_marks(self) -> tuple[tuple[int, bool], ...]:
        """The columns that say a record was removed: position, and whether they say when."""
        columns = (column for column in self.columns if column.how == "removed")
        return tuple((column.position, column.text.casefold().endswith("at")) for column in columns)

    @property
    def is_german(self) -> bool:
        """Whether more headings are German words than are English words or labels of the metadata."""
        counts = Counter(column.language or "own" for column in self.columns if column.how in {"label", "words"})
        return counts["german"] > counts["own"] + counts["english"]


def is_removed(marks: Iterable[tuple[int, bool]], cells: Sequence[str | None]) -> bool:
    """Whether a row is a record of the recycling bin: HubSpot's archived ones, or those that a service deleted.

    `marks` are the `removal_marks` of its headings.
    """
    words = [((cells[position] or "").strip().lower(), is_time) for position, is_time in marks]
    return any(word in _YES or (is_time and word != "") for word, is_time in words)


def read_headings(
    table: RecordTable, fields: Sequence[Field], heading: Line, name: str, words: ExportWords, own: OwnHeadings
) -> Headings:
    """The headings of the file of that name, which holds `table`. `fields` are the fields that the table can have.

    Two columns of one unknown heading are no fault: the second is stored with a number. Raises InputFileError when the
    id column is missing, two columns mean the same field, or a column has the name of one of the kit's own.
    """
    cells = [str(cell) for cell in heading.cells]
    reader = HeadingReader(table, cells, fields, words, own)
    columns = [reader.heading_at(position, cell) for position, cell in enumerate(cells)]
    headings = Headings(table, tuple(_numbered(columns)))
    where = f"{name}, line {heading.number}"
    if table.id_field not in headings.names:
        other = words.other_system(table.system, cells)
        step = f"It looks like a file of {other.label}: put it into that folder." if other else None
        if table.name == "hubspot/owners":
            step = step or HOW_TO_GET_OWNERS
        raise InputFileError(
            f"{where}: the id column {table.id_field} is missing.",
            next_step=step or "Export the table again with its record id.",
        )
    _refuse(headings, where)
    return headings


def _numbered(columns: Iterable[Heading]) -> Iterator[Heading]:
    """The columns, those of an unknown heading that was there already under a name of their own: `Notes (2)`."""
    columns = list(columns)
    taken = {column.name for column in columns}
    seen: set[str] = set()
    for column in columns:
        name = column.name
        if column.how in {"unknown", "associations"} and name in seen:
            name = next(free for number in count(2) if (free := f"{column.name} ({number})") not in taken)
            taken.add(name)
        seen.add(name)
        yield replace(column, name=name)


class HeadingReader:
    """Recognises headings by dictionaries made once, so that a file of thousands of columns is read at once."""

    def __init__(
        self,
        table: RecordTable,
        cells: Sequence[str],
        fields: Iterable[Field],
        words: ExportWords,
        own: OwnHeadings,
    ) -> None:
        self._table, self._words, self._fields = table, words, list(fields)
        self._cells, self._plain_cells = set(cells), {plain_word(cell) for cell in cells}
        self._id_headings = words.id_headings(table.name)
        self._by_name = {field.name: field for field in self._fields}
        self._lookups = lookup_headings(self._fields, self._cells)
        known = {*self._by_name, table.id_field, *KEY_SOURCE.get(table.name, {}).values()}
        self._own = own.of_table(table, known)
        self._claimed = {name for heading, name in self._own.items() if heading in self._plain_cells}
        self._plain_columns = words.plain_columns(table.name)
        self._by_label: dict[str, Field] = {}
        self._by_word: dict[str, tuple[Field, Language]] = {}
        for known_field in self._fields:
            self._by_label.setdefault(plain_word(known_field.label), known_field)
            for word, language in words.field_headings(known_field).items():
                self._by_word.setdefault(word, (known_field, language))

    def heading_at(self, position: int, cell: str) -> Heading:
        """The column under one heading."""
        if plain_word(cell) in self._own:
            return self._named_by_user(position, cell, self._own[plain_word(cell)])
        heading = self._heading_at(position, cell)
        return Heading(position, cell, cell, "unknown") if heading.base_name in self._claimed else heading

    def _heading_at(self, position: int, cell: str) -> Heading:
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
        column = self._plain_columns.get(plain) or self._plain_columns.get(self._without_notice(plain))
        if column is not None and (cell == column or column not in self._cells):
            return Heading(position, cell, column, "internal" if cell == column else "label")
        if plain in self._words.removed:
            return Heading(position, cell, cell, "removed")
        return Heading(position, cell, cell, "associations" if self._is_associated(cell) else "unknown")

    def _is_associated(self, cell: str) -> bool:
        """Whether the column names associated records, by its heading or as a property."""
        by_property = self._words.association_property(str(self._table.object), cell)
        return self._table.system is System.HUBSPOT and (by_property or self._words.association_of(cell)) is not None

    def _named_by_user(self, position: int, cell: str, name: str) -> Heading:
        field = self._by_name.get(name)
        if field is None:
            return Heading(position, cell, name, "label")
        return self._of_field(position, cell, field, None)

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


def _refuse(headings: Headings, where: str) -> None:
    counts = Counter(headings.names)
    twice = next((name for name in headings.names if counts[name] > 1), None)
    if twice is not None:
        texts = {column.text for column in headings.columns if column.name == twice}
        what = "mean" if len(texts) > 1 else "are called"
        raise InputFileError(
            f"{where}: two columns {what} {twice if len(texts) > 1 else texts.pop()}.",
            next_step="Give the column that is not meant another heading.",
        )
    taken = {column.name for column in headings.table.structure} - {"id"}
    for name in headings.names:
        if name in taken:
            raise InputFileError(
                f"{where}: the kit keeps the column name {name} for itself.", next_step="Rename the column."
            )
