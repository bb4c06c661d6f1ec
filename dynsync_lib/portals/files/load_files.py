"""Loads files that the two CRMs exported into a snapshot, for the time before anybody may use the APIs.

Facts
    * `api_rank` is the rank of the id in the order in which the API delivers, `file_rank` the place in the file
      (`portals.files.id_ranks`). Headings are internal names or the labels of the CRMs' own exports, English
      or German.
    * A side without a file of metadata is described by the standard schema; the manifest says so. A file of metadata
      that does not name an object's id is no full list of its fields: the standard ones are added.
    * `load_report.json` beside the manifest says what was recognised, guessed and stored as plain text.

Not modelled
    * Exports in other languages than English, German and that of the metadata's labels.

Source: design of `dynsync load`; rules record.first-order, field.missing.

Where it is used: `kit`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dynsync_lib.core.fields.catalogue import Field, build_catalogue
from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import (
    COLUMNS,
    LINKS_IN,
    PROPERTIES,
    RECORD_TABLES,
    UNRESOLVED_LOOKUPS,
    RecordTable,
    Table,
)
from dynsync_lib.errors import InputFileError, UsageError
from dynsync_lib.listing import counted, one_or_many
from dynsync_lib.messages import tell_cell
from dynsync_lib.portals.files.association_columns import AssociationColumns
from dynsync_lib.portals.files.export_dates import ExportDates
from dynsync_lib.portals.files.export_words import ExportWords
from dynsync_lib.portals.files.file_names import read_name
from dynsync_lib.portals.files.file_rows import ExportRows
from dynsync_lib.portals.files.folder_files import FolderFiles
from dynsync_lib.portals.files.headings import Headings, OwnHeadings, is_removed, read_headings
from dynsync_lib.portals.files.load_report import FileReport, LoadReport
from dynsync_lib.portals.files.match_columns import missing_match_column, refuse_unused
from dynsync_lib.portals.files.metadata_files import read_metadata
from dynsync_lib.portals.files.name_index import NameIndex
from dynsync_lib.portals.files.recognition import Recognition
from dynsync_lib.portals.files.record_ids import plain_number
from dynsync_lib.portals.files.sheets import Sheet, refuse_twins
from dynsync_lib.portals.files.unresolved_names import count_unresolved
from dynsync_lib.portals.files.workbook_notes import note_cells
from dynsync_lib.portals.metadata_rows import FLAGS, stored_rows, with_standard_fields
from dynsync_lib.portals.rows import MetadataRow, TextRow
from dynsync_lib.small_files import SmallFileError, read_json
from dynsync_lib.snapshot.snapshot import ACCOUNT_FILE, LOAD_REPORT_FILE, ORGANIZATION_FILE, Snapshot, archived_table
from dynsync_lib.snapshot.writer import SnapshotWriter, TableRow

_METADATA: Final = {System.HUBSPOT: PROPERTIES, System.DYNAMICS: COLUMNS}
_DETAILS: Final = {System.HUBSPOT: ACCOUNT_FILE, System.DYNAMICS: ORGANIZATION_FILE}

_MOST_EXPORTED: Final = 100_000
"""How many rows Dynamics writes into one workbook at most."""

StandardSchema = Mapping[str, Sequence[MetadataRow]]
"""What the CRMs have out of the box: rows like `core.tables.PROPERTIES` under "properties", like COLUMNS under
"columns".
"""


class _OpenedFile(NamedTuple):
    sheet: Sheet
    headings: Headings
    reports: Sequence[FileReport]
    """One of each part; what is said of the table stands in the first."""


def load_files(
    hubspot: Path | None,
    dynamics: Path | None,
    out: Path,
    *,
    key_maker: KeyMaker,
    standard_schema: StandardSchema,
    taken_at: datetime | None,
    loaded_at: datetime | None = None,
    time_zone: tzinfo | None = None,
    own: OwnHeadings | None = None,
) -> Snapshot:
    """The snapshot in `out` of two folders of exported files; either folder may be None and may lack any file.

    `taken_at` is the snapshot's time, in UTC. None: that of the latest file by its name; where no name says it, that of
    loading (`loaded_at`), and manifest and report say so; one of both must be said. Times without a zone are read in
    `time_zone`; None: HubSpot's in that of its account.json, all others in UTC. `standard_schema` describes fields that
    no file of metadata names. `own` are headings that the user named.

    Costs a read of each file, and another for numbers or dates under labels, for names of lookups and for associations;
    a file's record ids are held in memory. Raises InputFileError, which names file and line, for a file that cannot be
    used, SnapshotError when `out` holds something; no snapshot is left then.
    """
    folders, words = {System.HUBSPOT: hubspot, System.DYNAMICS: dynamics}, ExportWords.shipped()
    for folder in folders.values():
        if folder is not None and not folder.is_dir():
            raise InputFileError(f"{folder} is no folder.", next_step="Name the folder that holds the exported files.")
    _refuse_nothing(folders)
    now = loaded_at or taken_at
    if now is None:
        raise UsageError("When the files are loaded was not said.", next_step="Say when they were exported.")
    with SnapshotWriter(out, source="files", started_at=taken_at or now) as writer:
        report, dates, headings = LoadReport(), ExportDates(), own or OwnHeadings()
        loaders = []
        for system, folder in folders.items():
            files = _open_folder(system, folder) if folder is not None else None
            loaders.append(
                _Loader(system, files, writer, key_maker, standard_schema, words, time_zone, report, headings, dates)
            )
            loaders[-1].load()
        refuse_unused(headings, [table for loader in loaders for table in loader.headings])
        taken = dates.decide(taken_at, now)
        report.dates += taken.sentences
        writer.write_json(LOAD_REPORT_FILE, report.as_dict())
        facts = {**_facts_of(loaders, writer), "taken_at_from": taken.known_by}
        return writer.finish(started_at=taken.earliest, finished_at=taken.latest, facts=facts)


def _facts_of(loaders: Sequence[_Loader], writer: SnapshotWriter) -> dict[str, Any]:
    """What the manifest says of the files; names in them that mean no single record are written as a table."""
    linked = {object_.value for loader in loaders for object_ in loader.associations_of}
    facts: dict[str, Any] = {
        "standard_schema": {loader.system.value: loader.is_standard for loader in loaders},
        "associations_of": sorted(linked),
    }
    unresolved = [row for loader in loaders for row in loader.unresolved]
    if unresolved:
        writer.write(UNRESOLVED_LOOKUPS.name, unresolved)
        facts["unresolved_lookups"] = count_unresolved(unresolved)
    return facts


def _open_folder(system: System, folder: Path) -> FolderFiles:
    metadata, details = _METADATA[system].name.partition("/")[2], _DETAILS[system].partition("/")[2]
    return FolderFiles(system, folder, metadata, details)


def _is_empty(folder: Path) -> bool:
    """Whether a folder holds hidden files only: then the side lacks every file, and the folder is not a wrong one."""
    return all(path.name.startswith(".") for path in folder.iterdir())


def _refuse_nothing(folders: Mapping[System, Path | None]) -> None:
    if all(folder is None or _is_empty(folder) for folder in folders.values()):
        named = " and ".join(str(folder) for folder in folders.values() if folder is not None)
        raise InputFileError(f"There is nothing in {named}.", next_step="Put the exported files of one system there.")


@dataclass(slots=True)
class _Loader:
    """Loads the files of one side. `is_standard`: no file of metadata described its fields.

    `associations_of` are the objects of HubSpot whose associations some file holds, `unresolved` the rows of
    `core.tables.UNRESOLVED_LOOKUPS`.
    """

    system: System
    files: FolderFiles | None
    writer: SnapshotWriter
    key_maker: KeyMaker
    standard_schema: StandardSchema
    words: ExportWords
    time_zone: tzinfo | None
    report: LoadReport
    own: OwnHeadings
    dates: ExportDates
    is_standard: bool = True
    associations_of: set[Object] = field(default_factory=set)
    unresolved: list[TableRow] = field(default_factory=list)
    _fields: list[Field] = field(default_factory=list)
    _sheets: dict[str, Sheet] = field(default_factory=dict)
    _opened: dict[str, _OpenedFile] = field(default_factory=dict)

    def load(self) -> None:
        self._load_metadata()
        self._assign_files()
        details = self._read_details()
        zone = self.time_zone or _zone_of(details) or UTC
        names = [file for sheet in self._sheets.values() for file in sheet.files]
        self.dates.add({f"{self.system}/{file.short_name}": file.path.stem for file in names}, zone)
        index = NameIndex(self._read_names, self.words.left_owners)
        for table in RECORD_TABLES.values():
            if table.system is self.system:
                self._load_records(table, index, zone)
        if self.system is System.HUBSPOT:
            self._load_links()
        self.writer.write_json(_DETAILS[self.system], details)

    @property
    def headings(self) -> list[Headings]:
        """The headings of every table of records that was read."""
        return [opened.headings for opened in self._opened.values()]

    def _load_metadata(self) -> None:
        table = _METADATA[self.system]
        sheet = self.files.find_metadata() if self.files is not None else None
        self.is_standard = sheet is None
        schema = self.standard_schema["properties" if self.system is System.HUBSPOT else "columns"]
        named = self._named_fields(sheet, table)
        rows = with_standard_fields(named, schema, self.system)
        self.writer.write(table.name, stored_rows(rows, table), provided=sheet is not None)
        catalogue = build_catalogue(*((rows, []) if self.system is System.HUBSPOT else ([], rows)))
        self._fields = list(catalogue.fields.values())
        if sheet is None and self.files is not None:
            self.report.notes.append(
                f"{table.name} is not there: what {self.system} has out of the box says what fields are and mean."
            )
        if sheet is not None and len(rows) > len(named):
            self.report.notes.append(
                f"{table.name} does not name the id of every object: "
                f"{counted(len(rows) - len(named), 'field', 'fields')} that {self.system} has out of the box "
                f"{one_or_many(len(rows) - len(named), 'is', 'are')} taken there as well."
            )

    def _named_fields(self, sheet: Sheet | None, table: Table) -> list[MetadataRow]:
        if sheet is None:
            return []
        metadata = read_metadata(sheet, table, self.system)
        note_cells(sheet.files[0], metadata.report)
        self.report.files.append(metadata.report)
        return metadata.rows

    def _assign_files(self) -> None:
        """Says of each file which table it holds. Raises InputFileError when the folder holds files and none is one."""
        if self.files is None:
            return
        self._sheets = self.files.assign(Recognition(self.system, self._fields, self.words, self.own))
        self.report.left_alone += self.files.left_alone
        if not self._sheets and self.is_standard and not _is_empty(self.files.folder):
            names = [table.name.partition("/")[2] for table in RECORD_TABLES.values() if table.system is self.system]
            reasons = "; ".join(f"{Path(file.file).name} {file.why}" for file in self.files.left_alone)
            left = f" Now: {reasons}." if reasons else ""
            raise InputFileError(
                f"{self.files.folder} holds no file of {self.system} that the kit knows.",
                next_step=f"Put files such as {names[0]}.csv and {names[1]}.csv there.{left}",
            )

    def _open(self, table: RecordTable) -> _OpenedFile | None:
        """The file of a table, opened once, with its headings and its reports; None when there is no such file."""
        if table.name not in self._opened:
            sheet = self._sheets.get(table.name)
            if sheet is None:
                return None
            fields = [candidate for candidate in self._fields if candidate.object is table.object]
            headings = read_headings(table, fields, next(sheet.lines()), sheet.name, self.words, self.own)
            self._opened[table.name] = _OpenedFile(sheet, headings, self._file_reports(table, sheet, headings))
        return self._opened[table.name]

    def _file_reports(self, table: RecordTable, sheet: Sheet, headings: Headings) -> list[FileReport]:
        reports = []
        for file in sheet.files:
            report = FileReport(f"{self.system}/{file.short_name}", table.name, Sheet((file,)).description)
            report.take_headings(headings.columns)
            report.exported = self.dates.text_of(report.file)
            note_cells(file, report)
            reports.append(report)
        reports[0].guessed += self._guesses(table, sheet)
        for number, report in enumerate(reports[1:], 2):
            report.notes.append(f"Part {number} of {len(reports)}: what is said of the first holds for it, too.")
        return reports

    def _guesses(self, table: RecordTable, sheet: Sheet) -> Iterator[str]:
        """What was guessed about the file itself, in sentences."""
        name, stem = table.name.partition("/")[2], sheet.path.stem
        if stem.lower() != name and len(sheet.files) == 1:
            says = "name says" if table.name in self.words.tables_named(self.system, stem) else "headings say"
            yield f"Its {says} that it holds {name}."
            number = read_name(sheet.files[0].stem).number
            if number is not None:
                yield f"Its name ends in {number} and no other part is there: taken for the whole export."
        if len(sheet.files) > 1:
            yield f"Read as {len(sheet.files)} parts of one export of {name}."
        if sheet.form is not None and sheet.form.is_guessed:
            yield "Nothing says how letters are encoded and it is not UTF-8: read as Windows-1252."

    def _read_names(self, name: str) -> Iterator[TextRow] | None:
        """The rows of a table's file by internal names; None when there is no such file."""
        opened = self._open(RECORD_TABLES[name])
        if opened is None:
            return None
        lines = opened.sheet.lines()
        next(lines)
        marks = opened.headings.removal_marks
        present = (line for line in lines if not is_removed(marks, line.cells))
        return (dict(zip(opened.headings.names, line.cells, strict=True)) for line in present)

    def _load_records(self, table: RecordTable, index: NameIndex, zone: tzinfo) -> None:
        opened = self._open(table)
        if opened is None:
            self.writer.write(table.name, [], provided=False)
            return
        first, *more = opened.reports
        missing = missing_match_column(opened.headings, opened.sheet.name, self.words, self.own)
        opened.reports[0].lacks += [missing] if missing is not None else []
        rows = ExportRows(opened.sheet, opened.headings, self.words, index, zone, first, more)
        names = (*opened.headings.names, *rows.added_names)
        count = self.writer.write(table.name, rows.rows(self.key_maker), vendor_columns=names)
        if self.system is System.DYNAMICS and count == _MOST_EXPORTED and len(opened.sheet.files) == 1:
            first.guessed.append(f"It has {count:,} rows, at which Dynamics ends an export: rows may be missing.")
        if rows.removed:
            self.writer.write(archived_table(table.name), rows.removed, vendor_columns=names)
        self.unresolved += rows.unresolved
        self.report.files += opened.reports

    def _load_links(self) -> None:
        sheet = self._sheets.get(LINKS_IN.name)
        if sheet is not None:
            count = self.writer.write(LINKS_IN.name, _links(sheet))
            report = _report_of_links(sheet, count)
            for file in sheet.files:
                note_cells(file, report)
            report.exported = self.dates.text_of(report.file)
            self.report.files.append(report)
            self.associations_of |= _objects_of_links(sheet)
            return
        files = self._files_of_associations()
        self.associations_of |= {columns.origin for columns in files if columns.origin is not None}
        rows = (row for columns in files for row in columns.rows())
        self.writer.write(LINKS_IN.name, rows, provided=bool(files))
        self.unresolved += [row for columns in files for row in columns.unresolved]

    def _files_of_associations(self) -> list[AssociationColumns]:
        """The files that name associated records; companies name their contacts where these name no companies."""
        every = list(self._association_columns())
        files = [columns for columns in every if columns.are_there]
        by_company = [columns for columns in every if columns.name_contacts]
        if any(columns.origin is Object.CONTACT for columns in files):
            for columns in by_company:
                columns.leave_contacts()
            return files
        return [*by_company, *files]

    def _association_columns(self) -> Iterator[AssociationColumns]:
        names = NameIndex(self._read_names)
        for sheet, headings, reports in list(self._opened.values()):
            if headings.table.object is not None:
                yield AssociationColumns(sheet, headings, self.words, names, reports[0])

    def _read_details(self) -> Any:
        name = _DETAILS[self.system]
        path = self.files.folder / name.partition("/")[2] if self.files is not None else None
        return _read_json(path) if path is not None and path.is_file() else {}


