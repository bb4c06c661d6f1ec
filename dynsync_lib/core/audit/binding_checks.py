"""Audit rules about the pairs of an earlier run: those that filters would not let in again, that lost records, or whose
keys are no longer one.

Facts
    * With `filter_semantics = entry_only` a bound pair syncs on although no source of it passes its filter: an escape.
    * A pair of which one record is gone does not sync; the sync deletes nothing, so the other record stays (3.10).
    * A record has one counterpart: of several pairs of it the first counts, and the others bind nothing.
    * A pair of which both are gone says nothing; many of them tell that the bindings are of other portals.
    * A pair whose keys differ stays a pair (2.9). It has one key where HubSpot holds the Dynamics record's address as
      an additional one. Whether a pair goes on syncing whose key was deleted on one side is open: an older page says
      that updates stop.

Source: rules record.bindings, record.fence, record.never-deleted (3.10, 4.2).
"""

from __future__ import annotations

import functools
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.audit.measures import Measures, pairs_in
from dynsync_lib.core.counting import Count, Tables, known, total
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.matching.bindings import bound_pairs
from dynsync_lib.core.matching.by_additional_email import listed_addresses
from dynsync_lib.core.matching.first_records import may_pair
from dynsync_lib.core.matching.sides import prepare_side
from dynsync_lib.core.model import System
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.sync.flowing_mappings import objects_on
from dynsync_lib.core.tables import BINDINGS
from dynsync_lib.core.typed_values import no_text


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
        pairs_in(_with_records(Job(situation, object_), records_there), object_, _gone())
        for object_ in objects_on(situation)
    )


def count_rivals(situation: Situation, tables: Tables) -> Count:
    """Bindings of records that are there and do not count, since another binding of one of the two comes first."""
    del tables
    rivals = {object_: _rivals(Job(situation, object_)) for object_ in objects_on(situation)}
    detail = nw.lit("another pair of one of its records comes first")
    return total(pairs_in(pairs, object_, detail) for object_, pairs in rivals.items() if pairs is not None)


def _rivals(job: Job) -> Frame | None:
    """The bindings of an object that do not count although both records are there; None without bindings."""
    bound = bound_pairs(job, {system: prepare_side(job, system) for system in System})
    pair = ["hubspot_id", "dynamics_id"]
    return None if bound is None else _with_records(job, len(System)).join(bound.select(pair), on=pair, how="anti")


def count_drifted(situation: Situation, tables: Tables, *, is_deleted: bool) -> Count:
    """Bound pairs whose keys differ today; with `is_deleted` those of which one record has no key any more."""
    del tables
    jobs = [Job(situation, object_) for object_ in objects_on(situation)]
    drifted = {job.object: _keyed_pairs(job) for job in jobs if job.has_keys}
    is_blank = [nw.col(f"{system}_key").is_null() for system in System]
    test = (is_blank[0] != is_blank[1]) if is_deleted else (nw.col("hubspot_key") != nw.col("dynamics_key"))
    detail = _deleted_at() if is_deleted else nw.lit("the keys differ")
    return total(
        pairs_in(pairs.filter(test.fill_null(value=False)), object_, detail)
        for object_, pairs in drifted.items()
        if pairs is not None
    )


def _deleted_at() -> nw.Expr:
    """Which of the two records of a pair has no key any more."""
    at_hubspot = nw.when(nw.col("hubspot_key").is_null())
    return at_hubspot.then(nw.lit("no key in HubSpot any more")).otherwise(nw.lit("no key in Dynamics any more"))


def _keyed_pairs(job: Job) -> Frame | None:
    """The bound pairs of an object with hubspot_key and dynamics_key, null for none; without those of persons that an
    additional address holds together; None without bindings."""
    sides = {system: prepare_side(job, system) for system in System}
    pairs = bound_pairs(job, sides)
    if pairs is None:
        return None
    for system, side in sides.items():
        keys = side.select(nw.col("id").alias(f"{system}_id"), nw.col("key").alias(f"{system}_key"))
        pairs = pairs.join(keys, on=f"{system}_id")
    if not job.is_about_persons or job.sync.match_mode != "default":
        return pairs
    additional = listed_addresses(job.situation).select(hubspot_id="id", dynamics_key="key")
    return pairs.join(additional, on=["hubspot_id", "dynamics_key"], how="anti")


def _with_records(job: Job, records_there: int) -> Frame:
    """The bindings of an object of whose two records so many are in the snapshot."""
    pairs = job.situation.tables[BINDINGS.name].filter(nw.col("object") == job.object.value).unique()
    for system in System:
        there = job.records(system)
        ends = there.select(nw.col("id").alias(f"{system}_id"), nw.lit(1).alias(f"{system}_there"))
        pairs = pairs.join(ends, on=f"{system}_id", how="left")
    number_there = nw.sum_horizontal(*(nw.col(f"{system}_there").fill_null(0) for system in System))
    return pairs.filter(number_there == records_there)


def _gone() -> nw.Expr:
    """Which records of a binding are not in the snapshot."""
    gone = {system: nw.col(f"{system}_there").is_null() for system in System}
    in_hubspot = nw.when(gone[System.HUBSPOT] & ~gone[System.DYNAMICS]).then(nw.lit("its HubSpot record is gone"))
    in_dynamics = nw.when(gone[System.DYNAMICS] & ~gone[System.HUBSPOT]).then(nw.lit("its Dynamics record is gone"))
    return nw.coalesce(in_hubspot.otherwise(no_text()), in_dynamics.otherwise(nw.lit("neither record is there")))


MEASURES: Final[Measures] = {
    "deleted_keys": functools.partial(count_drifted, is_deleted=True),
    "drifted_keys": functools.partial(count_drifted, is_deleted=False),
    "escapes": count_escapes,
    "lost_bindings": functools.partial(count_bindings, records_there=1),
    "rival_bindings": count_rivals,
    "unknown_bindings": functools.partial(count_bindings, records_there=0),
}
