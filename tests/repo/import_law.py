"""The import law of the kit, as data, and the reader that holds files to it.

A module may import, of the kit, only what its own line names; `core.` names are given without `dynsync_lib.`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "dynsync_lib"
_CORE = ("core.",)
_FOUNDATION = ("errors", "core.model", "core.tables")
_PORTAL_SIDE = ("core.settings", "core.keys", "core.fields.", "snapshot.", "portals.")

ALLOWED: dict[str, tuple[str, ...]] = {
    "errors": (),
    "core.model": ("errors",),
    "core.tables": ("errors", "core.model"),
    "core.": (*_FOUNDATION, *_CORE),
    "engine.": (*_FOUNDATION, "engine."),
    "snapshot.": (*_FOUNDATION, "core.keys", "snapshot."),
    "portals.": (*_FOUNDATION, *_PORTAL_SIDE),
    "report.": (*_FOUNDATION, "core.fields.", "report."),
    "widgets.": (*_FOUNDATION, "core.fields.", "widgets."),
    "emulator.": (*_FOUNDATION, "emulator."),
    "forecasts.": (*_FOUNDATION, "core.", "engine.", "forecasts.", "report.ladder", "snapshot."),
    "kit.": ("",),
    "cli.": ("errors", "kit", "cli."),
}
CORE_OUTSIDE = {"narwhals", "rapidfuzz"}
"""What `core` may import from outside the standard library."""
CORE_FORBIDDEN = {"os", "pathlib", "io", "shutil", "tempfile", "socket", "subprocess", "time", "random"}
"""What `core` may not import of the standard library: it opens no file and no socket and reads no clock."""


def module_name(path: Path, root: Path) -> str:
    """`core.model` for dynsync_lib/core/model.py."""
    parts = path.relative_to(root / PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(source: str) -> Iterator[str]:
    """Every module a source imports, wherever in the file; `from x import y` counts as x and as x.y."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield "relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def violations(name: str, source: str) -> list[str]:
    """What one module imports against the law, one sentence each."""
    return [f"{name} imports {one}" for one in imports_of(source) if not _is_allowed(name, one)]


def _is_allowed(name: str, imported: str) -> bool:
    if imported == PACKAGE or imported == f"{PACKAGE}.__version__":
        return True
    if imported.startswith(f"{PACKAGE}."):
        return _may_know(name, imported.removeprefix(f"{PACKAGE}."))
    if name.startswith("core.") or name == "core":
        return _is_pure(imported.partition(".")[0])
    return imported != "relative import"


def _may_know(name: str, imported: str) -> bool:
    line = _line_of(name)
    return imported == "errors" or any(
        imported.startswith(one) if one.endswith(".") or not one else imported == one or imported.startswith(f"{one}.")
        for one in ALLOWED[line]
    )


def _line_of(name: str) -> str:
    fitting = [line for line in ALLOWED if name == line or (line.endswith(".") and f"{name}.".startswith(line))]
    if not fitting:
        raise KeyError(f"the import law says nothing about {name}")
    return max(fitting, key=len)


def _is_pure(top: str) -> bool:
    import sys

    return top in CORE_OUTSIDE or (top in sys.stdlib_module_names and top not in CORE_FORBIDDEN)
