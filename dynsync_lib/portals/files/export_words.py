"""The headings, labels and words of the CRMs' own exports, in English and German.

Facts
    * The words are in `rules/export_words.toml`; the labels of the metadata come first, these words only add to them.
    * Words are compared without regard to case, kinds of dashes and numbers of spaces.

Where it is used: `portals.files.recognition`, `portals.files.headings`, `portals.files.file_rows`,
`portals.files.association_columns`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any, Final, Literal

from dynsync_lib.core.fields.catalogue import Field, Option
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.portals.files.file_names import words_of

Language = Literal["english", "german"]
_ID_FIELDS: Final = {name: table.id_field for name, table in RECORD_TABLES.items() if table.object is not None}
_DASHES: Final = re.compile(r"[\u2010-\u2015\u2212]")


def plain_word(text: str) -> str:
    """A heading or label in the form in which it is compared: lower case, plain hyphens, single spaces."""
    return " ".join(_DASHES.sub("-", text).split()).casefold()


@dataclass(frozen=True)
class ExportWords:
    """The words by table of their file. Every word that comes out is in the form of `plain_word`."""

    tables: Mapping[str, Any]

    @classmethod
    def read(cls, text: str) -> ExportWords:
        """The words in the text of a file such as `export_words.toml`."""
        return cls(tomllib.loads(text))

    @classmethod
    @cache
    def shipped(cls) -> ExportWords:
        """The words that the kit ships."""
        return cls.read((resources.files("dynsync_lib") / "rules" / "export_words.toml").read_text(encoding="utf-8"))

    @cached_property
    def do_not_modify(self) -> tuple[str, ...]:
        """What Dynamics writes before the headings of columns that people should not change, with a space."""
        return tuple(f"{plain_word(word)} " for word in self.tables["do_not_modify"])

    @cached_property
    def removed(self) -> frozenset[str]:
        """The columns of services that say a record was removed."""
        return frozenset(map(plain_word, self.tables["removed"]))

    def id_headings(self, table: str) -> frozenset[str]:
        """The headings over the record id of a table."""
        return frozenset(map(plain_word, self.tables["ids"].get(table, ())))

    def other_system(self, system: System, headings: Iterable[str]) -> System | None:
        """The other system, where a heading is one over the record ids of its tables and not of this one's."""
        plain = set(map(plain_word, headings))
        ids = {table: self.id_headings(table) | {id_field} for table, id_field in _ID_FIELDS.items()}
        by_system = {side: {word for table in ids if table.startswith(side) for word in ids[table]} for side in System}
        other = System.DYNAMICS if system is System.HUBSPOT else System.HUBSPOT
        return other if plain & (by_system[other] - by_system[system]) else None

    def plain_columns(self, table: str) -> Mapping[str, str]:
        """The internal names by label and by themselves, of a table of which no metadata exists: owners and users."""
        named = self.tables["plain_columns"].get(table, {})
        return {plain_word(word): name for name, words in named.items() for word in (name, *words)}

    def tables_named(self, system: System, stem: str) -> list[str]:
        """The tables of a system whose words stand in a file's name without its ending."""
        named = self.tables["file_words"].items()
        return [table for table, words in named if table.startswith(f"{system}/") and words_of(stem) & set(words)]

    def signs(self, table: str) -> frozenset[str]:
        """The fields that a table has and no other table of its system, in files that are exported."""
        return frozenset(self.tables["signs"].get(table, ()))

    def field_headings(self, field: Field) -> dict[str, Language]:
        """Headings of a field beside its label, and the language of each."""
        headings: dict[str, Language] = {}
        languages: tuple[Language, ...] = ("english", "german")
        for language in languages:
            of_object = self.tables[language].get(field.system.value, {}).get(field.object.value, {})
            for word in of_object.get(field.name, ()):
                headings.setdefault(plain_word(word), language)
        return headings

    def option_labels(self, field: Field) -> dict[str, str]:
        """The stored value by each label: those of the metadata, then the vendors' own.

        A label that several options have stands for none of them.
        """
        labels: dict[str, str] = {}
        twice: set[str] = set()
        for option in field.options:
            label = plain_word(option.label)
            twice |= {label} if labels.setdefault(label, option.value) != option.value else set()
        key = f"{field.system.value}.{field.object.value}.{field.name}"
        known = {option.value for option in field.options}
        for kind in ("english_options", "german_options"):
            for value, label in self.tables[kind].get(key, {}).items():
                if not known or value in known:
                    labels.setdefault(plain_word(label), value)
        return {label: value for label, value in labels.items() if label not in twice}

    def vendor_options(self, field: Field) -> Mapping[str, str]:
        """The options that a field has out of the box, by value; empty when nothing is known of them."""
        key = f"{field.system.value}.{field.object.value}.{field.name}"
        options: Mapping[str, str] = self.tables["english_options"].get(key, {})
        return options

    def vendor_labels(self, system: System, object_: Object, name: str) -> set[str]:
        """The values and labels that a field has out of the box."""
        key = f"{system.value}.{object_.value}.{name}"
        kinds = (self.tables[kind].get(key, {}) for kind in ("english_options", "german_options"))
        return {plain_word(word) for options in kinds for pair in options.items() for word in pair}

    def yes_no(self, name: str, options: Iterable[Option] = ()) -> dict[str, str]:
        """`true` or `false` by each word for it, of the column of that name with these options."""
        own = self.tables["yes_no_of_columns"].get(name, {})
        words = {plain_word(word): "true" for word in (*self.tables["yes_no"]["yes"], *own.get("yes", ()))}
        words |= {plain_word(word): "false" for word in (*self.tables["yes_no"]["no"], *own.get("no", ()))}
        for option in options:
            if option.value.lower() in {"true", "false", "1", "0"}:
                words[plain_word(option.label)] = "true" if option.value.lower() in {"true", "1"} else "false"
        return words

    @cached_property
    def lookup_tables(self) -> Mapping[str, str]:
        """Dynamics' tables that lookups point to, by the words and numbers that services write for them."""
        named = {plain_word(word): table for table, words in self.tables["lookup_tables"].items() for word in words}
        return named | {table: table for table in self.tables["lookup_tables"]}

    @cached_property
    def left_owners(self) -> tuple[str, ...]:
        """What HubSpot writes behind the names of owners that left."""
        return tuple(map(plain_word, self.tables["left_owners"]))

    @cached_property
    def _association_kinds(self) -> Mapping[str, str]:
        return {plain_word(word): kind for kind, words in self.tables["associations"].items() for word in words}

    @cached_property
    def _primary_labels(self) -> frozenset[str]:
        return frozenset(map(plain_word, self.tables["association_labels"]["primary"]))

    def association_of(self, heading: str) -> tuple[str, str | None] | None:
        """What a column of associated records holds; None for every other column.

        A kind of `[associations]` in the file of words, and the association label in brackets, if the heading has one.
        A label that means the primary company is part of the kind.
        """
        kinds = self._association_kinds
        plain = plain_word(heading)
        if plain in kinds:
            return kinds[plain], None
        labelled = re.fullmatch(r"(?P<start>.+?) \((?P<label>.+)\)", " ".join(heading.split()))
        if labelled is None or plain_word(labelled["start"]) not in kinds:
            return None
        kind = kinds[plain_word(labelled["start"])]
        if plain_word(labelled["label"]) in self._primary_labels and "company" in kind:
            return f"primary_{kind.removeprefix('primary_')}", None
        return (kind, labelled["label"]) if kind.endswith("_ids") else None

    def association_property(self, object_: str, name: str) -> str | None:
        """`primary_company_ids` for a property that holds the primary company's id; None for every other property."""
        return "primary_company_ids" if name in self.tables["association_properties"].get(object_, ()) else None
