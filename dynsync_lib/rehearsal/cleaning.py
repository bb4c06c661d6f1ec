"""Removes from both test portals exactly what a rehearsal and its sync made, and proves it.

Facts
    * Look-alikes are known by tag and GUID, with or without the journal. What the sync made of them bears no tag, but a
      look-alike's key, and came after the seeding began; a foreign record with such a key stopped the seeding. A
      company that HubSpot made of an address's domain counts as made by the sync.
    * What the sync made goes first, look-alikes last, so that a clean-up that was stopped can be run again. Rows that
      point to others go before those, because Dynamics may delete with a row those that point to it.
    * A foreign row that points to one that is to go stops the clean-up before anything is removed.
    * Proof: all other records hold afterwards what they held before, by count and hash. Against the time before the
      seeding, tables that differ are named: people, or the sync, changed them.

Where it is used: `kit.rehearsals`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dynsync_lib.core.lookup_names import is_lookup_id, lookup_of
from dynsync_lib.core.model import Object
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.tables import RecordTable
from dynsync_lib.errors import PortalUnavailableError, SafetyError
from dynsync_lib.listing import counted, some_of
from dynsync_lib.portals.dataverse.reader import LOGICAL_NAMES
from dynsync_lib.portals.hubspot.paths import PLURALS
from dynsync_lib.portals.rows import TextRow
from dynsync_lib.rehearsal.hubspot_seeding import PROPERTY
from dynsync_lib.rehearsal.journal import Journal
from dynsync_lib.rehearsal.look_alike_rows import DYNAMICS_TABLES, HUBSPOT_TABLES, TABLES, LookAlikeRows
from dynsync_lib.rehearsal.portal_records import PortalRecords, fingerprints, read_records, tag_field
from dynsync_lib.rehearsal.readiness import refuse_unread_tables
from dynsync_lib.rehearsal.record_keys import Key, domains_of, keys_of
from dynsync_lib.rehearsal.rehearsal_folder import TAG_PROPERTY
from dynsync_lib.rehearsal.standing import CLEANED, begin_of, intended_before
from dynsync_lib.rehearsal.tags import look_alike_of
from dynsync_lib.rehearsal.writing.portal_pair import TestPortals

_ORDER: Final = (*reversed(HUBSPOT_TABLES), *reversed(DYNAMICS_TABLES))
_MOST_NAMED: Final = 10


@dataclass(frozen=True, slots=True)
class Removal:
    """What is to be removed: by table name the ids of look-alikes, and of what the sync made of them.

    `others` are the fingerprints of all other records, by table; `properties` the objects whose tag property goes.
    """

    look_alikes: Mapping[str, Sequence[str]]
    made_by_sync: Mapping[str, Sequence[str]]
    others: Mapping[str, Mapping[str, object]]
    properties: Sequence[Object] = ()

    def ids(self, table: RecordTable) -> list[str]:
        """All records of a table that go, what the sync made first."""
        return [*self.made_by_sync.get(table.name, ()), *self.look_alikes.get(table.name, ())]

    def counts(self) -> list[dict[str, Any]]:
        """How many go, by system and object that has any: look_alikes, made_by_sync."""
        return [
            {
                "system": table.system.value,
                "object": str(table.object),
                "look_alikes": len(self.look_alikes[table.name]),
                "made_by_sync": len(self.made_by_sync[table.name]),
            }
            for table in TABLES
            if self.ids(table)
        ]

    @property
    def count(self) -> int:
        """How many records go."""
        return sum(len(self.ids(table)) for table in TABLES)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What was removed, and the proof: `changed_since_seeding` names the tables of which other records are not as they
    were before the seeding; None when nobody noted how they were.
    """

    removal: Removal
    changed_since_seeding: Sequence[str] | None = None

    @property
    def not_checked(self) -> str:
        """What the proof leaves open, in a sentence; empty where it leaves nothing open."""
        is_noted = self.changed_since_seeding is not None
        return "" if is_noted else "Not checked: how the portals were before the seeding, which nobody noted."


