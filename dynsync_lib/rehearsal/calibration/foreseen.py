"""What each choice of a question leaves behind, foreseen by the forecast of the question's pack.

Facts
    * A pack is forecast alone, once under each choice of its question, the other questions as they are in force. What
      the forecast says is then done in memory: writes that land, records that are created, associations.
    * Records that are created get the mapped texts; numbers, dates and choices they get are not worked out.

Source: docs/semantics.md sections 5 to 8, by way of `core`.

Where it is used: `rehearsal.calibration.reading`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from dynsync_lib.core.fields.catalogue import Catalogue
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.keys import KeyMaker, trim
from dynsync_lib.core.model import LinkStatus, Object, Outcome, System
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.settings_file.reader import parse_settings
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.sync.initial_sync import Decision, decide_sync
from dynsync_lib.core.sync.unsynced_companies import unsynced_pairs
from dynsync_lib.core.tables import BINDINGS, HELD_BACK, LINKS_IN, RECORD_TABLES, Column, RecordTable, stored_object
from dynsync_lib.emulator.witness.witness_store import Association, MemoryStore
from dynsync_lib.engine import Engine
from dynsync_lib.rehearsal.calibration.crafted_world import (
    CraftedWorld,
    SharedPerson,
    catalogue_of,
    column_names,
    craft_world,
)
from dynsync_lib.rehearsal.calibration.packs import Pack, Run
from dynsync_lib.rehearsal.calibration.watched_points import PARENTS, Watcher

Leaves = Mapping[str, tuple[str, ...]]
"""For each choice what is found at each watched line."""
_TEXT: Final = "text"
_SETTINGS_NAME: Final = "the settings of a run"
_ANY_MOMENT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""Packs have no filters that ask for the time."""
_STAGES: Final = {System.HUBSPOT: "dealstage", System.DYNAMICS: "statuscode"}
_CARRIED: Final = (LinkStatus.SYNCED, LinkStatus.AUTO_CREATED)
_MADE_BY_HUBSPOT: Final = "company.auto-created"
_Name = tuple[System, Object, str]


@dataclass(frozen=True, slots=True)
class Foreseer:
    """Forecasts packs of one run. `engine` is where their few records are decided."""

    engine: Engine
    rulebook: Rulebook
    run: Run
    catalogue: Catalogue
    settings: Settings
    tag: str
    person: SharedPerson | None = None

    def leaves(self, pack: Pack, world: CraftedWorld | None = None, **in_force: str) -> Leaves:
        """What each choice of the pack's question leaves behind, while `in_force` are the answers to others.

        `world` holds the records as they are, where they are not quite as the pack has them. Computes: a forecast of a
        few records a choice.
        """
        crafted = world or craft_world([pack], self.catalogue, tag=self.tag, person=self.person)
        question = self.rulebook.assumptions[pack.question]
        return {
            choice: self.left_under(pack, crafted, {**in_force, pack.question: choice})
            for choice in question.built_choices
        }

    def left_under(self, pack: Pack, world: CraftedWorld, choices: Mapping[str, str]) -> tuple[str, ...]:
        """What is found at each watched line of a pack after a sync under these choices."""
        before, after = world.store(self.catalogue), world.store(self.catalogue)
        settings = replace(self.settings, assumptions={**self.settings.assumptions, **choices})
        situation = self._situation(world, settings)
        _Aftermath(self.engine, after, situation, decide_sync(situation)).happen()
        watcher = Watcher(before, after, world.names_of(pack.question), world.marks[pack.question])
        return tuple(watcher.at(point) for point in pack.watch)

    def _situation(self, world: CraftedWorld, settings: Settings) -> Situation:
        tables = {name: self._table(table, world) for name, table in RECORD_TABLES.items()}
        tables[LINKS_IN.name] = self.engine.from_rows(link_rows(world), LINKS_IN.columns)
        tables[BINDINGS.name] = self.engine.from_rows([], BINDINGS.columns)
        return Situation(
            tables,
            settings,
            self.rulebook,
            self.catalogue,
            _ANY_MOMENT,
            self.engine.keep,
            self.engine.from_rows,
            empty_tables=frozenset(name for name, table in RECORD_TABLES.items() if not rows_of(table, world)),
        )

    def _table(self, table: RecordTable, world: CraftedWorld) -> Any:
        vendor = vendor_columns(table, self.catalogue)
        rows = finished_rows(table, world, vendor, KeyMaker(self.rulebook.top_level_domains))
        return self.engine.from_rows(list(rows), (*table.structure, *(Column(name, "text", "") for name in vendor)))


def open_foreseer(
    engine: Engine, rulebook: Rulebook, run: Run, *, tag: str, person: SharedPerson | None = None
) -> Foreseer:
    """Who forecasts the packs of a run. Raises SettingsError when the run's settings are wrong: our bug."""
    catalogue = catalogue_of(run, rulebook)
    settings = parse_settings(run.settings, file=_SETTINGS_NAME, rulebook=rulebook, catalogue=catalogue)
    return Foreseer(engine, rulebook, run, catalogue, settings, tag, person)


# --- The records as tables -----------------------------------------------------------------------------------------

_PEOPLE_COLUMNS: Final = {
    "hubspot/owners": ("email", "archived"),
    "dynamics/users": ("internalemailaddress", "fullname", "isdisabled"),
}


def vendor_columns(table: RecordTable, catalogue: Catalogue) -> tuple[str, ...]:
    """The vendor's columns in which a table is delivered."""
    if table.object is None:
        return _PEOPLE_COLUMNS[table.name]
    own = {column.name for column in table.structure}
    return tuple(name for name in column_names(catalogue, table.system, table.object) if name not in own)


