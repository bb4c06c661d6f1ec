"""What whole forecasts cost: of the demo world, of one contact a side, and of portals of any size beside SQL by hand.

    python benchmarks/scale.py
    python benchmarks/scale.py 1000000 10000000 --repeats 3 --older ../earlier-checkout --tests

Each size is the number of contacts on each side; companies are a tenth, associations a little more (scale_world.py).
Whatever is measured is a command in a process of its own, imports included; those of one row of the table take turns:

    by hand    forecast_by_hand.sql in DuckDB: outcomes, changes, links, collisions, summary, for that world only
    older      `dynsync forecast` of the checkout that `--older` names, which has its packages in .venv
    now        `dynsync forecast` of this checkout

The SQL must give the same rows of its five tables; if not, the benchmark fails. Tables in which an older checkout,
which has fewer rules, gives other rows are named. With `--tests` the everyday tests are run, too. Prints medians, `x`
beside SQL by hand and beside the older checkout, and writes out/benchmark-scale.json. Machines are noisy: compare the
ratios inside one run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import duckdb
import scale_world
import tomlkit
from measuring import Command, median, take_turns

BY_HAND, OLDER, NOW = "by hand", "older", "now"
TABLES_BY_HAND: Final = ("outcomes", "changes", "links", "collisions", "summary")
"""What the SQL by hand computes, too."""
_ROOT: Final = Path(__file__).resolve().parents[1]
_SECTIONS_OF_NOW: Final = ("answers",)
"""Of the demo world's settings what the first checkouts do not know; findings rest on it, and no table else."""
_SQL: Final = Path(__file__).with_name("forecast_by_hand.sql")


@dataclass(frozen=True, slots=True)
class World:
    """One row of the table: what is forecast, in a folder with snapshot/ and dynsync.toml."""

    name: str
    folder: Path
    has_sql: bool = False

    @property
    def snapshot(self) -> Path:
        """The snapshot's folder."""
        return self.folder / "snapshot"

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.folder / "dynsync.toml"

    def out(self, program: str) -> Path:
        """Where a program writes its tables."""
        return self.folder / program.replace(" ", "_")


# --- Worlds -------------------------------------------------------------------------------------------------------


def demo_world(work: Path) -> World:
    """The demo world, loaded from sample_data."""
    from dynsync_lib import kit

    world = World("demo world", work / "demo")
    world.folder.mkdir()
    sample = _ROOT / "sample_data"
    kit.load(hubspot=sample / "hubspot", dynamics=sample / "dynamics", out=world.snapshot)
    settings = tomlkit.parse((sample / "dynsync.toml").read_text(encoding="utf-8"))
    for section in _SECTIONS_OF_NOW:
        settings.remove(section)
    world.settings.write_text(tomlkit.dumps(settings), encoding="utf-8")
    return world


def sized_world(work: Path, size: int, *, has_sql: bool = True) -> World:
    """A world of so many contacts a side."""
    world = World("one contact a side" if size == 1 else f"{size:,} contacts a side", work / str(size), has_sql)
    world.folder.mkdir()
    scale_world.make_snapshot(world.snapshot, size)
    world.settings.write_text(scale_world.SETTINGS, encoding="utf-8")
    return world


# --- Commands -----------------------------------------------------------------------------------------------------


def commands_of(world: World, older: Path | None) -> dict[str, Command]:
    """The programs that forecast a world, by name."""
    commands = {}
    if world.has_sql:
        by_hand = [sys.executable, __file__, "--by-hand", str(world.snapshot), str(world.out(BY_HAND))]
        commands[BY_HAND] = Command(by_hand)
    for name, checkout in checkouts(older):
        words = ["forecast", str(world.snapshot), "--settings", str(world.settings), "--out", str(world.out(name))]
        commands[name] = Command([python_of(checkout), "-m", "dynsync_lib.cli", *words], folder=checkout)
    return commands


def test_commands(older: Path | None) -> dict[str, Command]:
    """The everyday tests of the checkouts; a test that fails is no fault of the benchmark."""
    commands = {}
    for name, checkout in checkouts(older):
        commands[name] = Command([python_of(checkout), "dynsync.py", "test"], folder=checkout, done=(0, 1))
    return commands


def compile_checkouts(older: Path | None) -> None:
    """Keeps the bytecode of both checkouts, as it is after a first command: who has none compiles in every run."""
    for _, checkout in checkouts(older):
        subprocess.run([python_of(checkout), "-m", "compileall", "-q", "dynsync_lib"], cwd=checkout, check=True)


def checkouts(older: Path | None) -> Iterator[tuple[str, Path]]:
    """The older checkout, if there is one, and this."""
    if older is not None:
        yield OLDER, older
    yield NOW, _ROOT


def python_of(checkout: Path) -> str:
    """The interpreter of a checkout: that of its .venv or, without one, this."""
    own = checkout / ".venv" / "bin" / "python"
    return str(own) if own.exists() else sys.executable


