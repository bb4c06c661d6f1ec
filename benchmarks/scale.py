"""How long a forecast takes, and how much memory, on portals of growing size, beside the same work by hand in SQL.

    python benchmarks/scale.py 100000 1000000 --repeats 3

Each size is the number of contacts on each side; companies are a tenth, associations a little more. Three programs run,
one after the other, each in a process of its own, on the same snapshot (scale_world.py):

    by hand    forecast_by_hand.sql in DuckDB: outcomes, changes, links, collisions, summary, for this world only
    tables     the kit's core and the engine it picks for that size: the same five tables
    forecast   `kit.forecast`: all nine tables, with sensitivity, near names, checks and the mapping's counts

The five tables of the first two must be the same, row by row; if not, the benchmark fails. Prints medians, and writes
out/benchmark-scale.json. Machines are noisy: compare the ratios inside one run. Peak memory is the summed resident
memory of the process and its children, read every 0.1 s.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import duckdb
import psutil
import scale_world

TABLES: Final = ("outcomes", "changes", "links", "collisions", "summary")
"""What both the SQL by hand and the kit compute."""
PROGRAMS: Final = ("by_hand", "tables", "forecast")
_SQL: Final = Path(__file__).with_name("forecast_by_hand.sql")
_SAMPLE_S: Final = 0.1
Figures = dict[str, float]


# --- The three programs, each run in a process of its own ----------------------------------------------------------


def run_by_hand(snapshot: Path, settings: Path, out: Path) -> None:
    """The five tables by SQL, which may take a little more memory than the engine."""
    del settings
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '3GB'; SET preserve_insertion_order = false")
        connection.execute("SET temp_directory = ?", [str(out / "spill")])
        connection.execute(_SQL.read_text(encoding="utf-8").format(snapshot=snapshot, out=out))


def run_tables(snapshot: Path, settings: Path, out: Path) -> None:
    """The five tables by the kit's core."""
    import narwhals.stable.v2 as nw

    from dynsync_lib import kit
    from dynsync_lib.core.forecast import collect_collisions, summarize
    from dynsync_lib.core.sync.initial_sync import decide_sync
    from dynsync_lib.core.tables import FORECAST_TABLES
    from dynsync_lib.forecasts.open_snapshot import open_tables

    opened = kit.open_snapshot(snapshot)
    with open_tables(opened, work=out) as engine:
        situation = kit.prepare_situation(engine, opened, kit.read_settings(settings, snapshot=opened))
        decision = decide_sync(situation)
        frames = {
            "outcomes": decision.outcomes.with_columns(sensitive_to=nw.lit(None, dtype=nw.String)),
            "changes": decision.changes,
            "links": decision.links,
            "collisions": collect_collisions(situation, decision),
            "summary": summarize(decision.outcomes),
        }
        for name in TABLES:
            engine.write(frames[name], FORECAST_TABLES[name], out / f"{name}.parquet")


def run_forecast(snapshot: Path, settings: Path, out: Path) -> None:
    """All that `dynsync forecast` does."""
    from dynsync_lib import kit

    kit.forecast(snapshot, settings, out / "forecast")


# --- Measuring ----------------------------------------------------------------------------------------------------


