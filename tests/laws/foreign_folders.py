"""Folders that hold other things, drawn from a seed: what may stand where a command is asked to write.

Facts
    * A place holds nothing, something foreign, something of ours, or ours with something foreign in it. Foreign things
      often have the names that the kit looks for.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.laws.dice import Dice, pick, seldom

PLACES: Final = ("a", "b", "c.html", "d/e")
"""Where commands are asked to write."""
_NAMES: Final = (
    *("letters.txt", "forecast.json", "replay.json", "demo.json", "manifest.json", "journal.json", "unfinished.json"),
    *("dynsync-temporary.json", "outcomes.parquet", "outcomes.csv", "report.html", "dynsync.toml", "changes.parquet"),
    *("hubspot/contacts.parquet", "pages/hubspot/contacts/000000.json.zst", "snapshot/manifest.json", "new/x", "old"),
)
_TEXTS: Final = (
    *("", "mine", "{}", "[]", '{"made_by": "dynsync kit"}', '{"rows": {}, "files": ["letters.txt"]}'),
    *('{"made_by": "dynsync kit", "unfinished": "dream"}', "<!doctype html>\n<p>mine"),
)


@dataclass(frozen=True)
class Ours:
    """A folder or file of the kit, to be copied to a place."""

    source: Path
    ending: str = ""
    """What is added to the name of the place."""


def plant(dice: Dice, root: Path, ours: Mapping[str, Ours]) -> set[Path]:
    """Fills the places below `root`; out come the paths of what is ours alone and may be replaced."""
    elsewhere = root / "elsewhere"
    elsewhere.mkdir()
    _write(elsewhere / "letters.txt", "mine")
    replaceable: set[Path] = set()
    for name in PLACES:
        place = root / name
        place.parent.mkdir(exist_ok=True)
        what = dice.number(1, 10)
        if what <= 4:
            _foreign(dice, place)
        elif what <= 6:
            _link(dice, place, elsewhere, ours)
        elif what <= 9:
            replaceable |= _ours(dice, place, ours)
        if seldom(dice, 3):
            _foreign(dice, place.with_name(f"{place.name}.part"))
        if seldom(dice, 3):
            _foreign(dice, place.with_name(f"dynsync-{dice.number(0, 9)}"))
    return replaceable


def fingerprints(root: Path, without: set[Path]) -> dict[str, str]:
    """By path what stands there: a folder, a link and its target, or the digest of a file; with its rights."""
    found: dict[str, str] = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if Path(folder, name) not in without]
        for name in (*folders, *files):
            path = Path(folder, name)
            if path not in without:
                found[str(path.relative_to(root))] = _fingerprint(path)
    return found


def _fingerprint(path: Path) -> str:
    mode = oct(path.lstat().st_mode)
    if path.is_symlink():
        return f"{mode} to {path.readlink()}"
    return mode if path.is_dir() else f"{mode} {hashlib.sha256(path.read_bytes()).hexdigest()}"


def _foreign(dice: Dice, place: Path) -> None:
    """Something foreign at a place that may hold something already."""
    if place.is_symlink() or place.is_file():
        return
    if seldom(dice) and not place.exists():
        _write(place, pick(dice, _TEXTS))
        return
    place.mkdir(exist_ok=True)
    for _ in range(dice.number(1, 4)):
        file = place / pick(dice, _NAMES)
        if not os.path.lexists(file) and not any(parent.is_file() for parent in file.parents):
            _write(file, pick(dice, _TEXTS))


def _ours(dice: Dice, place: Path, ours: Mapping[str, Ours]) -> set[Path]:
    """Something of ours; sometimes with something foreign in it, and then it must stay as it is."""
    kind = ours[pick(dice, sorted(ours))]
    target = place.with_name(place.name + kind.ending)
    if os.path.lexists(target):
        return set()
    if kind.source.is_file():
        shutil.copyfile(kind.source, target)
        return {target}
    shutil.copytree(kind.source, target)
    if not seldom(dice, 2):
        return {target}
    before = fingerprints(target, set())
    _foreign(dice, target)
    return {target} if fingerprints(target, set()) == before else set()


def _link(dice: Dice, place: Path, elsewhere: Path, ours: Mapping[str, Ours]) -> None:
    """A link to something foreign, to a copy of something of ours, or to nothing."""
    target = elsewhere / f"{pick(dice, ['letters.txt', 'nothing'])}"
    if seldom(dice, 2):
        kind = ours[pick(dice, sorted(ours))]
        target = elsewhere / f"ours {len(os.listdir(elsewhere))}"
        shutil.copyfile(kind.source, target) if kind.source.is_file() else shutil.copytree(kind.source, target)
    link = place.with_name(place.name + pick(dice, ["", ".part", ".toml"]))
    if not os.path.lexists(link):
        link.symlink_to(target)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def unfinished_pull(folder: Path) -> Ours:
    """What a pull of other portals left."""
    _write(folder / "unfinished.json", json.dumps({"made_by": "dynsync kit", "unfinished": "pull"}))
    _write(folder / "journal.json", json.dumps({"version": 2, "identity": {}, "jobs": {}}))
    _write(folder / "pages" / "hubspot" / "contacts" / "000000.json.zst", "page")
    return Ours(folder, ".part")
