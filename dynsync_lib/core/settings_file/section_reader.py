"""Sections, flags, choices, names and texts of a settings document, read with a fault for whatever is something else.

Facts
    * Nothing is raised: each fault is kept with its line, and reading goes on with the default.
    * Environment variables are named, never shown: what stands there by mistake may be the secret itself.

Where it is used: `core.settings_file.reader`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from dynsync_lib.core.model import nearest
from dynsync_lib.core.settings_file.known_keys import CHOICES, FLAGS_WITHOUT_DEFAULT
from dynsync_lib.core.settings_file.toml_lines import TomlLines

_VARIABLE: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_LEAST: Final = {"windows": 1}
"""The least of whole numbers that cannot be 0."""


class SectionReader:
    """What all sections share. `faults` are (line, sentence)."""

    def __init__(self, lines: TomlLines, file: str) -> None:
        self.lines, self.file = lines, file
        self.faults: list[tuple[int, str]] = []

    def _table(self, parent: Mapping[str, Any], key: str, path: tuple[str, ...]) -> Mapping[str, Any]:
        table = parent.get(key, {})
        if isinstance(table, dict):
            return table
        self._fault((*path, key), f"`{key}` must be a section, written as [{'.'.join((*path, key))}].")
        return {}

    def _flag(self, table: Mapping[str, Any], key: str, path: tuple[str, ...], *, default: bool = True) -> bool:
        value = table.get(key, default)
        return value if self._fits(value, True, (*path, key)) else default

    def _choice(
        self, table: Mapping[str, Any], key: str, choices: list[Any], path: tuple[str, ...], *, default: str
    ) -> str:
        value = table.get(key, default)
        return value if self._is_choice(value, [str(choice) for choice in choices], (*path, key)) else default

    def _is_choice(self, value: object, choices: Iterable[str], path: tuple[str, ...]) -> bool:
        allowed = list(choices)
        if isinstance(value, str) and value in allowed:
            return True
        near = nearest(str(value), allowed)
        self._fault(path, f"`{path[-1]}` is {value!r}; allowed are {', '.join(allowed)}.{near}")
        return False

    def _names(self, table: Mapping[str, Any], path: tuple[str, ...], what: str) -> tuple[str, ...]:
        """The texts of a list of names; none where it is at fault."""
        names = table.get(path[-1], [])
        if isinstance(names, list) and all(isinstance(name, str) and name for name in names):
            return tuple(names)
        self._fault(path, f"`{path[-1]}` is {names!r}; it must be a list of {what} in quotes.")
        return ()

    def _texts(self, table: Mapping[str, Any], key: str, path: tuple[str, ...]) -> dict[str, str]:
        texts = self._table(table, key, path)
        for name, value in texts.items():
            if not isinstance(value, str | int) or isinstance(value, bool):
                self._fault((*path, key, name), f"`{name}` in `{key}` is {value!r}; it must be text in quotes.")
        return {name: str(value) for name, value in texts.items()}

    def _refuse_unknown(self, table: Mapping[str, Any], known: Iterable[str], path: tuple[str, ...]) -> None:
        names = list(known)
        for key in table:
            if key not in names:
                where = f" in [{'.'.join(path)}]" if path else ""
                near = nearest(key, names) or f" Allowed are {', '.join(names)}."
                self._fault((*path, key), f"`{key}`{where} is no setting.{near}")

    def _fault(self, path: tuple[str, ...], sentence: str) -> None:
        if path[0] == "--set":
            self.faults.append((10**9, f"--set: {sentence}"))
            return
        line = self.lines.line_of(path)
        self.faults.append((line, f"{self.file}, line {line}: {sentence}"))

    def _fits(self, value: object, default: object, path: tuple[str, ...]) -> bool:
        key = path[-1]
        if key in CHOICES:
            return self._is_choice(value, CHOICES[key], path)
        without = bool if key in FLAGS_WITHOUT_DEFAULT else int
        expected = without if default is None else type(default)
        least = _LEAST.get(key, 0)
        if type(value) is expected and not (expected is int and isinstance(value, int) and value < least):
            return not isinstance(value, str) or self._names_no_secret(value, path)
        words = {bool: "true or false", int: f"a whole number, {least} or more", str: "text in quotes"}
        self._fault(path, f"`{key}` is {value!r}; it must be {words[expected]}.")
        return False

    def _names_no_secret(self, value: str, path: tuple[str, ...]) -> bool:
        """Whether a key that names an environment variable does; a secret pasted there is never shown."""
        if not path[-1].endswith("_env") or not value or _VARIABLE.fullmatch(value):
            return True
        says = "is no name of an environment variable, and may be the secret itself, so it is not shown"
        self._fault(path, f"`{path[-1]}` {says}; put the secret into the environment or .env, and its name here.")
        return False
