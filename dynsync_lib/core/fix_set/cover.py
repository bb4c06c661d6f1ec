"""The order in which changes take most risks away: each time the one that takes most, given those before it.

Facts
    * It is greedy: a risk that needs two changes counts for the second of them. Where two take the same number away,
      the order of systems, objects and ids decides.
    * Cost: grows with risks and changes, times the logarithm of the changes.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator

from dynsync_lib.core.fix_set.risks import RecordChange, Risk


def order_changes(risks: Iterable[Risk]) -> Iterator[tuple[RecordChange, int]]:
    """Every change that takes a risk away, best first, with how many risks it takes away at its place."""
    open_needs = [set(risk.needs) for risk in risks if risk.needs]
    needed_by: dict[RecordChange, list[int]] = defaultdict(list)
    gains: dict[RecordChange, int] = defaultdict(int)
    for number, needs in enumerate(open_needs):
        for change in needs:
            needed_by[change].append(number)
        if len(needs) == 1:
            gains[next(iter(needs))] += 1
    waiting = [(-gains[change], change) for change in needed_by]
    heapq.heapify(waiting)
    passed: set[RecordChange] = set()
    while waiting:
        gain, change = heapq.heappop(waiting)
        if change in passed or -gain != gains[change]:
            continue
        passed.add(change)
        yield change, gains[change]
        for number in needed_by[change]:
            open_needs[number].discard(change)
            if len(open_needs[number]) == 1:
                last = next(iter(open_needs[number]))
                gains[last] += 1
                heapq.heappush(waiting, (-gains[last], last))
