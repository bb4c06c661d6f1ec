"""How the emulator carries a large world: start, pages of both APIs wherever they lie, writes, memory.

    python benchmarks/emulator.py 10000 1000000

Each size is the number of contacts on each side of `portal_world.py`; `dynsync emulator --world` serves the folder in a
process of its own, without limits. `early` and `late` pages lie at the beginning and behind nine tenths of the table.
Prints, and writes out/benchmark-emulator.json. Machines are noisy: compare the ratios inside one run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx
from portal_world import guid, write_world

PAGES: Final = 20
_TOKEN: Final = {"Authorization": "Bearer emulator-static-token"}
_NO_LIMITS: Final = {"hubspot_requests": 10_000_000, "hubspot_daily": 10_000_000, "dataverse_requests": 10_000_000}


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
