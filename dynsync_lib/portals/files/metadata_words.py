"""Words of both vendors for metadata: headings, objects, types, yes and no, how much a column is required.

Facts
    * The words are `rules/metadata_words.toml`, compared in lower case without anything but letters and digits.

Where it is used: `portals.files.metadata_files`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


def plain_word(text: str) -> str:
    """The letters and digits of a text, in lower case."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


@dataclass(frozen=True, slots=True)
class MetadataWords:
    """Each maps a plain word to what it means.

    `headings`: a column of the tables of metadata. `not_writable`: for headings of the APIs, the answer that means
    read-only. `types`: by table of metadata, the type and its shape (HubSpot's field type, Dataverse's format).
    """

    headings: Mapping[str, str]
    not_writable: Mapping[str, bool]
    objects: Mapping[str, str]
    flags: Mapping[str, bool]
    required: Mapping[str, str]
    types: Mapping[str, Mapping[str, tuple[str, str | None]]]


@cache
def shipped_words() -> MetadataWords:
    """The words the kit ships."""
    text = (resources.files("dynsync_lib") / "rules" / "metadata_words.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)
    flags = dict.fromkeys(map(plain_word, told["flags"]["yes"]), True)
    flags |= dict.fromkeys(map(plain_word, told["flags"]["no"]), False)
    levels = {word: "SystemRequired" if is_yes else "None" for word, is_yes in flags.items()}
    return MetadataWords(
        headings=_meanings(told["headings"]),
        not_writable={word: flags[answer] for word, answer in told["not_writable"].items()},
        objects=_meanings(told["objects"]),
        flags=flags,
        required={**levels, **_meanings(told["required"])},
        types={table: _types(words) for table, words in told["types"].items()},
    )


def _meanings(words: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """What each word means; a meaning's own name is a word, too."""
    named = {plain_word(meaning): meaning for meaning in words}
    return named | {plain_word(word): meaning for meaning, told in words.items() for word in told}


def _types(words: Mapping[str, Any]) -> dict[str, tuple[str, str | None]]:
    found: dict[str, tuple[str, str | None]] = {}
    for meaning, told in words.items():
        type_, _, shape = meaning.partition(" ")
        own = [] if shape else [type_]
        found |= {plain_word(word): (type_, shape or None) for word in [*own, *told]}
    return found