@dataclass(frozen=True, slots=True)
class Cleaning:
    """The clean-up of one rehearsal in two portals. `journal` None: by the tag alone.

    `free_mail` are domains of which HubSpot makes no companies.
    """

    look_alikes: LookAlikeRows
    tag: str
    portals: TestPortals
    journal: Journal | None
    settings: Settings
    free_mail: Collection[str]
    _keys: set[Key] = field(default_factory=set)
    _domains: set[Key] = field(default_factory=set)

    async def plan(self) -> Removal:
        """What there is to remove now; nothing is written. Costs a read of all records.

        Raises SafetyError when a foreign row points to one that is to go, AccessError when something cannot be read.
        """
        records = await read_records(self.portals)
        refuse_unread_tables(self.look_alikes.tables, records, self.settings)
        tagged = {table.name: self._tagged(table, records) for table in TABLES}
        by_sync = {table.name: self._made_by_sync(table, records) for table in TABLES}
        going = {name: {*tagged[name], *by_sync[name]} for name in tagged}
        _refuse_pointing_rows(records, going)
        return Removal(tagged, by_sync, fingerprints(records, going), self._own_properties(records))

    async def remove(self, removal: Removal) -> Cleaned:
        """Removes what was planned and proves it. Raises SafetyError when another record is not as it was."""
        entry = None if self.journal is None else self.journal.intend(CLEANED, records=removal.count)
        for table in _ORDER:
            await self._remove_records(table, removal.ids(table))
        for object_ in removal.properties:
            await self.portals.hubspot.writer.archive_property(object_, TAG_PROPERTY)
        after = await self.plan()
        if after.count:
            raise PortalUnavailableError(
                f"The test portals still hold {counted(after.count, 'record', 'records')} of the rehearsal.",
                next_step="Run the same command again.",
            )
        _refuse_changes(removal.others, after.others)
        changed = self._changed_since_seeding(after)
        if self.journal is not None and entry is not None:
            self.journal.answer(entry, others=after.others)
        return Cleaned(removal, changed)

    # --- What goes -------------------------------------------------------------------------------------------

    def _tagged(self, table: RecordTable, records: PortalRecords) -> list[str]:
        rows = records.rows.get(table.name, ())
        return [str(row[table.id_field]) for row in rows if look_alike_of(self.tag, table, row) is not None]

    def _made_by_sync(self, table: RecordTable, records: PortalRecords) -> list[str]:
        self._collect_keys(records)
        keys = self._keys | (self._domains if table.name == "hubspot/companies" else set())
        began_at = self._began_at(records)
        return [
            str(row[table.id_field])
            for row in records.rows.get(table.name, ())
            if look_alike_of(self.tag, table, row) is None
            and (began_at is None or (row.get(table.created_field) or "") >= began_at)
            and not keys.isdisjoint(keys_of(table, row, self.settings))
        ]

    def _collect_keys(self, records: PortalRecords) -> None:
        """Notes the keys of all look-alikes, as planned and as they stand now, and the domains of their addresses."""
        if self._keys:
            return
        for table in TABLES:
            standing = [row for row in records.rows.get(table.name, ()) if look_alike_of(self.tag, table, row)]
            for row in (*self.look_alikes.tables[table.name], *standing):
                self._keys.update(keys_of(table, row, self.settings))
        self._domains.update(domains_of(self._keys, self.free_mail))

    def _began_at(self, records: PortalRecords) -> str | None:
        """When the seeding began, as the portals print times; None when nobody knows."""
        begun = begin_of(self.journal) if self.journal is not None else None
        if begun is not None and begun.get("began_at"):
            return str(begun["began_at"])[:19]
        times = [
            str(row[table.created_field])
            for table in HUBSPOT_TABLES
            for row in records.rows.get(table.name, ())
            if look_alike_of(self.tag, table, row) is not None and row.get(table.created_field)
        ]
        return min(times)[:19] if times else None

    def _own_properties(self, records: PortalRecords) -> list[Object]:
        """The objects whose tag property marks nothing else; with a journal only those that this rehearsal made."""
        own = None if self.journal is None else intended_before(self.journal, PROPERTY)
        return [
            object_
            for object_ in PLURALS
            if tag_field(object_, records) is not None
            and (own is None or object_.value in own)
            and not _marks_others(object_, records, self.tag)
        ]

    # --- Removing and proving --------------------------------------------------------------------------------

    async def _remove_records(self, table: RecordTable, ids: Sequence[str]) -> None:
        refused = await self.portals.remove(table, ids)
        if refused:
            raise PortalUnavailableError(
                f"Dynamics did not delete {some_of(refused, _MOST_NAMED)} of {table.name}.",
                next_step="See in Dynamics what holds them, and run the same command again.",
            )

    def _changed_since_seeding(self, after: Removal) -> list[str] | None:
        begun = begin_of(self.journal) if self.journal is not None else None
        if begun is None:
            return None
        return sorted(name for name, rows in begun["others"].items() if after.others.get(name) != rows)


def _marks_others(object_: Object, records: PortalRecords, tag: str) -> bool:
    table = next(table for table in HUBSPOT_TABLES if table.object is object_)
    texts = (row.get(TAG_PROPERTY) for row in records.rows.get(table.name, ()))
    return any(text and not text.startswith(f"{tag}-") for text in texts)


def _refuse_pointing_rows(records: PortalRecords, going: Mapping[str, set[str]]) -> None:
    pointing = pointing_rows(records, going)
    if pointing:
        raise SafetyError(
            f"{some_of(pointing, _MOST_NAMED)} of Dynamics point to what is removed, and might go with it.",
            next_step="Empty their lookups, and run the same command again.",
        )


def pointing_rows(records: PortalRecords, going: Mapping[str, Collection[str]]) -> list[str]:
    """The rows of Dynamics that stay and point to one that goes, as object and id: they might be deleted with it.

    `going` are ids by table. Two tables may have rows of one id; a lookup that does not say its table means any.
    """
    gone = {LOGICAL_NAMES[table.name]: frozenset(going[table.name]) for table in DYNAMICS_TABLES}
    return [
        f"{table.object} {row[table.id_field]}"
        for table in DYNAMICS_TABLES
        for row in records.rows.get(table.name, ())
        if row[table.id_field] not in going[table.name] and _points_to(row, gone)
    ]


def _points_to(row: TextRow, gone: Mapping[str, Collection[str]]) -> bool:
    for name, text in row.items():
        if text is None or not is_lookup_id(name):
            continue
        type_ = row.get(f"_{lookup_of(name)}_type")
        tables = gone.values() if type_ is None else [gone.get(type_, ())]
        if any(text in ids for ids in tables):
            return True
    return False


def _refuse_changes(before: Mapping[str, Mapping[str, object]], after: Mapping[str, Mapping[str, object]]) -> None:
    changed = sorted(name for name in before if before[name] != after.get(name))
    if changed:
        raise SafetyError(
            f"Other records of {', '.join(changed)} are not as they were before the clean-up.",
            next_step="See who else works in the test portals; what the rehearsal made is gone.",
        )
