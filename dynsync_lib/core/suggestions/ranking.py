"""Which candidates become suggestions, and in what order.

Facts
    * A field is the first suggestion of one field only; of two that want the same the surer has it.
    * What is not sure enough is left out, unless neither field has another candidate that is nearly as good.
    * Further suggestions are for properties that have a first one; what a word such as `last year` tells apart is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core.model import System
from dynsync_lib.core.suggestions.field_words import FieldWords

MOST_SUGGESTIONS: Final = 3
"""Of one property."""
_SURE: Final = 0.68
_LIKELY: Final = 0.44
"""Of pairs without a rival."""
_MARGIN: Final = 0.15
_WORTH_A_LOOK: Final = 0.6


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pair of fields with its score (0 to 1) and the reason in words."""

    hubspot: FieldWords
    dynamics: FieldWords
    score: float
    reason: str
    is_doubtful: bool = False
    """Whether one field alone has a word that tells look-alikes apart."""
    further: float = 0.0
    """What else speaks for the pair, of those with nearly the same score."""

    @property
    def names(self) -> tuple[str, str]:
        """The internal names of property and column."""
        return (self.hubspot.field.name, self.dynamics.field.name)

    @property
    def key(self) -> tuple[float, float, str, str]:
        """What candidates are sorted by, the best first."""
        return (-round(self.score, 2), -self.further, *self.names)


def rank_candidates(candidates: Iterable[Candidate]) -> Iterator[tuple[Candidate, int, float]]:
    """Candidates with rank and score, by property: what it means first, then what else it may mean.

    The best pairs come first, and each field once at rank 1; a property without a sure pair is left out.
    """
    in_order = sorted(candidates, key=lambda candidate: candidate.key)
    unrivalled = _unrivalled(in_order)
    first: dict[str, Candidate] = {}
    taken: set[str] = set()
    for candidate in in_order:
        hubspot, dynamics = candidate.names
        is_sure = candidate.score >= _SURE or candidate.names in unrivalled
        if is_sure and hubspot not in first and dynamics not in taken:
            first[hubspot] = candidate
            taken.add(dynamics)
    for name in sorted(first):
        others = [
            candidate
            for candidate in in_order
            if candidate.names[0] == name and candidate is not first[name]
            if candidate.score >= _WORTH_A_LOOK and not candidate.is_doubtful
        ]
        for rank, candidate in enumerate([first[name], *others][:MOST_SUGGESTIONS], 1):
            score = min(candidate.score, first[name].score)
            yield candidate, rank, score


def _unrivalled(candidates: Sequence[Candidate]) -> set[tuple[str, str]]:
    """The names of pairs that are likely and have no rival: neither field has another candidate nearly as good."""
    scores: dict[tuple[System, str], list[float]] = {}
    for candidate in candidates:
        for side, name in zip(System, candidate.names, strict=True):
            scores.setdefault((side, name), []).append(candidate.score)

    def is_far_ahead(candidate: Candidate) -> bool:
        rivals = [sorted(scores[side], reverse=True) for side in zip(System, candidate.names, strict=True)]
        return all(best[0] == candidate.score and best[1:2] < [candidate.score - _MARGIN] for best in rivals)

    return {candidate.names for candidate in candidates if candidate.score >= _LIKELY and is_far_ahead(candidate)}
