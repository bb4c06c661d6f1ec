"""Audit rules about values: currencies, days, names, unique properties.

Facts
    * Each measure looks at mappings that really flow; where nothing of the kind is mapped, it counts nothing.
    * None means that the snapshot lacks what the question needs; the finding then says so in grey.

Not modelled
    * HubSpot's secret rule for suspicious names (5.14): what is counted are web addresses and code.
    * A portal's offset from UTC is taken from the year of the snapshot, both its winter's and its summer's.

Source: rules field.currency, field.date-precision, field.suspicious-name, field.unique-property.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.audit.measures import (
    Measures,
    landing_in_hubspot,
    named_in_outcomes,
    records_of_side,
    with_outcome,
)
from dynsync_lib.core.counting import (
    Count,
    Listing,
    Number,
    Question,
    Tables,
    combined,
    known,
    records_in,
    records_where,
    total,
)
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import PERSONS, System
from dynsync_lib.core.record_rows import record_rows, text_of
from dynsync_lib.core.situation import Situation, stack
from dynsync_lib.core.sync.flowing_mappings import flowing, objects_on

_CURRENCY: Final = {
    System.DYNAMICS: ("_transactioncurrencyid_value",),
    System.HUBSPOT: ("deal_currency_code", "hs_currency"),
}
_SUSPICIOUS: Final = r"(?i)http|www\.|://|[<>{}]"
_NAMES: Final = ("firstname", "lastname")
_DAY_S: Final = 86_400


def count_mixed_currencies(situation: Situation, tables: Tables) -> Count:
    """Records whose mapped amount is in another currency than that of most; None when no currency was delivered."""
    del tables
    counts = [
        _in_other_currencies(Job(situation, object_), system, judged)
        for object_ in objects_on(situation)
        for system in System
        for judged in [_amounts(Job(situation, object_), system)]
        if judged
    ]
    return combined(counts, _sum, lambda numbers: range(len(numbers)))


def count_shifted_days(situation: Situation, tables: Tables) -> Count:
    """Dynamics values whose day in the portal's time zone may differ from the day HubSpot gets (5.21).

    None when the portal's time zone is not known and there is such a mapping.
    """
    del tables
    shifting = [
        (object_, judged)
        for object_, judged in flowing(situation)
        if judged.writes_to(System.HUBSPOT) and judged.kinds[System.HUBSPOT] == "date" and _is_local_time(judged)
    ]
    if not shifting:
        return known(0)
    offsets = _offsets_s(situation)
    if offsets is None:
        return known(None)
    records = {object_: Job(situation, object_).records(System.DYNAMICS) for object_, _ in shifting}
    return total(
        records_where(
            records[object_],
            _is_shifted(judged, offsets),
            system=System.DYNAMICS,
            object=object_,
            record_id=nw.col("id"),
            detail=judged.name_of(System.DYNAMICS),
        )
        for object_, judged in shifting
    )


def count_suspicious_names(situation: Situation, tables: Tables) -> Count:
    """Dynamics persons whose name, to be written to HubSpot, holds a web address or code (5.14)."""
    persons = []
    for object_ in PERSONS:
        names = [judged for judged in Job(situation, object_).flowing if judged.mapping.hubspot in _NAMES]
        written = [judged for judged in names if judged.writes_to(System.HUBSPOT)]
        if written:
            suspicious = _suspicious(Job(situation, object_), tables, written)
            persons.append(records_of_side(suspicious, object_, System.DYNAMICS))
    return total(persons)


def count_unique_values(situation: Situation, tables: Tables) -> Count:
    """Values that would be written to a HubSpot property with unique values although another record has them (9.18)."""
    unique = [
        (object_, judged)
        for object_, judged in flowing(situation)
        if judged.is_compared and judged.writes_to(System.HUBSPOT) and judged.mapping.hubspot != "email"
    ]
    return total(
        records_in(
            _repeated(Job(situation, object_), tables, judged),
            system=nw.col("system"),
            object=nw.col("object"),
            record_id=nw.col("id"),
            detail=judged.mapping.hubspot,
        )
        for object_, judged in unique
        if _is_unique(judged)
    )


# --- Currencies --------------------------------------------------------------------------------------------------


def _amounts(job: Job, system: System) -> list[JudgedMapping]:
    """Mappings that carry an amount away from one side."""
    return [
        judged
        for judged in job.flowing
        if judged.writes_to(system.other) and (field := judged.fields[System.DYNAMICS]) and field.type == "Money"
    ]


def _in_other_currencies(job: Job, system: System, amounts: list[JudgedMapping]) -> Count:
    """Filled amounts of one side that are not in its most frequent currency; None when it delivered no currency."""
    delivered = job.columns(system)
    column = next((name for name in _CURRENCY[system] if name in delivered), None)
    if column is None:
        return known(None)
    filled = [~typed_values.trimmed(nw.col(judged.columns[system])).is_null() for judged in amounts]
    held = job.records(system).filter(functools.reduce(operator.or_, filled))
    held = held.select("id", currency=typed_values.trimmed(nw.col(column))).filter(~nw.col("currency").is_null())
    counts = held.group_by("currency").agg(records=nw.len())
    records = nw.col("records")
    asked = (Number(counts, records.sum()), Number(counts, records.max()))

    def list_others(numbers: Sequence[int]) -> list[Listing]:
        most = counts.filter(records == numbers[1]).select(nw.col("currency").min())  # of two, one is the usual one
        others = held.join(most, on="currency", how="anti")
        name, detail = named_in_outcomes(job.object, system), text_of("in ", nw.col("currency"))
        return [lambda _: record_rows(others, system=system, object=name, record_id=nw.col("id"), detail=detail)]

    return Question(asked, lambda numbers: numbers[0] - numbers[1], list_others)


def _sum(counts: list[int | None]) -> int | None:
    """The sum of what is known; None when that is 0 and something is not known."""
    number = sum(count for count in counts if count is not None)
    return None if not number and None in counts else number


# --- Days --------------------------------------------------------------------------------------------------------


def _is_local_time(judged: JudgedMapping) -> bool:
    field = judged.fields[System.DYNAMICS]
    return judged.kinds[System.DYNAMICS] == "datetime" and field is not None and field.behavior == "UserLocal"


def _offsets_s(situation: Situation) -> tuple[int, int] | None:
    """The portal's smallest and largest offset from UTC, in seconds; None when its time zone is not known."""
    try:
        zone = ZoneInfo(situation.time_zone or "")
    except (ValueError, OSError, LookupError):
        return None
    months = (datetime(situation.taken_at.year, month, 1, tzinfo=zone).utcoffset() for month in (1, 7))
    seconds = [int((offset or timedelta()).total_seconds()) for offset in months]
    return min(seconds), max(seconds)


