"""No command shows a person or a secret where it should not: neither on a screen, nor in an error, log or file name.

The table says how each command is run, and what each run may show. A command that is new belongs into it. Every day
each command runs with each set of options, or, if it computes for long, once for each thing that comes of it; all ways
to type it, and what takes long, are added by `--all`.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import zipfile
from collections.abc import Callable, Hashable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any
from zlib import crc32

import openpyxl
import pytest
import typer

from dynsync_lib import kit
from dynsync_lib.cli import commands, start_commands
from dynsync_lib.core.masking import Masking
from dynsync_lib.core.tables import FORECAST_TABLES
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.emulator.world.demo_world import build_world, write_world
from dynsync_lib.emulator.world.world_folder import open_world
from dynsync_lib.kit import pages
from dynsync_lib.messages import forget_secrets
from dynsync_lib.report.runner import run_notebook
from tests.cli.planted_world import PERSON, SAMPLE, SECRET, PlantedFolder, break_files, plant, take_few_contacts
from tests.everyday import is_everyday, one_of_each
from tests.notebooks.notebook_runs import run_here
from tests.pulls import GENEROUS

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
EVERYDAY_NOTEBOOK = ("04_forecast_initial_sync", True, "f")
"""The one that runs every day: name, masked, forecast. The command `report` runs the other notebook, masked."""
NOBODY, SOMEBODY = "nobody", "somebody"


@dataclass(frozen=True)
class Run:
    """How a command is run in the planted folder. `OUT` stands for a name that is free, `WHO` for a person's key.

    `shows` is whom its output may show: nobody, or somebody, since whoever runs it asks for a person, and then it must
    (or the table would promise what nothing holds). `masked` are the files it writes that show nobody. What `is_long`
    is seen every day in what it leaves: the rehearsal `r`, which its steps read; or it invents its people itself (the
    demo); or a neighbour in the table shows the same texts and takes less.
    """

    arguments: str
    shows: str = NOBODY
    masked: tuple[str, ...] = ()
    exit_codes: tuple[int, ...] = (0,)
    is_long: bool = False


REFUSED = Run("s --emulator refused.json", exit_codes=(2, 3))
"""A step of a rehearsal with a folder that is none."""
COMMANDS: dict[str, tuple[Run, ...]] = {
    "demo": (Run("--out OUT", is_long=True),),
    "init": (Run("OUT"), Run("OUT --example mql-to-dynamics"), Run(".", exit_codes=(2,))),
    "check": (
        Run("--settings-only"),
        Run("s --settings-only --settings leads.toml"),
        Run("--emulator emulator.json"),
        Run("--emulator refused.json", exit_codes=(3,)),
    ),
    "load": (
        Run("--hubspot world/hubspot --dynamics world/dynamics --out OUT"),
        Run("--hubspot world/hubspot --out OUT --time-zone Europe/Berlin"),
    ),
    "pull": (
        Run("--emulator emulator.json --out OUT"),
        Run("--emulator refused.json --out OUT", exit_codes=(3,)),
    ),
    "sign-out": (Run(""),),
    "forecast": (
        Run("s --out OUT --csv"),
        Run("s --out OUT --settings leads.toml --set email_norm=exact --fail-on low", exit_codes=(1,)),
        Run("s --out OUT --bindings f", is_long=True),
        Run("s --out OUT --set email_norm=WHO", exit_codes=(2,), shows=SOMEBODY),
    ),
    "replay": (Run("s t --out OUT --csv --bindings f"), Run("s s --out OUT", exit_codes=(2,))),
    "verify": (
        Run("s t --forecast f", exit_codes=(1,), is_long=True),
        Run("s t --forecast f --out OUT", exit_codes=(1,)),
        Run("s t --forecast l", exit_codes=(0, 1)),
        Run("s s --forecast f", exit_codes=(2,)),
    ),
    "diff": (
        Run("few/s few/s"),
        Run("s s", is_long=True),
        Run("s s --settings leads.toml", is_long=True),
        Run("f l --csv OUT", exit_codes=(1,)),
        Run("f s", exit_codes=(2,)),
    ),
    "settings-diff": (  # filters are shown as they were typed
        Run("dynsync.toml dynsync.toml --snapshot s"),
        Run("dynsync.toml leads.toml", exit_codes=(1,), shows=SOMEBODY),
        Run("dynsync.toml leads.toml --snapshot s --csv OUT", exit_codes=(1,), shows=SOMEBODY),
    ),
    "recipes": (Run("s"),),
    "suggest": (Run("s --out OUT"), Run("s --out dynsync.toml", exit_codes=(2,))),
    "explain": (
        Run("WHO --forecast f", shows=SOMEBODY),
        Run("WHO --forecast f --masked"),
        Run("WHO --forecast f --masking partial"),
        Run("WHO --forecast f --masking pseudonym"),
        Run("WHO --forecast f --masking none", shows=SOMEBODY),
        Run("WHO --forecast f --masking counts", exit_codes=(2,)),
        Run("WHO --forecast l --snapshot s --masked"),
        Run("nobody.WHO --forecast f", exit_codes=(2,)),
        Run("nobody.WHO --forecast f --masked", exit_codes=(2,)),
    ),
    "audit": (
        Run("--forecast f"),
        Run("--forecast l --fail-on low", exit_codes=(1,)),
        *(Run(f"--forecast f --records G42 --masking {level}") for level in ("none", "partial", "pseudonym", "counts")),
        Run("--forecast f --masking counts"),
        Run("--forecast f --records collisions --csv OUT", masked=("OUT",)),
    ),
    "report": (
        Run("--forecast f --out OUT", masked=("OUT",)),
        Run("--forecast l --out OUT", masked=("OUT",)),
        Run("--forecast f --out OUT --unmasked", is_long=True),
        Run("--forecast f --out OUT --masking partial", masked=("OUT",), is_long=True),
        Run("--forecast f --out OUT --masking pseudonym", masked=("OUT",), is_long=True),
        Run("--forecast f --out OUT --masking none", is_long=True),
        Run("--forecast f --out OUT --masking counts", masked=("OUT",), is_long=True),
    ),
    "worklist": (
        Run("--forecast f --out OUT.xlsx", masked=("OUT.xlsx",)),
        Run("--forecast l --out OUT.xlsx --names --snapshot s"),
        Run("--forecast f --out OUT.xlsx --masking partial", masked=("OUT.xlsx",)),
        Run("--forecast f --out OUT.xlsx --masking pseudonym", masked=("OUT.xlsx",)),
        Run("--forecast f --out OUT.xlsx --masking none"),
        Run("--forecast f --out OUT.xlsx --masking counts", masked=("OUT.xlsx",)),
        Run("--forecast f --out OUT.xlsx --rank", masked=("OUT.xlsx",), is_long=True),
        Run("--forecast f --out dynsync.toml", exit_codes=(2,)),
    ),
    "worklist fixes": (Run("--forecast f --csv OUT", masked=("OUT",)), Run("--forecast f --share 2", exit_codes=(2,))),
    "worklist import": (
        Run("filled.xlsx --forecast f --fixes OUT"),
        Run("misread.xlsx --forecast f", exit_codes=(2,)),
        Run("filled.xlsx --forecast l", exit_codes=(2,)),
        Run("leads.toml --forecast f", exit_codes=(2,)),
    ),
    "go-live": (
        Run("--forecast f --out OUT", masked=("OUT/go_live.xlsx", "OUT/created.csv", "OUT/values_before.csv")),
        Run("--forecast f --out OUT --masking partial", masked=("OUT/go_live.xlsx", "OUT/values_before.csv")),
        Run("--forecast f --out OUT --masking pseudonym", masked=("OUT/go_live.xlsx", "OUT/values_before.csv")),
        Run("--forecast f --out OUT --masking counts", masked=("OUT/go_live.xlsx",)),
        Run("--forecast f --out OUT --masking none"),
        Run("--forecast f --out s", exit_codes=(2,)),
        Run("--forecast f --out OUT --replay s", exit_codes=(2,)),
    ),
    "purge": (Run("", exit_codes=(2,)), Run("f --days 0"), Run(". --days 36500")),
    "rules": (Run(""), Run("--numbers")),
    "emulator": (Run("--world world"), Run("--world world --state OUT")),
    "lab": (Run("world"),),
    "calibrate": (Run("s", exit_codes=(2,)), Run("r", is_long=True)),
    "try-mapping": (
        Run("--emulator refused.json", exit_codes=(2, 3)),
        Run("--emulator emulator.json", exit_codes=(0, 1), is_long=True),
    ),
    "apply-recipe": (
        Run("contact.parentcustomerid --emulator refused.json", exit_codes=(2, 3)),
        Run("contact.parentcustomerid --emulator emulator.json", is_long=True),
    ),
    "rehearse plan": (Run("nowhere", exit_codes=(2,)), Run("s --out OUT --forecast f", is_long=True)),
    "rehearse seed": (REFUSED, Run("r --emulator trial.json")),
    "rehearse run": (REFUSED, Run("r --by-emulator --emulator trial.json")),
    "rehearse wait": (  # filters are shown as they are to be typed in
        REFUSED,
        Run("r --emulator trial.json --at-most 0", exit_codes=(0, 1), shows=SOMEBODY),
    ),
    "rehearse compare": (REFUSED, Run("r --emulator trial.json --out OUT", exit_codes=(0, 1))),
    "rehearse clean": (REFUSED, Run("r --emulator trial.json --by-tag"), Run("r --emulator trial.json --yes")),
}
COMPUTING = {
    *("demo", "pull", "forecast", "replay", "diff", "settings-diff", "report", "verify", "emulator"),
    *("worklist", "worklist fixes", "worklist import"),
    *("calibrate", "try-mapping", "apply-recipe", "go-live"),
    *(f"rehearse {step}" for step in ("plan", "seed", "compare", "clean")),
}
"""Commands that compute for a third of a second and more."""
BROKEN: tuple[str, ...] = (
    *(f"load --hubspot broken/{name}/hubspot --out OUT" for name in ("ids", "dates", "flags", "ends", "objects")),
    *(f"load --hubspot broken/{name}/hubspot --out OUT" for name in ("cells", "quotes", "zero", "heading", "fields")),
    *(f"load --dynamics broken/{name}/dynamics --out OUT" for name in ("twice", "owners", "numbers")),
    "load --hubspot broken/account/hubspot --out OUT",
    *(f"emulator --world broken/{name}" for name in ("ids", "twice", "flags", "ends", "objects", "fields", "account")),
    "forecast s --bindings world/hubspot/contacts.csv --out OUT",
)
"""Commands over files in which people stand where something else belongs."""


def kind_of_broken(_: str, line: str) -> str:
    """The line; of the emulator, which starts a process to read a world, whether it names a record or a field."""
    is_of_fields = any(f"broken/{name}" in line for name in ("fields", "account"))
    return f"emulator, {is_of_fields}" if line.startswith("emulator") else line


@pytest.fixture(scope="module")
def planted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlantedFolder]:
    """The planted folder and two emulators: `emulator.json` serves its world, `trial.json` a few contacts of it.

    The world is the demo's, every day without its crowd. `refused.json` has secrets that are not the portals'. `r` is a
    rehearsal, every day of a few contacts alone; its steps stand in the table in the order in which they are taken.
    """
    folder = plant(tmp_path_factory.mktemp("planted"), _sample(request.config, tmp_path_factory))
    few = take_few_contacts(folder.root)
    snapshot = few if is_everyday(request.config) else folder.root / "s"
    kit.plan_rehearsal(snapshot, folder.root / "dynsync.toml", folder.root / "r", key=bytes(32))
    break_files(folder.root)
    _fill_worklist(folder.root)
    with (
        Emulator(open_world(folder.root / "world"), limits=GENEROUS) as emulator,
        Emulator(open_world(few.parent), limits=GENEROUS) as trial,
    ):
        (folder.root / "trial.json").write_text(json.dumps(trial.addresses), encoding="utf-8")
        addresses = json.loads(json.dumps(emulator.addresses))
        (folder.root / "emulator.json").write_text(json.dumps(addresses), encoding="utf-8")
        addresses["hubspot"]["token"] = f"pat-{SECRET}"
        addresses["dynamics"]["client_secret"] = f"{SECRET}~"
        (folder.root / "refused.json").write_text(json.dumps(addresses), encoding="utf-8")
        yield folder


def _sample(config: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the demo world; every day without its crowd, in which nothing happens that is not planted."""
    if not is_everyday(config):
        return SAMPLE
    folder = tmp_path_factory.mktemp("sample")
    write_world(build_world(scale=0), folder)
    return folder


