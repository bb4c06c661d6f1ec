"""Which table a file holds, by its headings; by the words of its name only where headings fit several tables alike.

Facts
    * Headings that one table alone has (`signs` in `export_words.toml`: first name, deal stage) count first, then how
      many headings are fields of the table, then how many are spelt exactly so.
    * Where the name says another table and the headings hardly decide, nobody guesses: the load stops and asks.
    * Without a sign nothing is recognised by headings: tickets and products have record ids and names, too. Nor is a
      Dynamics table by its id alone: a quote holds an accountid. Then the file's name decides, if every heading fits.

Where it is used: `portals.files.folder_files`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.model import System
from dynsync_lib.core.tables import LINKS_IN, RECORD_TABLES, RecordTable
from dynsync_lib.errors import InputFileError
from dynsync_lib.portals.files.export_words import ExportWords, plain_word
from dynsync_lib.portals.files.file_names import is_of_vendor
from dynsync_lib.portals.files.headings import Heading, HeadingReader, OwnHeadings
from dynsync_lib.portals.files.metadata_files import heading_of
from dynsync_lib.portals.files.sheets import SheetFile

_SURE: Final = 2
"""By how many signs headings must be ahead to be believed against the name, or without a record id."""
_GENERIC: Final = "name"
"""A heading that is no sign of anything: companies have it, and so have products."""
AHEAD_OF_ID: Final = frozenset({"id", "sinkcreatedon", "sinkmodifiedon", "@odata.etag"})
"""Headings that services write before the record's own columns."""
_LINKS: Final = ({"contact_id", "company_id", "is_primary"}, {"from_object", "from_id", "to_object", "to_id"})


