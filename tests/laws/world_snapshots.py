"""A small world as a snapshot on disk, for laws about what reads and writes folders."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.model import System
from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.snapshot.snapshot import Snapshot
from dynsync_lib.snapshot.writer import SnapshotWriter
from tests.opinions import SmallWorld
from tests.rulebook_texts import shipped_rulebook


def write_world(world: SmallWorld, out: Path) -> Snapshot:
    """The snapshot of a small world, with its fields as metadata."""
    keys = KeyMaker(shipped_rulebook().top_level_domains)
    with SnapshotWriter(out, source="files", started_at=world.taken_at) as writer:
        for name, table in RECORD_TABLES.items():
            columns = world.delivered(name)
            rows = []
            for rank, row in enumerate(world.tables.get(name, ())):
                values = {column: row.get(column) for column in columns}
                finished = keys.finish(table, {**values, table.id_field: row["id"]})
                at = row.get("file_rank")
                rows.append(
                    {"id": row["id"], "api_rank": rank, "file_rank": int(at) if at else None, **finished, **values}
                )
            writer.write(name, rows, vendor_columns=columns)
        writer.write("hubspot/links", [{"label": None, **link} for link in world.links])
        writer.write("hubspot/properties", _metadata(world.fields, System.HUBSPOT))
        writer.write("dynamics/columns", _metadata(world.fields, System.DYNAMICS))
        return writer.finish(finished_at=world.taken_at, facts={})


def _metadata(fields: Iterable[Field], system: System) -> list[dict[str, Any]]:
    rows = []
    for field in fields:
        if field.system is not system:
            continue
        options = [{"value": option.value, "label": option.label} for option in field.options]
        row: dict[str, Any] = {
            "object": field.object.value,
            "name": field.name,
            "label": field.label,
            "type": field.type,
            "options": json.dumps(options) if options else None,
            "read_only": field.read_only,
            "length": field.length,
        }
        if system is System.HUBSPOT:
            row |= {"field_type": field.format, "unique": field.unique, "calculated": False, "hidden": False}
        else:
            row |= {
                "format": field.format,
                "required": field.required,
                "min_value": field.min_value,
                "max_value": field.max_value,
                "targets": ";".join(field.targets) or None,
                "behavior": field.behavior,
            }
        rows.append(row)
    return rows