def _is_shifted(judged: JudgedMapping, offsets_s: tuple[int, int]) -> nw.Expr:
    """Whether a Dynamics value is not at midnight, and its local day is the day before or after; never null."""
    moment = typed_values.moment(typed_values.trimmed(nw.col(judged.columns[System.DYNAMICS])))
    parts = [moment.str.slice(start, 2).cast(nw.Int64) * unit_s for start, unit_s in ((11, 3600), (14, 60), (17, 1))]
    second = parts[0] + parts[1] + parts[2]
    before, after = second + offsets_s[0] < 0, second + offsets_s[1] >= _DAY_S
    return ((second > 0) & (before | after)).fill_null(value=False)


# --- Names and unique values -------------------------------------------------------------------------------------


def _suspicious(job: Job, tables: Tables, names: list[JudgedMapping]) -> Frame:
    """id of the Dynamics persons that are created with such a name or from whom one is written."""
    tests = [_is_suspicious(nw.col(judged.columns[System.DYNAMICS])) for judged in names]
    records = job.records(System.DYNAMICS).filter(functools.reduce(operator.or_, tests))
    created = records.join(with_outcome(tables, job.object, System.DYNAMICS, "create"), on="id", how="semi")
    written = landing_in_hubspot(tables["changes"], job.object).filter(
        nw.col("target_field").is_in([judged.mapping.hubspot for judged in names]) & _is_suspicious(nw.col("new_value"))
    )
    return stack([created.select("id"), written.select(id="dynamics_id")]).unique()


def _is_suspicious(name: nw.Expr) -> nw.Expr:
    return name.str.contains(_SUSPICIOUS).fill_null(value=False)


def _is_unique(judged: JudgedMapping) -> bool:
    field = judged.fields[System.HUBSPOT]
    return field is not None and field.unique


def _repeated(job: Job, tables: Tables, judged: JudgedMapping) -> Frame:
    """system, object, id, value of writes and new records whose value another HubSpot record has or gets."""
    written = landing_in_hubspot(tables["changes"], job.object).filter(nw.col("target_field") == judged.mapping.hubspot)
    written = written.select(id="hubspot_id", value="new_value")
    records = job.records(System.DYNAMICS)
    created = records.join(with_outcome(tables, job.object, System.DYNAMICS, "create"), on="id", how="semi")
    created = created.select("id", value=typed_values.trimmed(nw.col(judged.columns[System.DYNAMICS])))
    created = created.filter(~nw.col("value").is_null())
    planned = stack([_in_system(written, job, System.HUBSPOT), _in_system(created, job, System.DYNAMICS)])
    theirs = job.records(System.HUBSPOT)
    kept = theirs.select("id", value=typed_values.trimmed(nw.col(judged.columns[System.HUBSPOT])))
    kept = kept.join(written, on="id", how="anti").filter(~nw.col("value").is_null())
    held = (
        stack([planned.select("id", "value"), kept]).group_by("value").agg(times=nw.len()).filter(nw.col("times") > 1)
    )
    return planned.join(held, on="value", how="semi")


def _in_system(values: Frame, job: Job, system: System) -> Frame:
    """system, object, id, value: the values of one side's records."""
    name = named_in_outcomes(job.object, system)
    return values.select("id", "value", system=nw.lit(system.value), object=nw.lit(name))


MEASURES: Final[Measures] = {
    "mixed_currencies": count_mixed_currencies,
    "shifted_days": count_shifted_days,
    "suspicious_names": count_suspicious_names,
    "unique_values": count_unique_values,
}
