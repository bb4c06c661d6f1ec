"""What travels after the first sync: docs/semantics.md, section 10, record by record.

Facts
    * A field that changed on one side travels from there, whoever wins; one that changed on both is a conflict.
    * A pair whose filter no longer holds is an escape: it syncs on, unless filters are a fence (4.2, 4.3).

Not modelled
    * Refusals by the target; records that came or went between the two moments.

Where it is used: tests/laws, tests/emulator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dynsync_lib.core.model import Object, System
from dynsync_lib.emulator.witness.compare import are_equal, is_same_text
from dynsync_lib.emulator.witness.decisions import Write
from dynsync_lib.emulator.witness.entrance import Entry, enter, may_join
from dynsync_lib.emulator.witness.fields import goes_backward
from dynsync_lib.emulator.witness.kinds import column_of, flows_to, value_of
from dynsync_lib.emulator.witness.object_job import Job, job_of
from dynsync_lib.emulator.witness.plan import PlanMapping, SyncPlan, opposite
from dynsync_lib.emulator.witness.text_values import is_blank, trim
from dynsync_lib.emulator.witness.values import new_value
from dynsync_lib.emulator.witness.witness_store import Record, Store

ONE_SIDE, BOTH_SIDES = "one_side_changed", "both_changed"

_Ends = Mapping[System, Record]


@dataclass(frozen=True, slots=True)
class Escape:
    """A pair that would not be made any more, and which of its records still passes."""

    object: Object
    hubspot_id: str
    dynamics_id: str
    hubspot_passes: bool
    dynamics_passes: bool


@dataclass(frozen=True, slots=True)
class Replay:
    """What travelled between two moments, and who escaped."""

    writes: tuple[Write, ...]
    escapes: tuple[Escape, ...]


def replay(before: Store, after: Store, plan: SyncPlan) -> Replay:
    """What the pairs of `plan.bindings` write, `before` being the first moment and `after` that of the plan."""
    writes, escapes = list[Write](), list[Escape]()
    for object_ in Object:
        if plan.of(object_).enabled:
            _replay_object(job_of(before, plan, object_), job_of(after, plan, object_), writes, escapes)
    return Replay(tuple(writes), tuple(escapes))


def _replay_object(before: Job, after: Job, writes: list[Write], escapes: list[Escape]) -> None:
    then = {side: {one.record_id: one for one in before.records(side)} for side in System}
    now = {side: {one.record.record_id: one for one in enter(after, side)} for side in System}
    for hubspot_id, dynamics_id in _pairs(after):
        ids = {System.HUBSPOT: hubspot_id, System.DYNAMICS: dynamics_id}
        if not all(ids[side] in then[side] and ids[side] in now[side] for side in System):
            continue
        entries = {side: now[side][ids[side]] for side in System}
        is_fenced = _escapes(entries, after, escapes) and after.choice("filter_semantics") == "continuous"
        if not is_fenced:
            old = {side: then[side][ids[side]] for side in System}
            new = {side: entries[side].record for side in System}
            writes += _writes(old, new, before, after)


def _pairs(job: Job) -> list[tuple[str, str]]:
    told = [(one.hubspot_id, one.dynamics_id) for one in job.plan.bindings if one.object is job.object]
    return list(dict.fromkeys(told))


def _escapes(entries: Mapping[System, Entry], job: Job, escapes: list[Escape]) -> bool:
    ours, theirs = entries[System.HUBSPOT], entries[System.DYNAMICS]
    if may_join(ours, theirs, job):
        return False
    passes = (ours.barred_by is None, theirs.barred_by is None)
    escapes.append(Escape(job.object, ours.record.record_id, theirs.record.record_id, *passes))
    return True


def _writes(old: _Ends, new: _Ends, before: Job, after: Job) -> Iterator[Write]:
    for mapping in after.mappings:
        if mapping not in before.mappings:
            continue
        changed = [side for side in System if _is_changed(old[side], new[side], mapping)]
        target = _target(changed, new, mapping, after)
        if target is not None:
            note = BOTH_SIDES if len(changed) == 2 else ONE_SIDE
            yield _write(new, mapping, target, note, after)


def _is_changed(old: Record, new: Record, mapping: PlanMapping) -> bool:
    """Whether the two values of one side are not equal, or one of them is blank."""
    then, now = value_of(old, mapping), value_of(new, mapping)
    if is_blank(then) or is_blank(now):
        return is_blank(then) != is_blank(now)
    return not is_same_text(trim(then), trim(now), old.system, mapping)


def _target(changed: list[System], new: _Ends, mapping: PlanMapping, job: Job) -> System | None:
    """The side that is written to, None when nothing travels."""
    targets = [side for side in System if flows_to(side, mapping, job.object, job.plan)]
    blanks = [side for side in System if is_blank(value_of(new[side], mapping))]
    if not changed or not targets or len(blanks) == 2:
        return None
    if not blanks and are_equal(new[System.HUBSPOT], new[System.DYNAMICS], mapping, job.plan, job.owners):
        return None
    if len(changed) == 1:
        target = opposite(changed[0])
    elif len(targets) == 1:
        target = targets[0]
    else:
        winner = job.own.conflict_winner
        target = winner if blanks == [winner] else opposite(winner)
    return target if target in targets and opposite(target) not in blanks else None


def _write(new: _Ends, mapping: PlanMapping, target: System, note: str, job: Job) -> Write:
    value, old = new_value(new[opposite(target)], mapping, job), value_of(new[target], mapping)
    if value.note is None and goes_backward(value, old, target, job):
        note = "lifecycle_ignored"
    return Write(
        object=job.object,
        hubspot_id=new[System.HUBSPOT].record_id,
        dynamics_id=new[System.DYNAMICS].record_id,
        target_system=target,
        target_field=value.field.name,
        source_field=mapping.side(opposite(target)).name,
        kind="fill" if is_blank(old) else "overwrite",
        old_value=None if is_blank(old) else old,
        new_value=value.text,
        note=value.note or note,
        target_column=column_of(target, value.field),
    )
