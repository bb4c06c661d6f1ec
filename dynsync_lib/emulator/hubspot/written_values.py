"""Checks the properties of a write as HubSpot does (portal-apis 3.3, data-sync-rules 5.13, 5.16).

Facts
    * One answer lists every fault, by property: unknown, read-only, not an option, no number, no date, no address.
    * White space at the ends and invisible characters are passed over in values of other types than text: the check
      that was announced for them never came (corrections F1). Numbers have no comma and one point at most (F13).
    * An empty text clears a value; null leaves it as it is, and the request looks successful (hubspot-api-nodejs #324).
      A lifecycle stage does not go back unless it is cleared first: the request looks
      successful and the stage stays (5.16, reported).

Not modelled
    * The secret list of names that HubSpot does not believe (5.14); validation rules that an admin has set.

Where it is used: `emulator.hubspot.record_writes`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Refusal, is_true
from dynsync_lib.emulator.hubspot.errors import hubspot_error
from dynsync_lib.emulator.hubspot.names import Kind
from dynsync_lib.emulator.store.records import Row, Store, options_of
from dynsync_lib.emulator.times import iso_ms, moment_ms

LONGEST_TEXT: Final = 65_536
_WRITABLE_ALL_THE_SAME: Final = frozenset({"hs_additional_emails"})
_TEXTS: Final = frozenset({"string", "phone_number", "json"})
_ADDRESS: Final = re.compile(r"[^@\s;,<>()\[\]\"]+@[^@\s;,<>()\[\]\"]+\.[^@\s;,<>()\[\]\".]{2,}")
_INVISIBLE: Final = re.compile(r"[\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_DAY_MS: Final = 86_400_000
Texts = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class PropertyFault:
    """One property that cannot be set: its name, the error word, the sentence."""

    name: str
    error: str
    message: str


def described(store: Store, kind: Kind) -> dict[str, Row]:
    """The metadata rows of an object type's properties, by name."""
    rows = store.metadata.get("hubspot/properties", ())
    return {str(row["name"]): row for row in rows if row["object"] == kind.singular}


def read_properties(store: Store, call: Call, kind: Kind, properties: Mapping[str, Any], *, portal_id: int) -> Texts:
    """The texts that a write stores, by property; None clears, and null in the request changes nothing.

    Raises Refusal 400 with every fault.
    """
    known = described(store, kind)
    written = {name: value for name, value in properties.items() if value is not None or name not in known}
    texts: Texts = {name: _trimmed(known.get(name), _text(value)) for name, value in written.items()}
    faults = [fault for name, text in texts.items() for fault in _faults(known, name, text)]
    if faults:
        raise invalid_properties(call, faults, portal_id=portal_id)
    return {name: _stored(known[name], text) for name, text in texts.items()}


def invalid_properties(call: Call, faults: list[PropertyFault], *, portal_id: int) -> Refusal:
    """400 with the faults as JSON inside the message, as version 3 has them, and as a list beside it."""
    inside = [
        {
            "isValid": False,
            "message": fault.message,
            "error": fault.error,
            "name": fault.name,
            "localizedErrorMessage": fault.message,
            "portalId": portal_id,
        }
        for fault in faults
    ]
    message = f"Property values were not valid: {json.dumps(inside, ensure_ascii=False, separators=(',', ':'))}"
    beside = [
        {"message": fault.message, "code": fault.error, "context": {"propertyName": [fault.name]}} for fault in faults
    ]
    return Refusal(hubspot_error(call, 400, message, errors=beside, category="VALIDATION_ERROR"))


def keeps_stage(row: Row | None, old: str | None, new: str | None) -> bool:
    """Whether a lifecycle stage stays as it is because the new one comes earlier in the property's options."""
    order = [str(option["value"]) for option in options_of(row or {})]
    return old in order and new in order and order.index(str(new)) < order.index(str(old))


def _faults(known: Mapping[str, Row], name: str, text: str | None) -> Iterator[PropertyFault]:
    row = known.get(name)
    if row is None:
        yield PropertyFault(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
    elif _is_read_only(row):
        yield PropertyFault(name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
    elif text is not None:
        yield from _value_faults(row, name, text)


def _value_faults(row: Row, name: str, text: str) -> Iterator[PropertyFault]:
    type_ = row["type"]
    if type_ in _TEXTS:
        yield from _text_faults(name, text)
    elif type_ == "number" and not is_number(text):
        yield PropertyFault(name, "INVALID_NUMERIC", f"{text} was not a valid number")
    elif type_ in ("date", "datetime") and not _is_moment(text, day=type_ == "date"):
        yield PropertyFault(name, "INVALID_DATE", f"{text} was not a valid {type_}")
    elif type_ in ("enumeration", "bool"):
        yield from _option_faults(row, name, text)


def _text_faults(name: str, text: str) -> Iterator[PropertyFault]:
    if len(text) > LONGEST_TEXT:
        yield PropertyFault(name, "PROPERTY_VALUE_TOO_LONG", f"{name} has more than {LONGEST_TEXT} characters")
    if name == "email" and not _ADDRESS.fullmatch(text.strip()):
        yield PropertyFault(name, "INVALID_EMAIL", f"Email address {text} is invalid")


def _option_faults(row: Row, name: str, text: str) -> Iterator[PropertyFault]:
    allowed = [str(option["value"]) for option in options_of(row)]
    if row["type"] == "bool":
        allowed = ["true", "false"]
    chosen = text.split(";") if row.get("field_type") == "checkbox" else [text]
    for value in filter(None, chosen):
        if allowed and value not in allowed:
            message = f"{value} was not one of the allowed options: [{', '.join(allowed)}]"
            yield PropertyFault(name, "INVALID_OPTION", message)


def _is_read_only(row: Row) -> bool:
    is_fixed = is_true(row.get("read_only")) or is_true(row.get("calculated"))
    return is_fixed and row["name"] not in _WRITABLE_ALL_THE_SAME


def is_number(text: str) -> bool:
    """Whether HubSpot takes a text for a number: no comma, one point at most."""
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text) is not None


def _is_moment(text: str, *, day: bool) -> bool:
    ms = moment_ms(text)
    return ms is not None and (not day or ms % _DAY_MS == 0)


def _trimmed(row: Row | None, text: str | None) -> str | None:
    """A value without white space at its ends and without invisible characters, unless its property is a text."""
    if row is None or text is None or row["type"] in _TEXTS:
        return text
    return _INVISIBLE.sub("", text).strip() or None


def _text(value: Any) -> str | None:
    """A value as HubSpot keeps it: everything is text, an empty text clears."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _stored(row: Row, text: str | None) -> str | None:
    """A value as HubSpot prints it later: addresses in lower case, days without a time, moments as ISO texts."""
    if text is None:
        return None
    if row["name"] == "email":
        return text.strip().lower()
    ms = moment_ms(text) if row["type"] in ("date", "datetime") else None
    if ms is None:
        return text
    moment = str(iso_ms(ms / 1000))
    return moment[:10] if row["type"] == "date" else (moment if text.isdigit() else text)
