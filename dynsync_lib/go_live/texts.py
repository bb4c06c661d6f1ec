"""What the go-live pack says that no forecast counts, as data.

Where it is used: `go_live.sheets`. Source: `go_live/texts.toml`, and `rules/set_once_fields.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal

Part = Literal["cannot_undo", "right", "embed", "drill"]


@cache
def _document(folder: str, file: str) -> Mapping[str, Any]:
    return tomllib.loads((resources.files("dynsync_lib") / folder / file).read_text(encoding="utf-8"))


def read_texts(part: Part) -> tuple[Mapping[str, Any], ...]:
    """The entries of one part, in the order of the file."""
    return tuple(_document("go_live", "texts.toml")[part])


def why_set_once(name: str) -> str | None:
    """Why a field is mostly set once, when a record is new; None when it is not. `name` is internal, in lower case."""
    entries = _document("rules", "set_once_fields.toml")["field"]
    return next((entry["why"] for entry in entries if name in entry["names"]), None)