def measure(program: str, snapshot: Path, settings: Path, out: Path) -> Figures:
    """Wall and processor seconds and peak memory of one program, imports included."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    return watch([sys.executable, __file__, "--run", program, str(snapshot), str(settings), str(out)])


def watch(call: Sequence[str]) -> Figures:
    """Wall and processor seconds and peak memory of a command with all its children; fails when it does."""
    started_s = time.perf_counter()
    child = psutil.Popen(call, stdout=subprocess.DEVNULL)
    peak, cpu_s = 0, 0.0
    while child.poll() is None:
        used, spent_s = _usage(child)
        peak, cpu_s = max(peak, used), max(cpu_s, spent_s)
        time.sleep(_SAMPLE_S)
    wall_s = time.perf_counter() - started_s
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, call)
    return {"wall_s": round(wall_s, 2), "cpu_s": round(cpu_s, 2), "peak_mb": peak // 2**20}


def _usage(child: psutil.Process) -> tuple[int, float]:
    """Resident bytes and processor seconds of a process and its children, as far as they still live."""
    used, spent_s = 0, 0.0
    try:
        for one in (child, *child.children(recursive=True)):
            used += one.memory_info().rss
            spent_s += sum(one.cpu_times()[:2])
    except psutil.NoSuchProcess:
        pass
    return used, spent_s


def refuse_difference(by_hand: Path, kit: Path) -> dict[str, int]:
    """How many rows each table has; fails when a table of the two differs in any row."""
    rows = {}
    with duckdb.connect() as connection:
        for name in TABLES:
            ours, theirs = (connection.read_parquet(str(folder / f"{name}.parquet")) for folder in (kit, by_hand))
            ours = ours.project(", ".join(theirs.columns))
            prints = [
                one.aggregate(f"count(*), bit_xor(hash(({', '.join(one.columns)})))").fetchall()[0]
                for one in (ours, theirs)
            ]
            assert prints[0] == prints[1], f"{name} differs: {prints[0][0]} rows by the kit, {prints[1][0]} by hand"
            rows[name] = prints[0][0]
    return rows


def measure_size(size: int, programs: Sequence[str], repeats: int) -> dict[str, object]:
    """Medians of every program, which take turns, on one world."""
    with tempfile.TemporaryDirectory(prefix="dynsync-scale-") as work:
        snapshot, settings = Path(work) / "snapshot", Path(work) / "dynsync.toml"
        scale_world.make_snapshot(snapshot, size)
        settings.write_text(scale_world.SETTINGS, encoding="utf-8")
        runs: dict[str, list[Figures]] = {program: [] for program in programs}
        for _ in range(repeats):
            for program in programs:
                runs[program].append(measure(program, snapshot, settings, Path(work) / program))
        compared = {"by_hand", "tables"} <= set(programs)
        rows = refuse_difference(Path(work) / "by_hand", Path(work) / "tables") if compared else {}
    medians = {program: median(figures) for program, figures in runs.items()}
    return {"contacts": size, "repeats": repeats, "rows": rows, "medians": medians, "runs": runs}


def median(figures: Sequence[Figures]) -> Figures:
    """The median of each figure."""
    return {name: statistics.median(one[name] for one in figures) for name in figures[0]}


# --- Telling ------------------------------------------------------------------------------------------------------


def tell(result: Mapping[str, object]) -> None:
    """The medians of one size as lines of a table."""
    medians = result["medians"]
    assert isinstance(medians, dict)
    base = medians.get("by_hand")
    for program, figures in medians.items():
        ratios = [f"{figures[name] / base[name]:>9.2f}" if base else f"{'':>9}" for name in ("wall_s", "cpu_s")]
        numbers = f"{figures['wall_s']:>9.1f} {figures['cpu_s']:>9.1f} {figures['peak_mb']:>9,.0f}"
        print(f"{result['contacts']:>12,}  {program:<10}{numbers} {ratios[0]} {ratios[1]}", flush=True)


def main() -> None:
    """Measures every size named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[100_000], help="contacts on each side")
    parser.add_argument("--repeats", type=int, default=1, help="runs of each program; medians are told")
    parser.add_argument("--programs", nargs="+", choices=PROGRAMS, default=PROGRAMS)
    chosen = parser.parse_args()
    print(f"{'contacts':>12}  {'':<10}{'wall s':>9} {'cpu s':>9} {'peak MB':>9} {'x wall':>9} {'x cpu':>9}", flush=True)
    results = []
    for size in chosen.sizes:
        results.append(measure_size(size, chosen.programs, chosen.repeats))
        tell(results[-1])
    out = Path("out")
    out.mkdir(exist_ok=True)
    (out / "benchmark-scale.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        globals()[f"run_{sys.argv[2]}"](*map(Path, sys.argv[3:]))
    else:
        main()
