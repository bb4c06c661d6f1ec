"""A filter as a funnel: how many records of one side are left after each of its conditions, then by key and by claim.

Facts
    * Every condition of a filter joined by `and` is a step of its own; any other filter is one step.
    * A filter limits entry, per direction (4.1): a record that its own filter keeps out can still sync, as the
      counterpart of one that passes on the other side. Those are counted apart, as `through_counterpart`.
    * Steps come in the order of the sync: direction, route, filter, inactive, stage, key, claim.

Where it is used: `scenarios`, for the notebook about filters.

Source: rules record.filter, record.first-order, lead.lifecycle-route; docs/semantics.md sections 3 to 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.conditions import Condition, as_expression, negate
from dynsync_lib.core.filter_tree import steps_of
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.matching.sides import Barrier, barriers_of, passes
from dynsync_lib.core.model import Outcome, Reason, System
from dynsync_lib.core.situation import IN_SYNC
from dynsync_lib.core.tables import record_table

Row = Mapping[str, Any]
_WORDS: Final[Mapping[Barrier, str]] = {
    Barrier.ROUTE: "has a lifecycle stage of this sync",
    Barrier.INACTIVE: "is active",
    Barrier.STAGE: "is in a stage that is paired",
}
_NO_KEY: Final = (Reason.NO_EMAIL.value, Reason.NO_MATCH_KEY.value)
_ENDS: Final[Mapping[str, tuple[str, ...]]] = {
    "created": (Outcome.CREATE,),
    "matched": (Outcome.UPDATE, Outcome.LINK),
    "failing": (Outcome.FAILING,),
    "excluded": (Outcome.EXCLUDED,),
}
_SAID: Final[Mapping[str, str]] = {
    "created": "created in the other system",
    "matched": "matched with a record there",
    "failing": "refused there",
    "excluded": "excluded for another reason",
}
THROUGH_COUNTERPART: Final = "through_counterpart"
_THROUGH_COUNTERPART: Final = "kept out above, and syncs as a counterpart all the same"


@dataclass(frozen=True, slots=True)
class Funnel:
    """One side of an object. `entries`: kind and words of each entry step. `groups`: depth (how many entry steps a
    record passes before the first that it does not), outcome, reason, count. Nothing is computed yet.

    `has_keys`: whether records are matched by a key at all.
    """

    entries: Sequence[tuple[str, str]]
    has_keys: bool
    groups: Frame


def describe_funnel(job: Job, system: System, outcomes: Frame) -> Funnel:
    """The funnel of the records that live in `system`; `outcomes` are those of the forecast, or as decided."""
    entries = list(_entries(job, system))
    numbers = [nw.when(as_expression(test)).then(nw.lit(number)) for number, (_, _, test) in enumerate(entries)]
    depth = nw.coalesce(*numbers, nw.lit(len(entries)))
    records = job.records(system).select("id", depth=depth)
    object_ = record_table(job.object, system).object
    own = outcomes.filter(nw.col("system") == system.value, nw.col("object") == str(object_))
    joined = records.join(own.select("outcome", "reason", id="record_id"), on="id")
    groups = joined.group_by("depth", "outcome", "reason").agg(count=nw.len().cast(nw.Int64))
    return Funnel([(kind, words) for kind, words, _ in entries], job.has_keys, groups)


def _entries(job: Job, system: System) -> Iterable[tuple[str, str, Condition]]:
    """Kind, words and test of what may keep a record out before its key is asked; a true test keeps it out."""
    if not job.is_source(system):
        yield "direction", f"the sync runs {job.sync.direction}", True
    for test, barrier in barriers_of(job, system):
        filter_ = job.sync.filter_of(system)
        if barrier is Barrier.FILTER and filter_ is not None:
            for step in steps_of(filter_):
                yield "filter", step.text, negate(passes(job, system, step))
        elif test is not False:
            yield barrier.name.lower(), _WORDS[barrier], test


def read_funnel(funnel: Funnel, groups: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows of step, condition, left and kept_out, from the records of a side down to what becomes of those that enter.

    `left` of the last steps (created, matched, failing, excluded) are parts of those that own their key, and
    `through_counterpart` counts records that an entry step kept out and that sync all the same.
    """
    counted, entries = list(groups), funnel.entries
    rows = [_row("records", "all records of this side", _sum(counted), 0)]
    for number, (kind, words) in enumerate(entries):
        out = _sum(row for row in counted if row["depth"] == number)
        rows.append(_row(kind, words, rows[-1]["left"] - out, out))
    entered = [row for row in counted if row["depth"] == len(entries)]
    if funnel.has_keys:
        rows += _key_rows(entered, rows[-1]["left"])
    for step, outcomes in _ENDS.items():
        ended = [row for row in entered if row["outcome"] in outcomes and row["reason"] not in _NO_KEY]
        rows.append(_row(step, _SAID[step], _sum(ended), 0))
    kept_out = [row for row in counted if row["depth"] < len(entries) and row["outcome"] in IN_SYNC]
    rows.append(_row(THROUGH_COUNTERPART, _THROUGH_COUNTERPART, _sum(kept_out), 0))
    return rows


def _key_rows(entered: Sequence[Row], left: int) -> list[dict[str, Any]]:
    """The steps of records that passed all entry steps: who has a key, and who owns it."""
    keyless = _sum(row for row in entered if row["reason"] in _NO_KEY)
    shadowed = _sum(row for row in entered if row["outcome"] == Outcome.SHADOWED)
    with_key = _row("key", "has what it is matched by", left - keyless, keyless)
    return [with_key, _row("claim", "is the first with it", left - keyless - shadowed, shadowed)]


def _sum(rows: Iterable[Row]) -> int:
    return sum(row["count"] for row in rows)


def _row(step: str, condition: str, left: int, kept_out: int) -> dict[str, Any]:
    return {"step": step, "condition": condition, "left": left, "kept_out": kept_out}
