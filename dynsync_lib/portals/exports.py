"""Files that the two CRMs export, into a snapshot: for the days in which nobody may use the APIs yet.

Facts
    * File order is `api_rank`. Headings are internal names or the labels of the CRMs' own exports.
    * A side without metadata files is described by the standard schema; the manifest says so.

Not modelled
    * Exports in other languages than the metadata's labels.

Source: design of `dynsync load`; rules record.first-order, field.missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from dynsync_lib.core.catalogue import Field, build_catalogue
from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.model import COLUMNS, LINKS_IN, PROPERTIES, RECORD_TABLES, RecordTable, System, Table
from dynsync_lib.errors import InputFileError
from dynsync_lib.portals.headings import Headings, choice_values, read_headings
from dynsync_lib.portals.metadata_rows import FLAGS, stored_rows
from dynsync_lib.portals.sheets import Line, find_sheet, read_sheet
from dynsync_lib.snapshot import ACCOUNT_FILE, ORGANIZATION_FILE, Snapshot
from dynsync_lib.snapshot_writer import SnapshotWriter

_METADATA: Final = {System.HUBSPOT: PROPERTIES, System.DYNAMICS: COLUMNS}
_DETAILS: Final = {System.HUBSPOT: ACCOUNT_FILE, System.DYNAMICS: ORGANIZATION_FILE}

StandardSchema = Mapping[str, Sequence[Mapping[str, Any]]]


def load_files(
    hubspot: Path | None,
    dynamics: Path | None,
    out: Path,
    *,
    key_maker: KeyMaker,
    standard_schema: StandardSchema,
    taken_at: datetime,
) -> Snapshot:
    """The snapshot of two folders of exported files; either folder may be None and may lack any file.

    `standard_schema` has rows like `model.PROPERTIES` under "properties" and like `model.COLUMNS` under "columns".
    Raises InputFileError for a file that cannot be used, naming file and line; nothing is left behind then.
    """
    folders = {System.HUBSPOT: hubspot, System.DYNAMICS: dynamics}
    for system, folder in folders.items():
        _refuse_folder(system, folder)
    with SnapshotWriter(out, source="files", started_at=taken_at) as writer:
        standard: dict[str, bool] = {}
        for system, folder in folders.items():
            loader = _Loader(system, folder, writer, key_maker, standard_schema)
            loader.load()
            standard[system.value] = loader.is_standard
        return writer.finish(finished_at=taken_at, facts={"standard_schema": standard})


def _refuse_folder(system: System, folder: Path | None) -> None:
    if folder is None:
        return
    if not folder.is_dir():
        raise InputFileError(f"{folder} is no folder.", next_step="Name the folder that holds the exported files.")
    names = [table.name.partition("/")[2] for table in RECORD_TABLES.values() if table.system is system]
    if not any(find_sheet(folder, name) for name in names):
        raise InputFileError(
            f"{folder} holds no file of {system} that the kit knows.",
            next_step=f"Put files such as {names[0]}.csv and {names[1]}.csv there.",
        )


@dataclass(slots=True)
class _Loader:
    """Loads one side."""

    system: System
    folder: Path | None
    writer: SnapshotWriter
    key_maker: KeyMaker
    standard_schema: StandardSchema
    is_standard: bool = True

    def load(self) -> None:
        fields = self._load_metadata()
        for table in RECORD_TABLES.values():
            if table.system is self.system:
                self._load_records(table, [field for field in fields if field.object is table.object])
        if self.system is System.HUBSPOT:
            self._load_links()
        self._load_details()

    def _find(self, name: str) -> Path | None:
        return find_sheet(self.folder, name.partition("/")[2]) if self.folder is not None else None

    def _load_metadata(self) -> list[Field]:
        table = _METADATA[self.system]
        path = self._find(table.name)
        self.is_standard = path is None
        schema = self.standard_schema["properties" if self.system is System.HUBSPOT else "columns"]
        rows = [dict(row) for row in schema] if path is None else list(_metadata_rows(path, table))
        self.writer.write(table.name, stored_rows(rows, table), provided=path is not None)
        catalogue = build_catalogue(*((rows, []) if self.system is System.HUBSPOT else ([], rows)))
        return list(catalogue.fields.values())

    def _load_records(self, table: RecordTable, fields: list[Field]) -> None:
        path = self._find(table.name)
        if path is None:
            self.writer.write(table.name, [], provided=False)
            return
        lines = read_sheet(path)
        headings = read_headings(table, fields, next(lines), path)
        rows = _records(lines, headings, self.key_maker, path)
        self.writer.write(table.name, rows, vendor_columns=headings.names)

    def _load_links(self) -> None:
        path = self._find(LINKS_IN.name)
        rows = _links(path) if path is not None else iter(())
        self.writer.write(LINKS_IN.name, rows, provided=path is not None)

    def _load_details(self) -> None:
        name = _DETAILS[self.system]
        path = self.folder / name.partition("/")[2] if self.folder is not None else None
        self.writer.write_json(name, _read_json(path) if path is not None and path.is_file() else {})


def _records(lines: Iterable[Line], headings: Headings, key_maker: KeyMaker, path: Path) -> Iterator[dict[str, Any]]:
    table, seen = headings.table, dict[str, int]()
    for rank, line in enumerate(lines):
        cells = _values(line, headings)
        record_id = _id(cells[headings.id_place], table, path, line.number)
        if record_id in seen:
            raise InputFileError(
                f"{path}, line {line.number}: the id {record_id} stands on line {seen[record_id]} already.",
                next_step="Export the table again; each record may stand once.",
            )
        seen[record_id] = line.number
        cells[headings.id_place] = record_id
        row = dict(zip(headings.names, cells, strict=True))
        yield {**row, "id": record_id, "api_rank": rank, **key_maker.finish(table, row)}


def _values(line: Line, headings: Headings) -> list[str | None]:
    """The cells as the API would deliver them: choices as values, GUIDs in lower case."""
    cells = list(line.cells)
    for place, labels in headings.choices.items():
        cells[place] = choice_values(cells[place], labels)
    for place in headings.guid_places:
        cells[place] = _guid(cells[place])
    return cells


def _id(cell: str | None, table: RecordTable, path: Path, line: int) -> str:
    record_id = (cell or "").strip()
    if not record_id:
        raise InputFileError(
            f"{path}, line {line}: {table.id_field} is empty.", next_step="Export the table again with its record id."
        )
    return record_id


def _guid(cell: str | None) -> str | None:
    return cell.strip().strip("{}").lower() if cell else cell


def _links(path: Path) -> Iterator[dict[str, Any]]:
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


def _link(row: Mapping[str, str | None], path: Path, line: int) -> dict[str, Any]:
    flag = (row["is_primary"] or "").strip().lower()
    if flag not in FLAGS:
        raise InputFileError(
            f"{path}, line {line}: is_primary is {row['is_primary']!r}.", next_step="Write true or false."
        )
    ends = {
        "from_object": row.get("from_object") or "contact",
        "from_id": _stripped(row.get("from_id")) or _stripped(row.get("contact_id")),
        "to_object": row.get("to_object") or "company",
        "to_id": _stripped(row.get("to_id")) or _stripped(row.get("company_id")),
    }
    if not ends["from_id"] or not ends["to_id"]:
        raise InputFileError(f"{path}, line {line}: an end of the association is empty.", next_step="Give both ids.")
    return {**ends, "label": row.get("label"), "is_primary": FLAGS[flag]}


def _stripped(cell: str | None) -> str | None:
    return cell.strip() if cell is not None else None


def _metadata_rows(path: Path, table: Table) -> Iterator[dict[str, Any]]:
    lines = read_sheet(path)
    names = [str(cell) for cell in next(lines).cells]
    for name in ("object", "name"):
        if name not in names:
            raise InputFileError(f"{path}, line 1: the column {name} is missing.", next_step="Add it.")
    known = set(table.column_names)
    for line in lines:
        row = dict(zip(names, line.cells, strict=True))
        if row["object"] and row["name"]:
            yield {name: value for name, value in row.items() if name in known}


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as fault:
        raise InputFileError(
            f"{path} is no JSON.", next_step="Save the API's answer as it is, or delete it."
        ) from fault
