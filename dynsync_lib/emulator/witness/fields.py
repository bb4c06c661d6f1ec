"""What a pair writes, before the targets are asked: docs/semantics.md, section 6.

Facts
    * Table 3.A decides: the conflict winner overwrites, each side fills the other's blanks, no blank is written (3.4).
    * HubSpot ignores a lifecycle stage that goes backward (5.16), and promotes to the sync's own stage (5.15).

Where it is used: `emulator.witness.records`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dynsync_lib.core.model import Object, System
from dynsync_lib.emulator.witness.compare import are_equal
from dynsync_lib.emulator.witness.decisions import Write
from dynsync_lib.emulator.witness.kinds import column_of, flows_to, value_of
from dynsync_lib.emulator.witness.object_job import Job
from dynsync_lib.emulator.witness.plan import PlanField, PlanMapping, opposite
from dynsync_lib.emulator.witness.text_values import is_blank, moment, trim
from dynsync_lib.emulator.witness.values import NewValue, new_value, skipped_if_bad
from dynsync_lib.emulator.witness.witness_store import Record

STAGE = "lifecyclestage"
STAGE_SOURCE = "default_lifecycle_stage"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that are one: `rule_id` says how they met, `key` on what, `is_bound` whether an earlier run did."""

    hubspot: Record
    dynamics: Record
    rule_id: str
    key: str | None
    is_bound: bool = False

    def side(self, system: System) -> Record:
        """The record of one side."""
        return self.hubspot if system is System.HUBSPOT else self.dynamics


@dataclass(frozen=True, slots=True)
class Draft:
    """A write that the target has not been asked about, with the value it carries."""

    write: Write
    value: NewValue


def modified_field(record: Record) -> str:
    """The field that says when a record was last modified."""
    if record.system is System.DYNAMICS:
        return "modifiedon"
    return "lastmodifieddate" if record.object is Object.CONTACT else "hs_lastmodifieddate"


def drafts_of_pair(pair: Pair, job: Job) -> Iterator[Draft]:
    """Each field the pair would write, before the targets are asked whether they take it."""
    for mapping in job.mappings:
        target = _target(pair, mapping, job)
        if target is not None:
            yield _draft(pair, mapping, target, job)
    stage = _default_stage(pair, job)
    if stage is not None:
        yield stage


def _target(pair: Pair, mapping: PlanMapping, job: Job) -> System | None:
    """The side that is written to under table 3.A, or None."""
    targets = [side for side in System if flows_to(side, mapping, job.object, job.plan)]
    blanks = [side for side in System if is_blank(value_of(pair.side(side), mapping))]
    if not targets or len(blanks) == 2 or (not blanks and _keeps(pair, mapping, job)):
        return None
    if len(targets) == 2:
        return _two_way_target(blanks, job)
    return _one_way_target(targets[0], blanks, job)


def _keeps(pair: Pair, mapping: PlanMapping, job: Job) -> bool:
    """Whether two filled fields stay as they are: equal, or bound and saved again (3.12)."""
    return _keeps_what_is_there(pair, job) or are_equal(pair.hubspot, pair.dynamics, mapping, job.plan, job.owners)


def _keeps_what_is_there(pair: Pair, job: Job) -> bool:
    return pair.is_bound and job.choice("resave_reconcile") == "false"


def _two_way_target(blanks: list[System], job: Job) -> System | None:
    winner = job.own.conflict_winner
    if blanks == [winner] and job.choice("fill_empty_winner") == "false":
        return None
    return blanks[0] if blanks else opposite(winner)


def _one_way_target(target: System, blanks: list[System], job: Job) -> System | None:
    if blanks:
        return target if blanks == [target] else None
    keeps = job.choice("oneway_winner") == "keep_target" and target is job.own.conflict_winner
    return None if keeps else target


def _draft(pair: Pair, mapping: PlanMapping, target: System, job: Job) -> Draft:
    source_field, old = mapping.side(opposite(target)).name, value_of(pair.side(target), mapping)
    value = new_value(pair.side(opposite(target)), mapping, job)
    return _noted(pair, target, job, value=value, old=old, source_field=source_field)


def _noted(pair: Pair, target: System, job: Job, *, value: NewValue, old: str | None, source_field: str) -> Draft:
    value = skipped_if_bad(value, target, job, is_create=False)
    kind, note = "fill" if is_blank(old) else "overwrite", value.note
    if note is None and goes_backward(value, old, target, job):
        note = "lifecycle_ignored"
    if note is None and kind == "overwrite" and _is_stale(pair, target):
        note = "stale_winner"
    write = Write(
        object=job.object,
        hubspot_id=pair.hubspot.record_id,
        dynamics_id=pair.dynamics.record_id,
        target_system=target,
        target_field=value.field.name,
        source_field=source_field,
        kind=kind,
        old_value=None if kind == "fill" else old,
        new_value=value.text,
        note=note,
        target_column=column_of(target, value.field),
    )
    return Draft(write, value)


def _is_stale(pair: Pair, target: System) -> bool:
    """Whether the record that is overwritten was modified later than the one that overwrites it."""
    written, source = (
        moment(record.get(modified_field(record))) for record in (pair.side(target), pair.side(opposite(target)))
    )
    return written is not None and source is not None and written > source


# ---------------------------------------------------------------------------------------------------------------
# Lifecycle stages
# ---------------------------------------------------------------------------------------------------------------


def goes_backward(value: NewValue, old: str | None, target: System, job: Job) -> bool:
    """Whether HubSpot ignores the value: an earlier lifecycle stage than the one it has (5.16)."""
    if target is not System.HUBSPOT or value.field.name != STAGE or job.choice("lifecycle_backward") == "applied":
        return False
    return _comes_before(value.text, trim(old), value.field)


def _comes_before(one: str, other: str, field: PlanField) -> bool:
    """Whether both are options of the field, the first before the second."""
    order = [value for value, _ in field.options]
    return one in order and other in order and order.index(one) < order.index(other)


def default_stage_field(job: Job) -> PlanField | None:
    """HubSpot's lifecycle stage when the sync fills it by itself, else None (5.15)."""
    if not job.own.default_lifecycle_stage or not job.own.direction.writes_to(System.HUBSPOT):
        return None
    is_mapped = any(
        mapping.hubspot.name == STAGE and flows_to(System.HUBSPOT, mapping, job.object, job.plan)
        for mapping in job.mappings
    )
    if not job.is_about_people or is_mapped or not job.delivers(System.HUBSPOT, STAGE):
        return None
    return job.own.fields.get(System.HUBSPOT, {}).get(STAGE, PlanField(STAGE, "enumeration", "radio"))


def _default_stage(pair: Pair, job: Job) -> Draft | None:
    field, stage = default_stage_field(job), job.own.default_lifecycle_stage
    if field is None:
        return None
    old = pair.hubspot.get(STAGE)
    promotes = _comes_before(trim(old), stage, field) and not _keeps_what_is_there(pair, job)
    if not (is_blank(old) or promotes):
        return None
    value = NewValue(field, stage)
    return _noted(pair, System.HUBSPOT, job, value=value, old=old, source_field=STAGE_SOURCE)
