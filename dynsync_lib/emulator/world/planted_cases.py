"""The planted cases: read from `data/cases_*.toml`, turned into records, and listed with their expected outcomes.

Facts
    * Every case has keys of its own (the domain pNN.example, a name that ends in PNN), so the invented crowd around it
      cannot move its outcome. Contacts of one case share a first and a last name unless they say otherwise; HubSpot
      contacts are customers unless they say otherwise; all were last modified at one moment unless they say otherwise.
    * In `values`, `@name` stands for the id of a record of the case (in Dynamics, for a lookup to it), an empty text
      for an empty field, and `{ text, times, end }` for a text repeated.
    * An `outcome` may carry its reason after a slash. A record without outcome (an owner, a user) is there for others.

Where it is used: `emulator.world.demo_world`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from dynsync_lib.core.model import System
from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.emulator.world.metadata import read_data
from dynsync_lib.emulator.world.record_maker import Maker, Row
from dynsync_lib.emulator.world.truth import Case, ExpectedChange, ExpectedLink, ExpectedNearName, ExpectedRecord

_FILES: Final = ("addresses", "fields", "companies", "associations", "leads")
_PEOPLE: Final = ("hubspot/contacts", "dynamics/contacts", "dynamics/leads")
_LOOKUP_TYPES: Final = {
    "dynamics/accounts": "account",
    "dynamics/contacts": "contact",
    "dynamics/users": "systemuser",
}
_MODIFIED: Final = {System.HUBSPOT: "2026-03-02T09:15:30.000Z", System.DYNAMICS: "2026-03-02T09:15:30Z"}


@cache
def written_cases() -> tuple[Mapping[str, Any], ...]:
    """The cases as the files write them, in the order of their numbers."""
    cases = [case for name in _FILES for case in read_data(f"cases_{name}.toml")["case"]]
    return tuple(sorted(cases, key=lambda case: int(case["id"][1:])))


def count_planted() -> Counter[str]:
    """The number of records of each table that all cases together plant."""
    return Counter(record["table"] for case in written_cases() for record in case["records"].values())


def plant_case(maker: Maker, written: Mapping[str, Any]) -> Case:
    """Adds the records and associations of one case to the maker's tables and gives the case with its expectations."""
    planting = _Planting(maker, written, maker.pick_name())
    for name in written["records"]:
        planting.add_record(name)
    for association in written.get("associations", ()):
        planting.add_association(association)
    return Case(
        written["id"],
        written["title"],
        written["says"],
        written["source"],
        tuple(planting.expected_records()),
        tuple(planting.expected_changes()),
        tuple(planting.expected_links()),
        tuple(planting.expected_near_names()),
    )


@dataclass(slots=True)
class _Planting:
    maker: Maker
    written: Mapping[str, Any]
    person: tuple[str, str]
    ids: dict[str, str] = field(default_factory=dict)

    def add_record(self, name: str) -> None:
        table = self.table(name)
        row: Row = {}
        if table in _PEOPLE:
            row |= {"firstname": self.person[0], "lastname": self.person[1]}
        if table == "hubspot/contacts":
            row["lifecyclestage"] = "customer"
        row[RECORD_TABLES[table].modified_field] = _MODIFIED[RECORD_TABLES[table].system]
        for column, value in self.written["records"][name]["values"].items():
            row |= self._cells(table, column, value)
        self.ids[name] = self.maker.add(table, row)

    def _cells(self, table: str, column: str, value: Any) -> Row:
        """The columns that one written value fills: two for a lookup, one for everything else."""
        if isinstance(value, Mapping):
            return {column: str(value["text"]) * value["times"] + value.get("end", "")}
        if value[:1] != "@" or value[1:] not in self.ids:
            return {column: value or None}
        if table.startswith("hubspot/"):
            return {column: self.ids[value[1:]]}
        return {f"_{column}_value": self.ids[value[1:]], f"_{column}_type": _LOOKUP_TYPES[self.table(value[1:])]}

    def add_association(self, association: Mapping[str, Any]) -> None:
        if "primary" in association:
            self.maker.associate(
                self.object(association["from"]),
                self.ids[association["from"]],
                self.object(association["to"]),
                to_id=self.ids[association["to"]],
                is_primary=association["primary"],
                label=association.get("label"),
            )

    def expected_records(self) -> Iterator[ExpectedRecord]:
        for name, record in self.written["records"].items():
            if "outcome" in record:
                outcome, _, reason = record["outcome"].partition("/")
                winner, counterpart = (self.ids.get(record.get(role, "")) for role in ("winner", "counterpart"))
                identity = self.system(name), self.object(name), self.ids[name]
                yield ExpectedRecord(*identity, outcome, reason or None, winner, counterpart)

    def expected_changes(self) -> Iterator[ExpectedChange]:
        for change in self.written.get("changes", ()):
            hubspot, dynamics = change["pair"]
            system, _, column = change["into"].partition(".")
            identity = self.object(dynamics), self.ids[hubspot], self.ids[dynamics]
            yield ExpectedChange(*identity, system, column, change["kind"], change["value"], change.get("note"))

    def expected_links(self) -> Iterator[ExpectedLink]:
        """Several labels between the same two records are one association."""
        rows = (
            ExpectedLink(
                self.system(association["from"]),
                self.object(association["from"]),
                self.ids[association["from"]],
                self.object(association["to"]),
                self.ids[association["to"]],
                association["status"],
            )
            for association in self.written.get("associations", ())
        )
        yield from dict.fromkeys(rows)

    def expected_near_names(self) -> Iterator[ExpectedNearName]:
        for near_name in self.written.get("near_names", ()):
            hubspot, dynamics = near_name["pair"]
            yield ExpectedNearName(self.ids[hubspot], self.ids[dynamics], near_name["reason"])

    def table(self, name: str) -> str:
        return str(self.written["records"][name]["table"])

    def object(self, name: str) -> str:
        return str(RECORD_TABLES[self.table(name)].object)

    def system(self, name: str) -> str:
        return RECORD_TABLES[self.table(name)].system.value
