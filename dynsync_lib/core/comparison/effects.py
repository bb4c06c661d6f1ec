"""What a second forecast additionally creates, overwrites and leaves out, and what it no longer does.

Facts
    * One record, value or association has one effect on each side, or none. It is additional where only the second
      side has this effect on it, no longer where only the first has, and otherwise where both have it with another
      counterpart, winner, reason or value.
    * Excluded and failing are counted apart, as everywhere.
    * Where nobody answered whether created contacts become marketing contacts, their number and what moves of it are
      not known; where both sides left it unanswered and create the same contacts, nothing moves.

Where it is used: `forecasts.difference`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from dynsync_lib.core.model import PERSONS, ChangeKind, LinkStatus, Outcome, System
from dynsync_lib.core.tables import Column, Table

Row = Mapping[str, Any]
_Effect = tuple[str, str, str]
"""Effect, system, object."""

CREATED: Final = "created"
MATCHED: Final = "matched"
FILLED: Final = "filled"
OVERWRITTEN: Final = "overwritten"
MADE_MARKETING: Final = "made_marketing"
ASSOCIATED: Final = "associated"
NOT_ASSOCIATED: Final = "not_associated"
EFFECT_ORDER: Final = (
    CREATED,
    MADE_MARKETING,
    MATCHED,
    *(outcome.value for outcome in (Outcome.SHADOWED, Outcome.EXCLUDED, Outcome.FAILING)),
    FILLED,
    OVERWRITTEN,
    ASSOCIATED,
    NOT_ASSOCIATED,
)
_UNKNOWN: Final = "; null where that hangs on an answer that nobody gave"
EFFECTS: Final = Table(
    "effects",
    "one effect in one system on one object",
    (
        Column(
            "effect",
            "text",
            "created, made_marketing (of these), matched, shadowed, excluded or failing (records), filled or "
            "overwritten (values), associated or not_associated (associations)",
        ),
        Column("system", "text", "where: records are created and values written there, all others are read there"),
        Column("object", "text", "contact, company, lead, deal or invoice"),
        Column("before", "integer", f"how many before{_UNKNOWN}"),
        Column("after", "integer", f"how many after{_UNKNOWN}"),
        Column("additional", "integer", f"how many only after{_UNKNOWN}"),
        Column("no_longer", "integer", f"how many only before{_UNKNOWN}"),
        Column(
            "otherwise",
            "integer",
            f"how many on both sides, with another counterpart, winner, reason or value{_UNKNOWN}",
        ),
    ),
    ("effect", "system", "object"),
)
_OF_OUTCOME: Final[Mapping[str, str]] = {
    Outcome.CREATE: CREATED,
    Outcome.UPDATE: MATCHED,
    Outcome.LINK: MATCHED,
    **{outcome: outcome.value for outcome in (Outcome.SHADOWED, Outcome.EXCLUDED, Outcome.FAILING)},
}
_OF_KIND: Final[Mapping[str, str]] = {ChangeKind.FILL: FILLED, ChangeKind.OVERWRITE: OVERWRITTEN}
_OF_STATUS: Final[Mapping[str, str]] = {
    status: ASSOCIATED if status in (LinkStatus.SYNCED, LinkStatus.AUTO_CREATED) else NOT_ASSOCIATED
    for status in LinkStatus
}
_SIDES: Final = ("before", "after")
_MOVES: Final = ("additional", "no_longer", "otherwise")
_COUNTS: Final = (*_SIDES, *_MOVES)


def count_effects(
    outcomes: Iterable[Row], changes: Iterable[Row], links: Iterable[Row], *, marketing: Mapping[str, bool | None]
) -> list[dict[str, Any]]:
    """EFFECTS in the order of EFFECT_ORDER, from the transitions of the three tables (`core.comparison.side_by_side`).

    `marketing` says, `before` and `after`, whether contacts that the sync creates become marketing contacts, None where
    nobody answered. An effect that neither side has in a system and object has no row.
    """
    counted: dict[_Effect, Counter[str]] = {}
    for row in outcomes:
        before, after = (_effect_of_outcome(row, side) for side in _SIDES)
        _tally(counted, row, before, after)
        was_marketing = _marketing_effect(before, is_on=marketing["before"])
        _tally(counted, row, was_marketing, _marketing_effect(after, is_on=marketing["after"]))
    for row in changes:
        _tally(counted, row, *(_effect_of(row, _OF_KIND, side, "target_system", "object") for side in _SIDES))
    for row in links:
        _tally(counted, row, *(_effect_of(row, _OF_STATUS, side, "from_system", "from_object") for side in _SIDES))
    known = sorted(counted, key=lambda effect: (EFFECT_ORDER.index(effect[0]), *effect[1:]))
    return [
        {**dict(zip(EFFECTS.order, effect, strict=True)), **_counts(effect, counted[effect], marketing)}
        for effect in known
    ]


def _effect_of_outcome(row: Row, side: str) -> _Effect | None:
    """Where a record's outcome has its effect: records are created in the other system."""
    effect = _OF_OUTCOME.get(row[side])
    if effect is None:
        return None
    system = System(row["system"])
    return (effect, (system.other if effect == CREATED else system).value, row["object"])


def _marketing_effect(effect: _Effect | None, *, is_on: bool | None) -> _Effect | None:
    """Where a created contact becomes a marketing contact as well, or may become one; None for all that does not."""
    if effect is None or is_on is False or effect[0] != CREATED:
        return None
    return (MADE_MARKETING, *effect[1:]) if effect[1] == System.HUBSPOT and effect[2] in PERSONS else None


def _effect_of(row: Row, effects: Mapping[str, str], side: str, system: str, object_: str) -> _Effect | None:
    effect = effects.get(row[side])
    return None if effect is None else (effect, row[system], row[object_])


def _tally(counted: dict[_Effect, Counter[str]], row: Row, before: _Effect | None, after: _Effect | None) -> None:
    count = row["count"]
    for side, effect, alone in (("before", before, "no_longer"), ("after", after, "additional")):
        if effect is None:
            continue
        counts = counted.setdefault(effect, Counter())
        counts[side] += count
        if before != after:
            counts[alone] += count
        elif side == "after" and not row["is_same"]:
            counts["otherwise"] += count


def _counts(effect: _Effect, counts: Counter[str], marketing: Mapping[str, bool | None]) -> dict[str, int | None]:
    """The counts of an effect; None where they hang on an answer that nobody gave."""
    is_open = effect[0] == MADE_MARKETING
    unknown = [side for side in _SIDES if is_open and marketing[side] is None and counts[side]]
    if unknown and (len(unknown) < len(_SIDES) or any(counts[name] for name in _MOVES)):
        unknown += _MOVES
    return {name: None if name in unknown else counts[name] for name in _COUNTS}
