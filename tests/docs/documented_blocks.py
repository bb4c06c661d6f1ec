"""What the pages ask their readers to type: the fenced blocks, and the commands in prose.

Facts
    * The language of a block says what is done with it. `console`: commands, run in order. `toml`: read as settings.
      `text`: a drawing or what a program prints; no command may stand in it.
    * A command in prose stands in backticks, may leave out what does not matter, and puts names in capitals.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

LANGUAGES = ("console", "toml", "text")
_FENCE = re.compile(r"^ *```(\S*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_IN_PROSE = re.compile(r"`((?:dynsync|python dynsync\.py)(?: [^`]+)?)`")
_STARTERS = ("dynsync ", "python dynsync.py")
_EXAMPLE = re.compile(r"^  Example: (dynsync .+?)\n\n", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page; `line` is that of its fence."""

    page: str
    line: int
    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        """Its lines with `\\` at the end joined, without empty ones and comments."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def blocks_of(page: str, text: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    for match in _FENCE.finditer(text):
        yield Block(page, text.count("\n", 0, match.start()) + 1, match[1], match[2])


def block_complaints(block: Block) -> list[str]:
    """Why a block would be run by nobody, one sentence each."""
    where = f"{block.page}, line {block.line}"
    if block.language not in LANGUAGES:
        return [f"{where}: `{block.language}` is none of {', '.join(LANGUAGES)}"]
    if block.language == "text" and any(line.startswith(_STARTERS) for line in block.text.splitlines()):
        return [f"{where}: a command stands in a block of text"]
    return []


def commands_in_prose(text: str) -> list[str]:
    """The commands in backticks, and the examples of the generated page of commands."""
    prose = _FENCE.sub("", text)
    return _IN_PROSE.findall(" ".join(prose.split())) + [" ".join(line.split()) for line in _EXAMPLE.findall(text)]


def command_complaints(command: str, options: Mapping[str, Collection[str]]) -> list[str]:
    """What a command names that the kit does not have: itself, or one of its options.

    `options` by command, such as `rehearse plan`; a group of commands is a command, too.
    """
    words = re.sub(r"[][]", " ", command).split()
    words = words[1:] if words[0] == "dynsync" else words[2:]
    name = " ".join(words[:2]) if " ".join(words[:2]) in options else " ".join(words[:1])
    if name == "test" or words[:1] in ([], ["..."], ["--help"], ["--debug"]):
        return []
    if name not in options:
        return [f"`{command}`: there is no command {name}"]
    asked = [word.partition("=")[0] for word in words if word.startswith("--")]
    return [f"`{command}`: {name} has no option {option}" for option in asked if option not in options[name]]


def pages_of(root: Path) -> Iterable[Path]:
    """The pages that people read, but for those of packages that are installed for tests."""
    folders = (root / "docs", root / "dynsync_lib", root / "tests")
    pages = (page for folder in folders for page in folder.rglob("*.md") if "node_modules" not in page.parts)
    return sorted([*root.glob("*.md"), root / "sample_data/README.md", *pages])
