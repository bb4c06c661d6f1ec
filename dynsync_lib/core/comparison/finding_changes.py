"""The findings of two forecasts beside each other: which are gone, which are new, which count more or fewer records.

Facts
    * A finding is the same one by its audit rule: check, system, object and deciding rule.
    * A rule that says nothing of a forecast whose object is on counts none there. Where the object is off, or nobody
      could check, nothing was counted: then it is `not_checked`, and neither gone nor new.

Where it is used: `forecasts.forecast_difference`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from dynsync_lib.core.model import Object, Severity
from dynsync_lib.core.tables import Column, Table

Row = Mapping[str, Any]
_SEVERITIES: Final = tuple(Severity)
_KEY: Final = ("check_id", "system", "object", "rule_id")
_STATES: Final = ("new", "more", "fewer", "gone", "same", "not_checked")

FINDING_CHANGES: Final = Table(
    "findings",
    "one finding of either forecast",
    (
        Column("check_id", "text", "the audit rule"),
        Column("system", "text", "hubspot, dynamics, or null when it concerns both"),
        Column("object", "text", "object, or null when it concerns several"),
        Column("rule_id", "text", "the rule that decided"),
        Column("severity", "text", "the severity after, or before where it is gone"),
        Column("state", "text", "new, more, fewer, gone, same or not_checked"),
        Column("before", "integer", "records concerned before; null when not checked"),
        Column("after", "integer", "records concerned after; null when not checked"),
        Column("sentence", "text", "what was found after, or before where it is gone"),
    ),
    _KEY,
)


def compare_findings(
    before: Iterable[Row], after: Iterable[Row], *, on_before: Collection[str], on_after: Collection[str]
) -> list[dict[str, Any]]:
    """FINDING_CHANGES of two `findings`, the most severe first. `on_before`, `on_after`: the objects that are on."""
    first, second = ({tuple(row[name] for name in _KEY): row for row in rows} for rows in (before, after))
    rows = []
    for key in {**first, **second}:
        counts = _count(first.get(key), key[2], on_before), _count(second.get(key), key[2], on_after)
        rows.append(_row(second.get(key) or first[key], *counts))
    return sorted(rows, key=_by_weight)


def _count(row: Row | None, object_: str | None, on: Collection[str]) -> int | None:
    """How many records a finding counts; None when nobody could check, or the rule was not asked."""
    if row is not None:
        return None if row["count"] is None else int(row["count"])
    return 0 if _is_asked(object_, on) else None


def _is_asked(object_: str | None, on: Collection[str]) -> bool:
    """Whether a rule about the object is asked; HubSpot's contacts are those of leads, too (1.7)."""
    return object_ is None or object_ in on or (object_ == Object.CONTACT and Object.LEAD in on)


def _row(last: Row, before: int | None, after: int | None) -> dict[str, Any]:
    """One row of FINDING_CHANGES; `last` is the finding after, or before where it is gone."""
    counted = {"severity": last["severity"], "state": _state(before, after), "before": before, "after": after}
    return {**{name: last[name] for name in _KEY}, **counted, "sentence": last["sentence"]}


def _state(before: int | None, after: int | None) -> str:
    if before is None or after is None:
        return "not_checked"
    if before == after:
        return "same"
    if not before:
        return "new"
    if not after:
        return "gone"
    return "more" if after > before else "fewer"


def _by_weight(row: Row) -> tuple[Any, ...]:
    severity = _SEVERITIES.index(Severity(row["severity"]))
    return (severity, _STATES.index(row["state"]), *(row[name] or "" for name in _KEY))
