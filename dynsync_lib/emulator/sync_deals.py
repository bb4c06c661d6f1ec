"""What becomes of each deal and invoice: docs/semantics.md, section 7.

Facts
    * Deals are never matched: every deal in scope is created on the other side (2.40), if its stage is paired (2.41).
    * Invoices travel to HubSpot only (2.45).

Not modelled
    * Validation of deals and invoices.

Where it is used: `sync_engine`.
"""

from __future__ import annotations

from dynsync_lib.core.model import Direction, Object, Outcome, Reason, System
from dynsync_lib.emulator.sync_fields import live_mappings, values_of_new
from dynsync_lib.emulator.sync_pairs import Entry, enter
from dynsync_lib.emulator.sync_plan import Decision, SyncPlan
from dynsync_lib.emulator.sync_records import ObjectRun, excluded, name_of
from dynsync_lib.emulator.sync_store import Store
from dynsync_lib.emulator.sync_text import trim


def decide_deals(store: Store, plan: SyncPlan) -> ObjectRun:
    """Deals: direction, filter, stage, in this order; what is left is created (2.40, 2.41)."""
    run, stages = ObjectRun(), plan.of(Object.DEAL).stages
    mappings = live_mappings(store, plan, Object.DEAL)
    for side in System:
        known = stages if side is System.HUBSPOT else {ours: theirs for theirs, ours in reversed(tuple(stages.items()))}
        for entry in enter(store, plan, side, Object.DEAL):
            stage_field = "dealstage" if side is System.HUBSPOT else "statuscode"
            stage = known.get(trim(entry.record.get(stage_field)))
            decision = _kept_out(entry) or _unstaged(entry, stage) or _of_unmatched(entry, "deal.never-matched")
            run.decisions.append(decision)
            if decision.in_sync and stage is not None:
                values = {write.field.name: write.value for write in values_of_new(entry.record, mappings, plan)}
                target_field = "statuscode" if side is System.HUBSPOT else "dealstage"
                run.creates[name_of(entry.record)] = {**values, target_field: stage}
    return run


def decide_invoices(store: Store, plan: SyncPlan) -> ObjectRun:
    """Invoices: those of Dynamics travel, those of HubSpot do not (2.45)."""
    run, mappings = ObjectRun(), live_mappings(store, plan, Object.INVOICE)
    for side in System:
        travels = side is System.DYNAMICS and plan.of(Object.INVOICE).direction is not Direction.TO_DYNAMICS
        for entry in enter(store, plan, side, Object.INVOICE):
            decision = _at_home(entry) if not travels else None
            decision = decision or _kept_out(entry) or _of_unmatched(entry, "invoice.to-hubspot")
            run.decisions.append(decision)
            if decision.in_sync:
                values = values_of_new(entry.record, mappings, plan)
                run.creates[name_of(entry.record)] = {write.field.name: write.value for write in values}
    return run


def _at_home(entry: Entry) -> Decision:
    return excluded(entry.record, None, Reason.DIRECTION, "record.direction")


def _kept_out(entry: Entry) -> Decision | None:
    if not entry.is_source:
        return _at_home(entry)
    return excluded(entry.record, None, Reason.FILTER, entry.barred_by) if entry.barred_by else None


def _unstaged(entry: Entry, stage: str | None) -> Decision | None:
    if stage is not None:
        return None
    return excluded(entry.record, None, Reason.STAGE_UNMAPPED, "deal.stage-unmapped")


def _of_unmatched(entry: Entry, rule_id: str) -> Decision:
    return Decision(*name_of(entry.record), Outcome.CREATE, rule_id)
