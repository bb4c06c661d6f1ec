"""Reads files of metadata, typed by people or saved by tools: properties.csv and columns.csv.

Facts
    * Headings, objects, types, flags and options may be in the words of the vendors' screens or of their APIs.
    * A cell that is not understood is left out (a type stays as it is) and counted, with its first line; the report
      repeats no cell.
    * Of two lines about one field the last counts.

Not modelled
    * Words in other languages than English and German; choices that a list names by another list's name.

Where it is used: `portals.files.load_files`, `portals.files.recognition`. Source: design of `dynsync load`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from dynsync_lib.core.tables import COLUMNS, Table
from dynsync_lib.errors import InputFileError
from dynsync_lib.portals.files.load_report import FileReport
from dynsync_lib.portals.files.metadata_words import letters_and_digits, shipped_words
from dynsync_lib.portals.files.sheets import Line, Sheet, refuse_twins
from dynsync_lib.portals.rows import MetadataRow

_GROUPED: Final = re.compile(r"^[+-]?\d{1,3}(?:[ ,.'\u00a0\u202f]\d{3})+$")
_FORM_COLUMN: Final = {"properties": "field_type", "columns": "format"}
"""The column that distinguishes the forms of a type, by table."""


@dataclass(slots=True)
class MetadataFile:
    """A file that was read: one row per field like `core.tables.PROPERTIES` or `core.tables.COLUMNS`, in its order.

    `report` says what was recognised and what was not understood.
    """

    rows: list[MetadataRow]
    report: FileReport


def read_metadata(sheet: Sheet, table: Table, system: str) -> MetadataFile:
    """The rows of a file about the fields of `table`, with a report that names the file of `system`.

    Raises InputFileError when it lacks the column `object` or `name`, has a heading twice, and as `Sheet.lines`.
    """
    path, lines = sheet.path, sheet.lines()
    first = next(lines)
    refuse_twins(f"{sheet.name}, line {first.number}", first)
    headings = [str(cell or "") for cell in first.cells]
    names = [heading_of(heading) for heading in headings]
    for name in ("object", "name"):
        if name not in names:
            raise InputFileError(f"{path}, line 1: the column {name} is missing.", next_step="Add it.")
    report = FileReport(f"{system}/{path.name}", table.name, sheet.description)
    reader = _Reader(table, report)
    for heading, name in zip(headings, names, strict=True):
        reader.take_heading(heading, name)
    rows = {(row["object"], row["name"]): row for row in reader.rows(names, lines)}
    report.notes += reader.notes()
    return MetadataFile(list(rows.values()), report)


def heading_of(text: str) -> str:
    """The column of the table that a heading means; the heading itself when the kit does not know the word."""
    return shipped_words().headings.get(letters_and_digits(text), text.strip())


def object_of(text: str) -> str | None:
    """The kit's object for a word (`account`, `accounts` and `companies` mean `company`); None when it is unknown."""
    name, known = letters_and_digits(text), shipped_words().objects
    return known.get(name) or known.get(name.removesuffix("s"))


