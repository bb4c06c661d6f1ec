"""Watches both test portals, read-only, until the sync has come to rest.

Facts
    * Looked at is what the portals hold: the number of records of each table, a hash of all that can be written, and
      HubSpot's associations, which a sync writes last and which move no record. Data Sync's own page of its progress is
      not reachable from outside.
    * The sync has begun when something is otherwise than after seeding, and is at rest when several looks in a row saw
      the same. What the caller may not read is named: a sync that still writes there looks like one at rest.

Where it is used: `kit.rehearsals`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core.tables import LINKS_IN
from dynsync_lib.forecasts.forecast_folder import read_rows
from dynsync_lib.portals.hubspot.reader import ASSOCIATION_PAIRS
from dynsync_lib.portals.pull.pull_portals import run_blocking
from dynsync_lib.rehearsal.portal_records import (
    fingerprints,
    name_of_associations,
    read_associations,
    read_records,
)
from dynsync_lib.rehearsal.portal_steps import PortalSteps
from dynsync_lib.rehearsal.rehearsal_folder import Rehearsal
from dynsync_lib.rehearsal.running import refuse_unseeded
from dynsync_lib.rehearsal.writing.portal_pair import TestPortals
from dynsync_lib.snapshot.snapshot import Snapshot

INTERVAL_S: Final = 60.0
STILL_LOOKS: Final = 3
LONGEST_S: Final = 6 * 3600.0
Counts = Mapping[str, int]
"""Records by table of the snapshot, and associations under names such as `associations of contact to company`."""
Look = Callable[[Counts, int], None]
"""Is called after each look with what was counted, and how many looks in a row saw the same."""


@dataclass(frozen=True, slots=True)
class Watch:
    """How to watch: every `interval_s`, until `still_looks` in a row saw the same, `longest_s` at most."""

    interval_s: float = INTERVAL_S
    still_looks: int = STILL_LOOKS
    longest_s: float = LONGEST_S


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen: `has_begun`, whether the sync did anything; `is_at_rest`; `records`, as Counts; how many looks.

    `unwatched`: the tables, and the pairs of objects whose associations, that could not be read.
    """

    has_begun: bool
    is_at_rest: bool
    records: Counts
    looks: int
    unwatched: Sequence[str] = ()


def wait_for_rest(
    steps: PortalSteps, rehearsal: Rehearsal, watch: Watch | None = None, look: Look | None = None
) -> Watched:
    """Looks at both portals again and again, on the pace of `steps`; nothing is written.

    Raises UsageError before seeding, ProductionPortalError for portals that are not for tests, and PortalError.
    """
    refuse_unseeded(rehearsal)
    chosen = watch or Watch()

    async def run() -> Watched:
        async with steps.open_portals() as portals:
            return await _watch(steps, portals, rehearsal, chosen, look or _ignore)

    return run_blocking(run())


async def _watch(steps: PortalSteps, portals: TestPortals, rehearsal: Rehearsal, watch: Watch, look: Look) -> Watched:
    seeded, began_s = _seeded_counts(rehearsal.before()), steps.pace.elapsed_s()
    first, last, looks, still = None, None, 0, 0
    while True:
        seen, unwatched = await _see(portals)
        looks, counts = looks + 1, {name: int(table["rows"]) for name, table in seen.items()}
        first = first or seen
        still = still + 1 if seen == last else 1
        last = seen
        has_begun = seen != first or any(counts[name] != seeded.get(name, counts[name]) for name in counts)
        look(counts, still)
        is_at_rest = has_begun and still >= watch.still_looks
        if is_at_rest or steps.pace.elapsed_s() - began_s >= watch.longest_s:
            return Watched(has_begun, is_at_rest, counts, looks, unwatched)
        await steps.pace.sleep(watch.interval_s)


async def _see(portals: TestPortals) -> tuple[dict[str, Mapping[str, Any]], list[str]]:
    """The fingerprints of all tables and of HubSpot's associations, and the names of what could not be read."""
    records = await read_records(portals)
    associations = await read_associations(portals, records)
    return {**fingerprints(records, {}), **associations.fingerprints}, sorted([*records.unread, *associations.unread])


def _seeded_counts(before: Snapshot) -> dict[str, int]:
    """What stood in the portals after seeding, without the associations that were not read then."""
    links = Counter((row["from_object"], row["to_object"]) for row in read_rows(before.table_path(LINKS_IN.name)))
    pairs = [pair for pair in ASSOCIATION_PAIRS if pair[0] in before.associations_of]
    return {
        **{name: int(table["rows"]) for name, table in before.manifest["tables"].items()},
        **{name_of_associations(*pair): links[pair] for pair in pairs},
    }


def _ignore(counts: Counts, still: int) -> None:
    del counts, still
