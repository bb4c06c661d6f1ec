"""A small rehearsal by hand: its folder as a plan leaves it, with a dozen look-alikes on each side."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.rehearsal.rehearsal_folder import Rehearsal, open_rehearsal
from dynsync_lib.snapshot.writer import SnapshotWriter
from tests.pulls import KEYS

TAG = "a1b2c3d4e5f60718"
TAKEN_AT = datetime(2026, 11, 30, tzinfo=UTC)
SETTINGS = """
[sync.company]
[sync.contact]
[sync.lead]
[sync.deal]
[sync.invoice]
"""
Row = dict[str, Any]
Tables = Mapping[str, Sequence[Row]]


def guid(table: int, place: int) -> str:
    """The GUID of a look-alike of Dynamics."""
    return f"{TAG[:8]}-{TAG[8:12]}-{TAG[12:]}-80{table:02x}-{place:012x}"


FIRM, SHOP = guid(1, 1), guid(1, 2)
ADA, BEA, CAL, DON = (guid(2, place) for place in (1, 2, 3, 4))
TABLES: Tables = {
    "hubspot/companies": [
        {"id": "1", "name": "Qa1 Works", "domain": "qa1.example"},
        {"id": "2", "name": "Qa1 works", "domain": None},
    ],
    "hubspot/contacts": [
        {"id": "1", "email": "ada@qa1.example", "firstname": "Ada", "lifecyclestage": "lead"},
        {"id": "2", "email": "bea@qa1.example", "hs_additional_emails": "b@qa1.example;c@qa1.example"},
        {"id": "3", "email": None, "firstname": "Cal", "lastname": "Qa1"},
    ],
    "hubspot/deals": [{"id": "1", "dealname": "Qa1 pilot", "amount": "12.50"}],
    "dynamics/accounts": [
        {"id": FIRM, "name": "Qa1 Works", "statecode": "0", "statuscode": "1", "_primarycontactid_value": ADA,
         "_primarycontactid_type": "contact", "revenue": "1500.50", "numberofemployees": "7"},
        {"id": SHOP, "name": "Qa2 Shop", "statecode": "1", "statuscode": "2"},
    ],
    "dynamics/contacts": [
        {"id": ADA, "emailaddress1": "Ada@qa1.example", "lastname": "Qa1", "statecode": "0", "statuscode": "1",
         "_parentcustomerid_value": FIRM, "_parentcustomerid_type": "account"},
        {"id": BEA, "emailaddress1": "ada@qa1.example", "lastname": "Qa2", "statecode": "0", "statuscode": "1",
         "_parentcustomerid_value": ADA, "_parentcustomerid_type": "contact"},
        {"id": CAL, "emailaddress1": "no address", "lastname": "Qa3", "statecode": "1", "statuscode": "2"},
        {"id": DON, "emailaddress1": None, "lastname": "Qa4", "statecode": "0", "statuscode": "1"},
    ],
    "dynamics/leads": [{"id": guid(3, 1), "emailaddress1": "bea@qa1.example", "lastname": "Qa5", "subject": "Qa"}],
    "dynamics/opportunities": [
        {"id": guid(4, 1), "name": "Qa1 chance", "_customerid_value": FIRM, "_customerid_type": "account"}
    ],
    "dynamics/invoices": [
        {"id": guid(5, 1), "name": "Qa1 bill", "_customerid_value": ADA, "_customerid_type": "contact"}
    ],
}  # fmt: skip
LINKS: Sequence[Row] = (
    {"from_object": "contact", "from_id": "1", "to_object": "company", "to_id": "2", "is_primary": False},
    {"from_object": "contact", "from_id": "1", "to_object": "company", "to_id": "1", "is_primary": True},
    {"from_object": "deal", "from_id": "1", "to_object": "contact", "to_id": "2", "is_primary": False},
    {"from_object": "deal", "from_id": "1", "to_object": "company", "to_id": "1", "is_primary": True},
)


def make_plan(folder: Path, tables: Tables = TABLES, links: Sequence[Row] = LINKS, *, tag: str = TAG) -> Rehearsal:
    """The folder of a rehearsal of these look-alikes, opened."""
    folder.mkdir(parents=True)
    write_look_alikes(folder / "look_alikes", tables, links)
    (folder / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    for name in ("secrets.key", "sample.parquet"):
        (folder / name).write_bytes(b"")
    (folder / "planned").mkdir()
    lists: dict[str, list[Any]] = {"covered": [], "not_covered": [], "lacking": []}
    digests = {"snapshot_sha256": "0" * 64, "settings_sha256": "0" * 64}
    info = {"version": 1, "kit_version": "0", "tag": tag, "records": {}, "writes": {}, **digests, **lists}
    (folder / "rehearsal.json").write_text(json.dumps(info), encoding="utf-8")
    return open_rehearsal(folder)


def write_look_alikes(folder: Path, tables: Tables, links: Sequence[Row]) -> None:
    """A snapshot of look-alikes."""
    with SnapshotWriter(folder, source="emulator", started_at=TAKEN_AT) as writer:
        for name, table in RECORD_TABLES.items():
            rows = [_finished(name, place, row) for place, row in enumerate(tables.get(name, ()))]
            vendor = list(dict.fromkeys(column for row in tables.get(name, ()) for column in row if column != "id"))
            writer.write(name, rows, vendor_columns=[*vendor, *_needed(table.created_field, vendor)])
        writer.write("hubspot/links", [{"label": None, **link} for link in links])
        writer.finish(finished_at=TAKEN_AT, facts={})


def _needed(created_field: str, vendor: Sequence[str]) -> list[str]:
    return [] if created_field in vendor else [created_field]


def _finished(name: str, place: int, row: Row) -> Row:
    table = RECORD_TABLES[name]
    keys = KEYS.finish(table, {**row, table.id_field: row["id"]})
    return {"api_rank": place, "file_rank": place, **keys, table.created_field: "2026-11-29T12:00:00Z", **row}
