"""The column types of Dataverse: one row of `COLUMN_TYPES` says all that the emulator knows of a type.

A new type is one more row here. A row says how a value is printed as JSON, compared in SQL, shown to people and read
from a write, and what metadata says of the type (portal-apis 6.2, 6.4, 6.5, 7.2). A type without a row is never taken
for text: whatever touches such a column is answered 501, with the type's name.

Facts
    * Whole numbers, choices and states are JSON numbers, decimals and money too, flags are true or false.
    * For people choices and flags have their label, several choices their labels joined by `; `, whole numbers
      thousands separators, moments `2/1/2024 10:30 AM`.
    * Several choices are one text of numbers, `1,9`, at most 150 of them. In metadata such a column is Virtual, and its
      type name says what it is; other virtual columns cannot be selected (6.4).
    * A written value of another JSON type is 0x80048d19, an unknown choice 0x8004431a, a number out of range 0x8004432f
      or 0x80044330.
    * A column of days takes a day and no moment (corrections F24).
    * Columns of choices, flags and lookups have a companion that holds their text.

Not modelled
    * The caller's language, number format and time zone: here English, United States, UTC. Signs of currencies.

Where it is used: `emulator.dataverse.columns`, `emulator.dataverse.metadata`, `emulator.dataverse.new_columns`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from dynsync_lib.emulator.calls import is_true
from dynsync_lib.emulator.dataverse.names import Entity, label_json, metadata_id, refused, unreadable
from dynsync_lib.emulator.store.records import options_of
from dynsync_lib.emulator.times import moment_ms

Row = Mapping[str, str | None]
"""One row of the world's metadata: a column's name, type, options, limits and so on."""
Details = dict[str, Any]
EXACT_MARK: Final = "\x00"
"""Stands around the digits of a decimal number until `exact_json_reply` prints them without quotes."""
KEY_TYPE: Final = "Uniqueidentifier"
_STRING: Final = "String"
_LOOKUP: Final = "Lookup"
_VIRTUAL: Final = "Virtual"
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LARGEST_INT32: Final = 2_147_483_647
_MOST_CHOICES: Final = 150
_STATE_BY_STATUS: Final[Mapping[str, Mapping[int, int]]] = {
    "contact": {1: 0, 2: 1},
    "account": {1: 0, 2: 1},
    "lead": {1: 0, 2: 0, 3: 1, 4: 2, 5: 2, 6: 2, 7: 2},
    "opportunity": {1: 0, 2: 0, 3: 1, 4: 2, 5: 2},
    "invoice": {1: 0, 2: 0, 4: 0, 5: 0, 6: 0, 100001: 2, 100002: 2, 100003: 3},
}
"""By table: the state that each status reason out of the box belongs to; the first of a state is its default."""


@dataclass(frozen=True, slots=True)
class ValueKind:
    """What is done with the values of a type. Values are stored as the world's texts.

    `edm` is the type by OData's name. `as_json` prints a stored text. `column_sql` and `value_sql` are what SQL
    compares: patterns with `{}` for the name of a column and for a literal or parameter in lower case. `formatted`
    gives the text for people, None for none, from a column's metadata row and a stored text. `read` checks a JSON value
    (never null) of a write and gives the text to store, None for an empty one; it raises Refusal 400 for a value that
    the service would not take.
    """

    edm: str
    as_json: Callable[[str], Any]
    column_sql: str
    value_sql: str
    formatted: Callable[[Row, str], str | None]
    read: Callable[[Entity, Row, Any], str | None]


@dataclass(frozen=True, slots=True)
class ColumnType:
    """One type of column.

    `name` is metadata's AttributeTypeName without its ending `Type`. `attribute_type` is metadata's AttributeType where
    that is another word, `shared_kind` the kind of metadata that the type shares with others, such as Lookup.
    `details` gives what metadata says of this kind alone; None when the emulator has no cast to it. `companion` is the
    type of the column that holds its text, `longest` the most characters of a column that a caller makes (None: the
    emulator makes none). `has_one_navigation`: a lookup that goes by its own name whatever it points to.
    `brings_currency`: the row's currency is shown along with it.
    """

    name: str
    values: ValueKind
    details: Callable[[Entity, Row], Details] | None = None
    attribute_type: str = ""
    shared_kind: str = ""
    companion: str | None = None
    longest: int | None = None
    is_selectable: bool = True
    is_set_on_creation: bool = True
    is_lookup: bool = False
    has_one_navigation: bool = False
    brings_currency: bool = False

    @property
    def kind(self) -> str:
        """The kind of metadata that describes it, and to which an address casts."""
        return self.shared_kind or self.name


def type_of(row: Row) -> ColumnType:
    """The type of a column, from its metadata row. Raises Refusal 501 for a type that is not in the table."""
    by_format = _BY_FORMAT.get((str(row["type"]), str(row.get("format"))))
    known = by_format or COLUMN_TYPES.get(str(row["type"]))
    if known is None:
        column = f"{row['object']}.{row['name']}"
        raise refused(501, "0x80060888", f"The emulator has no columns of type {row['type']} ({column}).")
    return known


def is_day_column(row: Row) -> bool:
    """Whether a column of moments holds days alone."""
    return "DateOnly" in (row.get("format"), row.get("behavior"))


def labels_of(row: Row) -> dict[str, str]:
    """Label by value of a choice; empty when the column has no options."""
    return {str(option["value"]): option["label"] for option in options_of(row)}


def targets_of(row: Row) -> tuple[str, ...]:
    """Logical names of the tables that a lookup may point to; empty when it is no lookup."""
    return tuple(part for part in (row.get("targets") or "").split(";") if part)


# --- As JSON ---------------------------------------------------------------------------------------------------------


def _whole_json(text: str) -> Any:
    return int(text) if _NUMBER.fullmatch(text) and "." not in text else _decimal_json(text)


def _decimal_json(text: str) -> str:
    """The digits as they were written; a text that is no number stays a text, so that it is noticed."""
    return f"{EXACT_MARK}{text}{EXACT_MARK}" if _NUMBER.fullmatch(text) else text


# --- For people ------------------------------------------------------------------------------------------------------


def _label_for_people(row: Row, text: str) -> str | None:
    return labels_of(row).get(text)


def _flag_for_people(row: Row, text: str) -> str:
    return _flag_labels(row)[is_true(text)]


def _several_for_people(row: Row, text: str) -> str:
    labels = labels_of(row)
    return "; ".join(labels.get(value.strip(), value.strip()) for value in text.split(","))


def _whole_for_people(row: Row, text: str) -> str | None:
    del row
    try:
        return f"{int(text):,}"
    except ValueError:
        return None


def _decimal_for_people(row: Row, text: str) -> str | None:
    del row
    try:
        return f"{float(text):,.2f}"
    except ValueError:
        return None


def _moment_for_people(row: Row, text: str) -> str | None:
    ms = moment_ms(text)
    if ms is None:
        return None
    moment = datetime.fromtimestamp(ms / 1000, tz=UTC)
    day = f"{moment.month}/{moment.day}/{moment.year}"
    if row.get("format") == "DateOnly":
        return day
    return f"{day} {moment.hour % 12 or 12}:{moment.minute:02d} {'AM' if moment.hour < 12 else 'PM'}"


def _flag_labels(row: Row) -> tuple[str, str]:
    """The labels of false and of true."""
    labels = labels_of(row)
    return labels.get("0", "No"), labels.get("1", "Yes")


# --- From a write ----------------------------------------------------------------------------------------------------


def _read_text(entity: Entity, row: Row, value: Any) -> str:
    del row
    if not isinstance(value, str):
        raise _wrong_type(entity, value, "Edm.String")
    return value


def _read_flag(entity: Entity, row: Row, value: Any) -> str:
    del row
    if not isinstance(value, bool):
        raise _wrong_type(entity, value, "Edm.Boolean")
    return "true" if value else "false"


def _read_whole(entity: Entity, row: Row, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST_INT32:
        raise _wrong_type(entity, value, "Edm.Int32")
    return _in_range(entity, row, str(value), code="0x8004432f")


def _read_choice(entity: Entity, row: Row, value: Any) -> str:
    text = _read_whole(entity, row, value)
    _refuse_unknown_choice(entity, row, text)
    return text


def _read_several(entity: Entity, row: Row, value: Any) -> str | None:
    text = _read_text(entity, row, value)
    choices = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if len(choices) > _MOST_CHOICES:
        raise unreadable(f"More than {_MOST_CHOICES} choices of '{row['name']}' are selected.", entity)
    for choice in choices:
        _refuse_unknown_choice(entity, row, choice)
    return ",".join(choices) or None


def _read_decimal(entity: Entity, row: Row, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _wrong_type(entity, value, "Edm.Decimal")
    return _in_range(entity, row, str(value), code="0x80044330")


def _read_moment(entity: Entity, row: Row, value: Any) -> str:
    is_day = is_day_column(row)
    if not isinstance(value, str) or moment_ms(value) is None or not (_DAY.fullmatch if is_day else _DAY.match)(value):
        raise _wrong_type(entity, value, "Edm.Date" if is_day else "Edm.DateTimeOffset")
    return value


def _refuse_unknown_choice(entity: Entity, row: Row, value: str) -> None:
    options = labels_of(row)
    if options and value not in options:
        where = f"'{row['name']}' on record of type '{entity.logical}' is outside the valid range."
        accepted = f"Accepted Values: {','.join(options)}"
        raise refused(400, "0x8004431a", f"A validation error occurred. The value {value} of {where} {accepted}")


def _in_range(entity: Entity, row: Row, text: str, *, code: str) -> str:
    least, most = row.get("min_value"), row.get("max_value")
    if (least and float(text) < float(least)) or (most and float(text) > float(most)):
        where = f"'{row['name']}' on record of type '{entity.logical}' is outside the valid range."
        raise refused(400, code, f"A validation error occurred. The value of {where}")
    return text


def _wrong_type(entity: Entity, value: Any, expected: str) -> Exception:
    return unreadable(f"Cannot convert the literal '{value}' to the expected type '{expected}'.", entity)


# --- In metadata -----------------------------------------------------------------------------------------------------


def _text_details(entity: Entity, row: Row) -> Details:
    del entity
    length = row.get("length")
    text_format = row.get("format")
    return {
        "MaxLength": int(length) if length else None,
        "FormatName": {"Value": text_format},
        "Format": text_format,
    }


def _range_details(entity: Entity, row: Row) -> Details:
    del entity
    return {"MinValue": _limit(row.get("min_value")), "MaxValue": _limit(row.get("max_value")), "Precision": 2}


def _integer_details(entity: Entity, row: Row) -> Details:
    limits = _range_details(entity, row)
    del limits["Precision"]
    return {**limits, "Format": row.get("format") or "None"}


def _limit(text: str | None) -> float | int | None:
    if not text:
        return None
    number = float(text)
    return int(number) if number.is_integer() else number


def _option_details(entity: Entity, row: Row) -> Details:
    del entity
    options = [
        {"Value": int(value), "Label": label_json(label), "Color": None} for value, label in labels_of(row).items()
    ]
    return {"OptionSet": {"MetadataId": metadata_id(f"{row['name']}.set"), "Options": options}, "GlobalOptionSet": None}


def _state_details(entity: Entity, row: Row) -> Details:
    """A state's options with the status reason that each starts with, None when no status reason belongs to it."""
    details, states = _option_details(entity, row), _STATE_BY_STATUS.get(entity.logical, {})
    for option in details["OptionSet"]["Options"]:
        default = next((status for status, state in states.items() if state == option["Value"]), None)
        option |= {"DefaultStatus": default, "InvariantName": option["Label"]["UserLocalizedLabel"]["Label"]}
    return details


