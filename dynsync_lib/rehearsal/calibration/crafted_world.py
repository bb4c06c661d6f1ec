"""The records of packs as two portals would hold them: tables of rows with ids, marks and associations.

Facts
    * A record's name in a pack, such as `h1` or `opp2`, says its table; names of several packs are told apart by the
      question before them: `email_norm/h1`.
    * Ids rise in the order in which the records are written down, so that they come in it from both portals: HubSpot's
      are numbers, Dynamics' GUIDs begin with the tag and rise in SQL Server's order.

Where it is used: `rehearsal.calibration.foreseen`, `rehearsal.calibration.reading`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from dynsync_lib.core.fields.catalogue import Catalogue, build_catalogue
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.emulator.witness.witness_store import Association, MemoryStore, Person
from dynsync_lib.rehearsal.calibration.packs import Pack, Run

KINDS: Final[Mapping[str, tuple[System, Object]]] = {
    "h": (System.HUBSPOT, Object.CONTACT),
    "k": (System.HUBSPOT, Object.COMPANY),
    "deal": (System.HUBSPOT, Object.DEAL),
    "d": (System.DYNAMICS, Object.CONTACT),
    "a": (System.DYNAMICS, Object.COMPANY),
    "lead": (System.DYNAMICS, Object.LEAD),
    "opp": (System.DYNAMICS, Object.DEAL),
}
"""What stands before the number in a record's name, with the table that it lives in."""
_LOOKUP_TYPES: Final = {"d": "contact", "a": "account", "user": "systemuser"}
_MARK_DIGITS: Final = 6

Table = tuple[System, Object]


@dataclass(frozen=True, slots=True)
class SharedPerson:
    """Somebody who is an owner in HubSpot and a user in Dynamics, by one address."""

    owner_id: str
    user_id: str
    address: str


@dataclass(frozen=True, slots=True)
class CraftedWorld:
    """The records of some packs.

    `rows`: by table, id and values of each record in the order of delivery. `ids`: by `question/name` the id of a
    record. `marks`: by question the text that stands in every key of its pack.
    """

    rows: Mapping[Table, Sequence[tuple[str, Mapping[str, str | None]]]]
    associations: tuple[Association, ...]
    ids: Mapping[str, str]
    marks: Mapping[str, str]
    person: SharedPerson | None = None

    def store(self, catalogue: Catalogue) -> MemoryStore:
        """Both portals in memory: every field of the catalogue is delivered."""
        store = MemoryStore()
        for system, object_ in record_places():
            columns = column_names(catalogue, system, object_)
            rows = self.rows.get((system, object_), ())
            store.add(system, object_, [(id_, {name: values.get(name) for name in columns}) for id_, values in rows])
            store.delivered[(system, object_)] = set(columns)
        store.links = list(self.associations)
        if self.person is not None:
            store.persons[System.HUBSPOT] = [Person(self.person.owner_id, self.person.address)]
            store.persons[System.DYNAMICS] = [Person(self.person.user_id, self.person.address)]
        return store

    def names_of(self, question: str) -> dict[str, str]:
        """The ids of the records of one pack, by name in it."""
        return ids_of(question, self.ids)

    def filled(self, question: str, text: str) -> str:
        """A text of a pack with its mark, and the shared owner, in their places."""
        mark = self.marks[question]
        filled = text.replace("{q}", mark).replace("{Q}", mark.upper())
        return filled.replace("{owner}", self.person.owner_id if self.person is not None else "")


def ids_of(question: str, ids: Mapping[str, str]) -> dict[str, str]:
    """Of ids by `question/name` those of one question, by name."""
    parts = ((key.partition("/"), id_) for key, id_ in ids.items())
    return {name: id_ for (own, _, name), id_ in parts if own == question}


def record_places() -> Iterator[Table]:
    """System and object of every table of records, HubSpot's first."""
    yield from ((table.system, table.object) for table in RECORD_TABLES.values() if table.object is not None)


