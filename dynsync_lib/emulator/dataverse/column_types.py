"""Columns of Dataverse tables: their types, how values are printed, and how filters see them (portal-apis 6.2).

Facts
    * A lookup is asked for and printed as `_name_value`; without underscores it is unknown (6.2).
    * Whole numbers, choices and states are JSON numbers, decimals and money too, flags are true or false.
    * For people choices and flags have their label, several choices their labels joined by `; `, whole numbers
      thousands separators, moments `2/1/2024 10:30 AM`.
    * Several choices are one text of numbers, `1,9`. In metadata such a column is Virtual, and its type name says what
      it is; other virtual columns cannot be selected (6.4).

Not modelled
    * The caller's language, number format and time zone: here English, United States, UTC. Signs of currencies.

Where it is used: `emulator.dataverse.rows`, `emulator.dataverse.filter`, `emulator.dataverse.metadata`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from dynsync_lib.emulator.calls import Reply, is_true, json_reply
from dynsync_lib.emulator.dataverse.names import Entity
from dynsync_lib.emulator.store.database import quoted
from dynsync_lib.emulator.store.records import Store
from dynsync_lib.emulator.times import moment_ms

_WHOLE: Final = frozenset({"Integer", "BigInt", "Picklist", "State", "Status"})
_DECIMAL: Final = frozenset({"Decimal", "Double", "Money"})
LOOKUPS: Final = frozenset({"Lookup", "Customer", "Owner"})
SEVERAL_CHOICES: Final = "MultiSelectPicklist"
_MARK: Final = "\x00"
_MARK_JSON: Final = b"\\u0000"
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_TIMES: Final = {"createdon": "DateTime", "modifiedon": "DateTime"}
_OWN_COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    "systemuser": {
        "systemuserid": "Uniqueidentifier",
        "fullname": "String",
        "internalemailaddress": "String",
        "domainname": "String",
        "isdisabled": "Boolean",
        **_TIMES,
    },
    "team": {"teamid": "Uniqueidentifier", "name": "String", "isdefault": "Boolean", **_TIMES},
    "organization": {
        "organizationid": "Uniqueidentifier",
        "name": "String",
        "languagecode": "Integer",
        "isauditenabled": "Boolean",
        "basecurrencyid": "Lookup",
        **_TIMES,
    },
    "transactioncurrency": {
        "transactioncurrencyid": "Uniqueidentifier",
        "currencyname": "String",
        "isocurrencycode": "String",
        "currencyprecision": "Integer",
        "exchangerate": "Decimal",
        "statecode": "State",
        **_TIMES,
    },
}
"""The columns of the tables that a world does not describe, and their types."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column as asked for: `name` in JSON, the column of the world that holds it, its metadata row."""

    name: str
    stored: str
    type: str
    row: Mapping[str, str | None] = field(compare=False)

    @property
    def logical(self) -> str:
        """Its logical name, which for lookups is not the one it is asked for by."""
        return str(self.row.get("name") or self.name)

    @property
    def is_lookup(self) -> bool:
        """Whether it points to another row."""
        return self.type in LOOKUPS

    @property
    def targets(self) -> tuple[str, ...]:
        """The tables it may point to; none when it is no lookup."""
        return tuple(part for part in (self.row.get("targets") or "").split(";") if part)

    @property
    def default_target(self) -> str:
        """The table it points to when a row does not say."""
        return self.targets[0] if self.targets else "account"

    @property
    def type_stored(self) -> str:
        """The column of the world that says where a lookup points; empty when it is no lookup."""
        return f"{self.stored.removesuffix('_value')}_type" if self.is_lookup else ""

    def options(self) -> dict[str, str]:
        """Label by value; empty when it is no choice."""
        return {str(one["value"]): one["label"] for one in json.loads(self.row.get("options") or "[]")}

    def json(self, text: str | None) -> Any:
        """A value as Dataverse prints it."""
        if text is None:
            return None
        if self.type == "Boolean":
            return is_true(text)
        return _number(text, whole=self.type in _WHOLE) if self.type in _WHOLE | _DECIMAL else text


