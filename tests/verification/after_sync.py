"""Small and demo portals before a sync, and the snapshot of them after the witness has done it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from dynsync_lib.core.fields.catalogue import Catalogue
from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.tables import RECORD_TABLES, RecordTable, record_table
from dynsync_lib.emulator.witness.initial_sync import run_initial_sync
from dynsync_lib.emulator.witness.witness_store import MemoryStore
from dynsync_lib.forecasts.open_snapshot import read_catalogue
from dynsync_lib.kit.rulebooks import key_maker
from dynsync_lib.snapshot.snapshot import ACCOUNT_FILE, FIXED_TABLES, ORGANIZATION_FILE, Snapshot, read_facts
from dynsync_lib.snapshot.writer import SnapshotWriter
from tests.opinions import SmallWorld, plan_of, store_of

Edit = Callable[[MemoryStore], None]


def sync_by_witness(before: Snapshot, settings: Settings, out: Path, *, edit: Edit | None = None) -> Snapshot:
    """The snapshot, taken a day later, of the portals that the witness has synced; `edit` is what people did then."""
    world = world_of(before, settings)
    store = store_of(world)
    run_initial_sync(store, plan_of(world))
    if edit is not None:
        edit(store)
    return write_snapshot(before, store, out, taken_at=before.taken_at + timedelta(days=1))


def world_of(snapshot: Snapshot, settings: Settings) -> SmallWorld:
    """The snapshot as the witness wants it."""
    catalogue = read_catalogue(snapshot)
    return SmallWorld(
        tables={name: _rows(snapshot, name) for name in RECORD_TABLES},
        fields=tuple(catalogue.fields.values()),
        undelivered=frozenset(_undelivered(snapshot, catalogue)),
        sync=settings.sync,
        links=_rows(snapshot, "hubspot/links"),
        assumptions=settings.assumptions,
        taken_at=snapshot.taken_at,
        auto_create_companies=settings.hubspot.auto_create_companies,
    )


def _rows(snapshot: Snapshot, name: str) -> list[dict[str, Any]]:
    rows = pq.ParquetFile(snapshot.table_path(name)).read().to_pylist()
    return sorted(rows, key=lambda row: row["api_rank"]) if name in RECORD_TABLES else rows


def _undelivered(snapshot: Snapshot, catalogue: Catalogue) -> Iterator[str]:
    """The fields whose columns the snapshot does not hold, as `hubspot.contact.jobtitle`."""
    for system, object_, name in catalogue.fields:
        columns = snapshot.columns(record_table(object_, system).name)
        if not {name, f"_{name}_value"} & set(columns):
            yield f"{system}.{object_}.{name}"


def write_snapshot(
    before: Snapshot,
    store: MemoryStore,
    out: Path,
    *,
    taken_at: datetime,
    portals: Mapping[str, str | None] | None = None,
) -> Snapshot:
    """The store as a snapshot; what it does not hold (metadata, users) is that of `before`.

    `portals` are other ids of the portals, by system.
    """
    keys = key_maker()
    with SnapshotWriter(out, source="emulator", started_at=taken_at) as writer:
        for name in (ACCOUNT_FILE, ORGANIZATION_FILE):
            writer.write_json(name, read_facts(before.path / name))
        if portals is not None:
            writer.write_json(ACCOUNT_FILE, {"portalId": portals["hubspot"]})
        for name, table in RECORD_TABLES.items():
            vendor = _vendor_columns(before, table)
            rows = _rows(before, name) if table.object is None else _store_rows(store, table, keys, vendor)
            if table.object is not None:
                vendor = sorted({*vendor, *(name for row in rows for name in row if name not in _own(table))})
            writer.write(
                name,
                [dict.fromkeys(vendor) | row for row in rows],
                vendor_columns=vendor,
                provided=before.is_provided(name),
            )
        for name in FIXED_TABLES:
            rows = _links(store) if name == "hubspot/links" else _rows(before, name)
            writer.write(name, rows, provided=before.is_provided(name))
        return writer.finish(finished_at=taken_at, facts={})


def _links(store: MemoryStore) -> list[dict[str, Any]]:
    return [{"label": None, **asdict(link)} for link in store.links]


def _own(table: RecordTable) -> set[str]:
    return {column.name for column in table.structure}


def _vendor_columns(before: Snapshot, table: RecordTable) -> list[str]:
    return [name for name in before.columns(table.name) if name not in _own(table)]


def _store_rows(store: MemoryStore, table: RecordTable, keys: KeyMaker, vendor: list[str]) -> list[dict[str, Any]]:
    rows = []
    for rank, (record_id, values) in enumerate(store.tables.get((table.system, table.own_object), {}).items()):
        held: dict[str, Any] = {**dict.fromkeys(vendor), **values, table.id_field: record_id}
        rows.append({"id": record_id, "api_rank": rank, "file_rank": rank, **keys.finish(table, held), **held})
    return rows


def change(
    store: MemoryStore, system: System, object_: Object, record_id: str, values: Mapping[str, str | None]
) -> None:
    """Somebody writes these values into a record."""
    store.tables[(system, object_)][record_id].update(values)
