"""The witness: the initial sync, record by record, as plain procedure.

Facts
    * Written from docs/semantics.md and the rules behind it, not from `core/`: a second opinion that shares no code.
    * Companies come first, then contacts, deals and invoices, so that what a link points to is decided by then (6.11).
    * A second run over what the first one left behind creates and changes nothing for what is in sync, save where the
      rules themselves want it: deals and invoices are never matched (2.40); nameless companies (`no_key = create`) and
      companies beside the first of a name (`rest_created`) are created each time; several pairs on one record
      (`all_bind`) overwrite each other; an exact key that travels trimmed is another key; a new record whose key field
      does not flow has no key; a value that a write changed may let a record pass a filter that it failed before.

Not modelled
    * Leads; stores over HTTP; refusals that only the portal knows of (plug-ins, privileges).

Where it is used: rehearsals, tests/laws, tests/test_cases.py.
"""

from __future__ import annotations

from dynsync_lib.core.model import LinkStatus, Object, System
from dynsync_lib.emulator.sync_deals import decide_deals, decide_invoices
from dynsync_lib.emulator.sync_links import CompanyPairs, LinkCase, decide_links, pairs_by_name
from dynsync_lib.emulator.sync_pairs import find_pairs
from dynsync_lib.emulator.sync_plan import LinkDecision, SyncPlan, SyncRun, opposite
from dynsync_lib.emulator.sync_records import ObjectRun, decide_matched, switched_off
from dynsync_lib.emulator.sync_store import Association, Store
from dynsync_lib.errors import UsageError

_Twins = dict[tuple[System, Object, str], str]
_LOOKUPS = {
    (Object.CONTACT, Object.COMPANY): "parentcustomerid",
    (Object.DEAL, Object.COMPANY): "parentaccountid",
    (Object.DEAL, Object.CONTACT): "parentcontactid",
}


def run_initial_sync(store: Store, plan: SyncPlan) -> SyncRun:
    """What the initial sync decided; the store then holds what it created, wrote and linked.

    Raises UsageError when the plan switches leads on, or a filter is not of the grammar.
    """
    run = decide_initial_sync(store, plan)
    twins = _twins_of_pairs(run)
    for (system, object_, record_id), values in run.creates.items():
        twins[(system, object_, record_id)] = store.create(opposite(system), object_, dict(values))
    for write in run.writes:
        if write.lands:
            record_id = write.hubspot_id if write.target_system is System.HUBSPOT else write.dynamics_id
            store.update(write.target_system, write.object, record_id, {write.target_field: write.new_value})
    for link in run.links:
        if link.status is LinkStatus.SYNCED:
            _carry(link, twins, store)
    return run


def decide_initial_sync(store: Store, plan: SyncPlan) -> SyncRun:
    """What the initial sync would do, the store untouched. Raises as `run_initial_sync` does."""
    if plan.of(Object.LEAD).enabled:
        raise UsageError("Leads are not modelled yet.", next_step="Switch off [sync.lead] and run again.")
    company_pairs: CompanyPairs = frozenset()
    runs = [switched_off(store, object_) for object_ in Object if not plan.of(object_).enabled]
    for object_ in (Object.COMPANY, Object.CONTACT):
        if plan.of(object_).enabled:
            matching = find_pairs(store, plan, object_)
            runs.append(decide_matched(store, plan, object_, matching))
            if object_ is Object.COMPANY:
                pairs = [pair for one in matching.pairs.values() for pair in one]
                company_pairs = frozenset((pair.hubspot.record_id, pair.dynamics.record_id) for pair in pairs)
    if plan.of(Object.DEAL).enabled:
        runs.append(decide_deals(store, plan))
    if plan.of(Object.INVOICE).enabled:
        runs.append(decide_invoices(store, plan))
    if not plan.of(Object.COMPANY).enabled and plan.choice("assoc_missing_company") == "link_existing":
        company_pairs = pairs_by_name(store, plan)
    return _with_links(runs, company_pairs, store, plan)


def _with_links(runs: list[ObjectRun], company_pairs: CompanyPairs, store: Store, plan: SyncPlan) -> SyncRun:
    decisions = {(one.system, one.object, one.record_id): one for run in runs for one in run.decisions}
    creates = {name: values for run in runs for name, values in run.creates.items()}
    writes = tuple(write for run in runs for write in run.writes)
    links = decide_links(store, LinkCase(plan, decisions, company_pairs))
    return SyncRun(tuple(decisions.values()), writes, tuple(links), creates)


def _twins_of_pairs(run: SyncRun) -> _Twins:
    in_sync = [one for one in run.decisions if one.in_sync and one.counterpart_id is not None]
    return {(one.system, one.object, one.record_id): one.counterpart_id or "" for one in in_sync}


def _carry(link: LinkDecision, twins: _Twins, store: Store) -> None:
    """The association of the twins now exists on the other side; nothing happens when one of them has no twin."""
    from_id = twins.get((link.from_system, link.from_object, link.from_id))
    to_id = twins.get((link.from_system, link.to_object, link.to_id))
    if from_id is None or to_id is None:
        return
    if link.from_system is System.DYNAMICS:
        is_primary = link.to_object is Object.COMPANY
        store.associate(Association(link.from_object, from_id, link.to_object, to_id, is_primary))
    else:
        lookup = _LOOKUPS[(link.from_object, link.to_object)]
        values = {f"_{lookup}_value": to_id}
        if lookup == "parentcustomerid":
            values[f"_{lookup}_type"] = "account"
        store.update(System.DYNAMICS, link.from_object, from_id, values)
