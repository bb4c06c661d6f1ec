"""What the go-live pack says that no forecast counts, as data.

Where it is used: `go_live.sheets`, `go_live.rollback`. Source: `go_live/texts.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal

Part = Literal["create_only", "cannot_undo", "right", "embed", "drill"]


@cache
def _document() -> Mapping[str, Any]:
    text = (resources.files("dynsync_lib.go_live") / "texts.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def read_texts(part: Part) -> tuple[Mapping[str, Any], ...]:
    """The entries of one part, in the order of the file."""
    return tuple(_document()[part])