def find_time_zone(name: str) -> tzinfo:
    """The time zone of a name such as Europe/Berlin. Raises UsageError when this machine knows no such zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"{name!r} is no time zone.", next_step="Name one such as Europe/Berlin, or UTC.") from None


def _zone_of(details: Any) -> tzinfo | None:
    """The time zone in HubSpot's account.json; None without one that this machine knows."""
    name = details.get("timeZone") if isinstance(details, dict) else None
    try:
        return find_time_zone(str(name)) if name else None
    except UsageError:
        return None


def _objects_of_links(sheet: Sheet) -> set[Object]:
    """The objects whose associations a file of links holds: contacts, and those in its column `from_object`."""
    lines = sheet.lines()
    names = [str(cell) for cell in next(lines).cells]
    if "from_object" not in names:
        return {Object.CONTACT}
    position = names.index("from_object")
    there = {line.cells[position] or "" for line in lines} & {object_.value for object_ in Object}
    return {Object.CONTACT, *map(Object, there)}


def _links(sheet: Sheet) -> Iterator[TableRow]:
    lines = sheet.lines()
    heading = next(lines)
    refuse_twins(f"{sheet.name}, line {heading.number}", heading)
    names = [str(cell) for cell in heading.cells]
    whole = {"from_object", "from_id", "to_object", "to_id"} <= set(names)
    needed = {"is_primary"} if whole else {"contact_id", "company_id", "is_primary"}
    for name in sorted(needed - set(names)):
        raise InputFileError(
            f"{sheet.name}, line 1: the column {name} is missing.",
            next_step="Give contact_id, company_id and is_primary.",
        )
    for line in lines:
        row = dict(zip(names, line.cells, strict=True))
        yield _link(row, sheet.name_line(line.place_number))


