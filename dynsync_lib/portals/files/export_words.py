"""What the CRMs write over and into the columns of their own exports, in English and German.

Facts
    * The words are `rules/export_words.toml`; the labels of the metadata come first, these only add.
    * Words are compared without case, hyphens and dashes alike, and with one space where there are several.

Where it is used: `portals.files.file_names`, `portals.files.headings`, `portals.files.file_rows`,
`portals.files.association_columns`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Any, Final, Literal

from dynsync_lib.core.fields.catalogue import Field

Language = Literal["english", "german"]
_DASHES: Final = re.compile(r"[\u2010-\u2015\u2212]")


def plain_word(text: str) -> str:
    """A heading or label as it is compared."""
    return " ".join(_DASHES.sub("-", text).split()).casefold()


@dataclass(frozen=True)
class ExportWords:
    """The words, read from their file."""

    tables: Mapping[str, Any]

    @classmethod
    def read(cls, text: str) -> ExportWords:
        """The words in the text of `export_words.toml`."""
        return cls(tomllib.loads(text))

    @classmethod
    def shipped(cls) -> ExportWords:
        """The words the kit ships."""
        return cls.read((resources.files("dynsync_lib") / "rules" / "export_words.toml").read_text(encoding="utf-8"))

    @cached_property
    def do_not_modify(self) -> tuple[str, ...]:
        """What Dynamics writes before the headings of columns that must stay."""
        return tuple(f"{plain_word(word)} " for word in self.tables["do_not_modify"])

    def id_headings(self, table: str) -> frozenset[str]:
        """The headings over the record id of a table."""
        return frozenset(map(plain_word, self.tables["ids"].get(table, ())))

    def file_words(self, table: str) -> frozenset[str]:
        """Words in a file's name that say it holds the table."""
        return frozenset(self.tables["file_words"].get(table, ()))

    def field_headings(self, field: Field) -> dict[str, Language]:
        """Further headings of a field, and whose language they are."""
        found: dict[str, Language] = {}
        languages: tuple[Language, ...] = ("english", "german")
        for language in languages:
            of_object = self.tables[language].get(field.system.value, {}).get(field.object.value, {})
            for word in of_object.get(field.name, ()):
                found.setdefault(plain_word(word), language)
        return found

    def option_labels(self, field: Field) -> dict[str, str]:
        """The stored value by each label that people may see: those of the metadata first, then the German ones."""
        labels = {plain_word(option.label): option.value for option in field.options}
        key = f"{field.system.value}.{field.object.value}.{field.name}"
        for value, label in self.tables["german_options"].get(key, {}).items():
            labels.setdefault(plain_word(label), value)
        return labels

    def yes_no(self, field: Field) -> dict[str, str]:
        """`true` or `false` by each word for it."""
        own = self.tables["yes_no_of_columns"].get(field.name, {})
        words = {plain_word(word): "true" for word in (*self.tables["yes_no"]["yes"], *own.get("yes", ()))}
        words |= {plain_word(word): "false" for word in (*self.tables["yes_no"]["no"], *own.get("no", ()))}
        for option in field.options:
            if option.value.lower() in {"true", "false", "1", "0"}:
                words[plain_word(option.label)] = "true" if option.value.lower() in {"true", "1"} else "false"
        return words

    @cached_property
    def _association_kinds(self) -> Mapping[str, str]:
        return {plain_word(word): kind for kind, words in self.tables["associations"].items() for word in words}

    def association_of(self, heading: str) -> tuple[str, str | None] | None:
        """What a column of associated records holds: a kind of `[associations]`, and the label in brackets, if any.

        None for every other column.
        """
        kinds = self._association_kinds
        plain = plain_word(heading)
        if plain in kinds:
            return kinds[plain], None
        labelled = re.fullmatch(r"(?P<start>.+?) \((?P<label>.+)\)", " ".join(heading.split()))
        if labelled is None or plain_word(labelled["start"]) not in kinds:
            return None
        kind = kinds[plain_word(labelled["start"])]
        return (kind, labelled["label"]) if kind.endswith("_ids") else None
