"""The rows of one exported file as a snapshot stores them, and a report of what was converted and guessed.

Facts
    * A file with numbers or dates under labels is read twice: first to decide how it writes them.
    * Each record may be there once; an id that a spreadsheet shortened (1.2E+11) cannot be repaired.

Where it is used: `portals.files.load_files`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.errors import InputFileError
from dynsync_lib.portals.files.cell_values import (
    Column,
    Convert,
    Evidence,
    Notation,
    ValueKind,
    decide_notation,
    moment_converter,
    number_converter,
    plain_guid,
    word_converter,
)
from dynsync_lib.portals.files.export_words import ExportWords
from dynsync_lib.portals.files.headings import Heading, Headings
from dynsync_lib.portals.files.load_report import FileReport
from dynsync_lib.portals.files.name_index import LookupColumn, NameIndex
from dynsync_lib.portals.files.sheets import Line, Sheet
from dynsync_lib.snapshot.writer import TableRow

_WORDS_FOR: Final[Mapping[ValueKind, str]] = {
    "number": "no numbers",
    "date": "no dates",
    "datetime": "neither dates nor times",
    "yes_no": "neither yes nor no",
    "option": "no options that the kit knows",
}
_SHORTENED: Final = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+")
_WITH_NOTATION: Final = frozenset({"number", "date", "datetime"})


@dataclass(slots=True)
class ExportRows:
    """Reads one file. `zone` is that of times without one; `report` receives what was guessed and not understood."""

    sheet: Sheet
    headings: Headings
    words: ExportWords
    index: NameIndex
    zone: tzinfo
    report: FileReport

    def rows(self, key_maker: KeyMaker) -> Iterator[TableRow]:
        """One row per record in the order of the file, with id, rank and finished keys.

        Raises InputFileError for an id that is empty, shortened or there twice, and as `Sheet.lines`.
        """
        columns, lookups = self._columns(), self._lookups()
        id_position, seen = self.headings.id_position, dict[str, int]()
        names, guid_positions, table = self.headings.names, self.headings.guid_positions, self.headings.table
        for rank, line in enumerate(self._records()):
            cells = list(line.cells)
            for column in columns:
                cells[column.position] = column.read(cells[column.position], line.number)
            for position in guid_positions:
                cells[position] = plain_guid(cells[position])
            cells[id_position] = record_id = self._id(cells[id_position], line, seen)
            row = {**dict(zip(names, cells, strict=True)), **_resolved(lookups, cells)}
            yield {**row, "id": record_id, "api_rank": rank, **key_maker.finish(table, row)}
        self._conclude(columns, lookups, len(seen))

    @property
    def added_names(self) -> tuple[str, ...]:
        """The names of the columns that lookups under labels add."""
        return tuple(name for lookup in self._lookups() for name in lookup.added)

    def _records(self) -> Iterator[Line]:
        lines = self.sheet.lines()
        next(lines)
        return lines

    def _columns(self) -> list[Column]:
        typed = [column for column in self.headings.columns if column.kind is not None]
        notation = self._notation([column for column in typed if column.kind in _WITH_NOTATION])
        self.report.guessed.extend(notation.guesses)
        converted = [(column, self._converter(column, notation)) for column in typed]
        return [
            Column(column.position, column.text, column.kind, convert)
            for column, convert in converted
            if convert is not None and column.kind is not None
        ]

    def _notation(self, columns: list[Heading]) -> Notation:
        evidence = Evidence(is_typed=self.sheet.form is None)
        kinds = [(column.position, column.kind) for column in columns if column.kind is not None]
        for line in self._records() if kinds else ():
            for position, kind in kinds:
                cell = line.cells[position]
                if cell is not None:
                    evidence.look(kind, cell)
        has_semicolons = self.sheet.form is not None and self.sheet.form.delimiter == ";"
        return decide_notation(evidence, looks_german=self.headings.is_german or has_semicolons, zone=self.zone)

    def _converter(self, column: Heading, notation: Notation) -> Convert | None:
        assert column.field is not None  # noqa: S101 - only known fields have a kind
        if column.kind == "number":
            return number_converter(notation)
        if column.kind in {"date", "datetime"}:
            return moment_converter(notation, is_date=column.kind == "date")
        if column.kind == "yes_no":
            return word_converter(self.words.yes_no(column.field))
        labels = self.words.option_labels(column.field)
        if not labels and column.field.type in {"enumeration", "Picklist"}:
            self.report.notes.append(f"{column.text}: its options are not known, so labels stay as they are.")
        return word_converter(labels) if labels else None

    def _lookups(self) -> list[LookupColumn]:
        names = set(self.headings.names)
        return [
            LookupColumn(column, self.index)
            for column in self.headings.columns
            if column.field is not None and column.points_to and f"_{column.field.name}_value" not in names
        ]

    def _id(self, cell: str | None, line: Line, seen: dict[str, int]) -> str:
        record_id, where = (cell or "").strip(), f"{self.sheet.path}, line {line.number}"
        id_field = self.headings.table.id_field
        if not record_id:
            raise InputFileError(
                f"{where}: {id_field} is empty.", next_step="Export the table again with its record id."
            )
        if _SHORTENED.fullmatch(record_id):
            raise InputFileError(
                f"{where}: {id_field} is {record_id}, shortened by a spreadsheet.",
                next_step="Export the table again, and do not save it from a spreadsheet.",
            )
        if record_id in seen:
            raise InputFileError(
                f"{where}: the id {record_id} stands on line {seen[record_id]} already.",
                next_step="Export the table again; each record may stand once.",
            )
        seen[record_id] = line.number
        return record_id

    def _conclude(self, columns: list[Column], lookups: list[LookupColumn], rows: int) -> None:
        self.report.rows = rows
        for column in columns:
            if column.not_understood:
                where = f"{column.not_understood:,}, the first on line {column.first_line}"
                what = _WORDS_FOR[column.kind]
                self.report.notes.append(f"{column.heading}: cells that are {what} ({where}) stay as they are.")
        self.report.guessed.extend(text for lookup in lookups if (text := lookup.summary()) is not None)


def _resolved(lookups: list[LookupColumn], cells: list[str | None]) -> dict[str, str | None]:
    """The columns that lookups add or change in one row."""
    resolved: dict[str, str | None] = {}
    for lookup in lookups:
        cell = cells[lookup.heading.position]
        if lookup.heading.is_hubspot:
            is_id = (cell or "").strip().isdecimal()
            resolved[lookup.heading.name] = cell if is_id else lookup.resolve(cell)[0] or cell
        else:
            value_name, type_name = lookup.added
            resolved[value_name], resolved[type_name] = lookup.resolve(cell)
    return resolved
