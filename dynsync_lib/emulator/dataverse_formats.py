"""Formatted values: what the annotation of that name says about a column that is no lookup (portal-apis 6.2).

Facts
    * Choices and flags have their label, several choices their labels joined by `; `, whole numbers thousands
      separators, moments `2/1/2024 10:30 AM`.

Not modelled
    * The caller's language, number format and time zone: here English, United States, UTC. Signs of currencies.

Where it is used: dataverse_rows.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from dynsync_lib.emulator.calls import is_true
from dynsync_lib.emulator.dataverse_columns import SEVERAL_CHOICES, Column
from dynsync_lib.emulator.store_values import moment_ms

_DECIMALS: Final = frozenset({"Decimal", "Double", "Money"})


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
        return _moment(column, text)
    return _number(column, text)


def _number(column: Column, text: str) -> str | None:
    try:
        if column.type in ("Integer", "BigInt"):
            return f"{int(text):,}"
        return f"{float(text):,.2f}" if column.type in _DECIMALS else None
    except ValueError:
        return None


def _moment(column: Column, text: str) -> str | None:
    ms = moment_ms(text)
    if ms is None:
        return None
    moment = datetime.fromtimestamp(ms / 1000, tz=UTC)
    day = f"{moment.month}/{moment.day}/{moment.year}"
    if column.row.get("format") == "DateOnly":
        return day
    return f"{day} {moment.hour % 12 or 12}:{moment.minute:02d} {'AM' if moment.hour < 12 else 'PM'}"
