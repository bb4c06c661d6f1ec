"""How much of HubSpot's limit a seeding uses, and whether it is ever told to wait.

    python benchmarks/seeding.py 20000                  # so many contacts and companies, and half as many deals
    python benchmarks/seeding.py 20000 --latency-ms 100 # as far away as a real portal

Both portals are emulated, empty, each in a process of its own; the look-alikes are written in another. `share` is how
much of HubSpot's limit (190 requests in 10 s) was used in windows of 10 s from the first write on, without the last,
and `least` the worst of them; the gate's questions count, because HubSpot counts them. `refused` are answers with 429.
Prints, and writes out/benchmark-seeding.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pull import Traffic

from dynsync_lib import kit
from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.emulator.conditions.limits import Limits
from dynsync_lib.emulator.conditions.switches import Fault
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.emulator.world.demo_world import World, build_world
from dynsync_lib.portals.pull.pull_portals import run_blocking
from dynsync_lib.portals.sign_in.access import emulator_connections
from dynsync_lib.rehearsal.journal import Journal
from dynsync_lib.rehearsal.look_alike_rows import LookAlikeRows
from dynsync_lib.rehearsal.seeding import seed_portals
from dynsync_lib.rehearsal.writing.portal_pair import open_test_portals

TAG: Final = "be4c400000000001"
SETTINGS: Final = "[sync.contact]\n[sync.company]\n[sync.deal]\n"


def look_alikes(size: int) -> LookAlikeRows:
    """So many contacts and companies, and half as many deals; each contact has its company."""
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in RECORD_TABLES}
    numbers = range(1, size + 1)
    tables["hubspot/contacts"] = [
        {"id": str(n), "email": f"p{n}@bench.example", "firstname": "Ann", "lastname": f"Bench {n}"} for n in numbers
    ]
    tables["hubspot/companies"] = [{"id": str(n), "name": f"Bench {n}", "city": "Utrecht"} for n in numbers]
    tables["hubspot/deals"] = [{"id": str(n), "dealname": f"Bench {n}"} for n in range(1, size // 2 + 1)]
    ends = {"from_object": "contact", "to_object": "company", "is_primary": True}
    return LookAlikeRows(tables, [{**ends, "from_id": str(n), "to_id": str(n)} for n in numbers])


def seed(size: int, addresses: Mapping[str, Mapping[str, str]]) -> None:
    """Seeds, and prints how many seconds it took."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "dynsync.toml"
        file.write_text(SETTINGS, encoding="utf-8")
        settings, journal, rows = kit.read_settings(file), Journal(Path(folder) / "journal.jsonl"), look_alikes(size)

        async def run() -> float:
            async with open_test_portals(emulator_connections(addresses)) as portals:
                began_s = time.perf_counter()
                seeded = await seed_portals(rows, TAG, portals, journal, settings)
                if seeded.refused or sum(map(len, seeded.ids.values())) != 2 * size + size // 2:
                    raise AssertionError(f"{len(seeded.refused)} refused")
                return time.perf_counter() - began_s

        print(json.dumps({"wall_s": run_blocking(run())}))


def empty_world() -> World:
    """The demo world's fields without any record."""
    world = build_world()
    kept = {"hubspot/properties", "dynamics/columns", "dynamics/users", "hubspot/owners"}
    return World({n: rows if n in kept else [] for n, rows in world.tables.items()}, world.account, world.organization)


def measure(size: int, latency_ms: float) -> dict[str, Any]:
    """One seeding: records, seconds, requests, refusals, shares."""
    traffic = Traffic(Limits().hubspot_requests)
    with Emulator(empty_world(), is_apart=True) as emulator:
        emulator.conditions.note = traffic.note  # type: ignore[method-assign]
        if latency_ms:
            emulator.conditions.take_fault = lambda *_: Fault(delay_s=latency_ms / 1000)  # type: ignore[method-assign]
        call = [sys.executable, __file__, "--seed", json.dumps(emulator.addresses), str(size)]
        done = subprocess.run(call, capture_output=True, text=True, check=True)
    return {
        "look_alikes": 2 * size + size // 2,
        "latency_ms": latency_ms,
        **json.loads(done.stdout),
        **traffic.summary(),
    }


def main() -> None:
    """Measures the size asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", type=int)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--seed", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.seed:
        seed(asked.size, json.loads(asked.seed))
        return
    result = measure(asked.size, asked.latency_ms)
    print(json.dumps(result, indent=2))
    out = Path("out") / "benchmark-seeding.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps({"at": datetime.now(UTC).isoformat(), **result}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
