"""How fast both portals are pulled, what of their limits is used, and how much memory, beside HubSpot's own client.

    python benchmarks/pull.py 10000 100000              # HubSpot under its real limits, and without any
    python benchmarks/pull.py 100000 --latency-ms 250   # as far away as a real portal
    python benchmarks/pull.py 100000 --requests 100     # the limit of a Free or Starter account
    python benchmarks/pull.py 1000000 --rival-most 50000

Each size is the number of contacts on each side of `portal_world.py`. Each portal is emulated in a process of its own,
each reader runs in another:

    kit         contacts, companies, owners, associations, totals and changes of HubSpot, written to a snapshot
    kit both    the same, and Dynamics at the same time, in four windows
    get_all     `hubspot-api-client`: contacts with associations, then companies, kept in memory; it retries a 429.
                `--rival-most` stops it after so many records of each kind

`share` is how much of HubSpot's limit (190 requests in 10 s unless said otherwise) was used: the run is cut into
windows of 10 s from its first request on, and the last window, in which the work runs out, is left out. `least` is the
worst of those windows. Both are empty without a limit, and for a run shorter than two windows. Searches have a limit of
their own and do not count. Prints, and writes out/benchmark-pull.json. Machines are noisy: compare the ratios inside
one run.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from portal_world import PROPERTIES, write_world

from dynsync_lib import kit
from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.emulator.conditions.limits import Limits
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.emulator.world.world_folder import open_world
from dynsync_lib.portals.pull.pull_portals import PullOptions, pull_portals
from dynsync_lib.portals.sign_in.access import emulator_connections

BOUNDLESS: Final = Limits(
    hubspot_requests=10_000_000,
    hubspot_daily=10_000_000,
    hubspot_search_requests=10_000_000,
    dataverse_requests=10_000_000,
)
WINDOW_S: Final = 10.0
Addresses = Mapping[str, Mapping[str, str]]


# --- The emulator, in a process of its own -----------------------------------------------------------------------


@dataclass
class Traffic:
    """Every request the emulator answered: portal, whether it was a search, when, with which status.

    `allowed` is how many HubSpot takes in a window; None: any number.
    """

    allowed: int | None
    entries: list[tuple[str, bool, float, int]] = field(default_factory=list)

    def note(self, **entry: Any) -> None:
        self.entries.append((entry["portal"], entry["path"].endswith("/search"), entry["at_s"], entry["status"]))

    def summary(self) -> dict[str, Any]:
        """Requests, refusals, and the shares of HubSpot's whole windows that were used: their mean, and the least."""
        at_s = sorted(at_s for portal, is_search, at_s, _ in self.entries if portal == "hubspot" and not is_search)
        windows = [used / self.allowed for used in _whole_windows(at_s)] if self.allowed else []
        return {
            "requests": len(self.entries),
            "refused": sum(status == 429 for *_, status in self.entries),
            "share": sum(windows) / len(windows) if windows else None,
            "least": min(windows, default=None),
        }


def _whole_windows(at_s: list[float]) -> list[int]:
    """The requests in each window from the first request on, without the last one; none when that leaves only one."""
    found = Counter(int((moment_s - at_s[0]) / WINDOW_S) for moment_s in at_s)
    whole = [found[place] for place in range(max(found, default=0))]
    return whole if len(whole) > 1 else []


def serve(size: int, limits: Limits | None, latency_ms: float) -> None:
    """Prints the addresses; for each line that comes prints what was asked since the last one. `limits` None: none."""
    with tempfile.TemporaryDirectory() as folder:
        write_world(Path(folder), size)
        _serve(Path(folder), limits, latency_ms)


def _serve(world: Path, limits: Limits | None, latency_ms: float) -> None:
    with Emulator(open_world(world), limits=limits or BOUNDLESS) as emulator:
        traffic = Traffic(limits.hubspot_requests if limits else None)
        emulator.conditions.note = traffic.note  # type: ignore[method-assign]
        if latency_ms:
            _delay(emulator, latency_ms / 1000)
        print(json.dumps(emulator.addresses), flush=True)
        for _ in sys.stdin:
            print(json.dumps(traffic.summary()), flush=True)
            traffic.entries.clear()


def _delay(emulator: Emulator, delay_s: float) -> None:
    """Every answer is that long on its way."""
    from dynsync_lib.emulator.conditions.switches import Fault

    emulator.conditions.take_fault = lambda *_: Fault(delay_s=delay_s)  # type: ignore[method-assign]


# --- The readers, each in a process of its own -------------------------------------------------------------------


def read_with_kit(addresses: Addresses, *, both: bool) -> int:
    """Records read into a snapshot."""
    given = emulator_connections(addresses)
    connections = given if both else type(given)(hubspot_url=given.hubspot_url, hubspot_token=given.hubspot_token)
    wanted = {"hubspot/contacts": list(PROPERTIES), "hubspot/companies": ["name", "city"]}
    with tempfile.TemporaryDirectory() as folder:
        snapshot = pull_portals(
            connections,
            Path(folder) / "s",
            key_maker=kit.key_maker(),
            clock=lambda: datetime.now(UTC),
            fields=wanted,
            options=PullOptions(windows=4),
        )
        return sum(map(snapshot.rows, RECORD_TABLES))


