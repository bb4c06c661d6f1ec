"""The fewest records that show everything: greedy set cover, where a record costs what it depends on.

Facts
    * Each step takes the candidate that shows most new items for each record that it adds, with all that it depends on;
      at the end whoever shows nothing alone is left out again. So the sample is small, not provably the smallest: to
      find that is a problem nobody can solve for thousands of records.
    * The same candidates give the same sample: ties go by the record's name.

Where it is used: `rehearsal.planning.sample_search`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from dynsync_lib.rehearsal.planning.record_names import Record

Closure = frozenset[Record]


@dataclass(frozen=True, slots=True)
class Sample:
    """What was chosen: the candidates, each with its closure, and by record the items that it is there for."""

    chosen: Mapping[Record, Closure]
    covers: Mapping[Record, list[str]] = field(default_factory=dict)

    @property
    def records(self) -> list[Record]:
        """All records, those that others depend on among them, sorted."""
        return sorted({record for closure in self.chosen.values() for record in closure})

    def needed_by(self) -> dict[Record, Record]:
        """For each record that is there for another's sake, the first that depends on it."""
        needed: dict[Record, Record] = {}
        for chosen, closure in sorted(self.chosen.items()):
            for record in sorted(closure):
                if record not in self.chosen:
                    needed.setdefault(record, chosen)
        return needed


def choose_sample(
    candidates: Iterable[Record], closure_of: Callable[[Record], Closure], shows: Mapping[Record, set[str]]
) -> Sample:
    """A small sample of the candidates that shows every item that any of them shows."""
    bits = {item: 1 << turn for turn, item in enumerate(sorted({item for items in shows.values() for item in items}))}
    masks = {record: sum(bits[item] for item in items) for record, items in shows.items()}
    options = _options(candidates, closure_of, masks)
    chosen: dict[Record, Closure] = {}
    records: set[Record] = set()
    covered = 0
    while True:
        best = None
        for candidate, (closure, mask) in list(options.items()):
            gain = (mask & ~covered).bit_count()
            if not gain:
                del options[candidate]
                continue
            turn = (-gain / max(len(closure - records), 1), -gain, candidate)
            best = turn if best is None else min(best, turn)
        if best is None:
            break
        candidate = best[-1]
        chosen[candidate], mask = options.pop(candidate)
        records |= chosen[candidate]
        covered |= mask
    chosen = _without_needless(chosen, masks)
    return Sample(chosen, _covers(chosen, shows))


def _options(
    candidates: Iterable[Record], closure_of: Callable[[Record], Closure], masks: Mapping[Record, int]
) -> dict[Record, tuple[Closure, int]]:
    """Of candidates whose closures show the same and are of one size only the first."""
    options: dict[Record, tuple[Closure, int]] = {}
    known: set[tuple[int, int]] = set()
    for candidate in sorted(candidates):
        closure = closure_of(candidate)
        mask = _shown(closure, masks)
        if (mask, len(closure)) not in known:
            known.add((mask, len(closure)))
            options[candidate] = (closure, mask)
    return options


def _without_needless(chosen: Mapping[Record, Closure], masks: Mapping[Record, int]) -> dict[Record, Closure]:
    """The chosen without those, the costliest first, without whom everything is shown all the same."""
    kept = dict(chosen)
    everything = _shown_by(kept, masks)
    for candidate in sorted(kept, key=lambda record: (-len(kept[record]), record)):
        others = {record: closure for record, closure in kept.items() if record != candidate}
        if _shown_by(others, masks) == everything:
            kept = others
    return kept


def _shown_by(chosen: Mapping[Record, Closure], masks: Mapping[Record, int]) -> int:
    shown = 0
    for closure in chosen.values():
        shown |= _shown(closure, masks)
    return shown


def _shown(closure: Closure, masks: Mapping[Record, int]) -> int:
    shown = 0
    for record in closure:
        shown |= masks.get(record, 0)
    return shown


def _covers(chosen: Mapping[Record, Closure], shows: Mapping[Record, set[str]]) -> dict[Record, list[str]]:
    """By record the items that no record before it shows: the chosen come before what they depend on."""
    covers: dict[Record, list[str]] = {}
    covered: set[str] = set()
    others = {record for closure in chosen.values() for record in closure} - chosen.keys()
    for record in [*sorted(chosen), *sorted(others)]:
        new = sorted(shows.get(record, set()) - covered)
        if new:
            covers[record] = new
            covered |= set(new)
    return covers
