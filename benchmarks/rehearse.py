"""What `dynsync rehearse plan` costs beside the five tables of the forecast that it reads.

    python benchmarks/rehearse.py
    python benchmarks/rehearse.py 100000 1000000 --repeats 3

Each size is the number of contacts on each side (scale_world.py). The forecast is made once before. Whatever is
measured is a command in a process of its own, imports included; they take turns:

    by hand        forecast_by_hand.sql in DuckDB: outcomes, changes, links, collisions, summary, for that world only
    five tables    the same five by the kit
    plan           `dynsync rehearse plan --forecast`: sample, look-alikes, proof

Prints medians and the ratios of processor times, and writes out/benchmark-rehearse.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import scale_world
from measuring import Command, median, take_turns

from dynsync_lib import kit

BY_HAND, FIVE_TABLES, PLAN = "by hand", "five tables", "plan"
_HERE: Final = Path(__file__).resolve().parent


def commands(folder: Path) -> dict[str, Command]:
    """What is measured, by name; `folder` holds snapshot, settings and forecast, and gets what is written."""
    snapshot, settings = str(folder / "snapshot"), str(folder / "dynsync.toml")
    plan = ["-m", "dynsync_lib.cli", "rehearse", "plan", snapshot, "--settings", settings]
    plan += ["--forecast", str(folder / "forecast"), "--out", str(folder / "rehearsal")]
    five = ["--five-tables", snapshot, settings]
    return {
        BY_HAND: Command([sys.executable, str(_HERE / "scale.py"), "--by-hand", snapshot, str(folder / "by_hand")]),
        FIVE_TABLES: Command([sys.executable, str(_HERE / "verify.py"), *five]),
        PLAN: Command([sys.executable, *plan]),
    }


def measure(size: int, repeats: int) -> dict[str, Any]:
    """Medians of all commands, which take turns, on one world, and how much the plan shows."""
    with tempfile.TemporaryDirectory(prefix="dynsync-rehearse-") as work:
        folder = Path(work)
        scale_world.make_snapshot(folder / "snapshot", size)
        (folder / "dynsync.toml").write_text(scale_world.SETTINGS, encoding="utf-8")
        kit.forecast(folder / "snapshot", folder / "dynsync.toml", folder / "forecast")
        runs = take_turns(commands(folder), repeats)
        info = json.loads((folder / "rehearsal" / "rehearsal.json").read_text(encoding="utf-8"))
    shown = {"covered": len(info["covered"]), "not_covered": len(info["not_covered"])}
    look_alikes = sum(info["records"].values())
    return {"contacts": size, **shown, "look_alikes": look_alikes, "medians": {n: median(r) for n, r in runs.items()}}


def print_rows(result: Mapping[str, Any]) -> None:
    """The medians of one world, a line for each program."""
    medians = result["medians"]
    for program, figures in medians.items():
        ratios = "".join(f"{figures['cpu_s'] / medians[other]['cpu_s']:>14.2f}" for other in (BY_HAND, FIVE_TABLES))
        told = f"{figures['wall_s']:>9.1f} {figures['cpu_s']:>9.1f} {figures['peak_mb']:>9,.0f}"
        print(f"{result['contacts']:>12,}  {program:<12}{told}{ratios}", flush=True)
    print(f"{'':>14}{result['covered']} shown, {result['not_covered']} not, by {result['look_alikes']} look-alikes")


def main() -> None:
    """Measures every size named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000_000], help="contacts on each side")
    parser.add_argument("--repeats", type=int, default=1, help="runs of each program; medians are printed")
    chosen = parser.parse_args()
    headings = ("wall s", "cpu s", "peak MB")
    print(f"{'contacts':>12}  {'':<12}" + "".join(f"{h:>9} " for h in headings) + "   x by hand  x five tables")
    results = []
    for size in chosen.sizes:
        results.append(measure(size, chosen.repeats))
        print_rows(results[-1])
    out = Path("out")
    out.mkdir(exist_ok=True)
    (out / "benchmark-rehearse.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
