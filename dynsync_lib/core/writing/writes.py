"""What one mapping, or a default lifecycle stage, would write into one system, over the wide table of pairs.

Facts
    * Table 3.A of docs/semantics.md section 6 decides what is written; a blank never is (3.4).
    * On bound pairs nothing is overwritten with `resave_reconcile = false` (Q10).
    * A value may be told and yet not land: its option or owner has no partner, or its stage goes backward.

Not modelled
    * When a field was last modified; vendors date the record only.

Source: rules field.conflict-winner, field.fill, field.never-blank, field.option-unpaired, field.owner-by-email,
field.lifecycle-forward, field.lifecycle-default, record.bindings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import System
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.writing.field_values import column_of, is_copied, value_of
from dynsync_lib.core.writing.lifecycle_stage import (
    DEFAULT_STAGE,
    STAGE,
    default_stage_field,
    is_promoted,
    moves_backward,
)
from dynsync_lib.core.writing.record_owners import is_owner_pair
from dynsync_lib.core.writing.refusals import NUMBER_OF, Test, refusals_of_write, refuses_times

IS_BOUND: Final = "is_bound"
"""The flag column of pairs that an earlier run bound."""


@dataclass(frozen=True, slots=True)
class Write:
    """One field that may be written.

    `old` is the target's text as delivered (null where it is `theirs`), `theirs` the same trimmed. `wanted`: table 3.A
    wants a write. `held_back`: the note why a wanted write does not land; null when it lands, None when all do.
    `tests`: why the target may refuse it, in a frame that has `lands` as the column that `lands_column` names.
    """

    target: System
    target_field: str
    source_field: str
    old: nw.Expr
    theirs: nw.Expr
    wanted: nw.Expr
    value: nw.Expr
    held_back: nw.Expr | None
    tests: tuple[Test, ...]

    @property
    def lands(self) -> nw.Expr:
        """Whether something is really written."""
        return self.lands_of(self.wanted)

    def lands_of(self, wanted: nw.Expr) -> nw.Expr:
        """The same, where `wanted` was worked out before."""
        return wanted if self.held_back is None else wanted & self.held_back.is_null()


@dataclass(frozen=True, slots=True)
class WritePlan:
    """Everything on which it depends what one mapping writes into one system; equal plans write the same.

    `judged` is None for the default lifecycle stage, whose property `stages` is and which `default` names. `may_fill`
    and `may_overwrite` are table 3.A; `overwrites_bound`: differences of bound pairs are settled, too
    (`resave_reconcile`). `keeps_stages`: a stage does not go backward. `skips_invalid`, `fails_unpaired`: what
    `invalid_value` does here, where it does anything. `refuses_times`: a date column refuses a value with a time.
    """

    index: int
    target: System
    judged: JudgedMapping | None
    overwrites_bound: bool
    may_fill: bool = True
    may_overwrite: bool = True
    keeps_stages: bool = False
    skips_invalid: bool = False
    fails_unpaired: bool = False
    refuses_times: bool = False
    stages: Field | None = None
    default: str = ""


def equal_column(index: int | str) -> str:
    """The column that says whether the values of a mapping are equal; null when one of them is blank."""
    return f"equal:{index}"


def fresh_column(index: int | str, target: System) -> str:
    """The column that holds what a mapping would write into a system, where that is not the trimmed value itself."""
    return f"new:{index}:{target}"


def wanted_column(plan: WritePlan) -> str:
    """The column that says whether table 3.A wants a plan's write."""
    return f"wanted:{plan.index}:{plan.target}"


def lands_column(plan: WritePlan) -> str:
    """The column that says whether a plan's write lands."""
    return f"lands:{plan.index}:{plan.target}"


def plan_writes(job: Job, flowing: Mapping[int, JudgedMapping], target: System) -> Iterator[WritePlan]:
    """A plan for everything that may be written into one system; `flowing` are the mappings by their index."""
    for index, judged in flowing.items():
        if judged.writes_to(target):
            yield _plan_mapped(job, judged, index=index, target=target)
    stages = default_stage_field(job, flowing.values()) if target is System.HUBSPOT else None
    if stages is not None:
        default = job.sync.default_lifecycle_stage or ""
        yield WritePlan(-1, target, None, job.chosen("resave_reconcile") == "true", stages=stages, default=default)


def _plan_mapped(job: Job, judged: JudgedMapping, *, index: int, target: System) -> WritePlan:
    invalid_value = job.chosen("invalid_value")
    refused = refusals_of_write(job, judged, target=target, fresh=nw.lit(""))
    is_stage = target is System.HUBSPOT and judged.name_of(target) == STAGE
    is_checked = is_stage and judged.fields[System.HUBSPOT] is not None
    return WritePlan(
        index,
        target,
        judged,
        overwrites_bound=job.chosen("resave_reconcile") == "true",
        may_fill=_may_fill(job, judged, target),
        may_overwrite=_may_overwrite(job, judged, target),
        keeps_stages=is_checked and job.chosen("lifecycle_backward") == "ignored",
        skips_invalid=invalid_value == "skip_field" and any(True for _ in refused),
        fails_unpaired=invalid_value == "fail_options" and judged.pairs_options(),
        refuses_times=target is System.DYNAMICS and refuses_times(job, judged),
    )


