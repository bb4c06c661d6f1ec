"""A world written by hand, with nothing in it but records: served, pulled, and forecast like any other."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from dynsync_lib import kit
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.emulator.world.demo_world import read_world

FILES = {
    "hubspot/contacts": "hs_object_id,email,favourite\n1,ada@example.com,tea\n",
    "hubspot/companies": "hs_object_id,name\n7,Acme\n",
    "hubspot/links": "contact_id,company_id,is_primary\n1,7,true\n",
    "dynamics/contacts": "contactid,emailaddress1,new_drink,_parentcustomerid_value,_parentcustomerid_type\n"
    "00000000-0000-4000-8000-000000000001,ADA@example.com,coffee,00000000-0000-4000-8000-0000000000a1,account\n",
    "dynamics/accounts": "accountid,name\n00000000-0000-4000-8000-0000000000a1,acme\n",
}
SETTINGS = "[sync.company]\n[sync.contact]\n[[sync.contact.mapping]]\nhubspot = 'favourite'\ndynamics = 'new_drink'\n"


def test_read_world__of_bare_files_can_be_pulled_and_forecast(tmp_path: Path) -> None:
    for name, text in FILES.items():
        path = tmp_path / "world" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    settings = tmp_path / "dynsync.toml"
    settings.write_text(SETTINGS, encoding="utf-8")
    with Emulator(read_world(tmp_path / "world")) as emulator:
        clock = datetime(2026, 11, 23, tzinfo=UTC)
        snapshot = kit.pull(settings, tmp_path / "s", addresses=emulator.addresses, clock=lambda: clock)
    forecast = kit.forecast(snapshot, settings, tmp_path / "f")
    assert [(row["target_field"], row["new_value"]) for row in kit.records(forecast.changes)] == [
        ("name", "acme"),
        ("favourite", "coffee"),
    ]
    assert [row["status"] for row in kit.records(forecast.links)] == ["synced", "synced"]
