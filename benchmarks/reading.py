"""How long a report and an explanation take, and how much memory, on forecasts of growing size.

    python benchmarks/reading.py 10000 1000000 --repeats 3

Each size is the number of contacts on each side (scale_world.py). Per size one forecast is made, which takes most of
the time, and then read as a consultant does: `dynsync report`, and `dynsync explain` of an address, each a process of
its own with what it starts. Neither should need more memory for a larger portal than for a small one.

Prints medians, and writes out/benchmark-reading.json. Machines are noisy: compare the sizes inside one run.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import scale_world
from measuring import Command, median, take_turns

KEY = "person3@firm3.example"
"""An address of the world that several records share."""


def commands(forecast: Path) -> dict[str, Command]:
    """The commands that read a forecast, by name."""
    kit = [sys.executable, "-m", "dynsync_lib.cli"]
    return {
        "report": Command(
            [*kit, "report", "--forecast", str(forecast), "--out", str(forecast.with_name("report.html"))]
        ),
        "explain": Command([*kit, "explain", KEY, "--forecast", str(forecast)]),
    }


def measure_size(size: int, repeats: int) -> dict[str, Any]:
    """Medians of both commands, which take turns, on one forecast."""
    from dynsync_lib import kit

    with tempfile.TemporaryDirectory(prefix="dynsync-reading-") as work:
        snapshot, settings, folder = Path(work) / "snapshot", Path(work) / "dynsync.toml", Path(work) / "forecast"
        scale_world.make_snapshot(snapshot, size)
        settings.write_text(scale_world.SETTINGS, encoding="utf-8")
        rows = sum(kit.forecast(snapshot, settings, folder).info["rows"].values())
        runs = take_turns(commands(folder), repeats)
    return {"contacts": size, "rows": rows, "repeats": repeats, "medians": {name: median(runs[name]) for name in runs}}


def main() -> None:
    """Measures every size named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000], help="contacts on each side")
    parser.add_argument("--repeats", type=int, default=1, help="runs of each command; medians are told")
    chosen = parser.parse_args()
    print(f"{'contacts':>12} {'rows':>12}  {'':<10}{'wall s':>9} {'cpu s':>9} {'peak MB':>9}", flush=True)
    results = []
    for size in chosen.sizes:
        results.append(measure_size(size, chosen.repeats))
        for name, told in results[-1]["medians"].items():
            figures = f"{told['wall_s']:>9.1f} {told['cpu_s']:>9.1f} {told['peak_mb']:>9,.0f}"
            print(f"{size:>12,} {results[-1]['rows']:>12,}  {name:<10}{figures}", flush=True)
    out = Path("out")
    out.mkdir(exist_ok=True)
    (out / "benchmark-reading.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
