"""The words of the report, for people who work in neither system.

Source: `report/glossary.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from dynsync_lib.report.pieces import Piece, render


@cache
def read_glossary() -> Mapping[str, str]:
    """What each word means, in alphabetical order."""
    text = (resources.files("dynsync_lib.report") / "glossary.toml").read_text(encoding="utf-8")
    words: dict[str, str] = tomllib.loads(text)["words"]
    return words


def glossary() -> Piece:
    """Every word with its meaning.

    >>> kit.glossary()
    25 words
    """
    words = read_glossary()
    return Piece(render("facts", facts=list(words.items())), f"{len(words)} words")
