"""Loads files that the two CRMs exported into a snapshot, for the time before anybody may use the APIs.

Facts
    * The order of the file is `api_rank`. Headings are internal names or the labels of the CRMs' own exports, English
      or German.
    * A side without a file of metadata is described by the standard schema; the manifest says so. A file of metadata
      that does not name an object's id is no full list of its fields: the standard ones are added.
    * `load_report.json` beside the manifest says what was recognised, guessed and stored as plain text.

Not modelled
    * Exports in other languages than English, German and that of the metadata's labels; exports in several files.

Source: design of `dynsync load`; rules record.first-order, field.missing.

Where it is used: `kit`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dynsync_lib.core.fields.catalogue import Field, build_catalogue
from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.model import System
from dynsync_lib.core.tables import COLUMNS, LINKS_IN, PROPERTIES, RECORD_TABLES, RecordTable, Table
from dynsync_lib.errors import InputFileError, UsageError
from dynsync_lib.portals.files.association_columns import AssociationColumns
from dynsync_lib.portals.files.export_words import ExportWords
from dynsync_lib.portals.files.file_names import find_export
from dynsync_lib.portals.files.file_rows import ExportRows
from dynsync_lib.portals.files.headings import Headings, read_headings
from dynsync_lib.portals.files.load_report import LOAD_REPORT_FILE, FileReport, LoadReport
from dynsync_lib.portals.files.metadata_files import read_metadata
from dynsync_lib.portals.files.name_index import NameIndex
from dynsync_lib.portals.files.record_ids import plain_number
from dynsync_lib.portals.files.sheets import Sheet, open_sheet, read_sheet
from dynsync_lib.portals.metadata_rows import FLAGS, stored_rows, with_standard_fields
from dynsync_lib.portals.rows import MetadataRow, TextRow
from dynsync_lib.snapshot.snapshot import ACCOUNT_FILE, ORGANIZATION_FILE, Snapshot
from dynsync_lib.snapshot.writer import SnapshotWriter, TableRow

_METADATA: Final = {System.HUBSPOT: PROPERTIES, System.DYNAMICS: COLUMNS}
_DETAILS: Final = {System.HUBSPOT: ACCOUNT_FILE, System.DYNAMICS: ORGANIZATION_FILE}

StandardSchema = Mapping[str, Sequence[MetadataRow]]
"""What the CRMs have out of the box: rows like `core.tables.PROPERTIES` under "properties", like COLUMNS under
"columns".
"""


class _OpenedFile(NamedTuple):
    sheet: Sheet
    headings: Headings
    report: FileReport


def load_files(
    hubspot: Path | None,
    dynamics: Path | None,
    out: Path,
    *,
    key_maker: KeyMaker,
    standard_schema: StandardSchema,
    taken_at: datetime,
    time_zone: tzinfo | None = None,
) -> Snapshot:
    """The snapshot in `out` of two folders of exported files; either folder may be None and may lack any file.

    `taken_at` is the snapshot's time, in UTC. Times without a zone are read in `time_zone`; None: HubSpot's in that of
    its account.json, all others in UTC. `standard_schema` describes fields that no file of metadata names.

    Costs a read of each file, and another for numbers or dates under labels, for names of lookups and for associations;
    a file's record ids are held in memory. Raises InputFileError, which names file and line, for a file that cannot be
    used, SnapshotError when `out` holds something; no snapshot is left then.
    """
    folders, words = {System.HUBSPOT: hubspot, System.DYNAMICS: dynamics}, ExportWords.shipped()
    for system, folder in folders.items():
        _refuse_folder(system, folder, words)
    _refuse_nothing(folders)
    with SnapshotWriter(out, source="files", started_at=taken_at) as writer:
        standard: dict[str, bool] = {}
        report = LoadReport()
        for system, folder in folders.items():
            loader = _Loader(system, folder, writer, key_maker, standard_schema, words, time_zone, report)
            loader.load()
            standard[system.value] = loader.is_standard
        writer.write_json(LOAD_REPORT_FILE, report.as_dict())
        return writer.finish(finished_at=taken_at, facts={"standard_schema": standard})


def _refuse_folder(system: System, folder: Path | None, words: ExportWords) -> None:
    if folder is None:
        return
    if not folder.is_dir():
        raise InputFileError(f"{folder} is no folder.", next_step="Name the folder that holds the exported files.")
    tables = [table.name for table in RECORD_TABLES.values() if table.system is system]
    known = [*tables, _METADATA[system].name, *([LINKS_IN.name] if system is System.HUBSPOT else [])]
    names = [table.partition("/")[2] for table in tables]
    if not _is_empty(folder) and not any(find_export(folder, table, words) for table in known):
        raise InputFileError(
            f"{folder} holds no file of {system} that the kit knows.",
            next_step=f"Put files such as {names[0]}.csv and {names[1]}.csv there.",
        )


def _is_empty(folder: Path) -> bool:
    """Whether a folder holds hidden files only: then the side lacks every file, and the folder is not a wrong one."""
    return all(path.name.startswith(".") for path in folder.iterdir())


def _refuse_nothing(folders: Mapping[System, Path | None]) -> None:
    if all(folder is None or _is_empty(folder) for folder in folders.values()):
        named = " and ".join(str(folder) for folder in folders.values() if folder is not None)
        raise InputFileError(f"There is nothing in {named}.", next_step="Put the exported files of one system there.")


@dataclass(slots=True)
class _Loader:
    """Loads the files of one side. `is_standard`: no file of metadata described its fields."""

    system: System
    folder: Path | None
    writer: SnapshotWriter
    key_maker: KeyMaker
    standard_schema: StandardSchema
    words: ExportWords
    time_zone: tzinfo | None
    report: LoadReport
    is_standard: bool = True
    _fields: list[Field] = field(default_factory=list)
    _opened: dict[str, _OpenedFile] = field(default_factory=dict)

    def load(self) -> None:
        self._load_metadata()
        details = self._read_details()
        zone = self.time_zone or _zone_of(details) or UTC
        index = NameIndex(self._read_names, self.words.left_owners)
        for table in RECORD_TABLES.values():
            if table.system is self.system:
                self._load_records(table, index, zone)
        if self.system is System.HUBSPOT:
            self._load_links()
        self.writer.write_json(_DETAILS[self.system], details)

    def _find(self, name: str) -> Path | None:
        return find_export(self.folder, name, self.words) if self.folder is not None else None

    def _load_metadata(self) -> None:
        table = _METADATA[self.system]
        path = self._find(table.name)
        self.is_standard = path is None
        schema = self.standard_schema["properties" if self.system is System.HUBSPOT else "columns"]
        named = self._named_fields(path, table)
        rows = with_standard_fields(named, schema, self.system)
        self.writer.write(table.name, stored_rows(rows, table), provided=path is not None)
        catalogue = build_catalogue(*((rows, []) if self.system is System.HUBSPOT else ([], rows)))
        self._fields = list(catalogue.fields.values())
        if path is None and self.folder is not None:
            self.report.notes.append(
                f"{table.name} is not there: what {self.system} has out of the box says what fields are and mean."
            )
        if path is not None and len(rows) > len(named):
            self.report.notes.append(
                f"{table.name} does not name the id of every object: there {len(rows) - len(named)} fields "
                f"that {self.system} has out of the box are taken as well."
            )

    def _named_fields(self, path: Path | None, table: Table) -> list[MetadataRow]:
        if path is None:
            return []
        metadata = read_metadata(path, table, self.system)
        self.report.files.append(metadata.report)
        return metadata.rows

    def _open(self, table: RecordTable) -> _OpenedFile | None:
        """The file of a table, opened once, with its headings and its report; None when there is no such file."""
        if table.name not in self._opened:
            path = self._find(table.name)
            if path is None:
                return None
            sheet = open_sheet(path)
            fields = [candidate for candidate in self._fields if candidate.object is table.object]
            headings = read_headings(table, fields, next(sheet.lines()), path, self.words)
            self._opened[table.name] = _OpenedFile(sheet, headings, self._file_report(table, sheet, headings))
        return self._opened[table.name]

    def _file_report(self, table: RecordTable, sheet: Sheet, headings: Headings) -> FileReport:
        report = FileReport(f"{self.system}/{sheet.path.name}", table.name, sheet.description)
        report.take_headings(headings.columns)
        if sheet.path.stem.lower() != table.name.partition("/")[2]:
            report.guessed.append(f"Its name says that it holds {table.name.partition('/')[2]}.")
        if sheet.form is not None and sheet.form.is_guessed:
            report.guessed.append("Nothing says how letters are encoded and it is not UTF-8: read as Windows-1252.")
        return report

    def _read_names(self, name: str) -> Iterator[TextRow] | None:
        """The rows of a table's file by internal names; None when there is no such file."""
        opened = self._open(RECORD_TABLES[name])
        if opened is None:
            return None
        lines = opened.sheet.lines()
        next(lines)
        return (dict(zip(opened.headings.names, line.cells, strict=True)) for line in lines)

    def _load_records(self, table: RecordTable, index: NameIndex, zone: tzinfo) -> None:
        opened = self._open(table)
        if opened is None:
            self.writer.write(table.name, [], provided=False)
            return
        rows = ExportRows(opened.sheet, opened.headings, self.words, index, zone, opened.report)
        names = (*opened.headings.names, *rows.added_names)
        self.writer.write(table.name, rows.rows(self.key_maker), vendor_columns=names)
        self.report.files.append(opened.report)

    def _load_links(self) -> None:
        path = self._find(LINKS_IN.name)
        if path is not None:
            self.writer.write(LINKS_IN.name, _links(path))
            return
        files = [columns for columns in self._association_columns() if columns.are_there]
        rows = (row for columns in files for row in columns.rows())
        self.writer.write(LINKS_IN.name, rows, provided=bool(files))

    def _association_columns(self) -> Iterator[AssociationColumns]:
        companies = NameIndex(self._read_names).ids_of("companies")
        for sheet, headings, report in list(self._opened.values()):
            if headings.table.object is not None:
                yield AssociationColumns(sheet, headings, self.words, companies, report)

    def _read_details(self) -> Any:
        name = _DETAILS[self.system]
        path = self.folder / name.partition("/")[2] if self.folder is not None else None
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


