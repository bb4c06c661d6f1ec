"""A world without its records: portals as an admin finds them before anything was written there.

Facts
    * What describes the portals stays: fields, owners and users, and what both say of themselves.

Where it is used: `kit.emulate`.
"""

from __future__ import annotations

from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.emulator.world.demo_world import World
from dynsync_lib.emulator.world.world_contents import LINKS
from dynsync_lib.emulator.world.world_folder import FolderWorld


def without_records(world: World | FolderWorld) -> FolderWorld:
    """The same portals with fields and people, and without a record or an association."""
    tables = {name: () if _holds_records(name) else rows for name, rows in world.tables.items()}
    return FolderWorld(tables, world.account, world.organization)


def _holds_records(name: str) -> bool:
    return name == LINKS or (name in RECORD_TABLES and RECORD_TABLES[name].object is not None)