def read_with_rival(addresses: Addresses, most: int | None) -> int:
    """Records read by HubSpot's own client, as its README shows; `most` of each kind, None: all."""
    import hubspot
    from urllib3.util.retry import Retry

    retry = Retry(total=12, backoff_factor=1, status_forcelist=(429, 500, 502, 503, 504), allowed_methods=None)
    token, url = addresses["hubspot"]["token"], addresses["hubspot"]["url"]
    client = hubspot.HubSpot(access_token=token, host=url, retry=retry)
    contacts = client.crm.contacts.get_all(limit=most, properties=list(PROPERTIES), associations=["companies"])
    return len(contacts) + len(client.crm.companies.get_all(limit=most, properties=["name", "city"]))


READERS: Final = ("kit", "get_all", "kit both")


def read(name: str, addresses: Addresses, *, most: int | None) -> None:
    """Prints records, seconds and peak memory of one reader."""
    before_mb, started_s = _peak_mb(), time.perf_counter()
    is_rival = name == "get_all"
    records = read_with_rival(addresses, most) if is_rival else read_with_kit(addresses, both=name == "kit both")
    seconds = time.perf_counter() - started_s
    print(json.dumps({"records": records, "wall_s": seconds, "peak_mb": _peak_mb(), "idle_mb": before_mb}))


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Portal:
    """An emulator in a process of its own; a context manager."""

    def __init__(self, call: Sequence[str]) -> None:
        self._process = subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def told(self) -> dict[str, Any]:
        """The next line it prints: first its addresses."""
        assert self._process.stdout is not None
        line: dict[str, Any] = json.loads(self._process.stdout.readline())
        return line

    def asked(self) -> dict[str, Any]:
        """What it was asked since this was called last."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self.told()


# --- The runs ----------------------------------------------------------------------------------------------------


def measure(size: int, asked: argparse.Namespace, *, limits: str) -> list[dict[str, Any]]:
    """One row for each reader."""
    options = ["--latency-ms", str(asked.latency_ms), "--requests", str(asked.requests)]
    call = [sys.executable, __file__, "--serve", limits, str(size), *options]
    with ExitStack() as stack:
        portals = {name: stack.enter_context(Portal(call)) for name in ("hubspot", "dynamics")}
        addresses = {name: portal.told()[name] for name, portal in portals.items()}
        rows: list[dict[str, Any]] = []
        for name in asked.readers:
            if limits == "real" and rows:
                time.sleep(WINDOW_S + 1)  # the next reader begins with an empty window
            told = json.loads(_run_reader(name, addresses, asked.rival_most))
            traffic = [portal.asked() for portal in portals.values()]
            sums = {what: sum(one[what] for one in traffic) for what in ("requests", "refused")}
            rows.append({"contacts": size, "reader": name, "limits": limits, **told, **traffic[0], **sums})
            _print_row(rows[-1])
    return rows


def _run_reader(name: str, addresses: Addresses, rival_most: int | None) -> str:
    most = [] if rival_most is None else ["--rival-most", str(rival_most)]
    call = [sys.executable, __file__, "--read", name, json.dumps(addresses), *most]
    return subprocess.run(call, check=True, capture_output=True, text=True).stdout


def _print_row(row: Mapping[str, Any]) -> None:
    share, least = ("" if row[name] is None else f"{row[name]:.1%}" for name in ("share", "least"))
    print(
        f"{row['contacts']:>10,} {row['limits']:>6} {row['reader']:>9} {row['records']:>10,} {row['wall_s']:>8.1f} "
        f"{row['records'] / row['wall_s']:>10,.0f} {row['requests']:>9,} {row['refused']:>5} {share:>7} {least:>7} "
        f"{row['idle_mb']:>8.0f} {row['peak_mb']:>8.0f}",
        flush=True,
    )


def main() -> None:
    """Measures every size named, under real limits and without any."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", default=["10000"], help="contacts on each side")
    parser.add_argument("--limits", choices=("real", "none", "both"), default="both")
    parser.add_argument("--readers", nargs="+", choices=READERS, default=READERS)
    parser.add_argument("--rival-most", type=int, help="how many records of each kind get_all reads; all by default")
    parser.add_argument("--requests", type=int, default=190, help="what HubSpot allows in 10 s")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="how long each answer is on its way")
    parser.add_argument("--serve", choices=("real", "none"), help=argparse.SUPPRESS)
    parser.add_argument("--read", choices=READERS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.read:
        read(asked.read, json.loads(asked.sizes[0]), most=asked.rival_most)
    elif asked.serve:
        real = Limits(hubspot_requests=asked.requests)
        serve(int(asked.sizes[0]), real if asked.serve == "real" else None, asked.latency_ms)
    else:
        _measure_all(asked)


def _measure_all(asked: argparse.Namespace) -> None:
    heads = ("contacts", "limits", "reader", "records", "wall s", "records/s", "requests", "429s", "share", "least")
    widths = (10, 6, 9, 10, 8, 10, 9, 5, 7, 7, 8, 8)
    print(" ".join(f"{head:>{width}}" for head, width in zip((*heads, "idle MB", "peak MB"), widths, strict=True)))
    kinds = ("real", "none") if asked.limits == "both" else (asked.limits,)
    rows = [row for size in asked.sizes for limits in kinds for row in measure(int(size), asked, limits=limits)]
    out = Path("out")
    out.mkdir(exist_ok=True)
    (out / "benchmark-pull.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
