"""Files of metadata, typed by people or saved by tools: properties.csv and columns.csv, read for what they mean.

Facts
    * Headings, objects, types, flags and options may be in the vendors' words, those of their screens and their APIs.
    * What is not understood is left out (a type stays as it is) and counted, with the first line; no cell is repeated.
    * Of two lines about one field the last counts.

Not modelled
    * Words in other languages than English and German; choices that a list names by another list's name.

Where it is used: `portals.files.load_files`. Source: design of `dynsync load`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from dynsync_lib.core.tables import COLUMNS, Table
from dynsync_lib.errors import InputFileError
from dynsync_lib.portals.files.load_report import FileReport
from dynsync_lib.portals.files.metadata_words import plain_word, shipped_words
from dynsync_lib.portals.files.sheets import Line, open_sheet

_GROUPED: Final = re.compile(r"^[+-]?\d{1,3}(?:[ ,.'\u00a0\u202f]\d{3})+$")
_SHAPE: Final = {"properties": "field_type", "columns": "format"}
"""Which column of each table tells one shape of a type from another."""


@dataclass(slots=True)
class MetadataFile:
    """What a file says: `rows` as in the table, in the file's order, and a report of what was made of it."""

    rows: list[dict[str, Any]]
    report: FileReport


def read_metadata(path: Path, table: Table, system: str) -> MetadataFile:
    """The rows of a file. Raises InputFileError when it lacks the column `object` or `name`."""
    sheet = open_sheet(path)
    lines = sheet.lines()
    headings = [str(cell or "") for cell in next(lines).cells]
    names = [heading_of(one) for one in headings]
    for name in ("object", "name"):
        if name not in names:
            raise InputFileError(f"{path}, line 1: the column {name} is missing.", next_step="Add it.")
    report = FileReport(f"{system}/{path.name}", table.name, sheet.told)
    reader = _Reader(table, report)
    for heading, name in zip(headings, names, strict=True):
        reader.take_heading(heading, name)
    rows = {(row["object"], row["name"]): row for row in reader.rows(names, lines)}
    report.notes += reader.notes()
    return MetadataFile(list(rows.values()), report)


def heading_of(text: str) -> str:
    """The column that a heading means; the heading itself when it is no word that the kit knows."""
    return shipped_words().headings.get(plain_word(text), text.strip())


def object_of(text: str) -> str | None:
    """The kit's name of an object: `account`, `accounts` and `companies` are `company`; None when it is none."""
    name, known = plain_word(text), shipped_words().objects
    return known.get(name) or known.get(name.removesuffix("s"))


@dataclass(slots=True)
class _Reader:
    """Reads the cells of one file and counts what it does not understand."""

    table: Table
    report: FileReport
    _unread: dict[str, list[int]] = field(default_factory=dict)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def take_heading(self, heading: str, name: str) -> None:
        is_writable = plain_word(name) in shipped_words().not_writable
        if name in self.table.column_names or is_writable:
            self.report.recognised[heading] = "read_only" if is_writable else name
        else:
            self.report.unknown.append(heading)

    def rows(self, names: list[str], lines: Iterator[Line]) -> Iterator[dict[str, Any]]:
        for line in lines:
            cells = dict(zip(names, line.cells, strict=True))
            if cells["object"] and cells["name"]:
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
        """One sentence for each kind of thing that was not understood."""
        for what, lines in self._unread.items():
            count = "1 line" if len(lines) == 1 else f"{len(lines):,} lines"
            yield f"{what}: {count}, first in line {lines[0]}."

    def _miss(self, what: str, line: int) -> None:
        self._unread.setdefault(what, []).append(line)

    def _known(self, cells: dict[str, str | None], line: int) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for name, cell in sorted(cells.items(), key=lambda one: one[0] != "type"):  # a shape of its own wins
            if name in ("object", "name") or cell is None or not cell.strip():
                continue
            means_read_only = shipped_words().not_writable.get(plain_word(name))
            if means_read_only is not None:
                if self._flag(cell, line, name) is means_read_only:
                    told["read_only"] = "true"
            elif name in self.table.column_names:
                told |= self._cell(name, cell, line)
        return told

    def _cell(self, name: str, cell: str, line: int) -> dict[str, Any]:
        kind = next(one.type for one in self.table.columns if one.name == name)
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
        said = None if cell.strip().startswith("-") else shipped_words().flags.get(_value_of(cell))
        if said is not None:
            return said
        self._miss(f"{name} is neither yes nor no", line)
        return None

    def _type(self, cell: str, line: int) -> dict[str, Any]:
        side = "columns" if self.table is COLUMNS else "properties"
        found = shipped_words().types[side].get(plain_word(cell))
        if found is None:
            self._miss("The type is none that the kit knows", line)
            return {"type": cell.strip()}
        type_, shape = found
        return {"type": type_, **({_SHAPE[side]: shape} if shape else {})}

    def _or_missed(self, name: str, value: object, missed: str, line: int) -> dict[str, Any]:
        if value is not None:
            return {name: value}
        self._miss(missed.format(name), line)
        return {}


def read_number(text: str, *, whole: bool) -> float | None:
    """A number as people write it; `4,000` and `4 000` are four thousand, `4.000` where whole numbers stand, too."""
    told = text.strip()
    if _GROUPED.match(told) and (whole or "." not in told):
        told = re.sub(r"[^\d+-]", "", told)
    try:
        number = float(told)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _value_of(cell: str) -> str:
    """A word, or the one in `{"Value": "SystemRequired"}` and `{"readOnlyValue": true}`."""
    try:
        told = json.loads(cell)
    except ValueError:
        told = cell
    if isinstance(told, dict):
        told = next((value for key, value in told.items() if plain_word(key) in {"value", "readonlyvalue"}), "")
    return plain_word(str(told))


# --- Options -----------------------------------------------------------------------------------------------------


def options_as_json(text: str) -> str | None:
    """A cell of options as JSON: JSON already, or `value=Label;value=Label`, or `Label;Label` where both are one.

    Pairs may be joined by `:`, and parted by `|` or line ends. JSON may hold {"value", "label"}, Dataverse's own
    options, texts, or be one object of labels by value. None when it is none of these.
    """
    try:
        told: Any = json.loads(text)
    except ValueError:
        told = None if text.lstrip()[:1] in "[{" else _typed_options(text)
    if isinstance(told, dict):
        told = told.get("Options") or [f"{value}={label}" for value, label in told.items()]
    options = [_option(one) for one in told] if isinstance(told, list) else []
    if not options or any(one is None for one in options):
        return None
    return json.dumps(options, ensure_ascii=False)


def _option(told: object) -> dict[str, str] | None:
    if isinstance(told, str):
        return _pair(told, "=")
    if not isinstance(told, dict):
        return None
    parts = {plain_word(str(key)): value for key, value in told.items()}
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
