"""The words of the report, for people who work in neither system.

Source: `report/glossary.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from dynsync_lib.report.pieces import Piece, render
from dynsync_lib.report.shipped_texts import read_shipped


@cache
def read_glossary() -> Mapping[str, str]:
    """What each word means, in alphabetical order."""
    words: dict[str, str] = read_shipped("glossary.toml")["words"]
    return words


def glossary() -> Piece:
    """Every word with its meaning.

    >>> kit.glossary()
    25 words
    """
    words = read_glossary()
    return Piece(render("facts", facts=list(words.items())), f"{len(words)} words")
