"""Lookups of which only the label was exported: names turned back into record ids, where one record has that name.

Facts
    * Names are compared exactly, after trimming. Two records of one name: the lookup stays empty, and is counted.
    * Accounts are found by `name`, contacts and users by `fullname`, HubSpot's owners by first and last name or e-mail.

Not modelled
    * Teams, which nobody exports.

Where it is used: `portals.files.load_files`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from dynsync_lib.core.model import System
from dynsync_lib.portals.files.headings import Heading

Row = Mapping[str, str | None]
ReadTable = Callable[[str], Iterator[Row] | None]
"""The rows of a table's file under internal names; None when there is no such file."""

_TABLES: Final[Mapping[str, tuple[str, str]]] = {
    "account": ("dynamics/accounts", "accountid"),
    "contact": ("dynamics/contacts", "contactid"),
    "systemuser": ("dynamics/users", "systemuserid"),
    "owners": ("hubspot/owners", "id"),
    "companies": ("hubspot/companies", "hs_object_id"),
}
_TWICE: Final = ""


@dataclass(slots=True)
class NameIndex:
    """Record ids by name, made when it is first needed."""

    read_table: ReadTable
    _ids: dict[str, dict[str, str] | None] = field(default_factory=dict)

    def ids_of(self, target: str) -> Mapping[str, str] | None:
        """Ids by name of one target, `""` where several records have it; None when its file is not there."""
        if target not in self._ids:
            self._ids[target] = self._read(target)
        return self._ids[target]

    def _read(self, target: str) -> dict[str, str] | None:
        table = _TABLES.get(target)
        rows = self.read_table(table[0]) if table is not None else None
        if table is None or rows is None:
            return None
        ids: dict[str, str] = {}
        for row in rows:
            record_id = (row.get(table[1]) or "").strip().strip("{}").lower()
            for name in _names(row):
                ids[name] = record_id if ids.get(name, record_id) == record_id else _TWICE
        return ids


def _names(row: Row) -> set[str]:
    whole = " ".join(
        part for part in ((row.get("firstName") or "").strip(), (row.get("lastName") or "").strip()) if part
    )
    found = (row.get("name"), row.get("fullname"), whole, row.get("email") if whole else None)
    return {text.strip() for text in found if text and text.strip()}


@dataclass(slots=True)
class LookupColumn:
    """One column of names, and what became of its cells."""

    heading: Heading
    index: NameIndex
    found: int = 0
    unknown: int = 0
    ambiguous: int = 0

    @property
    def added(self) -> tuple[str, ...]:
        """The columns it adds to the row: none for HubSpot's owner, whose id takes the name's place."""
        if self.heading.field is None or self.heading.field.system is System.HUBSPOT:
            return ()
        return f"_{self.heading.field.name}_value", f"_{self.heading.field.name}_type"

    @property
    def missing_files(self) -> tuple[str, ...]:
        """The tables that would have to be there for its names to be found."""
        targets = [target for target in self.heading.points_to if target in _TABLES]
        return tuple(_TABLES[target][0] for target in targets if self.index.ids_of(target) is None)

    def resolve(self, cell: str | None) -> tuple[str | None, str | None]:
        """Id and table of the record that a cell names; both None when it names none, or several."""
        name = (cell or "").strip()
        if not name:
            return None, None
        known = [(target, (self.index.ids_of(target) or {}).get(name)) for target in self.heading.points_to]
        hits = [(record_id, target) for target, record_id in known if record_id is not None]
        if len(hits) == 1 and hits[0][0] != _TWICE:
            self.found += 1
            return hits[0]
        self.ambiguous += bool(hits)
        self.unknown += not hits
        return None, None

    def told(self) -> str | None:
        """What became of the cells, in one sentence; None when there were none."""
        if not self.found + self.unknown + self.ambiguous:
            return None
        parts = [f"found {self.found:,}"]
        parts += [f"name no record that was exported {self.unknown:,}"] if self.unknown else []
        parts += [f"name several {self.ambiguous:,}"] if self.ambiguous else []
        why = f" ({', '.join(self.missing_files)} not there)" if self.unknown and self.missing_files else ""
        return f"{self.heading.text} holds names, not ids: {', '.join(parts)}{why}."
