"""Which table a file holds, by its headings; by the words of its name only where headings fit several tables alike.

Facts
    * Headings that one table alone has (`signs` in `export_words.toml`: first name, deal stage) count first, then how
      many headings are fields of the table, then how many are spelt exactly so.
    * Where the name says another table and the headings hardly decide, nobody guesses: the load stops and asks.

Where it is used: `portals.files.folder_files`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.model import System
from dynsync_lib.core.tables import LINKS_IN, RECORD_TABLES, RecordTable
from dynsync_lib.errors import InputFileError
from dynsync_lib.portals.files.export_words import ExportWords
from dynsync_lib.portals.files.file_names import is_of_vendor
from dynsync_lib.portals.files.headings import HeadingReader, OwnHeadings
from dynsync_lib.portals.files.metadata_files import heading_of
from dynsync_lib.portals.files.sheets import SheetFile

_SURE: Final = 2
"""By how many signs headings must be ahead to be believed against the name, or without a record id."""
_LINKS: Final = ({"contact_id", "company_id", "is_primary"}, {"from_object", "from_id", "to_object", "to_id"})


@dataclass(frozen=True, slots=True, order=True)
class Likeness:
    """How well headings fit a table: signs, all fields, those spelt exactly so; and whether the record id is there."""

    signs: int
    known: int
    exact: int
    table: str = field(compare=False)
    has_id: bool = field(compare=False)


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
        fits = sorted((self._likeness(table, cells) for table in self._tables()), reverse=True)
        with_id = [likeness for likeness in fits if likeness.has_id]
        if not with_id:
            return self._without_id(file, fits)
        return self._decide(file, with_id)

    def named_tables(self, stem: str) -> list[str]:
        """The tables whose words stand in a file's name."""
        return self.words.tables_named(self.system, stem)

    def fits_name(self, table: str, file: SheetFile) -> bool:
        """Whether a file named after a table may hold it: no other table's headings are plainly there."""
        fits = {table.name: self._likeness(table, headings_of(file)) for table in self._tables()}
        own = fits.pop(table)
        others = [likeness for likeness in fits.values() if likeness.has_id]
        return not any(other.signs >= _SURE for other in others) or (own.has_id and own.signs > 0)

    def _tables(self) -> list[RecordTable]:
        return [table for table in RECORD_TABLES.values() if table.system is self.system]

    def _likeness(self, table: RecordTable, cells: Sequence[str]) -> Likeness:
        fields = [candidate for candidate in self.fields if candidate.object is table.object]
        reader = HeadingReader(table, cells, fields, self.words, self.own)
        columns = [reader.heading_at(position, cell) for position, cell in enumerate(cells)]
        names = {column.name for column in columns}
        known = [column for column in columns if column.field is not None and column.name != table.id_field]
        exact = [column for column in known if column.field is not None and column.text == column.field.label]
        signs = {column.base_name for column in columns} & self.words.signs(table.name)
        if table.object is None and not signs:
            return Likeness(0, 0, 0, table.name, has_id=False)
        return Likeness(len(signs), len(known), len(exact), table.name, table.id_field in names)

    def _without_id(self, file: SheetFile, fits: Sequence[Likeness]) -> str | None:
        """The table of a file without a record id: of a CRM's own file by its name, else when signs are sure."""
        named = self.named_tables(file.path.stem) if is_of_vendor(file.path.stem) else []
        best = fits[0]
        if len(named) == 1:
            return named[0]
        return best.table if best.signs >= _SURE and best.signs > fits[1].signs else None

    def _decide(self, file: SheetFile, fits: Sequence[Likeness]) -> str | None:
        named = self.named_tables(file.path.stem)
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


def headings_of(file: SheetFile) -> list[str]:
    """The headings of a file, without empty ones. Raises InputFileError when the file cannot be read."""
    first = next(file.rows(), None)
    return [cell for cell in first.cells if cell] if first is not None else []


def is_metadata(file: SheetFile) -> bool:
    """Whether a file lists fields: its headings say object, name and type."""
    return {"object", "name", "type"} <= {heading_of(cell) for cell in headings_of(file)}


def _ask(file: SheetFile, tables: Iterable[str], what: str) -> InputFileError:
    names = sorted(table.partition("/")[2] for table in tables)
    return InputFileError(
        f"{file.name} could hold {' or '.join(names)}: its {what} both.",
        next_step=f"Name it {names[0]}.csv or {names[1]}.csv, with its own ending, after what it holds.",
    )
