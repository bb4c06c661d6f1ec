"""The files of one folder: which table each of them holds, which are parts of one export, and which are left alone.

Facts
    * A file with the kit's own name (`contacts.csv`) holds that table. Every other file is recognised by its headings
      (`portals.files.recognition`), and so is every sheet of a workbook.
    * Files of one table are read together when they are parts of one export: one name and consecutive numbers. Any
      other two files of one table stop the load, since nobody knows whether one is older or both are needed.
    * Every file is read, or named as left alone with the next step; so is a hidden sheet that looks like a table.

Not modelled
    * Old workbooks, archives and JSON: what to do is said of each.

Where it is used: `portals.files.load_files`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from dynsync_lib.core.model import System
from dynsync_lib.core.tables import LINKS_IN, RECORD_TABLES
from dynsync_lib.errors import InputFileError
from dynsync_lib.portals.files.file_names import FileName, is_of_vendor, read_name
from dynsync_lib.portals.files.load_report import LeftAlone
from dynsync_lib.portals.files.recognition import Recognition, headings_of, is_metadata
from dynsync_lib.portals.files.sheets import Sheet, SheetFile, open_files
from dynsync_lib.portals.files.unknown_tables import leave_unknown

_READ: Final = (".csv", ".xlsx")
_SAVE: Final = "Save it as XLSX or CSV."
_OTHER_ENDINGS: Final[Mapping[str, str]] = {
    ".xls": "Export the table again as XLSX or CSV.",
    ".xlsb": _SAVE,
    ".xlsm": _SAVE,
    ".ods": _SAVE,
    ".txt": "If it is CSV, give it the ending .csv.",
    ".tsv": "If it is CSV, give it the ending .csv.",
    ".zip": "Unpack it first.",
    ".json": "Save it as CSV, one line for each record.",
}
_LOCK: Final = "~$"


@dataclass(slots=True)
class FolderFiles:
    """The files of one system's folder. `metadata` and `details` are the kit's names of what is no table of records.

    `left_alone` grows as files are assigned.
    """

    system: System
    folder: Path
    metadata: str
    details: str
    left_alone: list[LeftAlone] = field(default_factory=list)
    _files: list[SheetFile] = field(default_factory=list)
    _unread: list[Path] = field(default_factory=list)
    _has_metadata: bool = False

    def __post_init__(self) -> None:
        paths = sorted((path for path in self.folder.iterdir() if path.name[0] != "."), key=lambda path: path.name)
        self._refuse_doubles([path for path in paths if path.is_file()])
        for path in paths:
            self._take(path)

    def find_metadata(self) -> Sheet | None:
        """The file that lists the system's fields, by name or headings; None when there is none.

        Raises InputFileError when there are several.
        """
        named = [file for file in self._files if file.path.stem.lower() == self.metadata]
        listing = named or [file for file in self._files if self._table_by_name(file) is None and is_metadata(file)]
        self._files = [file for file in self._files if file not in listing]
        self._has_metadata = bool(listing)
        return self._one_table(self.metadata, listing)

    def assign(self, recognition: Recognition) -> dict[str, Sheet]:
        """The files of each table that is there, by the table's name, after the metadata was taken.

        Raises InputFileError when a file or several files could hold a table in more than one way, and when nothing in
        the folder is known.
        """
        by_table: dict[str, list[SheetFile]] = {}
        for file in self._files:
            table = self._table_of(file, recognition)
            if table is not None:
                by_table.setdefault(table, []).append(file)
        tables = {table: self._one_table(table, files) for table, files in by_table.items()}
        self._leave_unread({table.partition("/")[2] for table in tables}, recognition)
        return {table: sheet for table, sheet in tables.items() if sheet is not None}

    # --- What is there -----------------------------------------------------------------------------------------

    def _refuse_doubles(self, paths: Sequence[Path]) -> None:
        """Raises InputFileError when a table's file is there both as CSV and as XLSX."""
        for name in self._names():
            same = [path for path in paths if path.stem.lower() == name]
            readable = [path for path in same if path.suffix.lower() in _READ]
            if len(readable) > 1:
                raise InputFileError(
                    f"{self.folder} holds both {readable[0].name} and {readable[1].name}.",
                    next_step=f"Move one out if it says the same; parts of one export are {name}-1 and {name}-2.",
                )

    def _names(self) -> list[str]:
        tables = [table.name.partition("/")[2] for table in RECORD_TABLES.values() if table.system is self.system]
        links = [LINKS_IN.name.partition("/")[2]] if self.system is System.HUBSPOT else []
        return [*tables, *links, self.metadata]

    def _take(self, path: Path) -> None:
        if path.is_dir():
            self._leave(path.name, "is a folder", "Put its files beside the others.")
        elif path.name.startswith(_LOCK):
            self._leave(path.name, "is the lock of a workbook that is open", "Close the workbook.")
        elif path.suffix.lower() in _READ:
            self._open(path)
        elif path.name != self.details:
            self._unread.append(path)

    def _open(self, path: Path) -> None:
        try:
            self._files += self._seen_sheets(open_files(path))
        except InputFileError as fault:
            if is_of_vendor(path.stem) or path.stem.lower() in self._names():
                raise
            self._leave(path.name, f"cannot be read ({str(fault).replace(str(path), 'it')})", fault.next_step)

    def _seen_sheets(self, files: Sequence[SheetFile]) -> list[SheetFile]:
        """The sheets that people see; of a workbook with hidden sheets only, all."""
        seen = [file for file in files if not file.is_hidden]
        for file in files if seen else ():
            if file.is_hidden and len(headings_of(file)) > 1:
                self._leave(f"{file.path.name}, sheet {file.title}", "is hidden", "Show it in Excel if it is meant.")
        return seen or list(files)

    def _leave(self, name: str, why: str, next_step: str) -> None:
        self.left_alone.append(LeftAlone(f"{self.system}/{name}", why, next_step))

    # --- Which table a file holds ------------------------------------------------------------------------------

    def _table_by_name(self, file: SheetFile) -> str | None:
        stem = file.path.stem.lower()
        return f"{self.system}/{stem}" if stem in self._names() else None

    def _table_of(self, file: SheetFile, recognition: Recognition) -> str | None:
        by_name = self._table_by_name(file)
        if by_name is None or by_name not in RECORD_TABLES:
            table = by_name or recognition.table_of(file)
            if table is None:
                self.left_alone.append(leave_unknown(file, self.system, recognition.words))
            return table
        if file.is_only and not recognition.fits_name(by_name, file):
            raise InputFileError(
                f"{file.name} has the name of one table and the headings of another.",
                next_step="Name it after what it holds, such as companies.csv, or as the CRM named it.",
            )
        return by_name if file.is_only else self._table_of_sheet(file, by_name, recognition)

    def _table_of_sheet(self, file: SheetFile, by_name: str, recognition: Recognition) -> str | None:
        """The table of one of the sheets of a workbook that has a table's name; its first sheet holds that one."""
        table = recognition.table_of(file)
        siblings = [other for other in self._files if other.path == file.path]
        if table is None and not any(recognition.table_of(other) == by_name for other in siblings):
            table = by_name if file is siblings[0] else None
        if table is None:
            self.left_alone.append(leave_unknown(file, self.system, recognition.words))
        return table

    # --- Several files of one table ----------------------------------------------------------------------------

    def _one_table(self, table: str, files: Sequence[SheetFile]) -> Sheet | None:
        """The file of a table, or the parts of its export in their order; other files are left alone or refused."""
        if not files:
            return None
        name = table.partition("/")[2] or table
        series = self._series(self._without_copies(files), name)
        exact = [key for key in series if key == name]
        for key in [key for key in series if exact and key not in exact]:
            for file in series.pop(key).values():
                why = f"holds {name}, and {series[exact[0]][min(series[exact[0]])].path.name} is read instead"
                self._leave(file.short_name, why, f"Parts of one export are read as {name}-1 and {name}-2.")
        if len(series) > 1:
            first, second = (next(iter(parts.values())) for parts in list(series.values())[:2])
            raise _which(first, second, name)
        (parts,) = series.values()
        return Sheet(tuple(self._in_order(parts, name)))

    def _series(self, files: Iterable[SheetFile], table: str) -> dict[str, dict[int, SheetFile]]:
        """The files by what the parts of one export have in common, and their numbers; 0 without one."""
        series: dict[str, dict[int, SheetFile]] = {}
        for file in files:
            name = self._read_name(file)
            parts, number = series.setdefault(name.series, {}), name.number or 0
            if number in parts:
                raise _which(parts[number], file, table)
            parts[number] = file
        return series

    def _read_name(self, file: SheetFile) -> FileName:
        name = read_name(file.stem)
        stem = file.path.stem.casefold()
        return FileName(stem, None, is_copy=False) if stem in self._names() and file.is_only else name

    def _without_copies(self, files: Sequence[SheetFile]) -> list[SheetFile]:
        """The files without second copies (`contacts (1).csv`) that hold the same bytes as the first."""
        kept: list[SheetFile] = []
        for file in sorted(files, key=lambda file: (read_name(file.stem).is_copy, file.path.name)):
            same = next((other for other in kept if read_name(file.stem).is_copy and _is_same(file, other)), None)
            if same is None:
                kept.append(file)
            else:
                self._leave(file.short_name, f"holds the same as {same.path.name}", "Delete the copy.")
        return kept

    def _in_order(self, parts: Mapping[int, SheetFile], name: str) -> list[SheetFile]:
        """The parts by number. Raises InputFileError when one between them is missing."""
        gap = _missing_part(sorted(parts))
        if gap is not None:
            raise InputFileError(
                f"{self.folder} holds {len(parts)} parts of {name}, and part {gap} is missing.",
                next_step=f"Put part {gap} beside {parts[min(parts)].path.name}, or number the parts from 1.",
            )
        return [parts[number] for number in sorted(parts)]

    def _leave_unread(self, names: Collection[str], recognition: Recognition) -> None:
        """Names the files of other forms. Raises InputFileError when one is all that there is of a table."""
        for path in self._unread:
            stem = path.stem.lower()
            of_tables = recognition.named_tables(path.stem) if is_of_vendor(path.stem) else []
            missing = {table.partition("/")[2] for table in of_tables} | ({stem} & set(self._names()))
            known = {*names, *([self.metadata] if self._has_metadata else [])}
            if path.suffix.lower() in _OTHER_ENDINGS and missing - known:
                raise _not_read(path)
            step = _OTHER_ENDINGS.get(path.suffix.lower(), "If it holds records, save it as CSV or XLSX.")
            self._leave(path.name, "is neither CSV nor XLSX", step)


def _missing_part(numbers: Sequence[int]) -> int | None:
    """The first part that is missing: parts count from 1, after one without a number (0) from 1 or 2."""
    numbered = [number for number in numbers if number > 0]
    start = 1 if 0 not in numbers or 1 in numbers else 2
    gaps = (due for due, number in enumerate(numbered, start) if due != number)
    return next(gaps, None) if len(numbers) > 1 else None


def _is_same(file: SheetFile, other: SheetFile) -> bool:
    same_size = file.path != other.path and file.path.stat().st_size == other.path.stat().st_size
    return same_size and file.path.read_bytes() == other.path.read_bytes()


def _which(first: SheetFile, second: SheetFile, name: str) -> InputFileError:
    return InputFileError(
        f"{first.path.parent} holds both {first.short_name} and {second.short_name}, and each could be {name}.",
        next_step=f"Name them {name}-1 and {name}-2 if they are parts of one export: parts are read together. If one "
        "is older, or holds only some records of the other, move it out of the folder.",
    )


def _not_read(path: Path) -> InputFileError:
    step = _OTHER_ENDINGS.get(path.suffix.lower(), "Save it as CSV or XLSX.")
    return InputFileError(f"{path} is neither CSV nor XLSX.", next_step=step)
