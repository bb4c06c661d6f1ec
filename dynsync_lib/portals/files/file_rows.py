"""The rows of one exported file, as a snapshot wants them, and what had to be converted or guessed for it.

Facts
    * A file is read twice when it has numbers or dates under labels: first to see how it writes them.
    * Each record may stand once; an id that a spreadsheet shortened (1.2E+11) cannot be repaired.

Where it is used: `portals.files.load_files`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final

from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.errors import InputFileError
from dynsync_lib.portals.files.cell_values import (
    Column,
    Convert,
    Evidence,
    Manner,
    ValueKind,
    decide_manner,
    moment_converter,
    number_converter,
    word_converter,
)
from dynsync_lib.portals.files.export_words import ExportWords
from dynsync_lib.portals.files.headings import Heading, Headings
from dynsync_lib.portals.files.load_report import FileReport
from dynsync_lib.portals.files.name_index import LookupColumn, NameIndex
from dynsync_lib.portals.files.sheets import Line, Sheet

_WORDS_FOR: Final[Mapping[ValueKind, str]] = {
    "number": "no numbers",
    "date": "no dates",
    "datetime": "neither dates nor times",
    "yes_no": "neither yes nor no",
    "option": "no options that the kit knows",
}
_SHORTENED: Final = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+")
_WITH_MANNER: Final = frozenset({"number", "date", "datetime"})


@dataclass(slots=True)
class ExportRows:
    """Reads one file. `report` is told what was guessed and what was not understood."""

    sheet: Sheet
    headings: Headings
    words: ExportWords
    index: NameIndex
    zone: tzinfo
    report: FileReport

    def rows(self, key_maker: KeyMaker) -> Iterator[dict[str, Any]]:
        """The rows, in the order of the file, with id, rank and finished keys. Raises InputFileError."""
        columns, lookups = self._columns(), self._lookups()
        id_place, seen = self.headings.id_place, dict[str, int]()
        names, guid_places, table = self.headings.names, self.headings.guid_places, self.headings.table
        for rank, line in enumerate(self._records()):
            cells = list(line.cells)
            for column in columns:
                cells[column.place] = column.read(cells[column.place], line.number)
            for place in guid_places:
                cells[place] = _guid(cells[place])
            cells[id_place] = record_id = self._id(cells[id_place], line, seen)
            row = {**dict(zip(names, cells, strict=True)), **_resolved(lookups, cells)}
            yield {**row, "id": record_id, "api_rank": rank, **key_maker.finish(table, row)}
        self._conclude(columns, lookups, len(seen))

    @property
    def added_names(self) -> tuple[str, ...]:
        """The columns that lookups under labels add."""
        return tuple(name for lookup in self._lookups() for name in lookup.added)

    def _records(self) -> Iterator[Line]:
        lines = self.sheet.lines()
        next(lines)
        return lines

    def _columns(self) -> list[Column]:
        typed = [column for column in self.headings.columns if column.kind is not None]
        manner = self._manner([column for column in typed if column.kind in _WITH_MANNER])
        self.report.guessed.extend(manner.guesses)
        found = [(column, self._converter(column, manner)) for column in typed]
        return [
            Column(column.place, column.text, column.kind, convert)
            for column, convert in found
            if convert is not None and column.kind is not None
        ]

    def _manner(self, columns: list[Heading]) -> Manner:
        evidence = Evidence(is_typed=self.sheet.form is None)
        looked = [(column.place, column.kind) for column in columns if column.kind is not None]
        for line in self._records() if looked else ():
            for place, kind in looked:
                cell = line.cells[place]
                if cell is not None:
                    evidence.look(kind, cell)
        has_semicolons = self.sheet.form is not None and self.sheet.form.delimiter == ";"
        return decide_manner(evidence, looks_german=self.headings.is_german or has_semicolons, zone=self.zone)

    def _converter(self, column: Heading, manner: Manner) -> Convert | None:
        assert column.field is not None  # noqa: S101 - only known fields have a kind
        if column.kind == "number":
            return number_converter(manner)
        if column.kind in {"date", "datetime"}:
            return moment_converter(manner, is_date=column.kind == "date")
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
        self.report.guessed.extend(told for lookup in lookups if (told := lookup.told()) is not None)


def _resolved(lookups: list[LookupColumn], cells: list[str | None]) -> dict[str, str | None]:
    """The columns that lookups add or change in one row."""
    resolved: dict[str, str | None] = {}
    for lookup in lookups:
        cell = cells[lookup.heading.place]
        if lookup.heading.table_is_hubspot:
            is_id = (cell or "").strip().isdecimal()
            resolved[lookup.heading.name] = cell if is_id else lookup.resolve(cell)[0] or cell
        else:
            value_name, type_name = lookup.added
            resolved[value_name], resolved[type_name] = lookup.resolve(cell)
    return resolved


def _guid(cell: str | None) -> str | None:
    return cell.strip().strip("{}").lower() if cell else cell