def _status_details(entity: Entity, row: Row) -> Details:
    """The options of a status reason with the state that each belongs to."""
    details, states = _option_details(entity, row), _STATE_BY_STATUS.get(entity.logical, {})
    for option in details["OptionSet"]["Options"]:
        option["State"] = states.get(option["Value"], 0)
    return details


def _flag_details(entity: Entity, row: Row) -> Details:
    del entity
    no, yes = _flag_labels(row)
    true_option, false_option = ({"Value": value, "Label": label_json(label)} for value, label in ((1, yes), (0, no)))
    return {"OptionSet": {"TrueOption": true_option, "FalseOption": false_option}}


def _moment_details(entity: Entity, row: Row) -> Details:
    del entity
    return {"Format": row.get("format"), "DateTimeBehavior": {"Value": row.get("behavior")}}


def _lookup_details(entity: Entity, row: Row) -> Details:
    del entity
    return {"Targets": list(targets_of(row))}


# --- The table -------------------------------------------------------------------------------------------------------

_NUMBER_SQL: Final = "CAST({} AS REAL)"
_FLAG_SQL: Final = "(fold({}) IN ('true', '1'))"
_TEXTS: Final = ValueKind("Edm.String", str, "fold({})", "{}", _label_for_people, _read_text)
_GUIDS: Final = ValueKind("Edm.Guid", str, "guid_key({})", "guid_key({})", _label_for_people, _read_text)
_WHOLES: Final = ValueKind("Edm.Int32", _whole_json, _NUMBER_SQL, _NUMBER_SQL, _whole_for_people, _read_whole)
_LONGS: Final = replace(_WHOLES, edm="Edm.Int64")
_DECIMALS: Final = ValueKind("Edm.Decimal", _decimal_json, _NUMBER_SQL, _NUMBER_SQL, _decimal_for_people, _read_decimal)
_DOUBLES: Final = replace(_DECIMALS, edm="Edm.Double")
_CHOICES: Final = ValueKind("Edm.Int32", _whole_json, _NUMBER_SQL, _NUMBER_SQL, _label_for_people, _read_choice)
_SEVERAL: Final = ValueKind("Edm.String", str, "fold({})", "{}", _several_for_people, _read_several)
_FLAGS: Final = ValueKind("Edm.Boolean", is_true, _FLAG_SQL, "{}", _flag_for_people, _read_flag)
_MOMENTS: Final = ValueKind(
    "Edm.DateTimeOffset", str, "moment_ms({})", "moment_ms({})", _moment_for_people, _read_moment
)