def _report_of_links(sheet: Sheet, rows: int) -> FileReport:
    names = [str(cell) for cell in next(sheet.lines()).cells]
    known = {"contact_id", "company_id", *LINKS_IN.column_names}
    report = FileReport(f"hubspot/{sheet.path.name}", LINKS_IN.name, sheet.description, rows)
    report.recognised = {name: name for name in names if name in known}
    report.unknown = [name for name in names if name not in known]
    report.notes += [f"Read together with {file.short_name}." for file in sheet.files[1:]]
    return report


def _link(row: TextRow, where: str) -> TableRow:
    flag = (row["is_primary"] or "").strip().lower()
    if flag not in FLAGS:
        cell = tell_cell(row["is_primary"] if flag else None)
        raise InputFileError(f"{where}: is_primary is {cell}.", next_step="Write true or false.")
    ends = {
        "from_object": row.get("from_object") or "contact",
        "from_id": plain_number(row.get("from_id")) or plain_number(row.get("contact_id")),
        "to_object": row.get("to_object") or "company",
        "to_id": plain_number(row.get("to_id")) or plain_number(row.get("company_id")),
    }
    if not ends["from_id"] or not ends["to_id"]:
        raise InputFileError(f"{where}: an end of the association is empty.", next_step="Give both ids.")
    return {**ends, "label": row.get("label"), "is_primary": FLAGS[flag]}


def _read_json(path: Path) -> Any:
    try:
        return read_json(path)
    except SmallFileError as fault:
        raise InputFileError(f"{path} {fault}.", next_step="Save the API's answer as it is, or delete it.") from fault
