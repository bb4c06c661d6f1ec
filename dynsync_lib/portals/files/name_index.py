"""Lookups that were exported as names: the id of the record of that name, where exactly one record has it.

Facts
    * Names are compared exactly, after trimming. Where two records have the name the lookup stays empty, and is
      counted.
    * The name of an account is its `name`, of contacts and users their `fullname`, of HubSpot's owners first and last
      name, or e-mail.

Not modelled
    * Teams, which nobody exports.

Where it is used: `portals.files.load_files`, `portals.files.file_rows`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from dynsync_lib.core.model import System
from dynsync_lib.portals.files.cell_values import plain_guid
from dynsync_lib.portals.files.headings import Heading
from dynsync_lib.portals.rows import TextRow

ReadTable = Callable[[str], Iterator[TextRow] | None]
"""Reads the rows of a table's file, by the table's name; None when there is no such file."""

_TABLES: Final[Mapping[str, tuple[str, str]]] = {  # by the target of a lookup: table and id field
    "account": ("dynamics/accounts", "accountid"),
    "contact": ("dynamics/contacts", "contactid"),
    "systemuser": ("dynamics/users", "systemuserid"),
    "owners": ("hubspot/owners", "id"),
    "companies": ("hubspot/companies", "hs_object_id"),
}
_TWICE: Final = ""
"""Stands for the id where several records have the name."""


@dataclass(slots=True)
class NameIndex:
    """Record ids by name, of each table when it is first needed."""

    read_table: ReadTable
    _ids: dict[str, dict[str, str] | None] = field(default_factory=dict)

    def ids_of(self, target: str) -> Mapping[str, str] | None:
        """Record ids by name of a lookup's target such as `account`; None when there is no file of its table.

        The id is `""` where several records have the name. Reads the file at the first call.
        """
        if target not in self._ids:
            self._ids[target] = self._read(target)
        return self._ids[target]

    def _read(self, target: str) -> dict[str, str] | None:
        if target not in _TABLES:
            return None
        table, id_field = _TABLES[target]
        rows = self.read_table(table)
        if rows is None:
            return None
        ids: dict[str, str] = {}
        for row in rows:
            record_id = plain_guid(row.get(id_field)) or ""
            for name in _names(row):
                ids[name] = record_id if ids.get(name, record_id) == record_id else _TWICE
        return ids


def _names(row: TextRow) -> set[str]:
    parts = ((row.get("firstName") or "").strip(), (row.get("lastName") or "").strip())
    whole = " ".join(part for part in parts if part)
    names = (row.get("name"), row.get("fullname"), whole, row.get("email") if whole else None)
    return {name.strip() for name in names if name and name.strip()}


@dataclass(slots=True)
class LookupColumn:
    """A lookup column that holds names.

    `resolved` counts the cells whose record was identified, `unknown` those that name no record of the files,
    `ambiguous` those that name several.
    """

    heading: Heading
    index: NameIndex
    resolved: int = 0
    unknown: int = 0
    ambiguous: int = 0

    @property
    def added(self) -> tuple[str, ...]:
        """The columns it adds to the row; none for HubSpot's owner, whose id replaces the name."""
        if self.heading.field is None or self.heading.field.system is System.HUBSPOT:
            return ()
        return f"_{self.heading.field.name}_value", f"_{self.heading.field.name}_type"

    @property
    def missing_files(self) -> tuple[str, ...]:
        """The tables of its targets of which there is no file."""
        targets = [target for target in self.heading.points_to if target in _TABLES]
        return tuple(_TABLES[target][0] for target in targets if self.index.ids_of(target) is None)

    def resolve(self, cell: str | None) -> tuple[str | None, str | None]:
        """Id and target of the record that a cell names; both None when it names none, or several. Counts the cell."""
        name = (cell or "").strip()
        if not name:
            return None, None
        known = [(target, (self.index.ids_of(target) or {}).get(name)) for target in self.heading.points_to]
        hits = [(record_id, target) for target, record_id in known if record_id is not None]
        if len(hits) == 1 and hits[0][0] != _TWICE:
            self.resolved += 1
            return hits[0]
        self.ambiguous += bool(hits)
        self.unknown += not hits
        return None, None

    def summary(self) -> str | None:
        """A sentence with the counts of its cells; None when all were empty."""
        if not self.resolved + self.unknown + self.ambiguous:
            return None
        parts = [f"found {self.resolved:,}"]
        parts += [f"name no record that was exported {self.unknown:,}"] if self.unknown else []
        parts += [f"name several {self.ambiguous:,}"] if self.ambiguous else []
        why = f" ({', '.join(self.missing_files)} not there)" if self.unknown and self.missing_files else ""
        return f"{self.heading.text} holds names, not ids: {', '.join(parts)}{why}."
