"""The rows of one exported file as a snapshot stores them, and a report of what was converted and guessed.

Facts
    * A file with numbers or dates is read twice: first to decide how it writes them.
    * Each record may be there once; an id that a spreadsheet shortened (1.2E+11) cannot be repaired.
    * Under an internal name cells that have the API's form stay as they are; how many have not is reported.

Where it is used: `portals.files.load_files`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Final

from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.model import System
from dynsync_lib.errors import InputFileError
from dynsync_lib.messages import tell_cell
from dynsync_lib.portals.files.cell_values import (
    Column,
    Convert,
    Evidence,
    Notation,
    decide_notation,
    moment_converter,
    number_converter,
    word_converter,
)
from dynsync_lib.portals.files.deal_stages import STAGE, PipelineColumn, pipeline_column, pipelines_of, stage_converter
from dynsync_lib.portals.files.doubtful_texts import DoubtfulTexts, text_columns
from dynsync_lib.portals.files.export_words import ExportWords
from dynsync_lib.portals.files.headings import Heading, Headings, is_removed
from dynsync_lib.portals.files.id_ranks import rank_ids
from dynsync_lib.portals.files.load_report import FileReport
from dynsync_lib.portals.files.lookup_columns import LookupColumn
from dynsync_lib.portals.files.name_index import NameIndex
from dynsync_lib.portals.files.record_ids import is_guid, plain_guid, plain_number
from dynsync_lib.portals.files.sheets import Line, Sheet
from dynsync_lib.portals.files.stored_values import ValueKind, stored_form
from dynsync_lib.portals.files.unresolved_names import unresolved_row
from dynsync_lib.snapshot.writer import TableRow

_WORDS_FOR: Final[Mapping[ValueKind, str]] = {
    "number": "no numbers",
    "date": "no dates",
    "datetime": "neither dates nor times",
    "yes_no": "neither yes nor no",
    "option": "no options that the kit knows",
}
_READ_AS: Final[Mapping[ValueKind, str]] = {
    "number": "numbers",
    "date": "dates",
    "datetime": "dates and times, in UTC where they name no zone",
    "yes_no": "yes or no",
    "option": "labels",
}
_SHORTENED: Final = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+")
_WITH_NOTATION: Final = frozenset({"number", "date", "datetime"})


@dataclass(frozen=True, slots=True)
class _CellReader:
    """Reads the cells of a line as the API would deliver them.

    `alone` are the columns whose cells mean something by themselves; what a deal's `stage` means says its `pipeline`.
    """

    alone: Sequence[Column]
    stage: Column | None
    pipeline: PipelineColumn | None
    guid_positions: Collection[int]

    def read(self, line: Line) -> list[str | None]:
        """The cells of a line in the forms of the API."""
        cells, number = list(line.cells), line.place_number
        for column in self.alone:
            cells[column.position] = column.read(cells[column.position], number)
        if self.stage is not None and self.pipeline is not None:
            cells[self.stage.position] = self.pipeline.read_stage(self.stage, line.cells, number)
        for position in self.guid_positions:
            cells[position] = plain_guid(cells[position])
        return cells


@dataclass(slots=True)
class ExportRows:
    """Reads one file, or the parts of one export.

    `zone` is that of times without one. `report` receives what was guessed and not understood; the reports of further
    parts (`reports_of_parts`) only how many rows they have.

    `removed` are the rows of HubSpot's archived records, `unresolved` those of `core.tables.UNRESOLVED_LOOKUPS` about
    all others, once `rows` came to its end.
    """

    sheet: Sheet
    headings: Headings
    words: ExportWords
    index: NameIndex
    zone: tzinfo
    report: FileReport
    reports_of_parts: Sequence[FileReport] = ()
    removed: list[TableRow] = field(default_factory=list)
    unresolved: list[TableRow] = field(default_factory=list)
    _removed: int = 0
    _odd_ids: int = 0
    _first_odd_id: int = 0

    def rows(self, key_maker: KeyMaker) -> Iterator[TableRow]:
        """One row per record in the order of the file, with id, ranks and finished keys. Reads the ids first.

        Raises InputFileError for an id that is empty, shortened or there twice, and as `Sheet.lines`.
        """
        columns, lookups = self._columns(), self._lookups()
        ranks, marks, names = self._look_over(columns), self.headings.removal_marks, self.headings.names
        id_position, seen, table = self.headings.id_position, dict[str, int](), self.headings.table
        rows_of_parts = [0, *(0 for _ in self.reports_of_parts)]
        read_cells = self._cell_reader(columns).read
        texts = DoubtfulTexts(text_columns(self.headings.columns, [column.position for column in columns]))
        for line in self._records():
            is_gone = is_removed(marks, line.cells)
            texts.look(line.cells, line.place_number)
            cells = read_cells(line)
            cells[id_position] = record_id = self._id(cells[id_position], line, seen)
            rows_of_parts[line.part] += 1
            row = dict(zip(names, cells, strict=True))
            for lookup in lookups:
                row |= lookup.read(cells)
                if not is_gone:
                    self._note_unresolved(record_id, lookup)
            file_rank = self._removed if is_gone else len(seen) - 1 - self._removed
            ranked = {"api_rank": file_rank if is_gone else ranks[file_rank], "file_rank": file_rank}
            finished = {**row, "id": record_id, **ranked, **key_maker.finish(table, row)}
            if is_gone:
                self._remove(finished)
            else:
                yield finished
        for report, count in zip((self.report, *self.reports_of_parts), rows_of_parts, strict=True):
            report.rows = count
        self._conclude(columns, lookups)
        self.report.notes += self._doubts(texts)

    def _cell_reader(self, columns: Sequence[Column]) -> _CellReader:
        stage, pipeline = self._stage(columns)
        alone = [column for column in columns if column is not stage]
        return _CellReader(alone, stage, pipeline, self.headings.guid_positions)

    def _doubts(self, texts: DoubtfulTexts) -> Iterator[str]:
        """A sentence for what texts look like, and for ids that have another form than the vendor's."""
        for what, count, place_number in texts.counted():
            yield f"{what} ({count:,}, the first on {self._short_line(place_number)}) stay as they are."
        if self._odd_ids:
            form = "numbers" if self.headings.table.system is System.HUBSPOT else "GUIDs"
            where = f"{self._odd_ids:,}, the first on {self._short_line(self._first_odd_id)}"
            yield f"Record ids that are no {form} ({where}): taken for records. A line of totals is none: delete it."

    def _note_unresolved(self, record_id: str, lookup: LookupColumn) -> None:
        """Keeps that a record's lookup holds a name which means no single record; owners and users are no records."""
        if lookup.lost is not None and self.headings.table.object is not None:
            name = lookup.heading.field.name if lookup.heading.field is not None else lookup.heading.name
            self.unresolved.append(unresolved_row(self.headings.table, record_id, name, lookup.lost))

    def _remove(self, row: TableRow) -> None:
        """Keeps a record of the recycling bin apart; a snapshot has a place for HubSpot's only."""
        self._removed += 1
        if self.headings.table.system is System.HUBSPOT:
            self.removed.append(row)

    @property
    def added_names(self) -> tuple[str, ...]:
        """The names of the columns that lookups under labels add."""
        return tuple(name for lookup in self._lookups() for name in lookup.added)

    def _records(self) -> Iterator[Line]:
        lines = self.sheet.lines()
        next(lines)
        return lines

    def _stage(self, columns: Sequence[Column]) -> tuple[Column | None, PipelineColumn | None]:
        """The column of deal stages and that of their pipelines, where the second says what the first means."""
        for heading in self.headings.columns:
            if heading.name == STAGE and heading.field is not None:
                pipeline = pipeline_column(self.headings, heading.field, self.words)
                if pipeline is not None:
                    return next((column for column in columns if column.position == heading.position), None), pipeline
        return None, None

    def _columns(self) -> list[Column]:
        return [column for heading in self.headings.columns if (column := self._column(heading)) is not None]

    def _look_over(self, columns: list[Column]) -> list[int]:
        """The rank of each record that is not removed, in the order in which the API would deliver them.

        The same reading finds out how numbers and dates are written, and the columns convert them so from then on.
        """
        evidence, ids = Evidence(is_typed=self.sheet.form is None), list[str]()
        written, marks = [column for column in columns if column.kind in _WITH_NOTATION], self.headings.removal_marks
        position = self.headings.id_position
        plain = plain_guid if position in self.headings.guid_positions else plain_number
        for line in self._records():
            _look(evidence, written, line)
            if not is_removed(marks, line.cells):
                ids.append(plain(line.cells[position]) or "")
        self._settle(written, evidence)
        return rank_ids(self.headings.table.system, ids)

    def _settle(self, columns: list[Column], evidence: Evidence) -> None:
        """Lets the columns convert numbers and dates as the cells of the file are written."""
        if not columns:
            return
        has_semicolons = self.sheet.form is not None and self.sheet.form.delimiter == ";"
        looks_german = self.headings.is_german or has_semicolons
        notation = decide_notation(evidence, looks_german=looks_german, zone=self.zone)
        self.report.guessed.extend(notation.guesses)
        for column in columns:
            column.convert = _converter(column, notation)

    def _column(self, heading: Heading) -> Column | None:
        """The column of a heading; None when its cells are not converted. How numbers are written is not known yet."""
        if heading.kind is None:
            return None
        words = self._words(heading)
        if words is None:
            return None
        convert = word_converter(words)
        if heading.field is not None and heading.field.name == STAGE:
            convert = stage_converter(convert, pipelines_of(self.headings, heading.field, self.words))
        is_stored = stored_form(heading.kind, set(words.values()) | {option.value for option in heading.options})
        return Column(heading.position, heading.text, heading.kind, convert, is_stored, is_internal=heading.is_internal)

    def _words(self, heading: Heading) -> dict[str, str] | None:
        """The stored values by the words for them; empty for numbers and dates, None when they are not known."""
        if heading.kind in _WITH_NOTATION:
            return {}
        if heading.kind == "yes_no":
            return self.words.yes_no(heading.base_name, heading.options)
        assert heading.field is not None  # noqa: S101 - only known fields are choices
        labels = self.words.option_labels(heading.field)
        if not labels and heading.field.type in {"enumeration", "Picklist"} and not heading.is_internal:
            self.report.notes.append(f"{heading.text}: its options are not known, so labels stay as they are.")
        return labels or None

    def _lookups(self) -> list[LookupColumn]:
        names = {name: position for position, name in enumerate(self.headings.names)}
        return [
            LookupColumn(column, self.index, names.get(f"_{column.field.name}_type"), self.words.lookup_tables)
            for column in self.headings.columns
            if column.field is not None
            and column.points_to
            and (column.is_internal or f"_{column.field.name}_value" not in names)
        ]

    def _id(self, cell: str | None, line: Line, seen: dict[str, int]) -> str:
        record_id, id_field = plain_number(cell) or "", self.headings.table.id_field
        if not record_id:
            raise InputFileError(
                f"{self._where(line)}: {id_field} is empty.", next_step="Export the table again with its record id."
            )
        if _SHORTENED.fullmatch(record_id):
            raise InputFileError(
                f"{self._where(line)}: {id_field} is {record_id}, shortened by a spreadsheet.",
                next_step="Export the table again, and do not save it from a spreadsheet.",
            )
        if record_id in seen:
            raise self._twice(record_id, line, seen[record_id])
        seen[record_id] = line.place_number
        if not (record_id.isdecimal() if self.headings.table.system is System.HUBSPOT else is_guid(record_id)):
            self._first_odd_id = self._first_odd_id or line.place_number
            self._odd_ids += 1
        return record_id

    def _where(self, line: Line) -> str:
        return self.sheet.name_line(line.place_number)

    def _short_line(self, place_number: int) -> str:
        """Such as `line 3`, with the file of a further part."""
        whole = self.sheet.name_line(place_number)
        own = f"{self.sheet.name}, "
        return whole.removeprefix(own) if whole.startswith(own) else Path(whole).name

    def _twice(self, record_id: str, line: Line, earlier: int) -> InputFileError:
        """The fault of an id that stands on an earlier line already, perhaps of another part."""
        cell = tell_cell(record_id)
        known = f"the id {record_id}" if cell == repr(record_id) else f"the id, {cell},"
        if line.place_number - earlier < line.number:
            return InputFileError(
                f"{self._where(line)}: {known} stands on line {earlier - line.part_start} already.",
                next_step="Export the table again; each record may stand once.",
            )
        return InputFileError(
            f"{self._where(line)}: {known} stands already in {self.sheet.name_line(earlier)}.",
            next_step="These are no parts of one export: move the older one out of the folder.",
        )

    def _conclude(self, columns: list[Column], lookups: list[LookupColumn]) -> None:
        if self._removed:
            self.report.notes.append(
                f"Rows of the recycling bin ({self._removed:,}): kept apart, no forecast counts them."
            )
        for column in columns:
            if column.is_internal and column.converted:
                self.report.guessed.append(
                    f"{column.heading}: cells that are not as the API prints them ({column.converted:,}): read as "
                    f"{_READ_AS[column.kind]}."
                )
            if column.first_line is not None:
                where = f"{column.not_understood:,}, the first on {self._short_line(column.first_line)}"
                what = _WORDS_FOR[column.kind]
                self.report.notes.append(f"{column.heading}: cells that are {what} ({where}) stay as they are.")
        self.report.guessed.extend(sentence for lookup in lookups for sentence in lookup.sentences())


def _look(evidence: Evidence, columns: Iterable[Column], line: Line) -> None:
    """Notes how the numbers and dates of a line are written, but for those that the API itself could have printed."""
    for column in columns:
        cell = line.cells[column.position]
        if cell is not None and not (column.is_internal and column.is_stored(cell)):
            evidence.look(column.kind, cell, is_local=not column.is_internal)


def _converter(column: Column, notation: Notation) -> Convert:
    if column.kind == "number":
        return number_converter(notation)
    zoned = replace(notation, zone=UTC) if column.is_internal else notation
    return moment_converter(zoned, is_date=column.kind == "date")
