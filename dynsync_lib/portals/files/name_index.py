"""Records that other records point to: their ids by name, and all their ids.

Facts
    * Names are compared exactly, after trimming. A name that two records have is nobody's.
    * A name that nobody has may differ from a record's in case, inner blanks or accents alone; that is said, not used.
    * Archived owners have a name only where nobody else has it, or where HubSpot's mark of them stands behind it.
    * The name of an account is its `name`, of contacts and users their `fullname`, of HubSpot's owners first and last
      name, or e-mail.
    * Where `fullname` was not exported, first and last name are taken for it in that order, which is what Dynamics
      does unless an organisation chose another order of names.

Where it is used: `portals.files.load_files`, `portals.files.lookup_columns`, `portals.files.association_columns`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from dynsync_lib.core.keys import accentless_key, name_key
from dynsync_lib.portals.files.record_ids import plain_guid, plain_number
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
class _Records:
    """The records of one table: ids by name, those of owners that left by name, and all ids.

    `is_joined`: their names were made of first and last name. `near` are the names without case, inner blanks and
    accents; None until somebody asks.
    """

    by_name: dict[str, str] = field(default_factory=dict)
    former: dict[str, str] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    is_joined: bool = False
    near: frozenset[str | None] | None = None


@dataclass(slots=True)
class NameIndex:
    """Record ids by name, of each table when it is first needed.

    `left` are the endings, in lower case, by which HubSpot marks owners that left.
    """

    read_table: ReadTable
    left: tuple[str, ...] = ()
    _tables: dict[str, _Records | None] = field(default_factory=dict)

    def id_of(self, target: str, name: str) -> str | None:
        """The id of the record of a name of a lookup's target such as `account`; `""` where several have the name.

        None where none has it, or there is no file of the target's table. Reads the file at the first call.
        """
        records = self._records(target)
        if records is None:
            return None
        bare = next((name[: -len(end)].strip() for end in self.left if name.casefold().endswith(end)), None)
        if bare is not None and name not in records.by_name:
            return records.former.get(bare, records.by_name.get(bare))
        return records.by_name.get(name, records.former.get(name))

    def is_near(self, target: str, name: str) -> bool:
        """Whether a record of a target has a name that is the same but for case, inner blanks and accents."""
        records = self._records(target)
        if records is None:
            return False
        if records.near is None:
            records.near = frozenset(map(_near_key, (*records.by_name, *records.former)))
        return _near_key(name) in records.near

    def record_ids(self, target: str) -> Collection[str]:
        """The ids of a target's records; none when there is no file of its table."""
        records = self._records(target)
        return records.ids if records is not None else ()

    def missing_tables(self, targets: Iterable[str]) -> tuple[str, ...]:
        """The tables of some targets of which there is no file."""
        return tuple(_TABLES[target][0] for target in targets if target in _TABLES and self._records(target) is None)

    def joined_tables(self, targets: Iterable[str]) -> tuple[str, ...]:
        """The tables of some targets whose records were exported without `fullname`, with first and last name."""
        known = ((target, self._records(target)) for target in targets)
        return tuple(_TABLES[target][0] for target, records in known if records is not None and records.is_joined)

    def nameless_tables(self, targets: Iterable[str]) -> tuple[str, ...]:
        """The tables of some targets of whose records none was exported with a name."""
        known = ((target, self._records(target)) for target in targets)
        return tuple(
            _TABLES[target][0]
            for target, records in known
            if records is not None and records.ids and not (records.by_name or records.former)
        )

    def _records(self, target: str) -> _Records | None:
        if target not in self._tables:
            self._tables[target] = self._read(target)
        return self._tables[target]

    def _read(self, target: str) -> _Records | None:
        if target not in _TABLES:
            return None
        table, id_field = _TABLES[target]
        rows = self.read_table(table)
        if rows is None:
            return None
        records = _Records()
        for row in rows:
            cell = row.get(id_field)
            record_id = (plain_number(cell) if table.startswith("hubspot") else plain_guid(cell)) or ""
            records.ids.add(record_id)
            records.is_joined = records.is_joined or _lacks_full_name(row)
            names = records.former if (row.get("archived") or "").strip().lower() == "true" else records.by_name
            for name in _names(row):
                names[name] = record_id if names.get(name, record_id) == record_id else _TWICE
        return records


def _near_key(name: str) -> str | None:
    return accentless_key(name_key(name))


def _lacks_full_name(row: TextRow) -> bool:
    """Whether a record of Dynamics has columns of first and last name, and none of the full name."""
    return "fullname" not in row and {"firstname", "lastname"} <= row.keys()


def _names(row: TextRow) -> set[str]:
    whole = _joined(row, "firstName", "lastName")
    full = _joined(row, "firstname", "lastname") if _lacks_full_name(row) else row.get("fullname")
    names = (row.get("name"), full, whole, row.get("email") if whole else None)
    return {name.strip() for name in names if name and name.strip()}


def _joined(row: TextRow, *columns: str) -> str:
    parts = ((row.get(column) or "").strip() for column in columns)
    return " ".join(part for part in parts if part)
