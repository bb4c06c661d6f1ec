"""How long a forecast takes, and how much memory, on portals of growing size.

    python benchmarks/scale.py 100000 1000000

Each size is the number of contacts on each side; companies are a tenth. Prints, and writes out/benchmark-scale.json.
Machines are noisy: compare the ratios inside one run.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from dynsync_lib import kit
from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.model import RECORD_TABLES, RecordTable
from dynsync_lib.snapshot_writer import SnapshotWriter

TAKEN_AT = datetime(2026, 11, 23, tzinfo=UTC)
SETTINGS = """
[sync.company]
[sync.contact]
filter_to_hubspot = "statecode = 0"
filter_to_dynamics = "lifecyclestage in ('customer', 'opportunity')"
"""
_CITIES = ("Hamburg", "Graz", "Lyon", "Porto", "Brno", "Leeds")
Row = dict[str, object]


def hubspot_contacts(size: int) -> Iterator[Row]:
    """Contacts of HubSpot: one in a hundred has an additional address, two in a hundred have none."""
    chance = random.Random(1)
    for place in range(size):
        person = place if chance.random() < 0.6 else place + size
        yield {
            "hs_object_id": str(place + 1),
            "email": None if chance.random() < 0.02 else f"person{person}@firm{person % 5_000}.example",
            "hs_additional_emails": f"old{person}@firm.example" if chance.random() < 0.01 else None,
            "firstname": f"First{person % 700}",
            "lastname": f"Last{person % 3_000}",
            "jobtitle": chance.choice(("Buyer", "Engineer", None)),
            "phone": f"+49 30 555{person % 10_000:04d}",
            "city": chance.choice(_CITIES),
            "lifecyclestage": chance.choice(("customer", "opportunity", "subscriber")),
            "lastmodifieddate": "2026-01-01T10:00:00.000Z",
        }


def dynamics_contacts(size: int) -> Iterator[Row]:
    """Contacts of Dynamics: four in a hundred share their address with an earlier one."""
    chance = random.Random(2)
    for place in range(size):
        person = place if chance.random() < 0.96 else place // 2
        yield {
            "contactid": f"00000000-0000-4000-8000-{place:012x}",
            "emailaddress1": f"Person{person}@firm{person % 5_000}.example",
            "firstname": f"First{person % 700}",
            "lastname": f"Last{person % 3_000}",
            "jobtitle": chance.choice(("Buyer", "Engineer", None)),
            "telephone1": f"+49-30-555{person % 10_000:04d}",
            "address1_city": chance.choice(_CITIES),
            "statecode": "1" if chance.random() < 0.05 else "0",
            "modifiedon": "2026-02-01T10:00:00Z",
            "_parentcustomerid_value": f"00000000-0000-4000-8000-{place % max(size // 10, 1):012x}",
            "_parentcustomerid_type": "account",
        }


def companies(size: int, id_field: str) -> Iterator[Row]:
    """Companies of either side, of which nine in ten names are known to both."""
    is_account = id_field == "accountid"
    for place in range(size):
        name = f"Firm {place if place % 10 else place + (size if is_account else 0)} GmbH"
        id_ = f"00000000-0000-4000-8000-{place:012x}" if is_account else str(place + 1)
        city = "address1_city" if is_account else "city"
        yield {id_field: id_, "name": name, city: _CITIES[place % 6], "statecode": "0"}


def make_snapshot(folder: Path, size: int) -> None:
    """A snapshot of that size."""
    tables = {
        "hubspot/contacts": hubspot_contacts(size),
        "hubspot/companies": companies(size // 10, "hs_object_id"),
        "dynamics/contacts": dynamics_contacts(size),
        "dynamics/accounts": companies(size // 10, "accountid"),
    }
    maker = kit.key_maker()
    with SnapshotWriter(folder, source="files", started_at=TAKEN_AT) as writer:
        for name, rows in tables.items():
            table = RECORD_TABLES[name]
            first = next(rows)
            named = _with_keys([first], maker, table, 0), _with_keys(rows, maker, table, 1)
            columns = [column for column in first if column != "statecode" or name.startswith("dynamics/")]
            writer.write(name, (row for part in named for row in part), vendor_columns=columns)
        writer.finish(finished_at=TAKEN_AT, facts={})


def _with_keys(rows: Iterable[Row], maker: KeyMaker, table: RecordTable, begin: int) -> Iterator[Row]:
    for rank, row in enumerate(rows, begin):
        yield {
            **row,
            "id": row[table.id_field],
            "api_rank": rank,
            **maker.finish(table, cast("Mapping[str, str | None]", row)),
        }


def measure(size: int) -> dict[str, float]:
    """Wall and processor seconds and peak memory of one forecast, run in a process of its own."""
    with tempfile.TemporaryDirectory() as work:
        snapshot, settings = Path(work) / "snapshot", Path(work) / "dynsync.toml"
        make_snapshot(snapshot, size)
        settings.write_text(SETTINGS, encoding="utf-8")
        before, started_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        call = [sys.executable, __file__, "--forecast", str(snapshot), str(settings), str(Path(work) / "forecast")]
        told = subprocess.run(call, check=True, capture_output=True, text=True).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        shutil.rmtree(Path(work) / "forecast")
    wall_s = time.perf_counter() - started_s
    return {"contacts": size, "wall_s": round(wall_s, 1), "cpu_s": round(cpu_s, 1), "peak_mb": float(told)}


def main(arguments: list[str]) -> None:
    """Measures every size named."""
    if arguments[:1] == ["--forecast"]:
        kit.forecast(*map(Path, arguments[1:]))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        return
    rows = [measure(int(size)) for size in arguments or ["100000"]]
    print(f"{'contacts a side':>16} {'wall s':>8} {'cpu s':>8} {'peak MB':>8} {'s per 100k':>11}")
    for row in rows:
        per = row["wall_s"] / row["contacts"] * 100_000
        print(f"{row['contacts']:>16,} {row['wall_s']:>8} {row['cpu_s']:>8} {row['peak_mb']:>8,.0f} {per:>11.2f}")
    out = Path("out")
    out.mkdir(exist_ok=True)
    (out / "benchmark-scale.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
