"""Audit rules about names in exported files that mean no single exported record: associations and owners lost so.

Facts
    * Such a lookup counts as blank everywhere, since nobody knows whom it means. The finding is grey and lists who
      holds one.
    * An opportunity's customer counts only where it would stand in for a blank account and contact.
    * A HubSpot owner keeps the name in place of the id, so that the rules about unknown owners count it.

Not modelled
    * Lookups that neither bring an association nor an owner: they cannot sync whatever they hold (5.6).

Source: rule field.missing (5.5); docs/semantics.md section 8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.audit.measures import Measures
from dynsync_lib.core.counting import Count, Question, Tables, combined, records_in, total
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.record_rows import text_of
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.sync.associations import CUSTOMER, FROM, lookup_is_blank, lookups_of, travels
from dynsync_lib.core.sync.flowing_mappings import flowing
from dynsync_lib.core.tables import ASSOCIATED_COMPANY, UNRESOLVED_LOOKUPS

_Lookups = Iterator[tuple[str, Question[int]]]
"""For each lookup how a sentence names it, and the question how many records hold such a name in it."""


def count_unresolved_associations(situation: Situation, tables: Tables) -> Count:
    """Lookups and association columns of records that travel whose name means no single exported record."""
    del tables
    return total(count for _, count in _associations(situation))


def count_unresolved_owners(situation: Situation, tables: Tables) -> Count:
    """Dynamics records whose owner is mapped and named, and whose name means no single exported user."""
    del tables
    return total(count for _, count in _owners(situation))


def _associations(situation: Situation) -> _Lookups:
    if UNRESOLVED_LOOKUPS.name not in situation.tables:
        return
    for object_ in FROM:
        job = Job(situation, object_)
        if travels(job, System.HUBSPOT):
            yield f"HubSpot {object_}", _held(job, System.HUBSPOT, ASSOCIATED_COMPANY)
        if travels(job, System.DYNAMICS):
            for name in lookups_of(object_):
                yield f"Dynamics {object_} {name}", _held(job, System.DYNAMICS, name)


def _owners(situation: Situation) -> _Lookups:
    if UNRESOLVED_LOOKUPS.name not in situation.tables:
        return
    owners = [
        (object_, judged.name_of(System.DYNAMICS))
        for object_, judged in flowing(situation)
        if judged.kinds[System.DYNAMICS] == "owner"
    ]
    for object_, name in dict.fromkeys(owners):
        yield f"Dynamics {object_} {name}", _held(Job(situation, object_), System.DYNAMICS, name)


def _held(job: Job, system: System, field: str) -> Question[int]:
    """The records of one side that hold such a name in a field."""
    is_there = (nw.col("system") == system.value) & (nw.col("object") == job.object.value) & (nw.col("field") == field)
    rows = job.situation.tables[UNRESOLVED_LOOKUPS.name].filter(is_there)
    if field == CUSTOMER and job.object is Object.DEAL:
        needing = job.records(system).filter(lookup_is_blank(job, "parentaccountid", "parentcontactid"))
        rows = rows.join(needing.select(record_id="id"), on="record_id", how="semi")
    near = nw.when(nw.col("why") == "near").then(nw.lit("names no exported record, and one of nearly this name exists"))
    why = nw.when(nw.col("why") == "unknown").then(nw.lit("names no exported record"))
    detail = text_of(nw.col("field"), " ", why.otherwise(near.otherwise(nw.lit("names several records"))))
    return records_in(rows, system=system, object=job.object, record_id=nw.col("record_id"), detail=detail)


def _named(lookups: _Lookups) -> Question[str]:
    """`Dynamics contact parentcustomerid: 12; HubSpot contact: 3`."""
    counts = dict(lookups)
    return combined(
        counts.values(),
        lambda numbers: "; ".join(
            f"{label}: {number:,}" for label, number in zip(counts, numbers, strict=True) if number
        ),
    )


MEASURES: Final[Measures] = {
    "unresolved_associations": count_unresolved_associations,
    "unresolved_owners": count_unresolved_owners,
}
NAMES: Final[Mapping[str, Callable[[Situation, Tables], Question[str]]]] = {
    "unresolved_associations": lambda situation, _: _named(_associations(situation)),
    "unresolved_owners": lambda situation, _: _named(_owners(situation)),
}