COLUMN_TYPES: Final[Mapping[str, ColumnType]] = {
    column_type.name: column_type
    for column_type in (
        ColumnType(_STRING, _TEXTS, _text_details, longest=4_000),
        ColumnType("Memo", _TEXTS, _text_details, longest=1_048_576),
        ColumnType(KEY_TYPE, _GUIDS),
        ColumnType("EntityName", _TEXTS),
        ColumnType("ManagedProperty", _TEXTS),
        ColumnType("CalendarRules", _TEXTS),
        ColumnType("Integer", _WHOLES, _integer_details),
        ColumnType("BigInt", _LONGS, _range_details),
        ColumnType("Decimal", _DECIMALS, _range_details),
        ColumnType("Double", _DOUBLES, _range_details),
        ColumnType("Money", _DECIMALS, _range_details, brings_currency=True),
        ColumnType("Picklist", _CHOICES, _option_details, companion=_VIRTUAL),
        ColumnType("State", _CHOICES, _state_details, companion=_VIRTUAL, is_set_on_creation=False),
        ColumnType("Status", _CHOICES, _status_details, companion=_VIRTUAL),
        ColumnType("MultiSelectPicklist", _SEVERAL, _option_details, attribute_type=_VIRTUAL, companion=_VIRTUAL),
        ColumnType("Boolean", _FLAGS, _flag_details, companion=_VIRTUAL),
        ColumnType("DateTime", _MOMENTS, _moment_details),
        ColumnType(_LOOKUP, _GUIDS, _lookup_details, companion=_STRING, is_lookup=True),
        ColumnType("Customer", _GUIDS, _lookup_details, shared_kind=_LOOKUP, companion=_STRING, is_lookup=True),
        ColumnType(
            "Owner",
            _GUIDS,
            _lookup_details,
            shared_kind=_LOOKUP,
            companion=_STRING,
            is_lookup=True,
            has_one_navigation=True,
        ),
        ColumnType(_VIRTUAL, _TEXTS, is_selectable=False),
        ColumnType("PartyList", _TEXTS, is_selectable=False),
    )
}
"""Every column type of Dataverse by its name: those of `AttributeTypeCode`, and the choice of several."""
_BY_FORMAT: Final = {
    (column_type.attribute_type, f"{column_type.name}Type"): column_type
    for column_type in COLUMN_TYPES.values()
    if column_type.attribute_type
}
"""The types that metadata calls by another word, by that word and the format that says what they are."""
