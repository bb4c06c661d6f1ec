"""Words of both vendors for metadata: headings, objects, types, yes and no, whether a column is required.

Facts
    * The words are in `rules/metadata_words.toml`; only their letters and digits are compared, in lower case.

Where it is used: `portals.files.metadata_files`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


def letters_and_digits(text: str) -> str:
    """The letters and digits of a text, in lower case."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


@dataclass(frozen=True, slots=True)
class MetadataWords:
    """What words mean, by their letters and digits (`letters_and_digits`).

    `headings` gives columns of PROPERTIES and COLUMNS, `objects` the kit's objects, `flags` yes or no, `required`
    Dataverse's levels. `not_writable` gives, for headings of the APIs, the answer that means read-only. `types` gives,
    for "properties" and "columns", the type and its form (HubSpot's field type, Dataverse's format; None for a type of
    one form).
    """

    headings: Mapping[str, str]
    not_writable: Mapping[str, bool]
    objects: Mapping[str, str]
    flags: Mapping[str, bool]
    required: Mapping[str, str]
    types: Mapping[str, Mapping[str, tuple[str, str | None]]]


@cache
def shipped_words() -> MetadataWords:
    """The words that the kit ships, read once."""
    text = (resources.files("dynsync_lib") / "rules" / "metadata_words.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    flags = dict.fromkeys(map(letters_and_digits, tables["flags"]["yes"]), True)
    flags |= dict.fromkeys(map(letters_and_digits, tables["flags"]["no"]), False)
    levels = {word: "SystemRequired" if is_yes else "None" for word, is_yes in flags.items()}
    return MetadataWords(
        headings=_meanings(tables["headings"]),
        not_writable={word: flags[answer] for word, answer in tables["not_writable"].items()},
        objects=_meanings(tables["objects"]),
        flags=flags,
        required={**levels, **_meanings(tables["required"])},
        types={table: _types(words) for table, words in tables["types"].items()},
    )


def _meanings(words: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """The meaning by each word; a meaning's own name is one of its words."""
    named = {letters_and_digits(meaning): meaning for meaning in words}
    return named | {letters_and_digits(word): meaning for meaning, synonyms in words.items() for word in synonyms}


def _types(words: Mapping[str, Any]) -> dict[str, tuple[str, str | None]]:
    types: dict[str, tuple[str, str | None]] = {}
    for meaning, synonyms in words.items():
        type_, _, shape = meaning.partition(" ")
        own = [] if shape else [type_]
        types |= {letters_and_digits(word): (type_, shape or None) for word in [*own, *synonyms]}
    return types
