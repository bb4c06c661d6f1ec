"""The witness: the initial sync, record by record, as plain procedure.

Facts
    * Written from docs/semantics.md and the rules behind it, not from `core/`: a second opinion that shares no code.
    * Companies come first, then contacts, leads, deals and invoices, so that what a link points to is decided by then
      (6.11).
    * A second run over what the first one left behind creates and changes nothing for what is in sync, save where the
      rules themselves want it: deals and invoices are never matched (2.40), nor is anything with `match_mode = none`;
      persons without an address and nameless companies that may be created, and companies beside the first of a name
      (`rest_created`), are created each time; a HubSpot contact made from a lead is created by the contact sync, too,
      and one made from a contact by the lead sync, where its stage says so (`create_too`);
      several pairs on one record (`all_bind`, a lead and a contact in one
      HubSpot contact) overwrite each other; an exact key that travels trimmed is another key; a new record whose key
      field does not flow has no key; a value that a write changed may let a record pass a filter, or take a route,
      that it did not before; a contact that was created in Dynamics gets the sync's lifecycle stage when the next run
      finds the pair.

Not modelled
    * Refusals that only the portal knows of (plug-ins, field security); what HubSpot does by itself afterwards.

Where it is used: rehearsals, tests/laws, tests/cases.
"""

from __future__ import annotations

from collections.abc import Mapping

from dynsync_lib.core.model import LinkStatus, Object, System
from dynsync_lib.emulator.witness.auto_companies import companies_by_domain
from dynsync_lib.emulator.witness.companies import Companies, companies_by_key, companies_of_sync
from dynsync_lib.emulator.witness.decisions import Decision, LinkDecision, RecordName, SyncRun
from dynsync_lib.emulator.witness.links import LinkCase, decide_links
from dynsync_lib.emulator.witness.object_job import job_of
from dynsync_lib.emulator.witness.people import PeopleRun, decide_people
from dynsync_lib.emulator.witness.plan import SyncPlan, opposite, table_of
from dynsync_lib.emulator.witness.records import ObjectRun, decide_records, match_records, switched_off
from dynsync_lib.emulator.witness.several_writers import note_several_writers
from dynsync_lib.emulator.witness.witness_store import Association, Store, Values

_LOOKUPS = {
    (Object.CONTACT, Object.COMPANY): "parentcustomerid",
    (Object.DEAL, Object.COMPANY): "parentaccountid",
    (Object.DEAL, Object.CONTACT): "parentcontactid",
    (Object.INVOICE, Object.CONTACT): "customerid",
}
_TYPES = {"parentcustomerid": "account", "customerid": "contact"}
"""The lookups that may point to several tables, with the one that the sync has them point to."""

_Twins = dict[RecordName, str]


def run_initial_sync(store: Store, plan: SyncPlan) -> SyncRun:
    """What the initial sync decided; the store then holds what it created, wrote and linked.

    Raises UsageError when a filter is not of the grammar.
    """
    run = decide_initial_sync(store, plan)
    names = _company_names(store)
    twins = _companies_that_are_there(store, plan)
    twins |= {one.name: one.counterpart_id for one in run.decisions if one.in_sync and one.counterpart_id is not None}
    for name, twin in run.creates.items():
        created_id = store.create(opposite(name[0]), twin.object, _with_types(twin.values))
        if twin.object is not Object.LEAD:  # a lead holds no association
            twins[name] = created_id
    for write in run.writes:
        if write.lands:
            record_id = write.hubspot_id if write.target_system is System.HUBSPOT else write.dynamics_id
            object_ = table_of(write.object, write.target_system)
            store.update(write.target_system, object_, record_id, _with_types({write.target_column: write.new_value}))
    for link in run.links:
        if link.rule_id == "link.company-created-along":
            _create_company(link, twins, store, names)
        if link.rule_id != "company.auto-created" and link.status in (LinkStatus.SYNCED, LinkStatus.AUTO_CREATED):
            _carry(link, twins, store)
    return run


