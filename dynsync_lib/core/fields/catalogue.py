"""What fields the two systems have: one frozen `Field` per HubSpot property and Dynamics column.

Facts
    * HubSpot's types and Dataverse's types keep their own names; `core.fields.mappings` judges pairs of them (5.A).
    * Files without metadata are described by `rules/standard_schema.toml`; `standard` says so, the report repeats it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dynsync_lib.core.lookup_names import lookup_of
from dynsync_lib.core.model import Object, System, nearest
from dynsync_lib.core.tables import stored_object


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: `value` is what is stored, `label` what people see."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One property or column.

    None means the vendor states nothing; see `core.tables.PROPERTIES` and `core.tables.COLUMNS`.
    """

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
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All fields, by (system, object, name). `standard` is true for a side described by the shipped schema."""

    fields: Mapping[tuple[System, Object, str], Field]
    standard: Mapping[System, bool] = field(default_factory=dict)

    def find(self, system: System, object_: Object, name: str) -> Field | None:
        """The field of that name, or None. A lookup is found as `parentcustomerid` and as `_parentcustomerid_value`.

        Leads are contacts in HubSpot, and so are their properties (1.7).
        """
        return self.fields.get((system, stored_object(object_, system), lookup_of(name)))

    def names(self, system: System, object_: Object) -> tuple[str, ...]:
        """The names of one object's fields, sorted."""
        wanted = (system, stored_object(object_, system))
        return tuple(sorted(name for side, owner, name in self.fields if (side, owner) == wanted))

    def say_unknown(self, system: System, object_: Object, name: str) -> str:
        """What follows `jobtitel` is, or which is: that no field has the name, and the nearest name that one has.

        Where nobody listed the side's fields it says so, as the name may be right.
        """
        thing, things = _FIELD_WORDS[system]
        unlisted = f" that is known here: {system} delivered no list of its {things}"
        known = unlisted if self.standard.get(system, False) else ""
        return f"no {object_} {thing} of {system}{known}.{nearest(name, self.names(system, object_))}"


_FIELD_WORDS: Final = {System.HUBSPOT: ("property", "properties"), System.DYNAMICS: ("column", "columns")}


def build_catalogue(
    properties: Iterable[Mapping[str, Any]],
    columns: Iterable[Mapping[str, Any]],
    *,
    standard: Mapping[System, bool] | None = None,
) -> Catalogue:
    """The catalogue out of rows like `core.tables.PROPERTIES` and `core.tables.COLUMNS`.

    Rows of objects the kit does not know are left out. Text such as `true` or `100` stands for its value, as in CSV
    files; what cannot be read as flag, number or options counts as not stated: metadata is customer data, too.
    """
    known = {object_.value for object_ in Object}
    fields = [_property_field(row) for row in properties if row["object"] in known]
    fields += [_column_field(row) for row in columns if row["object"] in known]
    return Catalogue({(field_.system, field_.object, field_.name): field_ for field_ in fields}, dict(standard or {}))


def _property_field(row: Mapping[str, Any]) -> Field:
    return Field(
        System.HUBSPOT,
        Object(row["object"]),
        row["name"],
        row.get("label") or row["name"],
        row.get("type") or "",
        format=row.get("field_type"),
        options=_options(row.get("options")),
        read_only=_flag(row.get("read_only")) or _flag(row.get("calculated")) or _is_computed(row.get("field_type")),
        length=_whole(row.get("length")),
        unique=_flag(row.get("unique")),
    )


def _is_computed(field_type: object) -> bool:
    """Whether HubSpot works the property out by itself: calculations, rollups and scores (5.A, 9.19)."""
    return str(field_type or "").startswith("calculation")


def _column_field(row: Mapping[str, Any]) -> Field:
    return Field(
        System.DYNAMICS,
        Object(row["object"]),
        row["name"],
        row.get("label") or row["name"],
        row.get("type") or "",
        format=row.get("format"),
        options=_options(row.get("options")),
        read_only=_flag(row.get("read_only")),
        required=row.get("required") or "None",
        length=_whole(row.get("length")),
        min_value=_number(row.get("min_value")),
        max_value=_number(row.get("max_value")),
        targets=tuple(part for part in str(row.get("targets") or "").split(";") if part),
        behavior=row.get("behavior"),
    )


def _options(value: object) -> tuple[Option, ...]:
    try:
        rows: Any = json.loads(value) if isinstance(value, str) else value
        return tuple(Option(str(row["value"]), str(row["label"])) for row in rows or ())
    except (ValueError, RecursionError, TypeError, KeyError):
        return ()


def _flag(value: object) -> bool:
    return value is True or str(value).strip().lower() in {"true", "1"}


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _number(value: object) -> float | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if abs(number) != float("inf") and number == number else None
