"""How the emulator carries a large world: start, pages of both APIs wherever they lie, writes, memory.

    python benchmarks/emulator.py 10000 1000000

Each size is the number of contacts on each side; companies are a tenth, each contact has one. The world is a folder of
CSV files made from a seed; `dynsync emulator --world` serves it in a process of its own, without limits. `early` and
`late` pages lie at the beginning and behind nine tenths of the table. Prints, and writes out/benchmark-emulator.json.
Machines are noisy: compare the ratios inside one run.
"""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx

SEED: Final = 1
PAGES: Final = 20
_TOKEN: Final = {"Authorization": "Bearer emulator-static-token"}
_NO_LIMITS: Final = {"hubspot_requests": 10_000_000, "hubspot_daily": 10_000_000, "dataverse_requests": 10_000_000}
_CITIES: Final = ("Hamburg", "Graz", "Lyon", "Porto", "Brno", "Leeds")
Cells = tuple[str, ...]


def write_world(folder: Path, size: int) -> None:
    """So many contacts on each side, a tenth as many companies, one company for each contact."""
    firms = max(size // 10, 1)
    times = ("2024-01-01T00:00:00Z", "2026-01-01T00:00:00Z")
    people = ("email", "firstname", "lastname", "phone", "city", "lifecyclestage", "createdate", "lastmodifieddate")
    _write(folder / "hubspot/contacts.csv", ("hs_object_id", *people), _hubspot_contacts(size))
    heads = ("hs_object_id", "name", "domain", "createdate", "hs_lastmodifieddate")
    rows = ((str(n), f"Firm {n}", f"firm{n}.example", *times) for n in range(1, firms + 1))
    _write(folder / "hubspot/companies.csv", heads, rows)
    pairs = ((str(n), str(n % firms + 1), "true") for n in range(1, size + 1))
    _write(folder / "hubspot/links.csv", ("contact_id", "company_id", "is_primary"), pairs)
    told = ("emailaddress1", "firstname", "lastname", "fullname", "telephone1", "statecode", "createdon", "modifiedon")
    _write(folder / "dynamics/contacts.csv", ("contactid", *told), _dynamics_contacts(size))
    accounts = ((guid(n), f"Firm {n}", f"www.firm{n}.example", "0", *times) for n in range(1, firms + 1))
    _write(folder / "dynamics/accounts.csv", ("accountid", "name", "websiteurl", "statecode", *told[-2:]), accounts)


def guid(number: int) -> str:
    """Ids whose order in SQL Server is that of the numbers."""
    return str(uuid.UUID(int=number))


def _hubspot_contacts(size: int) -> Iterator[Cells]:
    chance = random.Random(SEED)
    for n in range(1, size + 1):
        name = (f"First{n % 700}", f"Last{n % 3_000}", f"+49 30 555{n % 10_000:04d}")
        stage = chance.choice(("customer", "opportunity", "subscriber"))
        times = ("2024-01-01T00:00:00Z", "2026-01-01T00:00:00Z")
        yield (str(n), f"person{n}@firm{n % 5_000}.example", *name, chance.choice(_CITIES), stage, *times)


def _dynamics_contacts(size: int) -> Iterator[Cells]:
    for n in range(1, size + 1):
        first, last = f"First{n % 700}", f"Last{n % 3_000}"
        made = f"2025-{n % 12 + 1:02d}-{n % 28 + 1:02d}T{n % 24:02d}:00:00Z"
        address = f"person{n + size // 2}@firm{n % 5_000}.example"
        yield (guid(n), address, first, last, f"{first} {last}", f"+49 40 555{n % 10_000:04d}", "0", made, made)


def _write(path: Path, heads: Iterable[str], rows: Iterable[Cells]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(heads)
        writer.writerows(rows)


def measure(size: int) -> dict[str, Any]:
    """Seconds, pages per second and megabytes for one size."""
    with tempfile.TemporaryDirectory() as work:
        write_world(Path(work), size)
        started_s = time.perf_counter()
        call = [sys.executable, "-m", "dynsync_lib.cli", "emulator", "--world", work, "--json"]
        with subprocess.Popen(call, stdout=subprocess.PIPE, text=True) as served:
            try:
                assert served.stdout is not None
                addresses = json.loads(served.stdout.readline())
                start_s = time.perf_counter() - started_s
                return {"contacts": size, "start_s": round(start_s, 1), **_ask(addresses, size, served.pid)}
            finally:
                served.terminate()


def _ask(addresses: dict[str, dict[str, str]], size: int, pid: int) -> dict[str, Any]:
    hubspot, dynamics = addresses["hubspot"], addresses["dynamics"]
    bearer = {"Authorization": f"Bearer {hubspot['token']}"}
    with (
        httpx.Client(base_url=hubspot["url"], headers=bearer, timeout=120) as portal,
        httpx.Client(base_url=dynamics["url"] + "/api/data/v9.2/", headers=_TOKEN, timeout=120) as environment,
    ):
        portal.post("/__emu/limits", json=_NO_LIMITS).raise_for_status()
        late = size * 9 // 10
        found = {
            "hubspot_early": _rate(lambda: _hubspot_pages(portal, 0)),
            "hubspot_late": _rate(lambda: _hubspot_pages(portal, late)),
            "dynamics_early": _rate(lambda: _dynamics_pages(environment, 0)),
            "dynamics_late": _rate(lambda: _dynamics_pages(environment, late)),
            "creates": _rate(lambda: _creates(portal)),
        }
        return {**{f"{name}_per_s": rate for name, rate in found.items()}, "peak_mb": _peak_mb(pid)}


def _rate(run: Callable[[], int]) -> float:
    started_s = time.perf_counter()
    done = run()
    return round(done / (time.perf_counter() - started_s), 1)


def _hubspot_pages(portal: httpx.Client, after: int) -> int:
    pages, cursor = 0, str(after)
    while cursor and pages < PAGES * 5:
        asked = {"limit": "100", "after": cursor, "properties": "email,firstname,lastname,city"}
        page = portal.get("/crm/v3/objects/contacts", params=asked).raise_for_status().json()
        cursor, pages = page.get("paging", {}).get("next", {}).get("after", ""), pages + 1
    return pages


def _dynamics_pages(environment: httpx.Client, after: int) -> int:
    link, pages = "contacts?$select=emailaddress1,firstname,lastname,statecode" + _cookie(after), 0
    while link and pages < PAGES:
        page = environment.get(link).raise_for_status().json()
        link, pages = page.get("@odata.nextLink", ""), pages + 1
    return pages


def _cookie(after: int) -> str:
    """The address's cookie for a page behind the row of that number."""
    if not after:
        return ""
    key = guid(after).upper()
    inner = f'<cookie page="1"><contactid last="{{{key}}}" first="{{{key}}}" /></cookie>'
    encoded = "".join(part if i % 2 == 0 else part.lower() for i, part in enumerate(_parts(quote(inner, safe=""))))
    outer = f'<cookie pagenumber="2" pagingcookie="{encoded}" istracking="False" />'
    return f"&$skiptoken={quote(outer, safe='=/')}"


def _parts(text: str) -> list[str]:
    import re

    return re.split(r"(%[0-9A-F]{2})", text)


def _creates(portal: httpx.Client) -> int:
    """Records created in batches of 100, each looked up among all addresses."""
    for batch in range(PAGES):
        inputs = [{"properties": {"email": f"new{batch}-{n}@x.example", "firstname": "New"}} for n in range(100)]
        portal.post("/crm/v3/objects/contacts/batch/create", json={"inputs": inputs}).raise_for_status()
    return PAGES * 100


def _peak_mb(pid: int) -> int:
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmHWM")) // 1024


def main(arguments: list[str]) -> None:
    """Measures each size named, and prints one line for each."""
    told = []
    for size in map(int, arguments or ["10000", "1000000"]):
        told.append(measure(size))
        print(json.dumps(told[-1]), flush=True)
    Path("out").mkdir(exist_ok=True)
    Path("out/benchmark-emulator.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
