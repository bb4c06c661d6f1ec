"""Dataverse's column metadata as rows of `dynamics/columns`.

Facts
    * What only some kinds of columns have (length, range, options, targets) is read by a cast to that kind
      (portal-apis 6.4).
    * Virtual columns that accompany another column (`AttributeOf`) are left out; of the other virtual ones only those
      for several choices can be read. Option labels come in the language of the application user.
    * A column for several choices differs from other virtual ones by its type name, which becomes its `format` here.
    * Flags have no options here: their values are `true` and `false`.

Where it is used: `portals.dataverse.reader`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core.model import Object
from dynsync_lib.portals.metadata_rows import LOOKUP_TYPES

_NOT_SELECTABLE: Final = frozenset({"Virtual", "ManagedProperty", "EntityName", "PartyList", "CalendarRules"})
_MULTI_SELECT: Final = "MultiSelectPicklistType"


@dataclass(frozen=True, slots=True)
class ColumnKind:
    """One kind of column: the name of its cast, the column types it covers, the query of its metadata, and the reader.

    `read` makes the entries of a row like `core.tables.COLUMNS` that only this kind has.
    """

    name: str
    types: frozenset[str]
    query: str
    read: Callable[[Mapping[str, Any]], dict[str, Any]]

    @property
    def cast(self) -> str:
        """The cast as a part of a path."""
        return f"Microsoft.Dynamics.CRM.{self.name}AttributeMetadata"


def column_row(object_: Object, attribute: Mapping[str, Any]) -> dict[str, Any]:
    """A row like `core.tables.COLUMNS` with the entries that every column has, from the column's metadata."""
    name = str(attribute["LogicalName"])
    type_name = (attribute.get("AttributeTypeName") or {}).get("Value")
    writable = attribute.get("IsValidForCreate") or attribute.get("IsValidForUpdate")
    return {
        "object": object_.value,
        "name": name,
        "label": _label(attribute.get("DisplayName")) or name,
        "type": attribute.get("AttributeType"),
        "format": type_name if type_name == _MULTI_SELECT else None,
        "read_only": not writable,
        "required": (attribute.get("RequiredLevel") or {}).get("Value") or "None",
    }


def describe_column(kind: ColumnKind, attribute: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of a row like `core.tables.COLUMNS` that only columns of this kind have."""
    return kind.read(attribute)


def is_selectable(attribute: Mapping[str, Any]) -> bool:
    """Whether the column can be read from rows."""
    if (attribute.get("AttributeTypeName") or {}).get("Value") == _MULTI_SELECT:
        return True
    return attribute.get("AttributeType") not in _NOT_SELECTABLE


def _text(attribute: Mapping[str, Any]) -> dict[str, Any]:
    named = (attribute.get("FormatName") or {}).get("Value")
    return {"length": attribute.get("MaxLength"), "format": named or attribute.get("Format")}


def _range(attribute: Mapping[str, Any]) -> dict[str, Any]:
    format_ = attribute.get("Format")
    return {
        "min_value": attribute.get("MinValue"),
        "max_value": attribute.get("MaxValue"),
        "format": None if format_ == "None" else format_,
    }


def _options(attribute: Mapping[str, Any]) -> dict[str, Any]:
    chosen = attribute.get("OptionSet") or attribute.get("GlobalOptionSet") or {}
    return {
        "options": [
            {"value": str(option.get("Value")), "label": _label(option.get("Label")) or str(option.get("Value"))}
            for option in chosen.get("Options") or ()
        ]
    }


def _targets(attribute: Mapping[str, Any]) -> dict[str, Any]:
    return {"targets": ";".join(attribute.get("Targets") or ()) or None}


def _moment(attribute: Mapping[str, Any]) -> dict[str, Any]:
    return {"format": attribute.get("Format"), "behavior": (attribute.get("DateTimeBehavior") or {}).get("Value")}


def _label(label: Mapping[str, Any] | None) -> str | None:
    localized = (label or {}).get("UserLocalizedLabel") or {}
    text = localized.get("Label")
    return None if text is None else str(text)


_SETS: Final = "$select=LogicalName&$expand=OptionSet($select=Options)"
_GLOBAL_SETS: Final = f"{_SETS},GlobalOptionSet($select=Options)"
_NUMBERS: Final = "$select=LogicalName,MinValue,MaxValue"
KINDS: Final = (
    ColumnKind("String", frozenset({"String"}), "$select=LogicalName,MaxLength,FormatName", _text),
    ColumnKind("Memo", frozenset({"Memo"}), "$select=LogicalName,MaxLength,Format", _text),
    ColumnKind("Integer", frozenset({"Integer"}), f"{_NUMBERS},Format", _range),
    ColumnKind("BigInt", frozenset({"BigInt"}), _NUMBERS, _range),
    ColumnKind("Decimal", frozenset({"Decimal"}), _NUMBERS, _range),
    ColumnKind("Double", frozenset({"Double"}), _NUMBERS, _range),
    ColumnKind("Money", frozenset({"Money"}), _NUMBERS, _range),
    ColumnKind("Picklist", frozenset({"Picklist"}), _GLOBAL_SETS, _options),
    ColumnKind("MultiSelectPicklist", frozenset({"Virtual"}), _GLOBAL_SETS, _options),
    ColumnKind("State", frozenset({"State"}), _SETS, _options),
    ColumnKind("Status", frozenset({"Status"}), _SETS, _options),
    ColumnKind("Lookup", LOOKUP_TYPES, "$select=LogicalName,Targets", _targets),
    ColumnKind("DateTime", frozenset({"DateTime"}), "$select=LogicalName,Format,DateTimeBehavior", _moment),
)