def decide_initial_sync(store: Store, plan: SyncPlan) -> SyncRun:
    """What the initial sync would do, the store untouched. Raises as `run_initial_sync` does."""
    runs, decisions = dict[Object, ObjectRun](), dict[RecordName, Decision]()
    for object_ in (Object.COMPANY, Object.DEAL, Object.INVOICE):
        if plan.of(object_).enabled:
            job = job_of(store, plan, object_)
            runs[object_] = decide_records(job, match_records(job))
            decisions |= runs[object_].all_decisions()
        else:
            decisions |= {one.name: one for side in System for one in switched_off(store, side, object_)}
    people = decide_people(store, plan)
    decisions |= people.decisions
    case = LinkCase(plan, decisions, _companies(runs, store, plan), frozenset(people.leads_only))
    return _told(runs, people, case, store)


def _companies(runs: Mapping[Object, ObjectRun], store: Store, plan: SyncPlan) -> Companies:
    if Object.COMPANY in runs:
        return companies_of_sync(runs[Object.COMPANY])
    return Companies() if plan.choice("assoc_missing_company") == "skip" else companies_by_key(store, plan)


def _told(runs: Mapping[Object, ObjectRun], people: PeopleRun, case: LinkCase, store: Store) -> SyncRun:
    links = decide_links(store, case)
    links += companies_by_domain(store, case.plan, case.decisions, tuple(links))
    writes = note_several_writers([write for run in runs.values() for write in run.writes] + people.writes)
    creates = {name: twin for run in runs.values() for name, twin in run.creates.items()} | people.creates
    return SyncRun(tuple(case.decisions.values()), tuple(writes), tuple(links), creates)


# ---------------------------------------------------------------------------------------------------------------
# What is left behind
# ---------------------------------------------------------------------------------------------------------------


def _with_types(values: Values) -> Values:
    """The values, owners with the type column beside them: who is written is a user, never a team."""
    owners = [name for name in values if name.startswith("_ownerid_")]
    return {**values, **{name.replace("_value", "_type"): "systemuser" for name in owners}}


def _companies_that_are_there(store: Store, plan: SyncPlan) -> _Twins:
    """With companies off, the company of the other side that an association finds by its key (6.2, 6.3).

    Of several that are one with a company (`all_bind`) it is the first that is delivered.
    """
    if plan.of(Object.COMPANY).enabled:
        return {}
    twins, pairs = _Twins(), _companies({}, store, plan).pairs
    places = {one.record_id: one.rank for one in store.records(System.DYNAMICS, Object.COMPANY)}
    for hubspot_id, dynamics_id in sorted(pairs, key=lambda pair: places[pair[1]]):
        twins.setdefault((System.HUBSPOT, Object.COMPANY, hubspot_id), dynamics_id)
        twins.setdefault((System.DYNAMICS, Object.COMPANY, dynamics_id), hubspot_id)
    return twins


def _company_names(store: Store) -> Mapping[tuple[System, str], str | None]:
    records = [one for side in System for one in store.records(side, Object.COMPANY)]
    return {(one.system, one.record_id): one.get("name") for one in records}


def _create_company(
    link: LinkDecision, twins: _Twins, store: Store, names: Mapping[tuple[System, str], str | None]
) -> None:
    """The company of a contact exists on the other side, once (Q20)."""
    name = (link.from_system, Object.COMPANY, link.to_id)
    if name not in twins:
        values = {"name": names[(link.from_system, link.to_id)]}
        twins[name] = store.create(opposite(link.from_system), Object.COMPANY, values)


def _carry(link: LinkDecision, twins: _Twins, store: Store) -> None:
    """The association of the twins now exists on the other side; nothing happens when one of them has no twin."""
    from_id = twins.get((link.from_system, link.from_object, link.from_id))
    to_id = twins.get((link.from_system, link.to_object, link.to_id))
    if from_id is None or to_id is None:
        return
    if link.from_system is System.DYNAMICS:
        is_primary = link.to_object is Object.COMPANY
        store.associate(Association(link.from_object, from_id, link.to_object, to_id, is_primary))
        return
    lookup = _LOOKUPS[(link.from_object, link.to_object)]
    values = {f"_{lookup}_value": to_id}
    if lookup in _TYPES:
        values[f"_{lookup}_type"] = _TYPES[lookup]
    store.update(System.DYNAMICS, link.from_object, from_id, values)
