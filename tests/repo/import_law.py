"""The import law of the kit, as data, and the reader that holds files to it.

Facts
    * A package may import, of the kit, itself, `errors`, and what its own line names; names are given without
      `dynsync_lib.`. A name stands for the module or package and all that is in it.
    * The longest line that fits a module is its own.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

PACKAGE = "dynsync_lib"
_EVERYBODY = ("errors", "listing")
_GROUND = (
    "core.model",
    "core.tables",
    "core.settings",
    "core.questions",
    "core.rulebook",
    "core.keys",
    "core.masking",
    "core.typed_values",
    "core.frames",
    "core.conditions",
    "core.filter_tree",
    "core.lines",
    "core.lookup_names",
)
"""What stands below all packages of the core."""
_WORDS = ("core.model", "core.tables")
_SITUATION = (*_GROUND, "core.fields", "core.situation", "core.job")
_READERS = ("portals.http", "portals.sign_in", "portals.pages", "portals.rows", "portals.metadata_rows")
_PORTAL = (
    "emulator.calls",
    "emulator.json_texts",
    "emulator.routing",
    "emulator.times",
    "emulator.store",
    "emulator.conditions",
)

ALLOWED: dict[str, tuple[str, ...]] = {
    "errors": ("messages",),
    "listing": (),
    "messages": (),
    "small_files": (),
    "shapes": (),
    "moments": (),
    "record_urls": ("core.model",),
    "processes": (),
    "folders": (),
    "workbooks": ("folders",),
    "core.model": (),
    "core.tables": ("core.model",),
    "core.settings": ("core.model", "core.filter_tree"),
    "core.filter_tree": (),
    "core.lines": (),
    "core.lookup_names": (),
    "core.questions": (),
    "core.rulebook": (*_WORDS, "core.questions", "core.settings"),
    "core.rulebook_reading": ("core.model", "core.questions", "core.rulebook", "core.settings"),
    "core.keys": (*_WORDS, "core.settings"),
    "core.masking": (*_WORDS, "core.settings"),
    "core.narwhals_words": (),
    "core.frames": ("core.narwhals_words",),
    "core.typed_values": (*_WORDS, "core.frames", "core.settings", "core.keys"),
    "core.conditions": ("core.frames",),
    "core.fields": _GROUND,
    "core.filters": (*_GROUND, "core.fields"),
    "core.settings_file": (*_GROUND, "core.fields", "core.filters"),
    "core.needed_fields": (*_GROUND, "core.fields", "core.filters"),
    "core.situation": (*_GROUND, "core.fields"),
    "core.job": (*_GROUND, "core.fields", "core.situation"),
    "core.record_rows": (*_WORDS, "core.frames", "core.typed_values"),
    "core.counting": (*_SITUATION, "core.record_rows"),
    "core.matching": (*_SITUATION, "core.filters"),
    "core.writing": (*_SITUATION, "core.matching"),
    "core.sync": (*_SITUATION, "core.matching", "core.writing"),
    "core.advice": (*_SITUATION, "core.counting", "core.matching"),
    "core.suggestions": (*_GROUND, "core.fields", "core.matching"),
    "core.sensitivity": (*_SITUATION, "core.matching", "core.writing", "core.sync"),
    "core.audit": (
        *_SITUATION,
        "core.record_rows",
        "core.counting",
        "core.filters",
        "core.matching",
        "core.writing",
        "core.sync",
        "core.advice",
    ),
    "core.profile": (*_SITUATION, "core.matching", "core.writing", "core.advice.field_facts"),
    "core.explain": (*_GROUND, "core.fields", "core.filters", "core.writing.refusals"),
    "core.comparison": (*_SITUATION, "core.audit.findings"),
    "core.fix_set": (*_SITUATION, "core.matching", "core.writing", "core.sync"),
    "core.replay": ("core",),
    "core.forecast": ("core",),
    "arrow_tables": _WORDS,
    "engine": (*_WORDS, "core.frames", "arrow_tables", "folders"),
    "snapshot": (*_WORDS, "core.keys", "arrow_tables", "folders", "moments", "shapes", "small_files"),
    "portals.rows": (),
    "portals.pages": (*_WORDS, "portals.rows"),
    "portals.metadata_rows": (*_WORDS, "portals.rows"),
    "portals.http": ("messages",),
    "portals.sign_in": ("core.model", "core.settings", "messages", "portals.http", "small_files"),
    "portals.hubspot": (*_WORDS, *_READERS),
    "portals.dataverse": (*_WORDS, "core.lookup_names", *_READERS, "moments"),
    "portals.pull": (
        *_WORDS,
        "core.keys",
        *_READERS,
        "portals.hubspot",
        "portals.dataverse",
        "folders",
        "moments",
        "processes",
        "snapshot",
    ),
    "portals.files": (
        *_WORDS,
        "core.fields",
        "core.keys",
        "messages",
        "moments",
        "portals.rows",
        "portals.metadata_rows",
        "small_files",
        "snapshot",
        "workbooks",
    ),
    "portals.check": (*_WORDS, "core.settings", *_READERS, "portals.hubspot", "portals.dataverse", "portals.pull"),
    "emulator.calls": (),
    "emulator.json_texts": (),
    "emulator.times": (),
    "emulator.routing": ("emulator.calls",),
    "emulator.witness": _WORDS,
    "emulator.world": (*_WORDS, "messages", "shapes", "small_files"),
    "emulator.store": (*_WORDS, "messages", "emulator.calls", "emulator.times", "folders"),
    "emulator.conditions": ("emulator.calls",),
    "emulator.entra": ("emulator.calls", "emulator.routing", "emulator.times", "emulator.conditions"),
    "emulator.hubspot": (*_WORDS, *_PORTAL),
    "emulator.dataverse": (*_WORDS, *_PORTAL, "emulator.entra"),
    "emulator.serving": (
        *_PORTAL,
        "emulator.entra",
        "emulator.hubspot",
        "emulator.dataverse",
        "emulator.world",
        "folders",
        "processes",
    ),
    "report": (*_WORDS, "folders", "processes", "record_urls"),
    "widgets": (*_WORDS, "core.masking", "core.advice.field_facts", "mapping_editor", "report.words"),
    "scenarios": ("core", "engine", "folders", "snapshot", "forecasts", "settings_changes"),
    "settings_changes": (*_GROUND, "core.fields", "core.settings_file"),
    "forecasts": (
        "core",
        "engine",
        "folders",
        "record_urls",
        "report.ladder",
        "shapes",
        "small_files",
        "snapshot",
        "workbooks",
    ),
    "mapping_editor": (
        "core",
        "folders",
        "forecasts",
        "portals.files",
        "report.words",
        "settings_changes",
        "snapshot",
        "workbooks",
    ),
    "verification": (
        *_GROUND,
        "core.fields",
        "core.situation",
        "engine",
        "folders",
        "shapes",
        "small_files",
        "snapshot",
        "forecasts",
        "workbooks",
    ),
    "worklist": (
        *_WORDS,
        "core.advice.missing_options",
        "core.masking",
        "engine",
        "folders",
        "forecasts",
        "messages",
        "record_urls",
        "report.figures",
        "report.forecast_tables",
        "report.words",
        "snapshot",
        "workbooks",
    ),
    "go_live": (
        *_WORDS,
        "core.lookup_names",
        "core.masking",
        "folders",
        "forecasts",
        "record_urls",
        "report.forecast_tables",
        "report.watch_plan",
        "report.work_plan",
        "report.words",
        "verification.sync_health",
        "workbooks",
    ),
    "retention": (
        "folders",
        "forecasts",
        "go_live.pack",
        "moments",
        "rehearsal.rehearsal_folder",
        "small_files",
        "snapshot",
        "verification.verify_folder",
        "worklist",
    ),
    "rehearsal": (
        "core",
        "arrow_tables",
        "engine",
        "folders",
        "messages",
        "moments",
        "processes",
        "shapes",
        "small_files",
        "snapshot",
        "forecasts",
        "verification",
        "portals",
        "emulator.witness",
    ),
    "rehearsal.planning": (
        "core",
        "engine",
        "folders",
        "moments",
        "snapshot",
        "forecasts",
        "rehearsal.lacking",
        "rehearsal.rehearsal_folder",
    ),
    "rehearsal.calibration": (
        "core",
        "engine",
        "folders",
        "moments",
        "shapes",
        "small_files",
        "snapshot",
        "forecasts",
        "emulator.witness",
        "rehearsal.rehearsal_folder",
        "rehearsal.journal",
        "rehearsal.lacking",
        "rehearsal.standing",
        "rehearsal.writing",
    ),
    "rehearsal.lookup_copy": (
        "core",
        "engine",
        "forecasts",
        "portals.pull",
        "snapshot",
        "rehearsal.portal_steps",
        "rehearsal.writing",
    ),
    "rehearsal.mapping_trial": (
        "core",
        "engine",
        "portals.rows",
        "portals.pull",
        "rehearsal.portal_records",
        "rehearsal.rehearsal_folder",
        "rehearsal.standing",
        "rehearsal.tags",
        "rehearsal.writing",
    ),
    "rehearsal.gate": (*_WORDS, *_READERS, "portals.hubspot", "portals.dataverse", "portals.check.lines"),
    "rehearsal.writing": (
        *_WORDS,
        "core.lookup_names",
        *_READERS,
        "portals.hubspot",
        "portals.dataverse",
        "rehearsal.gate",
    ),
    "kit": (
        "core",
        "engine",
        "folders",
        "snapshot",
        "forecasts",
        "portals",
        "emulator",
        "go_live",
        "record_urls",
        "rehearsal",
        "mapping_editor",
        "report",
        "retention",
        "scenarios",
        "settings_changes",
        "small_files",
        "verification",
        "widgets",
        "workbooks",
        "worklist",
    ),
    "cli": ("kit", "folders", "messages", "processes", "small_files"),
}
ROOTS = ("", "core", "portals", "emulator")
"""Folders of packages: they hold no code of their own, and so import nothing."""
MOST_FLOORS_IN_CORE = 12
_FUTURE = "__future__.annotations"
CORE_OUTSIDE = {"numpy", "rapidfuzz"}
"""What `core` may import from outside the standard library: arrays of numbers, likeness of texts."""
OUTSIDE_OF_ROOM = {"core.narwhals_words": {"narwhals"}}
"""What a single module of `core` may import besides."""
CORE_FORBIDDEN = {"os", "pathlib", "io", "shutil", "tempfile", "socket", "subprocess", "time", "random"}
"""What `core` may not import of the standard library: it opens no file and no socket and reads no clock."""

Arrows = Mapping[str, Iterable[str]]
"""What each package imports."""


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
    """What one module imports against the law, one sentence each. Raises KeyError when the law does not know it."""
    if name in ROOTS:
        return [f"{name or PACKAGE} imports {imported}" for imported in imports_of(source) if imported != _FUTURE]
    line = line_of(name)
    return [f"{name} imports {imported}" for imported in imports_of(source) if not _is_allowed(line, imported)]


_USED = re.compile(r"^Where it is used: (.*?)\.(?:\s|$)", re.MULTILINE | re.DOTALL)


def unused_complaints(sources: Mapping[str, str]) -> list[str]:
    """Modules that are said to use another one and do not name it; `sources` are given by module name.

    A package uses what one of its modules does. What is no module is not looked at, such as a function of the kit.
    """
    return [
        f"{name} is not used in {user}"
        for name, source in sources.items()
        for said in _USED.findall(source)
        for user in re.findall(r"`([\w.]+)`", said)
        if (inside := [text for other, text in sources.items() if _is_in(other, user)])
        if not any(_names(text, name) for text in inside)
    ]


def _names(source: str, module: str) -> bool:
    """Whether a source names a module in full, or imports it out of its package."""
    package, _, last = f"{PACKAGE}.{module}".rpartition(".")
    out_of_package = rf"from {re.escape(package)} import (?:\([^)]*|[^\n]*)\b{last}\b"
    return f"{PACKAGE}.{module}" in source or re.search(out_of_package, source) is not None


def notebook_complaints(code: str) -> list[str]:
    """What the code of a notebook imports beside the kit, and the functions that it defines."""
    nodes = list(ast.walk(ast.parse(code)))
    imported = [ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    defined = [f"def {node.name}" for node in nodes if isinstance(node, ast.FunctionDef)]
    return [*(line for line in imported if line != f"from {PACKAGE} import kit"), *defined]


def arrows_of(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """By each package of the law the others that it imports; `sources` are given by module name."""
    arrows: dict[str, set[str]] = {line: set() for line in ALLOWED}
    for name, source in sources.items():
        inside = (one.removeprefix(f"{PACKAGE}.") for one in imports_of(source) if one.startswith(f"{PACKAGE}."))
        if name not in ROOTS:
            arrows[line_of(name)].update(line_of(imported) for imported in inside if _has_line(imported))
    return {line: targets - {line} for line, targets in arrows.items()}


def circle_in(arrows: Arrows) -> list[str]:
    """Packages that import each other, from one back to itself; empty when there are none."""
    done: set[str] = set()

    def follow(package: str, way: list[str]) -> list[str]:
        if package in way:
            return [*way[way.index(package) :], package]
        if package in done:
            return []
        circles = (follow(target, [*way, package]) for target in sorted(arrows.get(package, ())))
        circle = next(filter(None, circles), [])
        done.add(package)
        return circle

    return next(filter(None, (follow(package, []) for package in sorted(arrows))), [])


def floors_of(arrows: Arrows) -> dict[str, int]:
    """The floor each package stands on: 1 when it imports none of the others, else one above the highest of them.

    The arrows must have no circle.
    """
    floors: dict[str, int] = {}

    def floor(package: str) -> int:
        if package not in floors:
            floors[package] = 1 + max((floor(target) for target in arrows[package] if target in arrows), default=0)
        return floors[package]

    for package in arrows:
        floor(package)
    return floors


def line_of(name: str) -> str:
    """The line of the law that holds for a module. Raises KeyError when there is none."""
    fitting = [line for line in ALLOWED if _is_in(name, line)]
    if not fitting:
        raise KeyError(f"the import law says nothing about {name}")
    return max(fitting, key=len)


def _has_line(name: str) -> bool:
    return any(_is_in(name, line) for line in ALLOWED)


def _is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _is_allowed(line: str, imported: str) -> bool:
    if imported in {PACKAGE, f"{PACKAGE}.__version__"}:
        return True
    if imported.startswith(f"{PACKAGE}."):
        return _may_know(line, imported.removeprefix(f"{PACKAGE}."))
    if _is_in(line, "core"):
        top = imported.partition(".")[0]
        return _is_pure(top) or top in OUTSIDE_OF_ROOM.get(line, ())
    return imported != "relative import"


def _may_know(line: str, imported: str) -> bool:
    known = (*_EVERYBODY, line, *ALLOWED[line])
    return any(_is_in(imported, package) for package in known)


def _is_pure(top: str) -> bool:
    return top in CORE_OUTSIDE or (top in sys.stdlib_module_names and top not in CORE_FORBIDDEN)
