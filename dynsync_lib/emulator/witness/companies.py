"""Which companies are one, for associations: docs/semantics.md, section 8.

Facts
    * A sync of companies says so itself. Without one, a contact's company is still found, by the key by which companies
      would be matched (6.3), as if their sync were on, two-way and without filters.

Where it is used: `emulator.witness.initial_sync`, `emulator.witness.links`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dynsync_lib.core.model import Direction, Object, Outcome, System
from dynsync_lib.emulator.witness.object_job import job_of
from dynsync_lib.emulator.witness.plan import SyncPlan
from dynsync_lib.emulator.witness.records import ObjectRun, decide_records, match_records
from dynsync_lib.emulator.witness.witness_store import Store


@dataclass(frozen=True, slots=True)
class Companies:
    """`pairs`: the companies that are one, as (HubSpot id, Dynamics id).

    `to_be_created`: with companies off, those that the other side lacks and that could be created there.
    """

    pairs: frozenset[tuple[str, str]] = frozenset()
    to_be_created: frozenset[tuple[System, str]] = frozenset()


def companies_of_sync(run: ObjectRun) -> Companies:
    """The companies that the sync of companies made one."""
    pairs = [pair for of_record in run.matching.pairs.values() for pair in of_record]
    return Companies(frozenset((pair.hubspot.record_id, pair.dynamics.record_id) for pair in pairs))


def companies_by_key(store: Store, plan: SyncPlan) -> Companies:
    """The companies that a sync of contacts or deals finds by key while companies are off."""
    own = replace(
        plan.of(Object.COMPANY),
        enabled=True,
        direction=Direction.TWO_WAY,
        filter_to_hubspot=None,
        filter_to_dynamics=None,
        mappings=(),
        fields={},
        only_existing_in_target=False,
        sync_user_may_write=True,
        required_properties=(),
    )
    assumptions = {**plan.assumptions, "include_inactive": "true"}
    bare = replace(plan, objects={Object.COMPANY: own}, bindings=(), assumptions=assumptions)
    job = job_of(store, bare, Object.COMPANY)
    run = decide_records(job, match_records(job))
    return replace(companies_of_sync(run), to_be_created=_to_be_created(run))


def _to_be_created(run: ObjectRun) -> frozenset[tuple[System, str]]:
    """The companies that come to line 10, or that `all_bind` links to what the owner of their key becomes."""
    return frozenset(
        (name[0], name[2]) for name, line in run.decisions.items() if line.outcome in (Outcome.CREATE, Outcome.LINK)
    )
