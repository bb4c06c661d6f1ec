"""Checks of the repository as functions from text to complaints, so that each can be seen to fail."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

MOST_LINES_PER_FILE = 450
MOST_LINES_PER_FUNCTION = 45
MOST_PARAMETERS = 5
CONDA_NAMES = {"duckdb": "python-duckdb", "matplotlib": "matplotlib-base"}
_FORBIDDEN_NAMES = ("utils", "helpers", "manager")
EMPTY_WORDS = frozenset({"told", "one", "found", "met", "made", "given", "place"})
"""Words that stand for whatever was spoken of: no names of variables."""
_HOST = re.compile(r"https?://|--index|--hash|@ file|[a-z0-9-]+\.(?:org|com|io|net)\b")


@lru_cache(maxsize=1)
def parsed(source: str) -> ast.Module:
    """The syntax tree of a source; of the last one it is kept, since several checks in turn look at it."""
    return ast.parse(source)


def environment_complaints(environment: str, project: Mapping[str, Any]) -> list[str]:
    """Where environment.yml and pyproject.toml differ."""
    listed = [one for one in yaml.safe_load(environment)["dependencies"] if isinstance(one, str)]
    conda = {
        name: SpecifierSet(rest.strip()) for name, _, rest in (one.partition(" ") for one in listed) if name != "pip"
    }
    wanted = {"python": SpecifierSet(project["requires-python"])}
    for text in project["dependencies"]:
        requirement = Requirement(text)
        wanted[CONDA_NAMES.get(requirement.name, requirement.name)] = requirement.specifier
    return [
        f"{name}: environment.yml has {conda.get(name)}, pyproject.toml {wanted.get(name)}"
        for name in sorted({*conda, *wanted})
        if conda.get(name) != wanted.get(name)
    ]


def lock_complaints(lock: str, direct: Iterable[str]) -> list[str]:
    """Lines of requirements.lock that name a host or a hash or pin nothing; direct dependencies that are not there."""
    lines = [line for line in lock.splitlines() if line.strip()]
    complaints = [
        f"line {place}: {line}" for place, line in enumerate(lines, 1) if _HOST.search(line) or "==" not in line
    ]
    pinned = {re.split(r"[=\[ ]", line)[0].lower() for line in lines}
    return complaints + [f"{name} is not locked" for name in direct if name.lower() not in pinned]


_REGISTRIES = re.compile(r"\b(?:pypi|pythonhosted|npmjs|debian|conda\.anaconda)\.(?:org|com)\b")


def registry_complaints(name: str, text: str) -> list[str]:
    """Each address of a package registry: packages are named, and every machine knows where it gets them."""
    return [f"{name} names {match[0]}" for match in _REGISTRIES.finditer(text)]


def json_complaints(name: str, source: str) -> list[str]:
    """Each place that expects text which is no JSON, and not text that nests too deep for Python."""
    complaints = []
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Try) and any("json.loads(" in ast.unparse(line) for line in node.body):
            caught = {word.id for handler in node.handlers for word in ast.walk(handler) if isinstance(word, ast.Name)}
            if "ValueError" in caught and "RecursionError" not in caught:
                complaints.append(f"{name}, line {node.lineno}: RecursionError is not caught")
    return complaints


def size_complaints(name: str, source: str) -> list[str]:
    """A file or a function that is too long."""
    complaints = []
    if len(source.splitlines()) > MOST_LINES_PER_FILE:
        complaints.append(f"{name} has {len(source.splitlines())} lines")
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.body[0].lineno + 1
            if lines > MOST_LINES_PER_FUNCTION:
                complaints.append(f"{name}: {node.name} has {lines} lines")
    return complaints


def docstring_complaints(name: str, source: str) -> list[str]:
    """Public modules, classes and functions without a docstring."""
    tree = parsed(source)
    complaints = [] if ast.get_docstring(tree) else [f"{name} has no docstring"]
    told = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    public = [node for node in tree.body if isinstance(node, told) and not node.name.startswith("_")]
    return complaints + [f"{name}: {node.name} has no docstring" for node in public if not ast.get_docstring(node)]


def purity_complaints(name: str, source: str) -> list[str]:
    """Calls of `open` and `print` in a source that may do neither."""
    calls = [node.func for node in ast.walk(parsed(source)) if isinstance(node, ast.Call)]
    names = {call.id for call in calls if isinstance(call, ast.Name)}
    return [f"{name} calls {forbidden}" for forbidden in ("open", "print") if forbidden in names]


def name_complaints(path: str) -> list[str]:
    """File names that say nothing."""
    stem = path.rsplit("/", 1)[-1].removesuffix(".py")
    is_empty = stem in _FORBIDDEN_NAMES or re.search(r"(?:_utils|_helpers|_manager|[a-z]2)$", stem)
    return [f"{path} has a name that explains nothing"] if is_empty else []


def variable_complaints(name: str, source: str) -> list[str]:
    """Variables, parameters and fields of classes whose name says nothing of what they hold."""
    named = []
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            named.append(node.id)
        elif isinstance(node, ast.arg):
            named.append(node.arg)
    return [f"{name}: a variable is called {word}" for word in named if word in EMPTY_WORDS]


def link_complaints(text: str, exists: Any) -> list[str]:
    """Relative links of a page that point nowhere. `exists` says whether a path is there."""
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text)
    return [f"the link to {target} is broken" for target in targets if not exists(target)]


def anchor_complaints(text: str, read: Callable[[str], str]) -> list[str]:
    """Links to headings that are not there. `read` gives the text of the page at a path; the empty path is this one."""
    links = re.findall(r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)", text)
    return [f"the link to {path}#{anchor} is broken" for path, anchor in links if anchor not in _anchors(read(path))]


def _anchors(page: str) -> set[str]:
    """What the headings of a page are called in addresses: lower case, spaces as hyphens, no other signs."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def parameter_complaints(name: str, source: str) -> list[str]:
    """Functions of more than five parameters, and those that take a situation and an object instead of a `Job`."""
    complaints = []
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            named = [argument.arg for argument in arguments if argument.arg not in ("self", "cls")]
            if len(named) > MOST_PARAMETERS:
                complaints.append(f"{name}: {node.name} has {len(named)} parameters")
            if {"situation", "object_"} <= set(named):
                complaints.append(f"{name}: {node.name} takes a situation and an object, not a Job")
    return complaints


def law_complaints(name: str, source: str) -> list[str]:
    """Tests of Hypothesis without `derandomize`, which draw other values each time, or with a deadline, which fail on
    a machine that is busy. Settings under a name of their own, and those made of them, are left to whoever wrote them.
    """
    complaints = []
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.FunctionDef) and any(_calls(decorator, "given") for decorator in node.decorator_list):
            made = [decorator for decorator in node.decorator_list if not _calls(decorator, "given")]
            if not any(isinstance(decorator, ast.Name) or _is_steady(decorator) for decorator in made):
                complaints.append(f"{name}: {node.name} has a deadline, or draws afresh in every run")
    return complaints


def _is_steady(decorator: ast.expr) -> bool:
    if not isinstance(decorator, ast.Call) or not _calls(decorator, "settings"):
        return False
    return bool(decorator.args) or {"deadline", "derandomize"} <= {keyword.arg for keyword in decorator.keywords}


def _calls(decorator: ast.expr, name: str) -> bool:
    return isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == name
