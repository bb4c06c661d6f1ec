"""Names of modules and files that stand in backticks: each must exist, so that nothing is renamed past its readers.

Facts
    * A dotted name begins at the library's root: `core.model.Object`, `kit.pull`; modules of tests begin with `tests.`.
      Classes may stand alone, with an attribute. A rule's id is a name, too; so are attributes of a parameter, and
      what other libraries and vendors name.
    * The name of a Python file may leave out the folders it stands in; `*` stands for anything.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path

_PACKAGE = "dynsync_lib"
_DOTTED = re.compile(r"`([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)(?:\([^`]*\))?`")
_FILE = re.compile(r"`([\w./*-]+\.py|[\w.-]+(?:/[\w.-]+)*/)`")
_IN_FULL = re.compile(r"\bdynsync_lib((?:[.:][A-Za-z]\w*)+)")
_ENDINGS = {
    "toml",
    "csv",
    "json",
    "xlsx",
    "txt",
    "py",
    "md",
    "pem",
    "html",
    "yml",
    "lock",
    "env",
    "parquet",
    "jsonl",
    "key",
    "sql",
    "ipynb",
}
_FOREIGN = {
    *sys.stdlib_module_names,
    *("str", "dict", "loop"),
    *("duckdb", "httpx", "narwhals", "np", "numpy", "nw", "pa", "pandas", "pd", "pl", "polars", "pyarrow", "pyspark"),
    *("api", "crm", "org", "Microsoft"),
}
"""First words of names that belong to Python, to another library or to a vendor."""
_VALUES = {"forecast", "hubspot", "plan", "table"}
"""First words that are a value at hand, such as a column or a cell of a settings file."""


class KnownNames:
    """The names that exist: modules of the library with what stands in them, classes with their attributes, rules."""

    def __init__(self, sources: Mapping[str, str], *, rules: Collection[str], files: Iterable[str]) -> None:
        """`sources` by module name (`core.model`), `rules` are rule ids, `files` the repository's paths."""
        self.modules: dict[str, set[str]] = {"": set()}
        self.classes: dict[str, set[str]] = {}
        self.rules = frozenset(rules)
        self.files = tuple(files)
        for name, source in sources.items():
            self._read(name, ast.parse(source))

    def has_dotted(self, name: str) -> bool:
        """Whether a dotted name of the library, of a class or of a rule exists."""
        parts = name.split(".")
        if name in self.rules or parts[-1] in _ENDINGS or parts[0] in _FOREIGN:
            return True
        if parts[0] in self.classes:
            return parts[1] in self.classes[parts[0]]
        return self.has_module_name(name)

    def has_module_name(self, name: str) -> bool:
        """Whether a dotted name is that of a module, or of something in one."""
        parts = name.split(".")
        for length in range(len(parts), 0, -1):
            module = ".".join(parts[:length])
            if module in self.modules:
                return length == len(parts) or self._has(module, parts[length:])
        return name in self.modules[""]

    def has_file(self, name: str) -> bool:
        """Whether a path, or the end of one, is that of a file or folder of the repository."""
        pattern = f"{name}*" if name.endswith("/") else name
        return any(fnmatch(path, pattern) or fnmatch(path, f"*/{pattern}") for path in self.files)

    def _has(self, module: str, rest: list[str]) -> bool:
        if rest[0] not in self.modules[module]:
            return False
        return len(rest) == 1 or rest[1] in self.classes.get(rest[0], {rest[1]})

    def _read(self, name: str, tree: ast.Module) -> None:
        if name:
            self.modules.setdefault(name, set()).update(_names_of(tree.body))
            self.modules.setdefault(name.rpartition(".")[0], set()).add(name.rpartition(".")[2])
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                self.classes.setdefault(node.name, set()).update(_names_of(node.body), _own_attributes(node))


def name_complaints_of(text: str, known: KnownNames, *, values: Collection[str] = ()) -> list[str]:
    """What stands in backticks in a text and names nothing, one sentence each.

    `values` are the parameters whose attributes the text may speak of.
    """
    at_hand = {*values, *_VALUES}
    names = (name for name in _DOTTED.findall(text) if name.partition(".")[0] not in at_hand)
    dotted = (name for name in names if not known.has_dotted(name))
    files = (name for name in _FILE.findall(text) if not known.has_file(name))
    return [f"`{name}` does not exist" for name in dict.fromkeys([*dotted, *files])]


def string_complaints_of(text: str, known: KnownNames) -> list[str]:
    """What is named in full (`dynsync_lib.` and a name, after a colon perhaps) and does not exist, one sentence each.

    It is for what neither Python nor the type checker reads: `python -m`, modules named in a text, entry points.
    """
    names = (name.replace(":", ".") for name in _IN_FULL.findall(text))
    return [f"{_PACKAGE}{name} does not exist" for name in dict.fromkeys(names) if not known.has_module_name(name[1:])]


def parameters_of(source: str) -> set[str]:
    """The names of all parameters in a Python source."""
    return {node.arg for node in ast.walk(ast.parse(source)) if isinstance(node, ast.arg)}


def known_names(root: Path) -> KnownNames:
    """The names of the repository in this folder."""
    library = root / _PACKAGE
    paths = {path.relative_to(library): path for path in library.rglob("*.py")}
    paths |= {path.relative_to(root): path for path in (root / "tests").rglob("*.py")}
    sources = {".".join(_module_parts(short)): path.read_text(encoding="utf-8") for short, path in paths.items()}
    rules = re.findall(r'^id = "([\w.-]+)"', (library / "rules/behaviour.toml").read_text(encoding="utf-8"), re.M)
    files = [str(path.relative_to(root)) for path in root.rglob("*") if not _is_foreign(path.relative_to(root))]
    return KnownNames(sources, rules=rules, files=[file for file in files if "__pycache__" not in file])


def _is_foreign(path: Path) -> bool:
    return path.parts[0] in {".venv", ".git", "out", "snapshots", "node_modules"}


def _module_parts(path: Path) -> tuple[str, ...]:
    parts = path.with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def _names_of(body: Iterable[ast.stmt]) -> Iterator[str]:
    """The names a module or a class binds, with those under `if TYPE_CHECKING`."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.ImportFrom | ast.Import):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.If):
            yield from _names_of(node.body)


def _own_attributes(node: ast.ClassDef) -> Iterator[str]:
    """What the methods of a class set on `self`."""
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store) and isinstance(one.value, ast.Name):
            yield one.attr