def columns_of(store: Store, entity: Entity) -> dict[str, Column]:
    """Every column of a table that can be selected, by the name that selects it."""
    found = {}
    for row in metadata_rows(store, entity):
        type_ = column_type(row)
        if type_ not in ("Virtual", "PartyList"):
            name = f"_{row['name']}_value" if type_ in LOOKUPS else str(row["name"])
            found[name] = Column(name, name, type_, row)
    found.setdefault(entity.key, Column(entity.key, entity.key, "Uniqueidentifier", {}))
    return found


def column_type(row: Mapping[str, str | None]) -> str:
    """The type of a metadata row; of a virtual column for several choices that one."""
    is_several = row["type"] == "Virtual" and row.get("format") == f"{SEVERAL_CHOICES}Type"
    return SEVERAL_CHOICES if is_several else str(row["type"])


def metadata_rows(store: Store, entity: Entity) -> list[Mapping[str, str | None]]:
    """The rows of the world's metadata that describe a table."""
    if entity.object is None:
        return [
            {
                "object": None,
                "name": name,
                "type": type_,
                "targets": "transactioncurrency" if type_ in LOOKUPS else None,
            }
            for name, type_ in _OWN_COLUMNS[entity.logical].items()
        ]
    return [row for row in store.metadata.get("dynamics/columns", ()) if row["object"] == entity.object]


def comparable_sql(column: Column) -> str:
    """What SQL compares and sorts by: numbers, flags and moments by their value, texts without case."""
    name = quoted(column.stored)
    if column.type in _WHOLE | _DECIMAL:
        return f"CAST({name} AS REAL)"
    if column.type == "Boolean":
        return f"(fold({name}) IN ('true', '1'))"
    return f"moment_ms({name})" if column.type == "DateTime" else f"fold({name})"


def exact_json_reply(value: Any) -> Reply:
    """A JSON reply in which decimal numbers have the digits they were written with (JSON writers print `100.0`)."""
    reply = json_reply(value)
    return replace(reply, body=reply.body.replace(b'"' + _MARK_JSON, b"").replace(_MARK_JSON + b'"', b""))


def _number(text: str, *, whole: bool) -> Any:
    """The number a world's text spells; a text that spells none stays a text, so that it is noticed."""
    if not _NUMBER.fullmatch(text):
        return text
    return int(text) if whole and text.lstrip("-").isdecimal() else f"{_MARK}{text}{_MARK}"


def formatted(column: Column, text: str) -> str | None:
    """The text for people; None for columns that have none, such as plain texts."""
    if column.type == "Boolean":
        return column.options().get("1" if is_true(text) else "0", "Yes" if is_true(text) else "No")
    if column.type == SEVERAL_CHOICES:
        labels = column.options()
        return "; ".join(labels.get(value.strip(), value.strip()) for value in text.split(","))
    if column.options():
        return column.options().get(text)
    if column.type == "DateTime":
        return _moment_for_people(column, text)
    return _number_for_people(column, text)


def _number_for_people(column: Column, text: str) -> str | None:
    try:
        if column.type in ("Integer", "BigInt"):
            return f"{int(text):,}"
        return f"{float(text):,.2f}" if column.type in _DECIMAL else None
    except ValueError:
        return None


def _moment_for_people(column: Column, text: str) -> str | None:
    ms = moment_ms(text)
    if ms is None:
        return None
    moment = datetime.fromtimestamp(ms / 1000, tz=UTC)
    day = f"{moment.month}/{moment.day}/{moment.year}"
    if column.row.get("format") == "DateOnly":
        return day
    return f"{day} {moment.hour % 12 or 12}:{moment.minute:02d} {'AM' if moment.hour < 12 else 'PM'}"