def run_by_hand(snapshot: Path, out: Path) -> None:
    """The five tables by SQL, which may take a little more memory than the kit's engine."""
    out.mkdir(exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '3GB'; SET preserve_insertion_order = false")
        connection.execute("SET temp_directory = ?", [str(out / "spill")])
        connection.execute(_SQL.read_text(encoding="utf-8").format(snapshot=snapshot, out=out))


# --- The same rows ------------------------------------------------------------------------------------------------


def count_rows(world: World) -> dict[str, int]:
    """How many rows each table of this checkout has."""
    with duckdb.connect() as connection:
        files = sorted(world.out(NOW).glob("*.parquet"))
        return {file.stem: fingerprint(connection, file, ())[0] for file in files}


def differing_tables(world: World, program: str) -> list[str]:
    """The tables, of those that a program writes, in which this checkout has other rows; what it lacks differs."""
    names = TABLES_BY_HAND if program == BY_HAND else sorted(file.stem for file in world.out(NOW).glob("*.parquet"))
    with duckdb.connect() as connection:
        return [name for name in names if _differs(connection, world, program, name)]


def _differs(connection: duckdb.DuckDBPyConnection, world: World, program: str, name: str) -> bool:
    theirs, ours = (world.out(side) / f"{name}.parquet" for side in (program, NOW))
    if not theirs.exists():
        return True
    columns = connection.read_parquet(str(theirs)).columns
    if not {*columns} <= {*connection.read_parquet(str(ours)).columns}:
        return True
    return fingerprint(connection, theirs, columns) != fingerprint(connection, ours, columns)


def fingerprint(connection: duckdb.DuckDBPyConnection, file: Path, columns: Sequence[str]) -> tuple[int, int]:
    """How many rows a table has, and one number for what they hold in these columns, in whatever order."""
    row = f"({', '.join(columns) or 'NULL'})"
    counted = connection.read_parquet(str(file)).aggregate(f"count(*), coalesce(bit_xor(hash({row})), 0)")
    rows, fingerprint_of_rows = counted.fetchall()[0]
    return rows, fingerprint_of_rows


# --- Measuring ----------------------------------------------------------------------------------------------------


def measure(name: str, commands: Mapping[str, Command], repeats: int) -> dict[str, Any]:
    """The figures of one row of the table: every run, and the median of each program."""
    runs = take_turns(commands, repeats)
    return {"work": name, "medians": {program: median(figures) for program, figures in runs.items()}, "runs": runs}


def measure_world(world: World, older: Path | None, repeats: int) -> dict[str, Any]:
    """The figures of one world, and how many rows each of its tables has."""
    commands = commands_of(world, older)
    result = measure(f"whole forecast, {world.name}", commands, repeats)
    differing = {name: differing_tables(world, name) for name in commands if name != NOW}
    assert not differing.get(BY_HAND), f"{world.name}: SQL by hand differs in {', '.join(differing[BY_HAND])}"
    return {**result, "rows": count_rows(world), "differing": differing}


def measure_all(sizes: Sequence[int], older: Path | None, repeats: int, *, tests: bool) -> Iterator[dict[str, Any]]:
    """One row after the other; each world's folder is gone when it is measured."""
    compile_checkouts(older)
    makers: list[Callable[[Path], World]] = [demo_world, partial(sized_world, size=1, has_sql=False)]
    makers += [partial(sized_world, size=size) for size in sizes]
    for make_world in makers:
        with tempfile.TemporaryDirectory(prefix="dynsync-scale-") as work:
            yield measure_world(make_world(Path(work)), older, repeats)
    if tests:
        yield measure("everyday tests", test_commands(older), 1)


# --- Printing -----------------------------------------------------------------------------------------------------

_HEADINGS: Final = ("wall s", "cpu s", "peak MB", "cpu x sql", "cpu x older", "wall x older")


def print_row(result: Mapping[str, Any]) -> None:
    """The medians of one row, a line for each program."""
    medians = result["medians"]
    for program, figures in medians.items():
        cells = [f"{figures['wall_s']:.1f}", f"{figures['cpu_s']:.1f}", f"{figures['peak_mb']:,.0f}"]
        cells += [ratio(medians, program, to, figure) for to, figure in _RATIOS]
        print(f"{result['work']:<46}{program:<9}" + "".join(f"{cell:>13}" for cell in cells), flush=True)
    for name in result.get("differing", {}).get(OLDER, ()):
        print(f"{'':<46}{OLDER:<9} has other rows of {name}", flush=True)


_RATIOS: Final = ((BY_HAND, "cpu_s"), (OLDER, "cpu_s"), (OLDER, "wall_s"))


def ratio(medians: Mapping[str, Mapping[str, float]], program: str, to: str, figure: str) -> str:
    """A figure of one program beside that of another; empty where that says nothing."""
    if to not in medians or program in (BY_HAND, to):
        return ""
    return f"{medians[program][figure] / medians[to][figure]:.2f}"


def main() -> None:
    """Measures everything, printing as it goes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000_000], help="contacts on each side")
    parser.add_argument("--repeats", type=int, default=1, help="runs of each program; medians are printed")
    parser.add_argument("--older", type=Path, help="an older checkout, to be run in turn")
    parser.add_argument("--tests", action="store_true", help="run the everyday tests, too")
    chosen = parser.parse_args()
    older = chosen.older.resolve() if chosen.older is not None else None
    print(f"{'':<55}" + "".join(f"{heading:>13}" for heading in _HEADINGS), flush=True)
    results = []
    for result in measure_all(chosen.sizes, older, chosen.repeats, tests=chosen.tests):
        print_row(result)
        results.append(result)
    out = Path("out")
    out.mkdir(exist_ok=True)
    report = json.dumps({"repeats": chosen.repeats, "results": results}, indent=2)
    (out / "benchmark-scale.json").write_text(report + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--by-hand"]:
        run_by_hand(*map(Path, sys.argv[2:]))
    else:
        main()
