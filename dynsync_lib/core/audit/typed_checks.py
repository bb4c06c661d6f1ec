"""Audit rule about values that are not what their field holds: no number, no date, neither yes nor no.

Facts
    * Such a value is compared as text and fails every comparison of a filter but `!=` and `not in`. What the forecast
      says of it is a guess, so the finding is grey.
    * Asked are mapped fields, those that filters ask, and the `statecode` of Dynamics, which decides who is inactive.

Not modelled
    * Choices: the finding about options without a partner counts them.

Source: rules field.equal-after-typing, record.filter; docs/semantics.md sections 4 and 6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.audit.measures import Measures, named_in_outcomes
from dynsync_lib.core.counting import Count, Question, Tables, combined, records_where, total
from dynsync_lib.core.fields.verdicts import kind_of
from dynsync_lib.core.filters.expressions import delivered_column
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import System
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.sync.flowing_mappings import objects_on
from dynsync_lib.listing import some_of

_READ: Final[Mapping[str, Callable[[nw.Expr], nw.Expr]]] = {
    "number": typed_values.number,
    "date": typed_values.moment,
    "datetime": typed_values.moment,
    "yes_no": typed_values.truth,
}
"""What a trimmed text is read as, by the kind of its field; null when it is none."""
_STATE: Final = "statecode"
_NAMED: Final = 5


def count_untyped_values(situation: Situation, tables: Tables) -> Count:
    """Values of fields that the forecast asks which are not of their field's kind."""
    del tables
    return total(_counts(situation).values())


def name_untyped_values(situation: Situation, tables: Tables) -> Question[str]:
    """`hubspot contact.renewal (2 values), dynamics account.revenue (1 value)`, most values first; empty if none."""
    del tables
    counts = _counts(situation)
    return combined(counts.values(), lambda numbers: list_values(dict(zip(counts, numbers, strict=True))))


def list_values(counts: Mapping[str, int]) -> str:
    """Fields with how many values each has, most first, at most five of them; empty where none has any."""
    ordered = sorted(((name, count) for name, count in counts.items() if count), key=lambda pair: (-pair[1], pair[0]))
    return some_of([f"{name} ({count:,} {'value' if count == 1 else 'values'})" for name, count in ordered], _NAMED)


def _counts(situation: Situation) -> dict[str, Question[int]]:
    """How many values of each field are not of its kind, by system, table and field."""
    counts: dict[str, Question[int]] = {}
    for object_ in objects_on(situation):
        job = Job(situation, object_)
        for system in System:
            for name, column, kind in _asked(job, system):
                value = job.text(system, column)
                is_other = ~value.is_null() & _READ[kind](value).is_null()
                key = f"{system} {job.table(system).object}.{name}"
                if key not in counts:
                    counts[key] = records_where(
                        job.records(system),
                        is_other,
                        system=system,
                        object=named_in_outcomes(object_, system),
                        record_id=nw.col("id"),
                        detail=name,
                    )
    return counts


def _asked(job: Job, system: System) -> Iterator[tuple[str, str, str]]:
    """name, column and kind of the delivered fields of one side that the forecast asks."""
    columns = job.columns(system)
    for judged in job.flowing:
        kind, column = judged.kinds[system], judged.columns[system]
        if kind is not None and kind in _READ and column in columns:
            yield judged.name_of(system), column, kind
    filter_ = job.sync.filter_of(system)
    for name in filter_.fields if filter_ is not None else ():
        field = job.situation.catalogue.find(system, job.object, name)
        kind = kind_of(field, job.situation.rulebook) if field is not None else None
        delivered = delivered_column(field, name, columns)
        if kind is not None and kind in _READ and delivered is not None:
            yield name, delivered, kind
    if system is System.DYNAMICS and _STATE in columns:
        yield _STATE, _STATE, "number"


MEASURES: Final[Measures] = {"untyped_values": count_untyped_values}
