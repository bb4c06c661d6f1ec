"""Portals without records: all that describes them is there, and nothing else."""

from pathlib import Path

from dynsync_lib import kit
from dynsync_lib.emulator.world.demo_world import read_world
from dynsync_lib.emulator.world.emptied_world import without_records
from tests.emulator.clients import environment_client, portal_client

SAMPLE = Path("sample_data")


def test_without_records__keeps_fields_and_people() -> None:
    world = read_world(SAMPLE)
    emptied = without_records(world)
    kept = {name: list(rows) for name, rows in emptied.tables.items() if list(rows)}
    assert kept.keys() == {"hubspot/properties", "dynamics/columns", "hubspot/owners", "dynamics/users"}
    assert all(rows == list(world.tables[name]) for name, rows in kept.items())
    assert (emptied.account, emptied.organization) == (world.account, world.organization)


def test_emulate__serves_portals_without_records_until_they_are_closed() -> None:
    portals = kit.emulate(SAMPLE, has_records=False).start()
    try:
        with portal_client(portals) as hubspot, environment_client(portals) as dynamics:
            assert hubspot.get("/crm/v3/objects/contacts").json()["results"] == []
            assert dynamics.get("accounts").json()["value"] == []
            assert hubspot.get("/crm/v3/properties/contacts").json()["results"]
    finally:
        portals.close()
