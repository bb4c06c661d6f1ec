"""Runs the commands of a page in a folder, in this process, as their reader would.

Facts
    * What asks portals asks emulated ones: those of the demo, or test portals without records where something is
      written. Their addresses are added to the command where the page leaves them out.
    * In the place of a person who switches Data Sync on, and of `rehearse wait`, stands the emulator's witness.
    * `dynsync emulator` would serve until it is stopped: here portals start in this process. `dynsync lab` is not
      opened.
"""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from dynsync_lib.cli import commands, start_commands
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.emulator.world.demo_world import build_world
from dynsync_lib.emulator.world.emptied_world import without_records
from tests.pulls import GENEROUS

ROOT = Path(__file__).parents[2]
READING = frozenset({"check", "pull"})
WRITING = frozenset({"calibrate", "try-mapping", "apply-recipe", "rehearse"})
SAYING_NO = frozenset({"diff", "settings-diff", "verify", "try-mapping", "calibrate"})
"""Commands that say with exit code 1 that something differs; no page calls that a fault."""
_OWN_LABELS = {
    "contacts.csv": "contactid,Email 1\n00000000-0000-0000-0000-000000000001,ada@example.com\n",
    "accounts.csv": "accountid,Firm\n00000000-0000-0000-0000-000000000002,Company A\n",
}


def put_files_at_hand(folder: Path) -> None:
    """What a reader has before the first command: exported files of both CRMs, those with labels of its own, the demo's
    world.
    """
    shutil.copytree(ROOT / "sample_data", folder / "sample_data")
    for name in ("hubspot", "dynamics"):
        shutil.copytree(ROOT / "sample_data" / name, folder / "exports" / name)
    (folder / "exports" / "own-labels").mkdir()
    for name, text in _OWN_LABELS.items():
        (folder / "exports" / "own-labels" / name).write_text(text, encoding="utf-8")


class Reader:
    """Somebody who types what a page says. `close` ends the portals that were started."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """`folder` is where the commands run (`files_at_hand`)."""
        self._folder = folder
        self._monkeypatch = monkeypatch
        self._portals = ExitStack()
        self._served: set[str] = set()
        monkeypatch.chdir(folder)
        monkeypatch.setattr(start_commands, "run_lab", lambda *_, **__: 0)

    def close(self) -> None:
        """Ends all portals."""
        self._portals.close()

    def type(self, command: str) -> str:
        """Runs a command; what is wrong with how it ended comes out, empty where nothing is."""
        words = shlex.split(command)
        words = words[2:] if words[:2] == ["python", "dynsync.py"] else words[1:]
        if words[0] == "test":
            return ""  # this is one of the tests
        if words[0] == "emulator":
            return self._start_emulator(words)
        exit_code = self._run(self._with_portals(words))
        is_fine = exit_code == 0 or (exit_code == 1 and (words[0] in SAYING_NO or _reads_answers(words)))
        return "" if is_fine else f"{command}: exit code {exit_code}"

    def _run(self, words: list[str]) -> int:
        self._monkeypatch.setattr(sys, "argv", ["dynsync", *words])
        with pytest.raises(SystemExit) as ended:
            commands.main()
        return int(ended.value.code or 0)

    def _with_portals(self, words: list[str]) -> list[str]:
        if words[:2] == ["rehearse", "wait"]:
            words = ["rehearse", "run", *words[2:], "--by-emulator"]
        if words[:2] == ["rehearse", "plan"] or not {words[0]} & (READING | WRITING) or "--emulator" in words:
            return words
        if words[:2] == ["rehearse", "clean"] and "--yes" not in words:
            words = [*words, "--yes"]  # what a person says to the question
        file = self._serve("demo.json") if words[0] in READING else self._serve("empty.json", is_empty=True)
        return [*words, "--emulator", str(file)]

    def _start_emulator(self, words: list[str]) -> str:
        """Starts portals, and writes their line into the file behind `>`."""
        if ">" in words:
            self._serve(words[words.index(">") + 1], is_empty="--no-records" in words)
        return ""

    def _serve(self, file: str, *, is_empty: bool = False) -> Path:
        """The file with the addresses of portals that are served from the first time on that it is named."""
        path = self._folder / file
        if file not in self._served:
            self._served.add(file)
            world = build_world()
            emulator = Emulator(without_records(world) if is_empty else world, limits=GENEROUS)
            path.write_text(json.dumps(self._portals.enter_context(emulator).addresses), encoding="utf-8")
        return path


def _reads_answers(words: list[str]) -> bool:
    """Whether a rehearsal is compared that asks open questions: another answer than the forecast's counts as a miss."""
    return words[:2] == ["rehearse", "compare"] and "/calibration/" in words[2]