def rows_of(table: RecordTable, world: CraftedWorld) -> list[tuple[str, Mapping[str, str | None]]]:
    """Id and values of each row of a table, in the order of delivery; owners and users among them."""
    if table.object is not None:
        return list(world.rows.get((table.system, table.object), ()))
    if world.person is None:
        return []
    if table.system is System.HUBSPOT:
        return [(world.person.owner_id, {"email": world.person.address, "archived": "false"})]
    return [(world.person.user_id, {"internalemailaddress": world.person.address, "isdisabled": "false"})]


def finished_rows(
    table: RecordTable, world: CraftedWorld, vendor: Sequence[str], keys: KeyMaker
) -> Iterator[dict[str, Any]]:
    """The rows of a table as a snapshot holds them; what a record does not have is null."""
    for rank, (id_, values) in enumerate(rows_of(table, world)):
        row = {**{name: values.get(name) for name in vendor}, table.id_field: id_}
        yield {**row, "id": id_, "api_rank": rank, "file_rank": None, **keys.finish(table, row)}


def link_rows(world: CraftedWorld) -> list[dict[str, Any]]:
    """The associations as rows of `core.tables.LINKS_IN`."""
    return [
        {
            "from_object": link.from_object.value,
            "from_id": link.from_id,
            "to_object": link.to_object.value,
            "to_id": link.to_id,
            "label": None,
            "is_primary": link.is_primary,
        }
        for link in world.associations
    ]


# --- What happens to them ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Aftermath:
    """A forecast come true in a store."""

    engine: Engine
    store: MemoryStore
    situation: Situation
    decision: Decision

    def happen(self) -> None:
        outcomes = self.engine.rows(self.decision.outcomes)
        twins = self._companies_that_are_there()
        twins |= {_name(row): row["counterpart_id"] for row in outcomes if row["counterpart_id"] is not None}
        for row in outcomes:
            if row["outcome"] == Outcome.CREATE:
                twins[_name(row)] = self._create(*_name(row))
        for row in self.engine.rows(self.decision.changes):
            if row["note"] not in HELD_BACK:
                self._write(row)
        for row in self.engine.rows(self.decision.links):
            self._carry(row, twins)

    def _companies_that_are_there(self) -> dict[_Name, str]:
        """With companies off, those that associations find by key."""
        pairs = None if self.situation.sync(Object.COMPANY).enabled else unsynced_pairs(self.situation)
        twins: dict[_Name, str] = {}
        for row in self.engine.rows(pairs) if pairs is not None else ():
            twins[(System.HUBSPOT, Object.COMPANY, row["hubspot_id"])] = row["dynamics_id"]
            twins[(System.DYNAMICS, Object.COMPANY, row["dynamics_id"])] = row["hubspot_id"]
        return twins

    def _create(self, system: System, object_: Object, record_id: str) -> str:
        values = self._values(system, object_, record_id)
        new = {
            mapping.columns[system.other]: trim(values.get(mapping.columns[system]) or "") or None
            for mapping in self._flowing(object_, system.other)
        }
        if object_ is Object.DEAL:
            new[_STAGES[system.other]] = self._stage(values.get(_STAGES[system]), system)
        return self.store.create(system.other, stored_object(object_, system.other), new)

    def _flowing(self, object_: Object, target: System) -> Iterator[JudgedMapping]:
        for mapping in self.decision.mappings[object_]:
            if mapping.writes_to(target) and set(mapping.kinds.values()) == {_TEXT}:
                yield mapping

    def _stage(self, stage: str | None, system: System) -> str | None:
        pairs = self.situation.sync(Object.DEAL).stages
        known = pairs if system is System.HUBSPOT else {status: mapped for mapped, status in pairs.items()}
        return known.get(stage or "")

    def _values(self, system: System, object_: Object, record_id: str) -> Mapping[str, str | None]:
        return self.store.tables[(system, object_)][record_id]

    def _write(self, row: Mapping[str, Any]) -> None:
        target, object_ = System(row["target_system"]), Object(row["object"])
        column = next(
            (
                mapping.columns[target]
                for mapping in self.decision.mappings[object_]
                if mapping.name_of(target) == row["target_field"]
            ),
            row["target_field"],
        )
        record_id = row[f"{target}_id"]
        table = stored_object(object_, target)
        self.store.update(target, table, record_id, {column: row["new_value"]})

    def _carry(self, row: Mapping[str, Any], twins: dict[_Name, str]) -> None:
        """The association exists between the counterparts, too, where both have one."""
        if row["status"] not in _CARRIED or row["rule_id"] == _MADE_BY_HUBSPOT:
            return
        system, to = System(row["from_system"]), (Object(row["to_object"]), row["to_id"])
        if row["status"] == LinkStatus.AUTO_CREATED and (system, *to) not in twins:
            name = {"name": self._values(system, *to)["name"]}
            twins[(system, *to)] = self.store.create(system.other, Object.COMPANY, name)
        from_object = Object(row["from_object"])
        from_id, to_id = twins.get((system, from_object, row["from_id"])), twins.get((system, *to))
        if from_id is None or to_id is None:
            return
        if system is System.DYNAMICS:
            self.store.associate(Association(from_object, from_id, to[0], to_id, is_primary=to[0] is Object.COMPANY))
        elif to[0] is Object.COMPANY:
            self.store.update(system.other, from_object, from_id, {PARENTS[from_object]: to_id})


def _name(row: Mapping[str, Any]) -> _Name:
    return (System(row["system"]), Object(row["object"]), row["record_id"])
