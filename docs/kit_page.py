"""The lines of kit.md: every name of the kit with its parameters and the first sentence that it says of itself.

The modules are read and not imported, so that nobody waits for what pulls, computes and draws.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from dynsync_lib import kit

_LIBRARY: Final = Path(kit.__file__).parents[1]
_START: Final = """# The kit

What notebooks import, and the `dynsync` command too: `from dynsync_lib import kit`. Parameters in brackets may be
left out, and are named when they are given. Where a snapshot is asked for, its folder will do. `help(kit.explain)` says
all of a function, with an example.
"""
_DRAWS: Final = "What shows a forecast in a notebook, and in the report"
_READS: Final = "What opens and reads"
_VALUES: Final = "What functions give"
_CHANGES: Final = "settings_changes.changes"
_SENTENCE: Final = re.compile(r"(.+?[.?!])(?= [A-Z`]|$)")
_Definition = ast.FunctionDef | ast.ClassDef


def kit_lines() -> Iterator[str]:
    """The page, line by line: the functions by their modules, what draws, and the values that come out."""
    yield _START
    sections: dict[str, list[str]] = {}
    for room, names in kit.ROOMS.items():
        module = ast.parse(_LIBRARY.joinpath(*room.split(".")).with_suffix(".py").read_text(encoding="utf-8"))
        for node in module.body:
            if isinstance(node, _Definition) and node.name in names:
                sections.setdefault(_section_of(room, module, node), []).append(_row(node, room))
    last = [title for title in (_DRAWS, _READS, _VALUES) if title in sections]
    for title in (*(title for title in sections if title not in last), *last):
        yield from _section(title, sections[title])


def _section_of(room: str, module: ast.Module, node: _Definition) -> str:
    if room.startswith("kit.") or room == _CHANGES:
        return _first_sentence(module).rstrip(".")
    if isinstance(node, ast.ClassDef):
        return _VALUES
    return _DRAWS if room.startswith("report.") else _READS


def _section(title: str, rows: Iterable[str]) -> Iterator[str]:
    yield f"## {title}\n\n| Name | Parameters | What it is |\n|---|---|---|"
    yield from sorted(rows)
    yield ""


def _row(node: _Definition, room: str) -> str:
    parameters = ""
    if isinstance(node, ast.FunctionDef):
        parameters = ", ".join(_parameters(node.args))
    elif room == _CHANGES:
        parameters = ", ".join(_fields(node))
    return f"| `kit.{node.name}` | {parameters} | {_first_sentence(node)} |"


def _parameters(arguments: ast.arguments) -> Iterator[str]:
    needed = len(arguments.args) - len(arguments.defaults)
    for number, argument in enumerate(arguments.args):
        yield argument.arg if number < needed else f"[{argument.arg}]"
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield argument.arg if default is None else f"[{argument.arg}]"


def _fields(node: ast.ClassDef) -> Iterator[str]:
    """The fields of a change, which people make themselves."""
    for part in node.body:
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            yield part.target.id if part.value is None else f"[{part.target.id}]"


def _first_sentence(node: ast.Module | _Definition) -> str:
    paragraph = " ".join((ast.get_docstring(node) or "").partition("\n\n")[0].split())
    match = _SENTENCE.match(paragraph)
    return match[1] if match else paragraph.rstrip(":")
