"""The values at the edges of what a field takes: longest and one longer, every option and none, last day and first.

Facts
    * Limits are those that the portal's own metadata states; HubSpot states none for texts, and takes 65,536 characters
      (H1). Where a portal states no limit of a number, large ones are tried all the same.
    * Midnight and the ends of the year are those of the HubSpot portal's time zone, as moments in UTC.
    * Addresses are unique, and of a domain that nobody can own.

Not modelled
    * Owners and lookups: they point to people and records, which are not made up.

Where it is used: `rehearsal.mapping_trial.trials`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.model import System

_LONGEST_IN_HUBSPOT: Final = 65_536
_FOREIGN_LETTERS: Final = "Žofie Müller 東京 Ωmega"
_LARGE: Final = "999999999999999"
_LARGER: Final = "99999999999999999999"
_WHOLE: Final = frozenset({"Integer", "BigInt"})
_UNKNOWN_OPTIONS: Final = {System.HUBSPOT: "dynsync_unknown", System.DYNAMICS: "987654321"}
_EMPTY: Final = "empty"
_SEPARATORS: Final = {System.HUBSPOT: ";", System.DYNAMICS: ","}


@dataclass(frozen=True, slots=True)
class EdgeValue:
    """One value to try: `edge` says which, such as `one longer`; a value of None empties the field."""

    edge: str
    value: str | None


def edge_values(field: Field, kind: str, *, time_zone: str | None, mark: str) -> list[EdgeValue]:
    """The values to try in a field of a kind; empty for a kind that is not tried. `mark` makes addresses unique."""
    makers: Mapping[str, Callable[[], Iterator[EdgeValue]]] = {
        "text": lambda: _addresses(mark) if is_address(field) else _texts(field),
        "number": lambda: _numbers(field),
        "date": lambda: _dates(field),
        "datetime": lambda: _moments(field, time_zone),
        "yes_no": _flags,
        "choice": lambda: _options(field),
        "several_choices": lambda: _several(field),
    }
    if kind not in makers:
        return []
    return [*makers[kind](), EdgeValue(_EMPTY, None)]


def is_address(field: Field) -> bool:
    """Whether a field holds e-mail addresses."""
    return field.format == "Email" or (field.system is System.HUBSPOT and field.name == "email")


def _texts(field: Field) -> Iterator[EdgeValue]:
    longest = field.length or (_LONGEST_IN_HUBSPOT if field.system is System.HUBSPOT else None)
    if longest is not None:
        yield EdgeValue("longest", "x" * longest)
        yield EdgeValue("one longer", "x" * (longest + 1))
    yield EdgeValue("not ASCII", _FOREIGN_LETTERS[: longest or len(_FOREIGN_LETTERS)].strip())
    yield EdgeValue("outer blanks", " x ")


def _addresses(mark: str) -> Iterator[EdgeValue]:
    yield EdgeValue("plain", f"plain@{mark}.example.com")
    yield EdgeValue("capitals", f"Capitals@{mark}.example.com")
    yield EdgeValue("not ASCII", f"müller@{mark}.example.com")
    yield EdgeValue("two dots", f"two..dots@{mark}.example.com")
    yield EdgeValue("no domain", f"nobody-{mark}")
    yield EdgeValue("unknown top-level domain", f"x@{mark}.invalid")


def _numbers(field: Field) -> Iterator[EdgeValue]:
    if field.max_value is not None:
        yield EdgeValue("largest", _plain(field.max_value))
        yield EdgeValue("one beyond", _plain(field.max_value, 1))
    else:
        yield EdgeValue("large", _LARGE)
        yield EdgeValue("larger", _LARGER)
    if field.min_value is not None:
        yield EdgeValue("smallest", _plain(field.min_value))
        yield EdgeValue("one below", _plain(field.min_value, -1))
    yield EdgeValue("with a fraction", "1.5")
    if field.system is System.HUBSPOT:
        yield EdgeValue("with a comma", "1,000")


def _plain(number: float, step: int = 0) -> str:
    return f"{Decimal(repr(number)) + step:f}".removesuffix(".0")


def _dates(field: Field) -> Iterator[EdgeValue]:
    yield EdgeValue("end of the year", "2026-12-31")
    yield EdgeValue("beginning of the year", "2027-01-01")
    if field.system is System.DYNAMICS:
        yield EdgeValue("first day", "1753-01-01")
        yield EdgeValue("one day before it", "1752-12-31")
        yield EdgeValue("with a time", "2026-05-04T10:00:00Z")


def _moments(field: Field, time_zone: str | None) -> Iterator[EdgeValue]:
    zone = _zone(time_zone)
    edges = {
        "midnight": datetime(2026, 5, 4, tzinfo=zone),
        "a second before midnight": datetime(2026, 5, 3, 23, 59, 59, tzinfo=zone),
        "end of the year": datetime(2026, 12, 31, 23, 59, 59, tzinfo=zone),
        "beginning of the year": datetime(2027, 1, 1, tzinfo=zone),
    }
    for edge, moment in edges.items():
        yield EdgeValue(edge, moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    if field.system is System.DYNAMICS:
        yield EdgeValue("first moment", "1753-01-01T00:00:00Z")
        yield EdgeValue("one second before it", "1752-12-31T23:59:59Z")


def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _flags() -> Iterator[EdgeValue]:
    yield EdgeValue("yes", "true")
    yield EdgeValue("no", "false")
    yield EdgeValue("unknown option", "perhaps")


def _options(field: Field) -> Iterator[EdgeValue]:
    for option in field.options:
        yield EdgeValue(f"option {option.value}", option.value)
    yield EdgeValue("unknown option", _UNKNOWN_OPTIONS[field.system])


def _several(field: Field) -> Iterator[EdgeValue]:
    yield from _options(field)
    if len(field.options) > 1:
        values = (option.value for option in field.options)
        yield EdgeValue("all options", _SEPARATORS[field.system].join(values))
