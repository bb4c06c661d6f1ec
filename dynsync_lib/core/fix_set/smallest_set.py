"""The smallest set of changes that takes a share of the risk away, held to what the sync then decides.

Facts
    * All changes are tried together first: those after which a risk of theirs is still there are left out, so the set
      promises nothing that the sync does not keep. Then the set alone is decided, and that result counts.
    * What newly loses its key or fails after the changes is counted, too.

Not modelled
    * Whether the best set has fewer changes: it is found greedily (`core.fix_set.cover`).

Source: docs/semantics.md; the stages name their rules.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.fix_set.changed_tables import with_changes
from dynsync_lib.core.fix_set.cover import order_changes
from dynsync_lib.core.fix_set.risks import LINK_KEY, RecordChange, Risk, RiskKind, find_risks
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.model import LinkStatus, Object, Outcome
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.sync.initial_sync import decide_sync

_AT_RISK: Final = (Outcome.SHADOWED.value, Outcome.FAILING.value)
_NEEDED: Final = ("system", "object", "record_id", "outcome", "reason", "counterpart_id", "winner_id")


@dataclass(frozen=True, slots=True)
class FixSet:
    """Changes in the order in which they take most away. `gains` are how many risks each takes away at its place; the
    first `size` are the set that was decided again. Of `risks`, by kind, `cleared` are gone after the set; `new` are
    records that lose their key or fail only then.
    """

    changes: Sequence[RecordChange]
    gains: Sequence[int]
    size: int
    risks: Mapping[RiskKind, int]
    cleared: Mapping[RiskKind, int]
    new: int

    @property
    def share(self) -> float:
        """The part of all risks that is gone after the set; 1 where there was none."""
        total = sum(self.risks.values())
        return sum(self.cleared.values()) / total if total else 1.0


def find_fix_set(situation: Situation, tables: Mapping[str, Frame], keys: KeyMaker, *, share: float) -> FixSet:
    """The fix set of a forecast, whose `tables` were made of the situation; `share` is the part of all risks that is to
    go, and less when the changes cannot do that. Computes: decides the sync twice, without other choices and findings.
    """
    risks = _risks_of(situation, tables)
    promised = _gone(situation, risks, {change for risk in risks for change in risk.needs}, keys)[0]
    kept = [risk for risk in risks if risk in promised]
    ordered = list(order_changes(kept))
    size = _size([gain for _, gain in ordered], math.ceil(len(risks) * share))
    chosen = {change for change, _ in ordered[:size]}
    cleared, new = _gone(situation, risks, chosen, keys) if chosen else (set(), 0)
    return FixSet(
        [change for change, _ in ordered],
        [gain for _, gain in ordered],
        size,
        Counter(risk.kind for risk in risks),
        Counter(risk.kind for risk in cleared),
        new,
    )


def _risks_of(situation: Situation, tables: Mapping[str, Frame]) -> list[Risk]:
    """The risks, in an order that does not depend on the engine's."""
    at_risk = tables["outcomes"].filter(nw.col("outcome").is_in(_AT_RISK)).select(*_NEEDED)
    lost = tables["links"].filter(nw.col("status") == LinkStatus.TARGET_NOT_SYNCED.value).select(*LINK_KEY, "status")
    winner = situation.sync(Object.COMPANY).conflict_winner
    near = tables["near_names"].select("hubspot_id", "dynamics_id", "score")
    risks = find_risks(*(_rows(frame) for frame in (at_risk, near, lost)), winner=winner)
    return sorted(risks, key=lambda risk: (list(RiskKind).index(risk.kind), risk.key))


def _rows(frame: Frame) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = frame.collect().rows(named=True)
    return rows


def _size(gains: Sequence[int], wanted: int) -> int:
    """How many of the first changes take away as many risks as wanted; all of them when they do not."""
    gone = 0
    for number, gain in enumerate(gains):
        if gone >= wanted:
            return number
        gone += gain
    return len(gains)


def _gone(
    situation: Situation, risks: Sequence[Risk], changes: Collection[RecordChange], keys: KeyMaker
) -> tuple[set[Risk], int]:
    """The risks that are gone after the changes, and how many records are newly at risk: the sync decided again."""
    decision = decide_sync(with_changes(situation, sorted(changes), keys))
    outcomes = decision.outcomes.filter(nw.col("outcome").is_in(_AT_RISK))
    records = {tuple(row.values()) for row in _rows(outcomes.select("system", "object", "record_id"))}
    lost = decision.links.filter(nw.col("status") == LinkStatus.TARGET_NOT_SYNCED.value)
    associations = {tuple(row.values()) for row in _rows(lost.select(*LINK_KEY))}
    pairs = set() if Object.COMPANY not in decision.pairs else {
        (row["hubspot_id"], row["dynamics_id"]) for row in _rows(decision.pairs[Object.COMPANY])
    }  # fmt: skip
    before = {risk.key for risk in risks if risk.kind in (RiskKind.SHADOWED, RiskKind.FAILING)}
    still = {RiskKind.ASSOCIATION: associations, RiskKind.SHADOWED: records, RiskKind.FAILING: records}
    gone = {
        risk
        for risk in risks
        if (risk.key in pairs if risk.kind is RiskKind.NEAR_NAME else risk.key not in still[risk.kind])
    }
    return gone, len(records - before)
