"""What the pages ask their readers to type exists, and runs."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import typer

from dynsync_lib.cli.commands import app
from tests.docs.documented_blocks import (
    Block,
    block_complaints,
    blocks_of,
    command_complaints,
    commands_in_prose,
    pages_of,
)
from tests.docs.documented_runs import ROOT, Reader, put_files_at_hand

TEXTS = {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in pages_of(ROOT)}
BLOCKS = [block for name, text in TEXTS.items() for block in blocks_of(name, text)]
FIRST = "README.md"
FROM_NOTHING = (FIRST, "docs/consultant.md", "sample_data/README.md")
"""Pages that begin with exported files alone; all others go on where the first one ends."""
OTHERS = sorted({block.page for block in BLOCKS if block.language == "console"} - {*FROM_NOTHING})


def _options_of(command: Any, name: str = "") -> Iterator[tuple[str, frozenset[str]]]:
    """Every command with its options, such as `rehearse plan`."""
    if name:
        yield name, frozenset(option for parameter in command.params for option in parameter.opts)
    for part, below in getattr(command, "commands", {}).items():
        yield from _options_of(below, f"{name} {part}".strip())


OPTIONS = {name: {*options, "--help"} for name, options in _options_of(typer.main.get_command(app))}


def test_blocks__say_what_they_are() -> None:
    assert len(BLOCKS) > 40
    assert [complaint for block in BLOCKS for complaint in block_complaints(block)] == []


@pytest.mark.parametrize("page", sorted(TEXTS))
def test_commands__exist(page: str) -> None:
    blocks = (block for block in blocks_of(page, TEXTS[page]) if block.language == "console")
    typed = [*commands_in_prose(TEXTS[page]), *(command for block in blocks for command in block.commands)]
    assert [complaint for command in typed for complaint in command_complaints(command, OPTIONS)] == []


def test_commands__of_messages_and_notebooks_exist() -> None:
    """What an error, a docstring, a comment of settings or a notebook tells people to type."""
    library = (file for ending in ("py", "toml") for file in (ROOT / "dynsync_lib").rglob(f"*.{ending}"))
    texts = [file.read_text(encoding="utf-8") for file in library]
    for file in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
        texts += ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    typed = [command for text in texts for command in commands_in_prose(text)]
    assert len(typed) > 100
    assert [complaint for command in typed for complaint in command_complaints(command, OPTIONS)] == []


def test_settings__are_read() -> None:
    """What a page shows of a TOML file is one, and has keys that files of the kit have."""
    known = _keys_of_files()
    for block in (block for block in BLOCKS if block.language == "toml"):
        assert sorted(_keys(tomllib.loads(block.text)) - known) == [], f"{block.page}, line {block.line}"


def _keys_of_files() -> set[str]:
    files = [*(ROOT / "tests/cases").glob("*.toml"), *(ROOT / "dynsync_lib/rehearsal/calibration/packs").glob("*.toml")]
    known = {key for file in files for key in _keys(tomllib.loads(file.read_text(encoding="utf-8")))}
    template = (ROOT / "dynsync_lib/rules/settings_template.toml").read_text(encoding="utf-8")
    lines = (line.lstrip("# ") for line in template.splitlines())
    return known | {line.partition("=")[0].strip() for line in lines} | {"rehearsal", "hubspot", "dynamics"}


def _keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {*value, *(key for below in value.values() for key in _keys(below))}
    return {key for below in value for key in _keys(below)} if isinstance(value, list) else set()


def test_pictures__are_small_and_shown() -> None:
    pictures = {file.name: file.stat().st_size for file in (ROOT / "docs/pictures").iterdir()}
    assert sum(pictures.values()) < 1_000_000
    assert [name for name in pictures if not any(f"pictures/{name})" in text for text in TEXTS.values())] == []


@pytest.mark.long
@pytest.mark.parametrize("page", FROM_NOTHING)
def test_pages__run_from_exported_files(page: str, tmp_path: Path) -> None:
    put_files_at_hand(tmp_path)
    assert _faults(page, tmp_path) == []


@pytest.fixture(scope="module")
def after_first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder as the first page leaves it."""
    folder = tmp_path_factory.mktemp("first") / "folder"
    folder.mkdir()
    put_files_at_hand(folder)
    assert _faults(FIRST, folder) == []
    return folder


@pytest.mark.long
@pytest.mark.parametrize("page", OTHERS)
def test_pages__run_where_the_first_ends(page: str, tmp_path: Path, after_first: Path) -> None:
    assert _faults(page, shutil.copytree(after_first, tmp_path / "folder")) == []


def _faults(page: str, folder: Path) -> list[str]:
    """Types what the page says in a folder; how the commands failed."""
    with pytest.MonkeyPatch.context() as monkeypatch, closing(Reader(folder, monkeypatch)) as reader:
        typed = [command for block in _console(page) for command in block.commands]
        return [fault for command in typed if (fault := reader.type(command))]


def _console(page: str) -> list[Block]:
    return [block for block in BLOCKS if (block.page, block.language) == (page, "console")]


def test_checks_see_faults() -> None:
    text = "a\n\n```\ndynsync load\n```\n\n```text\ndynsync load\n```\n\n`dynsync load --nothing X`, `dynsync go`\n"
    first, second = blocks_of("a.md", text)
    assert block_complaints(first) == ["a.md, line 3: `` is none of console, toml, text"]
    assert block_complaints(second) == ["a.md, line 7: a command stands in a block of text"]
    assert [fault for command in commands_in_prose(text) for fault in command_complaints(command, OPTIONS)] == [
        "`dynsync load --nothing X`: load has no option --nothing",
        "`dynsync go`: there is no command go",
    ]


def test_reader__says_how_a_command_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Reader(tmp_path, monkeypatch)) as reader:
        assert reader.type("dynsync forecast nowhere") == "dynsync forecast nowhere: exit code 2"
