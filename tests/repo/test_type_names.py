"""The emulator names each Dataverse column type once: in the row of its table."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from dynsync_lib.emulator.dataverse.column_types import COLUMN_TYPES

EMULATOR = Path(__file__).resolve().parents[2] / "dynsync_lib/emulator"
_NAMES = re.compile(rf"({'|'.join(COLUMN_TYPES)})(?:Type|AttributeMetadata)?")


def type_name_complaints(sources: Iterable[str]) -> list[str]:
    """Names of column types that stand in more or fewer than one string of these sources.

    Docstrings do not count, nor do keys in brackets: the JSON of an option has a `State`, too.
    """
    nodes = [node for source in sources for node in ast.walk(ast.parse(source))]
    keys = {id(node.slice) for node in nodes if isinstance(node, ast.Subscript)}
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and id(node) not in keys]
    matches = (_NAMES.fullmatch(text) for text in texts if isinstance(text, str))
    counts = Counter(match[1] for match in matches if match)
    return [f"{name} stands {counts[name]} times" for name in COLUMN_TYPES if counts[name] != 1]


def _sources() -> list[str]:
    """The emulator's code for Dataverse."""
    paths = sorted((EMULATOR / "dataverse").rglob("*.py"))
    return [path.read_text(encoding="utf-8") for path in paths]


def test_each_column_type_is_named_once() -> None:
    assert type_name_complaints(_sources()) == []


def test_check_of_column_types_sees_a_second_list() -> None:
    second = '"""Lookup and Owner."""\nNUMBERS = {"Money", "Edm.Boolean"}\nTEXT = "StringAttributeMetadata"\n'
    assert type_name_complaints([*_sources(), second]) == ["String stands 2 times", "Money stands 2 times"]
