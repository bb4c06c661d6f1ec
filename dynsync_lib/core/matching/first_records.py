"""The first record of a key wins: which record of a side owns a key, and which two owners may be a pair.

Facts
    * `before_claim`: the owner of a key is the first record that passes its filter, or the first of all if none passes.
      `after_claim`: the first record, passing or not. With `filter_scope = both` only records that pass own keys before
      the claim.
    * One of a pair must be a source that passes its filter; with `filter_scope = both` both pass (4.10, 4.11).
    * "First" is the lowest rank everywhere: `first_of_each` is the one way to ask for it.

Source: rules record.filter, record.first-order, contact.first-per-email, company.first-per-name; docs/semantics.md
steps 2 and 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.conditions import Condition, all_of, any_of, as_expression, negate, rows_where
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import System
from dynsync_lib.core.typed_values import no_number, no_text

_BEHIND_ALL: Final = 2**40


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts about some of the rows of other frames, found by `on`; `rows` is None where nobody can have any.

    They are texts, but for those that `numbers` names.
    """

    on: tuple[str, ...]
    rows: Frame | None = None
    numbers: frozenset[str] = frozenset()

    def attach_to(self, frame: Frame, **columns: str) -> Frame:
        """The frame with the facts beside it, each under the name given to it; null where a row has none."""
        if self.rows is None:
            blank = {name: no_number() if fact in self.numbers else no_text() for name, fact in columns.items()}
            return frame.with_columns(**blank)
        facts = self.rows.select(*self.on, **columns)
        return frame.join(facts, on=list(self.on), how="left")

    def absent_from(self, frame: Frame) -> Frame:
        """The rows of the frame about which there are no facts."""
        return frame if self.rows is None else frame.join(self.rows, on=list(self.on), how="anti")


def first_of_each(frame: Frame, by: Sequence[str], turn: str) -> Frame:
    """The rows that come first of those with the same values in `by`: the lowest `turn`, which nothing shares."""
    first = frame.group_by(*by).agg(nw.col(turn).min())
    return frame.join(first, on=[*by, turn], how="semi")


def find_owners(job: Job, system: System, side: Frame, *, favoured: str) -> Frame:
    """Step 2: the owner of every key of one system, as key, id, rank, passes and the favoured flag.

    `side` has key, id, rank and passes. `favoured` names a flag of records that go before all others, passing or not.
    """
    is_before = job.chooses("filter_stage", "before_claim")
    is_both = job.chooses("filter_scope", "both")
    passes, is_favoured = nw.col("passes"), nw.col(favoured)
    stays_out = all_of(is_before, is_both, ~(passes | is_favoured))
    holders = rows_where(side.filter(~nw.col("key").is_null()), negate(stays_out))
    waits = all_of(is_before, negate(is_both), job.is_source(system), ~passes)
    turn = _later_where(nw.col("rank"), waits)
    turn = nw.when(is_favoured).then(nw.col("rank") - nw.lit(_BEHIND_ALL)).otherwise(turn)
    holders = holders.select(*job.by, "key", "id", "rank", "passes", favoured, turn=turn)
    return first_of_each(holders, [*job.by, "key"], "turn").drop("turn")


def _later_where(rank: nw.Expr, waits: Condition) -> nw.Expr:
    """The rank, behind all others where the record waits for those that pass."""
    if waits is False:
        return rank
    return rank + nw.when(as_expression(waits)).then(nw.lit(_BEHIND_ALL)).otherwise(nw.lit(0))


def fresh_pairs(job: Job, pairs: Frame, rule: nw.Expr) -> Frame:
    """Pairs that no earlier run bound: hubspot_id, dynamics_id, rule_id and the flags is_bound, fenced, both false."""
    flags = dict.fromkeys(("is_bound", "fenced"), nw.lit(value=False))
    return pairs.select(*job.by, "hubspot_id", "dynamics_id", rule_id=rule, **flags)


def may_pair(job: Job) -> nw.Expr:
    """Step 3, of rows with hubspot_passes and dynamics_passes: one is a source that passes; with scope both, both."""
    sync = job.sync
    pulls = any_of(*(nw.col(f"{system}_passes") for system in System if sync.is_source(system)))
    both_pass = nw.col("hubspot_passes") & nw.col("dynamics_passes")
    is_source_enough = job.chooses("filter_scope", "source")
    return as_expression(all_of(pulls, any_of(is_source_enough, both_pass)))
