"""Which record of a side owns a key, and which two owners may be a pair.

Facts
    * Before the claim only eligible records count, where there are any; after it the first record owns, come what may.
    * One of a pair must be a source that passes its filter; with `filter_scope = both` both pass (4.10, 4.11).

Source: rules record.filter, contact.first-per-email, company.first-per-name; docs/semantics.md steps 2 and 3.
"""

from __future__ import annotations

from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Frame, Situation

_BEHIND_ALL: Final = 2**40


def find_owners(
    side: Frame, *, is_source: bool, filter_scope: str, filter_stage: str, favoured: str | None = None
) -> Frame:
    """Step 2: the owner of every key, as key, id, rank, passes.

    `side` has key, id, rank and passes. `favoured` names a flag of records that go before all others, passing or not;
    it comes along.
    """
    holders = side.filter(~nw.col("key").is_null())
    columns = ["key", "id", "rank", "passes", *([favoured] if favoured is not None else [])]
    turn = nw.col("rank")
    if filter_stage == "before_claim" and filter_scope == "both":
        may_own = nw.col("passes") if favoured is None else nw.col("passes") | nw.col(favoured)
        holders = holders.filter(may_own)
    elif filter_stage == "before_claim" and is_source:
        turn = turn + nw.when(nw.col("passes")).then(nw.lit(0)).otherwise(nw.lit(_BEHIND_ALL))
    if favoured is not None:
        turn = nw.when(nw.col(favoured)).then(nw.col("rank") - nw.lit(_BEHIND_ALL)).otherwise(turn)
    holders = holders.select(*columns, turn=turn)
    first = holders.group_by("key").agg(nw.col("turn").min())
    return holders.join(first, on=["key", "turn"], how="semi").drop("turn")


def may_pair(situation: Situation, object_: Object) -> nw.Expr:
    """Step 3, of rows with hubspot_passes and dynamics_passes: one is a source that passes; with scope both, both."""
    sync = situation.sync(object_)
    pulls = nw.lit(value=False)
    for system in System:
        if sync.is_source(system):
            pulls = pulls | nw.col(f"{system}_passes")
    if situation.chosen("filter_scope") == "both":
        pulls = pulls & nw.col("hubspot_passes") & nw.col("dynamics_passes")
    return pulls
