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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core import typed_values
from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Situation, opposite
from dynsync_lib.core.writing.field_values import column_of, is_copied, value_of
from dynsync_lib.core.writing.lifecycle_stage import (
    DEFAULT_STAGE,
    STAGE,
    default_stage_field,
    is_promoted,
    moves_backward,
)
from dynsync_lib.core.writing.record_owners import is_owner_pair
from dynsync_lib.core.writing.refusals import NUMBER_OF, Test, refusals_of_write, skipped_as_invalid

IS_BOUND: Final = "is_bound"
"""The flag column of pairs that an earlier run bound; pairs without the column are fresh."""


@dataclass(frozen=True, slots=True)
class Write:
    """One field that may be written.

    `old` is the target's text as delivered, `theirs` the same trimmed. `wanted`: table 3.A wants a write. `held_back`:
    the note why a wanted write does not land; null when it lands, None when all do. `tests`: why the target may refuse
    it, in a frame that has `lands` as the column `lands_column`.
    """

    lands_column: str

    target: System
    target_field: str
    source_field: str
    old: nw.Expr
    theirs: nw.Expr
    wanted: nw.Expr
    told: nw.Expr
    held_back: nw.Expr | None
    tests: tuple[Test, ...]

    @property
    def lands(self) -> nw.Expr:
        """Whether something is really written."""
        return self.wanted if self.held_back is None else self.wanted & self.held_back.is_null()


def equal_column(place: int) -> str:
    """The column that says whether the values of a mapping are equal; null when one of them is blank."""
    return f"equal:{place}"


def fresh_column(place: int, target: System) -> str:
    """The column that holds what a mapping would write into a system, where that is not the trimmed value itself."""
    return f"new:{place}:{target}"


def writes_to(
    situation: Situation, object_: Object, flowing: Sequence[JudgedMapping], target: System
) -> Iterator[Write]:
    """Everything that may be written into one system."""
    for place, judged in enumerate(flowing):
        if judged.writes_to(target):
            yield _mapped_write(situation, object_, judged, place=place, target=target)
    stages = default_stage_field(situation, object_, flowing) if target is System.HUBSPOT else None
    if stages is not None:
        yield _default_stage(situation, object_, stages)


def _mapped_write(situation: Situation, object_: Object, judged: JudgedMapping, *, place: int, target: System) -> Write:
    source = opposite(target)
    ours, theirs = value_of(source, judged), value_of(target, judged)
    fresh = ours if is_copied(judged, target) else nw.col(fresh_column(place, target))
    wanted = _is_wanted(situation, object_, judged, place=place, target=target)
    held_back = _held_back(situation, object_, judged, target=target, fresh=fresh)
    lands = f"lands:{place}:{target}"
    refused = refusals_of_write(situation, object_, judged, target=target, fresh=fresh)
    tests = [(number, nw.col(lands) & test) for number, test in refused]
    if judged.pairs_options() and situation.chosen("invalid_value") == "fail_options":
        tests.append((NUMBER_OF["field.option-unpaired"], wanted & fresh.is_null()))
    return Write(
        lands,
        target,
        judged.name_of(target),
        judged.name_of(source),
        old=nw.coalesce(nw.col(column_of(target, judged.columns[target])), theirs),
        theirs=theirs,
        wanted=wanted,
        told=nw.coalesce(fresh, ours),
        held_back=held_back,
        tests=tuple(tests),
    )


def _default_stage(situation: Situation, object_: Object, stages: Field) -> Write:
    default = situation.sync(object_).default_lifecycle_stage
    old = nw.col(column_of(System.HUBSPOT, STAGE))
    theirs = typed_values.trimmed(old)
    promoted = _on_reconciling(situation, is_promoted(stages, theirs, default))
    return Write(
        "lands:default stage",
        System.HUBSPOT,
        STAGE,
        DEFAULT_STAGE,
        old=old,
        theirs=theirs,
        wanted=theirs.is_null() | promoted,
        told=nw.lit(default),
        held_back=None,
        tests=(),
    )


def _is_wanted(situation: Situation, object_: Object, judged: JudgedMapping, *, place: int, target: System) -> nw.Expr:
    """Table 3.A: what is filled, and what is overwritten."""
    ours, theirs = value_of(opposite(target), judged), value_of(target, judged)
    cases = []
    if _may_fill(situation, object_, judged, target):
        cases.append(theirs.is_null())
    if _may_overwrite(situation, object_, judged, target):
        differs = (~nw.col(equal_column(place))).fill_null(value=False)
        cases.append(_on_reconciling(situation, differs))
    if not cases:
        return nw.lit(value=False) & ours.is_null()  # a plain literal would have no length of its own
    return reduce(or_, cases) & ~ours.is_null()


def _on_reconciling(situation: Situation, test: nw.Expr) -> nw.Expr:
    """The test, of pairs whose differences are settled as on a first sync (3.12)."""
    return test if situation.chosen("resave_reconcile") == "true" else test & ~nw.col(IS_BOUND)


def _may_overwrite(situation: Situation, object_: Object, judged: JudgedMapping, target: System) -> bool:
    """Table 3.A, both filled and different."""
    wins = situation.sync(object_).conflict_winner is target
    return not (wins and (judged.is_two_way or situation.chosen("oneway_winner") == "keep_target"))


def _may_fill(situation: Situation, object_: Object, judged: JudgedMapping, target: System) -> bool:
    """Table 3.A, target empty."""
    wins = situation.sync(object_).conflict_winner is target
    return not (judged.is_two_way and wins and situation.chosen("fill_empty_winner") == "false")


def _held_back(
    situation: Situation, object_: Object, judged: JudgedMapping, *, target: System, fresh: nw.Expr
) -> nw.Expr | None:
    """Why a wanted write does not land, in the order of the notes; None where nothing keeps it from landing."""
    notes = list(notes_without_partner(situation, judged, target=target, fresh=fresh))
    invalid = skipped_as_invalid(situation, object_, judged, target=target, fresh=fresh)
    if invalid is not None:
        notes.insert(0, nw.when(invalid).then(nw.lit("value_skipped")))
    return nw.coalesce(*notes) if notes else None


def notes_without_partner(
    situation: Situation, judged: JudgedMapping, *, target: System, fresh: nw.Expr
) -> Iterator[nw.Expr]:
    """`value_skipped` or `owner_unresolved` where nothing fits on the other side, `lifecycle_ignored`, else null.

    Only options and owners can be without a partner; of everything else what is filled gives something to write.
    """
    if is_owner_pair(judged):
        yield nw.when(fresh.is_null()).then(nw.lit("owner_unresolved"))
    elif judged.pairs_options():
        yield nw.when(fresh.is_null()).then(nw.lit("value_skipped"))
    stages = judged.fields[System.HUBSPOT]
    is_stage = target is System.HUBSPOT and judged.name_of(target) == STAGE
    if is_stage and stages is not None and situation.chosen("lifecycle_backward") == "ignored":
        backward = moves_backward(stages, value_of(target, judged), fresh)
        yield nw.when(backward).then(nw.lit("lifecycle_ignored"))
