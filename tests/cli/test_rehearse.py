"""`dynsync rehearse seed` and `clean`: what they print, and their exit codes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dynsync_lib import kit
from dynsync_lib.cli.commands import app
from dynsync_lib.cli.rehearsal_receipt import print_comparison
from dynsync_lib.cli.rehearse_words import print_seeded
from dynsync_lib.emulator.conditions.switches import PortalFacts
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.errors import ProductionPortalError
from tests.emulator.small_world import small_world
from tests.pulls import GENEROUS
from tests.rehearsal.plans import TABLES, make_plan
from tests.rehearsal.portals import writes


@pytest.fixture(scope="module")
def serving() -> Iterator[Emulator]:
    with Emulator(small_world(), limits=GENEROUS) as emulator:
        yield emulator


@pytest.fixture
def emulator(serving: Emulator, tmp_path: Path) -> Emulator:
    serving.conditions.reset()
    serving.reseed()
    (tmp_path / "emulator.json").write_text(json.dumps(serving.told), encoding="utf-8")
    make_plan(tmp_path / "r")
    return serving


def run(folder: Path, *words: str) -> Any:
    command, *more = words
    return CliRunner().invoke(
        app, ["rehearse", command, str(folder / "r"), "--emulator", str(folder / "emulator.json"), *more]
    )


@pytest.mark.long
def test_seed__and_clean_as_json(emulator: Emulator, tmp_path: Path) -> None:
    seeded = run(tmp_path, "seed", "--json")
    assert seeded.exit_code == 0
    figures = json.loads(seeded.stdout)
    assert figures["records"] == {name: len(rows) for name, rows in sorted(TABLES.items())}
    assert (figures["associations"], figures["refused"], figures["in_order"]) == (4, [], True)
    shown = json.loads(run(tmp_path, "clean", "--by-tag", "--json").stdout)
    assert shown["removed"] is False
    assert len([line for line in writes(emulator) if "archive" in line or "$batch" in line]) == 0
    cleaned = json.loads(run(tmp_path, "clean", "--json").stdout)
    assert cleaned["removed"] is True
    assert cleaned["records"] == shown["records"]
    assert cleaned["changed_since_seeding"] == []
    assert json.loads(run(tmp_path, "clean", "--by-tag", "--yes", "--json").stdout)["records"] == []


def test_seed__for_people(emulator: Emulator, tmp_path: Path) -> None:
    figures = json.loads(run(tmp_path, "seed", "--json").stdout)
    assert (figures["associations"], figures["refused"], figures["in_order"]) == (4, [], True)
    text = run(tmp_path, "seed").stdout  # which writes nothing a second time
    assert "        3  hubspot/contacts\n" in text
    shown = json.loads(run(tmp_path, "clean", "--by-tag", "--json").stdout)
    assert (shown["removed"], len(shown["records"])) == (False, 8)
    text = run(tmp_path, "clean", "--yes").stdout
    assert "dynamics contact: 4 look-alikes\n" in text
    assert "All 10 others are as they were before." in text
    assert "Not checked" not in text
    text = run(tmp_path, "clean", "--by-tag", "--yes").stdout
    assert "Not checked: how the portals were before the seeding, which nobody noted.\n" in text
    assert len(writes(emulator)) > 0


def test_seed__says_how_many_lines_it_does_not_print(capsys: pytest.CaptureFixture[str]) -> None:
    refused = [{"system": "hubspot", "object": "contact", "look_alike_id": str(id_), "code": "X"} for id_ in range(25)]
    left_out = Counter({("hubspot/contacts", f"f{number:02}", "nobody is known"): 1 for number in range(21)})
    print_seeded(kit.Seeded({}, {}, refused=refused, left_out=left_out), Path("r"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[20:22] == ["Refused: hubspot contact 19 (X)", "... and 5 more; --json names all."]
    assert lines[41:43] == [
        "Left out: hubspot/contacts.f19 of 1: nobody is known.",
        "... and 1 more; --json names all.",
    ]


def test_compare__says_how_many_lines_it_does_not_print(capsys: pytest.CaptureFixture[str]) -> None:
    counts = {"accuracy": None, "hits": 0, "misses": 0, "records": 0}
    figures: dict[str, Any] = {**counts, "by_outcome": {}, "not_checked": []}
    gone = [{"system": "hubspot", "object": "contact", "look_alike_id": str(id_)} for id_ in range(23)]
    print_comparison(kit.Comparison(figures, [], [], gone, kit.Verification(figures, Path("v"))))
    lines = capsys.readouterr().out.splitlines()
    assert lines[-4:-2] == [
        "Not in the portals: hubspot contact look-alike 19.",
        "... and 3 more; --json names all.",
    ]


@pytest.mark.parametrize("command", ["seed", "clean"])
def test_production__is_exit_code_3_and_not_one_write(emulator: Emulator, tmp_path: Path, command: str) -> None:
    (tmp_path / "r" / "journal.jsonl").touch()
    emulator.conditions.portals = PortalFacts(account_type="STANDARD")
    result = run(tmp_path, command)
    assert isinstance(result.exception, ProductionPortalError)
    assert result.exception.exit_code == 3
    assert writes(emulator) == []
