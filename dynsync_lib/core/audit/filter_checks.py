"""Audit rules about filters: what they ask that the snapshot does not hold, and whom they let in.

Facts
    * A field without a delivered column counts as blank for every record, so its filter lets all in or none.
    * A value that no record has is a misspelling, a label where a code belongs, or cells that were not read. Each is
      asked alone, of all records of the side; numbers, dates, yes and no only where a filter wants them (`=`, `in`).

Source: rule record.filter; docs/semantics.md section 4.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.audit.measures import Measures
from dynsync_lib.core.counting import Count, Question, Tables, combined, known_rows, rows_of, rows_where, total
from dynsync_lib.core.fields.verdicts import is_impersonal, kind_of
from dynsync_lib.core.filter_tree import Comparison, Filter, conditions_of
from dynsync_lib.core.filters.expressions import delivered_column
from dynsync_lib.core.filters.grammar import HIDDEN
from dynsync_lib.core.job import Job
from dynsync_lib.core.matching.sides import passes
from dynsync_lib.core.model import PERSONS, Object, System
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.sync.flowing_mappings import objects_on
from dynsync_lib.listing import some_of

_SIGNS: Final = {"=": "=", "in": "=", "!=": "=", "not in": "=", "contains": "contains"}
"""The comparison that tells whether a record has a value, by the filter's own."""
_MEASURED: Final = frozenset({"number", "date", "datetime", "yes_no"})
"""Kinds of which a filter may well exclude a value that nobody has."""
_NAMED: Final = 5
_SETTING: Final = {System.HUBSPOT: "filter_to_dynamics", System.DYNAMICS: "filter_to_hubspot"}
"""The key of the filter that is asked of a system's records (4.1)."""
Row = dict[str, str | None]


def count_unseen_filter_fields(situation: Situation, tables: Tables) -> Count:
    """Fields that a filter asks, or the enrolment criterion, and that were not delivered; once per filter."""
    del tables
    return known_rows(situation, [*_unseen(situation), *_unseen_of_criterion(situation)])


def _unseen(situation: Situation) -> Iterator[Row]:
    for object_ in objects_on(situation):
        for system in System:
            if not _is_asked(Job(situation, object_), system):
                continue
            filter_ = situation.sync(object_).filter_of(system)
            columns = situation.columns(object_, system)
            for name in filter_.fields if filter_ is not None else ():
                if delivered_column(situation.catalogue.find(system, object_, name), name, columns) is None:
                    yield _row(system, object_, f"{name} of {_SETTING[system]}")


def _is_asked(job: Job, system: System) -> bool:
    """Whether the filter of a side lets anybody in: of a side that is no source only with `filter_scope = both`."""
    return job.is_source(system) or job.chosen("filter_scope") == "both"


def _row(system: System, object_: Object, detail: str) -> Row:
    """A field, value or filter in the list of what was counted; the object is that of the settings."""
    return {"system": system.value, "object": object_.value, "detail": detail}


def _unseen_of_criterion(situation: Situation) -> Iterator[Row]:
    """Fields that the enrolment criterion asks of HubSpot's contacts."""
    criterion = situation.settings.hubspot.marketing_criterion
    columns = situation.columns(Object.CONTACT, System.HUBSPOT)
    is_on = any(situation.sync(person).enabled for person in PERSONS)
    if criterion is not None and is_on and columns:
        for name in criterion.fields:
            if name not in columns:
                yield _row(System.HUBSPOT, Object.CONTACT, f"{name} of marketing_criterion")


def count_closed_filters(situation: Situation, tables: Tables) -> Count:
    """Filters that let none of the records pass, of sides that have records."""
    del tables
    return total(
        _lets_nobody_pass(job, system, filter_, _SETTING[system]) for job, system, filter_ in _filters(situation)
    )


def _lets_nobody_pass(job: Job, system: System, filter_: Filter, detail: str) -> Question[int]:
    """1 when there are records and none of them passes, else 0; listed with the detail."""
    records = job.records(system)
    is_there = ~nw.col("id").is_null()
    counts = [rows_of(records), rows_where(records, passes(job, system, filter_) & is_there)]
    closed = known_rows(job.situation, [_row(system, job.object, detail)])
    return combined(
        [*counts, closed],
        lambda numbers: int(numbers[0] > 0 and numbers[1] == 0),
        lambda numbers: [2] if numbers[0] > 0 and numbers[1] == 0 else [],
    )


def count_unheld_values(situation: Situation, tables: Tables) -> Count:
    """Values that filters ask and that no record has, of sides that have records; once per filter and field."""
    del tables
    return total(held for _, held in _values(situation))


def name_unheld_values(situation: Situation, tables: Tables) -> Question[str]:
    """`contact.hs_lead_status = 'MQL', deal.name contains …`: the values that `count_unheld_values` counts.

    A text may be a person's, and everybody who is handed a report reads findings, so that texts are not told.
    """
    del tables
    values = list(_values(situation))
    return combined([held for _, held in values], lambda unheld: _listed([name for name, _ in values], unheld))


def _listed(names: list[str], unheld: list[int]) -> str:
    counted = Counter(name for name, is_unheld in zip(names, unheld, strict=True) if is_unheld)
    return some_of([name if count == 1 else f"{name} ({count} values)" for name, count in counted.items()], _NAMED)


def _values(situation: Situation) -> Iterator[tuple[str, Question[int]]]:
    """Every value that a filter asks of a delivered field: its name, and 1 when no record has it, else 0."""
    for job, system, filter_ in _filters(situation):
        for test, shown in dict(_single_tests(job, system, filter_)).items():
            yield f"{job.object}.{shown}", _lets_nobody_pass(job, system, Filter(shown, test), shown)


def _single_tests(job: Job, system: System, filter_: Filter) -> Iterator[tuple[Comparison, str]]:
    """For every value that a filter compares a field with: the test whether a record has it, and that as it is told."""
    for test in conditions_of(filter_.tree):
        if not isinstance(test, Comparison) or test.operator not in _SIGNS:
            continue
        field = job.situation.catalogue.find(system, job.object, test.field)
        kind = (field and kind_of(field, job.situation.rulebook)) or "text"
        is_wanted = test.operator in ("=", "in", "contains") or kind not in _MEASURED
        if is_wanted and delivered_column(field, test.field, job.columns(system)) is not None:
            sign = _SIGNS[test.operator]
            for value in test.values:
                shown = f"'{value}'" if field and is_impersonal(field, job.situation.rulebook) else HIDDEN
                yield Comparison(test.field, sign, (value,)), f"{test.field} {sign} {shown}"


def _filters(situation: Situation) -> Iterator[tuple[Job, System, Filter]]:
    for object_ in objects_on(situation):
        job = Job(situation, object_)
        for system in System:
            filter_ = job.sync.filter_of(system)
            if filter_ is not None and _is_asked(job, system):
                yield job, system, filter_


MEASURES: Final[Measures] = {
    "unseen_filter_fields": count_unseen_filter_fields,
    "closed_filters": count_closed_filters,
    "unheld_filter_values": count_unheld_values,
}
