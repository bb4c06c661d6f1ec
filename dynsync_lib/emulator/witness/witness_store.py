"""Where the witness reads and writes: a small protocol, and a store in memory.

Facts
    * `records` comes in the order in which the API would deliver: that order is the survivor rule (2.12).
    * A column that was not delivered and a value delivered as null are two things: `columns` tells them apart.

Not modelled
    * Stores over the two HTTP APIs; refusals by the target (the witness foresees them instead).

Where it is used: `emulator.witness.initial_sync`, tests/laws, later rehearsals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from dynsync_lib.core.model import Object, System

Values = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Association:
    """One association between two HubSpot records: a row of `core.tables.LINKS_IN` without its label."""

    from_object: Object
    from_id: str
    to_object: Object
    to_id: str
    is_primary: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """One record as delivered. `rank` counts from 0 in delivery order; `values` are the vendor's own columns.

    `file_rank` is the place in the file the record was read from, None when it came from no file.
    """

    system: System
    object: Object
    record_id: str
    rank: int
    values: Values
    file_rank: int | None = None

    def get(self, name: str) -> str | None:
        """The value of a field; None when it is null or was not delivered."""
        return self.values.get(name)


@dataclass(frozen=True, slots=True)
class Person:
    """A HubSpot owner or a Dynamics user. `is_active` is false when archived or disabled."""

    person_id: str
    address: str | None
    name: str | None = None
    is_active: bool = True


class Store(Protocol):
    """What the witness needs of two portals."""

    def records(self, system: System, object_: Object) -> Sequence[Record]:
        """All records of one object of one side, in the order of delivery."""
        ...

    def columns(self, system: System, object_: Object) -> frozenset[str]:
        """The columns that the side delivered for the object."""
        ...

    def associations(self) -> Sequence[Association]:
        """All associations between HubSpot records."""
        ...

    def people(self, system: System) -> Sequence[Person]:
        """HubSpot's owners or Dynamics' users, in the order of delivery."""
        ...

    def create(self, system: System, object_: Object, values: Values) -> str:
        """The id of a record that now exists with these values."""
        ...

    def update(self, system: System, object_: Object, record_id: str, values: Values) -> None:
        """The record now holds these values; its other fields are as before."""
        ...

    def associate(self, association: Association) -> None:
        """The association now exists; the primary company before it is no longer primary."""
        ...


@dataclass(slots=True)
class MemoryStore:
    """Both portals as dictionaries. New ids are `new-1`, `new-2`, ...: no clock, no chance."""

    tables: dict[tuple[System, Object], dict[str, dict[str, str | None]]] = field(default_factory=dict)
    delivered: dict[tuple[System, Object], set[str]] = field(default_factory=dict)
    links: list[Association] = field(default_factory=list)
    persons: dict[System, list[Person]] = field(default_factory=dict)
    file_ranks: dict[tuple[System, Object, str], int] = field(default_factory=dict)
    created: int = 0

    def add(self, system: System, object_: Object, rows: Iterable[tuple[str, Values]]) -> None:
        """The rows (id and values) stand at the end of the table, their columns count as delivered."""
        table = self.tables.setdefault((system, object_), {})
        delivered = self.delivered.setdefault((system, object_), set())
        for record_id, values in rows:
            table[record_id] = dict(values)
            delivered.update(values)

    def records(self, system: System, object_: Object) -> Sequence[Record]:
        """As `Store.records`; an object without a table has none."""
        table, places = self.tables.get((system, object_), {}), self.file_ranks
        return [
            Record(system, object_, key, rank, values, places.get((system, object_, key)))
            for rank, (key, values) in enumerate(table.items())
        ]

    def columns(self, system: System, object_: Object) -> frozenset[str]:
        """As `Store.columns`."""
        return frozenset(self.delivered.get((system, object_), ()))

    def associations(self) -> Sequence[Association]:
        """As `Store.associations`."""
        return tuple(self.links)

    def people(self, system: System) -> Sequence[Person]:
        """As `Store.people`."""
        return tuple(self.persons.get(system, ()))

    def create(self, system: System, object_: Object, values: Values) -> str:
        """As `Store.create`."""
        self.created += 1
        record_id = f"new-{self.created}"
        self.tables.setdefault((system, object_), {})[record_id] = dict(values)
        return record_id

    def update(self, system: System, object_: Object, record_id: str, values: Values) -> None:
        """As `Store.update`. Raises KeyError when there is no such record: our bug, never the data's."""
        self.tables[(system, object_)][record_id].update(values)

    def associate(self, association: Association) -> None:
        """As `Store.associate`."""
        others = [link for link in self.links if not _joins_same(link, association)]
        self.links = [_beside(link, association) for link in others] + [association]


def _joins_same(one: Association, other: Association) -> bool:
    return replace(one, is_primary=False) == replace(other, is_primary=False)


def _beside(old: Association, new: Association) -> Association:
    """The old association after the new one exists: no longer primary when the new one is."""
    same_record = (old.from_object, old.from_id, old.to_object) == (new.from_object, new.from_id, new.to_object)
    return replace(old, is_primary=old.is_primary and not (same_record and new.is_primary))