def _fill_worklist(root: Path) -> None:
    """Writes a worklist in which people's names stand as notes, and one in which they stand for marks and ids, too."""
    kit.worklist(root / "f", root / "filled.xlsx", names=True)
    book = openpyxl.load_workbook(root / "filled.xlsx")
    book["Ghosts"]["A2"], book["Ghosts"]["B2"] = "fix", f"{PERSON} Adams"
    book.save(root / "filled.xlsx")
    book["Ghosts"]["A2"], book["Ghosts"]["E3"] = f"{PERSON} Adams", f"{PERSON}.eve@example.com"
    book["Failing"]["F1"] = f"{PERSON} Baker"
    book["Failing"].delete_cols(5)
    book.save(root / "misread.xlsx")


@dataclass
class Shown:
    """What one run showed, and which files it made."""

    code: int
    texts: str
    files: list[Path]


Show = Callable[[str], Shown]


@pytest.fixture
def show(
    planted: PlantedFolder,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Show:
    """Runs a command in the planted folder. What takes long in a demo, or never ends, is left out."""
    root = planted.root
    monkeypatch.chdir(root)
    monkeypatch.setattr("dynsync_lib.emulator.serving.demo_process.DemoPortals", nullcontext)
    monkeypatch.setattr(pages, "_kernel_of_report", nullcontext)
    monkeypatch.setattr(pages, "_forecast_demo", lambda _, folder, say: _demo(root, folder, say))
    monkeypatch.setattr(Emulator, "wait", lambda _: None)
    monkeypatch.setattr(start_commands, "run_lab", lambda *_, **__: 0)

    def run(line: str) -> Shown:
        before = set(root.rglob("*"))
        caplog.clear()
        forget_secrets()
        words = [word.replace("WHO", planted.person) for word in line.split()]
        monkeypatch.setattr(sys, "argv", ["dynsync", *words])
        monkeypatch.setenv("DYNSYNC_DEBUG", "")  # set by --debug
        with caplog.at_level(logging.DEBUG), pytest.raises(SystemExit) as ended:
            commands.main()
        files = sorted(set(root.rglob("*")) - before)
        names = "\n".join(str(path.relative_to(root)) for path in files)
        logged = [record.getMessage() for record in caplog.records if record.name != "traitlets"]  # says what it makes
        texts = "\n".join([*capsys.readouterr(), *logged, names])
        return Shown(int(ended.value.code or 0), texts, files)

    return run


def _demo(root: Path, folder: Path, say: Callable[[str], None]) -> kit.Forecast:
    say("Forecasting ...")
    (folder / "dynsync.toml").write_bytes((root / "dynsync.toml").read_bytes())
    snapshot = kit.load(root / "world/hubspot", root / "world/dynamics", folder / "snapshot")
    return kit.forecast(snapshot, folder / "dynsync.toml", folder / "forecast")


def leaves(group: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every command below a group, by its words."""
    if getattr(group, "invoke_without_command", False):
        yield name, group
    if hasattr(group, "commands"):
        for word, command in group.commands.items():
            yield from leaves(command, f"{name} {word}".strip())
    else:
        yield name, group


LEAVES: dict[str, Any] = dict(leaves(typer.main.get_command(commands.app)))


def takes(name: str, option: str) -> bool:
    """Whether a command has an option."""
    return any(option in parameter.opts for parameter in LEAVES[name].params)


def variants(name: str, run: Run) -> Iterator[str]:
    """The same run as people may type it: plain, as JSON where there is such a thing, and asking where errors are."""
    line = f"{name} {run.arguments}".strip()
    yield line
    if takes(name, "--json"):
        yield f"--debug {line} --json"
    elif run.exit_codes != (0,):
        yield f"--debug {line}"


def kind(line: str, run: Run) -> Hashable:
    """Command, options, level of masking and what comes of it; of those that compute for long what comes of it alone.

    `test_masked_forecast__has_nobody_in_any_table` asks every day what they mask at each level.
    """
    words = line.removeprefix("--debug ").removesuffix(" --json").split()
    name = next(name for name in COMMANDS if words[: len(name.split())] == name.split())
    if name in COMPUTING:
        return name, run.shows, run.exit_codes, bool(run.masked)
    options = frozenset(word for word in words if word.startswith("--") or word in frozenset(Masking))
    return name, options, run.shows, run.exit_codes, line.partition(" ")[0]


def typed(name: str, run: Run) -> Iterator[Any]:
    """The parameters of a test for every way to type a run."""
    marks = [pytest.mark.long] if run.is_long else []
    return (pytest.param(line, run, id=line, marks=marks) for line in variants(name, run))


RUNS = [case for name in COMMANDS if name in LEAVES for run in COMMANDS[name] for case in typed(name, run)]


@pytest.mark.parametrize(("line", "run"), one_of_each(RUNS, kind))
def test_command__shows_no_secret_and_nobody_who_was_not_asked_for(show: Show, line: str, run: Run) -> None:
    out = f"out-{crc32(line.encode())}"
    shown = show(line.replace("OUT", out))
    assert shown.code in run.exit_codes, shown.texts
    assert seen(SECRET, shown.texts) == []
    assert bool(seen(PERSON, shown.texts)) is (run.shows == SOMEBODY), seen(PERSON, shown.texts)
    for file in filter(Path.is_file, shown.files):
        assert seen(SECRET, read(file)) == [], file
    for name in run.masked:
        text = read(Path(name.replace("OUT", out)))
        assert len(text) > 1_000
        assert seen(PERSON, text) == [], name


@pytest.mark.parametrize(
    ("debug", "line"),
    one_of_each([(debug, line) for line in BROKEN for debug in ("", "--debug ")], kind_of_broken),
)
def test_broken_files__are_told_without_whom_they_hold(show: Show, debug: str, line: str) -> None:
    shown = show(debug + line.replace("OUT", f"out-{crc32((debug + line).encode())}"))
    assert "should not" not in shown.texts
    assert seen(SECRET, shown.texts) == []
    assert seen(PERSON, shown.texts) == []


@pytest.mark.parametrize(
    ("name", "masked", "folder"),
    [
        pytest.param(*case, marks=[] if case == EVERYDAY_NOTEBOOK else [pytest.mark.long])
        for case in product(["04_forecast_initial_sync", "report_stakeholder"], [True, False], ["f", "l"])
    ],
)
def test_notebooks__masked_show_nobody(
    request: pytest.FixtureRequest, planted: PlantedFolder, name: str, folder: str, *, masked: bool
) -> None:
    record = {"record": planted.person} if name.startswith("04") else {}
    parameters = {"forecast_folder": planted.root / folder, "masked": masked, **record}
    run = run_here if is_everyday(request.config) else run_notebook
    notebook = run(NOTEBOOKS / f"{name}.ipynb", parameters=parameters)
    outputs = json.dumps([cell.get("outputs", []) for cell in notebook.cells], ensure_ascii=False)
    assert seen(SECRET, outputs) == []
    assert bool(seen(PERSON, outputs)) is not masked, seen(PERSON, outputs)


@pytest.mark.parametrize("level", [Masking.PARTIAL, Masking.PSEUDONYM])
@pytest.mark.parametrize("folder", ["f", "l"])
def test_masked_forecast__has_nobody_in_any_table_nor_in_what_is_known_of_it(
    planted: PlantedFolder, folder: str, level: Masking
) -> None:
    forecast = kit.open_forecast(planted.root / folder)
    masked = forecast.masked(level)
    assert seen(PERSON, json.dumps(dict(masked.info), ensure_ascii=False)) == []
    for name in FORECAST_TABLES:
        assert seen(PERSON, str(masked.rows(name))) == [], name
        assert seen(PERSON, masked.table(name).to_csv()) == [], name
    assert seen(PERSON, str(masked.shared_keys(100))) == []
    assert seen(PERSON, str(forecast.rows("outcomes")))
    assert seen(PERSON, json.dumps(dict(forecast.info)))


def test_every_command_is_in_the_table() -> None:
    assert sorted(LEAVES) == sorted(COMMANDS), "say in COMMANDS how the command is run, and whom it may show"


@pytest.mark.parametrize("name", sorted(LEAVES))
def test_every_masking_level_is_in_the_table(name: str) -> None:
    lines = [run.arguments for run in COMMANDS.get(name, ())]
    if takes(name, "--masking"):
        levels = {level: any(f"--masking {level}" in line for line in lines) for level in Masking}
        assert levels == dict.fromkeys(Masking, True), name
    for option in ("--masked", "--unmasked", "--names"):
        if takes(name, option):
            assert any(option in line for line in lines), f"{name} {option}"
            assert any(option not in line for line in lines), f"{name} without {option}"


def seen(mark: str, text: str) -> list[str]:
    """Where a mark stands in a text, with some characters around it; a few at most."""
    return [text[max(0, found.start() - 60) : found.end() + 60] for found in re.finditer(mark, text, re.IGNORECASE)][:3]


def read(file: Path) -> str:
    """The bytes of a file as text; of a workbook those of its parts."""
    if not zipfile.is_zipfile(file):
        return file.read_bytes().decode("utf-8", errors="replace")
    with zipfile.ZipFile(file) as book:
        return "".join(book.read(name).decode("utf-8", errors="replace") for name in book.namelist())
