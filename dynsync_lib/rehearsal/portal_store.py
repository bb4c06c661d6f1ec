"""The witness's store over both test portals: it reads the snapshot of them, and what the witness leaves is written.

Facts
    * The witness reads the snapshot that seeding ended with, so a run that was stopped goes on with the same decisions.
      It sees the look-alikes alone: what else stands in the portals stays as it is, though the real sync, which cannot
      tell, would sync that, too.
    * What it creates, changes and associates is gathered first and written in batches: HubSpot's new records, then
      those of Dynamics table by table, since rows point to rows, then changes, then HubSpot's associations. Records
      are created in the order in which the witness creates them.
    * New rows of Dynamics get GUIDs that follow from the tag, the seeding and the record they are made of, so that a
      batch whose answer was lost can be sent again, and what an earlier run left stands in nobody's way. New records of
      HubSpot have no such mark: when a run ends between question and answer, nobody knows whether they are there, and
      the rehearsal is to be cleaned and seeded again.

Not modelled
    * What HubSpot does by itself afterwards.

Where it is used: `rehearsal.running`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow.parquet as pq

from dynsync_lib.core.lookup_names import is_lookup_id
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import LINKS_IN, RECORD_TABLES, RecordTable
from dynsync_lib.emulator.witness.witness_store import Association, MemoryStore, Person
from dynsync_lib.rehearsal.tags import look_alike_of
from dynsync_lib.snapshot.snapshot import Snapshot

Rows = dict[str, dict[str, str | None]]
"""Values to write, by record id."""
CREATION_ORDER: Final = (Object.COMPANY, Object.CONTACT, Object.LEAD, Object.DEAL, Object.INVOICE)
"""The order in which tables are written: rows point to those of earlier ones."""
_NEW: Final = "new-"


def store_of_snapshot(snapshot: Snapshot, tag: str) -> MemoryStore:
    """The look-alikes of a tag as a snapshot of both portals holds them, for the witness to read and write in memory.

    Records of others share no key with them, so they decide nothing; left out, they stay as they are.
    """
    store = MemoryStore()
    for name, table in RECORD_TABLES.items():
        if table.object is not None:
            _add(store, snapshot, table, tag)
        else:
            store.persons[table.system] = [_person(table, row) for row in _rows(snapshot, name)]
    for link in pq.read_table(snapshot.table_path(LINKS_IN.name)).to_pylist():
        ends = (Object(link["from_object"]), link["from_id"], Object(link["to_object"]), link["to_id"])
        stand = [store.tables[System.HUBSPOT, object_] for object_ in (ends[0], ends[2])]
        if ends[1] in stand[0] and ends[3] in stand[1]:
            store.links.append(Association(*ends, bool(link["is_primary"])))
    return store


def _add(store: MemoryStore, snapshot: Snapshot, table: RecordTable, tag: str) -> None:
    own = {column.name for column in table.structure}
    columns = [name for name in snapshot.columns(table.name) if name not in own]
    rows = [row for row in _rows(snapshot, table.name) if look_alike_of(tag, table, row) is not None]
    key = (table.system, table.own_object)
    store.add(*key, [(row["id"], {name: row[name] for name in columns}) for row in rows])
    store.delivered[key] = set(columns)
    for row in rows:
        if row.get("file_rank") is not None:
            store.file_ranks[(*key, row["id"])] = int(row["file_rank"])


def _rows(snapshot: Snapshot, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(snapshot.table_path(name)).to_pylist()
    return sorted(rows, key=lambda row: row["api_rank"])


def _person(table: RecordTable, row: Mapping[str, Any]) -> Person:
    if table.system is System.HUBSPOT:
        return Person(row["id"], row.get("email"), is_active=row.get("archived") != "true")
    is_active = row.get("isdisabled") != "true"
    return Person(row["id"], row.get("internalemailaddress"), row.get("fullname"), is_active=is_active)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a sync left in a store: `creates` and `updates` by system and object, `associations` of HubSpot.

    New records go by the names that the store gave them, `new-1` and so on; so do values that point to them.
    """

    creates: Mapping[tuple[System, Object], Rows]
    updates: Mapping[tuple[System, Object], Rows]
    associations: Sequence[Association]


def changes_between(before: MemoryStore, after: MemoryStore) -> Changes:
    """What has to be written for portals that stand as `before` to stand as `after`."""
    creates: dict[tuple[System, Object], Rows] = {}
    updates: dict[tuple[System, Object], Rows] = {}
    for key, rows in after.tables.items():
        known = before.tables.get(key, {})
        for record_id, values in rows.items():
            if record_id not in known:
                creates.setdefault(key, {})[record_id] = dict(values)
                continue
            changed = {name: value for name, value in values.items() if known[record_id].get(name) != value}
            if changed:
                updates.setdefault(key, {})[record_id] = changed
    links = set(before.links)
    return Changes(creates, updates, [link for link in after.links if link not in links and _is_addition(link, before)])


def _is_addition(link: Association, before: MemoryStore) -> bool:
    """Whether an association is more than one that was there and is not the primary one any more."""
    ends = (link.from_object, link.from_id, link.to_object, link.to_id)
    known = {(old.from_object, old.from_id, old.to_object, old.to_id) for old in before.links}
    return link.is_primary or ends not in known


@dataclass(slots=True)
class NewIds:
    """The portals' ids of new records by the names that the store gave them.

    `tag` is the rehearsal's, `seeding` names the seeding, as `rehearsal.standing.seeding_name` does.
    """

    tag: str
    seeding: str
    ids: dict[str, str] = field(default_factory=dict)

    def guid(self, name: str) -> str:
        """The GUID that a new row of Dynamics gets; it does not begin as those of look-alikes do."""
        number = int(uuid.uuid5(uuid.NAMESPACE_URL, f"dynsync-run:{self.tag}:{self.seeding}:{name}"))
        return (
            str(uuid.UUID(int=number)) if f"{number:032x}"[:16] != self.tag else str(uuid.UUID(int=number ^ 1 << 127))
        )

    def resolved(self, values: Mapping[str, str | None]) -> dict[str, str | None]:
        """The values, those that name new records with the portal's ids; one that was refused points nowhere."""
        return {
            name: self.ids.get(value) if value is not None and value.startswith(_NEW) and is_lookup_id(name) else value
            for name, value in values.items()
        }

    def resolved_id(self, record_id: str) -> str | None:
        """The portal's id of a record; None for a new one that was refused."""
        return self.ids.get(record_id) if record_id.startswith(_NEW) else record_id
