"""Audit rules about what was not delivered: fields that nobody compared, columns that match records, associations.

Facts
    * Nothing is counted: a column that is not there says nothing about its values. The finding names it, in grey.
    * A side of which no table was delivered lacks every column.

Source: rule field.missing (5.5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from dynsync_lib.core.audit.measures import Measures
from dynsync_lib.core.counting import Count, Question, Tables, known
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Situation, is_keyed_by_domain
from dynsync_lib.core.sync.associations import missing_associations
from dynsync_lib.core.sync.flowing_mappings import objects_on
from dynsync_lib.core.tables import KEY_SOURCE, record_table
from dynsync_lib.listing import counted, some_of

_MOST_NAMED: Final = 8


def count_undelivered_mappings(situation: Situation, tables: Tables) -> Count:
    """None when a mapping that would flow lacks a column on one side, so that nothing was compared; else 0."""
    del tables
    return known(None if any(_uncompared(Job(situation, object_)) for object_ in objects_on(situation)) else 0)


def count_undelivered_keys(situation: Situation, tables: Tables) -> Count:
    """None when the column by which an object is matched was not delivered on one side; else 0."""
    del tables
    return known(None if any(_missing_keys(situation)) else 0)


def count_undelivered_associations(situation: Situation, tables: Tables) -> Count:
    """None when an object travels whose associations were not delivered on one side; else 0."""
    del tables
    return known(None if any(missing_associations(situation)) else 0)


def name_undelivered_mappings(situation: Situation, tables: Tables) -> Question[str]:
    """`Dynamics contact: firstname, lastname; 2 of 12 mappings`."""
    del tables
    jobs = [Job(situation, object_) for object_ in objects_on(situation)]
    missing: dict[str, list[str]] = {}
    for job in jobs:
        for system, field in _uncompared(job):
            missing.setdefault(f"{system.label} {job.object}", []).append(field)
    hit = sum(judged.lacks_a_column for job in jobs for judged in job.mappings)
    whole = sum(len(job.mappings) for job in jobs)
    texts = [f"{side}: {some_of(fields, _MOST_NAMED)}" for side, fields in missing.items()]
    return Question((), lambda _: "; ".join([*texts, f"{hit} of {counted(whole, 'mapping', 'mappings')}"]))


def name_undelivered_keys(situation: Situation, tables: Tables) -> Question[str]:
    """`Dynamics contact: emailaddress1; HubSpot company: name`."""
    del tables
    keys = list(_missing_keys(situation))
    return Question((), lambda _: "; ".join(f"{system.label} {object_}: {key}" for object_, system, key in keys))


def name_undelivered_associations(situation: Situation, tables: Tables) -> Question[str]:
    """`HubSpot contact: associations; Dynamics contact: parentcustomerid`."""
    del tables
    missing = list(missing_associations(situation))
    return Question((), lambda _: "; ".join(f"{system.label} {object_}: {what}" for object_, system, what in missing))


def _uncompared(job: Job) -> list[tuple[System, str]]:
    """Side and field of every column that mappings lack which would flow."""
    return [
        (system, judged.name_of(system))
        for system in System
        for judged in job.mappings
        if judged.lacks_a_column and system not in judged.delivered
    ]


def _missing_keys(situation: Situation) -> Iterator[tuple[Object, System, str]]:
    """Object, side and name of every column that records are matched by and that was not delivered."""
    for object_ in objects_on(situation):
        job = Job(situation, object_)
        for system in System if job.has_keys else ():
            key = _key_of(job, system)
            if key not in job.columns(system) and f"_{key}_value" not in job.columns(system):
                yield object_, system, key


def _key_of(job: Job, system: System) -> str:
    own = job.sync.match_field(system)
    if own is not None:
        return own
    source = KEY_SOURCE[record_table(job.object, system).name]
    if job.object is Object.COMPANY:
        return source["domain" if is_keyed_by_domain(job.situation) is True else "name"]
    return source["email"]


MEASURES: Final[Measures] = {
    "undelivered_associations": count_undelivered_associations,
    "undelivered_keys": count_undelivered_keys,
    "undelivered_mappings": count_undelivered_mappings,
}
NAMES: Final[Mapping[str, Callable[[Situation, Tables], Question[str]]]] = {
    "undelivered_associations": name_undelivered_associations,
    "undelivered_keys": name_undelivered_keys,
    "undelivered_mappings": name_undelivered_mappings,
}
