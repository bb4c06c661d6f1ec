"""The door takes what people type: paths as text, and each function has an example that runs as it stands."""

from __future__ import annotations

import contextlib
import doctest
import inspect
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib import kit
from dynsync_lib.emulator.conditions.limits import Limits
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.emulator.world.demo_world import build_world
from dynsync_lib.kit import rehearsals
from dynsync_lib.rehearsal.rehearsal_folder import Rehearsal, open_rehearsal
from tests.everyday import one_of_each

ROOT = Path(__file__).parents[2]
Function = Callable[..., Any]


def _is_function(value: object) -> bool:
    return inspect.isroutine(inspect.unwrap(value)) if callable(value) else False


ASKING_PORTALS = (
    "check",
    "pull",
    "seed_rehearsal",
    "removal_of_rehearsal",
    "run_rehearsal",
    "wait_for_sync",
    "compare_rehearsal",
    "clean_rehearsal",
    "try_mapping",
    "apply_recipe",
)
COMPUTING = (
    *("calibrate", "try_mapping", "apply_recipe", "report", "diff_forecasts", "forecast", "pull"),
    *("fix_set", "fix_bars", "diff_settings", "scenarios", "assumption_bars", "assumptions_table"),
)
"""Functions whose example computes for half a second and more, or shows other choices; besides those that plan."""
COMPUTED_BEFORE = ("verify", "worklist")
"""Functions whose example computes what the examples of others begin with."""
FUNCTIONS: dict[str, Function] = {name: getattr(kit, name) for name in dir(kit) if _is_function(getattr(kit, name))}


def test_functions__take_the_snapshot_before_the_settings() -> None:
    by_place = inspect.Parameter.POSITIONAL_OR_KEYWORD
    for name, function in FUNCTIONS.items():
        parameters = inspect.signature(function).parameters.values()
        order = [each.name for each in parameters if each.kind is by_place and each.name in ("snapshot", "settings")]
        assert order != ["settings", "snapshot"], name


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the kit's `sample_data` and what the demo leaves, which is the example of `kit.demo`."""
    folder = tmp_path_factory.mktemp("examples")
    shutil.copytree(ROOT / "sample_data", folder / "sample_data")
    assert failures("demo", kit.demo, folder) == ""
    return folder


def failures(name: str, function: Function, folder: Path) -> str:
    """What doctest has against the examples of a function, run in a folder; empty when they hold."""
    examples = doctest.DocTestParser().get_doctest(inspect.getdoc(function) or "", {"kit": kit}, name, None, 0)
    said: list[str] = []
    with contextlib.chdir(folder):
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False).run(examples, out=said.append)
    return "".join(said)


def without_example(functions: Mapping[str, Function]) -> list[str]:
    """The functions whose docstring holds no example."""
    return [name for name, function in functions.items() if ">>> " not in (function.__doc__ or "")]


def without_text_paths(functions: Mapping[str, Function]) -> list[str]:
    """The parameters that take a Path and no text."""
    return [
        f"{name}({parameter}: {written})"
        for name, function in functions.items()
        for parameter, written in inspect.unwrap(function).__annotations__.items()
        if parameter != "return" and re.search(r"\bPath\b", str(written)) and "str | Path" not in str(written)
    ]


@pytest.fixture(scope="module")
def demo_plan(folder: Path) -> Path:
    """The rehearsal that the examples plan, each in a folder of its own."""
    demo = folder / "out" / "demo"
    out = folder / "out" / "planned once"
    rehearsals.plan_rehearsal(demo / "snapshot", demo / "dynsync.toml", out, forecast=demo / "forecast", key=bytes(32))
    return out


@pytest.fixture
def planned_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same snapshot, settings and key give the same plan, as other tests hold: it is copied."""

    def plan_rehearsal(snapshot: str, settings: str, out: str, *, key: bytes, forecast: str = "") -> Rehearsal:
        assert (snapshot, settings, key) == ("out/demo/snapshot", "out/demo/dynsync.toml", bytes(32))
        assert forecast in ("", "out/demo/forecast")
        shutil.copytree(request.getfixturevalue("demo_plan"), out)
        return open_rehearsal(out)

    monkeypatch.setattr(kit, "plan_rehearsal", plan_rehearsal)


@pytest.fixture
def demo_portals() -> Iterator[Emulator]:
    """The demo's portals, in this process."""
    with Emulator(build_world(), limits=Limits(enforced=False)) as emulator:
        yield emulator


@pytest.mark.long
def test_examples__of_planning_run(folder: Path) -> None:
    assert failures("plan_rehearsal", kit.plan_rehearsal, folder) == ""


def parameters(names: Sequence[str]) -> list[Any]:
    """The functions by name; of each module of the kit one runs every day.

    `long` are those whose examples compute for seconds, or what another one computes.
    """
    begins = [f"kit.{name}(" for name in ("plan_rehearsal", *COMPUTED_BEFORE)]
    texts = {name: function.__doc__ or "" for name, function in FUNCTIONS.items() if name not in COMPUTED_BEFORE}
    long = {name for name, text in texts.items() if any(begin in text for begin in begins)} | {*COMPUTING}
    shorter = one_of_each((name for name in names if name not in long), lambda name: FUNCTIONS[name].__module__)
    return [*shorter, *(pytest.param(name, marks=pytest.mark.long) for name in names if name in long)]


@pytest.mark.usefixtures("planned_once")
@pytest.mark.parametrize("name", parameters(sorted({*FUNCTIONS} - {"demo", "plan_rehearsal", *ASKING_PORTALS})))
def test_examples__run(name: str, folder: Path) -> None:
    assert failures(name, FUNCTIONS[name], folder) == ""


@pytest.mark.usefixtures("planned_once")
@pytest.mark.parametrize("name", parameters(ASKING_PORTALS))
def test_examples__that_ask_portals_run(
    name: str, folder: Path, demo_portals: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`kit.emulate` starts processes, as its own example does; these are given portals that run already."""
    monkeypatch.setattr(kit, "emulate", lambda: contextlib.nullcontext(demo_portals))
    assert failures(name, FUNCTIONS[name], folder) == ""


def test_examples__the_demo_leaves_a_report(folder: Path) -> None:
    assert (folder / "out" / "demo" / "report.html").is_file()


def test_functions__have_an_example() -> None:
    assert len(FUNCTIONS) > 35
    assert without_example(FUNCTIONS) == []


def test_functions__take_paths_as_text() -> None:
    assert without_text_paths(FUNCTIONS) == []


def _planted(path: Path) -> int:
    """Adds one and one.

    >>> 1 + 1
    3
    """
    return len(path.parts)


def test_checks_see_faults(tmp_path: Path) -> None:
    assert "Expected:\n    3\nGot:\n    2" in failures("planted", _planted, tmp_path)
    assert without_text_paths({"planted": _planted}) == ["planted(path: Path)"]
    assert without_example({"planted": _planted, "size": test_functions__have_an_example}) == ["size"]