def work_out(job: Job, plan: WritePlan, *, lands: str | None = None, compared: str | None = None) -> Write:
    """The expressions of a planned write, over the wide table of pairs.

    `lands` is the column of its landing where that is not the plan's own, `compared` the tag of the columns that hold
    its comparison where that is not its index.
    """
    if plan.judged is None:
        return _default_stage(plan)
    tag = str(plan.index) if compared is None else compared
    judged, target = plan.judged, plan.target
    ours, theirs = value_of(target.other, judged), value_of(target, judged)
    fresh = ours if is_copied(judged, target) else nw.col(fresh_column(tag, target))
    wanted = _is_wanted(plan, judged, equal_column(tag))
    refused = list(refusals_of_write(job, judged, target=target, fresh=fresh))
    landing = nw.col(lands or lands_column(plan))
    tests = [(number, landing & test) for number, test in refused]
    if plan.fails_unpaired:
        tests.append((NUMBER_OF["field.option-unpaired"], wanted & fresh.is_null()))
    return Write(
        target,
        judged.name_of(target),
        judged.name_of(target.other),
        old=nw.col(column_of(target, judged.columns[target])),
        theirs=theirs,
        wanted=wanted,
        value=nw.coalesce(fresh, ours),
        held_back=_held_back(plan, judged, [test for _, test in refused], fresh=fresh),
        tests=tuple(tests),
    )


def _default_stage(plan: WritePlan) -> Write:
    old = nw.col(column_of(System.HUBSPOT, STAGE))
    theirs = typed_values.trimmed(old)
    wanted = theirs.is_null()
    if plan.stages is not None:
        wanted = wanted | _on_reconciling(plan, is_promoted(plan.stages, theirs, plan.default))
    return Write(
        System.HUBSPOT,
        STAGE,
        DEFAULT_STAGE,
        old=old,
        theirs=theirs,
        wanted=wanted,
        value=nw.lit(plan.default),
        held_back=None,
        tests=(),
    )


def _is_wanted(plan: WritePlan, judged: JudgedMapping, equal: str) -> nw.Expr:
    """Table 3.A: what is filled, and what is overwritten."""
    ours, theirs = value_of(plan.target.other, judged), value_of(plan.target, judged)
    cases = []
    if plan.may_fill:
        cases.append(theirs.is_null())
    if plan.may_overwrite:
        differs = (~nw.col(equal)).fill_null(value=False)
        cases.append(_on_reconciling(plan, differs))
    if not cases:
        return nw.lit(value=False) & ours.is_null()  # a plain literal would have no length of its own
    return reduce(or_, cases) & ~ours.is_null()


def _on_reconciling(plan: WritePlan, test: nw.Expr) -> nw.Expr:
    """The test, of pairs whose differences are settled as on a first sync (3.12)."""
    return test if plan.overwrites_bound else test & ~nw.col(IS_BOUND)


def _may_overwrite(job: Job, judged: JudgedMapping, target: System) -> bool:
    """Table 3.A, both filled and different."""
    wins = job.sync.conflict_winner is target
    return not (wins and (judged.is_two_way or job.chosen("oneway_winner") == "keep_target"))


def _may_fill(job: Job, judged: JudgedMapping, target: System) -> bool:
    """Table 3.A, target empty."""
    wins = job.sync.conflict_winner is target
    return not (judged.is_two_way and wins and job.chosen("fill_empty_winner") == "false")


def _held_back(plan: WritePlan, judged: JudgedMapping, refused: Sequence[nw.Expr], *, fresh: nw.Expr) -> nw.Expr | None:
    """Why a wanted write does not land, in the order of the notes; None where nothing keeps it from landing."""
    notes = list(_notes(judged, plan.target, fresh, keeps_stages=plan.keeps_stages))
    if plan.skips_invalid:
        invalid = nw.any_horizontal(*(test.fill_null(value=False) for test in refused), ignore_nulls=False)
        notes.insert(0, nw.when(invalid).then(nw.lit("value_skipped")))
    return nw.coalesce(*notes) if notes else None


def notes_without_partner(
    situation: Situation, judged: JudgedMapping, *, target: System, fresh: nw.Expr
) -> Iterator[nw.Expr]:
    """`value_skipped` or `owner_unresolved` where nothing fits on the other side, `lifecycle_ignored`, else null.

    Only options and owners can be without a partner; of everything else what is filled gives something to write.
    """
    return _notes(judged, target, fresh, keeps_stages=situation.chosen("lifecycle_backward") == "ignored")


def _notes(judged: JudgedMapping, target: System, fresh: nw.Expr, *, keeps_stages: bool) -> Iterator[nw.Expr]:
    if is_owner_pair(judged):
        yield nw.when(fresh.is_null()).then(nw.lit("owner_unresolved"))
    elif judged.pairs_options():
        yield nw.when(fresh.is_null()).then(nw.lit("value_skipped"))
    stages = judged.fields[System.HUBSPOT]
    is_stage = target is System.HUBSPOT and judged.name_of(target) == STAGE
    if is_stage and stages is not None and keeps_stages:
        backward = moves_backward(stages, value_of(target, judged), fresh)
        yield nw.when(backward).then(nw.lit("lifecycle_ignored"))
