"""Audit rule about filters: what they ask that the snapshot does not hold.

Facts
    * A field without a delivered column counts as blank for every record, so its filter lets all in or none.

Source: rule record.filter; docs/semantics.md section 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dynsync_lib.core.audit.measures import Measures
from dynsync_lib.core.counting import Count, Tables, known
from dynsync_lib.core.filters.expressions import delivered_column
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import PERSONS, Situation
from dynsync_lib.core.sync.flowing_mappings import objects_on


def count_unseen_filter_fields(situation: Situation, tables: Tables) -> Count:
    """Fields that a filter asks, or the enrolment criterion, and that were not delivered; once per filter."""
    del tables
    return known(len([*_unseen(situation), *_unseen_of_criterion(situation)]))


def _unseen(situation: Situation) -> Iterator[str]:
    for object_ in objects_on(situation):
        for system in System:
            if not _is_asked(Job(situation, object_), system):
                continue
            filter_ = situation.sync(object_).filter_of(system)
            columns = situation.columns(object_, system)
            for name in filter_.fields if filter_ is not None else ():
                if delivered_column(situation.catalogue.find(system, object_, name), name, columns) is None:
                    yield name


def _is_asked(job: Job, system: System) -> bool:
    """Whether the filter of a side lets anybody in: of a side that is no source only with `filter_scope = both`."""
    return job.is_source(system) or job.chosen("filter_scope") == "both"


def _unseen_of_criterion(situation: Situation) -> Iterator[str]:
    """Fields that the enrolment criterion asks of HubSpot's contacts."""
    criterion = situation.settings.hubspot.marketing_criterion
    columns = situation.columns(Object.CONTACT, System.HUBSPOT)
    is_on = any(situation.sync(person).enabled for person in PERSONS)
    if criterion is not None and is_on and columns:
        yield from (name for name in criterion.fields if name not in columns)


MEASURES: Final[Measures] = {"unseen_filter_fields": count_unseen_filter_fields}
