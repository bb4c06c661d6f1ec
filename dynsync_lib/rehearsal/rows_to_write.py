"""From a look-alike to what is written: which values, in which of three writes, and what has to be left out.

Facts
    * A value is left out where the portal lacks the field, computes it, or lacks the option; each is counted by field
      and reason, so that nothing is missing in silence.
    * Owners and users are those of the test portal with the same address.
    * A lookup to a row that does not stand there yet is written afterwards, a state other than active last: rows that
      are not active are read-only.
    * The time of creation is brought along where Dynamics has `overriddencreatedon` and the user may write it.

Not modelled
    * Association labels; owners that are teams.

Where it is used: `rehearsal.seeding`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dynsync_lib.core.keys import email_key
from dynsync_lib.core.lookup_names import is_lookup_id, is_lookup_type, lookup_of
from dynsync_lib.core.model import System
from dynsync_lib.core.tables import KEY_SOURCE, RecordTable
from dynsync_lib.portals.metadata_rows import LOOKUP_TYPES
from dynsync_lib.portals.rows import MetadataRow, TextRow
from dynsync_lib.rehearsal.portal_records import Fields, is_writable
from dynsync_lib.rehearsal.rehearsal_folder import TAG_PROPERTY
from dynsync_lib.rehearsal.tags import tag_text
from dynsync_lib.rehearsal.writing.written import Values

_STATE: Final = "statecode"
_STATUS: Final = "statuscode"
_ACTIVE: Final = (None, "0")
CREATED: Final = "overriddencreatedon"
_SET_BY_ASSOCIATIONS: Final = frozenset({"associatedcompanyid"})
_OWNERS: Final = {"hubspot_owner_id": "hubspot/owners", "_ownerid_value": "dynamics/users"}
_TABLE_OF_TYPE: Final = {
    "account": "dynamics/accounts",
    "contact": "dynamics/contacts",
    "lead": "dynamics/leads",
    "opportunity": "dynamics/opportunities",
    "invoice": "dynamics/invoices",
}
_BETWEEN_CHOICES: Final = {"checkbox": ";", "MultiSelectPicklistType": ","}
LeftOut = Counter[tuple[str, str, str]]
"""How many look-alikes lack a value, by table, field and reason."""


@dataclass(frozen=True, slots=True)
class RowWrites:
    """The writes of one look-alike: on creation, then the lookups that had to wait, then its state."""

    create: Values
    lookups: Values = field(default_factory=dict)
    state: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WritePlan:
    """What it takes to write the rows of one table.

    `people` are the portal's owners or users by the ids that look-alikes use; `there` are the tables of Dynamics whose
    look-alikes stand there already; `dates_back`: times of creation can be brought along.
    """

    table: RecordTable
    fields: Fields
    tag: str
    people: Mapping[str, str]
    left_out: LeftOut
    there: Collection[str] = ()
    dates_back: bool = False

    def writes(self, row: TextRow) -> RowWrites:
        """The writes of one look-alike; what is left out is counted."""
        if self.table.system is System.HUBSPOT:
            values = {name: text for name, text in self._values(row).items() if name not in _SET_BY_ASSOCIATIONS}
            return RowWrites({**values, TAG_PROPERTY: tag_text(self.tag, str(row["id"]))})
        return self._dynamics(row)

    def _dynamics(self, row: TextRow) -> RowWrites:
        values = self._values(row)
        is_active = row.get(_STATE) in _ACTIVE
        state: Values = {} if is_active else {name: row.get(name) for name in (_STATE, _STATUS) if name in values}
        later = {name for name in values if is_lookup_id(name) and self._waits(name, values)}
        later |= {f"_{lookup_of(name)}_type" for name in later}
        now = {name: text for name, text in values.items() if name not in later and name != _STATE}
        if state:
            now.pop(_STATUS, None)
        if self.dates_back and row.get(self.table.created_field) is not None:
            now[CREATED] = row.get(self.table.created_field)
        now[self.table.id_field] = row["id"]
        return RowWrites(now, {name: values[name] for name in sorted(later) if name in values}, state)

    def _values(self, row: TextRow) -> dict[str, str | None]:
        values: dict[str, str | None] = {}
        for name, text in row.items():
            if text is None or name in ("id", self.table.id_field) or is_lookup_type(name):
                continue
            reason, written = self._value(name, text)
            if reason is None:
                values[name] = written
                if is_lookup_id(name):
                    values[f"_{lookup_of(name)}_type"] = row.get(f"_{lookup_of(name)}_type")
            elif reason:
                self.left_out[self.table.name, name, reason] += 1
        return values

    def _value(self, name: str, text: str) -> tuple[str | None, str | None]:
        """Why a value is left out (None: it is not; empty: nobody need know), and what is written."""
        if name in (self.table.created_field, self.table.modified_field):
            return "", None
        column = self.fields.get(lookup_of(name) if is_lookup_id(name) else name)
        if column is None:
            return "the portal has no such field", None
        if not is_writable(column):
            return "the portal computes it", None
        if name in _OWNERS:
            person = self.people.get(text)
            return ("no owner or user has that address" if person is None else None), person
        if column.get("type") in LOOKUP_TYPES or not _lacks_option(column, text):
            return None, text
        return "the portal lacks the option", None

    def _waits(self, name: str, values: Values) -> bool:
        target = values.get(f"_{lookup_of(name)}_type") or _only_target(self.fields[lookup_of(name)])
        return target in _TABLE_OF_TYPE and _TABLE_OF_TYPE[target] not in self.there


def match_people(table: RecordTable, theirs: Collection[TextRow], ours: Collection[TextRow]) -> dict[str, str]:
    """The ids of a portal's owners or users by the ids that look-alikes use, paired by address.

    `theirs` are the portal's rows, `ours` those of the look-alikes, whose `id` look-alikes name.
    """
    name = KEY_SOURCE[table.name]["email"]
    known: dict[str, str] = {}
    for row in theirs:
        key = email_key(row.get(name))
        if key is not None and row.get("archived") != "true" and row.get("isdisabled") != "true":
            known.setdefault(key, str(row[table.id_field]))
    pairs = ((str(row["id"]), email_key(row.get(name))) for row in ours)
    return {id_: known[key] for id_, key in pairs if key in known}


def _lacks_option(column: MetadataRow, text: str) -> bool:
    """Whether a choice is none of the field's options; HubSpot's fields of several hold them between semicolons."""
    options: Any = column.get("options") or ()
    allowed = {str(option["value"]) for option in options}
    if not allowed or column.get("type") in ("bool", "Boolean", "State", "Status"):
        return False
    between = _BETWEEN_CHOICES.get(str(column.get("field_type") or column.get("format")))
    chosen = text.split(between) if between else [text]
    return any(choice.strip() not in allowed for choice in chosen if choice.strip())


def _only_target(column: MetadataRow) -> str:
    return str(column.get("targets") or "").partition(";")[0]