def column_names(catalogue: Catalogue, system: System, object_: Object) -> tuple[str, ...]:
    """The columns in which a portal delivers an object's fields; a lookup is two."""
    names: list[str] = []
    for name in catalogue.names(system, object_):
        known = catalogue.find(system, object_, name)
        is_lookup = known is not None and bool(known.targets)
        names += [f"_{name}_value", f"_{name}_type"] if is_lookup else [name]
    return tuple(names)


def catalogue_of(run: Run, rulebook: Rulebook) -> Catalogue:
    """The standard fields of both systems, and what the run needs beside them."""
    standard = rulebook.standard_schema
    known = build_catalogue(standard["properties"], standard["columns"])
    extra = {(own.system, own.object, own.name): own for own in run.fields}
    return replace(known, fields={**known.fields, **extra})


def craft_world(
    packs: Iterable[Pack], catalogue: Catalogue, *, tag: str, person: SharedPerson | None = None
) -> CraftedWorld:
    """The records of some packs. `tag` is sixteen hexadecimal digits. `person` is needed by packs that use an owner."""
    writer = _Writer(catalogue, tag, person)
    for pack in packs:
        writer.add(pack)
    return CraftedWorld(writer.rows, tuple(writer.associations), writer.ids, writer.marks, person)


@dataclass(slots=True)
class _Writer:
    catalogue: Catalogue
    tag: str
    person: SharedPerson | None
    rows: dict[Table, list[tuple[str, Mapping[str, str | None]]]] = field(default_factory=dict)
    associations: list[Association] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)

    def add(self, pack: Pack) -> None:
        mark = f"q{self.tag[:_MARK_DIGITS]}x{_place_of(pack.question)}"
        self.marks[pack.question] = mark
        parts = [line.partition(": ") for line in pack.records]
        for name, _, _ in parts:
            self.ids[f"{pack.question}/{name}"] = self._next_id(name)
        for name, _, cells in parts:
            values = dict(part.split("=", 1) for part in cells.split(", "))
            row = self._row(pack.question, name, values, mark)
            self.rows[KINDS[kind_of(name)]].append((self.ids[f"{pack.question}/{name}"], row))
        for line in pack.associations:
            from_, to = line.split(" -> ")
            ends = [(KINDS[kind_of(name)][1], self.ids[f"{pack.question}/{name}"]) for name in (from_, to)]
            self.associations.append(Association(*ends[0], *ends[1], is_primary=True))

    def _next_id(self, name: str) -> str:
        system, _ = table = KINDS[kind_of(name)]
        self.rows.setdefault(table, [])
        if system is System.HUBSPOT:
            return str(1 + sum(KINDS[kind_of(key.rpartition("/")[2])] == table for key in self.ids))
        tag, number = self.tag, 1 + len(self.ids)
        return f"{tag[:8]}-{tag[8:12]}-{tag[12:16]}-8000-{number:012x}"

    def _row(self, question: str, name: str, values: Mapping[str, str], mark: str) -> dict[str, str | None]:
        system, object_ = KINDS[kind_of(name)]
        row: dict[str, str | None] = {}
        for key, text in values.items():
            known = self.catalogue.find(system, object_, key)
            if known is not None and known.targets:
                row[f"_{key}_value"] = self._pointed_to(question, text)
                row[f"_{key}_type"] = _LOOKUP_TYPES[kind_of(text)]
            else:
                row[key] = text.replace("{q}", mark).replace("{Q}", mark.upper())
        return row

    def _pointed_to(self, question: str, name: str) -> str:
        if name == "user1":
            return self.person.user_id if self.person is not None else ""
        return self.ids[f"{question}/{name}"]


def kind_of(name: str) -> str:
    """`opp` of `opp12`."""
    return name.rstrip("0123456789")


def _place_of(question: str) -> str:
    """The first letters of the words of a question: short, and different for all questions."""
    return "".join(word[:2] for word in question.split("_"))
