"""Earlier values of HubSpot properties: every value written over the API, newest first (portal-apis 2.2).

Facts
    * Asked for by `propertiesWithHistory`, on a list, one record, or a batch; a page then holds 50 records at most.
    * A world does not hold earlier values: each of its values counts as entered when its record was created.

Not modelled
    * Who changed a value; changes of `associatedcompanyid` that come with an association.

Where it is used: `emulator.hubspot.records` reads it, `emulator.hubspot.record_writes` keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from dynsync_lib.emulator.store.database import quoted
from dynsync_lib.emulator.store.records import HISTORY, Store, Stored
from dynsync_lib.emulator.times import iso_ms

MOST_WITH_HISTORY: Final = 50
_INTO: Final = f"INSERT INTO {quoted(HISTORY)} VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608
Texts = Mapping[str, str | None]
Change = tuple[str | None, str | None, float]


def remember(store: Store, table: str, stored: Stored, changed: Texts, *, at_s: float) -> None:
    """Stores the old and the new value of each changed property of a record."""
    for name, value in changed.items():
        before = stored.values.get(name)
        if before != value:
            store.execute(_INTO, (table, stored.id, name, before, value, at_s))


def add_history(store: Store, table: str, asked: Sequence[str], records: Iterable[dict[str, Any]]) -> None:
    """Adds `propertiesWithHistory` to records as HubSpot prints them, with the known properties among those asked
    for."""
    for record in records if asked else ():
        changes = _changes(store, table, record["id"])
        record["propertiesWithHistory"] = {
            name: _versions(record["properties"][name], changes.get(name, []), record["createdAt"])
            for name in asked
            if name in record["properties"]
        }


def _changes(store: Store, table: str, id_: str) -> dict[str, list[Change]]:
    """The changes of each property of a record, newest first."""
    sql = f"SELECT property, old, new, at_s FROM {quoted(HISTORY)} WHERE name = ? AND id = ? ORDER BY rowid DESC"  # noqa: S608
    changes: dict[str, list[Change]] = {}
    for name, *change in store.query(sql, (table, id_)):
        changes.setdefault(name, []).append((change[0], change[1], change[2]))
    return changes


def _versions(value: str | None, changes: Sequence[Change], created: str | None) -> list[dict[str, Any]]:
    """Every version of one property; none for one that never had a value."""
    versions = [_version(new, iso_ms(at_s), "INTEGRATION") for _, new, at_s in changes]
    first = changes[-1][0] if changes else value
    return versions if first is None else [*versions, _version(first, created, "CRM_UI")]


def _version(value: str | None, moment: str | None, source: str) -> dict[str, Any]:
    return {"value": value or "", "timestamp": moment, "sourceType": source}
