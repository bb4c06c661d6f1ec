"""Pairs that an earlier run of the sync has bound, and what a fence does to them.

Facts
    * A pair once bound stays bound, whatever becomes of its e-mail, name or filter (2.9, 4.2).
    * Of several bindings of one record the one whose other record comes first counts, seen from both its ends.
    * `filter_semantics = continuous`: a bound pair that could no longer be made is out, and keeps its keys (4.3).

Not modelled
    * Bindings of records that a portal no longer has: they are as good as none.

Source: rules record.bindings, record.fence; docs/semantics.md step 1b.
"""

from __future__ import annotations

from collections.abc import Mapping

import narwhals.stable.v2 as nw

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Frame, Situation, has_keys
from dynsync_lib.core.tables import BINDINGS


def bound_pairs(situation: Situation, object_: Object, sides: Mapping[System, Frame]) -> Frame | None:
    """hubspot_id, dynamics_id, and rank and passes of both ends, of every binding that counts; None when there is none.

    Source: rule record.bindings.
    """
    if not is_bound_before(situation, object_):
        return None
    named = situation.tables[BINDINGS.name].filter(nw.col("object") == object_.value)
    pairs = named.select("hubspot_id", "dynamics_id").unique()
    for system in System:
        ends = {"id": f"{system}_id", "rank": f"{system}_rank", "passes": f"{system}_passes"}
        pairs = pairs.join(sides[system].select(*ends).rename(ends), on=f"{system}_id")
    pairs = situation.keep(pairs, f"{object_}_bindings")
    counting = pairs
    for system, other in ((System.HUBSPOT, System.DYNAMICS), (System.DYNAMICS, System.HUBSPOT)):
        first = pairs.group_by(f"{system}_id").agg(nw.col(f"{other}_rank").min())
        counting = counting.join(first, on=[f"{system}_id", f"{other}_rank"], how="semi")
    return situation.keep(counting, f"{object_}_bound")


def may_have_pairs(situation: Situation, object_: Object) -> bool:
    """Whether records of the object can be paired at all: by a key, or by bindings."""
    return has_keys(situation, object_) or is_bound_before(situation, object_)


def is_bound_before(situation: Situation, object_: Object) -> bool:
    """Whether any binding of the object was given."""
    if BINDINGS.name not in situation.tables:
        return False
    depends = ("is_bound", object_.value)
    if depends not in situation.found:
        named = situation.tables[BINDINGS.name].filter(nw.col("object") == object_.value)
        situation.found[depends] = not named.head(1).collect().is_empty()
    return bool(situation.found[depends])
