"""The findings of two forecasts beside each other: which are gone, which are new, which count more or fewer records.

Facts
    * A finding is the same one by its audit rule.
    * Records that are gone from a finding and new in it are counted by who has both snapshots; else they are null.
    * A rule that says nothing of a forecast whose object is on counts none there. Where the object is off, or nobody
      could check, nothing was counted: then it is `not_checked`, and neither gone nor new.

Where it is used: `forecasts.forecast_difference`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core.audit.findings import is_finding_of
from dynsync_lib.core.model import Object, Severity
from dynsync_lib.core.rulebook import Check
from dynsync_lib.core.tables import Column, Table

Row = Mapping[str, Any]
_SEVERITIES: Final = tuple(Severity)
_KEY: Final = ("check_id", "system", "object", "rule_id")
_STATES: Final = ("new", "more", "others", "fewer", "gone", "same", "not_checked")


@dataclass(frozen=True, slots=True)
class Found:
    """The findings of one forecast: rows of its table `findings`, and the objects that are on in it."""

    rows: Sequence[Row]
    on: Collection[str]


FINDING_CHANGES: Final = Table(
    "findings",
    "one finding of either forecast",
    (
        Column("check_id", "text", "the audit rule"),
        Column("system", "text", "hubspot, dynamics, or null when it concerns both"),
        Column("object", "text", "object, or null when it concerns several"),
        Column("rule_id", "text", "the rule that decided"),
        Column("severity", "text", "the severity after, or before where it is gone"),
        Column("state", "text", "new, more, fewer, gone, others (as many, not the same ones), same or not_checked"),
        Column("before", "integer", "records concerned before; null when not checked"),
        Column("after", "integer", "records concerned after; null when not checked"),
        Column("gone", "integer", "records that it no longer concerns; null when not counted"),
        Column("new", "integer", "records that it concerns now; null when not counted"),
        Column("sentence", "text", "what was found after, or before where it is gone"),
        Column("not_checked", "text", "why nobody checked it before, after or on both sides; null when it was checked"),
    ),
    _KEY,
)


Moves = Mapping[int, tuple[int, int]]
"""By the place of an audit rule in the rulebook: records that its finding lost, and records that it gained."""


def compare_findings(before: Found, after: Found, checks: Sequence[Check], moves: Moves) -> list[dict[str, Any]]:
    """FINDING_CHANGES of the findings of two forecasts, the most severe first. `checks` are the rulebook's."""
    first, second = ({_key_of(row, checks): row for row in side.rows} for side in (before, after))
    rows = []
    for key in {**first, **second}:
        last = second.get(key) or first[key]
        whys = _why(first.get(key), last["object"], before.on), _why(second.get(key), last["object"], after.on)
        counts = _count(first.get(key), last["object"], before.on), _count(second.get(key), last["object"], after.on)
        row = _row(last, *counts, moves.get(key) if isinstance(key, int) else None)
        rows.append({**row, "not_checked": _say_why(*whys)})
    return sorted(rows, key=_by_weight)


def _key_of(row: Row, checks: Sequence[Check]) -> int | tuple[Any, ...]:
    """What tells a finding from all others: the place of its audit rule, some of which share id, system, object and
    deciding rule; or all that it says, where this version of the kit does not have the rule.
    """
    number = next((number for number, check in enumerate(checks) if is_finding_of(row, check)), None)
    return (*(row[name] for name in _KEY), row["sentence"]) if number is None else number


def _count(row: Row | None, object_: str | None, on: Collection[str]) -> int | None:
    """How many records a finding counts; None when nobody could check, or the rule was not asked."""
    if row is not None:
        return None if row["count"] is None else int(row["count"])
    return 0 if _is_asked(object_, on) else None


def _why(row: Row | None, object_: str | None, on: Collection[str]) -> str | None:
    """Why nobody checked a finding on one side; None when it was checked."""
    if row is not None:
        return str(row["sentence"]) if row["count"] is None else None
    return None if _is_asked(object_, on) else f"The sync of {object_} is off."


def _say_why(before: str | None, after: str | None) -> str | None:
    """The reasons of both sides in one text; None when both were checked."""
    if before == after:
        return after
    return " ".join(f"{side}: {why}" for side, why in (("Before", before), ("After", after)) if why)


def _is_asked(object_: str | None, on: Collection[str]) -> bool:
    """Whether a rule about the object is asked; HubSpot's contacts are those of leads, too (1.7)."""
    return object_ is None or object_ in on or (object_ == Object.CONTACT and Object.LEAD in on)


def _row(last: Row, before: int | None, after: int | None, moves: tuple[int, int] | None) -> dict[str, Any]:
    """One row of FINDING_CHANGES; `last` is the finding after, or before where it is gone."""
    gone, new = (None, None) if moves is None or None in (before, after) else moves
    counted = {
        "severity": last["severity"],
        "state": _state(before, after, is_other=bool(gone or new)),
        "before": before,
        "after": after,
    }
    return {**{name: last[name] for name in _KEY}, **counted, "gone": gone, "new": new, "sentence": last["sentence"]}


def _state(before: int | None, after: int | None, *, is_other: bool) -> str:
    if before is None or after is None:
        return "not_checked"
    if before == after:
        return "others" if is_other else "same"
    if not before:
        return "new"
    if not after:
        return "gone"
    return "more" if after > before else "fewer"


def _by_weight(row: Row) -> tuple[Any, ...]:
    severity = _SEVERITIES.index(Severity(row["severity"]))
    return (severity, _STATES.index(row["state"]), *(row[name] or "" for name in _KEY))
