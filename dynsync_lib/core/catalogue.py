"""What fields the two systems have: one frozen `Field` per HubSpot property and Dynamics column.

Facts
    * HubSpot's types and Dataverse's types keep their own names; `core.mapping` judges pairs of them (5.A).
    * Files without metadata are described by `rules/standard_schema.toml`; `standard` says so, the report repeats it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dynsync_lib.core.model import Object, System


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: `value` is what is stored, `label` what people see."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One property or column. None means the vendor states nothing; see `model.PROPERTIES` and `model.COLUMNS`."""

    system: System
    object: Object
    name: str
    label: str
    type: str
    format: str | None = None
    options: tuple[Option, ...] = ()
    read_only: bool = False
    required: str = "None"
    length: int | None = None
    min_value: float | None = None
    max_value: float | None = None
    targets: tuple[str, ...] = ()
    behavior: str | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All fields, by (system, object, name). `standard` is true for a side described by the shipped schema."""

    fields: Mapping[tuple[System, Object, str], Field]
    standard: Mapping[System, bool] = field(default_factory=dict)

    def find(self, system: System, object_: Object, name: str) -> Field | None:
        """The field of that name, or None. A lookup is found as `parentcustomerid` and as `_parentcustomerid_value`."""
        bare = name.removeprefix("_").removesuffix("_value") if name.startswith("_") else name
        return self.fields.get((system, object_, bare))

    def names(self, system: System, object_: Object) -> tuple[str, ...]:
        """The names of one object's fields, sorted."""
        return tuple(sorted(name for side, owner, name in self.fields if (side, owner) == (system, object_)))
