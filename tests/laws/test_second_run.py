"""The law of the second run: what the first one brought in sync stays as it is.

The rules themselves want some records written or created again (see `emulator.witness.initial_sync`); the worlds here
leave those out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import HealthCheck, given, settings

from dynsync_lib.core.model import Object, Outcome, System
from dynsync_lib.core.settings import ObjectSync
from dynsync_lib.emulator.witness.decisions import SyncRun
from dynsync_lib.emulator.witness.initial_sync import decide_initial_sync, run_initial_sync
from tests.laws.small_worlds import SEEDS, seeded_world
from tests.opinions import SmallWorld, mapping_of, plan_of, store_of

_KEYS = {
    Object.CONTACT: ("email <-> emailaddress1", "ext <-> extid"),
    Object.LEAD: ("email <-> emailaddress1", "ext <-> extid"),
    Object.COMPANY: ("name <-> name", "domain <-> websiteurl", "ext <-> extid"),
}
_IN_SYNC = (None, Outcome.CREATE, Outcome.UPDATE, Outcome.LINK)
_WOULD_REPEAT = {"company_dup", "no_key", "email_norm", "name_norm", "lead_contact_overlap", "filter_scope"}


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=SEEDS)
def test_a_second_run_changes_nothing(seed: int) -> None:
    steady = _steady(seeded_world(seed, 6))
    store, plan = store_of(steady), plan_of(steady)
    first = run_initial_sync(store, plan)
    second = decide_initial_sync(store, plan)
    assert _created_again(first, second) == []
    assert _written_again(first, second) == []


def _steady(world: SmallWorld) -> SmallWorld:
    """The world without what is written or created on every run, and without filters that a write could open."""
    sync = {object_: _steady_sync(object_, one) for object_, one in world.sync.items() if object_ in _KEYS}
    kept = {name: choice for name, choice in world.assumptions.items() if name not in _WOULD_REPEAT}
    assumptions = {**kept, "pair_in_other_sync": "enough"}
    return replace(world, sync=sync, assumptions=assumptions, undelivered=frozenset())


def _steady_sync(object_: Object, sync: ObjectSync) -> ObjectSync:
    keys = tuple(map(mapping_of, _KEYS[object_]))
    used = {one.hubspot for one in keys} | {one.dynamics for one in keys}
    others = tuple(one for one in sync.mappings if not {one.hubspot, one.dynamics} & used)
    return replace(
        sync,
        filter_to_hubspot=None,
        filter_to_dynamics=None,
        mappings=keys + others,
        match_mode="default" if sync.match_mode == "none" or object_ is not Object.COMPANY else sync.match_mode,
        require_email=True,
        default_lifecycle_stage="",
    )


def _created_again(first: SyncRun, second: SyncRun) -> list[str]:
    """Records that were in sync after the first run, or are new twins, and are to be created by the second."""
    was, shared = {one.name: one.outcome for one in first.decisions}, _in_two_syncs(first)
    exempt = {one.name for one in first.decisions if one.counterpart_id in shared}
    return [
        f"{one.name}: {was.get(one.name)} and then {one.outcome}"
        for one in second.decisions
        if one.outcome is Outcome.CREATE and was.get(one.name) in _IN_SYNC and one.name not in exempt
    ]


def _written_again(first: SyncRun, second: SyncRun) -> list[str]:
    """Writes that land in the second run on a record that the first one brought in sync."""
    failed = {one.name for one in first.decisions if not one.in_sync}
    twice = _in_two_syncs(first) | _in_two_syncs(second)
    return [
        f"{write}"
        for write in second.writes
        if write.lands
        and write.hubspot_id not in twice
        and not _ends(write.object, write.hubspot_id, write.dynamics_id) & failed
    ]


def _ends(object_: Object, hubspot_id: str, dynamics_id: str) -> set[tuple[System, Object, str]]:
    ours = Object.CONTACT if object_ is Object.LEAD else object_
    return {(System.HUBSPOT, ours, hubspot_id), (System.DYNAMICS, object_, dynamics_id)}


def _in_two_syncs(run: SyncRun) -> set[str]:
    """The HubSpot contacts that a contact and a lead meet: the two overwrite each other."""
    ends = Counter(
        one.counterpart_id
        for one in run.decisions
        if one.system is System.DYNAMICS and one.object in (Object.CONTACT, Object.LEAD) and one.counterpart_id
    )
    return {record_id for record_id, count in ends.items() if count > 1}