@dataclass(slots=True)
class _Reader:
    """Reads the cells of one file and counts what it does not understand."""

    table: Table
    report: FileReport
    _unread: dict[str, list[int]] = field(default_factory=dict)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def take_heading(self, heading: str, name: str) -> None:
        is_writable = letters_and_digits(name) in shipped_words().not_writable
        if name in self.table.column_names or is_writable:
            self.report.recognised[heading] = "read_only" if is_writable else name
        else:
            self.report.unknown.append(heading)

    def rows(self, names: list[str], lines: Iterator[Line]) -> Iterator[MetadataRow]:
        for line in lines:
            cells = dict(zip(names, line.cells, strict=True))
            if not cells["object"] or not cells["name"]:
                self._miss("Object or name is empty, and the line left out", line.number)
            else:
                object_, name = object_of(str(cells["object"])), str(cells["name"]).strip()
                if object_ is None:
                    self._miss("The object is none that the kit knows, and left out", line.number)
                    continue
                if (object_, name) in self._seen:
                    self._miss("A field stands there again, and its last line counts", line.number)
                self._seen.add((object_, name))
                self.report.rows += 1
                yield {"object": object_, "name": name, **self._known(cells, line.number)}

    def notes(self) -> Iterator[str]:
        """A sentence for each kind of thing that was not understood."""
        for what, lines in self._unread.items():
            count = "1 line" if len(lines) == 1 else f"{len(lines):,} lines"
            yield f"{what}: {count}, first in line {lines[0]}."

    def _miss(self, what: str, line: int) -> None:
        self._unread.setdefault(what, []).append(line)

    def _known(self, cells: dict[str, str | None], line: int) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        for name, cell in sorted(cells.items(), key=lambda item: item[0] != "type"):  # a form of its own wins
            if name in ("object", "name") or cell is None or not cell.strip():
                continue
            means_read_only = shipped_words().not_writable.get(letters_and_digits(name))
            if means_read_only is not None:
                if self._flag(cell, line, name) is means_read_only:
                    entries["read_only"] = "true"
            elif name in self.table.column_names:
                entries |= self._cell(name, cell, line)
        return entries

    def _cell(self, name: str, cell: str, line: int) -> dict[str, Any]:
        kind = next(column.type for column in self.table.columns if column.name == name)
        if kind == "flag":
            flag = self._flag(cell, line, name)
            return {} if flag is None else {name: "true" if flag else "false"}
        if kind in ("integer", "number"):
            number = read_number(cell, whole=kind == "integer")
            return self._or_missed(name, number, "{} is no number", line)
        if name == "options":
            return self._or_missed(name, options_as_json(cell), "{} are not understood", line)
        if name == "required":
            return self._or_missed(
                name, shipped_words().required.get(_value_of(cell)), "{} is no word that the kit knows", line
            )
        return self._type(cell, line) if name == "type" else {name: cell.strip()}

    def _flag(self, cell: str, line: int, name: str) -> bool | None:
        flag = None if cell.strip().startswith("-") else shipped_words().flags.get(_value_of(cell))
        if flag is not None:
            return flag
        self._miss(f"{name} is neither yes nor no", line)
        return None

    def _type(self, cell: str, line: int) -> dict[str, Any]:
        side = "columns" if self.table is COLUMNS else "properties"
        known = shipped_words().types[side].get(letters_and_digits(cell))
        if known is None:
            self._miss("The type is none that the kit knows", line)
            return {"type": cell.strip()}
        type_, form = known
        return {"type": type_, **({_FORM_COLUMN[side]: form} if form else {})}

    def _or_missed(self, name: str, value: object, missed: str, line: int) -> dict[str, Any]:
        if value is not None:
            return {name: value}
        self._miss(missed.format(name), line)
        return {}


def read_number(text: str, *, whole: bool) -> float | None:
    """A number as people write it: `4,000` and `4 000` are 4000, and so is `4.000` for a column of whole numbers.

    None when it is no finite number.
    """
    digits = text.strip()
    if _GROUPED.match(digits) and (whole or "." not in digits):
        digits = re.sub(r"[^\d+-]", "", digits)
    try:
        number = float(digits)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _value_of(cell: str) -> str:
    """The letters and digits of a cell, or of the value in `{"Value": "None"}`, `{"readOnlyValue": true}`."""
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        value = cell
    if isinstance(value, dict):
        names = {"value", "readonlyvalue"}
        value = next((entry for name, entry in value.items() if letters_and_digits(name) in names), "")
    return letters_and_digits(str(value))


# --- Options -----------------------------------------------------------------------------------------------------


def options_as_json(text: str) -> str | None:
    """The options in a cell as JSON, a list of objects with `value` and `label`; None when they are not understood.

    The cell may be `value=Label;value=Label`, or `Label;Label` where value and label are the same; `:` may stand for
    `=`, and `|` or line ends for `;`. It may be JSON: a list of such objects, of Dataverse's own options or of texts,
    or an object with labels by value.
    """
    try:
        cell: Any = json.loads(text)
    except (ValueError, RecursionError):
        cell = None if text.lstrip()[:1] in "[{" else _typed_options(text)
    if isinstance(cell, dict):
        cell = cell.get("Options") or [f"{value}={label}" for value, label in cell.items()]
    options = [_option(option) for option in cell] if isinstance(cell, list) else []
    if not options or any(option is None for option in options):
        return None
    return json.dumps(options, ensure_ascii=False)


def _option(option: object) -> dict[str, str] | None:
    if isinstance(option, str):
        return _pair(option, "=")
    if not isinstance(option, dict):
        return None
    parts = {letters_and_digits(str(key)): value for key, value in option.items()}
    value, label = parts.get("value"), parts.get("label", parts.get("value"))
    if isinstance(label, dict):
        label = (label.get("UserLocalizedLabel") or {}).get("Label", value)
    return None if value is None else {"value": str(value), "label": str(label)}


def _typed_options(text: str) -> list[dict[str, str]]:
    parts = [part for part in re.split(r"[;\n]" if ";" in text else r"[|\n]", text) if part.strip()]
    is_colon = all(":" in part and "=" not in part for part in parts)
    return [_pair(part, ":" if is_colon else "=") for part in parts]


def _pair(text: str, sign: str) -> dict[str, str]:
    value, is_pair, label = (part.strip() for part in text.partition(sign))
    return {"value": value, "label": label if is_pair else value}