@dataclass(frozen=True, slots=True, order=True)
class Likeness:
    """How well headings fit a table: signs, all fields, those spelt exactly so; and whether the record id is there.

    `unknown` is how many headings are no field of the table.
    """

    signs: int
    known: int
    exact: int
    table: str = field(compare=False)
    has_id: bool = field(compare=False)
    unknown: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class Recognition:
    """Recognises the tables of one system. `fields` are all its fields, `own` the headings that the user named."""

    system: System
    fields: Sequence[Field]
    words: ExportWords
    own: OwnHeadings

    def table_of(self, file: SheetFile) -> str | None:
        """The table that a file holds, such as `hubspot/contacts`; None when its headings are those of none.

        Raises InputFileError when they could be those of several, or when name and headings disagree.
        """
        cells = headings_of(file)
        if any(names <= set(cells) for names in _LINKS) and self.system is System.HUBSPOT:
            return LINKS_IN.name
        stem = file.path.stem.casefold()
        fits = sorted((self._likeness(table, cells, stem) for table in self._tables()), reverse=True)
        with_id = [likeness for likeness in fits if likeness.has_id]
        if not with_id:
            return self._without_id(file, fits)
        return self._decide(file, with_id)

    def named_tables(self, stem: str) -> list[str]:
        """The tables whose words stand in a file's name."""
        return self.words.tables_named(self.system, stem)

    def fits_name(self, table: str, file: SheetFile) -> bool:
        """Whether a file named after a table may hold it: no other table's headings are plainly there."""
        fits = {
            table.name: self._likeness(table, headings_of(file), file.path.stem.casefold()) for table in self._tables()
        }
        own = fits.pop(table)
        others = [likeness for likeness in fits.values() if likeness.has_id]
        return not any(other.signs >= _SURE for other in others) or (own.has_id and own.signs > 0)

    def _tables(self) -> list[RecordTable]:
        return [table for table in RECORD_TABLES.values() if table.system is self.system]

    def _likeness(self, table: RecordTable, cells: Sequence[str], stem: str) -> Likeness:
        fields = [candidate for candidate in self.fields if candidate.object is table.object]
        reader = HeadingReader(table, cells, fields, self.words, self.own)
        columns = [reader.heading_at(position, cell) for position, cell in enumerate(cells)]
        names = {column.name for column in columns}
        known = [column for column in columns if column.field is not None and column.name != table.id_field]
        exact = [column for column in known if column.field is not None and column.text == column.field.label]
        is_sure = table.object is not None or table.id_field in names
        telling = {
            column.base_name
            for column in columns
            if plain_word(column.text) != _GENERIC and (is_sure or column.is_internal)
        }
        signs = telling & self.words.signs(table.name)
        if table.object is None and not signs:
            return Likeness(0, 0, 0, table.name, has_id=False)
        has_id = table.id_field in names and self._is_own_id(table, columns, signs, stem)
        unknown = sum(column.how == "unknown" for column in columns)
        return Likeness(len(signs), len(known), len(exact), table.name, has_id, unknown)

    def _is_own_id(self, table: RecordTable, columns: Sequence[Heading], signs: Collection[str], stem: str) -> bool:
        """Whether the id column is the record's own; under an internal name it may be a lookup of another table.

        Services name a file after its table: in `account.csv` an `accountid` is the record's own, wherever it stands.
        """
        is_named = stem == table.id_field.removesuffix("id")
        column = next(column for column in columns if column.name == table.id_field)
        ahead = {plain_word(other.text) for other in columns[: column.position]}
        is_first = ahead <= AHEAD_OF_ID
        return table.system is System.HUBSPOT or column.how != "internal" or is_first or is_named or len(signs) > _SURE

    def _without_id(self, file: SheetFile, fits: Sequence[Likeness]) -> str | None:
        """The table of a file without a record id: of a CRM's own file by its name, else when signs are sure."""
        named = self.named_tables(file.path.stem) if is_of_vendor(file.path.stem) else []
        best = fits[0]
        if len(named) == 1:
            return named[0]
        if self.system is System.HUBSPOT and lists_users(headings_of(file), self.words):
            return None
        return best.table if best.signs >= _SURE and best.signs > fits[1].signs else None

    def _decide(self, file: SheetFile, fits: Sequence[Likeness]) -> str | None:
        named = self.named_tables(file.path.stem)
        if not fits[0].signs:
            return self._by_name(file, fits, named)
        best = [likeness for likeness in fits if likeness == fits[0]]
        if len(best) > 1:
            fitting = [likeness.table for likeness in best if likeness.table in named]
            if len(fitting) == 1:
                return fitting[0]
            raise _ask(file, [likeness.table for likeness in best], "headings fit")
        by_name = [likeness for likeness in fits if [likeness.table] == named and likeness is not fits[0]]
        if by_name and fits[0].signs - by_name[0].signs < _SURE:
            raise _ask(file, [by_name[0].table, fits[0].table], "name and headings say")
        return fits[0].table

    def _by_name(self, file: SheetFile, fits: Sequence[Likeness], named: Sequence[str]) -> str | None:
        """The table of a file whose headings tell nothing: the one in its name, where they do not speak against it."""
        fitting = [likeness for likeness in fits if likeness.table in named]
        if len(fitting) > 1:
            raise _ask(file, [likeness.table for likeness in fitting], "name says")
        if fitting and fitting[0].unknown:
            name = fitting[0].table.partition("/")[2]
            raise InputFileError(
                f"{file.name} has {name} in its name, and no heading says that it holds them.",
                next_step=f"Name it {name}.csv, with its own ending, if it does; else move it out of the folder.",
            )
        return fitting[0].table if fitting else None


def headings_of(file: SheetFile) -> list[str]:
    """The headings of a file, without empty ones. Raises InputFileError when the file cannot be read."""
    first = next(file.rows(), None)
    return [cell for cell in first.cells if cell] if first is not None else []


def lists_users(headings: Sequence[str], words: ExportWords) -> bool:
    """Whether headings are those of a list of HubSpot's users, who have names and addresses and are no contacts.

    Owners have other ids: a list that names those as well is one of owners.
    """
    columns = words.plain_columns("hubspot/owners")
    names = {columns.get(plain_word(heading)) for heading in headings}
    return "userId" in names and "id" not in names


def is_metadata(file: SheetFile) -> bool:
    """Whether a file lists fields: its headings say object, name and type."""
    return {"object", "name", "type"} <= {heading_of(cell) for cell in headings_of(file)}


def _ask(file: SheetFile, tables: Iterable[str], what: str) -> InputFileError:
    names = sorted(table.partition("/")[2] for table in tables)
    return InputFileError(
        f"{file.name} could hold {' or '.join(names)}: its {what} both.",
        next_step=f"Name it {names[0]}.csv or {names[1]}.csv, with its own ending, after what it holds.",
    )
