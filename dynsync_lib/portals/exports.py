"""Files that the two CRMs export, into a snapshot: for the days in which nobody may use the APIs yet.

Facts
    * File order is `api_rank`. Headings are internal names or the labels of the CRMs' own exports.
    * Under a label, choices stand as labels; they become internal values again where the metadata knows them.
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
from dynsync_lib.portals.sheets import Line, find_sheet, read_sheet
from dynsync_lib.snapshot import ACCOUNT_FILE, ORGANIZATION_FILE, Snapshot, SnapshotWriter

_DO_NOT_MODIFY: Final = "(Do Not Modify) "
_FLAGS: Final = {"true": True, "false": False}
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
    for folder in folders.values():
        _refuse_folder(folder)
    with SnapshotWriter(out, source="files", started_at=taken_at) as writer:
        standard: dict[str, bool] = {}
        for system, folder in folders.items():
            loader = _Loader(system, folder, writer, key_maker, standard_schema)
            loader.load()
            standard[system.value] = loader.is_standard
        return writer.finish(finished_at=taken_at, facts={"standard_schema": standard})


def _refuse_folder(folder: Path | None) -> None:
    if folder is None:
        return
    if not folder.is_dir():
        raise InputFileError(f"{folder} is no folder.", next_step="Name the folder that holds the exported files.")
    names = {name.partition("/")[2] for name in (*RECORD_TABLES, LINKS_IN.name)}
    if not any(find_sheet(folder, name) for name in names):
        raise InputFileError(
            f"{folder} holds no file the kit knows.",
            next_step=f"Put files such as {', '.join(sorted(names)[:4])}.csv there.",
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
        self.writer.write(table.name, map(_as_stored, rows), provided=path is not None)
        catalogue = build_catalogue(*((rows, []) if self.system is System.HUBSPOT else ([], rows)))
        return list(catalogue.fields.values())

    def _load_records(self, table: RecordTable, fields: list[Field]) -> None:
        path = self._find(table.name)
        if path is None:
            self.writer.write(table.name, [], provided=False)
            return
        lines = read_sheet(path)
        headings = _Headings(table, fields, next(lines), path)
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


class _Headings:
    """What each column of a file is: its internal name, and how labels of its choices become values."""

    def __init__(self, table: RecordTable, fields: list[Field], heading: Line, path: Path) -> None:
        self.table = table
        by_name = {field.name: field for field in fields}
        by_label = {field.label.casefold(): field for field in reversed(fields)}
        self.names: list[str] = []
        self.values: list[Mapping[str, str]] = []
        for cell in heading.cells:
            name, labels = _meaning(str(cell), table, by_name, by_label)
            self.names.append(name)
            self.values.append(labels)
        self._refuse(path)
        self.id_place = self.names.index(table.id_field)

    def _refuse(self, path: Path) -> None:
        if self.table.id_field not in self.names:
            raise InputFileError(
                f"{path}, line 1: the id column {self.table.id_field} is missing.",
                next_step="Export the table again with its record id.",
            )
        twice = next((name for name in self.names if self.names.count(name) > 1), None)
        if twice is not None:
            raise InputFileError(f"{path}, line 1: two columns mean {twice}.", next_step="Delete one of them.")
        taken = next((name for name in self.names if name in {one.name for one in self.table.structure} - {"id"}), None)
        if taken is not None:
            raise InputFileError(
                f"{path}, line 1: the kit keeps the column name {taken} for itself.", next_step="Rename the column."
            )


def _meaning(
    cell: str, table: RecordTable, by_name: Mapping[str, Field], by_label: Mapping[str, Field]
) -> tuple[str, Mapping[str, str]]:
    if cell in by_name or cell == table.id_field:
        return cell, {}
    field = by_label.get(cell.casefold()) or by_label.get(cell.removeprefix(_DO_NOT_MODIFY).casefold())
    if field is None:
        return cell, {}
    return field.name, {option.label: option.value for option in field.options}


def _records(lines: Iterable[Line], headings: _Headings, key_maker: KeyMaker, path: Path) -> Iterator[dict[str, Any]]:
    table, seen = headings.table, dict[str, int]()
    lookups = [place for place, name in enumerate(headings.names) if name.startswith("_") and name.endswith("_value")]
    translated = [(place, labels) for place, labels in enumerate(headings.values) if labels]
    for rank, line in enumerate(lines):
        cells = list(line.cells)
        for place, labels in translated:
            cells[place] = labels.get(cells[place] or "", cells[place])
        if table.system is System.DYNAMICS:
            for place in (headings.id_place, *lookups):
                cells[place] = _guid(cells[place])
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
    if flag not in _FLAGS:
        raise InputFileError(
            f"{path}, line {line}: is_primary is {row['is_primary']!r}.", next_step="Write true or false."
        )
    ends = {
        "from_object": row.get("from_object") or "contact",
        "from_id": row.get("from_id") or row.get("contact_id"),
        "to_object": row.get("to_object") or "company",
        "to_id": row.get("to_id") or row.get("company_id"),
    }
    if not ends["from_id"] or not ends["to_id"]:
        raise InputFileError(f"{path}, line {line}: an end of the association is empty.", next_step="Give both ids.")
    return {**ends, "label": row.get("label"), "is_primary": _FLAGS[flag]}


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


def _as_stored(row: Mapping[str, Any]) -> dict[str, Any]:
    """A metadata row with the types of its table; what cannot be read is null."""
    options = row.get("options")
    stored = dict(row)
    if options is not None and not isinstance(options, str):
        stored["options"] = json.dumps(list(options), ensure_ascii=False) if options else None
    for column in (*PROPERTIES.columns, *COLUMNS.columns):
        if column.name in stored and column.type != "text":
            stored[column.name] = _typed(stored[column.name], column.type)
    return stored


def _typed(value: object, kind: str) -> object:
    if value is None or isinstance(value, bool):
        return value
    if kind == "flag":
        return _FLAGS.get(str(value).strip().lower())
    try:
        return float(str(value)) if kind == "number" else int(float(str(value)))
    except (ValueError, OverflowError):
        return None


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as fault:
        raise InputFileError(
            f"{path} is no JSON.", next_step="Save the API's answer as it is, or delete it."
        ) from fault
