"""Audit rules about the pairs of an earlier run: those that filters would not let in again, or that lost records.

Facts
    * With `filter_semantics = entry_only` a bound pair syncs on although no source of it passes its filter: an escape.
    * A pair of which one record is gone does not sync; the sync deletes nothing, so the other record stays (3.10).
    * A pair of which both are gone says nothing; many of them tell that the bindings are of other portals.

Source: rules record.bindings, record.fence, record.never-deleted (3.10, 4.2).
"""

from __future__ import annotations

import functools
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core.audit.measures import Measures, pairs_in
from dynsync_lib.core.counting import Count, Tables, known, total
from dynsync_lib.core.job import Job
from dynsync_lib.core.matching.bindings import bound_pairs
from dynsync_lib.core.matching.first_records import may_pair
from dynsync_lib.core.matching.sides import prepare_side
from dynsync_lib.core.model import System
from dynsync_lib.core.situation import Frame, Situation
from dynsync_lib.core.sync.flowing_mappings import objects_on
from dynsync_lib.core.tables import BINDINGS


def count_escapes(situation: Situation, tables: Tables) -> Count:
    """Bound pairs that a filter would not let in any more, and that sync on."""
    del tables
    if situation.chosen("filter_semantics") == "continuous":
        return known(0)
    escapes = {object_: _escapes(Job(situation, object_)) for object_ in objects_on(situation)}
    return total(pairs_in(pairs, object_) for object_, pairs in escapes.items() if pairs is not None)


def _escapes(job: Job) -> Frame | None:
    """The bound pairs of an object that its filters would not let in; None without bindings."""
    sides = {system: prepare_side(job, system) for system in System}
    bound = bound_pairs(job, sides)
    return None if bound is None else bound.filter(~may_pair(job))


def count_bindings(situation: Situation, tables: Tables, *, records_there: int) -> Count:
    """Bindings of whose two records so many (0 or 1) are in the snapshot."""
    del tables
    if BINDINGS.name not in situation.tables:
        return known(0)
    return total(
        pairs_in(_with_records(Job(situation, object_), records_there), object_) for object_ in objects_on(situation)
    )


def _with_records(job: Job, records_there: int) -> Frame:
    """The bindings of an object of whose two records so many are in the snapshot."""
    pairs = job.situation.tables[BINDINGS.name].filter(nw.col("object") == job.object.value).unique()
    for system in System:
        there = job.records(system)
        ends = there.select(nw.col("id").alias(f"{system}_id"), nw.lit(1).alias(f"{system}_there"))
        pairs = pairs.join(ends, on=f"{system}_id", how="left")
    number_there = nw.sum_horizontal(*(nw.col(f"{system}_there").fill_null(0) for system in System))
    return pairs.filter(number_there == records_there)


MEASURES: Final[Measures] = {
    "escapes": count_escapes,
    "lost_bindings": functools.partial(count_bindings, records_there=1),
    "unknown_bindings": functools.partial(count_bindings, records_there=0),
}
