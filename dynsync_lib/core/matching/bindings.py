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
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.conditions import all_of, as_expression
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.matching.first_records import first_of_each, may_pair
from dynsync_lib.core.model import System
from dynsync_lib.core.tables import BINDINGS

RULE: Final = "record.bindings"


def bound_pairs(job: Job, sides: Mapping[System, Frame]) -> Frame | None:
    """hubspot_id, dynamics_id, and rank and passes of both ends, of every binding that counts; None without bindings.

    Source: rule record.bindings.
    """
    if not is_bound_before(job):
        return None
    named = job.situation.tables[BINDINGS.name].filter(nw.col("object") == job.object.value)
    pairs, by = named.select("hubspot_id", "dynamics_id").unique(), list[str]()
    for system in System:
        ends = {"id": f"{system}_id", "rank": f"{system}_rank", "passes": f"{system}_passes"}
        side = sides[system].select(*job.by, *ends).rename(ends)
        pairs, by = pairs.join(side, on=[*by, f"{system}_id"]), list(job.by)
    pairs = job.keep(pairs, f"{job.object}_bindings")
    counting = pairs
    for system, other in ((System.HUBSPOT, System.DYNAMICS), (System.DYNAMICS, System.HUBSPOT)):
        group = [*job.by, f"{system}_id"]
        first = first_of_each(pairs, group, f"{other}_rank").select("hubspot_id", "dynamics_id", *job.by)
        counting = counting.join(first, on=[*job.by, "hubspot_id", "dynamics_id"], how="semi")
    return job.keep(counting, f"{job.object}_bound")


def with_bound(job: Job, system: System, side: Frame, *, bound: Frame) -> Frame:
    """The side with the flag `bound`."""
    ids = bound.select(*job.by, id=f"{system}_id", bound=nw.lit(value=True))
    flagged = side.join(ids, on=[*job.by, "id"], how="left").with_columns(nw.col("bound").fill_null(value=False))
    return job.keep(flagged, f"{system}_{job.object}_side_bound")


def pairs_by_binding(job: Job, bound: Frame) -> Frame:
    """The bound pairs: hubspot_id, dynamics_id, rule_id, is_bound (true) and fenced. Source: rule record.fence."""
    is_fence = job.chooses("filter_semantics", "continuous")
    fenced = as_expression(all_of(is_fence, ~may_pair(job)))
    rule = nw.when(fenced).then(nw.lit("record.fence")).otherwise(nw.lit(RULE))
    flags = {"rule_id": rule, "is_bound": nw.lit(value=True), "fenced": fenced}
    pairs = bound.select(*job.by, "hubspot_id", "dynamics_id", **flags)
    return job.keep(pairs, f"{job.object}_pairs_by_binding")


def may_have_pairs(job: Job) -> bool:
    """Whether records of the object can be paired at all: by a key, or by bindings."""
    return job.has_keys or is_bound_before(job)


def is_bound_before(job: Job) -> bool:
    """Whether any binding of the object is known. Computes once per situation."""
    if BINDINGS.name not in job.situation.tables:
        return False
    named = job.situation.tables[BINDINGS.name].filter(nw.col("object") == job.object.value)
    return job.situation.remember(("is_bound", job.object.value), lambda: not named.head(1).collect().is_empty())