def _links(path: Path) -> Iterator[TableRow]:
    lines = read_sheet(path)
    names = [str(cell) for cell in next(lines).cells]
    whole = {"from_object", "from_id", "to_object", "to_id"} <= set(names)
    needed = {"is_primary"} if whole else {"contact_id", "company_id", "is_primary"}
    for name in sorted(needed - set(names)):
        raise InputFileError(
            f"{path}, line 1: the column {name} is missing.", next_step="Give contact_id, company_id and is_primary."
        )
    for line in lines:
        row = dict(zip(names, line.cells, strict=True))
        yield _link(row, path, line.number)


def _link(row: TextRow, path: Path, line: int) -> TableRow:
    flag = (row["is_primary"] or "").strip().lower()
    if flag not in FLAGS:
        cell = repr(row["is_primary"]) if flag else "empty"
        raise InputFileError(f"{path}, line {line}: is_primary is {cell}.", next_step="Write true or false.")
    ends = {
        "from_object": row.get("from_object") or "contact",
        "from_id": plain_number(row.get("from_id")) or plain_number(row.get("contact_id")),
        "to_object": row.get("to_object") or "company",
        "to_id": plain_number(row.get("to_id")) or plain_number(row.get("company_id")),
    }
    if not ends["from_id"] or not ends["to_id"]:
        raise InputFileError(f"{path}, line {line}: an end of the association is empty.", next_step="Give both ids.")
    return {**ends, "label": row.get("label"), "is_primary": FLAGS[flag]}


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as fault:
        raise InputFileError(
            f"{path} is no JSON.", next_step="Save the API's answer as it is, or delete it."
        ) from fault
