"""What `dynsync verify` costs beside the five tables of the forecast that it judges, both by the kit.

    python benchmarks/verify.py
    python benchmarks/verify.py 100000 1000000 --repeats 3

Each size is the number of contacts on each side (scale_world.py); the later snapshot is the forecast come true
(synced_world.py). Whatever is measured is a command in a process of its own, imports included; they take turns:

    five tables    outcomes, changes, links, collisions and summary, decided and written
    verify         `dynsync verify`, receipt written

Prints medians and the ratio of processor times, and writes out/benchmark-verify.json.
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
import synced_world
from measuring import Command, median, take_turns

from dynsync_lib import kit

FIVE_TABLES, VERIFY = "five tables", "verify"
_ROOT: Final = Path(__file__).resolve().parents[1]


def write_five_tables(snapshot: Path, settings: Path, out: Path) -> None:
    """Outcomes, changes, links, collisions and summary, as a forecast writes them."""
    from dynsync_lib.core.forecast import collect_collisions, summarize
    from dynsync_lib.core.sync.initial_sync import decide_sync
    from dynsync_lib.core.tables import FORECAST_TABLES, OUTCOMES
    from dynsync_lib.core.typed_values import no_text
    from dynsync_lib.forecasts.open_snapshot import open_situation, open_tables

    opened = kit.open_snapshot(snapshot)
    out.mkdir()
    with tempfile.TemporaryDirectory(prefix="dynsync-five-") as work, open_tables(opened, work=Path(work)) as engine:
        situation = open_situation(engine, opened, kit.read_settings(settings, snapshot=opened), kit.rulebook())
        decision = decide_sync(situation)
        outcomes = decision.outcomes.with_columns(sensitive_to=no_text()).select(*OUTCOMES.column_names)
        engine.write(outcomes, FORECAST_TABLES["outcomes"], out / "outcomes.parquet")
        frames = {
            "changes": decision.changes,
            "links": decision.links,
            "collisions": collect_collisions(situation, decision),
            "summary": summarize(engine.scan(out / "outcomes.parquet")),
        }
        for name, frame in frames.items():
            engine.write(frame, FORECAST_TABLES[name], out / f"{name}.parquet")


def measure(size: int, repeats: int) -> dict[str, Any]:
    """The figures of one size: every run, and the median of each program."""
    with tempfile.TemporaryDirectory(prefix="dynsync-verify-") as folder:
        work = Path(folder)
        snapshot, settings, forecast = work / "before", work / "dynsync.toml", work / "forecast"
        scale_world.make_snapshot(snapshot, size)
        settings.write_text(scale_world.SETTINGS, encoding="utf-8")
        kit.forecast(snapshot, settings, forecast)
        synced_world.make_synced(snapshot, forecast, work / "after")
        words = [str(snapshot), str(work / "after"), "--forecast", str(forecast), "--out", str(work / "receipt")]
        commands = {
            FIVE_TABLES: Command([sys.executable, __file__, "--five-tables", *map(str, (snapshot, settings))], _ROOT),
            VERIFY: Command([sys.executable, "-m", "dynsync_lib.cli", "verify", *words], _ROOT, done=(0, 1)),
        }
        runs = take_turns(commands, repeats)
    return {"size": size, "medians": {name: median(figures) for name, figures in runs.items()}, "runs": runs}


def print_row(result: Mapping[str, Any]) -> None:
    """The medians of one size, a line for each program."""
    medians = result["medians"]
    for name, figures in medians.items():
        ratio = figures["cpu_s"] / medians[FIVE_TABLES]["cpu_s"]
        cells = [f"{figures['wall_s']:.1f}", f"{figures['cpu_s']:.1f}", f"{figures['peak_mb']:,.0f}", f"{ratio:.2f}"]
        print(f"{result['size']:>12,} {name:<12}" + "".join(f"{cell:>12}" for cell in cells), flush=True)


def main() -> None:
    """Measures every size, printing as it goes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000_000], help="contacts on each side")
    parser.add_argument("--repeats", type=int, default=1, help="runs of each program; medians are printed")
    chosen = parser.parse_args()
    print(
        f"{'':<25}" + "".join(f"{heading:>12}" for heading in ("wall s", "cpu s", "peak MB", "cpu ratio")), flush=True
    )
    results = []
    for size in chosen.sizes:
        results.append(measure(size, chosen.repeats))
        print_row(results[-1])
    out = Path("out")
    out.mkdir(exist_ok=True)
    report = json.dumps({"repeats": chosen.repeats, "results": results}, indent=2)
    (out / "benchmark-verify.json").write_text(report + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--five-tables"]:
        with tempfile.TemporaryDirectory(prefix="dynsync-five-out-") as folder:
            write_five_tables(Path(sys.argv[2]), Path(sys.argv[3]), Path(folder) / "tables")
    else:
        main()
