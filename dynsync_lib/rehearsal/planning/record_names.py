"""A record of a snapshot by table and id, and which tables its neighbours stand in.

Where it is used: all of a plan.
"""

from __future__ import annotations

from typing import NamedTuple

from dynsync_lib.core.model import PERSONS, Object, System
from dynsync_lib.core.tables import RECORD_TABLES, RecordTable, record_table


class Record(NamedTuple):
    """One record: `table` is its table's name in a snapshot, such as `hubspot/contacts`."""

    table: str
    id: str

    @property
    def kind(self) -> RecordTable:
        """The table's schema."""
        return RECORD_TABLES[self.table]

    @property
    def system(self) -> System:
        """Where it lives."""
        return self.kind.system

    @property
    def object(self) -> Object:
        """What it is, in HubSpot's words."""
        return self.kind.own_object

    def __str__(self) -> str:
        """The record as a plan names it: `hubspot/contact/1`."""
        return f"{self.system}/{self.object}/{self.id}"


def record_of(system: str, object_: str, id_: str) -> Record:
    """The record that a row of a forecast names."""
    return Record(record_table(Object(object_), System(system)).name, id_)


def tables_beside(object_: Object, system: System) -> tuple[str, ...]:
    """The tables in which a record of one system may stand that a record of this object is matched with, or loses to:
    contacts and leads are both persons.
    """
    objects = PERSONS if object_ in PERSONS else (object_,)
    return tuple(dict.fromkeys(record_table(kind, system).name for kind in objects))
