"""What the fields mean that both CRMs have out of the box, whatever an admin calls them today.

Facts
    * Two standard fields of one object with one meaning belong together; two with different ones never do.
    * Leads are HubSpot contacts, and so are their properties (1.7).

Source: rules/field_meanings.toml.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import translate
from typing import Any

from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.model import Object, System

_Key = tuple[System, Object, str]


@dataclass(frozen=True, slots=True)
class Meanings:
    """`by_field` are the meanings of standard fields; `alone` says by system which names have no partner anywhere."""

    by_field: Mapping[_Key, str]
    alone: Mapping[System, re.Pattern[str]]

    def of(self, field: Field) -> str | None:
        """The meaning of a standard field; None for a field of the customer's own."""
        return self.by_field.get((field.system, field.object, field.name))

    def is_alone(self, field: Field) -> bool:
        """Whether the vendor made the field for itself, so that no field of the other system corresponds to it."""
        return self.of(field) is None and self.alone[field.system].match(field.name) is not None


def read_meanings(text: str) -> Meanings:
    """The meanings out of the text of rules/field_meanings.toml."""
    tables: dict[str, Any] = tomllib.loads(text)
    by_field = {
        (system, Object(object_), name): meaning
        for system in System
        for object_, fields in tables[system.value].items()
        for name, meaning in fields.items()
    }
    return Meanings(by_field, {system: _any_of(tables["alone"][system.value]) for system in System})


def _any_of(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, patterns)))
