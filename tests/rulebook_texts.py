"""The shipped rule files, read once for all tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import dynsync_lib
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.rulebook_reading import read_rulebook

RULES = Path(dynsync_lib.__file__).parent / "rules"


def shipped_texts() -> dict[str, str]:
    """File name to text of everything in `dynsync_lib/rules/`."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(RULES.iterdir()) if path.is_file()}


@cache
def shipped_rulebook() -> Rulebook:
    """The rulebook that the kit ships."""
    return read_rulebook(shipped_texts())
